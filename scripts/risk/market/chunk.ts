import { drawsOf } from "../random.ts";
import type { Fate, ModelMandate } from "./fate.ts";
import { MarketRun } from "./model.ts";
import { drawerOf, PricePath } from "./path.ts";
import { modelRulesOf } from "./rules.ts";
import { type Cell, cellsOf, rulesOfCell, type SimulationSpec, startOf } from "./spec.ts";

/** What is summed over paths, by cell. Amounts are quote. */
export const SUMS = [
  "positions",
  "liquidated",
  "ended",
  "premature",
  "rescued",
  "capped",
  "pulled",
  "shortfall",
  "shortfallPaths",
  "poolGain",
  "poolGainSquared",
  "accountGain",
] as const;

/** The name of one of them. */
export type SumName = (typeof SUMS)[number];

/** Sums and tails of some paths of one cell. */
export interface CellResult {
  readonly sums: Float64Array;
  /** Largest shortfalls of a path, descending, zeros left out [quote]. */
  readonly shortfalls: Float64Array;
  /** Largest losses of the pool on a path, descending; a gain is below zero [± quote]. */
  readonly losses: Float64Array;
}

/** Share of paths whose mean is the expected shortfall. */
export const TAIL = 0.01;
/** Stream of the numbers that give mandates; paths use the ones below. */
const MANDATE_STREAM = 1_000;

/** Return how many paths the tail of a simulation has. */
export function tailSize({ paths }: Pick<SimulationSpec, "paths">): number {
  return Math.max(1, Math.ceil(paths * TAIL));
}

/** Return how many chunks a simulation has. */
export function chunkCount({ paths, chunk }: Pick<SimulationSpec, "paths" | "chunk">): number {
  return Math.ceil(paths / chunk);
}

/** Make a function that computes chunks: the market runs are built once, their memory is used again. */
export function chunkRunner(spec: SimulationSpec): (chunk: number) => readonly CellResult[] {
  const cells = cellsOf(spec);
  const runs = cells.map((cell) => new CellRun(spec, cell));
  const steps = Math.round(spec.horizon / spec.step);
  const path = new PricePath(steps);
  const drawers = spec.sources.map((source, index) =>
    drawerOf(source, { seed: spec.seed, index, step: spec.step }),
  );
  const bySource = drawers.map((_, source) => runs.filter(({ cell }) => cell.source === source));
  const lots = new MandateLots(spec);
  const follow = (number: number): void => {
    lots.draw(number);
    for (const [source, drawer] of drawers.entries()) {
      drawer.draw(number, path);
      for (const run of bySource[source] ?? []) run.add(path, lots);
    }
  };
  return (chunk) => {
    const first = chunk * spec.chunk;
    const last = Math.min(first + spec.chunk, spec.paths);
    for (const run of runs) run.begin(last - first);
    for (let number = first; number < last; number += 1) follow(number);
    return runs.map((run) => run.result());
  };
}

/** A number for each position of a path: it has a mandate where that is below the share, so a larger share adds to a smaller. */
class MandateLots {
  readonly values: Float64Array;
  readonly #draws;

  constructor({ seed, cohorts }: SimulationSpec) {
    this.values = new Float64Array(cohorts.length);
    this.#draws = drawsOf({ seed, stream: MANDATE_STREAM });
  }

  draw(path: number): void {
    this.#draws.start(path);
    for (let place = 0; place < this.values.length; place += 1) {
      this.values[place] = this.#draws.uniform();
    }
  }
}

class CellRun {
  readonly cell: Cell;
  readonly #run: MarketRun;
  readonly #mandates: readonly ModelMandate[];
  readonly #isLong: readonly boolean[];
  readonly #tail: number;
  #sums = new Float64Array(SUMS.length);
  #shortfalls = new Float64Array(0);
  #losses = new Float64Array(0);
  #paths = 0;

  constructor(spec: SimulationSpec, cell: Cell) {
    const start = startOf(spec, cell);
    const rules = modelRulesOf(rulesOfCell(spec, cell));
    this.cell = cell;
    this.#run = new MarketRun({ rules, start, latency: cell.latency, step: spec.step });
    this.#isLong = start.positions.map(({ size }) => size > 0);
    this.#mandates = start.positions.map(({ paidIn }) => ({
      ...spec.mandate,
      cap: paidIn * spec.mandate.cap,
    }));
    this.#tail = tailSize(spec);
  }

  begin(paths: number): void {
    this.#sums = new Float64Array(SUMS.length);
    this.#shortfalls = new Float64Array(paths);
    this.#losses = new Float64Array(paths);
    this.#paths = 0;
  }

  add(path: PricePath, lots: MandateLots): void {
    const share = this.cell.mandateShare;
    this.#run.run(path, (place) =>
      (lots.values[place] ?? 1) < share ? this.#mandates[place] : undefined,
    );
    let shortfall = 0;
    for (const [place, fate] of this.#run.fates.entries()) {
      shortfall += fate.shortfall;
      this.#count(fate, this.#isLong[place] === true ? path.lastAbove : path.lastBelow);
    }
    const { poolGain } = this.#run;
    this.#add("shortfall", shortfall);
    this.#add("shortfallPaths", shortfall > 0 ? 1 : 0);
    this.#add("poolGain", poolGain);
    this.#add("poolGainSquared", poolGain ** 2);
    this.#shortfalls[this.#paths] = shortfall;
    this.#losses[this.#paths] = -poolGain;
    this.#paths += 1;
  }

  result(): CellResult {
    const shortfalls = largest(this.#shortfalls, this.#tail);
    return {
      sums: this.#sums,
      shortfalls: shortfalls.slice(0, countAbove(shortfalls)),
      losses: largest(this.#losses, this.#tail),
    };
  }

  /** `lastBack` is the last step at which the price stood at or beyond the entry. */
  #count(fate: Fate, lastBack: number): void {
    const wasLiquidated = fate.firstLiquidation >= 0;
    this.#add("positions", 1);
    this.#add("liquidated", wasLiquidated ? 1 : 0);
    this.#add("ended", fate.ended === "liquidated" ? 1 : 0);
    this.#add("premature", wasLiquidated && lastBack > fate.firstLiquidation ? 1 : 0);
    this.#add("rescued", fate.rescues > 0 ? 1 : 0);
    this.#add("capped", fate.ended === "capped" ? 1 : 0);
    // What was pulled went to margin, all but the keeper's fees.
    this.#add("pulled", (fate.mandate?.cap ?? 0) - fate.capLeft);
    this.#add("accountGain", fate.paidOut - fate.paidIn);
  }

  #add(name: SumName, amount: number): void {
    const place = PLACES[name];
    this.#sums[place] = (this.#sums[place] ?? 0) + amount;
  }
}

const PLACES = Object.fromEntries(SUMS.map((name, place) => [name, place])) as Record<
  SumName,
  number
>;

/** Return one sum of a cell. */
export function sumIn({ sums }: Pick<CellResult, "sums">, name: SumName): number {
  return sums[PLACES[name]] ?? Number.NaN;
}

/** Return the `count` largest of some numbers, descending. */
export function largest(values: Float64Array, count: number): Float64Array {
  return values.slice().sort().reverse().slice(0, count);
}

function countAbove(descending: Float64Array): number {
  const zero = descending.findIndex((value) => value <= 0);
  return zero < 0 ? descending.length : zero;
}
