import { fold } from "../core/box.ts";
import { accrue, skew } from "../core/marketMath.ts";
import { health, type Scene } from "../core/quote.ts";
import type { Position } from "../core/types.ts";
import { hitProbability, type Side, YEAR } from "./barrier.ts";
import { HistoryTooShortError, RiskInputError } from "./errors.ts";
import {
  countRecoveries,
  type EmpiricalOdds,
  empiricalOdds,
  measureExcursions,
  type Recovery,
} from "./excursions.ts";
import type { History } from "./history.ts";
import { fromWad } from "./market/rules.ts";
import { ewmaVolatility } from "./volatility.ts";

/** Horizons that are quoted when nothing else is asked for [s]: an hour, a day, a week. */
export const HORIZONS = [3_600, 86_400, 604_800] as const;

/** What is asked. */
export interface OddsInput {
  readonly position: Position;
  readonly scene: Scene;
  readonly history: History;
  /** What owners let the market pull to rescue it [WAD quote]. */
  readonly mandateCap?: bigint;
  readonly horizons?: readonly number[];
  /** Time between two prices of the oracle [s]; always looked at when left out. */
  readonly heartbeat?: number;
  /** Volatility to use instead of the history's newest [per √year]. */
  readonly sigma?: number;
}

/** Chances of liquidation within one horizon. */
export interface HorizonOdds {
  readonly horizon: number;
  /** Absent where the history holds too few such windows; `missing` says why. */
  readonly empirical: EmpiricalOdds | undefined;
  readonly missing: string | undefined;
  /** Of the windows that hit the liquidation price, those in which the price came back. */
  readonly recovery: Recovery | undefined;
  /** Closed form: barrier, discrete looks, funding and borrow fee as drift. */
  readonly closedForm: number;
}

/** The odds of a position, and the most it can lose and win. */
export interface OddsQuote {
  readonly side: Side;
  /** [WAD quote per base] */
  readonly price: bigint;
  /** 0 where no price liquidates a long. */
  readonly liquidationPrice: bigint;
  /** ln(liquidation price ÷ price). */
  readonly distance: number;
  readonly leverage: number;
  /** [per √year] */
  readonly sigma: number;
  /** What funding and borrowing take of the notional [± per year]. */
  readonly carry: number;
  /** Margin and mandate: nothing else can be lost [WAD quote]. */
  readonly mostToLose: bigint;
  /** The reserve: nothing more can be won [WAD quote]. */
  readonly mostToWin: bigint;
  readonly horizons: readonly HorizonOdds[];
}

/**
 * Quote the odds that a position, open or planned, is liquidated (docs/risk.md: odds). The history's last price is taken for now:
 * its newest volatility scales past moves to today.
 *
 * @throws {RiskInputError} When the position is not open or the history's volatility is unknown.
 */
export function quoteOdds(input: OddsInput): OddsQuote {
  const { position, scene, history } = input;
  if (position.size === 0n) {
    throw new RiskInputError("size", { found: "0", needed: "a position that is open" });
  }
  const standing = health(position, scene);
  const side: Side = position.size > 0n ? "long" : "short";
  const volatility = ewmaVolatility(history);
  const sigma = input.sigma ?? volatility.at(-1) ?? Number.NaN;
  if (!(sigma > 0)) {
    throw new RiskInputError("volatility", {
      found: sigma,
      needed: "known: the history must span more than ten days",
    });
  }
  const distance = distanceTo(standing.liquidationPrice, { side, price: scene.price });
  const carry = carryOf(position, scene);
  const leverage = fromWad(standing.notional) / fromWad(standing.equity);
  const quote = {
    input,
    volatility,
    side,
    sigma,
    distance,
    carry: carry * driftScale(side, leverage),
  };
  return {
    side,
    price: scene.price,
    liquidationPrice: standing.liquidationPrice,
    distance,
    leverage,
    sigma,
    carry,
    mostToLose: position.margin + (input.mandateCap ?? 0n),
    mostToWin: position.reserve,
    horizons: (input.horizons ?? HORIZONS).map((horizon) => horizonOdds({ ...quote, horizon })),
  };
}

/**
 * Return the chances of liquidation in closed form alone, for a volatility that is taken as given (docs/risk.md: odds).
 *
 * @throws {RiskInputError} When the position is not open.
 */
export function closedFormOdds({
  position,
  scene,
  sigma,
  horizons,
}: {
  readonly position: Position;
  readonly scene: Scene;
  readonly sigma: number;
  readonly horizons: readonly number[];
}): readonly number[] {
  if (position.size === 0n) {
    throw new RiskInputError("size", { found: "0", needed: "a position that is open" });
  }
  const standing = health(position, scene);
  const side: Side = position.size > 0n ? "long" : "short";
  const distance = distanceTo(standing.liquidationPrice, { side, price: scene.price });
  const leverage = fromWad(standing.notional) / fromWad(standing.equity);
  const carry = carryOf(position, scene) * driftScale(side, leverage);
  return horizons.map((horizon) =>
    hitProbability({ distance, sigma, horizon, heartbeat: 0, carry }),
  );
}

/** Return what funding and the borrow fee take of a position's notional at the rates of now [± per year]. */
export function carryOf(position: Position, scene: Scene): number {
  const { funding, borrow } = feesPerDay(position, scene);
  const notional =
    fromWad(position.size < 0n ? -position.size : position.size) * fromWad(scene.price);
  return notional === 0 ? 0 : ((funding + borrow) * 365) / notional;
}

/** What a position pays a day at the rates of now [± quote]; below zero it is paid. */
export interface DailyFees {
  readonly funding: number;
  readonly borrow: number;
}

/** Return what a position pays a day at the rates of now. */
export function feesPerDay(position: Position, { market }: Pick<Scene, "market">): DailyFees {
  const day = YEAR / 365;
  return {
    funding: fromWad(position.size) * fromWad(market.fundingVelocity) * day,
    borrow: fromWad(position.reserve) * fromWad(market.borrowRate) * day,
  };
}

/** Return a position and its market with all that has accrued folded in, so that both stand as of now. */
export function standingNow(
  position: Position,
  scene: Scene,
): { readonly position: Position; readonly skew: bigint } {
  const market = accrue(scene.market, scene.now);
  return { position: fold(position, market), skew: skew(market) };
}

/** ln(liquidation price ÷ price); −∞ where no price liquidates a long, 0 where the position is liquidatable now. */
function distanceTo(
  liquidationPrice: bigint,
  { side, price }: { readonly side: Side; readonly price: bigint },
): number {
  if (side === "long" && liquidationPrice === 0n) return Number.NEGATIVE_INFINITY;
  const distance = Math.log(fromWad(liquidationPrice) / fromWad(price));
  return side === "long" ? Math.min(0, distance) : Math.max(0, distance);
}

/** A fee of a share of notional moves the barrier, in logs, by that over 1 − 1/L for a long and 1 + 1/L for a short. */
function driftScale(side: Side, leverage: number): number {
  return side === "long" ? 1 / Math.max(1 - 1 / leverage, 0.01) : 1 / (1 + 1 / leverage);
}

function horizonOdds({
  input,
  volatility,
  side,
  sigma,
  distance,
  carry,
  horizon,
}: {
  readonly input: OddsInput;
  readonly volatility: Float64Array;
  readonly side: Side;
  readonly sigma: number;
  readonly distance: number;
  readonly carry: number;
  readonly horizon: number;
}): HorizonOdds {
  const { history, heartbeat = 0 } = input;
  const closedForm = hitProbability({ distance, sigma, horizon, heartbeat, carry });
  try {
    const table = measureExcursions(history, { horizon, volatility });
    const z = distance / (sigma * Math.sqrt(horizon / YEAR));
    const query = { z, side, now: history.times.at(-1) ?? 0 };
    const empirical = empiricalOdds(table, query);
    const recovery = countRecoveries(history, table, query);
    return { horizon, empirical, missing: undefined, recovery, closedForm };
  } catch (error) {
    if (!(error instanceof HistoryTooShortError)) throw error;
    return {
      horizon,
      empirical: undefined,
      missing: error.message,
      recovery: undefined,
      closedForm,
    };
  }
}
