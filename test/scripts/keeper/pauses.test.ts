import { expect } from "chai";
import pino from "pino";

import type { Head } from "../../../scripts/chain/blocks.ts";
import { INTERFACES } from "../../../scripts/chain/contracts.ts";
import { NEWEST_ROUNDS } from "../../../scripts/core/priceProof.ts";
import { type Action, itemsOf, type Strategy, triedBy } from "../../../scripts/keeper/action.ts";
import type { KeptMarket } from "../../../scripts/keeper/keptMarket.ts";
import { MarketIndex } from "../../../scripts/keeper/marketIndex.ts";
import { MarketKeeper } from "../../../scripts/keeper/marketKeeper.ts";
import { createMetrics } from "../../../scripts/keeper/metrics.ts";
import type { LaneEvent } from "../../../scripts/keeper/sending/laneOptions.ts";
import { snapshotOf } from "../../fixtures/snapshots.ts";

const REST = { proof: NEWEST_ROUNDS, reason: "test" };
const ORDER: Action = { kind: "executeOrders", orderIds: [7n], positionIds: [1n], ...REST };
const LIQUIDATION: Action = { kind: "liquidate", positionIds: [1n], ...REST };
const RESCUE: Action = { kind: "rescue", positionId: 1n, ...REST };
const CAP: Action = { kind: "settleAtCap", positionId: 1n, ...REST };

function headOf(number: number): Head {
  return { number, hash: `0x${number}`, parentHash: `0x${number - 1}`, timestamp: 10_000 + number };
}

const planning = (name: string, action: Action): Strategy => ({
  name,
  lane: "urgent",
  plan: () => [action],
});

/** A dry keeper of one position, whose order book refuses everything and whose vault nothing. */
function dryKeeper(strategies: readonly Strategy[]) {
  const decisions: string[] = [];
  const write = (line: string) => {
    const { msg, block, strategy, outcome } = JSON.parse(line);
    if (msg === "decided") decisions.push(`${block} ${strategy} ${outcome}`);
  };
  const refuse = Object.assign(new Error("execution reverted"), {
    code: "CALL_EXCEPTION",
    data: "0x12345678",
    shortMessage: "execution reverted",
  });
  let head = headOf(1);
  const vault = INTERFACES.marginVault;
  const provider = {
    call: async ({ to, data }: { readonly to: string; readonly data: string }) => {
      if (to === "book") throw refuse;
      const name = vault.parseTransaction({ data })?.name ?? "";
      return vault.encodeFunctionResult(name, name === "liquidateBatch" ? [1n, 5n] : [5n]);
    },
    estimateGas: async () => 100_000n,
  };
  const contracts = {
    orderBook: { interface: INTERFACES.orderBook },
    marginVault: { interface: vault },
    addresses: { orderBook: "book", marginVault: "vault" },
    source: { kind: "push" },
  };
  const follower = {
    frozen: false,
    get tip() {
      return head;
    },
    follow: async () => ({ index: new MarketIndex(), sums: undefined }),
  };
  const market = {
    name: "market",
    follower,
    view: {
      now: async () => undefined,
      facts: async () => snapshotOf({ blockNumber: head.number }),
    },
    executor: { contracts, provider, feeReceiver: vault, dataFee: "none", countsCost: false },
    strategies,
    priceMark: () => "",
    lanes: undefined,
    caller: "0x0000000000000000000000000000000000000001",
    gasMarket: async () => ({ baseFee: 1n, maxPriorityFeePerGas: 1n, maxFeePerGas: 3n }),
    profitRule: async () => ({ nativePrice: undefined, minProfit: 0n, maxFeePerGas: 1n }),
    isMyTurn: () => true,
    metrics: createMetrics(),
    alerts: { clear: () => {}, raise: () => {} },
    now: () => 0,
    log: pino({ level: "info" }, { write }),
  };
  Object.assign(market.executor, { feeReceiver: market.caller });
  const keeper = new MarketKeeper(market as unknown as KeptMarket);
  const look = (number: number) => {
    head = headOf(number);
    return keeper.look(head);
  };
  return { keeper, look, decisions };
}

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
