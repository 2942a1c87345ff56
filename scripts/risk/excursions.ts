import { type Side, YEAR } from "./barrier.ts";
import { HistoryTooShortError, within } from "./errors.ts";
import type { History } from "./history.ts";
import { normalQuantile } from "./normal.ts";
import { at, lowerBound } from "./numbers.ts";
import { DAY } from "./volatility.ts";

/** How far back windows count, when nothing else is asked for [s]: three years. */
export const LOOKBACK = 3 * YEAR;
/** Share of its bars that a window may lack. */
const LARGEST_GAP = 0.1;
/** Fewest windows worth a number. */
const FEWEST_WINDOWS = 30;

/** What prices did in the windows of one length, in units of the volatility known when each began. */
export interface ExcursionTable {
  /** Length of every window [s]. */
  readonly horizon: number;
  /** Time between the beginnings of two windows [s]. */
  readonly spacing: number;
  /** Index in the history of the price at which each window begins. */
  readonly starts: Int32Array;
  /** When each window's outcome was known [s]. */
  readonly knownAt: Float64Array;
  /** ln(lowest ÷ first price) ÷ (σ√H). */
  readonly down: Float64Array;
  /** ln(highest ÷ first price) ÷ (σ√H). */
  readonly up: Float64Array;
  /** σ√H of each window. */
  readonly scale: Float64Array;
}

/** A share of windows, and how sure it is. */
export interface EmpiricalOdds {
  /** `(k + 0.5) ÷ (n + 1)`; where nothing was ever hit it is an upper-biased floor, 0.5 ÷ (n + 1). */
  readonly p: number;
  /** Windows that were hit. */
  readonly hits: number;
  readonly n: number;
  /** As many windows as do not overlap; the interval rests on these. */
  readonly independent: number;
  /** Binomial interval of 95% (Wilson). */
  readonly low: number;
  readonly high: number;
}

/**
 * Measure every window of a history (docs/risk.md: empirical odds). Windows begin a horizon apart, and at most a day.
 *
 * @throws {HistoryTooShortError} When no window is whole.
 */
export function measureExcursions(
  history: History,
  { horizon, volatility }: { readonly horizon: number; readonly volatility: Float64Array },
): ExcursionTable {
  within("horizon", horizon, { above: 0 });
  if (history.period > horizon) {
    throw new HistoryTooShortError({
      found: history.period,
      needed: horizon,
      what: "seconds a bar, too coarse for windows that short;",
    });
  }
  const spacing = Math.min(horizon, DAY);
  const windows = windowsOf(history, { horizon, volatility, spacing });
  if (windows.length === 0)
    throw new HistoryTooShortError({ found: 0, needed: 1, what: "whole windows" });
  const list = (read: (window: Window) => number) => Float64Array.from(windows, read);
  return {
    horizon,
    spacing,
    starts: Int32Array.from(windows, ({ start }) => start),
    knownAt: list(({ knownAt }) => knownAt),
    down: list(({ down }) => down),
    up: list(({ up }) => up),
    scale: list(({ scale }) => scale),
  };
}

/** Which windows to count, and what hits them. */
export interface OddsQuery {
  /** Distance of the barrier, ln(barrier ÷ price) ÷ (σ√H) of now. */
  readonly z: number;
  readonly side: Side;
  /** Only windows whose outcome was known by then count [s]. */
  readonly now: number;
  readonly lookback?: number;
}

/**
 * Return the share of past windows that would have hit a barrier as many volatilities away.
 *
 * @throws {HistoryTooShortError} When too few windows were known.
 */
export function empiricalOdds(table: ExcursionTable, query: OddsQuery): EmpiricalOdds {
  const { from, to } = knownWindows(table, query);
  const n = to - from;
  if (n < FEWEST_WINDOWS) {
    throw new HistoryTooShortError({
      found: n,
      needed: FEWEST_WINDOWS,
      what: `windows of ${table.horizon} s`,
    });
  }
  let hits = 0;
  for (let index = from; index < to; index += 1) {
    if (isHit(table, index, query)) hits += 1;
  }
  const p = (hits + 0.5) / (n + 1);
  const independent = Math.max(1, Math.floor(n * Math.min(1, table.spacing / table.horizon)));
  return { p, hits, n, independent, ...binomialInterval({ share: hits / n, n: independent }) };
}

/** Of the windows that were hit, those in which the price came back. */
export interface Recovery {
  readonly hits: number;
  /** Closed at or beyond the entry again, after the hit and within the window. */
  readonly recovered: number;
}

/** Count the hit windows in which the price closed at or beyond its first again, before the window's end. */
export function countRecoveries(
  history: History,
  table: ExcursionTable,
  query: OddsQuery,
): Recovery {
  const { from, to } = knownWindows(table, query);
  let hits = 0;
  let recovered = 0;
  for (let index = from; index < to; index += 1) {
    if (!isHit(table, index, query)) continue;
    hits += 1;
    if (comesBack(history, { table, index, query })) recovered += 1;
  }
  return { hits, recovered };
}

/** Return Wilson's interval of a share of `n` trials at 95%. */
export function binomialInterval({ share, n }: { readonly share: number; readonly n: number }): {
  readonly low: number;
  readonly high: number;
} {
  const z = normalQuantile(0.975);
  const middle = (share + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half =
    (z / (1 + z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

interface Window {
  readonly start: number;
  readonly knownAt: number;
  readonly down: number;
  readonly up: number;
  readonly scale: number;
}

function windowsOf(
  history: History,
  {
    horizon,
    volatility,
    spacing,
  }: {
    readonly horizon: number;
    readonly volatility: Float64Array;
    readonly spacing: number;
  },
): readonly Window[] {
  const { times } = history;
  const windows: Window[] = [];
  const measure = measurer(history, { horizon, volatility });
  const last = times.at(-1) ?? 0;
  let next = Number.NEGATIVE_INFINITY;
  for (let start = 0; start < times.length && at(times, start) + horizon <= last; start += 1) {
    const time = at(times, start);
    if (time < next) continue;
    const window = measure(start);
    if (window === undefined) continue;
    windows.push(window);
    next = time + spacing;
  }
  return windows;
}

/** Measures windows, each beginning after the one before. */
function measurer(
  history: History,
  { horizon, volatility }: { readonly horizon: number; readonly volatility: Float64Array },
): (start: number) => Window | undefined {
  const { times, close } = history;
  const low = new SlidingExtreme(history.low, -1);
  const high = new SlidingExtreme(history.high, 1);
  let end = 0;
  return (start) => {
    const knownAt = at(times, start) + horizon;
    while (end < times.length && at(times, end) <= knownAt) end += 1;
    const scale = at(volatility, start) * Math.sqrt(horizon / YEAR);
    if (!(scale > 0) || !isWhole(history, { from: start, to: end, horizon })) return undefined;
    const down = Math.log(low.over(start + 1, end) / at(close, start)) / scale;
    const up = Math.log(high.over(start + 1, end) / at(close, start)) / scale;
    return { start, knownAt, down, up, scale };
  };
}

function isWhole(
  { period }: History,
  { from, to, horizon }: { readonly from: number; readonly to: number; readonly horizon: number },
): boolean {
  const found = to - from - 1;
  return period === 0 ? found > 0 : found >= (horizon / period) * (1 - LARGEST_GAP);
}

/** Extremes of windows of a list that only move forward: a queue of candidates, each better than those behind it. */
class SlidingExtreme {
  readonly #values: Float64Array;
  readonly #sign: 1 | -1;
  readonly #queue: Int32Array;
  #head = 0;
  #tail = 0;
  #seen = 0;

  constructor(values: Float64Array, sign: 1 | -1) {
    this.#values = values;
    this.#sign = sign;
    this.#queue = new Int32Array(values.length);
  }

  /** The extreme of `values[from..to)`; neither bound ever moves back. */
  over(from: number, to: number): number {
    for (; this.#seen < to; this.#seen += 1) this.#add(this.#seen);
    while (this.#head < this.#tail && at(this.#queue, this.#head) < from) this.#head += 1;
    return this.#head < this.#tail ? at(this.#values, at(this.#queue, this.#head)) : Number.NaN;
  }

  #add(index: number): void {
    const value = this.#sign * at(this.#values, index);
    while (this.#tail > this.#head && this.#valueAt(this.#tail - 1) <= value) this.#tail -= 1;
    this.#queue[this.#tail] = index;
    this.#tail += 1;
  }

  #valueAt(place: number): number {
    return this.#sign * at(this.#values, at(this.#queue, place));
  }
}

function knownWindows(
  { knownAt, horizon }: ExcursionTable,
  { now, lookback = LOOKBACK }: OddsQuery,
) {
  return {
    from: lowerBound(knownAt, now - lookback + horizon),
    to: lowerBound(knownAt, now + 1e-6),
  };
}

function isHit({ down, up }: ExcursionTable, index: number, { z, side }: OddsQuery): boolean {
  return side === "long" ? at(down, index) <= z : at(up, index) >= z;
}

function comesBack(
  history: History,
  { table, index, query }: Place & { readonly query: OddsQuery },
): boolean {
  // On the mirrored price a short is a long.
  const sign = query.side === "long" ? 1 : -1;
  const worst = sign === 1 ? history.low : history.high;
  const start = at(table.starts, index);
  const first = at(history.close, start);
  const barrier = first * Math.exp(query.z * at(table.scale, index));
  const end = at(table.knownAt, index);
  let now = start + 1;
  while (sign * at(worst, now) > sign * barrier) now += 1;
  for (; at(history.times, now) <= end; now += 1) {
    if (sign * at(history.close, now) >= sign * first) return true;
  }
  return false;
}

interface Place {
  readonly table: ExcursionTable;
  readonly index: number;
}
