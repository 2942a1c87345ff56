import { YEAR } from "../barrier.ts";
import { at } from "../numbers.ts";
import { type Draws, drawsOf } from "../random.ts";

/** A geometric Brownian motion with jumps of log-normal size (Merton 1976). */
export interface JumpSource {
  readonly kind: "jump";
  readonly sigma: number;
  /** Drift of the price, jumps included [per year]. */
  readonly mu: number;
  readonly jumpsPerYear: number;
  /** Mean and standard deviation of the log of a jump. */
  readonly jumpMean: number;
  readonly jumpDeviation: number;
}

/** Blocks of past returns, put together at random. */
export interface BootstrapSource {
  readonly kind: "bootstrap";
  /** Log returns, one for each step. */
  readonly returns: readonly number[];
  /** Returns that stay together. */
  readonly block: number;
}

/** Where paths come from. */
export type Source = JumpSource | BootstrapSource;

/** Steps that share one pair of extremes. */
const BLOCK = 32;

/** One path of log prices, ln(price ÷ first price), made to be searched. Drawn over and over into the same memory. */
export class PricePath {
  readonly steps: number;
  /** Log price after each step; the first is 0. */
  readonly logs: Float64Array;
  lowest = 0;
  highest = 0;
  /** Last step at or above the first price, and at or below it. */
  lastAbove = 0;
  lastBelow = 0;
  readonly #lows: Float64Array;
  readonly #highs: Float64Array;

  constructor(steps: number) {
    this.steps = steps;
    this.logs = new Float64Array(steps + 1);
    const blocks = Math.ceil((steps + 1) / BLOCK);
    this.#lows = new Float64Array(blocks);
    this.#highs = new Float64Array(blocks);
  }

  /** Note the extremes after `logs` were written. */
  index(): void {
    this.lowest = 0;
    this.highest = 0;
    for (let block = 0; block < this.#lows.length; block += 1) this.#indexBlock(block);
    this.lastAbove = this.#lastWhere(1);
    this.lastBelow = this.#lastWhere(-1);
  }

  /** Return the first step from `from` on at or below `low`, or at or above `high`; beyond the last one if there is none. */
  next(from: number, low: number, high: number): number {
    let step = from;
    while (step <= this.steps) {
      const block = Math.floor(step / BLOCK);
      const end = Math.min((block + 1) * BLOCK, this.steps + 1);
      if (at(this.#lows, block) <= low || at(this.#highs, block) >= high) {
        for (; step < end; step += 1) {
          const x = at(this.logs, step);
          if (x <= low || x >= high) return step;
        }
      }
      step = end;
    }
    return this.steps + 1;
  }

  #indexBlock(block: number): void {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    const end = Math.min((block + 1) * BLOCK, this.steps + 1);
    for (let step = block * BLOCK; step < end; step += 1) {
      const x = at(this.logs, step);
      if (x < low) low = x;
      if (x > high) high = x;
    }
    this.#lows[block] = low;
    this.#highs[block] = high;
    if (low < this.lowest) this.lowest = low;
    if (high > this.highest) this.highest = high;
  }

  #lastWhere(sign: 1 | -1): number {
    let step = this.steps;
    while (step > 0 && sign * at(this.logs, step) < 0) step -= 1;
    return step;
  }
}

/** What draws the paths of one source. */
export interface PathDrawer {
  /** Write path `path`, a function of seed, source and number alone. */
  readonly draw: (path: number, into: PricePath) => void;
}

/** Make a drawer. `index` tells the sources of one simulation apart; `step` is the time between two prices [s]. */
export function drawerOf(
  source: Source,
  { seed, index, step }: { readonly seed: number; readonly index: number; readonly step: number },
): PathDrawer {
  const draws = drawsOf({ seed, stream: index });
  const fill =
    source.kind === "jump" ? jumpFill(source, draws, step) : bootstrapFill(source, draws);
  return {
    draw: (path, into) => {
      draws.start(path);
      fill(into);
      into.index();
    },
  };
}

function jumpFill(source: JumpSource, draws: Draws, step: number): (into: PricePath) => void {
  const { sigma, mu, jumpsPerYear, jumpMean, jumpDeviation } = source;
  const years = step / YEAR;
  const compensation = jumpsPerYear * (Math.exp(jumpMean + jumpDeviation ** 2 / 2) - 1);
  const drift = (mu - sigma ** 2 / 2 - compensation) * years;
  const size = sigma * Math.sqrt(years);
  const rate = jumpsPerYear * years;
  // Steps until the next jump, drawn as a time: one number a jump instead of one a step.
  const wait = () => -Math.log(1 - draws.uniform()) / rate;
  return ({ logs, steps }) => {
    let x = 0;
    let jumpAt = rate > 0 ? wait() : Number.POSITIVE_INFINITY;
    for (let now = 1; now <= steps; now += 1) {
      x += drift + size * draws.normal();
      for (; jumpAt < now; jumpAt += wait()) x += jumpMean + jumpDeviation * draws.normal();
      logs[now] = x;
    }
  };
}

function bootstrapFill(
  { returns, block }: BootstrapSource,
  draws: Draws,
): (into: PricePath) => void {
  const pool = Float64Array.from(returns);
  const starts = pool.length - block + 1;
  return ({ logs, steps }) => {
    let x = 0;
    let from = 0;
    for (let now = 1; now <= steps; now += 1) {
      const place = (now - 1) % block;
      if (place === 0) from = Math.floor(draws.uniform() * starts);
      x += at(pool, from + place);
      logs[now] = x;
    }
  };
}
