import { expect } from "chai";

import type { MarketLog } from "../../scripts/chain/logs.ts";
import { ARCHETYPES } from "../../scripts/localnet/archetypes.ts";
import type { PlannedPosition } from "../../scripts/localnet/book.ts";
import { compareBooks, type Fate, type MandateComparison } from "../../scripts/localnet/compare.ts";
import { tellHistories } from "../../scripts/localnet/history.ts";
import { writeReport } from "../../scripts/localnet/report.ts";
import type { DemoResult } from "../../scripts/localnet/result.ts";
import {
  readable,
  returnOf,
  signed,
  summaryOf,
  tellStory,
  verdictOf,
} from "../../scripts/localnet/story.ts";
import { WAD } from "../fixtures/snapshots.ts";
import {
  closed,
  executed,
  increased,
  liquidated,
  opened,
  PRICE,
  rescued,
  submitted,
  updated,
} from "../fixtures/storyLogs.ts";

describe("the result", () => {
  const [archetype] = ARCHETYPES;
  if (archetype === undefined) throw new Error("There are no archetypes.");
  const plan: PlannedPosition = {
    archetype: { ...archetype, label: "Long <25x>" },
    accountIndex: 0,
    size: WAD,
    margin: 100n * WAD,
    reserve: 500n * WAD,
    acceptablePrice: PRICE,
    stopPrice: undefined,
    profitPrice: undefined,
    reaction: undefined,
    mandate: undefined,
  };
  const fate: Fate = {
    positions: 2,
    kept: 2,
    untouched: 1,
    marginSeized: 30n * WAD,
    capUsed: 50n * WAD,
    rescues: 3,
    earlyRescues: 0,
    result: -60n * WAD,
  };
  const bare: Fate = {
    positions: 2,
    kept: 0,
    untouched: 0,
    marginSeized: 90n * WAD,
    capUsed: 0n,
    rescues: 0,
    earlyRescues: 0,
    result: -100n * WAD,
  };
  const pair = { with: fate, without: bare };
  const mandates: MandateComparison = {
    ...pair,
    capGiven: 1000n * WAD,
    attitudes: [{ ...pair, label: "cap <1×>", capGiven: 1000n * WAD }],
    others: { with: { ...bare, positions: 1 }, without: { ...bare, positions: 1 } },
  };
  const [history] = tellHistories([...opened(1n), liquidated(1n, 0n), closed(1n)]);
  if (history === undefined) throw new Error("There is no history.");
  const result: DemoResult = {
    pricedBy: "rounds",
    rounds: [
      { time: 100, answer: 100_000_000_000n },
      { time: 300, answer: 92_000_000_000n },
    ],
    positions: [{ plan, history, worth: 0n }],
    refused: 0,
    pool: {
      before: { assets: 5000n * WAD, sharePrice: WAD },
      after: { assets: 5100n * WAD, sharePrice: (102n * WAD) / 100n },
    },
    lag: { p50: 0, max: 1 },
    liquidations: 1,
    mandates,
    laws: [
      { name: "LAW-1", says: "holds enough", holds: true },
      { name: "LAW-3", says: "conserves", holds: false },
    ],
    overdue: [],
    keeperTransactions: 3,
    ok: false,
  };

  it("comes to exactly what machines are promised", () => {
    const otherwise = {
      positionsKept: 0,
      neverLiquidated: 0,
      marginSeized: "90",
      capUsed: "0",
      rescues: 0,
      earlyRescues: 0,
      ownersResult: "-100",
    };
    expect(summaryOf(result)).to.deep.equal({
      positions: 1,
      outcomes: {
        open: 0,
        closed: 0,
        stopped: 0,
        liquidatedPartially: 0,
        liquidatedFully: 1,
        cappedOut: 0,
      },
      shortfall: "0",
      pool: { before: "5000", after: "5100", sharePriceBefore: "1", sharePriceAfter: "1.02" },
      liquidationLagRounds: { p50: 0, max: 1 },
      mandates: {
        positions: 2,
        capGiven: "1000",
        with: {
          positionsKept: 2,
          neverLiquidated: 1,
          marginSeized: "30",
          capUsed: "50",
          rescues: 3,
          earlyRescues: 0,
          ownersResult: "-60",
        },
        without: {
          positionsKept: 0,
          neverLiquidated: 0,
          marginSeized: "90",
          capUsed: "0",
          rescues: 0,
          earlyRescues: 0,
          ownersResult: "-100",
        },
        others: { positions: 1, with: otherwise, without: otherwise },
      },
      laws: { "LAW-1": true, "LAW-3": false },
      ok: false,
    });
  });

  it("is told to people with a broken law in capitals", () => {
    const story = tellStory(result);
    expect(story).to.match(/BROKEN {2}LAW-3/);
    expect(story).to.include("Pool       5,000 → 5,100 USDC (+100)");
    expect(story).to.include("1 liquidations, 0 rounds (p50) and 1 rounds (max)");
  });

  it("says in plain words what mandates saved, and what they cost", () => {
    const verdict =
      "With mandates 2 of 2 positions were kept, without 0. 3 rescues, 0 of them before a liquidation was due, pulled 50 of 1,000 USDC allowed; liquidations seized 30 USDC of margin instead of 90. At the last price the owners ended 40 USDC better off than without.";
    expect(verdictOf(mandates)).to.equal(verdict);
    expect(tellStory(result)).to.include(verdict);
    expect(writeReport(result)).to.include(verdict);
    const dearer = { ...mandates, with: { ...fate, result: -130n * WAD } };
    expect(verdictOf(dearer)).to.include("ended 30 USDC worse off than without");
  });

  it("says nothing of mandates where nobody gave one", () => {
    const nobody = { ...fate, positions: 0 };
    const silent = { ...result, mandates: { ...mandates, with: nobody, without: nobody } };
    expect(tellStory(silent)).to.not.include("mandates");
    expect(writeReport(silent)).to.not.include("With rescue mandates");
  });

  it("draws a pair of bars for each measure, the larger over the whole width", () => {
    const page = writeReport(result);
    expect(page.match(/<rect class="with"/g)).to.have.length(5);
    expect(page.match(/<rect class="without"/g)).to.have.length(5);
    // 30 of 90 of the 700 that labels and values leave.
    expect(page).to.match(/<rect class="with"[^>]* width="233.3"/);
    expect(page).to.include("cap &lt;1×&gt;");
  });

  it("is a page that needs nothing but itself and escapes what it shows", () => {
    const page = writeReport(result);
    expect(page).to.not.match(/(?:src|href)=|@import|url\((?!#)/);
    expect(page).to.not.match(/<script/);
    expect(page).to.include("Long &lt;25x&gt;").and.not.include("Long <25x>");
    expect(page.match(/class="full"/g)).to.have.length(2);
    expect(page).to.include("prefers-color-scheme: dark");
  });
});

describe("compareBooks", () => {
  const whole = [liquidated(1n, 0n), closed(1n)];
  const start = [submitted(1n, 1n, 4n), increased(1n), updated(1n, WAD, 100n * WAD), executed(1n)];
  const mandate = {
    label: "cap",
    cap: 200n * WAD,
    triggerRatio: WAD,
    targetRatio: 2n * WAD,
    minInterval: 60n,
    maxKeeperFee: WAD,
  };
  const traced = (accountIndex: number, logs: readonly MarketLog[], worth: bigint) => {
    const [history] = tellHistories(logs);
    const [archetype] = ARCHETYPES;
    if (history === undefined || archetype === undefined) throw new Error("There is nothing.");
    const plan: PlannedPosition = {
      archetype,
      accountIndex,
      size: WAD,
      margin: 100n * WAD,
      reserve: 500n * WAD,
      acceptablePrice: PRICE,
      stopPrice: undefined,
      profitPrice: undefined,
      reaction: undefined,
      mandate: accountIndex === 0 ? mandate : undefined,
    };
    return { plan, history, worth };
  };

  it("matches positions by account, and tells those with a mandate from all others", () => {
    const comparison = compareBooks({
      mandated: [
        traced(0, [...start, rescued(1n)], 60n * WAD),
        traced(1, start, 90n * WAD),
        traced(2, start, 90n * WAD),
      ],
      plain: [traced(1, start, 90n * WAD), traced(0, [...start, ...whole], 0n)],
    });
    // Paid in 100 + 41; 60 are left.
    expect(comparison.with).to.deep.equal({
      positions: 1,
      kept: 1,
      untouched: 1,
      marginSeized: 0n,
      capUsed: 41n * WAD,
      rescues: 1,
      earlyRescues: 0,
      result: -81n * WAD,
    });
    expect(comparison.without).to.deep.equal({
      positions: 1,
      kept: 0,
      untouched: 0,
      marginSeized: 100n * WAD,
      capUsed: 0n,
      rescues: 0,
      earlyRescues: 0,
      result: -100n * WAD,
    });
    expect(comparison.capGiven).to.equal(200n * WAD);
    expect(comparison.attitudes.map(({ label }) => label)).to.deep.equal(["cap"]);
    // The third account has no twin.
    expect(comparison.others.with.positions).to.equal(1);
    expect(comparison.others.with).to.deep.equal(comparison.others.without);
  });
});

describe("signed", () => {
  it("shows on which side of zero an amount is", () => {
    expect(signed(1_234n * WAD)).to.equal("+1,234");
    expect(signed(-1_234n * WAD)).to.equal("−1,234");
  });
});

describe("readable", () => {
  it("separates thousands and cuts fractions", () => {
    expect(readable(1_234_567n * WAD + WAD / 2n)).to.equal("1,234,567");
    expect(readable(-1_234n * WAD)).to.equal("-1,234");
  });
});

describe("returnOf", () => {
  it("counts what came out and what is still inside against what was paid in", () => {
    expect(returnOf({ paidIn: 0n, paidOut: 0n, inside: 0n })).to.equal("–");
    expect(returnOf({ paidIn: 100n, paidOut: 40n, inside: 35n })).to.equal("−25.0%");
    expect(returnOf({ paidIn: 100n, paidOut: 150n, inside: 0n })).to.equal("+50.0%");
  });
});
