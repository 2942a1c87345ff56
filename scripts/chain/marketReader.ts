import type { JsonRpcProvider } from "ethers";

import { isMarket } from "../core/orderMath.ts";
import type { MarketState, Snapshot } from "../core/snapshot.ts";
import type { Market } from "../core/types.ts";
import { type Head, readBlock } from "./blocks.ts";
import type { MarketContracts } from "./contracts.ts";
import { ReorgError, RpcError } from "./failures.ts";
import {
  blockRanges,
  checkSequences,
  type MarketLog,
  NO_LOGS,
  readLogs,
  requireCounted,
  type Sequences,
} from "./logs.ts";
import { applyLogs, EMPTY_STATE } from "./marketState.ts";
import { MarketView, waitingOf } from "./marketView.ts";
import type { ReportSource } from "./priceReader.ts";

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

/** Follows one market through its logs. Everything it knows can be read again from the chain. */
export class MarketReader {
  readonly #options: MarketReaderOptions;
  readonly #view: MarketView;
  #state: MarketState = EMPTY_STATE;
  #sequences: Sequences = NO_LOGS;
  #last: Head | undefined;
  #stored: { readonly blockTag: number; readonly market: Market } | undefined;

  constructor(options: MarketReaderOptions) {
    this.#options = options;
    this.#view = new MarketView(options);
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
      const time = range.from === range.to ? BigInt(end.timestamp) : undefined;
      this.#state = applyLogs(this.#state, logs, time);
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
    const blockTag = head.number;
    const sums = await this.#market(blockTag);
    const marketOrders = [...this.#state.orders.values()].filter(isMarket);
    const waiting = waitingOf(this.#state, marketOrders);
    const facts = await this.#view.facts(head, waiting, { blockTag, sums });
    return { ...facts, state: this.#state };
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
    this.#view.forget();
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
    const counts = await this.#view.counts(blockTag, await this.#market(blockTag));
    try {
      requireCounted(sequences, counts, this.#options.contracts.addresses);
    } catch (cause) {
      // What was read together with too few logs is not kept either.
      this.#stored = undefined;
      throw cause;
    }
  }

  /** The stored sums at a block; the last answer is kept. */
  async #market(blockTag: number): Promise<Market> {
    if (this.#stored?.blockTag === blockTag) return this.#stored.market;
    const market = await this.#view.sums(blockTag);
    this.#stored = { blockTag, market };
    return market;
  }
}
