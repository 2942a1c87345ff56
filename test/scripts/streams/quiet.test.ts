import { expect } from "chai";

import type { Snapshot } from "../../../scripts/core/snapshot.ts";
import { pathThrough } from "../../../scripts/localnet/pricePath.ts";
import { dueWork } from "../../../scripts/localnet/settle.ts";
import { DEFAULT_NETWORK, OracleNetwork } from "../../../scripts/localnet/streamNetwork.ts";
import { isQuiet } from "../../../scripts/localnet/streamReplay.ts";
import { NOW, orderOf, positionOf, snapshotOf, stateOf } from "../../fixtures/snapshots.ts";
import { FEED, WAD } from "../../fixtures/streamService.ts";

const time = Number(NOW) + 10;
const round = { time, answer: 0n };

/** A network that has just reported this price, in a market whose quote is 1. */
function indexAt(price: bigint) {
  const path = pathThrough([{ time: NOW, price }]);
  const network = new OracleNetwork({ ...DEFAULT_NETWORK, feedId: FEED, path, from: NOW });
  network.advanceTo(BigInt(time));
  return { kind: "stream", network } as const;
}

/** Everybody's work is looked for, and owners act at 950 and below. */
const stage = {
  quoteAnswer: 10n ** 8n,
  settler: { isDue: (snapshot: Snapshot) => dueWork(snapshot).length > 0 },
  owners: { isDue: (price: bigint) => price <= 950n * WAD },
} as unknown as Parameters<typeof isQuiet>[0];

/** A long of 1 at 1,000 with 100 of margin: 2.5% of maintenance is reached at 900 / 0.975 = 923.08. */
const open = stateOf({ positions: [[1n, positionOf()]] });

describe("isQuiet", () => {
  const snapshot = snapshotOf({ state: open, stream: { spot: undefined, reports: [] } });

  it("holds while a report leaves everybody alone", () => {
    expect(isQuiet(stage, indexAt(990n * WAD), { round, snapshot })).to.equal(true);
  });

  it("ends where an owner would act", () => {
    expect(isQuiet(stage, indexAt(950n * WAD), { round, snapshot })).to.equal(false);
  });

  it("ends where a position can be liquidated", () => {
    const careless = { ...stage, owners: { isDue: () => false } } as unknown as Parameters<
      typeof isQuiet
    >[0];
    expect(isQuiet(careless, indexAt(924n * WAD), { round, snapshot })).to.equal(true);
    expect(isQuiet(careless, indexAt(923n * WAD), { round, snapshot })).to.equal(false);
  });

  it("ends where the report is an order's price", () => {
    const state = stateOf({
      positions: [[1n, positionOf()]],
      orders: [orderOf(7n, { submittedAt: NOW })],
    });
    expect(
      isQuiet(stage, indexAt(990n * WAD), { round, snapshot: { ...snapshot, state } }),
    ).to.equal(false);
  });

  it("ends after a quarter of an hour without a block", () => {
    const old = (age: bigint) => ({ ...snapshot, now: BigInt(time) - age });
    expect(isQuiet(stage, indexAt(990n * WAD), { round, snapshot: old(899n) })).to.equal(true);
    expect(isQuiet(stage, indexAt(990n * WAD), { round, snapshot: old(900n) })).to.equal(false);
  });
});
