import { YEAR } from "./barrier.ts";
import { within } from "./errors.ts";
import { lowerBound } from "./numbers.ts";
import { drawsOf } from "./random.ts";

/** Paths of a geometric Brownian motion to draw. */
export interface PathsInput {
  readonly paths: number;
  readonly steps: number;
  readonly sigma: number;
  /** Drift of the price [per year]; 0 when left out. */
  readonly mu?: number;
  /** Drift taken off the log price besides [per year]; see `fundingDrift`. */
  readonly carry?: number;
  /** [s] */
  readonly horizon: number;
  readonly seed: number;
  /** Also what happens between two steps counts (Brownian bridge); else only the steps themselves. */
  readonly continuous: boolean;
}

/** Extremes of all paths, ascending: any barrier is then answered by binary search, without drawing again. */
export interface PathExtremes {
  readonly paths: number;
  /** ln(lowest ÷ first price) of each path, ascending. */
  readonly lows: Float64Array;
  /** ln(highest ÷ first price) of each path, ascending. */
  readonly highs: Float64Array;
}

/**
 * Draw paths once and keep their extremes.
 *
 * Between two steps low and high are drawn apart: each is right by itself, the two together are not.
 *
 * @throws {RiskInputError} When a number makes no sense.
 */
export function drawExtremes(input: PathsInput): PathExtremes {
  const { paths, steps, sigma, horizon } = input;
  within("paths", paths, { least: 1, most: 1e8 });
  within("steps", steps, { least: 1, most: 1e6 });
  within("sigma", sigma, { above: 0 });
  within("horizon", horizon, { above: 0 });
  const lows = new Float64Array(paths);
  const highs = new Float64Array(paths);
  const walk = input.continuous ? bridgedWalk(input) : steppedWalk(input);
  for (let path = 0; path < paths; path += 1) walk(path, lows, highs);
  return { paths, lows: lows.sort(), highs: highs.sort() };
}

/** Return the share of paths that touch a barrier, ln(barrier ÷ price), and its standard error. */
export function shareBeyond(
  { paths, lows, highs }: PathExtremes,
  distance: number,
): { readonly p: number; readonly standardError: number } {
  const hits =
    distance < 0 ? lowerBound(lows, nextUp(distance)) : paths - lowerBound(highs, distance);
  const p = hits / paths;
  return { p, standardError: Math.sqrt(Math.max(p * (1 - p), 1 / paths) / paths) };
}

type Walk = (path: number, lows: Float64Array, highs: Float64Array) => void;

function steppedWalk({ seed, steps, ...input }: PathsInput): Walk {
  const { drift, size } = stepOf({ ...input, steps });
  const draws = drawsOf({ seed, stream: 0 });
  return (path, lows, highs) => {
    draws.start(path);
    let x = 0;
    let low = 0;
    let high = 0;
    for (let step = 0; step < steps; step += 1) {
      x += drift + size * draws.normal();
      if (x < low) low = x;
      else if (x > high) high = x;
    }
    lows[path] = low;
    highs[path] = high;
  };
}

/** The extremes of a step given its ends: ((a + b) ∓ √((b − a)² − 2 s² ln U)) ÷ 2. */
function bridgedWalk({ seed, steps, ...input }: PathsInput): Walk {
  const { drift, size } = stepOf({ ...input, steps });
  const draws = drawsOf({ seed, stream: 0 });
  const reach = (move: number) =>
    Math.sqrt(move * move - 2 * size * size * Math.log(1 - draws.uniform()));
  return (path, lows, highs) => {
    draws.start(path);
    let x = 0;
    let low = 0;
    let high = 0;
    for (let step = 0; step < steps; step += 1) {
      const move = drift + size * draws.normal();
      low = Math.min(low, x + (move - reach(move)) / 2);
      high = Math.max(high, x + (move + reach(move)) / 2);
      x += move;
    }
    lows[path] = low;
    highs[path] = high;
  };
}

function stepOf({ sigma, mu = 0, carry = 0, horizon, steps }: Omit<PathsInput, "seed">) {
  const years = horizon / YEAR / steps;
  return { drift: (mu - sigma ** 2 / 2 - carry) * years, size: sigma * Math.sqrt(years) };
}

/** The next larger double, so that a path that just touches counts. */
function nextUp(value: number): number {
  return value + Math.abs(value) * Number.EPSILON;
}
