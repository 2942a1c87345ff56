import { within } from "./errors.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

// Statistics are plain numbers: a probability needs no more than a double. Amounts on chain stay bigint.

/** Seconds in a year of 365 days, by which volatilities and rates are quoted. */
export const YEAR = 31_536_000;

/** How far beyond a barrier a walk that is looked at now and then behaves as one looked at always (Broadie, Glasserman, Kou 1997). */
const DISCRETE_SHIFT = 0.5826;

/** Return which way a price must go to liquidate: −1 for a long, 1 for a short. */
export type Side = "long" | "short";

/** A price that moves as a geometric Brownian motion, and a barrier for it. */
export interface BarrierInput {
  /** ln(barrier ÷ price): below zero for a long, above for a short. */
  readonly distance: number;
  /** Volatility [per √year]. */
  readonly sigma: number;
  /** Drift of the price, μ [per year]; a fair game when left out. */
  readonly mu?: number;
  /** Drift taken off the log price besides [per year]: a barrier that comes nearer; see {@link fundingDrift}. */
  readonly carry?: number;
  /** Time between two looks at the price [s]; always looked at when left out. */
  readonly heartbeat?: number;
  /** [s] */
  readonly horizon: number;
}

/**
 * Return the probability that the price touches the barrier within the horizon (docs/risk.md: closed form).
 *
 * @throws {RiskInputError} When a number makes no sense.
 */
export function hitProbability(input: BarrierInput): number {
  const { sigma, horizon, heartbeat = 0, mu = 0, carry = 0, distance } = input;
  within("sigma", sigma, { above: 0 });
  within("horizon", horizon, { above: 0 });
  within("heartbeat", heartbeat, { least: 0 });
  within("drift", mu - carry, {});
  if (Number.isNaN(distance)) within("distance", distance, {});
  if (distance === 0) return 1;
  const side = distance < 0 ? 1 : -1;
  // A short is a long on the mirrored log price.
  const depth = Math.abs(distance) + DISCRETE_SHIFT * sigma * Math.sqrt(heartbeat / YEAR);
  const nu = side * (mu - sigma ** 2 / 2 - side * carry);
  return touch({ depth, nu, sigma, years: horizon / YEAR });
}

/**
 * Return the probability with a drift of the log price of zero: twice that of ending beyond the barrier.
 *
 * @throws {RiskInputError} When a number makes no sense.
 */
export function driftlessHitProbability(
  input: Pick<BarrierInput, "distance" | "sigma" | "horizon">,
): number {
  within("sigma", input.sigma, { above: 0 });
  within("horizon", input.horizon, { above: 0 });
  return Math.min(1, 2 * normalCdf(-Math.abs(input.distance) / spread(input)));
}

function touch({
  depth,
  nu,
  sigma,
  years,
}: {
  readonly depth: number;
  readonly nu: number;
  readonly sigma: number;
  readonly years: number;
}): number {
  const v = sigma * Math.sqrt(years);
  if (depth === Number.POSITIVE_INFINITY) return 0;
  const direct = normalCdf((-depth - nu * years) / v);
  const tail = normalCdf((-depth + nu * years) / v);
  // Reflected paths weigh exp(2νb/σ²), which alone may overflow where the tail is nothing.
  const reflected = tail === 0 ? 0 : Math.exp((-2 * nu * depth) / sigma ** 2 + Math.log(tail));
  return Math.min(1, direct + reflected);
}

/**
 * Return by how much funding brings the barrier nearer, to first order [per year].
 *
 * `rate` is what the position pays of its notional [per year]; `leverage` is notional over margin.
 *
 * @throws {RiskInputError} When the leverage is not above 1.
 */
export function fundingDrift({
  rate,
  leverage,
  side,
}: {
  readonly rate: number;
  readonly leverage: number;
  readonly side: Side;
}): number {
  within("leverage", leverage, { above: side === "long" ? 1 : 0 });
  within("funding rate", rate, {});
  return rate / (side === "long" ? 1 - 1 / leverage : 1 + 1 / leverage);
}

/** What a margin must withstand. */
export interface MarginInput {
  /** Probability of liquidation that is accepted. */
  readonly p: number;
  readonly sigma: number;
  /** [s] */
  readonly horizon: number;
  /** Maintenance margin as a share of notional, liquidation fee included. */
  readonly maintenance: number;
  readonly side: Side;
}

/**
 * Return the least margin, as a share of notional, that is liquidated with probability `p` (docs/risk.md: closed form, no drift).
 *
 * @throws {RiskInputError} When a number makes no sense.
 */
export function marginRatioFor(input: MarginInput): number {
  const { p, maintenance, side } = input;
  within("p", p, { above: 0, below: 1 });
  within("maintenance", maintenance, { least: 0, below: 1 });
  within("sigma", input.sigma, { above: 0 });
  within("horizon", input.horizon, { above: 0 });
  const move = spread(input) * normalQuantile(p / 2);
  return side === "long"
    ? 1 - (1 - maintenance) * Math.exp(move)
    : (1 + maintenance) * Math.exp(-move) - 1;
}

/** Return ln(liquidation price ÷ price) of a position entered at the price with `margin` as a share of notional. */
export function distanceOf({
  margin,
  maintenance,
  side,
}: {
  readonly margin: number;
  readonly maintenance: number;
  readonly side: Side;
}): number {
  if (side === "short") return Math.log((1 + margin) / (1 + maintenance));
  return margin >= 1 ? Number.NEGATIVE_INFINITY : Math.log((1 - margin) / (1 - maintenance));
}

/** Return the median time until the barrier is touched, without drift [s]. */
export function medianTime({
  distance,
  sigma,
}: {
  readonly distance: number;
  readonly sigma: number;
}): number {
  within("sigma", sigma, { above: 0 });
  return (distance / (normalQuantile(0.75) * sigma)) ** 2 * YEAR;
}

/**
 * Return the maintenance margin, as a share of notional, that a keeper who acts after `latency` needs, so that the price
 * is beyond bankruptcy with probability `q` at most.
 */
export function latencyBuffer({
  sigma,
  latency,
  q,
}: {
  readonly sigma: number;
  readonly latency: number;
  readonly q: number;
}): number {
  within("sigma", sigma, { above: 0 });
  within("latency", latency, { least: 0 });
  within("q", q, { above: 0, below: 0.5 });
  return 1 - Math.exp(sigma * Math.sqrt(latency / YEAR) * normalQuantile(q));
}

function spread({ sigma, horizon }: { readonly sigma: number; readonly horizon: number }): number {
  return sigma * Math.sqrt(horizon / YEAR);
}
