import type { MarketContracts } from "../chain/contracts.ts";
import { calling } from "../chain/errors.ts";
import { type DataFee, readDataFee } from "../chain/l1Fee.ts";
import { encodeProof, verificationFee } from "../chain/priceProofs.ts";
import { ask, type Node } from "../chain/provider.ts";
import type { Action } from "./action.ts";

/** What is needed to try an action. */
export interface Executor {
  readonly contracts: MarketContracts;
  readonly provider: Node;
  readonly feeReceiver: string;
  readonly dataFee: DataFee;
  /** Whether anybody asks what an action costs. */
  readonly countsCost: boolean;
}

/** An action that would go through on the newest block. */
export interface Simulation {
  readonly to: string;
  readonly data: string;
  /** What verifying its price costs [wei]. */
  readonly value: bigint;
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
  /** What goes along [wei], where that is not the fee for verifying the price. */
  readonly value?: bigint;
  /** Tell from what the call returned. */
  readonly read: (answer: string) => { readonly reward: bigint; readonly done: number };
}

/** Ceilings of gas, so that a caught failure inside a batch is never for want of it. */
const GAS = {
  executeOrders: { base: 1_200_000n, item: 450_000n },
  liquidate: { base: 400_000n, item: 300_000n },
  rescue: { base: 1_000_000n, item: 0n },
  settleAtCap: { base: 700_000n, item: 0n },
  fulfillDeposits: { base: 500_000n, item: 200_000n },
  fulfillRedeems: { base: 500_000n, item: 200_000n },
} as const;

/** What a mandate may take beside: a token may burn all that its book lets it have, and the position is closed then. */
const MANDATE_GAS = 450_000n;

/** What cancelling an order that lapsed takes beside. */
const CANCEL_GAS = 200_000n;

/** What verifying a report takes beside, by many oracles and with a fee. */
const REPORT_GAS = 400_000n;

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
  const { provider, contracts } = executor;
  const ceiling = gasCeiling(action);
  const fee = await verificationFee(provider, contracts.source, action.proof);
  const { to, data, read, value = fee } = encode(executor, action, fee);
  const request = { to, data, value, from, gasLimit: ceiling };
  // The contracts themselves refuse a batch that would do nothing.
  const asksSpent = executor.countsCost && usesMandates(action);
  const [answer, needed, dataFee, spent] = await calling(action.kind, () =>
    Promise.all([
      provider.call(request),
      provider.estimateGas(request),
      readDataFee(provider, executor.dataFee, request),
      asksSpent ? spentGas(provider, request) : undefined,
    ]),
  );
  const gas = spent !== undefined && spent < needed ? spent : needed;
  // Rollups charge their data as gas: there the estimate may exceed what execution alone can take.
  const measured = (needed * 5n) / 4n;
  const gasLimit = measured > ceiling ? measured : ceiling;
  return { to, data, value, gasLimit, gas, dataFee, ...read(answer) };
}

/** Return how many things an action works through. */
export function countOf(action: Action): number {
  switch (action.kind) {
    case "executeOrders":
      return action.orderIds.length;
    case "liquidate":
      return action.positionIds.length;
    case "rescue":
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
  const verification = action.proof.kind === "report" ? REPORT_GAS : 0n;
  const more = mandateGas(action) + verification + cancelGas(action);
  return base + item * BigInt(countOf(action)) + more;
}

function cancelGas(action: Action): bigint {
  return action.kind === "executeOrders" && action.lapsedOrderId !== undefined ? CANCEL_GAS : 0n;
}

function mandateGas(action: Action): bigint {
  return action.kind === "liquidate" ? MANDATE_GAS * BigInt(action.mandated?.length ?? 0) : 0n;
}

function usesMandates(action: Action): boolean {
  return action.kind === "rescue" || mandateGas(action) > 0n;
}

/**
 * Ask what a call spends: a pull needs twice as much to be left as it takes, which an estimate counts in full.
 *
 * Not every node answers this. Where none does, the estimate has to do, and what it says is too much.
 */
async function spentGas(
  provider: Node,
  { gasLimit, value, ...call }: Published,
): Promise<bigint | undefined> {
  const request = { ...call, gas: toQuantity(gasLimit), value: toQuantity(value) };
  try {
    const answer = await ask<{ readonly gasUsed: string; readonly error?: string }>(
      provider,
      "eth_createAccessList",
      [request, "latest"],
    );
    return answer.error === undefined ? BigInt(answer.gasUsed) : undefined;
  } catch {
    return undefined;
  }
}

interface Published {
  readonly to: string;
  readonly data: string;
  readonly from: string;
  readonly gasLimit: bigint;
  readonly value: bigint;
}

function toQuantity(amount: bigint): string {
  return `0x${amount.toString(16)}`;
}

function encode(executor: Executor, action: Action, fee: bigint): Encoded {
  switch (action.kind) {
    case "executeOrders":
      return encodeOrders(executor, action, fee);
    case "liquidate":
      return encodeLiquidation(executor, action);
    case "rescue":
      return encodeRescue(executor, action);
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
  fee: bigint,
): Encoded {
  const { orderIds, lapsedOrderId, reward = 0n } = action;
  const proof = encodeProof(action.proof);
  const orders = contracts.orderBook.interface;
  const to = contracts.addresses.orderBook;
  // One that cannot be filled is cancelled, and paid all the same.
  const read = () => ({ reward, done: orderIds.length });
  const execution = orders.encodeFunctionData("execute", [[...orderIds], proof, feeReceiver]);
  if (lapsedOrderId === undefined) return { to, data: execution, read };
  const cancellation = orders.encodeFunctionData("cancel", [lapsedOrderId, "0x"]);
  // Several calls in one take no ether: where a price costs some, the execution follows at the next look.
  if (fee > 0n) return { to, data: cancellation, value: 0n, read };
  return { to, data: orders.encodeFunctionData("multicall", [[cancellation, execution]]), read };
}

function encodeLiquidation(
  { contracts, feeReceiver }: Executor,
  { positionIds, proof }: Extract<Action, { kind: "liquidate" }>,
): Encoded {
  const vault = contracts.marginVault.interface;
  return {
    to: contracts.addresses.marginVault,
    data: vault.encodeFunctionData("liquidateBatch", [
      [...positionIds],
      encodeProof(proof),
      feeReceiver,
    ]),
    read: (answer) => {
      const [liquidated, reward] = vault.decodeFunctionResult("liquidateBatch", answer);
      return { reward: BigInt(reward), done: Number(liquidated) };
    },
  };
}

function encodeRescue(
  { contracts, feeReceiver }: Executor,
  { positionId, proof }: Extract<Action, { kind: "rescue" }>,
): Encoded {
  const vault = contracts.marginVault.interface;
  return {
    to: contracts.addresses.marginVault,
    data: vault.encodeFunctionData("rescue", [positionId, encodeProof(proof), feeReceiver]),
    read: (answer) => {
      const [reward] = vault.decodeFunctionResult("rescue", answer);
      return { reward: BigInt(reward), done: 1 };
    },
  };
}

function encodeSettlement(
  { contracts, feeReceiver }: Executor,
  { positionId, proof }: Extract<Action, { kind: "settleAtCap" }>,
): Encoded {
  const orders = contracts.orderBook.interface;
  return {
    to: contracts.addresses.orderBook,
    data: orders.encodeFunctionData("settleAtCap", [positionId, encodeProof(proof), feeReceiver]),
    read: (answer) => {
      const [reward] = orders.decodeFunctionResult("settleAtCap", answer);
      return { reward: BigInt(reward), done: 1 };
    },
  };
}

function encodeFulfilment(
  { contracts, feeReceiver }: Executor,
  action: Extract<Action, { kind: "fulfillDeposits" | "fulfillRedeems" }>,
): Encoded {
  const { kind, maxCount } = action;
  const proof = encodeProof(action.proof);
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
      return { reward: BigInt(feeToken) * contracts.constants.tokenScale, done: maxCount };
    },
  };
}
