import { YEAR } from "./barrier.ts";
import { HistoryTooShortError, within } from "./errors.ts";
import type { History } from "./history.ts";
import { at } from "./numbers.ts";

/** Seconds in a day. */
export const DAY = 86_400;
/** How much a day's variance still weighs a day later. */
export const DAILY_DECAY = 0.94;
/** Before this much is seen, an estimate is too raw to use [s]. */
const WARM_UP = 10 * DAY;

/**
 * Return the volatility known at each price, from it and those before [per √year]; not a number while too little is known.
 *
 * Exponentially weighted by time: each squared return weighs `decay` per day of age, so bars of any length and rounds at
 * any moment give the same scale (docs/risk.md: volatility).
 */
export function ewmaVolatility(
  { times, close }: Pick<History, "times" | "close">,
  decay = DAILY_DECAY,
): Float64Array {
  within("decay", decay, { above: 0, below: 1 });
  const volatility = new Float64Array(times.length).fill(Number.NaN);
  const first = at(times, 0);
  let squares = 0;
  let seconds = 0;
  for (let index = 1; index < times.length; index += 1) {
    const time = at(times, index);
    const elapsed = time - at(times, index - 1);
    const keep = decay ** (elapsed / DAY);
    const move = Math.log(at(close, index) / at(close, index - 1));
    squares = squares * keep + move * move;
    seconds = seconds * keep + elapsed;
    if (time - first >= WARM_UP) volatility[index] = Math.sqrt((squares / seconds) * YEAR);
  }
  return volatility;
}

/**
 * Return the volatility over all of a history, `Σ r² ÷ Σ dt` [per √year]; right for rounds at irregular moments.
 *
 * @throws {HistoryTooShortError} When no time passes.
 */
export function realizedVolatility({ times, close }: Pick<History, "times" | "close">): number {
  const seconds = (times.at(-1) ?? 0) - at(times, 0);
  if (!(seconds > 0))
    throw new HistoryTooShortError({ found: times.length, needed: 2, what: "prices" });
  let squares = 0;
  for (let index = 1; index < close.length; index += 1) {
    squares += Math.log(at(close, index) / at(close, index - 1)) ** 2;
  }
  return Math.sqrt((squares / seconds) * YEAR);
}

/** Estimators that use more of a bar than its close. */
export const RANGE_ESTIMATORS = [
  "parkinson",
  "garmanKlass",
  "rogersSatchell",
  "yangZhang",
] as const;

/** One of them. */
export type RangeEstimator = (typeof RANGE_ESTIMATORS)[number];

/**
 * Return the volatility over all bars by one of the range estimators [per √year] (the formulas of TTR `volatility`).
 *
 * @throws {HistoryTooShortError} When there are fewer than three bars or no bars at all.
 */
export function rangeVolatility(history: History, estimator: RangeEstimator): number {
  const { period, close } = history;
  if (period === 0 || close.length < 3) {
    throw new HistoryTooShortError({
      found: period === 0 ? 0 : close.length,
      needed: 3,
      what: "bars",
    });
  }
  const variance = { parkinson, garmanKlass, rogersSatchell, yangZhang }[estimator](history);
  return Math.sqrt((variance * YEAR) / period);
}

interface Logs {
  /** Open over the close before, then high, low and close over the open. */
  readonly o: number;
  readonly h: number;
  readonly l: number;
  readonly c: number;
}

function logsAt({ open, high, low, close }: History, index: number): Logs {
  const start = at(open, index);
  return {
    o: Math.log(start / (close[index - 1] ?? start)),
    h: Math.log(at(high, index) / start),
    l: Math.log(at(low, index) / start),
    c: Math.log(at(close, index) / start),
  };
}

function meanOf(history: History, from: number, term: (logs: Logs) => number): number {
  let sum = 0;
  for (let index = from; index < history.close.length; index += 1)
    sum += term(logsAt(history, index));
  return sum / (history.close.length - from);
}

function parkinson(history: History): number {
  return meanOf(history, 0, ({ h, l }) => (h - l) ** 2) / (4 * Math.LN2);
}

function garmanKlass(history: History): number {
  return meanOf(history, 0, ({ h, l, c }) => (h - l) ** 2 / 2 - (2 * Math.LN2 - 1) * c ** 2);
}

function rogersSatchell(history: History, from = 0): number {
  return meanOf(history, from, ({ h, l, c }) => h * (h - c) + l * (l - c));
}

function yangZhang(history: History): number {
  const n = history.close.length - 1;
  const spread = (term: (logs: Logs) => number): number => {
    const mean = meanOf(history, 1, term);
    return (meanOf(history, 1, (logs) => (term(logs) - mean) ** 2) * n) / (n - 1);
  };
  const k = 0.34 / (1.34 + (n + 1) / (n - 1));
  return spread(({ o }) => o) + k * spread(({ c }) => c) + (1 - k) * rogersSatchell(history, 1);
}
