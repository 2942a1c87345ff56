import { setTimeout as sleep } from "node:timers/promises";
import { readHead } from "../chain/blocks.ts";
import type { MarketReader } from "../chain/marketReader.ts";
import { dueRescues } from "../core/dueRescues.ts";
import {
  dueMarketOrders,
  dueRequests,
  liquidatablePositions,
  positionsAtCap,
  reachedTriggers,
} from "../core/dueWork.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { tellTime } from "./indexPrice.ts";
import { patiently } from "./patience.ts";
import { mineAt, type World } from "./world.ts";

/** How long the keeper may take. */
export interface Bounds {
  /** Look again after this [ms]. */
  readonly pollMs: number;
  /** Mine a block when nothing happened for this long: what was refused may pass in the next [ms]. */
  readonly idleMs: number;
  /** Go on without it after this [ms]. */
  readonly deadlineMs: number;
}

/** What a demo can wait for: names of everything that a keeper could do now. */
export function dueWork(snapshot: Snapshot): readonly string[] {
  const requests = dueRequests(snapshot);
  return [
    ...dueMarketOrders(snapshot).flatMap(({ orderIds }) => orderIds.map((id) => `order ${id}`)),
    ...reachedTriggers(snapshot).map((id) => `order ${id}`),
    ...positionsAtCap(snapshot).map((id) => `cap of position ${id}`),
    ...liquidatablePositions(snapshot).map(({ positionId }) => `position ${positionId}`),
    ...dueRescues(snapshot).map(({ positionId }) => `rescue of position ${positionId}`),
    ...(requests.deposits ? ["deposits"] : []),
    ...(requests.redeems ? ["redeems"] : []),
  ];
}

/** Waits, by looking at the chain, until a keeper has nothing left to do. */
export class Settler {
  readonly #world: World;
  readonly #reader: MarketReader;
  readonly #bounds: Bounds;
  readonly #overdue = new Set<string>();

  constructor(world: World, reader: MarketReader, bounds: Bounds) {
    this.#world = world;
    this.#reader = reader;
    this.#bounds = bounds;
  }

  /** What was waited for in vain; it is not waited for again. */
  get overdue(): readonly string[] {
    return [...this.#overdue];
  }

  /** Whether there is anything to wait for. */
  isDue(snapshot: Snapshot): boolean {
    return dueWork(snapshot).some((name) => !this.#overdue.has(name));
  }

  /** Wait until nothing is due, and return the market as it is then. */
  async settle(): Promise<Snapshot> {
    const deadline = performance.now() + this.#bounds.deadlineMs;
    for (;;) {
      const snapshot = await this.#look();
      const due = dueWork(snapshot).filter((name) => !this.#overdue.has(name));
      if (due.length === 0) return snapshot;
      if (performance.now() > deadline) {
        for (const name of due) this.#overdue.add(name);
        return snapshot;
      }
      await this.#nextBlock(snapshot.blockNumber);
    }
  }

  /** Wait until somebody mines a block, or mine one. */
  async #nextBlock(after: number): Promise<void> {
    const { provider } = this.#world;
    const patience = performance.now() + this.#bounds.idleMs;
    while (performance.now() < patience) {
      await sleep(this.#bounds.pollMs);
      const head = await patiently(() => readHead(provider));
      if (head.number !== after) return;
    }
    await mineAt(provider);
  }

  #look(): Promise<Snapshot> {
    return patiently(async () => {
      const head = await readHead(this.#world.provider);
      tellTime(this.#world.index, head.timestamp);
      await this.#reader.advance(head);
      return this.#reader.snapshot(head);
    });
  }
}
