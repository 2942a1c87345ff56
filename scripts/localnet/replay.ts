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

/** One market of a replay, and who acts in it. */
export interface Party {
  readonly world: World;
  readonly reader: MarketReader;
  readonly settler: Settler;
  readonly owners: Owners;
  readonly lag: LagTracker;
}

/** Everything that takes part in a replay. */
export interface Stage {
  /** Where the chain and the prices are that all markets share. */
  readonly world: World;
  readonly parties: readonly Party[];
  /** Answer of the quote feed, in its own units. */
  readonly quoteAnswer: bigint;
  /** How often the quote is written anew [s]. */
  readonly quoteEvery: number;
  /** Called between a round's writing and the wait for the keeper. */
  readonly onWritten: (index: number) => Promise<void>;
  readonly onRound: (index: number) => void;
}

/**
 * Replay rounds at their own times, and wait after each until the keeper has done what is due in every market.
 *
 * A market as it was in the block of each round tells which positions might have been liquidated at it.
 *
 * @returns Each market as it is in the end, in the order of the parties.
 */
export async function replay(
  stage: Stage,
  rounds: readonly ReplayRound[],
): Promise<readonly Snapshot[]> {
  const { world, onWritten, onRound } = stage;
  let snapshots: readonly Snapshot[] = await settleAll(stage);
  let quotedAt = 0;
  for (const [index, round] of rounds.entries()) {
    snapshots = await passTime(stage, snapshots, round.time);
    // The quote first: a price is in force only as long as both of its rounds are.
    if (round.time - quotedAt > stage.quoteEvery) {
      quotedAt = round.time;
      await writeQuote(stage, quotedAt - 1);
    }
    tellTime(world.index, round.time);
    if (index !== rounds.length - 1 && isQuietRound(stage, round, snapshots)) {
      await onWritten(index);
    } else {
      const block = await writeIndex(world, round);
      await onWritten(index);
      snapshots = await answer(stage, { index, head: await readBlock(world.provider, block) });
    }
    onRound(index);
  }
  return snapshots;
}

/** Let keeper and owners do what a round makes due. */
async function answer(
  stage: Stage,
  { index, head }: { readonly index: number; readonly head: Head },
): Promise<readonly Snapshot[]> {
  let snapshots: Snapshot[] = [];
  for (const { reader, lag } of stage.parties) {
    const snapshot = await look(reader, head);
    lag.mark({ index, time: head.timestamp }, snapshot);
    snapshots.push(snapshot);
  }
  const due = zip(stage.parties, snapshots).map(([{ settler }, snapshot]) =>
    settler.isDue(soon(snapshot)),
  );
  if (due.includes(true)) {
    // A round may be used once its second is over.
    await mineAt(stage.world.provider);
    snapshots = await settleWhere(stage, snapshots, due);
  }
  let acted = false;
  for (const [{ owners }, snapshot] of zip(stage.parties, snapshots)) {
    acted = (await owners.act(snapshot)) || acted;
  }
  return acted ? settleAll(stage) : snapshots;
}

async function settleAll({ parties }: Stage): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = [];
  for (const { settler } of parties) snapshots.push(await settler.settle());
  return snapshots;
}

/** Wait for the markets where something is due; the others stay as they were last seen, which tells when they wake. */
async function settleWhere(
  { parties }: Stage,
  snapshots: readonly Snapshot[],
  due: readonly boolean[],
): Promise<Snapshot[]> {
  const settled: Snapshot[] = [];
  for (const [index, [{ settler }, snapshot]] of zip(parties, snapshots).entries()) {
    settled.push(due[index] === true ? await settler.settle() : snapshot);
  }
  return settled;
}

/** Whether a report leaves every market with nothing to do; a round of a feed is always written. */
function isQuietRound(
  { world, parties, quoteAnswer }: Stage,
  round: ReplayRound,
  snapshots: readonly Snapshot[],
): boolean {
  const { index } = world;
  if (index.kind === "push") return false;
  return zip(parties, snapshots).every(([{ settler, owners }, snapshot]) =>
    isQuiet({ settler, owners, quoteAnswer }, index, { round, snapshot }),
  );
}

/** The market as it will be a second later. */
function soon(snapshot: Snapshot): Snapshot {
  return { ...snapshot, now: snapshot.now + 1n };
}

/** Let time pass up to a round, with a block at each moment at which something may fall due. */
async function passTime(
  stage: Stage,
  from: readonly Snapshot[],
  until: number,
): Promise<readonly Snapshot[]> {
  let snapshots = from;
  for (;;) {
    const wakes = snapshots.map(nextWake).filter((wake) => wake !== undefined);
    const wake = Math.min(...wakes);
    if (wake >= until) return snapshots;
    tellTime(stage.world.index, wake);
    await mineAt(stage.world.provider, wake);
    const due = snapshots.map((snapshot) => (nextWake(snapshot) ?? until) <= wake);
    snapshots = await settleWhere(stage, snapshots, due);
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

/** Markets with their snapshots, which are in the same order. */
function zip(
  parties: readonly Party[],
  snapshots: readonly Snapshot[],
): readonly (readonly [Party, Snapshot])[] {
  return parties.flatMap((party, index) => {
    const snapshot = snapshots[index];
    return snapshot === undefined ? [] : [[party, snapshot] as const];
  });
}
