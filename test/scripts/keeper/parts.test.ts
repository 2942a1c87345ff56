import { expect } from "chai";
import fc from "fast-check";
import pino from "pino";

import { receptionOf } from "../../../scripts/chain/broadcast.ts";
import { bumpedFees } from "../../../scripts/chain/fees.ts";
import { type Alert, Alerts } from "../../../scripts/keeper/alerts.ts";
import { Health } from "../../../scripts/keeper/health.ts";
import { InFlight } from "../../../scripts/keeper/inFlight.ts";
import { Lags } from "../../../scripts/keeper/lags.ts";
import { MarginCalls } from "../../../scripts/keeper/marginCalls.ts";
import { judge } from "../../../scripts/keeper/profit.ts";
import { Nonces } from "../../../scripts/keeper/sending/nonces.ts";
import { isTurn, rankOf } from "../../../scripts/keeper/turns.ts";

const WAD = 10n ** 18n;
const GWEI = 10n ** 9n;

describe("judge", () => {
  const rule = { nativePrice: 2000n * WAD, minProfit: 0n, maxFeePerGas: 500n * GWEI };
  const business = { reward: 10n * WAD, gas: 300_000n, gasPrice: 10n * GWEI, dataFee: 0n };

  it("sends what pays, and bounds what may be offered by what it brings", () => {
    // 300,000 gas at 10 gwei are 0.003 of the gas token: 6. The 10 it brings buy 16.66 gwei.
    expect(judge(business, rule)).to.deep.equal({
      kind: "send",
      profit: 4n * WAD,
      feeCap: 16_666_666_666n,
    });
  });

  it("waits while it does not pay, and names cost and reward", () => {
    // Twice the price of gas is twice the cost.
    expect(judge({ ...business, gasPrice: 20n * GWEI }, rule)).to.deep.equal({
      kind: "wait",
      cost: 12n * WAD,
      reward: 10n * WAD,
    });
  });

  it("counts what publishing the data costs", () => {
    // 0.0021 of the gas token are 4.2 more, which is more than the 4 that were left.
    expect(judge({ ...business, dataFee: 21n * 10n ** 14n }, rule).kind).to.equal("wait");
    // With 0.0019 there are 0.2 left.
    expect(judge({ ...business, dataFee: 19n * 10n ** 14n }, rule)).to.deep.include({
      kind: "send",
      profit: 2n * 10n ** 17n,
    });
  });

  it("leaves the profit that is asked for", () => {
    expect(judge(business, { ...rule, minProfit: 4n * WAD }).kind).to.equal("send");
    expect(judge(business, { ...rule, minProfit: 4n * WAD + 1n }).kind).to.equal("wait");
    expect(judge(business, { ...rule, minProfit: -WAD }).kind).to.equal("send");
  });

  it("asks for nothing where gas has no price, within the cap", () => {
    expect(judge({ ...business, reward: 0n }, { ...rule, nativePrice: undefined })).to.deep.equal({
      kind: "send",
      profit: undefined,
      feeCap: 500n * GWEI,
    });
  });
});

describe("bumpedFees", () => {
  const fees = { maxFeePerGas: 800n, maxPriorityFeePerGas: 80n };
  const low = { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };

  it("offers an eighth more at least, and what the market asks where that is more", () => {
    // 800 × 9/8 + 1 and 80 × 9/8 + 1.
    expect(bumpedFees(fees, low, 10_000n)).to.deep.equal({
      maxFeePerGas: 901n,
      maxPriorityFeePerGas: 91n,
    });
    const market = { maxFeePerGas: 5_000n, maxPriorityFeePerGas: 500n };
    expect(bumpedFees(fees, market, 10_000n)).to.deep.equal(market);
  });

  it("stays under its cap, and says when nothing that replaces does", () => {
    const market = { maxFeePerGas: 5_000n, maxPriorityFeePerGas: 500n };
    expect(bumpedFees(fees, market, 1_000n)).to.deep.equal({
      maxFeePerGas: 1_000n,
      maxPriorityFeePerGas: 500n,
    });
    expect(bumpedFees(fees, market, 900n)).to.equal(undefined);
  });
});

describe("receptionOf", () => {
  for (const [saying, reception] of [
    ["already known", "accepted"],
    ["ALREADY_EXISTS: already known", "accepted"],
    ["nonce too low: next nonce 5, tx nonce 4", "nonceUsed"],
    ["replacement transaction underpriced", "underpriced"],
    ["insufficient funds for gas * price + value", "unfunded"],
    ["intrinsic gas too low", "rejected"],
    ["rate limit exceeded", "unknown"],
    ["internal error", "unknown"],
  ] as const) {
    it(`takes "${saying}" for ${reception}`, () => {
      expect(receptionOf(saying)).to.equal(reception);
    });
  }
});

describe("Nonces", () => {
  it("hands out rising numbers, and those that came back first", () => {
    const nonces = new Nonces();
    nonces.reconcile(5, []);
    expect([nonces.reserve(), nonces.reserve(), nonces.reserve()]).to.deep.equal([5, 6, 7]);
    nonces.release(6);
    expect(nonces.gaps).to.deep.equal([6]);
    expect(nonces.reserve()).to.equal(6);
    nonces.release(7);
    expect(nonces.gaps).to.deep.equal([]);
    expect(nonces.next).to.equal(7);
  });

  it("takes what the chain has used, and keeps what is held", () => {
    const nonces = new Nonces();
    nonces.reconcile(0, [0, 1, 4]);
    expect(nonces.gaps).to.deep.equal([2, 3]);
    nonces.reconcile(9, []);
    expect([nonces.reserve(), nonces.gaps]).to.deep.equal([9, []]);
  });

  it("never hands out a number twice, and leaves no gap unseen", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 60 }), (steps) => {
        const nonces = new Nonces();
        nonces.reconcile(3, []);
        const held = new Set<number>();
        for (const step of steps) {
          const [back] = [...held].slice(step);
          if (step < 6 || back === undefined) {
            const next = nonces.reserve();
            expect(held.has(next)).to.equal(false);
            held.add(next);
          } else {
            held.delete(back);
            nonces.release(back);
          }
          const all = [...held, ...nonces.gaps].sort((a, b) => a - b);
          expect(all).to.deep.equal(all.map((_, index) => index + 3));
        }
      }),
    );
  });
});

describe("InFlight", () => {
  it("gives things back when the index has reached their block, or at once", () => {
    const inFlight = new InFlight();
    inFlight.take(["a", "b", "c"]);
    inFlight.releaseAt(["a"], 10);
    inFlight.release(["b"]);
    inFlight.reached(9);
    expect(["a", "b", "c"].map((item) => inFlight.isFree(item))).to.deep.equal([
      false,
      true,
      false,
    ]);
    inFlight.reached(10);
    expect(inFlight.isFree("a")).to.equal(true);
    expect(inFlight.size).to.equal(1);
  });
});

describe("Lags", () => {
  it("counts from the first sighting to the end", () => {
    let now = 1_000;
    const lags = new Lags(() => now);
    expect(lags.seen("a", 5)).to.equal(5);
    now = 4_000;
    expect(lags.seen("a", 7)).to.equal(5);
    expect(lags.end("a", 8)).to.deep.equal({ blocks: 3, ms: 3_000 });
    expect(lags.end("a", 9)).to.equal(undefined);
  });
});

describe("Health", () => {
  it("is not ready before the first useful result, nor once it is old", () => {
    let now = 0;
    const health = new Health(() => now);
    expect(health.report().ready).to.equal(false);
    health.expect("head", 100);
    expect(health.report()).to.deep.include({ ready: false });
    health.useful("head");
    expect(health.report()).to.deep.equal({ ready: true, stale: [] });
    now = 101;
    expect(health.report()).to.deep.equal({ ready: false, stale: [{ name: "head", ageMs: 101 }] });
  });
});

describe("Alerts", () => {
  function open() {
    const posted: { readonly url: string; readonly body: unknown }[] = [];
    let now = 0;
    let fails = false;
    const alerts = new Alerts({
      channels: [
        { kind: "webhook", url: "https://hook" },
        { kind: "slack", url: "https://slack" },
        { kind: "telegram", url: "https://telegram/bot1:x", chatId: "7" },
      ],
      repeatMs: 1_000,
      now: () => now,
      post: async (url, body) => {
        if (fails) throw new Error("unreachable");
        posted.push({ url, body });
      },
      log: pino({ level: "silent" }),
      onRaised: () => {},
    });
    return {
      alerts,
      posted,
      wait: (ms: number) => {
        now += ms;
      },
      fail: () => {
        fails = true;
      },
    };
  }

  const alert: Alert = { name: "low", severity: "critical", text: "Send more." };

  it("tells every channel in its own form", () => {
    const { alerts, posted } = open();
    alerts.raise(alert);
    expect(posted).to.deep.equal([
      { url: "https://hook", body: alert },
      { url: "https://slack", body: { text: "[critical] low: Send more." } },
      {
        url: "https://telegram/bot1:x/sendMessage",
        body: { chat_id: "7", text: "[critical] low: Send more." },
      },
    ]);
  });

  it("tells what lasts once, again after a while, and that it is over", () => {
    const { alerts, posted, wait } = open();
    alerts.raise(alert);
    alerts.raise(alert);
    expect(posted).to.have.length(3);
    wait(1_000);
    alerts.raise(alert);
    expect(posted).to.have.length(6);
    alerts.clear("low");
    alerts.clear("low");
    expect(posted).to.have.length(9);
  });

  it("does not fall with a channel that fails", () => {
    const { alerts, fail } = open();
    fail();
    expect(() => alerts.raise(alert)).to.not.throw();
  });
});

describe("MarginCalls", () => {
  // Maintenance 100 and initial margin 200: a buffer of 100.
  const thin = (left: number) => [{ positionId: 1n, equity: 100 + left * 100, required: 100 }];

  it("calls at a quarter and at a tenth, once each, and again only after recovery", () => {
    const calls = new MarginCalls();
    const levels = [0.32, 0.25, 0.24, 0.27, 0.24, 0.1, 0.05, 0.12, 0.08, 0.29, 0.31, 0.24].map(
      (left) => calls.next(thin(left), 1).map(({ level }) => level),
    );
    expect(levels).to.deep.equal([[], [1], [], [], [], [2], [], [], [], [], [0], [1]]);
  });

  it("ends a call when the position is no longer thin", () => {
    const calls = new MarginCalls();
    calls.next(thin(0.2), 1);
    expect(calls.next([], 1).map(({ positionId, level }) => [positionId, level])).to.deep.equal([
      [1n, 0],
    ]);
    expect(calls.next([], 1)).to.deep.equal([]);
  });
});

describe("turns", () => {
  const names = ["a", "b", "c"];
  const fleet = (instance: string) => ({ instance, names, turnBlocks: 2 });

  it("gives everything to exactly one keeper first, one second and one third", () => {
    const firsts = new Map<string, number>();
    for (let id = 0; id < 300; id += 1) {
      const subject = `position ${id}`;
      const ranks = names.map((name) => rankOf(subject, fleet(name)));
      expect([...ranks].sort()).to.deep.equal([0, 1, 2]);
      const first = names[ranks.indexOf(0)] ?? "";
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    // A third each, give or take.
    for (const count of firsts.values()) expect(count).to.be.within(60, 140);
  });

  it("lets the next one act after its blocks", () => {
    const subject = "position 1";
    for (const name of names) {
      const rank = rankOf(subject, fleet(name));
      expect(isTurn(subject, rank * 2, fleet(name))).to.equal(true);
      if (rank > 0) expect(isTurn(subject, rank * 2 - 1, fleet(name))).to.equal(false);
    }
  });

  it("leaves everything to a keeper that is alone", () => {
    expect(isTurn("x", 0, { instance: "a", names: [], turnBlocks: 1 })).to.equal(true);
  });
});
