import { distanceOf, hitProbability, type Side, YEAR } from "./barrier.ts";
import { NoSolutionError, within } from "./errors.ts";
import { at, sumOf } from "./numbers.ts";
import { drawsOf } from "./random.ts";

/** A position that is to share a budget. Amounts are quote. */
export interface AllocationPosition {
  readonly name: string;
  readonly side: Side;
  readonly notional: number;
  readonly sigma: number;
  /** Maintenance margin as a share of notional, liquidation fee included. */
  readonly maintenance: number;
  /** Least margin it may be opened with. */
  readonly initialMargin: number;
}

/** What to share out. */
export interface AllocationInput {
  readonly positions: readonly AllocationPosition[];
  /** [quote] */
  readonly budget: number;
  /** [s] */
  readonly horizon: number;
}

/** One way to share it. */
export interface Allocation {
  readonly name: string;
  /** Margin of each position, in their order [quote]. */
  readonly margins: readonly number[];
  /** Chance that each is liquidated. */
  readonly chances: readonly number[];
  /** Chance that any is, were they independent. */
  readonly any: number;
  /** Sum of the chances: a bound on that, whatever hangs on what. */
  readonly bound: number;
}

const ROUNDS = 200;

/**
 * Share a budget three ways: equal parts; by the rule of thumb, notional × volatility; and so that the sum of the chances
 * is least, where another unit of margin helps every position alike (docs/risk.md: allocation).
 *
 * @throws {NoSolutionError} When the budget does not cover the initial margins.
 * @throws {RiskInputError} When a number makes no sense.
 */
export function allocate(input: AllocationInput): readonly Allocation[] {
  const { positions, budget } = input;
  within("budget", budget, { above: 0 });
  within("positions", positions.length, { least: 1 });
  for (const position of positions) checkPosition(position);
  const least = sumOf(positions.map(({ initialMargin }) => initialMargin));
  if (budget < least) {
    throw new NoSolutionError(
      `Budget "${budget}" does not cover the initial margins of "${least}". Add at least "${least - budget}".`,
    );
  }
  return [
    judge(
      "equal",
      fill(
        input,
        positions.map(() => 1),
      ),
      input,
    ),
    judge(
      "notional × volatility",
      fill(
        input,
        positions.map(({ notional, sigma }) => notional * sigma),
      ),
      input,
    ),
    judge("optimum", optimum(input), input),
  ];
}

/** Chances by simulation, where the positions move together and may be rescued from what is left of the budget. */
export interface MandateOutcome {
  /** Part of the budget that is placed as margin; the rest waits in the wallet. */
  readonly placed: number;
  /** Share of paths with a liquidation. */
  readonly any: number;
  /** Mean margin of liquidated positions, the wallet's part included [quote]. */
  readonly seized: number;
  /** Mean pulled from the wallet [quote]. */
  readonly pulled: number;
}

/** How to simulate. */
export interface MandateInput extends AllocationInput {
  /** Margins that the placed part is shared by. */
  readonly margins: readonly number[];
  readonly placed: number;
  /** Multiple of maintenance that a rescue restores. */
  readonly target: number;
  /** Correlation of every pair of log returns. */
  readonly correlation: number;
  readonly paths: number;
  readonly steps: number;
  readonly seed: number;
}

/**
 * Simulate a budget of which a part waits in the wallet, for the least top-up of whichever position needs it first.
 *
 * No fees, no delay, rescued in the order of the positions: the direction is robust, the numbers are no promise.
 *
 * @throws {RiskInputError} When a number makes no sense.
 */
export function simulateMandates(input: MandateInput): MandateOutcome {
  const { placed, correlation, paths, steps, positions, horizon } = input;
  within("placed share", placed, { above: 0, most: 1 });
  within("correlation", correlation, { least: 0, below: 1 });
  within("paths", paths, { least: 1, most: 1e7 });
  within("steps", steps, { least: 1, most: 1e5 });
  within("target", input.target, { above: 1 });
  const draws = drawsOf({ seed: input.seed, stream: 0 });
  const root = Math.sqrt(horizon / YEAR / steps);
  const moves = positions.map(({ sigma }) => ({
    size: sigma * root,
    drift: (-(sigma ** 2) / 2) * root ** 2,
  }));
  const run = new WalletRun(input);
  for (let path = 0; path < paths; path += 1) {
    draws.start(path);
    run.begin();
    for (let step = 0; step < steps; step += 1) {
      const common = draws.normal();
      for (const [place, { size, drift }] of moves.entries()) {
        const own = Math.sqrt(correlation) * common + Math.sqrt(1 - correlation) * draws.normal();
        run.move(place, drift + size * own);
      }
    }
    run.end();
  }
  return {
    placed,
    any: run.hitPaths / paths,
    seized: run.seized / paths,
    pulled: run.pulled / paths,
  };
}

/** One wallet and its positions along path after path. */
class WalletRun {
  hitPaths = 0;
  seized = 0;
  pulled = 0;
  readonly #input: MandateInput;
  readonly #start: Float64Array;
  readonly #margins: Float64Array;
  readonly #logs: Float64Array;
  #wallet = 0;
  #hit = false;

  constructor(input: MandateInput) {
    this.#input = input;
    this.#start = Float64Array.from(input.margins, (margin) => margin * input.placed);
    this.#margins = new Float64Array(input.positions.length);
    this.#logs = new Float64Array(input.positions.length);
  }

  begin(): void {
    this.#margins.set(this.#start);
    this.#logs.fill(0);
    this.#wallet = this.#input.budget - sumOf(this.#start);
    this.#hit = false;
  }

  move(place: number, change: number): void {
    const position = this.#input.positions[place];
    const margin = at(this.#margins, place);
    if (position === undefined || margin < 0) return;
    const log = at(this.#logs, place) + change;
    this.#logs[place] = log;
    const worth = position.notional * Math.exp(log);
    const gain = position.side === "long" ? worth - position.notional : position.notional - worth;
    const maintenance = worth * position.maintenance;
    const equity = margin + gain;
    if (equity < maintenance) this.#save(place, { equity, maintenance });
  }

  end(): void {
    if (this.#hit) this.hitPaths += 1;
  }

  #save(
    place: number,
    { equity, maintenance }: { readonly equity: number; readonly maintenance: number },
  ): void {
    const missing = maintenance * this.#input.target - equity;
    const margin = at(this.#margins, place);
    if (equity > 0 && missing <= this.#wallet) {
      this.#wallet -= missing;
      this.pulled += missing;
      this.#margins[place] = margin + missing;
      return;
    }
    this.#hit = true;
    this.seized += margin;
    this.#margins[place] = -1;
  }
}

/** Parts by weight, none below its initial margin. */
function fill(
  { positions, budget }: AllocationInput,
  weights: readonly number[],
): readonly number[] {
  const share = (level: number) =>
    positions.map(({ initialMargin }, place) =>
      Math.max(initialMargin, level * at(weights, place)),
    );
  return levelWhere(share, budget);
}

/** Margins at which one more unit helps all alike, by bisection on how much it helps. */
function optimum(input: AllocationInput): readonly number[] {
  const { budget } = input;
  const margins = (logHelp: number) =>
    input.positions.map((position) => marginWhere(position, input, Math.exp(logHelp)));
  let low = -120;
  let high = 20;
  for (let round = 0; round < ROUNDS; round += 1) {
    const middle = (low + high) / 2;
    if (sumOf(margins(middle)) > budget) low = middle;
    else high = middle;
  }
  // What bisection leaves over goes to all in proportion.
  const found = margins(high);
  const left = budget - sumOf(found);
  return found.map((margin) => margin + (left * margin) / sumOf(found));
}

/** The margin at which another unit lowers the chance by `help`; in the tail each further unit helps less. */
function marginWhere(
  position: AllocationPosition,
  { horizon, budget }: AllocationInput,
  help: number,
): number {
  const slope = (margin: number) => {
    const step = position.notional * 1e-5;
    return (
      (chanceAt(position, margin - step, horizon) - chanceAt(position, margin + step, horizon)) /
      (2 * step)
    );
  };
  let low = Math.max(position.initialMargin, steepest(position, slope, budget));
  let high = Math.max(budget, low);
  if (slope(low) <= help) return low === position.initialMargin ? low : position.initialMargin;
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (slope(middle) > help) low = middle;
    else high = middle;
  }
  return high;
}

/** Where the chance falls fastest: beyond it the chance is convex, and marginals can be equalised. */
function steepest(
  { initialMargin }: AllocationPosition,
  slope: (margin: number) => number,
  budget: number,
): number {
  const count = 200;
  let best = initialMargin;
  for (let index = 1; index <= count; index += 1) {
    const margin = initialMargin + ((budget - initialMargin) * index) / count;
    if (slope(margin) > slope(best)) best = margin;
  }
  return best;
}

function judge(
  name: string,
  margins: readonly number[],
  { positions, horizon }: AllocationInput,
): Allocation {
  const chances = positions.map((position, place) =>
    chanceAt(position, at(margins, place), horizon),
  );
  return {
    name,
    margins,
    chances,
    any: 1 - chances.reduce((spared, chance) => spared * (1 - chance), 1),
    bound: Math.min(1, sumOf(chances)),
  };
}

function chanceAt(
  { side, sigma, notional, maintenance }: AllocationPosition,
  margin: number,
  horizon: number,
): number {
  const ratio = margin / notional;
  if (ratio <= maintenance) return 1;
  return hitProbability({
    distance: distanceOf({ margin: ratio, maintenance, side }),
    sigma,
    horizon,
  });
}

/** Raise a level until the parts it gives come to the budget. */
function levelWhere(
  parts: (level: number) => readonly number[],
  budget: number,
): readonly number[] {
  let low = 0;
  let high = 1;
  while (sumOf(parts(high)) < budget) high *= 2;
  for (let round = 0; round < ROUNDS; round += 1) {
    const middle = (low + high) / 2;
    if (sumOf(parts(middle)) < budget) low = middle;
    else high = middle;
  }
  return parts(high);
}

function checkPosition({
  name,
  notional,
  sigma,
  maintenance,
  initialMargin,
}: AllocationPosition): void {
  within(`notional of ${name}`, notional, { above: 0 });
  within(`sigma of ${name}`, sigma, { above: 0 });
  within(`maintenance of ${name}`, maintenance, { least: 0, below: 1 });
  within(`initial margin of ${name}`, initialMargin, { least: 0 });
}
