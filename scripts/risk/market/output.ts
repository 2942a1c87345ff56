import type { CellSummary } from "./merge.ts";
import { cellsOf, type SimulationSpec } from "./spec.ts";

/** Columns of the table of cells, in order. */
export const COLUMNS = [
  "source",
  "maintenance",
  "cap",
  "latency",
  "mandateShare",
  "liquidated",
  "closedByLiquidation",
  "premature",
  "rescued",
  "pulled",
  "capHits",
  "shortfallMean",
  "shortfallEs99",
  "shortfallPaths",
  "poolReturn",
  "poolDeviation",
  "poolEs99",
  "accountReturn",
] as const satisfies readonly (keyof CellSummary)[];

/** Write the cells as CSV. */
export function toCsv(cells: readonly CellSummary[]): string {
  const lines = cells.map((cell) => COLUMNS.map((column) => String(cell[column])).join(","));
  return `${[COLUMNS.join(","), ...lines].join("\n")}\n`;
}

/** Write a simulation and what it found as JSON: the same specification gives the same bytes. */
export function toResultJson(spec: SimulationSpec, cells: readonly CellSummary[]): string {
  const sources = spec.sources.map((source) =>
    source.kind === "bootstrap" ? { ...source, returns: source.returns.length } : source,
  );
  const result = { spec: { ...spec, sources }, combinations: cellsOf(spec).length, cells };
  const text = JSON.stringify(
    result,
    (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value),
    2,
  );
  return `${text}\n`;
}
