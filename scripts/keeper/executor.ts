import type { MarketContracts } from "../chain/contracts.ts";
import { calling } from "../chain/errors.ts";
import { encodeRoundProof } from "../chain/feeds.ts";
import { type DataFee, readDataFee } from "../chain/l1Fee.ts";
import type { Node } from "../chain/provider.ts";
import type { Action } from "./action.ts";

/** What is needed to try an action. */
export interface Executor {
  readonly contracts: MarketContracts;
  readonly provider: Node;
  readonly feeReceiver: string;
  readonly dataFee: DataFee;
  /** WAD units in one token unit. */
  readonly tokenScale: bigint;
}

/** An action that would go through on the newest block. */
export interface Simulation {
  readonly to: string;
  readonly data: string;
  readonly gasLimit: bigint;
  /** Gas that it takes. */
  readonly gas: bigint;
  /** What publishing it costs besides [wei]. */
  readonly dataFee: bigint;
  /** [WAD quote] */
  readonly reward: bigint;
  /** Things of its list that it would do. */
  readonly done: number;
}

interface Encoded {
  readonly to: string;
  readonly data: string;
  /** Tell from what the call returned. */
  readonly read: (answer: string) => { readonly reward: bigint; readonly done: number };
}

/** Price of now: a push feed needs no proof. */
const SPOT = "0x";

/** Ceilings of gas, so that a caught failure inside a batch is never for want of it. */
const GAS = {
  executeOrders: { base: 1_200_000n, item: 450_000n },
  liquidate: { base: 400_000n, item: 300_000n },
  settleAtCap: { base: 700_000n, item: 0n },
  fulfillDeposits: { base: 500_000n, item: 200_000n },
  fulfillRedeems: { base: 500_000n, item: 200_000n },
} as const;

/**
 * Try an action on the newest block without sending it.
 *
 * @throws ContractError when the contracts refuse; RpcError when the node does not answer.
 */
export async function simulate(
  executor: Executor,
  action: Action,
  from: string,
): Promise<Simulation> {
  const { provider } = executor;
  const { to, data, read } = encode(executor, action);
  const ceiling = gasCeiling(action);
  const request = { to, data, from, gasLimit: ceiling };
  // The contracts themselves refuse a batch that would do nothing.
  const [answer, gas, dataFee] = await calling(action.kind, () =>
    Promise.all([
      provider.call(request),
      provider.estimateGas(request),
      readDataFee(provider, executor.dataFee, request),
    ]),
  );
  // Rollups charge their data as gas: there the estimate may exceed what execution alone can take.
  const measured = (gas * 5n) / 4n;
  const gasLimit = measured > ceiling ? measured : ceiling;
  return { to, data, gasLimit, gas, dataFee, ...read(answer) };
}

/** Return how many things an action works through. */
export function countOf(action: Action): number {
  switch (action.kind) {
    case "executeOrders":
      return action.orderIds.length;
    case "liquidate":
      return action.positionIds.length;
    case "settleAtCap":
      return 1;
    case "fulfillDeposits":
    case "fulfillRedeems":
      return action.maxCount;
  }
}

/** Return the most gas that an action may take. */
export function gasCeiling(action: Action): bigint {
  const { base, item } = GAS[action.kind];
  return base + item * BigInt(countOf(action));
}

function encode(executor: Executor, action: Action): Encoded {
  switch (action.kind) {
    case "executeOrders":
      return encodeOrders(executor, action);
    case "liquidate":
      return encodeLiquidation(executor, action);
    case "settleAtCap":
      return encodeSettlement(executor, action);
    case "fulfillDeposits":
    case "fulfillRedeems":
      return encodeFulfilment(executor, action);
  }
}

function encodeOrders(
  { contracts, feeReceiver }: Executor,
  action: Extract<Action, { kind: "executeOrders" }>,
): Encoded {
  const { rounds, orderIds, reward = 0n } = action;
  const proof =
    rounds === undefined ? (action.proof ?? SPOT) : encodeRoundProof(rounds.index, rounds.quote);
  const orders = contracts.orderBook.interface;
  return {
    to: contracts.addresses.orderBook,
    data: orders.encodeFunctionData("execute", [[...orderIds], proof, feeReceiver]),
    // One that cannot be filled is cancelled, and paid all the same.
    read: () => ({ reward, done: orderIds.length }),
  };
}

function encodeLiquidation(
  { contracts, feeReceiver }: Executor,
  { positionIds, proof = SPOT }: Extract<Action, { kind: "liquidate" }>,
): Encoded {
  const vault = contracts.marginVault.interface;
  return {
    to: contracts.addresses.marginVault,
    data: vault.encodeFunctionData("liquidateBatch", [[...positionIds], proof, feeReceiver]),
    read: (answer) => {
      const [liquidated, reward] = vault.decodeFunctionResult("liquidateBatch", answer);
      return { reward: BigInt(reward), done: Number(liquidated) };
    },
  };
}

function encodeSettlement(
  { contracts, feeReceiver }: Executor,
  { positionId, proof = SPOT }: Extract<Action, { kind: "settleAtCap" }>,
): Encoded {
  const vault = contracts.marginVault.interface;
  return {
    to: contracts.addresses.marginVault,
    data: vault.encodeFunctionData("settleAtCap", [positionId, proof, feeReceiver]),
    read: (answer) => {
      const [reward] = vault.decodeFunctionResult("settleAtCap", answer);
      return { reward: BigInt(reward), done: 1 };
    },
  };
}

function encodeFulfilment(
  { contracts, feeReceiver, tokenScale }: Executor,
  action: Extract<Action, { kind: "fulfillDeposits" | "fulfillRedeems" }>,
): Encoded {
  const { kind, maxCount, proof = SPOT } = action;
  const pool = contracts.liquidityVault.interface;
  const isDeposit = kind === "fulfillDeposits";
  const data = isDeposit
    ? pool.encodeFunctionData("fulfillDeposits", [maxCount, proof, feeReceiver])
    : pool.encodeFunctionData("fulfillRedeems", [maxCount, proof, feeReceiver]);
  return {
    to: contracts.addresses.liquidityVault,
    data,
    read: (answer) => {
      const [, feeToken] = isDeposit
        ? pool.decodeFunctionResult("fulfillDeposits", answer)
        : pool.decodeFunctionResult("fulfillRedeems", answer);
      return { reward: BigInt(feeToken) * tokenScale, done: maxCount };
    },
  };
}
