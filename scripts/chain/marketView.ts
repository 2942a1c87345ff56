import type { BlockTag } from "ethers";

import type { Wallet } from "../core/dueRescues.ts";
import { accrue, skew } from "../core/marketMath.ts";
import type { MarketState, Snapshot, WaitingOrder } from "../core/snapshot.ts";
import type { Market } from "../core/types.ts";
import type { Head } from "./blocks.ts";
import type { MarketContracts } from "./contracts.ts";
import { calling } from "./errors.ts";
import { type PriceOfNow, PriceReader, type PriceReaderOptions } from "./priceReader.ts";
import { toMarket } from "./structs.ts";
import { readWallet } from "./token.ts";

/** What a view needs. */
export type MarketViewOptions = PriceReaderOptions;

/** Numbers that the contracts count up with what they log. */
export interface LogCounts {
  readonly marginVault: bigint;
  readonly liquidityVault: bigint;
  readonly mandateBook: bigint;
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
  readonly now?: Promise<PriceOfNow>;
}

/** Reads of one market what its logs do not tell. */
export class MarketView {
  readonly #contracts: MarketContracts;
  readonly #prices: PriceReader;
  readonly #provider: MarketViewOptions["provider"];

  constructor(options: MarketViewOptions) {
    this.#contracts = options.contracts;
    this.#prices = new PriceReader(options);
    this.#provider = options.provider;
  }

  /** Forget rounds that were read: after a reorganisation they may have been others. */
  forget(): void {
    this.#prices.forget();
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
    const { liquidityVault, orderBook, mandateBook } = this.#contracts;
    const [pool, orders, mandates] = await calling("sequence", () =>
      Promise.all([
        liquidityVault.sequence({ blockTag }),
        orderBook.orderCount({ blockTag }),
        mandateBook.sequence({ blockTag }),
      ]),
    );
    return { marginVault: sums.sequence, liquidityVault: pool, mandateBook: mandates, orders };
  }

  /**
   * Read what wallets hold and let the market's mandates pull.
   *
   * @throws RpcError when the node does not answer.
   */
  async wallets(
    owners: readonly string[],
    blockTag: BlockTag,
  ): Promise<ReadonlyMap<string, Wallet>> {
    const { token, mandateBook } = this.#contracts.addresses;
    const entries = owners.map(async (owner) => {
      const wallet = await readWallet(this.#provider, {
        token,
        owner,
        spender: mandateBook,
        blockTag,
      });
      return [owner, wallet] as const;
    });
    return new Map(await Promise.all(entries));
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
    const now = BigInt(head.timestamp);
    const { marketOrders } = waiting;
    const [prices, requests] = await Promise.all([
      this.#prices.read({ blockTag, now, marketOrders, asked }),
      this.#requests(blockTag, waiting),
    ]);
    const market = accrue(sums, now);
    const { fundingIndex, borrowIndex, clock } = market;
    return {
      blockNumber: head.number,
      now,
      constants: this.#contracts.constants,
      sums,
      market: { skew: skew(market), fundingIndex, borrowIndex, clock },
      ...prices,
      ...requests,
    };
  }

  /**
   * Ask for the price and the sequencer, which depend on nothing that is read before.
   *
   * @throws RpcError when the node does not answer.
   */
  now(head: Head, blockTag: BlockTag): Promise<PriceOfNow> {
    return this.#prices.now({ blockTag, now: BigInt(head.timestamp) });
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

/** Return what of a state the rounds and queues depend on. */
export function waitingOf(state: MarketState, marketOrders: readonly WaitingOrder[]): Waiting {
  return { marketOrders, deposits: state.deposits.size > 0, redeems: state.redeems.size > 0 };
}
