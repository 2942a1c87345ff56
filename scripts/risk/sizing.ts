import { max } from "../core/integers.ts";
import type { Terms } from "../core/types.ts";
import { mulWadUp } from "../core/wadMath.ts";
import { marginRatioFor, type Side, YEAR } from "./barrier.ts";
import { NoSolutionError, within } from "./errors.ts";
import { type ExcursionTable, LOOKBACK } from "./excursions.ts";
import { fromWad } from "./market/rules.ts";
import { normalQuantile } from "./normal.ts";
import { at } from "./numbers.ts";

/** What a margin must withstand, and by which measure. */
export interface SizingInput {
  /** Probability of liquidation that is accepted. */
  readonly p: number;
  readonly side: Side;
  /** [per √year] */
  readonly sigma: number;
  /** [s] */
  readonly horizon: number;
  readonly terms: Terms;
  /** Past excursions of that horizon; the closed form alone where there are none. */
  readonly table?: ExcursionTable | undefined;
}

/** The margin that holds liquidation to a probability, as a share of notional. */
export interface MarginAnswer {
  readonly closedForm: number;
  /** Absent without a history, or where it is too short for a probability so small. */
  readonly empirical: number | undefined;
  /** Windows that the empirical answer rests on. */
  readonly n: number;
  /** Least margin that the market lets a position open with, its own fee apart. */
  readonly required: number;
  /** The largest of these, plus the opening fee. */
  readonly advised: number;
}

/**
 * Return the margin, as a share of notional, that is liquidated with probability `p` within the horizon.
 *
 * @throws {RiskInputError} When a number makes no sense.
 */
export function marginFor(input: SizingInput): MarginAnswer {
  const { terms, side, table } = input;
  const maintenance = fromWad(terms.maintenanceMarginRatio + terms.liquidationFeeRatio);
  const closedForm = marginRatioFor({ ...input, maintenance });
  const known = table === undefined ? undefined : windowQuantile(table, input);
  const empirical =
    known?.z === undefined ? undefined : marginAt(known.z * scaleOf(input), { maintenance, side });
  const required = fromWad(requiredRatio(terms));
  const fee = fromWad(terms.positionFeeRatio);
  return {
    closedForm,
    empirical,
    n: known?.n ?? 0,
    required,
    advised: Math.max(closedForm, empirical ?? 0, required) + fee,
  };
}

/**
 * Return the largest notional that a margin carries at probability `p` [quote].
 *
 * @throws {RiskInputError} When the margin is not above zero.
 */
export function sizeFor(
  input: SizingInput,
  margin: number,
): MarginAnswer & { readonly notional: number } {
  within("margin", margin, { above: 0 });
  const answer = marginFor(input);
  return { ...answer, notional: margin / answer.advised };
}

/** What a reserve must allow. */
export interface ReserveInput {
  readonly side: Side;
  readonly sigma: number;
  readonly horizon: number;
  /** Probability that is accepted that the price runs beyond the reserve. */
  readonly p: number;
  /** [per s] */
  readonly borrowRate: number;
  /** [quote] */
  readonly notional: number;
  readonly minReserveRatio: number;
  readonly table?: ExcursionTable | undefined;
}

/** How much reserve lets the price run, and what it costs. */
export interface ReserveAnswer {
  /** How far the price may run before the cap, as a share of it. */
  readonly move: number;
  /** Reserve to ask for, as a share of notional, within the bounds of the market. */
  readonly ratio: number;
  /** [quote] */
  readonly reserve: number;
  /** Borrow fee at the rate of now [quote a day]. */
  readonly costPerDay: number;
}

/**
 * Return the reserve that the gain outruns with probability `p` within the horizon, and what it costs a day.
 *
 * @throws {RiskInputError} When a number makes no sense.
 */
export function reserveFor(input: ReserveInput): ReserveAnswer {
  const { side, p, notional, minReserveRatio } = input;
  within("p", p, { above: 0, below: 1 });
  within("notional", notional, { above: 0 });
  within("sigma", input.sigma, { above: 0 });
  within("borrow rate", input.borrowRate, { least: 0 });
  // What wins for one side liquidates the other.
  const against = side === "long" ? "short" : "long";
  const known =
    input.table === undefined
      ? undefined
      : windowQuantile(input.table, { ...input, side: against });
  const z = known?.z ?? (side === "long" ? -1 : 1) * normalQuantile(p / 2);
  const move = Math.abs(Math.exp(z * scaleOf(input)) - 1);
  const ratio = Math.min(1, Math.max(minReserveRatio, move));
  const reserve = ratio * notional;
  return { move, ratio, reserve, costPerDay: reserve * input.borrowRate * (YEAR / 365) };
}

/**
 * Return how long fees alone take to bring a position to its maintenance margin, the price standing still [s]; without
 * end where it is paid more than it pays.
 */
export function timeByFees({
  equity,
  maintenance,
  feesPerDay,
}: {
  readonly equity: number;
  readonly maintenance: number;
  readonly feesPerDay: number;
}): number {
  if (equity <= maintenance) return 0;
  if (feesPerDay <= 0) return Number.POSITIVE_INFINITY;
  return ((equity - maintenance) / feesPerDay) * (YEAR / 365);
}

/** Least equity to open, as a share of notional [WAD]. */
export function requiredRatio(terms: Terms): bigint {
  const maintenance = terms.maintenanceMarginRatio + terms.liquidationFeeRatio;
  const target = mulWadUp(maintenance, terms.liquidationTarget);
  return max(target, terms.initialMarginRatio);
}

/**
 * Return the leverage that a margin ratio allows.
 *
 * @throws {NoSolutionError} When no margin below the whole notional suffices.
 */
export function leverageOf(ratio: number): number {
  if (!(ratio > 0) || ratio === Number.POSITIVE_INFINITY) {
    throw new NoSolutionError(
      `Margin ratio "${ratio}" allows no leverage. Accept a higher probability or a shorter horizon.`,
    );
  }
  return 1 / ratio;
}

function scaleOf({ sigma, horizon }: { readonly sigma: number; readonly horizon: number }): number {
  return sigma * Math.sqrt(horizon / YEAR);
}

function marginAt(
  move: number,
  { maintenance, side }: { readonly maintenance: number; readonly side: Side },
): number {
  return side === "long"
    ? 1 - (1 - maintenance) * Math.exp(move)
    : (1 + maintenance) * Math.exp(move) - 1;
}

/** The excursion, in volatilities, that a share `p` of past windows went beyond; none where the windows are too few. */
function windowQuantile(
  { down, up, knownAt, horizon }: ExcursionTable,
  { p, side }: { readonly p: number; readonly side: Side },
): { readonly z: number | undefined; readonly n: number } {
  const since = (knownAt.at(-1) ?? 0) - LOOKBACK + horizon;
  const recent = (side === "long" ? down : up)
    .filter((_, index) => at(knownAt, index) >= since)
    .sort();
  const n = recent.length;
  // (k + 0.5) ÷ (n + 1) must not exceed p: k windows may be hit.
  const hits = Math.floor(p * (n + 1) - 0.5);
  if (hits < 0) return { z: undefined, n };
  const z = side === "long" ? at(recent, hits) : at(recent, n - 1 - hits);
  return { z: Number.isNaN(z) ? undefined : z, n };
}
