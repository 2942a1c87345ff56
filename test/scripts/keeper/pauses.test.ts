import { expect } from "chai";

import { NEWEST_ROUNDS } from "../../../scripts/core/priceProof.ts";
import { type Action, itemsOf, type Strategy, triedBy } from "../../../scripts/keeper/action.ts";
import type { LaneEvent } from "../../../scripts/keeper/sending/laneOptions.ts";
import { dryKeeper } from "../../fixtures/dryKeeper.ts";

const REST = { proof: NEWEST_ROUNDS, reason: "test" };
const ORDER: Action = { kind: "executeOrders", orderIds: [7n], positionIds: [1n], ...REST };
const LIQUIDATION: Action = { kind: "liquidate", positionIds: [1n], ...REST };
const RESCUE: Action = { kind: "rescue", positionId: 1n, ...REST };
const CAP: Action = { kind: "settleAtCap", positionId: 1n, ...REST };

const planning = (name: string, action: Action): Strategy => ({
  name,
  lane: "urgent",
  plan: () => [action],
});

/** A transaction of an action that reverted in a block. */
function reverted(action: Action, blockNumber: number): LaneEvent {
  const items = itemsOf(action).map((item) => `market ${item}`);
  const receipt = { hash: "0x", succeeded: false, blockNumber, gasUsed: 1n, cost: 1n };
  const name = `${action.kind} ${items.join(",")}`;
  const intent = { name, items } as unknown as Extract<LaneEvent, { kind: "mined" }>["intent"];
  return { kind: "mined", intent, receipt, cancelled: false, tookMs: 1 };
}

describe("what pauses after a refusal", () => {
  it("is what was tried, and not all that was held", () => {
    expect(triedBy(ORDER)).to.deep.equal(["order 7"]);
    expect(triedBy(LIQUIDATION)).to.deep.equal(["position 1"]);
    expect(triedBy(RESCUE)).to.deep.equal(["rescue 1"]);
    expect(triedBy(CAP)).to.deep.equal(["cap 1"]);
    expect(itemsOf(ORDER)).to.include("position 1");
    expect(itemsOf(CAP)).to.include("position 1");
    expect(itemsOf(RESCUE)).to.not.include("position 1");
  });

  it("is never a liquidation, when it was an order of the position", async () => {
    const { look, decisions } = dryKeeper([
      planning("orders", ORDER),
      planning("liquidations", LIQUIDATION),
    ]);
    await look(1);
    await look(2);
    expect(decisions).to.deep.equal([
      "1 orders refused",
      "1 liquidations would send",
      "2 orders refused",
      "2 liquidations would send",
    ]);
  });

  it("is never a liquidation, when an order or a rescue of the position reverted on chain", async () => {
    const { keeper, look, decisions } = dryKeeper([planning("liquidations", LIQUIDATION)]);
    for (let block = 1; block < 4; block += 1) {
      for (const action of [ORDER, RESCUE, CAP]) keeper.conclude(reverted(action, block));
    }
    await look(4);
    expect(decisions).to.deep.equal(["4 liquidations would send"]);
  });

  it("is a liquidation that reverted twice itself", async () => {
    const { keeper, look, decisions } = dryKeeper([planning("liquidations", LIQUIDATION)]);
    for (let block = 1; block < 3; block += 1) keeper.conclude(reverted(LIQUIDATION, block));
    await look(4);
    await look(63);
    expect(decisions).to.deep.equal([]);
    await look(66);
    expect(decisions).to.deep.equal(["66 liquidations would send"]);
  });
});
