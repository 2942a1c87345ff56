import { expect } from "chai";

import { dueMarketOrders, spotProof } from "../../../scripts/core/dueWork.ts";
import type { ServedReport } from "../../../scripts/core/reportBuffer.ts";
import type { Snapshot } from "../../../scripts/core/snapshot.ts";
import { strategies } from "../../../scripts/keeper/strategies.ts";
import { NOW, orderOf, positionOf, snapshotOf, stateOf } from "../../fixtures/snapshots.ts";
import { served, WAD } from "../../fixtures/streamService.ts";

/** Submitted at 9,988, so T = 9,990; served by what was observed up to 10,050; the window is 60 s. */
const state = stateOf({ positions: [[1n, positionOf()]], orders: [orderOf(7n)] });

function withReports(reports: readonly ServedReport[], changes: Partial<Snapshot> = {}): Snapshot {
  return snapshotOf({ state, stream: { spot: reports.at(-1), reports }, ...changes });
}

const proofOf = (report: ServedReport, quoteRoundId = 0n) => ({
  kind: "report",
  report,
  quoteRoundId,
});

describe("dueMarketOrders of a market on reports", () => {
  it("waits while no report speaks for its moment", () => {
    const around = [served(9_989n), served(9_991n)];
    expect(dueMarketOrders(withReports(around))).to.deep.equal([]);
  });

  it("takes the report that does, and of several the first", () => {
    const report = served(9_992n, { validFrom: 9_990n });
    const reports = [served(9_989n), report, served(9_993n, { validFrom: 9_990n })];
    expect(dueMarketOrders(withReports(reports))).to.deep.equal([
      { proof: proofOf(report), orderIds: [7n] },
    ]);
  });

  it("takes none that was observed after the wait", () => {
    const late = [served(10_051n, { validFrom: 9_990n })];
    expect(dueMarketOrders(withReports(late, { now: 10_060n }))).to.deep.equal([]);
    const last = [served(10_050n, { validFrom: 9_990n })];
    expect(dueMarketOrders(withReports(last, { now: 10_060n }))).to.have.length(1);
  });

  it("counts the window from its observation", () => {
    const reports = [served(9_990n)];
    expect(dueMarketOrders(withReports(reports, { now: 10_050n }))).to.have.length(1);
    expect(dueMarketOrders(withReports(reports, { now: 10_051n }))).to.deep.equal([]);
  });

  it("takes none of the future, and none that has expired", () => {
    const future = [served(NOW + 1n, { validFrom: 9_990n })];
    expect(dueMarketOrders(withReports(future))).to.deep.equal([]);
    const expired = [served(9_990n, { expiresAt: NOW - 1n })];
    expect(dueMarketOrders(withReports(expired))).to.deep.equal([]);
  });

  it("does nothing while the sequencer is down", () => {
    const reports = [served(9_990n)];
    expect(dueMarketOrders(withReports(reports, { upSince: undefined }))).to.deep.equal([]);
  });

  describe("given a quote feed", () => {
    const quoteRounds = [
      { roundId: 50n, answer: 1n, updatedAt: 9_800n },
      { roundId: 51n, answer: 1n, updatedAt: 9_992n },
      { roundId: 52n, answer: 1n, updatedAt: 9_993n },
    ];
    const quoted = { hasQuoteFeed: true, quoteRounds };

    it("proves the quote in force in the second of observation", () => {
      const report = served(9_992n, { validFrom: 9_990n });
      expect(dueMarketOrders(withReports([report], quoted))[0]?.proof).to.deep.equal(
        proofOf(report, 51n),
      );
    });

    it("waits until that second is over", () => {
      const report = served(NOW, { validFrom: 9_990n });
      expect(dueMarketOrders(withReports([report], quoted))).to.deep.equal([]);
      expect(dueMarketOrders(withReports([report], { ...quoted, now: NOW + 1n }))).to.have.length(
        1,
      );
      // Without a quote feed nothing more can come in that second.
      expect(dueMarketOrders(withReports([report]))).to.have.length(1);
    });
  });
});

describe("spotProof", () => {
  it("is the newest report, which names no quote", () => {
    const report = served(9_999n);
    expect(spotProof(withReports([report], { hasQuoteFeed: true }))).to.deep.equal(proofOf(report));
  });

  it("is none without a report, and without a price", () => {
    expect(spotProof(withReports([]))).to.equal(undefined);
    expect(spotProof(withReports([served(9_999n)], { spot: undefined }))).to.equal(undefined);
  });
});

describe("strategies of a market on reports", () => {
  it("prove liquidations with the report that shows them", () => {
    const report = served(9_999n, { price: 920n * WAD });
    const snapshot = withReports([report], {
      state: stateOf({ positions: [[1n, positionOf()]] }),
      spot: { price: 920n * WAD, observedAt: 9_999n },
    });
    const plan = strategies(20).flatMap((strategy) => strategy.plan(snapshot));
    expect(plan).to.have.length(1);
    expect(plan[0]).to.deep.include({ kind: "liquidate", proof: proofOf(report) });
  });

  it("do nothing while there is no report", () => {
    const due = { depositDueAt: NOW, redeemDueAt: NOW };
    const plan = strategies(20).flatMap((one) => one.plan(withReports([], due)));
    expect(plan).to.deep.equal([]);
  });
});
