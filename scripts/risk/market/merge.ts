import { sumOf } from "../numbers.ts";
import { type CellResult, largest, SUMS, sumIn, tailSize } from "./chunk.ts";
import { type Cell, cellsOf, type SimulationSpec } from "./spec.ts";

/** What one combination of parameters leads to. Shares are of all positions on all paths unless named otherwise. */
export interface CellSummary extends Omit<Cell, "source"> {
  /** Kind of the source of paths. */
  readonly source: string;
  /** Share liquidated in part or whole, and share closed so. */
  readonly liquidated: number;
  readonly closedByLiquidation: number;
  /** Of those liquidated, share whose price came back to its entry before the end. */
  readonly premature: number;
  readonly rescued: number;
  /** Mean pulled for a position [quote]. */
  readonly pulled: number;
  /** Share settled at the cap. */
  readonly capHits: number;
  /** Gain that the pool did not collect: mean, mean of the worst 1%, as shares of the pool's cash. */
  readonly shortfallMean: number;
  readonly shortfallEs99: number;
  /** Share of paths with any. */
  readonly shortfallPaths: number;
  /** The pool's return: mean, standard deviation, mean of the worst 1%, as shares of its cash. */
  readonly poolReturn: number;
  readonly poolDeviation: number;
  readonly poolEs99: number;
  /** Mean gain of all accounts together on a path, as a share of the pool's cash. */
  readonly accountReturn: number;
}

/** Adds chunks up in their order, whatever order they come in: so the last digit does not depend on who was faster. */
export class Merger {
  readonly #spec: SimulationSpec;
  readonly #waiting = new Map<number, readonly CellResult[]>();
  #next: number;
  #cells: readonly CellResult[];

  /** Begin, or go on after the first `next` chunks, whose merged `cells` are given. */
  constructor(
    spec: SimulationSpec,
    done?: { readonly next: number; readonly cells: readonly CellResult[] },
  ) {
    this.#spec = spec;
    this.#next = done?.next ?? 0;
    this.#cells = done?.cells ?? cellsOf(spec).map(emptyCell);
  }

  /** How many chunks are merged. */
  get next(): number {
    return this.#next;
  }

  /** The merged cells. */
  get cells(): readonly CellResult[] {
    return this.#cells;
  }

  /** Take in a chunk. */
  add(chunk: number, cells: readonly CellResult[]): void {
    this.#waiting.set(chunk, cells);
    for (let found = this.#take(); found !== undefined; found = this.#take()) {
      const tail = tailSize(this.#spec);
      this.#cells = this.#cells.map((cell, place) => mergeCells(cell, found?.[place], tail));
      this.#next += 1;
    }
  }

  /** Turn what is merged into the result. */
  summarize(): readonly CellSummary[] {
    return cellsOf(this.#spec).flatMap((cell, place) => {
      const found = this.#cells[place];
      return found === undefined ? [] : [summarize(this.#spec, cell, found)];
    });
  }

  #take(): readonly CellResult[] | undefined {
    const found = this.#waiting.get(this.#next);
    this.#waiting.delete(this.#next);
    return found;
  }
}

function emptyCell(): CellResult {
  return {
    sums: new Float64Array(SUMS.length),
    shortfalls: new Float64Array(0),
    losses: new Float64Array(0),
  };
}

function mergeCells(a: CellResult, b: CellResult | undefined, tail: number): CellResult {
  if (b === undefined) return a;
  return {
    sums: a.sums.map((sum, place) => sum + (b.sums[place] ?? 0)),
    shortfalls: largest(joined(a.shortfalls, b.shortfalls), tail),
    losses: largest(joined(a.losses, b.losses), tail),
  };
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const all = new Float64Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

function summarize(spec: SimulationSpec, cell: Cell, found: CellResult): CellSummary {
  const { paths, cash } = spec;
  const positions = sumIn(found, "positions");
  const share = (name: Parameters<typeof sumIn>[1]) => sumIn(found, name) / positions;
  const liquidated = sumIn(found, "liquidated");
  const mean = sumIn(found, "poolGain") / paths;
  const variance = Math.max(0, sumIn(found, "poolGainSquared") / paths - mean ** 2);
  const tail = tailSize(spec);
  const { source, ...parameters } = cell;
  return {
    source: spec.sources[source]?.kind ?? "",
    ...parameters,
    liquidated: share("liquidated"),
    closedByLiquidation: share("ended"),
    premature: liquidated === 0 ? 0 : sumIn(found, "premature") / liquidated,
    rescued: share("rescued"),
    pulled: share("pulled"),
    capHits: share("capped"),
    shortfallMean: sumIn(found, "shortfall") / paths / cash,
    // Zeros are left out of the tail, so the sum goes over the whole of it.
    shortfallEs99: sumOf(found.shortfalls) / tail / cash,
    shortfallPaths: sumIn(found, "shortfallPaths") / paths,
    poolReturn: mean / cash,
    poolDeviation: Math.sqrt(variance) / cash,
    poolEs99: -sumOf(found.losses) / tail / cash,
    accountReturn: sumIn(found, "accountGain") / paths / cash,
  };
}
