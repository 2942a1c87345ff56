import type { Logger } from "pino";

import { type Head, readBlock } from "../chain/blocks.ts";
import type { MarketContracts, MarketPart } from "../chain/contracts.ts";
import { DeepReorgError, LaggingNodeError, LogGapError } from "../chain/failures.ts";
import {
  blockRanges,
  checkSequences,
  type MarketLog,
  NO_LOGS,
  readLogs,
  requireCounted,
  type Sequences,
} from "../chain/logs.ts";
import type { LogCounts, MarketView } from "../chain/marketView.ts";
import type { Node } from "../chain/provider.ts";
import type { Market } from "../core/types.ts";
import { MarketIndex } from "./marketIndex.ts";
import { TABLE_NAMES } from "./store/codec.ts";
import { type Entry, type IndexStore, reversed, type Tip } from "./store/indexStore.ts";

/** What a follower needs. */
export interface FollowerOptions {
  readonly provider: Node;
  readonly contracts: MarketContracts;
  readonly view: MarketView;
  readonly store: IndexStore;
  /** First block whose logs are read. */
  readonly fromBlock: number;
  /** Blocks in one request for logs of the past. */
  readonly logRange: number;
  /** Steps that can be taken back exactly. */
  readonly depth: number;
  /** Whether enough nodes agree that a block is part of the chain. */
  readonly agreed: (head: Head) => Promise<boolean>;
  /** Told when blocks are taken back. */
  readonly onReorg?: () => void;
  /** Told when the node that was read from left something out. */
  readonly distrust?: () => void;
  readonly log: Logger;
}

/** A market as its logs and sums tell it at one block. */
export interface Followed {
  readonly index: MarketIndex;
  readonly sums: Market;
}

/** Blocks that are read side by side. */
const AT_ONCE = 16;
/** Times that a shorter chain must be seen before it is believed. */
const SHORTER_SEEN = 3;

/** Follows one market through its logs, by block hash, and stores each step. */
export class Follower {
  readonly #options: FollowerOptions;
  #index = new MarketIndex();
  #generation = 0;
  #tip: Tip | undefined;
  #journal: Entry[] = [];
  #shorter = 0;
  /** Blocks above the tip that were read already. */
  #ahead: readonly Head[] = [];
  #frozen = false;
  /** Whether another history is still in use while this one is built. */
  readonly #beside: boolean;

  constructor(options: FollowerOptions, beside = false) {
    this.#options = options;
    this.#beside = beside;
  }

  get index(): MarketIndex {
    return this.#index;
  }

  get tip(): Head | undefined {
    return this.#tip?.head;
  }

  /** Whether the chain contradicts what was read so deeply that nothing may be sent. */
  get frozen(): boolean {
    return this.#frozen;
  }

  /** Take up where the store stands. */
  async open(): Promise<void> {
    const { store } = this.#options;
    const stored = await store.open();
    this.#index = new MarketIndex();
    for (const table of ["terms", ...TABLE_NAMES.filter((name) => name !== "terms")] as const) {
      for await (const items of store.items(stored.generation, table)) {
        this.#index.write(items.map(({ key, value }) => ({ table, key, after: value })));
      }
    }
    this.#generation = stored.generation;
    this.#tip = stored.tip;
    this.#journal = [...stored.journal];
  }

  /**
   * Read all logs up to `head`. What was read stays, whatever fails after it.
   *
   * @throws LogGapError, LaggingNodeError, DeepReorgError or RpcError; all of them pass.
   */
  async follow(head: Head): Promise<Followed> {
    const isRead = this.#tip?.head.hash === head.hash;
    this.#ahead = [];
    const asked = this.#options.view.sums(head.hash);
    asked.catch(() => {});
    if (!isRead) await this.#standOn(head);
    const sums = await asked;
    if (isRead) return { index: this.#index, sums };
    try {
      await this.#advance(head, sums);
    } catch (cause) {
      if (cause instanceof LogGapError) await this.#goBackBehindGap(cause);
      throw cause;
    }
    this.#shorter = 0;
    this.#frozen = false;
    return { index: this.#index, sums };
  }

  /** See that what was read is part of the chain that `head` ends, and take back what is not. */
  async #standOn(head: Head): Promise<void> {
    const tip = this.#tip?.head;
    if (tip === undefined) return;
    if (head.number > tip.number) {
      if ((await this.#hashAbove(head, tip)) === tip.hash) return;
    } else {
      const known = this.#journal.find(({ tip: one }) => one.head.number === head.number);
      const contradicts = known !== undefined && known.tip.head.hash !== head.hash;
      this.#shorter += 1;
      // A backend that lags, or syncs anew, tells nothing. A chain that stays shorter was really replaced.
      if (!contradicts || this.#shorter < SHORTER_SEEN) {
        throw new LaggingNodeError(head.number, tip.number);
      }
    }
    await this.#takeBack(head);
  }

  /** Hash that the chain of `head` has at the height of our tip; blocks read on the way are kept for what follows. */
  async #hashAbove(head: Head, tip: Head): Promise<string> {
    const missing = head.number - tip.number - 1;
    if (missing === 0 || missing > AT_ONCE) return this.#hashBelow(head, tip.number);
    const { provider } = this.#options;
    const blocks = await Promise.all(
      Array.from({ length: missing }, (_, at) => readBlock(provider, tip.number + 1 + at)),
    );
    this.#ahead = blocks;
    return blocks[0]?.parentHash ?? "";
  }

  /** Hash of a block that `head` is built on; its own, and its parent's, need no asking. */
  async #hashBelow(head: Head, number: number): Promise<string> {
    if (number === head.number) return head.hash;
    if (number === head.number - 1) return head.parentHash;
    return (await readBlock(this.#options.provider, number)).hash;
  }

  async #takeBack(head: Head): Promise<void> {
    const { log, view, depth } = this.#options;
    for (let kept = this.#journal.length; kept >= 0; kept -= 1) {
      const tip = kept === 0 ? this.#journal[0]?.before : this.#journal[kept - 1]?.tip;
      if (tip === undefined || tip.head.number > head.number) continue;
      if ((await this.#hashBelow(head, tip.head.number)) !== tip.head.hash) continue;
      log.warn({ from: this.tip?.number, to: tip.head.number }, "chain reorganised");
      this.#options.onReorg?.();
      view.forget();
      await this.#revertTo(kept, tip);
      return;
    }
    this.#frozen = true;
    if (!(await this.#options.agreed(head))) throw new DeepReorgError(depth);
    await this.#rebuild(head);
  }

  async #revertTo(kept: number, tip: Tip): Promise<void> {
    const dropped = this.#journal.slice(kept).reverse();
    await this.#options.store.revert(dropped, this.#generation, tip);
    for (const entry of dropped) this.#index.write(reversed(entry.changes));
    this.#journal = this.#journal.slice(0, kept);
    this.#tip = tip;
  }

  /** Build another history beside the one in use; it takes over when it is whole. */
  async #rebuild(head: Head): Promise<void> {
    const { store, log, view } = this.#options;
    this.#options.onReorg?.();
    log.error({ head: head.number }, "building the index anew beside the old one");
    view.forget();
    const generation = this.#generation + 1;
    await store.discard(generation);
    const fresh = new Follower(this.#options, true);
    fresh.#generation = generation;
    await fresh.#advance(head, await view.sums(head.hash));
    if (fresh.#tip !== undefined) await store.activate(generation, fresh.#tip);
    this.#index = fresh.#index;
    this.#generation = generation;
    this.#tip = fresh.#tip;
    this.#journal = fresh.#journal;
  }

  async #advance(head: Head, sums: Market): Promise<void> {
    const { provider, contracts, view, fromBlock, logRange, depth } = this.#options;
    const { addresses } = contracts;
    const from = this.#tip === undefined ? fromBlock : this.#tip.head.number + 1;
    const settled = head.number - depth;
    for (const range of blockRanges({ from, to: settled }, logRange)) {
      const [end, logs] = await Promise.all([
        readBlock(provider, range.to),
        readLogs({ provider, addresses, range }),
      ]);
      await this.#take(end, logs);
    }
    if (this.#tip?.head.hash === head.hash) return;
    const next = Math.max(from, settled + 1);
    const numbers = Array.from({ length: Math.max(0, head.number - next) }, (_, at) => next + at);
    // Counts are asked for with the rest, so that nobody waits for them.
    const counts = view.counts(head.hash, sums);
    counts.catch(() => {});
    for (let start = 0; start < numbers.length; start += AT_ONCE) {
      const part = numbers.slice(start, start + AT_ONCE);
      const known = new Map(this.#ahead.map((block) => [block.number, block]));
      const blocks = await Promise.all(
        part.map((number) => known.get(number) ?? readBlock(provider, number)),
      );
      await this.#stepAll(blocks);
    }
    await this.#stepAll([head], counts);
  }

  /** Read blocks by their hashes, all at once, and take them in one by one. */
  async #stepAll(blocks: readonly Head[], counts?: Promise<LogCounts>): Promise<void> {
    const { provider, contracts } = this.#options;
    const { addresses } = contracts;
    const logs = await Promise.all(
      blocks.map(({ hash }) => readLogs({ provider, addresses, range: { blockHash: hash } })),
    );
    const counted = await counts;
    for (const [index, block] of blocks.entries()) {
      await this.#take(block, logs[index] ?? [], counted);
    }
  }

  /** Take in the logs of one block, or of a range that ends with it. */
  async #take(end: Head, logs: readonly MarketLog[], counts?: LogCounts): Promise<void> {
    const { contracts, store, depth } = this.#options;
    const { addresses } = contracts;
    const before = this.#tip;
    const isNext = before?.head.number === end.number - 1;
    if (isNext && before.head.hash !== end.parentHash) {
      throw new LaggingNodeError(end.number, end.number);
    }
    const sequences = checkSequences(before?.sequences ?? NO_LOGS, logs, addresses);
    if (counts !== undefined) requireCounted(sequences, counts, addresses);
    const changes = this.#index.apply(logs, isNext ? BigInt(end.timestamp) : undefined);
    const entry: Entry = { tip: { head: end, sequences }, before, changes };
    const journal = [...this.#journal, entry].slice(-depth);
    const keepFrom = journal[0]?.tip.head.number ?? 0;
    try {
      const active = !this.#beside;
      await store.commit(entry, { generation: this.#generation, keepFrom, active });
    } catch (cause) {
      this.#index.write(reversed(changes));
      throw cause;
    }
    this.#journal = journal;
    this.#tip = entry.tip;
  }

  /**
   * Missing logs lie behind the newest one of their contract, and maybe in its own block: a list that lost its end looks
   * whole. That block and everything since is read again, from another node where there is one.
   */
  async #goBackBehindGap({ address }: LogGapError): Promise<void> {
    const { addresses } = this.#options.contracts;
    const parts = ["marginVault", "orderBook", "liquidityVault", "mandateBook"] as const;
    const part = parts.find((one) => addresses[one] === address);
    const newest = part === undefined ? -1 : this.#stepOfNewest(part);
    const tip = this.#journal[newest]?.before;
    this.#options.distrust?.();
    if (tip !== undefined) await this.#revertTo(newest, tip);
    else if (this.#tip !== undefined) await this.#startOver();
  }

  #stepOfNewest(part: MarketPart): number {
    return this.#journal.findLastIndex(
      ({ tip, before }) => tip.sequences[part] !== numbersOf(before)[part],
    );
  }

  /** The gap lies further back than steps are kept. */
  async #startOver(): Promise<void> {
    this.#options.log.warn("logs are missing from further back: the index is read anew");
    await this.#options.store.reset(this.#generation);
    this.#index = new MarketIndex();
    this.#tip = undefined;
    this.#journal = [];
  }
}

function numbersOf(tip: Tip | undefined): Sequences {
  return tip?.sequences ?? NO_LOGS;
}
