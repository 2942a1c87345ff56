import { max } from "../core/integers.ts";
import { accrue } from "../core/marketMath.ts";
import { accrued, equity, gain, maintenanceMargin, notional } from "../core/positionMath.ts";
import type { OpenPreview } from "../core/quote.ts";
import type { RescueMandate } from "../core/rescue.ts";
import { mulWadUp, WAD } from "../core/wadMath.ts";
import {
  type Books,
  emptyBooks,
  liquidateIn,
  type Moment,
  openIn,
  positionOf,
  type Rules,
  rescueIn,
  settleAtCapIn,
} from "./books.ts";
import { PositionRefusedError } from "./errors.ts";

/** One price of a path, as a feed would write it. */
export interface PathRound {
  /** [WAD quote per base] */
  readonly price: bigint;
  /** [s] */
  readonly time: bigint;
}

/** A position to send through a path. Amounts are WAD. */
export interface PlannedPosition {
  readonly name: string;
  /** + long, − short [WAD base]. */
  readonly size: bigint;
  readonly margin: bigint;
  readonly reserve: bigint;
  readonly mandate?: RescueMandate | undefined;
}

/** Something that happened to a position. Amounts are WAD quote. */
export interface ReplayEvent {
  readonly kind: "rescued" | "partial" | "full" | "capped";
  /** [s] */
  readonly time: bigint;
  readonly price: bigint;
  /** Pulled by a rescue, else paid to the owner. */
  readonly amount: bigint;
  readonly keeperFee: bigint;
  /** Size left [WAD base]. */
  readonly sizeLeft: bigint;
}

/** What became of one position. Amounts are WAD quote. */
export interface ReplayedPosition {
  readonly name: string;
  readonly opening: OpenPreview;
  readonly events: readonly ReplayEvent[];
  readonly state: "open" | "liquidated" | "capped";
  /** Margin at the start and all that was pulled for it. */
  readonly paidIn: bigint;
  /** Paid out, and equity at the last price where it is still open. */
  readonly worth: bigint;
  readonly shortfall: bigint;
  /** Least equity seen [±]. */
  readonly lowestEquity: bigint;
}

/** What to replay. */
export interface ReplayInput {
  readonly rules: Rules;
  readonly rounds: readonly PathRound[];
  readonly positions: readonly PlannedPosition[];
  /** What the pool holds [WAD quote]. */
  readonly cash: bigint;
  /** How long the keeper takes from a round to its transaction [s]. */
  readonly latency: bigint;
  /** Whether mandates are in force. */
  readonly rescue: boolean;
}

/** A finished replay. */
export interface Replay {
  readonly positions: readonly ReplayedPosition[];
  readonly books: Books;
}

interface Track {
  readonly plan: PlannedPosition;
  readonly opening: OpenPreview;
  readonly events: ReplayEvent[];
  mandate: RescueMandate | undefined;
  /** Round that the keeper looks at next. */
  look: number;
  /** When the transaction in flight lands [s]. */
  landing: bigint | undefined;
  paidIn: bigint;
  paidOut: bigint;
  shortfall: bigint;
  lowestEquity: bigint;
}

/**
 * Send positions through a path: opened at its first round, then rescued, liquidated and settled at their caps.
 *
 * A keeper looks at every round. What it finds to do it sends at once, and `latency` later that is done at the price of
 * then, where it still may be; until then it leaves that position alone. Actions of one second come before looks, and
 * positions in the order of their ids.
 *
 * @throws {PositionRefusedError} When the market would not open one of them.
 */
export function replayPath(input: ReplayInput): Replay {
  const { rounds, latency } = input;
  let { books, tracks } = openAll(input);
  for (let next = nextOf(tracks, rounds); next !== undefined; next = nextOf(tracks, rounds)) {
    const [id, track] = next;
    const look = rounds[track.look];
    if (track.landing !== undefined) {
      books = visit(books, { id, track, moment: momentAt(rounds, track.landing), input });
      const after = track.landing;
      const rest = rounds.findIndex(({ time }) => time > after);
      track.look = rest < 0 ? rounds.length : rest;
      track.landing = undefined;
    } else if (look !== undefined) {
      const moment = { price: look.price, observedAt: look.time, now: look.time };
      if (isActionable(books, { id, track, moment, input })) track.landing = look.time + latency;
      else track.look += 1;
    }
  }
  return {
    positions: [...tracks].map(([id, track]) => summarize(books, { id, track, input })),
    books,
  };
}

/** The position that is next to be acted on or looked at. */
function nextOf(tracks: ReadonlyMap<bigint, Track>, rounds: readonly PathRound[]) {
  let best: readonly [bigint, Track] | undefined;
  let first: bigint | undefined;
  for (const entry of tracks) {
    const [, { landing, look }] = entry;
    const time = landing ?? rounds[look]?.time;
    if (time === undefined) continue;
    // Doubled, with one more for a look: so that an action of the same second comes first.
    const rank = 2n * time + (landing === undefined ? 1n : 0n);
    if (first !== undefined && rank >= first) continue;
    [best, first] = [entry, rank];
  }
  return best;
}

/** The newest round at a moment. */
function momentAt(rounds: readonly PathRound[], now: bigint): Moment {
  const round = rounds.findLast(({ time }) => time <= now);
  return { price: round?.price ?? 0n, observedAt: round?.time ?? 0n, now };
}

function openAll(input: ReplayInput): {
  readonly books: Books;
  readonly tracks: ReadonlyMap<bigint, Track>;
} {
  const first = input.rounds[0];
  const start = first?.time ?? 0n;
  const moment = { price: first?.price ?? 0n, observedAt: start, now: start };
  let books = emptyBooks(input.cash, start);
  const tracks = new Map<bigint, Track>();
  for (const [index, plan] of input.positions.entries()) {
    const id = BigInt(index + 1);
    const opening = { sizeDelta: plan.size, margin: plan.margin, reserve: plan.reserve };
    const opened = openIn(books, { id, moment, rules: input.rules, opening });
    requireAccepted(opened.preview);
    books = opened.books;
    tracks.set(id, {
      plan,
      opening: opened.preview,
      events: [],
      mandate: input.rescue ? plan.mandate : undefined,
      look: 1,
      landing: undefined,
      paidIn: plan.margin,
      paidOut: 0n,
      shortfall: 0n,
      lowestEquity: opened.preview.equity,
    });
  }
  return { books, tracks };
}

/** @throws {PositionRefusedError} When the market refuses the position. */
export function requireAccepted({ refusal }: Pick<OpenPreview, "refusal">): void {
  if (refusal === undefined) return;
  const { error, ...values } = refusal;
  const texts = Object.entries(values).map(([name, value]) => [name, String(value)]);
  throw new PositionRefusedError(error, Object.fromEntries(texts));
}

interface Visit {
  readonly id: bigint;
  readonly track: Track;
  readonly moment: Moment;
  readonly input: ReplayInput;
}

/** Whether a keeper would send something for a position; a cool-off is found out on arrival. */
function isActionable(books: Books, { id, track, moment, input: { rules } }: Visit): boolean {
  if (positionOf(books, id).size === 0n) return false;
  const { equity: held, maintenance, capped } = standingOf(books, { id, moment, rules });
  if (held < track.lowestEquity) track.lowestEquity = held;
  const trigger = max(WAD, track.mandate?.triggerRatio ?? 0n);
  if (!capped && held < mulWadUp(maintenance, trigger)) return true;
  return settleAtCapIn(books, { id, moment, rules }) !== undefined;
}

function visit(books: Books, visited: Visit): Books {
  const {
    id,
    track,
    moment,
    input: { rules },
  } = visited;
  const position = positionOf(books, id);
  if (position.size === 0n) return books;
  const standing = standingOf(books, { id, moment, rules });
  if (standing.equity < track.lowestEquity) track.lowestEquity = standing.equity;
  const rescued = standing.capped ? undefined : tryRescue(books, visited);
  if (rescued !== undefined) return rescued;
  const settled =
    liquidateIn(books, { id, moment, rules }) ?? settleAtCapIn(books, { id, moment, rules });
  if (settled === undefined) return books;
  track.paidOut += settled.paidOut;
  track.shortfall += settled.shortfall;
  track.events.push({
    kind: settled.kind,
    time: moment.now,
    price: moment.price,
    amount: settled.paidOut,
    keeperFee: settled.keeperFee,
    sizeLeft: positionOf(settled.books, id).size,
  });
  return settled.books;
}

function standingOf(
  books: Books,
  {
    id,
    moment,
    rules: { terms },
  }: { readonly id: bigint; readonly moment: Moment; readonly rules: Rules },
) {
  const position = positionOf(books, id);
  const { fundingIndex, borrowIndex } = accrue(books.market, moment.now);
  const owed = accrued({ position, fundingIndex, borrowIndex });
  const gained = gain({ position, price: moment.price, owed });
  return {
    equity: equity(position, gained),
    capped: gained >= position.reserve,
    maintenance: maintenanceMargin({
      notional_: notional(position.size, moment.price),
      ratio: terms.maintenanceMarginRatio + terms.liquidationFeeRatio,
      minMaintenance: terms.minMaintenance,
    }),
  };
}

/** Pulls by the mandate as soon as its trigger is reached; `undefined` where it does not apply. */
function tryRescue(books: Books, { id, track, moment, input }: Visit): Books | undefined {
  const { mandate } = track;
  if (mandate === undefined) return undefined;
  const rescued = rescueIn(books, { id, moment, rules: input.rules, mandate });
  if (rescued === undefined) return undefined;
  const { pulled, keeperFee } = rescued.rescue;
  track.mandate = rescued.rescue.mandate;
  track.paidIn += pulled;
  track.events.push({
    kind: "rescued",
    time: moment.now,
    price: moment.price,
    amount: pulled,
    keeperFee,
    sizeLeft: positionOf(books, id).size,
  });
  return rescued.books;
}

function summarize(
  books: Books,
  { id, track, input }: { readonly id: bigint; readonly track: Track; readonly input: ReplayInput },
): ReplayedPosition {
  const last = input.rounds.at(-1);
  const isOpen = positionOf(books, id).size !== 0n;
  const end = (last?.time ?? 0n) + input.latency;
  const moment = { price: last?.price ?? 0n, observedAt: last?.time ?? 0n, now: end };
  const left = isOpen ? standingOf(books, { id, moment, rules: input.rules }).equity : 0n;
  const wasCapped = track.events.at(-1)?.kind === "capped";
  return {
    name: track.plan.name,
    opening: track.opening,
    events: track.events,
    state: stateOf({ isOpen, wasCapped }),
    paidIn: track.paidIn,
    worth: track.paidOut + left,
    shortfall: track.shortfall,
    lowestEquity: track.lowestEquity,
  };
}

function stateOf({ isOpen, wasCapped }: { readonly isOpen: boolean; readonly wasCapped: boolean }) {
  if (isOpen) return "open";
  return wasCapped ? "capped" : "liquidated";
}
