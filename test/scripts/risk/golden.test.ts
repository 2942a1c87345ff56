import { expect } from "chai";
import {
  distanceOf,
  driftlessHitProbability,
  fundingDrift,
  hitProbability,
  latencyBuffer,
  marginRatioFor,
  medianTime,
  type Side,
  YEAR,
} from "../../../scripts/risk/barrier.ts";
import { RiskInputError } from "../../../scripts/risk/errors.ts";
import {
  drawdownProbability,
  growthRate,
  growthTable,
  kellyLeverage,
} from "../../../scripts/risk/kelly.ts";
import { normalCdf, normalQuantile } from "../../../scripts/risk/normal.ts";
import { expectNear } from "../../fixtures/near.ts";

// The numbers of the golden table come from the research that this project began with, worked out there with other tools;
// each is given to as many digits as it was written down with.

const DAY = 86_400;
/** Maintenance margin of the table. */
const MAINTENANCE = 0.005;
const SIGMA = 0.6;

const distance = (leverage: number, side: Side) =>
  distanceOf({ margin: 1 / leverage, maintenance: MAINTENANCE, side });
const oddsOf = (leverage: number, side: Side) =>
  hitProbability({ distance: distance(leverage, side), sigma: SIGMA, horizon: DAY });

describe("normal distribution", () => {
  // Abramowitz and Stegun, tables 26.1 and 26.5; the far tails from the asymptotic series.
  const table = [
    [0, 0.5],
    [1, 0.841_344_746_068_543],
    [-1.96, 0.024_997_895_148_22],
    [-3.090_232_306_167_813, 0.001],
    [-8, 6.220_960_574_271_785e-16],
  ] as const;

  for (const [x, p] of table) {
    it(`gives ${p} at ${x}`, () => {
      expectNear(normalCdf(x) / p, 1, 1e-7);
    });
  }

  it("is undone by its quantile", () => {
    for (const p of [1e-9, 0.000_5, 0.02, 0.3, 0.5, 0.9, 0.999_9]) {
      expectNear(normalCdf(normalQuantile(p)) / p, 1, 1e-12);
    }
    expect(normalQuantile(0)).to.equal(Number.NEGATIVE_INFINITY);
    expect(normalQuantile(1)).to.equal(Number.POSITIVE_INFINITY);
    expect(normalQuantile(-0.1)).to.be.NaN;
  });
});

describe("golden table", () => {
  describe("hitProbability", () => {
    it("refuses what makes no sense", () => {
      const bad = [{ sigma: 0 }, { horizon: -1 }, { heartbeat: -1 }, { mu: Number.NaN }];
      for (const wrong of bad) {
        const input = { distance: -0.1, sigma: SIGMA, horizon: DAY, ...wrong };
        expect(() => hitProbability(input)).to.throw(RiskInputError);
      }
      expect(() => hitProbability({ distance: Number.NaN, sigma: 1, horizon: 1 })).to.throw(
        RiskInputError,
      );
    });

    const closedForm = [
      [10, "long", 0.001_47, 5e-6],
      [20, "long", 0.1439, 5e-5],
      // Written down as .1596; by hand Φ(−1.41048) + e^(−0.043803) Φ(−1.37908) = .07920 + .95714 × .08393 = .15954.
      [20, "short", 0.159_54, 2e-5],
      [50, "short", 0.6324, 5e-5],
    ] as const;
    for (const [leverage, side, p, tolerance] of closedForm) {
      it(`gives ${p} for ${leverage}x ${side} in a day at 60%`, () => {
        expectNear(oddsOf(leverage, side), p, tolerance);
      });
    }

    it("gives twice what looking at the end alone gives: .0724 for 20x long, about half of .1439", () => {
      const v = SIGMA * Math.sqrt(DAY / YEAR);
      const terminal = normalCdf((distance(20, "long") + (SIGMA ** 2 / 2) * (DAY / YEAR)) / v);
      expectNear(terminal, 0.0724, 5e-5);
      expectNear(oddsOf(20, "long") / terminal, 2, 0.02);
    });

    it("is exactly twice the terminal probability without drift", () => {
      // 2 Φ(−0.1 ÷ (0.6 √(1/365))): −3.18421…, by the table 2 × 0.000725764….
      const b = -0.1;
      const v = SIGMA * Math.sqrt(1 / 365);
      const driftless = driftlessHitProbability({ distance: b, sigma: SIGMA, horizon: DAY });
      expectNear(driftless, 2 * normalCdf(b / v), 1e-15);
      const canceled = hitProbability({
        distance: b,
        sigma: SIGMA,
        horizon: DAY,
        mu: SIGMA ** 2 / 2,
      });
      expectNear(canceled, driftless, 1e-15);
    });

    it("uses ν/σ², not ν/σ, in the weight of reflected paths", () => {
      // By hand, 20x long: ν = −0.18, T = 1/365, v = 0.0314049, b = ln(.95/.995) = −0.0462810;
      // Φ((b − νT)/v) = Φ(−1.45798) = .07242; e^(2νb/σ²) = e^(−b) = 1.04737; Φ((b + νT)/v) = Φ(−1.48939) = .06819.
      // With ν/σ the weight were e^(2νb/σ) = 1.02816 instead, and the sum .14253.
      const right = 0.07242 + 1.04737 * 0.06819;
      const wrong = 0.07242 + 1.02816 * 0.06819;
      expectNear(oddsOf(20, "long"), right, 2e-5);
      expect(Math.abs(oddsOf(20, "long") - wrong)).to.be.greaterThan(1e-3);
    });

    it("gives .1141 for 20x long that is looked at every hour", () => {
      const input = {
        distance: distance(20, "long"),
        sigma: SIGMA,
        horizon: DAY,
        heartbeat: 3_600,
      };
      expectNear(hitProbability(input), 0.1141, 5e-5);
    });

    it("gives 22.8% for 5x long in 30 days, and 28.6% with funding of 3 bp per 8 h", () => {
      const input = { distance: distance(5, "long"), sigma: SIGMA, horizon: 30 * DAY };
      const rate = 0.0003 * 3 * 365;
      const carry = fundingDrift({ rate, leverage: 5, side: "long" });
      // f ÷ (1 − 1/L) = 0.3285 ÷ 0.8.
      expectNear(carry, 0.410_625, 1e-12);
      expectNear(hitProbability(input), 0.228, 5e-4);
      expectNear(hitProbability({ ...input, carry }), 0.286, 5e-4);
    });

    it("makes funding that is paid worse for a short too", () => {
      const input = { distance: distance(5, "short"), sigma: SIGMA, horizon: 30 * DAY };
      const carry = fundingDrift({ rate: 0.3285, leverage: 5, side: "short" });
      expectNear(carry, 0.3285 / 1.2, 1e-12);
      expect(hitProbability({ ...input, carry })).to.be.greaterThan(hitProbability(input));
    });

    it("is certain at the barrier and impossible without one", () => {
      const input = { sigma: SIGMA, horizon: DAY };
      expect(hitProbability({ ...input, distance: 0 })).to.equal(1);
      expect(hitProbability({ ...input, distance: Number.NEGATIVE_INFINITY })).to.equal(0);
    });
  });

  describe("marginRatioFor", () => {
    const rows = [
      [0.01, "long", 0.0823, 12.1],
      [0.01, "short", 0.0897, 11.2],
    ] as const;
    for (const [p, side, ratio, leverage] of rows) {
      it(`gives ${ratio} (${leverage}x) ${side} at ${p}`, () => {
        const found = marginRatioFor({
          p,
          sigma: SIGMA,
          horizon: DAY,
          maintenance: MAINTENANCE,
          side,
        });
        expectNear(found, ratio, 5e-5);
        expectNear(1 / found, leverage, 0.06);
      });
    }

    it("gives 9.7x and 8.7x at 0.1%", () => {
      const input = { p: 0.001, sigma: SIGMA, horizon: DAY, maintenance: MAINTENANCE };
      expectNear(1 / marginRatioFor({ ...input, side: "long" }), 9.7, 0.05);
      expectNear(1 / marginRatioFor({ ...input, side: "short" }), 8.7, 0.05);
    });

    it("is what the driftless closed form liquidates with that probability", () => {
      for (const side of ["long", "short"] as const) {
        const margin = marginRatioFor({
          p: 0.02,
          sigma: 0.8,
          horizon: 7 * DAY,
          maintenance: 0.025,
          side,
        });
        const back = distanceOf({ margin, maintenance: 0.025, side });
        expectNear(
          driftlessHitProbability({ distance: back, sigma: 0.8, horizon: 7 * DAY }),
          0.02,
          1e-12,
        );
      }
    });

    it("refuses a probability that is none", () => {
      const input = { sigma: SIGMA, horizon: DAY, maintenance: 0.005, side: "long" as const };
      expect(() => marginRatioFor({ ...input, p: 0 })).to.throw(RiskInputError);
      expect(() => marginRatioFor({ ...input, p: 1 })).to.throw(RiskInputError);
    });
  });

  describe("medianTime", () => {
    it("is (b ÷ 0.6745σ)² years", () => {
      // (0.2 ÷ (0.674490 × 0.8))² = (0.2 ÷ 0.539592)² = 0.370651² = 0.137382 years.
      expectNear(medianTime({ distance: -0.2, sigma: 0.8 }) / YEAR, 0.137_382, 1e-6);
    });
  });

  describe("latencyBuffer", () => {
    const rows = [
      [1.2, 12, 0.0023, 5e-5],
      [1.2, 60, 0.0051, 5e-5],
      [1.2, 600, 0.016, 5e-5],
      [1.2, 3_600, 0.0388, 5e-5],
      [3, 3_600, 0.094, 5e-4],
    ] as const;
    for (const [sigma, latency, buffer, tolerance] of rows) {
      it(`gives ${buffer} at ${sigma} after ${latency} s`, () => {
        expectNear(latencyBuffer({ sigma, latency, q: 0.001 }), buffer, tolerance);
      });
    }
  });

  describe("kelly", () => {
    it("gives x of the start ever with probability x, and x³ at half of it", () => {
      expectNear(drawdownProbability({ fraction: 1, share: 0.3 }), 0.3, 1e-15);
      expectNear(drawdownProbability({ fraction: 0.5, share: 0.3 }), 0.027, 1e-15);
      expect(() => drawdownProbability({ fraction: 2, share: 0.3 })).to.throw(RiskInputError);
    });

    it("grows fastest at (μ − r) ÷ σ², by half the square of the Sharpe ratio", () => {
      const input = { mu: 0.3, riskFree: 0.05, sigma: 0.5 };
      expect(kellyLeverage(input)).to.equal(1);
      // 0.05 + (0.25 ÷ 0.5)² ÷ 2.
      expectNear(growthRate(1, input), 0.175, 1e-15);
      expectNear(growthRate(2, input), 0.05, 1e-15);
    });

    it("tells growth at one standard error to either side", () => {
      const [row] = growthTable({ mu: 0.3, riskFree: 0, sigma: 0.5, standardError: 0.2 }, [2]);
      // 2μ − 4 × 0.25 ÷ 2 at 0.1, 0.3 and 0.5.
      expectNear(row?.low, -0.3, 1e-15);
      expectNear(row?.expected, 0.1, 1e-15);
      expectNear(row?.high, 0.5, 1e-15);
    });
  });
});
