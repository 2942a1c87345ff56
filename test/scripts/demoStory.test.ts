import { expect } from "chai";

import { tellHistories } from "../../scripts/localnet/history.ts";
import { LagTracker } from "../../scripts/localnet/lag.ts";
import { Progress } from "../../scripts/localnet/progress.ts";
import { nextWake } from "../../scripts/localnet/replay.ts";
import { spreadOf } from "../../scripts/localnet/stats.ts";
import { eventLog } from "../fixtures/marketLogs.ts";
import { NOW, orderOf, positionOf, snapshotOf, stateOf, WAD } from "../fixtures/snapshots.ts";
import {
  ACCOUNT,
  closed,
  decreased,
  executed,
  increased,
  KEEPER,
  liquidated,
  opened,
  rescued,
  submitted,
  updated,
} from "../fixtures/storyLogs.ts";

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
