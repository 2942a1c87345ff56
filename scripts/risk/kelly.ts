import { within } from "./errors.ts";

/** What growth one expects, and how sure one is. */
export interface KellyInput {
  /** Expected return of the asset [per year]. */
  readonly mu: number;
  /** Standard error of that expectation [per year]. */
  readonly standardError: number;
  /** Return without risk [per year]. */
  readonly riskFree: number;
  readonly sigma: number;
}

/** Growth at one leverage, were the return a standard error lower, as expected, and one higher [per year]. */
export interface GrowthRow {
  readonly leverage: number;
  readonly low: number;
  readonly expected: number;
  readonly high: number;
}

/** Return the leverage of fastest growth, `(μ − r) ÷ σ²`. */
export function kellyLeverage({
  mu,
  riskFree,
  sigma,
}: Pick<KellyInput, "mu" | "riskFree" | "sigma">): number {
  within("sigma", sigma, { above: 0 });
  return (mu - riskFree) / sigma ** 2;
}

/** Return the rate of growth at a leverage: `r + f(μ − r) − f²σ²/2` [per year]. */
export function growthRate(
  leverage: number,
  { mu, riskFree, sigma }: Pick<KellyInput, "mu" | "riskFree" | "sigma">,
): number {
  return riskFree + leverage * (mu - riskFree) - (leverage * sigma) ** 2 / 2;
}

/**
 * Return the probability that one who bets a fraction of Kelly ever falls to `share` of the start: `x^(2/c − 1)` (Thorp 2006).
 *
 * @throws {RiskInputError} When the fraction is not in (0, 2) or the share not in (0, 1).
 */
export function drawdownProbability({
  fraction,
  share,
}: {
  readonly fraction: number;
  readonly share: number;
}): number {
  within("fraction of Kelly", fraction, { above: 0, below: 2 });
  within("share of the start", share, { above: 0, below: 1 });
  return share ** (2 / fraction - 1);
}

/** Return growth at each leverage, at the expected return and one standard error to either side. */
export function growthTable(input: KellyInput, leverages: readonly number[]): readonly GrowthRow[] {
  within("standard error", input.standardError, { least: 0 });
  return leverages.map((leverage) => {
    const at = (mu: number) => growthRate(leverage, { ...input, mu });
    return {
      leverage,
      low: at(input.mu - input.standardError),
      expected: at(input.mu),
      high: at(input.mu + input.standardError),
    };
  });
}
