import type { Block, JsonRpcProvider } from "ethers";

import { accrue, skew } from "../core/marketMath.ts";
import { isMarket } from "../core/orderMath.ts";
import type { MarketNow, MarketState, Snapshot } from "../core/snapshot.ts";
import type { Market } from "../core/types.ts";
import { type MarketContracts, toMarket } from "./contracts.ts";
import { calling } from "./errors.ts";
import { LogGapError, ReorgError, RpcError } from "./failures.ts";
import {
  blockRanges,
  checkSequences,
  type MarketLog,
  NO_LOGS,
  readLogs,
  type Sequences,
} from "./logs.ts";
import { applyLogs, EMPTY_STATE } from "./marketState.ts";
import { PriceReader, type ReportSource } from "./priceReader.ts";

/** What a reader needs. */
export interface MarketReaderOptions {
  readonly provider: JsonRpcProvider;
  readonly contracts: MarketContracts;
  /** First block whose logs are read. */
  readonly fromBlock: number;
  /** Blocks in one request for logs. */
  readonly logRange: number;
  /** Told every log once, in the order of the chain, and again from the start after a reorganisation. */
  readonly onLogs?: (logs: readonly MarketLog[]) => void;
  /** Needed where signed reports are the price. */
  readonly reports?: ReportSource | undefined;
  /** Who pays for verifications that are only tried. */
  readonly payer?: string | undefined;
}

/** A block, as far as a reader cares. */
export interface Head {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  /** [s] */
  readonly timestamp: number;
}

/**
 * Ask for the newest block.
 *
 * @throws RpcError when the node does not answer.
 */
export async function readHead(provider: JsonRpcProvider): Promise<Head> {
  return toHead(await calling("eth_getBlockByNumber", () => provider.getBlock("latest")));
}

/**
 * Ask for the block with a number.
 *
 * @throws RpcError when the node does not answer or has no such block.
 */
export async function readBlock(provider: JsonRpcProvider, number: number): Promise<Head> {
  return toHead(await calling("eth_getBlockByNumber", () => provider.getBlock(number)));
}

/** Follows one market through its logs. Everything it knows can be read again from the chain. */
export class MarketReader {
  readonly #options: MarketReaderOptions;
  readonly #prices: PriceReader;
  #state: MarketState = EMPTY_STATE;
  #sequences: Sequences = NO_LOGS;
  #last: Head | undefined;
  #stored: { readonly blockTag: number; readonly market: Market } | undefined;

  constructor(options: MarketReaderOptions) {
    this.#options = options;
    this.#prices = new PriceReader(options);
  }

  /** What the logs have told so far. */
  get state(): MarketState {
    return this.#state;
  }

  /**
   * Read all logs up to `head`. Where it fails, nothing of the failed piece is kept, and the next call begins there.
   *
   * @throws LogGapError, ReorgError or RpcError; all of them pass.
   */
  async advance(head: Head): Promise<void> {
    await this.#requireSameChain(head);
    const from = this.#last === undefined ? this.#options.fromBlock : this.#last.number + 1;
    for (const range of blockRanges({ from, to: head.number }, this.#options.logRange)) {
      const { provider, contracts, onLogs } = this.#options;
      const logs = await readLogs({ provider, addresses: contracts.addresses, range });
      const sequences = checkSequences(this.#sequences, logs, contracts.addresses);
      if (range.to === head.number) await this.#requireComplete(sequences, head.number);
      const end = range.to === head.number ? head : await readBlock(provider, range.to);
      this.#state = applyLogs(this.#state, logs);
      this.#sequences = sequences;
      this.#last = end;
      onLogs?.(logs);
    }
  }

  /**
   * Put together all that a decision at `head` may depend on.
   *
   * @throws RpcError when the node does not answer.
   */
  async snapshot(head: Head): Promise<Snapshot> {
    const { contracts } = this.#options;
    const blockTag = head.number;
    const now = BigInt(head.timestamp);
    const marketOrders = [...this.#state.orders.values()].filter(isMarket);
    const [market, prices, requests] = await Promise.all([
      this.#marketNow(head),
      this.#prices.read({ blockTag, now, marketOrders }),
      this.#requests(blockTag),
    ]);
    return {
      blockNumber: head.number,
      now,
      constants: contracts.constants,
      state: this.#state,
      market,
      ...prices,
      ...requests,
    };
  }

  /** A head that moved back comes from a backend that lags, or from another chain. */
  async #requireSameChain(head: Head): Promise<void> {
    const last = this.#last;
    if (last === undefined) return;
    if (head.number < last.number) throw new RpcError(`a block after "${last.number}"`);
    if ((await this.#hashBefore(head, last.number)) === last.hash) return;
    this.#state = EMPTY_STATE;
    this.#sequences = NO_LOGS;
    this.#last = undefined;
    this.#stored = undefined;
    this.#prices.forget();
    throw new ReorgError(last.number);
  }

  /** Hash of a block that `head` is built on; its own, and its parent's, need no asking. */
  async #hashBefore(head: Head, number: number): Promise<string> {
    if (number === head.number) return head.hash;
    if (number === head.number - 1) return head.parentHash;
    return (await readBlock(this.#options.provider, number)).hash;
  }

  /** The contracts count their logs: a list that ends too early shows here. */
  async #requireComplete(sequences: Sequences, blockTag: number): Promise<void> {
    const { liquidityVault, addresses } = this.#options.contracts;
    const [market, pool] = await Promise.all([
      this.#market(blockTag),
      calling("sequence", () => liquidityVault.sequence({ blockTag })),
    ]);
    const counted = { marginVault: market.sequence, liquidityVault: pool };
    for (const part of ["marginVault", "liquidityVault"] as const) {
      const [expected, actual] = [counted[part], sequences[part]];
      if (expected !== actual) {
        // What was read together with too few logs is not kept either.
        this.#stored = undefined;
        throw new LogGapError({ address: addresses[part], expected, actual });
      }
    }
  }

  /** The stored sums at a block; the last answer is kept. */
  async #market(blockTag: number): Promise<Market> {
    if (this.#stored?.blockTag === blockTag) return this.#stored.market;
    const { marginVault } = this.#options.contracts;
    const market = toMarket(await calling("market", () => marginVault.market({ blockTag })));
    this.#stored = { blockTag, market };
    return market;
  }

  async #marketNow(head: Head): Promise<MarketNow> {
    const market = accrue(await this.#market(head.number), BigInt(head.timestamp));
    const { fundingIndex, borrowIndex, clock } = market;
    return { skew: skew(market), fundingIndex, borrowIndex, clock };
  }

  async #requests(blockTag: number): Promise<Pick<Snapshot, "depositDueAt" | "redeemDueAt">> {
    const pool = this.#options.contracts.liquidityVault;
    const { depositDelay, redeemDelay } = this.#options.contracts.constants;
    const { deposits, redeems } = this.#state;
    const [deposit, redeem] = await calling("the pool's queues", () =>
      Promise.all([
        deposits.size === 0 ? undefined : firstOf(pool.depositQueue, pool.depositRequest),
        redeems.size === 0 ? undefined : firstOf(pool.redeemQueue, pool.redeemRequest),
      ]),
    );
    return {
      depositDueAt: deposit === undefined ? undefined : deposit + depositDelay,
      redeemDueAt: redeem === undefined ? undefined : redeem + redeemDelay,
    };

    async function firstOf(
      queue: typeof pool.depositQueue,
      request: typeof pool.depositRequest,
    ): Promise<bigint | undefined> {
      const { first } = await queue({ blockTag });
      return first === 0n ? undefined : (await request(first, { blockTag })).requestedAt;
    }
  }
}

function toHead(block: Block | null): Head {
  if (block?.hash == null) throw new RpcError("eth_getBlockByNumber with a block that exists");
  const { number, hash, parentHash, timestamp } = block;
  return { number, hash, parentHash, timestamp };
}
