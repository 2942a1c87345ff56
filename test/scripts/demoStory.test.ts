import { expect } from "chai";

import type { MarketLog } from "../../scripts/chain/logs.ts";
import { ARCHETYPES } from "../../scripts/localnet/archetypes.ts";
import type { PlannedPosition } from "../../scripts/localnet/book.ts";
import { compareBooks, type Fate, type MandateComparison } from "../../scripts/localnet/compare.ts";
import { tellHistories } from "../../scripts/localnet/history.ts";
import { LagTracker } from "../../scripts/localnet/lag.ts";
import { Progress } from "../../scripts/localnet/progress.ts";
import { nextWake } from "../../scripts/localnet/replay.ts";
import { writeReport } from "../../scripts/localnet/report.ts";
import type { DemoResult } from "../../scripts/localnet/result.ts";
import { spreadOf } from "../../scripts/localnet/stats.ts";
import {
  readable,
  returnOf,
  signed,
  summaryOf,
  tellStory,
  verdictOf,
} from "../../scripts/localnet/story.ts";
import { eventLog } from "../fixtures/marketLogs.ts";
import { NOW, orderOf, positionOf, snapshotOf, stateOf, WAD } from "../fixtures/snapshots.ts";

const ACCOUNT = "0x00000000000000000000000000000000000000A1";
const KEEPER = "0x00000000000000000000000000000000000000b2";
const PRICE = 1000n * WAD;

const order = (traits: bigint) => [1n, 0n, 1n, 0n, 1n, 0n, 0n, 0n, 0n, 1n, traits];
const submitted = (orderId: bigint, positionId: bigint, traits: bigint) =>
  eventLog("orderBook", "OrderSubmitted", [orderId, positionId, ACCOUNT, 1n, order(traits)]);
const executed = (orderId: bigint) =>
  eventLog("orderBook", "OrderExecuted", [orderId, KEEPER, 1n, 1n, false]);
const increased = (positionId: bigint) =>
  eventLog("marginVault", "PositionIncreased", [
    positionId,
    ACCOUNT,
    1n,
    WAD,
    PRICE,
    PRICE,
    100n,
    2n * WAD,
    100n * WAD,
    500n * WAD,
  ]);
const decreased = (positionId: bigint, paidOut: bigint) =>
  eventLog("marginVault", "PositionDecreased", [
    positionId,
    ACCOUNT,
    1n,
    -WAD,
    PRICE,
    PRICE,
    200n,
    WAD,
    0n,
    paidOut,
  ]);
const closed = (positionId: bigint) => eventLog("marginVault", "PositionClosed", [positionId, 1n]);
const updated = (positionId: bigint, size: bigint, margin = 0n) =>
  eventLog("marginVault", "PositionUpdated", [
    positionId,
    1n,
    size,
    0n,
    0n,
    1n,
    0n,
    0n,
    margin,
    0n,
    0n,
    ACCOUNT,
    0n,
  ]);
const liquidated = (positionId: bigint, size: bigint, observedAt = 300n) =>
  eventLog("marginVault", "PositionLiquidated", [
    positionId,
    ACCOUNT,
    KEEPER,
    1n,
    920n * WAD,
    observedAt,
    0n,
    20n * WAD,
    23n * WAD,
    -WAD / 2n,
    size,
    920n * WAD,
    3n * WAD,
    2n * WAD,
    0n,
    0n,
    0n,
  ]);
/** A pull of 41 of which 1 is the keeper's: 140 of margin in all. */
const rescued = (positionId: bigint) =>
  eventLog("marginVault", "PositionRescued", [
    positionId,
    ACCOUNT,
    KEEPER,
    1n,
    920n * WAD,
    300n,
    0n,
    20n * WAD,
    23n * WAD,
    41n * WAD,
    WAD,
    140n * WAD,
  ]);
const opened = (id: bigint): readonly MarketLog[] => [
  submitted(id, id, 4n),
  increased(id),
  updated(id, WAD),
  executed(id),
];

describe("tellHistories", () => {
  it("tells a position that is still open, with what was paid in", () => {
    const [history] = tellHistories(opened(1n));
    expect(history).to.deep.include({
      positionId: 1n,
      account: ACCOUNT,
      outcome: "open",
      paidIn: 100n * WAD,
      reserveAdded: 500n * WAD,
      positionFees: 2n * WAD,
      paidOut: 0n,
    });
  });

  it("tells a close by its owner from a stop by the order that made it", () => {
    const end = (id: bigint) => [decreased(id, 90n * WAD), closed(id)];
    const byHand = [...opened(1n), submitted(2n, 1n, 8n), ...end(1n), executed(2n)];
    // Kind 2 is a stop; it only reduces and pays from margin.
    const byStop = [...opened(3n), submitted(4n, 3n, 26n), ...end(3n), executed(4n)];
    const histories = tellHistories([...byHand, ...byStop]);
    expect(histories.map((history) => history.outcome)).to.deep.equal(["closed", "stopped"]);
    expect(histories[0]?.paidOut).to.equal(90n * WAD);
  });

  it("leaves a position open that was closed in part", () => {
    const logs = [
      ...opened(1n),
      submitted(2n, 1n, 8n),
      decreased(1n, 0n),
      updated(1n, WAD / 2n),
      executed(2n),
    ];
    expect(tellHistories(logs)[0]?.outcome).to.equal("open");
  });

  it("tells partial from whole liquidations, and sums their fees", () => {
    const logs = [...opened(1n), liquidated(1n, WAD / 2n), updated(1n, WAD / 2n)];
    expect(tellHistories(logs)[0]).to.deep.include({
      outcome: "liquidatedPartially",
      liquidationFees: 3n * WAD,
      keeperFees: 2n * WAD,
    });
    const whole = [...logs, liquidated(1n, 0n), closed(1n)];
    const [history] = tellHistories(whole);
    expect(history?.outcome).to.equal("liquidatedFully");
    expect(history?.liquidationFees).to.equal(6n * WAD);
    expect(history?.incidents.map((incident) => incident.kind)).to.deep.equal([
      "opened",
      "liquidatedPartially",
      "liquidatedFully",
    ]);
  });

  it("tells rescues, what they pulled, and what liquidations then took", () => {
    const logs = [
      submitted(1n, 1n, 4n),
      increased(1n),
      updated(1n, WAD, 100n * WAD),
      executed(1n),
      rescued(1n),
      liquidated(1n, WAD / 2n),
      updated(1n, WAD / 2n, 75n * WAD),
    ];
    const [history] = tellHistories(logs);
    // 140 of margin before the liquidation, 75 after, nothing paid out.
    expect(history).to.deep.include({
      outcome: "liquidatedPartially",
      paidIn: 140n * WAD,
      rescues: 1,
      earlyRescues: 0,
      pulled: 41n * WAD,
      rescueFees: WAD,
      keeperFees: 3n * WAD,
      seized: 65n * WAD,
    });
    expect(history?.incidents.map(({ kind }) => kind)).to.include("rescued");
  });

  it("tells a cap, and counts margin that was added and shortfall", () => {
    const logs = [
      ...opened(1n),
      eventLog("marginVault", "MarginAdded", [1n, KEEPER, 1n, 7n * WAD, 107n * WAD]),
      eventLog("marginVault", "ShortfallRecorded", [1n, 1n, 4n * WAD]),
      decreased(1n, 599n * WAD),
      closed(1n),
      // Kind 1 is the cap.
      eventLog("orderBook", "PositionSettled", [1n, KEEPER, 1n, 1n, WAD]),
    ];
    expect(tellHistories(logs)[0]).to.deep.include({
      outcome: "cappedOut",
      paidIn: 107n * WAD,
      shortfall: 4n * WAD,
      paidOut: 599n * WAD,
      keeperFees: WAD,
    });
  });
});

describe("LagTracker", () => {
  const state = stateOf({ positions: [[1n, positionOf()]] });
  const at = (price: bigint) =>
    snapshotOf({ state, spot: { price: price * WAD, observedAt: 9_995n } });

  it("counts no round for a liquidation at the first round that allows it", () => {
    const lag = new LagTracker();
    lag.mark({ index: 0, time: 300 }, at(920n));
    lag.record([liquidated(1n, 0n, 300n)]);
    expect(lag.lags).to.deep.equal([0]);
  });

  it("counts the rounds in between, and begins anew when the position was healthy again", () => {
    const lag = new LagTracker();
    lag.mark({ index: 0, time: 300 }, at(920n));
    lag.mark({ index: 1, time: 310 }, at(950n));
    lag.mark({ index: 2, time: 320 }, at(920n));
    lag.mark({ index: 3, time: 330 }, at(915n));
    lag.mark({ index: 4, time: 340 }, at(910n));
    lag.record([liquidated(1n, 0n, 340n)]);
    expect(lag.lags).to.deep.equal([2]);
  });

  it("begins anew after a rescue", () => {
    const lag = new LagTracker();
    lag.mark({ index: 0, time: 300 }, at(920n));
    lag.record([rescued(1n)]);
    lag.mark({ index: 1, time: 310 }, at(915n));
    lag.record([liquidated(1n, 0n, 310n)]);
    expect(lag.lags).to.deep.equal([0]);
  });
});

describe("spreadOf", () => {
  it("takes the middle by rank and the largest", () => {
    expect(spreadOf([])).to.deep.equal({ p50: 0, max: 0 });
    expect(spreadOf([3])).to.deep.equal({ p50: 3, max: 3 });
    expect(spreadOf([5, 0, 1, 0])).to.deep.equal({ p50: 0, max: 5 });
    expect(spreadOf([5, 1, 2])).to.deep.equal({ p50: 2, max: 5 });
  });
});

describe("nextWake", () => {
  it("sleeps when nothing will fall due", () => {
    const state = stateOf({ positions: [[1n, positionOf()]] });
    expect(nextWake(snapshotOf({ state }))).to.equal(undefined);
  });

  it("wakes for the first of late orders, cool-offs and requests", () => {
    // The order of 9,988 is late after 9,988 + 2 + 60.
    const state = stateOf({
      positions: [[1n, positionOf({ priceTime: 9_995n, cooldown: 70n })]],
      orders: [orderOf(7n)],
    });
    expect(nextWake(snapshotOf({ state }))).to.equal(10_051);
    expect(nextWake(snapshotOf({ state, now: 10_051n }))).to.equal(10_065);
    expect(nextWake(snapshotOf({ state, depositDueAt: NOW + 1n }))).to.equal(10_001);
    expect(nextWake(snapshotOf({ state, now: 10_065n, depositDueAt: NOW }))).to.equal(undefined);
  });
});

describe("Progress", () => {
  it("draws one tick a round with the most telling of what happened", () => {
    let line = "";
    const progress = new Progress(4, (text) => {
      line += text;
    });
    progress.round(0, []);
    progress.round(1, opened(1n));
    progress.round(2, [...opened(2n), liquidated(1n, 0n)]);
    progress.round(3, []);
    expect(line).to.equal("·ox·\n");
  });

  it("keeps long replays to one line", () => {
    let line = "";
    const progress = new Progress(5000, (text) => {
      line += text;
    });
    for (let index = 0; index < 5000; index += 1) progress.round(index, []);
    expect(line.length).to.be.at.most(61);
    expect(line.endsWith("\n")).to.equal(true);
  });
});

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
