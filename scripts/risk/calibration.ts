import { distanceOf, hitProbability, type Side, YEAR } from "./barrier.ts";
import { within } from "./errors.ts";
import { type ExcursionTable, empiricalOdds, measureExcursions } from "./excursions.ts";
import type { History } from "./history.ts";
import { at } from "./numbers.ts";
import { DAY, ewmaVolatility } from "./volatility.ts";

/** Scores of one estimate over one set of days. */
export interface Score {
  /** Mean of (p − outcome)²; smaller is better. */
  readonly brier: number;
  /** Mean of the probabilities. */
  readonly mean: number;
}

/** One kind of position, opened every day of a history. */
export interface CalibrationRow {
  readonly side: Side;
  readonly leverage: number;
  /** Days that are scored. */
  readonly days: number;
  /** Share of them on which the position was liquidated. */
  readonly realised: number;
  readonly closedForm: Score;
  readonly empirical: Score;
}

/** Forecasts of about the same probability, and what came. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  /** Mean of the forecasts. */
  readonly forecast: number;
  /** Share that came true. */
  readonly realised: number;
}

/** How good both estimates are on one history. */
export interface Calibration {
  readonly horizon: number;
  readonly maintenance: number;
  readonly rows: readonly CalibrationRow[];
  /** Over all rows. */
  readonly brier: { readonly closedForm: number; readonly empirical: number };
  readonly reliability: {
    readonly closedForm: readonly ReliabilityBin[];
    readonly empirical: readonly ReliabilityBin[];
  };
}

/** What to score. */
export interface CalibrationInput {
  readonly leverages?: readonly number[];
  /** [s] */
  readonly horizon?: number;
  /** Maintenance margin as a share of notional. */
  readonly maintenance?: number;
}

interface Forecast {
  readonly closedForm: number;
  readonly empirical: number;
  readonly outcome: 0 | 1;
}

const BIN_EDGES = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1];
const SIDES = ["long", "short"] as const;
/** The empirical estimate needs some past: days before this are not scored for either [s]. */
const TRAINING = YEAR;

/**
 * Score the closed form and the empirical estimate on every day of a history, each with what was known that day alone.
 *
 * @throws {HistoryTooShortError} When less than a year comes before the first day to score.
 */
export function calibrate(history: History, input: CalibrationInput = {}): Calibration {
  const { leverages = [3, 5, 10, 20, 50], horizon = DAY, maintenance = 0.005 } = input;
  within("maintenance", maintenance, { above: 0, below: 1 });
  const volatility = ewmaVolatility(history);
  const table = measureExcursions(history, { horizon, volatility });
  const groups = leverages.flatMap((leverage) =>
    SIDES.map((side) => {
      within("leverage", leverage, { above: 1, below: 1 / maintenance });
      const distance = distanceOf({ margin: 1 / leverage, maintenance, side });
      return {
        side,
        leverage,
        forecasts: forecastsOf(table, { history, volatility, distance, side }),
      };
    }),
  );
  const all = groups.flatMap(({ forecasts }) => forecasts);
  return {
    horizon,
    maintenance,
    rows: groups.map(({ side, leverage, forecasts }) => ({
      side,
      leverage,
      days: forecasts.length,
      realised: meanOf(forecasts, ({ outcome }) => outcome),
      closedForm: scoreOf(forecasts, "closedForm"),
      empirical: scoreOf(forecasts, "empirical"),
    })),
    brier: {
      closedForm: scoreOf(all, "closedForm").brier,
      empirical: scoreOf(all, "empirical").brier,
    },
    reliability: { closedForm: binsOf(all, "closedForm"), empirical: binsOf(all, "empirical") },
  };
}

function forecastsOf(
  table: ExcursionTable,
  {
    history,
    volatility,
    distance,
    side,
  }: {
    readonly history: History;
    readonly volatility: Float64Array;
    readonly distance: number;
    readonly side: Side;
  },
): readonly Forecast[] {
  const first = at(history.times, at(table.starts, 0));
  const forecasts: Forecast[] = [];
  for (const [index, start] of table.starts.entries()) {
    const now = at(history.times, start);
    if (now < first + TRAINING) continue;
    const scale = at(table.scale, index);
    const z = distance / scale;
    const sigma = at(volatility, start);
    const reached = side === "long" ? at(table.down, index) <= z : at(table.up, index) >= z;
    forecasts.push({
      closedForm: hitProbability({ distance, sigma, horizon: table.horizon }),
      empirical: empiricalOdds(table, { z, side, now }).p,
      outcome: reached ? 1 : 0,
    });
  }
  return forecasts;
}

function scoreOf(forecasts: readonly Forecast[], name: "closedForm" | "empirical"): Score {
  return {
    brier: meanOf(forecasts, (forecast) => (forecast[name] - forecast.outcome) ** 2),
    mean: meanOf(forecasts, (forecast) => forecast[name]),
  };
}

function binsOf(
  forecasts: readonly Forecast[],
  name: "closedForm" | "empirical",
): readonly ReliabilityBin[] {
  return BIN_EDGES.slice(1).map((to, index) => {
    const from = at(BIN_EDGES, index);
    const inside = forecasts.filter(
      (forecast) =>
        forecast[name] >= from && (forecast[name] < to || (to === 1 && forecast[name] === 1)),
    );
    return {
      from,
      to,
      n: inside.length,
      forecast: meanOf(inside, (forecast) => forecast[name]),
      realised: meanOf(inside, ({ outcome }) => outcome),
    };
  });
}

/** The mean; 0 of nothing. */
function meanOf<T>(items: readonly T[], read: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += read(item);
  return items.length === 0 ? 0 : sum / items.length;
}
