import { type Head, readBlock } from "../chain/blocks.ts";
import type { MarketReader } from "../chain/marketReader.ts";
import { isMarket } from "../core/orderMath.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { tellTime } from "./indexPrice.ts";
import type { LagTracker } from "./lag.ts";
import { patiently } from "./patience.ts";
import type { Owners } from "./reactions.ts";
import type { Settler } from "./settle.ts";
import { isQuiet } from "./streamReplay.ts";
import { mineAt, type World, writeIndex, writeRound } from "./world.ts";

/** One round to replay. */
export interface ReplayRound {
  /** [s] */
  readonly time: number;
  /** [E8] */
  readonly answer: bigint;
}

/** Everything that takes part in a replay. */
export interface Stage {
  readonly world: World;
  readonly reader: MarketReader;
  readonly settler: Settler;
  readonly owners: Owners;
  readonly lag: LagTracker;
  /** Answer of the quote feed, in its own units. */
  readonly quoteAnswer: bigint;
  /** How often the quote is written anew [s]. */
  readonly quoteEvery: number;
  /** Called between a round's writing and the wait for the keeper. */
  readonly onWritten: (index: number) => Promise<void>;
  readonly onRound: (index: number, snapshot: Snapshot) => void;
}

/**
 * Replay rounds at their own times, and wait after each until the keeper has done what is due.
 *
 * The market as it was in the block of each round tells which positions might have been liquidated at it.
 */
export async function replay(stage: Stage, rounds: readonly ReplayRound[]): Promise<Snapshot> {
  const { settler, owners, lag, world } = stage;
  let snapshot = await settler.settle();
  let quotedAt = 0;
  for (const [index, round] of rounds.entries()) {
    snapshot = await passTime(stage, snapshot, round.time);
    // The quote first: a price is in force only as long as both of its rounds are.
    if (round.time - quotedAt > stage.quoteEvery) {
      quotedAt = round.time;
      await writeQuote(stage, quotedAt - 1);
    }
    tellTime(world.index, round.time);
    const isLast = index === rounds.length - 1;
    if (
      world.index.kind === "stream" &&
      !isLast &&
      isQuiet(stage, world.index, { round, snapshot })
    ) {
      await stage.onWritten(index);
      stage.onRound(index, snapshot);
      continue;
    }
    const head = await readBlock(world.provider, await writeIndex(world, round));
    await stage.onWritten(index);
    snapshot = await look(stage.reader, head);
    lag.mark({ index, time: head.timestamp }, snapshot);
    if (settler.isDue(soon(snapshot))) snapshot = await settleAfter(stage);
    if (await owners.act(snapshot)) snapshot = await settler.settle();
    stage.onRound(index, snapshot);
  }
  return snapshot;
}

/** A round may be used once its second is over. */
async function settleAfter({ world, settler }: Stage): Promise<Snapshot> {
  await mineAt(world.provider);
  return settler.settle();
}

/** The market as it will be a second later. */
function soon(snapshot: Snapshot): Snapshot {
  return { ...snapshot, now: snapshot.now + 1n };
}

/** Let time pass up to a round, with a block at each moment at which something may fall due. */
async function passTime(stage: Stage, from: Snapshot, until: number): Promise<Snapshot> {
  let snapshot = from;
  for (;;) {
    const wake = nextWake(snapshot);
    if (wake === undefined || wake >= until) return snapshot;
    tellTime(stage.world.index, wake);
    await mineAt(stage.world.provider, wake);
    snapshot = await stage.settler.settle();
  }
}

/** The next moment after now at which something falls due without a new price [s]. */
export function nextWake({ state, constants, now, ...snapshot }: Snapshot): number | undefined {
  const { executionDelay, maxRoundWait } = constants;
  const lateOrders = [...state.orders.values()]
    .filter(isMarket)
    .map((order) => order.submittedAt + executionDelay + maxRoundWait + 1n);
  const cooled = [...state.positions.values()]
    .filter((position) => position.cooldown !== 0n)
    .map((position) => position.priceTime + position.cooldown);
  const requests = [snapshot.depositDueAt, snapshot.redeemDueAt].filter((at) => at !== undefined);
  const times = [...lateOrders, ...cooled, ...requests].filter((time) => time > now).map(Number);
  return times.length === 0 ? undefined : Math.min(...times);
}

async function writeQuote({ world, quoteAnswer }: Stage, time: number): Promise<void> {
  await writeRound(world, { aggregator: world.quoteAggregator, answer: quoteAnswer, time });
}

function look(reader: MarketReader, head: Head): Promise<Snapshot> {
  return patiently(async () => {
    await reader.advance(head);
    return reader.snapshot(head);
  });
}
