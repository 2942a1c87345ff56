import type { BlockTag, JsonRpcProvider } from "ethers";

import { accrue, skew } from "../core/marketMath.ts";
import type { Round } from "../core/rounds.ts";
import type { MarketState, Snapshot, SpotPrice, WaitingOrder } from "../core/snapshot.ts";
import type { Market } from "../core/types.ts";
import type { Head } from "./blocks.ts";
import { type MarketContracts, toMarket } from "./contracts.ts";
import { calling } from "./errors.ts";
import { ContractError } from "./failures.ts";
import { type FeedReading, type RoundCache, readRounds } from "./feeds.ts";

/** The price of now, or why there is none. */
export interface SpotAnswer {
  readonly spot: SpotPrice | undefined;
  readonly spotRefusal: string | undefined;
}

/** Where prices come from: a push feed is read with the block, a stream brings its own reports. */
export interface PriceSource {
  /** @throws RpcError when nobody answers, which says nothing about the price. */
  readonly spot: (head: Head, blockTag: BlockTag) => Promise<SpotAnswer>;
}

/** Numbers that the contracts count up with what they log. */
export interface LogCounts {
  readonly marginVault: bigint;
  readonly liquidityVault: bigint;
  /** Orders ever submitted. */
  readonly orders: bigint;
}

/** What of a market's state the rounds and queues depend on. */
export interface Waiting {
  readonly marketOrders: readonly WaitingOrder[];
  readonly deposits: boolean;
  readonly redeems: boolean;
}

/** What the contracts tell of a market at one block, logs apart. */
export type MarketFacts = Omit<Snapshot, "state" | "shortlist"> & {
  readonly sums: Market;
};

/** What facts are put together from. */
export interface FactsRequest {
  readonly blockTag: BlockTag;
  readonly sums: Market;
  /** What `now` was asked before; asked anew when absent. */
  readonly now?: Promise<readonly [SpotAnswer, bigint | undefined]>;
}

/** Reads of one market what its logs do not tell. */
export class MarketView {
  readonly #provider: JsonRpcProvider;
  readonly #contracts: MarketContracts;
  readonly #prices: PriceSource;
  readonly #indexCache: RoundCache = new Map();
  readonly #quoteCache: RoundCache = new Map();

  constructor(provider: JsonRpcProvider, contracts: MarketContracts, prices?: PriceSource) {
    this.#provider = provider;
    this.#contracts = contracts;
    this.#prices = prices ?? pushPrices(contracts);
  }

  /** Forget rounds that were read: after a reorganisation they may have been others. */
  forget(): void {
    this.#indexCache.clear();
    this.#quoteCache.clear();
  }

  /**
   * Read the stored sums of a market.
   *
   * @throws RpcError when the node does not answer.
   */
  async sums(blockTag: BlockTag): Promise<Market> {
    const { marginVault } = this.#contracts;
    return toMarket(await calling("market", () => marginVault.market({ blockTag })));
  }

  /**
   * Read how many logs the contracts have written.
   *
   * @throws RpcError when the node does not answer.
   */
  async counts(blockTag: BlockTag, sums: Market): Promise<LogCounts> {
    const { liquidityVault, orderBook } = this.#contracts;
    const [pool, orders] = await calling("sequence", () =>
      Promise.all([liquidityVault.sequence({ blockTag }), orderBook.orderCount({ blockTag })]),
    );
    return { marginVault: sums.sequence, liquidityVault: pool, orders };
  }

  /**
   * Put together what the contracts tell at `head`.
   *
   * @throws RpcError when the node does not answer.
   */
  async facts(
    head: Head,
    waiting: Waiting,
    { blockTag, sums, now: asked }: FactsRequest,
  ): Promise<MarketFacts> {
    const [[spot, upSince], rounds, requests] = await Promise.all([
      asked ?? this.now(head, blockTag),
      this.#rounds(blockTag, waiting.marketOrders),
      this.#requests(blockTag, waiting),
    ]);
    const now = BigInt(head.timestamp);
    const market = accrue(sums, now);
    const { fundingIndex, borrowIndex, clock } = market;
    return {
      blockNumber: head.number,
      now,
      constants: this.#contracts.constants,
      sums,
      market: { skew: skew(market), fundingIndex, borrowIndex, clock },
      upSince,
      hasQuoteFeed: this.#contracts.addresses.quoteFeed !== undefined,
      ...spot,
      ...rounds,
      ...requests,
    };
  }

  /**
   * Ask for the price and the sequencer, which depend on nothing that is read before.
   *
   * @throws RpcError when the node does not answer.
   */
  now(head: Head, blockTag: BlockTag): Promise<readonly [SpotAnswer, bigint | undefined]> {
    return Promise.all([this.#prices.spot(head, blockTag), this.#upSince(blockTag)]);
  }

  async #upSince(blockTag: BlockTag): Promise<bigint | undefined> {
    const { oracle } = this.#contracts;
    const answer = await answerOrRefusal("sequencer", () => oracle.upSince({ blockTag }));
    return answer instanceof ContractError ? undefined : answer;
  }

  /** Only market orders need rounds of the past, from just before the oldest of them. */
  async #rounds(
    blockTag: BlockTag,
    orders: readonly WaitingOrder[],
  ): Promise<{ indexRounds: readonly Round[]; quoteRounds: readonly Round[] }> {
    const { indexFeed, quoteFeed } = this.#contracts.addresses;
    const first = orders
      .map((one) => one.submittedAt)
      .reduce<bigint | undefined>(earlier, undefined);
    if (first === undefined) return { indexRounds: [], quoteRounds: [] };
    const index = this.#reading(indexFeed, this.#indexCache, blockTag);
    const indexRounds = await roundsOrNone(index, first);
    const since = (indexRounds[0]?.updatedAt ?? first) + 1n;
    const quoteRounds =
      quoteFeed === undefined
        ? []
        : await roundsOrNone(this.#reading(quoteFeed, this.#quoteCache, blockTag), since);
    return { indexRounds, quoteRounds };
  }

  #reading(feed: string, cache: RoundCache, blockTag: BlockTag): FeedReading {
    return { runner: this.#provider, feed, cache, blockTag };
  }

  async #requests(
    blockTag: BlockTag,
    waiting: Waiting,
  ): Promise<Pick<Snapshot, "depositDueAt" | "redeemDueAt">> {
    const pool = this.#contracts.liquidityVault;
    const { depositDelay, redeemDelay } = this.#contracts.constants;
    const [deposit, redeem] = await calling("the pool's queues", () =>
      Promise.all([
        waiting.deposits ? firstOf(pool.depositQueue, pool.depositRequest) : undefined,
        waiting.redeems ? firstOf(pool.redeemQueue, pool.redeemRequest) : undefined,
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

/** Return the price source of push feeds: the oracle itself. */
export function pushPrices({ oracle }: Pick<MarketContracts, "oracle">): PriceSource {
  return {
    spot: async (_head, blockTag) => {
      const answer = await answerOrRefusal("latest price", () => oracle.latest({ blockTag }));
      return answer instanceof ContractError
        ? { spot: undefined, spotRefusal: answer.message }
        : {
            spot: { price: answer.price, observedAt: answer.observedAt },
            spotRefusal: undefined,
          };
    },
  };
}

/** Return what of a state the rounds and queues depend on. */
export function waitingOf(state: MarketState, marketOrders: readonly WaitingOrder[]): Waiting {
  return { marketOrders, deposits: state.deposits.size > 0, redeems: state.redeems.size > 0 };
}

async function roundsOrNone(reading: FeedReading, since: bigint): Promise<readonly Round[]> {
  const answer = await answerOrRefusal("rounds", () => readRounds(reading, since));
  return answer instanceof ContractError ? [] : answer;
}

/** A contract that refuses has answered; a node that does not answer has not. */
async function answerOrRefusal<T>(
  what: string,
  call: () => Promise<T>,
): Promise<T | ContractError> {
  try {
    return await calling(what, call);
  } catch (cause) {
    if (cause instanceof ContractError) return cause;
    throw cause;
  }
}

function earlier(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b < a ? b : a;
}
