import type { PlannedPosition } from "./book.ts";
import type { MandateComparison } from "./compare.ts";
import type { History } from "./history.ts";
import type { LawResult } from "./laws.ts";
import type { PoolValue } from "./poolValue.ts";
import type { ReplayRound } from "./replay.ts";
import type { Spread } from "./stats.ts";

/** One position of the book: what was planned, and what became of it. */
export interface TracedPosition {
  readonly plan: PlannedPosition;
  readonly history: History;
  /** What is left in its box at the last price, never below zero [WAD quote]; zero for one that has ended. */
  readonly worth: bigint;
}

/** Everything a finished replay has to tell. */
export interface DemoResult {
  readonly rounds: readonly ReplayRound[];
  /** What each of them was. */
  readonly pricedBy: "rounds" | "reports";
  readonly positions: readonly TracedPosition[];
  /** Planned positions that did not open. */
  readonly refused: number;
  readonly pool: { readonly before: PoolValue; readonly after: PoolValue };
  readonly lag: Spread;
  readonly liquidations: number;
  /** The book against its twin without mandates. */
  readonly mandates: MandateComparison;
  readonly laws: readonly LawResult[];
  /** What the keeper could have done and did not. */
  readonly overdue: readonly string[];
  readonly keeperTransactions: number;
  readonly ok: boolean;
}
