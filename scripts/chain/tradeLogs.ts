import { type Interface, type Log, type LogDescription, toBeHex, zeroPadValue } from "ethers";

import type { MarketState } from "../core/snapshot.ts";
import { type Head, readHead } from "./blocks.ts";
import { calling, decodeRevert } from "./errors.ts";
import { blockRanges, type MarketLog } from "./logs.ts";
import { MarketReader } from "./marketReader.ts";
import type { TradeMarket } from "./tradeMarket.ts";

/** A log of a market's contracts, decoded. */
export interface TradeLog {
  readonly name: string;
  readonly args: LogDescription["args"];
  readonly blockNumber: number;
  readonly transactionHash: string;
}

/** Which blocks to read. */
export interface LogSpan {
  /** First block. */
  readonly fromBlock: number;
  /** Blocks in one request. */
  readonly logRange: number;
}

/** All that a market's logs tell up to the newest block. */
export interface MarketHistory {
  readonly head: Head;
  readonly state: MarketState;
  readonly logs: readonly MarketLog[];
}

/** How an order ended. */
export type OrderEnd =
  | {
      readonly kind: "executed";
      readonly late: boolean;
      readonly keeperFee: bigint;
      readonly trades: readonly TradeLog[];
    }
  | {
      readonly kind: "cancelled";
      /** [WAD quote] */
      readonly refunded: bigint;
      readonly forfeited: bigint;
      readonly keeperFee: bigint;
      /** Why, for a person; absent where somebody asked for it. */
      readonly reason: string | undefined;
    };

/** Decode the logs of a transaction as far as they come from a market. */
export function decodeLogs(market: TradeMarket, logs: readonly Log[]): readonly TradeLog[] {
  const { addresses, marginVault, orderBook, pool, mandateBook, mandateBookAddress } = market;
  const parts = new Map<string, Interface>([
    [addresses.marginVault.toLowerCase(), marginVault.interface],
    [addresses.orderBook.toLowerCase(), orderBook.interface],
    [addresses.liquidityVault.toLowerCase(), pool.interface],
    [mandateBookAddress.toLowerCase(), mandateBook.interface],
  ]);
  return logs.flatMap((log) => {
    const parsed = parts.get(log.address.toLowerCase())?.parseLog(log) ?? null;
    if (parsed === null) return [];
    const { blockNumber, transactionHash } = log;
    return [{ name: parsed.name, args: parsed.args, blockNumber, transactionHash }];
  });
}

/**
 * Find out how an order ended; `undefined` while it waits.
 *
 * @throws RpcError when the node does not answer.
 */
export async function readOrderEnd(
  market: TradeMarket,
  orderId: bigint,
  span: LogSpan,
): Promise<OrderEnd | undefined> {
  const { orderBook, addresses, provider } = market;
  const stored = await calling("order", () => orderBook.order(orderId));
  if (stored.submittedAt !== 0n) return undefined;
  const topics = [
    ["OrderExecuted", "OrderCancelled"].map(
      (name) => orderBook.interface.getEvent(name as "OrderExecuted").topicHash,
    ),
    indexed(orderId),
  ];
  const logs = await readLogsOf(market, { address: addresses.orderBook, topics }, span);
  const [end] = decodeLogs(market, logs);
  if (end === undefined) return undefined;
  if (end.name === "OrderCancelled") return cancelled(end);
  const receipt = await calling("eth_getTransactionReceipt", () =>
    provider.getTransactionReceipt(end.transactionHash),
  );
  const trades = decodeLogs(market, receipt?.logs ?? []);
  return {
    kind: "executed",
    late: Boolean(end.args.late),
    keeperFee: BigInt(end.args.keeperFee),
    trades,
  };
}

/** Read all logs of a position in the MarginVault, oldest first. */
export async function readPositionLogs(
  market: TradeMarket,
  positionId: bigint,
  span: LogSpan,
): Promise<readonly TradeLog[]> {
  const names = [
    "PositionIncreased",
    "PositionDecreased",
    "PositionLiquidated",
    "PositionRescued",
  ] as const;
  const topics = [
    names.map((name) => market.marginVault.interface.getEvent(name as "PositionRescued").topicHash),
    indexed(positionId),
  ];
  const { marginVault } = market.addresses;
  return decodeLogs(market, await readLogsOf(market, { address: marginVault, topics }, span));
}

/**
 * Read everything that a market's logs tell.
 *
 * @throws LogGapError or RpcError; both pass.
 */
export async function readMarketHistory(
  market: TradeMarket,
  { fromBlock, logRange }: LogSpan,
): Promise<MarketHistory> {
  const found: MarketLog[] = [];
  const { provider } = market;
  const reader = new MarketReader({
    provider,
    contracts: market,
    fromBlock,
    logRange,
    onLogs: (logs) => found.push(...logs),
  });
  const head = await readHead(provider);
  await reader.advance(head);
  return { head, state: reader.state, logs: found };
}

function cancelled({ args }: TradeLog): OrderEnd {
  const reason = String(args.reason);
  return {
    kind: "cancelled",
    refunded: BigInt(args.refunded),
    forfeited: BigInt(args.forfeited),
    keeperFee: BigInt(args.keeperFee),
    reason: reason === "0x" ? undefined : (decodeRevert(reason)?.sentence ?? reason),
  };
}

async function readLogsOf(
  { provider }: TradeMarket,
  filter: { readonly address: string; readonly topics: (string | string[] | null)[] },
  { fromBlock, logRange }: LogSpan,
): Promise<readonly Log[]> {
  const head = await readHead(provider);
  const found: Log[] = [];
  for (const { from, to } of blockRanges({ from: fromBlock, to: head.number }, logRange)) {
    const range = { ...filter, fromBlock: from, toBlock: to };
    found.push(...(await calling("eth_getLogs", () => provider.getLogs(range))));
  }
  return found;
}

function indexed(id: bigint): string {
  return zeroPadValue(toBeHex(id), 32);
}
