import { expect } from "chai";

import { NEWEST_ROUNDS } from "../../scripts/core/priceProof.ts";
import type { Snapshot } from "../../scripts/core/snapshot.ts";
import {
  type Action,
  chunks,
  halvesOf,
  itemsOf,
  restrictedTo,
} from "../../scripts/keeper/action.ts";
import { Backoff } from "../../scripts/keeper/backoff.ts";
import { strategies } from "../../scripts/keeper/strategies.ts";
import { NOW, orderOf, positionOf, snapshotOf, stateOf, WAD } from "../fixtures/snapshots.ts";

/** What all strategies together would do, in the order in which they act. */
function planAll(snapshot: Snapshot, maxBatch = 20): readonly Action[] {
  return strategies(maxBatch).flatMap((strategy) => strategy.plan(snapshot));
}

describe("strategies", () => {
  it("do nothing when nothing is due", () => {
    const state = stateOf({ positions: [[1n, positionOf()]] });
    expect(planAll(snapshotOf({ state }))).to.deep.equal([]);
  });

  it("act on orders first, then caps, then liquidations, then the pool", () => {
    const exit = orderOf(8n, {
      positionId: 1n,
      subject: 1n,
      sizeDelta: -WAD,
      triggerPrice: 990n * WAD,
      expiry: 20_000n,
      // A stop-loss that only reduces and pays from margin.
      traits: 26n,
    });
    const state = stateOf({
      positions: [
        [1n, positionOf()],
        [2n, positionOf({ size: -WAD, openNotional: -1000n * WAD, reserve: 50n * WAD })],
      ],
      orders: [orderOf(7n), exit],
    });
    const plan = planAll(
      snapshotOf({
        state,
        spot: { price: 920n * WAD, observedAt: 9_995n },
        indexRounds: [
          { roundId: 1n, answer: 1n, updatedAt: 9_900n },
          { roundId: 2n, answer: 1n, updatedAt: 9_995n },
        ],
        depositDueAt: NOW,
        redeemDueAt: NOW,
      }),
    );
    expect(plan.map((action) => action.kind)).to.deep.equal([
      "executeOrders",
      "executeOrders",
      "settleAtCap",
      "liquidate",
      "fulfillDeposits",
      "fulfillRedeems",
    ]);
    const rounds = { kind: "rounds", index: 2n, quote: 0n };
    expect(plan[0]).to.deep.include({ orderIds: [7n], proof: rounds });
    expect(plan[1]).to.deep.include({ orderIds: [8n], proof: { kind: "newestRounds" } });
    expect(plan[2]).to.deep.include({ positionId: 2n });
    expect(plan[3]).to.deep.include({ positionIds: [1n] });
  });

  it("give a reason for everything", () => {
    const state = stateOf({ positions: [[1n, positionOf()]] });
    const spot = { price: 920n * WAD, observedAt: 9_995n };
    for (const action of planAll(snapshotOf({ state, spot, depositDueAt: NOW }))) {
      expect(action.reason).to.not.equal("");
    }
  });

  it("keep batches within their bound", () => {
    const positions = [1n, 2n, 3n, 4n, 5n].map((id) => [id, positionOf()] as const);
    const spot = { price: 920n * WAD, observedAt: 9_995n };
    const plan = planAll(snapshotOf({ state: stateOf({ positions }), spot }), 2);
    const batches = plan.map((action) => (action.kind === "liquidate" ? action.positionIds : []));
    expect(batches).to.deep.equal([[1n, 2n], [3n, 4n], [5n]]);
  });

  it("ask about each position of unknown health alone, so that it cannot spoil a batch", () => {
    const state = stateOf({
      positions: [
        [1n, positionOf()],
        [2n, positionOf({ termsId: 9n })],
      ],
    });
    const spot = { price: 920n * WAD, observedAt: 9_995n };
    const plan = planAll(snapshotOf({ state, spot }));
    const batches = plan.map((action) => (action.kind === "liquidate" ? action.positionIds : []));
    expect(batches).to.deep.equal([[1n], [2n]]);
  });
});

describe("chunks", () => {
  it("cuts nothing into nothing, and keeps every item once", () => {
    expect(chunks([], 3)).to.deep.equal([]);
    expect(chunks([1, 2, 3, 4], 3)).to.deep.equal([[1, 2, 3], [4]]);
  });
});

describe("halvesOf", () => {
  const orders: Action = {
    kind: "executeOrders",
    orderIds: [1n, 2n, 3n],
    positionIds: [1n, 9n, 3n],
    proof: NEWEST_ROUNDS,
    reward: 6n,
    reason: "test",
  };

  it("cuts a list in two, with what belongs to each part", () => {
    expect(halvesOf(orders)).to.deep.equal([
      { ...orders, orderIds: [1n, 2n], positionIds: [1n, 9n], reward: 4n },
      { ...orders, orderIds: [3n], positionIds: [3n], reward: 2n },
    ]);
  });

  it("does not cut one thing", () => {
    const rest = { proof: NEWEST_ROUNDS, reason: "test" };
    expect(halvesOf({ kind: "liquidate", positionIds: [1n], ...rest })).to.deep.equal([]);
    expect(halvesOf({ kind: "settleAtCap", positionId: 1n, ...rest })).to.deep.equal([]);
  });

  it("leaves out what something else acts on", () => {
    const isFree = (part: Action) => !itemsOf(part).includes("position 9");
    expect(restrictedTo(orders, isFree)).to.deep.include({ orderIds: [1n, 3n] });
    const settle: Action = {
      kind: "settleAtCap",
      positionId: 9n,
      proof: NEWEST_ROUNDS,
      reason: "test",
    };
    expect(restrictedTo(settle, isFree)).to.equal(undefined);
  });
});

describe("Backoff", () => {
  it("allows what was never refused", () => {
    expect(new Backoff().allows("a", 0)).to.equal(true);
  });

  it("pauses 1, 2, 4 … and at most 16 blocks, and never gives up", () => {
    const backoff = new Backoff();
    let block = 100;
    for (const pause of [1, 2, 4, 8, 16, 16, 16]) {
      backoff.refused("a", block);
      expect(backoff.allows("a", block + pause - 1)).to.equal(false);
      expect(backoff.allows("a", block + pause)).to.equal(true);
      block += pause;
    }
  });

  it("quarantines for 64 blocks what reverted on chain twice", () => {
    const backoff = new Backoff();
    backoff.reverted("a", 100);
    expect(backoff.allows("a", 101)).to.equal(true);
    backoff.reverted("a", 101);
    expect(backoff.allows("a", 164)).to.equal(false);
    expect(backoff.allows("a", 165)).to.equal(true);
  });

  it("keeps the refusals of one thing from another's", () => {
    const backoff = new Backoff();
    backoff.refused("a", 100);
    expect(backoff.allows("b", 100)).to.equal(true);
    expect(backoff.waiting(100)).to.equal(1);
  });

  it("forgets the refusals of what went through", () => {
    const backoff = new Backoff();
    backoff.refused("a", 100);
    backoff.refused("a", 101);
    backoff.done("a");
    expect(backoff.refused("a", 104)).to.equal(1);
  });
});
