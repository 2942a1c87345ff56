import { setTimeout as sleep } from "node:timers/promises";
import { readHead } from "../chain/blocks.ts";
import { type MarketContracts, openAggregator } from "../chain/contracts.ts";
import { calling, toBulkheadError } from "../chain/errors.ts";
import { ask, type Node } from "../chain/provider.ts";
import { encodeApproval } from "../chain/token.ts";
import { FatalError } from "../core/errors.ts";
import { type IndexPrice, tellTime } from "./indexPrice.ts";

/** A local chain with one market on it. */
export interface World {
  readonly provider: Node;
  readonly contracts: MarketContracts;
  readonly token: string;
  /** WAD units in one token unit. */
  readonly tokenScale: bigint;
  /** Wait after deployment until the market liquidates and its pool serves [s]. */
  readonly graceSeconds: number;
  readonly index: IndexPrice;
  readonly quoteAggregator: string;
  readonly factory: string;
  /** Where owners of this market give their rescue mandates. */
  readonly mandateBook: string;
  /** Unlocked accounts by what they do. */
  readonly cast: Cast;
}

/** Who acts. */
export interface Cast {
  /** Deploys, and writes the feeds' rounds. */
  readonly deployer: string;
  readonly keeper: string;
  readonly providers: readonly string[];
  readonly accounts: readonly string[];
}

/** A call and the contract it goes to. */
export interface TargetedCall {
  readonly to: string;
  readonly data: string;
  /** Its limit, where it takes more than usual. */
  readonly gas?: bigint;
}

/** Thrown when a transaction of the demo itself fails. */
export class TransactionFailedError extends FatalError {}

const GAS = 5_000_000n;
const RECEIPT_PATIENCE_MS = 10_000;

/**
 * Send a call from an unlocked account, see that it succeeds, and return its block.
 *
 * @throws TransactionFailedError with the contracts' reason when it does not.
 */
export async function transact(provider: Node, from: string, call: TargetedCall): Promise<number> {
  const request = {
    from,
    to: call.to,
    data: call.data,
    gas: `0x${(call.gas ?? GAS).toString(16)}`,
  };
  const hash = await ask<string>(provider, "eth_sendTransaction", [request]);
  const receipt = await receiptOf(provider, hash);
  if (receipt?.status === 1) return receipt.blockNumber;
  throw new TransactionFailedError(
    `A transaction of the demo failed: ${await reasonOf(provider, from, call)}`,
  );
}

/** Tell the cast apart: the first account deploys, the second keeps, then providers, then all others. */
export function castOf(unlocked: readonly string[], providers: number): Cast {
  const [deployer = "", keeper = "", ...others] = unlocked;
  return {
    deployer,
    keeper,
    providers: others.slice(0, providers),
    accounts: others.slice(providers),
  };
}

/** Make every block come one second after the one before, unless it is told its time. */
export async function tickBySeconds(provider: Node): Promise<void> {
  await ask(provider, "anvil_setBlockTimestampInterval", [1]);
}

/** Mine an empty block; at `time` [s], or one second after the newest where that has passed. */
export async function mineAt(provider: Node, time?: number): Promise<void> {
  if (time !== undefined) await setNextTime(provider, time);
  await ask(provider, "evm_mine", []);
}

/** Write a round of a feed in a block of its own, and return the block. */
export async function writeRound(
  world: World,
  round: { readonly aggregator: string; readonly answer: bigint; readonly time: number },
): Promise<number> {
  const { provider } = world;
  const aggregator = openAggregator(provider, round.aggregator);
  const [newest] = await Promise.all([
    calling("latestRound", () => aggregator.latestRound()),
    setNextTime(provider, round.time),
  ]);
  const data = aggregator.interface.encodeFunctionData("submit", [newest + 1n, round.answer]);
  return transact(provider, world.cast.deployer, { to: round.aggregator, data });
}

/** Let the market's price be `answer` from `time` on, as the world's oracle has it, and return the block. */
export async function writeIndex(
  world: World,
  { answer, time }: { readonly answer: bigint; readonly time: number },
): Promise<number> {
  const { index, provider } = world;
  if (index.kind === "push") {
    return writeRound(world, { aggregator: index.aggregator, answer, time });
  }
  tellTime(index, time);
  await mineAt(provider, time);
  return (await readHead(provider)).number;
}

/** Let `spender` pull any amount of the market's token. */
export async function approve(world: World, owner: string, spender: string): Promise<void> {
  await transact(world.provider, owner, { to: world.token, data: encodeApproval(spender) });
}

async function setNextTime(provider: Node, time: number): Promise<void> {
  const head = await readHead(provider);
  await ask(provider, "evm_setNextBlockTimestamp", [Math.max(time, head.timestamp + 1)]);
}

/** A local chain mines at once, but not before it has answered. */
async function receiptOf(
  provider: Node,
  hash: string,
): Promise<{ readonly status: number | null; readonly blockNumber: number } | null> {
  const deadline = performance.now() + RECEIPT_PATIENCE_MS;
  for (;;) {
    const receipt = await calling("eth_getTransactionReceipt", () =>
      provider.getTransactionReceipt(hash),
    );
    if (receipt !== null || performance.now() > deadline) return receipt;
    await sleep(2);
  }
}

async function reasonOf(provider: Node, from: string, call: TargetedCall): Promise<string> {
  try {
    await provider.call({ from, to: call.to, data: call.data });
    return "it would succeed now";
  } catch (cause) {
    return toBulkheadError("the call", cause).message;
  }
}
