import type { JsonRpcProvider, Log, LogDescription } from "ethers";

import { INTERFACES, type MarketAddresses, type MarketPart } from "./contracts.ts";
import { calling } from "./errors.ts";
import { LogGapError, RpcError } from "./failures.ts";

/** One decoded log of a market. */
export interface MarketLog {
  readonly part: MarketPart;
  readonly name: string;
  readonly args: LogDescription["args"];
  readonly blockNumber: number;
  readonly logIndex: number;
  readonly transactionHash: string;
}

/** Blocks from one to another, both included. */
export interface BlockRange {
  readonly from: number;
  readonly to: number;
}

/** Number of the newest log that was read of each part, and the orders that were submitted. */
export type Sequences = Readonly<Record<MarketPart | "orders", bigint>>;

/** Where every market begins. */
export const NO_LOGS: Sequences = {
  marginVault: 0n,
  orderBook: 0n,
  liquidityVault: 0n,
  mandateBook: 0n,
  orders: 0n,
};

/** Logs of the order book that the MarginVault numbers among its own: each follows those of its trade. */
const TRADE_LOGS: ReadonlySet<string> = new Set(["OrderExecuted", "PositionSettled"]);

const PARTS = Object.keys(INTERFACES) as MarketPart[];

/** Cut a range into pieces of at most `step` blocks: together the whole range, without overlap. */
export function blockRanges({ from, to }: BlockRange, step: number): readonly BlockRange[] {
  const ranges: BlockRange[] = [];
  for (let start = from; start <= to; start += step) {
    ranges.push({ from: start, to: Math.min(start + step - 1, to) });
  }
  return ranges;
}

/**
 * Read a market's logs of a range, in the order of the chain.
 *
 * @throws RpcError when the node does not answer, or answers with logs of other blocks.
 */
export async function readLogs({
  provider,
  addresses,
  range,
}: {
  readonly provider: JsonRpcProvider;
  readonly addresses: MarketAddresses;
  /** Blocks, or the one block with this hash. */
  readonly range: BlockRange | { readonly blockHash: string };
}): Promise<readonly MarketLog[]> {
  const logs = await fetchLogs(provider, addresses, range);
  const parts = new Map(PARTS.map((part) => [addresses[part].toLowerCase(), part]));
  return logs
    .flatMap((log) => decode(log, parts.get(log.address.toLowerCase())))
    .sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex);
}

/**
 * Check that no numbered log is missing, and return where the numbers now stand.
 *
 * @throws LogGapError when one is: a node that lags or prunes answers with less, and calls it success.
 */
export function checkSequences(
  before: Sequences,
  logs: readonly MarketLog[],
  addresses: Pick<MarketAddresses, MarketPart>,
): Sequences {
  const newest: Record<MarketPart | "orders", bigint> = {
    // A store of an earlier version may know fewer parts.
    ...NO_LOGS,
    ...before,
  };
  for (const log of logs) {
    if (log.name === "OrderSubmitted") newest.orders += 1n;
    const actual = sequenceOf(log);
    if (actual === undefined) continue;
    const counter = TRADE_LOGS.has(log.name) ? "marginVault" : log.part;
    const expected = newest[counter] + 1n;
    if (actual !== expected) {
      throw new LogGapError({ address: addresses[counter], expected, actual });
    }
    newest[counter] = actual;
  }
  return newest;
}

/**
 * Check the logs that were read against what the contracts have counted: a list that ends too early shows here.
 *
 * @throws LogGapError when some are missing.
 */
export function requireCounted(
  sequences: Sequences,
  counted: Omit<Sequences, "orderBook">,
  addresses: Pick<MarketAddresses, MarketPart>,
): void {
  const owners = {
    marginVault: addresses.marginVault,
    liquidityVault: addresses.liquidityVault,
    mandateBook: addresses.mandateBook,
    orders: addresses.orderBook,
  };
  for (const what of ["marginVault", "liquidityVault", "mandateBook", "orders"] as const) {
    const [expected, actual] = [counted[what], sequences[what]];
    if (expected !== actual) throw new LogGapError({ address: owners[what], expected, actual });
  }
}

/** Return the number of a log; `undefined` for those of token standards, which have none. */
function sequenceOf(log: MarketLog): bigint | undefined {
  const fragment = INTERFACES[log.part].getEvent(log.name);
  const index = fragment?.inputs.findIndex((input) => input.name === "sequence") ?? -1;
  return index < 0 ? undefined : BigInt(log.args[index]);
}

async function fetchLogs(
  provider: JsonRpcProvider,
  addresses: MarketAddresses,
  range: BlockRange | { readonly blockHash: string },
): Promise<readonly Log[]> {
  const address = PARTS.map((part) => addresses[part]);
  const span = "blockHash" in range ? range : { fromBlock: range.from, toBlock: range.to };
  return calling("eth_getLogs", () => provider.getLogs({ address, ...span }));
}

function decode(log: Log, part: MarketPart | undefined): MarketLog[] {
  if (part === undefined) throw new RpcError("eth_getLogs with the right addresses");
  const parsed = INTERFACES[part].parseLog(log);
  if (parsed === null) return [];
  return [
    {
      part,
      name: parsed.name,
      args: parsed.args,
      blockNumber: log.blockNumber,
      logIndex: log.index,
      transactionHash: log.transactionHash,
    },
  ];
}
