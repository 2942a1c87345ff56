import { max, min } from "../../core/integers.ts";
import { mulWadDown, WAD } from "../../core/wadMath.ts";
import type { Side } from "../barrier.ts";
import { type Books, emptyBooks, openIn, type Rules } from "../books.ts";
import { requireAccepted } from "../replay.ts";
import type { ModelPosition } from "./fate.ts";
import type { ModelStart } from "./model.ts";
import type { Source } from "./path.ts";
import { fromWad } from "./rules.ts";

/** A share of the demand for one side of a market, at one leverage. */
export interface Cohort {
  readonly side: Side;
  readonly leverage: number;
  /** What it would hold were there no cap [quote]. */
  readonly demand: number;
}

/** Mandates as multiples: of margin, and of maintenance margin. */
export interface MandateShape {
  readonly cap: number;
  readonly target: number;
  readonly trigger: number;
}

/** The values of each parameter that are tried with all the others. */
export interface Grid {
  /** Maintenance margin ratios, without the liquidation fee. */
  readonly maintenance: readonly number[];
  /** Caps on the open interest of a side [base]. */
  readonly caps: readonly number[];
  /** Time from a look to the keeper's transaction [s]. */
  readonly latency: readonly number[];
  /** Shares of positions with a mandate. */
  readonly mandateShare: readonly number[];
}

/** One simulation, whole: the same text gives the same result, to the byte, whoever computes it. */
export interface SimulationSpec {
  readonly seed: number;
  readonly paths: number;
  /** Paths that are computed in one go. */
  readonly chunk: number;
  /** [s] */
  readonly horizon: number;
  /** Between two prices [s]. */
  readonly step: number;
  readonly sources: readonly Source[];
  /** Price at the beginning [quote per base]. */
  readonly price: number;
  /** The pool's cash [quote]. */
  readonly cash: number;
  readonly cohorts: readonly Cohort[];
  /** Reserve as a share of notional. */
  readonly reserveRatio: number;
  readonly mandate: MandateShape;
  readonly grid: Grid;
  readonly rules: Rules;
}

/** One combination of parameters under one source of paths. */
export interface Cell {
  readonly source: number;
  readonly maintenance: number;
  readonly cap: number;
  readonly latency: number;
  readonly mandateShare: number;
}

const E9 = 1_000_000_000n;

/** List every combination, in an order that never changes. */
export function cellsOf({
  sources,
  grid,
}: Pick<SimulationSpec, "sources" | "grid">): readonly Cell[] {
  const { caps, latency, mandateShare } = grid;
  return [...sources.keys()]
    .flatMap((source) => grid.maintenance.map((maintenance) => ({ source, maintenance })))
    .flatMap((cell) => caps.map((cap) => ({ ...cell, cap })))
    .flatMap((cell) => latency.map((seconds) => ({ ...cell, latency: seconds })))
    .flatMap((cell) => mandateShare.map((share) => ({ ...cell, mandateShare: share })));
}

/** Turn a plain number into a WAD, to nine digits after the point. */
export function toWad(value: number): bigint {
  return BigInt(Math.round(value * 1e9)) * E9;
}

/** Return the rules of one cell. */
export function rulesOfCell(
  { rules }: Pick<SimulationSpec, "rules">,
  { maintenance }: Pick<Cell, "maintenance">,
): Rules {
  return { ...rules, terms: { ...rules.terms, maintenanceMarginRatio: toWad(maintenance) } };
}

/** What a cohort asks for under a cap [WAD]. */
export interface PlannedCohort {
  readonly size: bigint;
  readonly margin: bigint;
  readonly reserve: bigint;
}

/** Return what each cohort opens: its demand, cut with the rest of its side to the cap. */
export function plannedCohorts(
  spec: SimulationSpec,
  { cap }: Pick<Cell, "cap">,
): readonly PlannedCohort[] {
  const demandOf = (side: Side) =>
    spec.cohorts.reduce((sum, cohort) => sum + (cohort.side === side ? cohort.demand : 0), 0);
  const cut = {
    long: Math.min(1, (cap * spec.price) / Math.max(demandOf("long"), 1)),
    short: Math.min(1, (cap * spec.price) / Math.max(demandOf("short"), 1)),
  };
  return spec.cohorts.map(({ side, leverage, demand }) => {
    const notional = demand * cut[side];
    const size = toWad(notional / spec.price);
    // Never more than the notional at the price and the fill, below which rounding may put it.
    const most = mulWadDown(mulWadDown(size, toWad(spec.price)), WAD - WAD / 100n);
    const wanted = toWad(notional * spec.reserveRatio);
    return {
      size: side === "long" ? size : -size,
      margin: toWad(notional / leverage),
      reserve: max(min(wanted, most), spec.rules.terms.keeperFeeFloor),
    };
  });
}

/**
 * Open the book of one cell, as the contracts would.
 *
 * @throws {PositionRefusedError} When a cohort's leverage is more than the terms allow.
 */
export function openBook(
  spec: SimulationSpec,
  cell: Cell,
): { readonly books: Books; readonly plans: readonly PlannedCohort[] } {
  const rules = rulesOfCell(spec, cell);
  const plans = plannedCohorts(spec, cell);
  const moment = { price: toWad(spec.price), observedAt: 0n, now: 0n };
  let books = emptyBooks(toWad(spec.cash), 0n);
  for (const [place, { size, margin, reserve }] of plans.entries()) {
    const opening = { sizeDelta: size, margin, reserve };
    const opened = openIn(books, { id: BigInt(place + 1), moment, rules, opening });
    requireAccepted(opened.preview);
    books = opened.books;
  }
  return { books, plans };
}

/** Turn an opened book into the plain numbers that every path begins with. */
export function startOf(spec: SimulationSpec, cell: Cell): ModelStart {
  const { books, plans } = openBook(spec, cell);
  const { market, cash, reserved } = books;
  const positions: ModelPosition[] = [...books.positions.values()].map((position, place) => ({
    size: fromWad(position.size),
    openNotional: fromWad(position.openNotional),
    margin: fromWad(position.margin),
    reserve: fromWad(position.reserve),
    fundingIndex: fromWad(position.fundingIndex),
    borrowIndex: fromWad(position.borrowIndex),
    paidIn: fromWad(plans[place]?.margin ?? 0n),
  }));
  return {
    positions,
    price: spec.price,
    fundingIndex: fromWad(market.fundingIndex),
    borrowIndex: fromWad(market.borrowIndex),
    fundingVelocity: fromWad(market.fundingVelocity),
    borrowRate: fromWad(market.borrowRate),
    poolDue: fromWad(market.poolDue),
    cash: fromWad(cash),
    reserved: fromWad(reserved),
  };
}
