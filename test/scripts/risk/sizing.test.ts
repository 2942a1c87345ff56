import { expect } from "chai";
import {
  type AllocationInput,
  allocate,
  simulateMandates,
} from "../../../scripts/risk/allocation.ts";
import {
  NoSolutionError,
  PositionRefusedError,
  RiskInputError,
} from "../../../scripts/risk/errors.ts";
import { measureExcursions } from "../../../scripts/risk/excursions.ts";
import { readHistory } from "../../../scripts/risk/history.ts";
import { quoteOdds } from "../../../scripts/risk/odds.ts";
import { drawsOf } from "../../../scripts/risk/random.ts";
import { marginFor, reserveFor, sizeFor, timeByFees } from "../../../scripts/risk/sizing.ts";
import { ewmaVolatility } from "../../../scripts/risk/volatility.ts";
import { expectNear } from "../../fixtures/near.ts";
import { curvesOf, marketOf, positionOf, termsOf } from "../../fixtures/states.ts";

const WAD = 10n ** 18n;
const DAY = 86_400;

/** Maintenance and fee of the golden table: 0.4% and 0.1%; little else. */
const TERMS = termsOf({
  initialMarginRatio: WAD / 100n,
  maintenanceMarginRatio: (4n * WAD) / 1000n,
  liquidationFeeRatio: WAD / 1000n,
});

/** Two years of a walk by the hour, 60% a year. */
function walk() {
  const draws = drawsOf({ seed: 77, stream: 0 });
  const size = 0.6 * Math.sqrt(3_600 / 31_536_000);
  let price = 2_000;
  const lines = Array.from({ length: 24 * 730 }, (_, hour) => {
    const open = price;
    price = open * Math.exp(size * draws.normal());
    return [
      1_600_000_000 + hour * 3_600,
      open,
      Math.max(open, price),
      Math.min(open, price),
      price,
    ].join(",");
  });
  return readHistory(["timestamp,open,high,low,close", ...lines].join("\n"), "walk.csv");
}

const HISTORY = walk();
const TABLE = measureExcursions(HISTORY, { horizon: DAY, volatility: ewmaVolatility(HISTORY) });

describe("marginFor", () => {
  const input = { p: 0.01, side: "long", sigma: 0.6, horizon: DAY, terms: TERMS } as const;

  it("gives the closed form of the golden table, and the fee on top", () => {
    const found = marginFor(input);
    expectNear(found.closedForm, 0.0823, 5e-5);
    expect(found.empirical).to.equal(undefined);
    // The least that the market takes is 1%; a position fee of 0.05% comes on top.
    expectNear(found.required, 0.01, 1e-12);
    expectNear(found.advised, 0.0823 + 0.0005, 5e-5);
  });

  it("finds about the same in a walk of that volatility, looked at every hour", () => {
    const found = marginFor({ ...input, p: 0.05, table: TABLE });
    expect(found.n).to.be.within(700, 730);
    expectNear(found.empirical ?? 0, found.closedForm, 0.012);
  });

  it("says nothing about probabilities that are too small for the windows", () => {
    expect(marginFor({ ...input, p: 0.000_1, table: TABLE }).empirical).to.equal(undefined);
  });

  it("never advises less than the market takes", () => {
    expectNear(marginFor({ ...input, p: 0.9 }).advised, 0.0105, 1e-12);
  });
});

describe("sizeFor", () => {
  it("is the margin over the advised ratio", () => {
    const input = { p: 0.01, side: "short", sigma: 0.6, horizon: DAY, terms: TERMS } as const;
    expectNear(sizeFor(input, 1_000).notional, 1_000 / (0.0897 + 0.0005), 10);
    expect(() => sizeFor(input, 0)).to.throw(RiskInputError);
  });
});

describe("reserveFor", () => {
  const input = {
    side: "long",
    sigma: 0.6,
    horizon: DAY,
    p: 0.01,
    borrowRate: 1e-9,
    notional: 10_000,
    minReserveRatio: 0.05,
  } as const;

  it("lets the price run as far as it goes but for 1%: e^(0.0314049 × 2.5758) − 1 = 8.43%", () => {
    const found = reserveFor(input);
    expectNear(found.move, 0.0843, 5e-5);
    expectNear(found.reserve, 843, 0.5);
    expectNear(found.costPerDay, 843 * 1e-9 * DAY, 1e-4);
  });

  it("stays within the bounds of the market", () => {
    expect(reserveFor({ ...input, minReserveRatio: 0.1 }).ratio).to.equal(0.1);
    expect(reserveFor({ ...input, sigma: 20 }).ratio).to.equal(1);
  });
});

describe("timeByFees", () => {
  it("is what is left over maintenance by the fees of a day", () => {
    expect(timeByFees({ equity: 1_000, maintenance: 400, feesPerDay: 20 })).to.equal(30 * DAY);
  });

  it("is never where the position is paid, and now where it is below already", () => {
    expect(timeByFees({ equity: 1_000, maintenance: 400, feesPerDay: -1 })).to.equal(
      Number.POSITIVE_INFINITY,
    );
    expect(timeByFees({ equity: 300, maintenance: 400, feesPerDay: 1 })).to.equal(0);
  });
});

describe("quoteOdds", () => {
  const position = positionOf({
    size: 10n * WAD,
    openNotional: 20_000n * WAD,
    margin: 1_000n * WAD,
    reserve: 5_000n * WAD,
  });
  const scene = {
    market: marketOf({}),
    curves: curvesOf(),
    terms: TERMS,
    price: 2_000n * WAD,
    now: 0n,
  };

  it("tells the most that can be lost and won, the liquidation price and three horizons", () => {
    const found = quoteOdds({ position, scene, history: HISTORY, mandateCap: 300n * WAD });
    expect(found.mostToLose).to.equal(1_300n * WAD);
    expect(found.mostToWin).to.equal(5_000n * WAD);
    // 19,000 ÷ (10 × 0.995).
    expectNear(Number(found.liquidationPrice) / 1e18, 1_909.547_738, 1e-6);
    expect(found.horizons.map(({ horizon }) => horizon)).to.deep.equal([3_600, DAY, 7 * DAY]);
    expectNear(found.sigma, 0.6, 0.15);
    const [hour, day, week] = found.horizons.map(({ empirical }) => empirical?.p ?? -1);
    expect(hour ?? 1).to.be.lessThan(day ?? 0);
    expect(day ?? 1).to.be.lessThan(week ?? 0);
  });

  it("gives the golden odds of 20x at 60% in closed form, funding and borrow fee being nothing", () => {
    const found = quoteOdds({ position, scene, history: HISTORY, sigma: 0.6, horizons: [DAY] });
    expectNear(found.horizons[0]?.closedForm, 0.1439, 1e-4);
  });

  it("adds what funding and the borrow fee take as drift", () => {
    // 0.3285 of notional a year: 2,000 × 0.3285 ÷ 31,536,000 s a base unit.
    const velocity = BigInt(Math.round(((2_000 * 0.3285) / 31_536_000) * 1e18));
    const paying = { ...scene, market: marketOf({ fundingVelocity: velocity }) };
    const found = quoteOdds({
      position,
      scene: paying,
      history: HISTORY,
      sigma: 0.6,
      horizons: [DAY],
    });
    expectNear(found.carry, 0.3285, 1e-9);
    expect(found.horizons[0]?.closedForm ?? 0).to.be.greaterThan(0.1439 + 0.001);
  });

  it("says why where the history is too short for a horizon", () => {
    const found = quoteOdds({ position, scene, history: HISTORY, horizons: [60] });
    expect(found.horizons[0]?.empirical).to.equal(undefined);
    expect(found.horizons[0]?.missing).to.include("too coarse");
  });

  it("refuses a position that is not open", () => {
    const closed = positionOf({});
    expect(() => quoteOdds({ position: closed, scene, history: HISTORY })).to.throw(RiskInputError);
  });
});

describe("allocate", () => {
  const at = (name: string, notional: number, sigma: number) => ({
    name,
    side: "long" as const,
    notional,
    sigma,
    maintenance: 0.005,
    initialMargin: notional * 0.01,
  });
  const INPUT: AllocationInput = {
    positions: [
      at("BTC", 20_000, 0.42),
      at("ETH", 10_000, 0.6),
      at("SOL", 5_000, 0.8),
      at("LINK", 2_000, 0.75),
    ],
    budget: 3_000,
    horizon: DAY,
  };

  it("spends the budget, neither more nor less", () => {
    for (const { margins } of allocate(INPUT)) {
      expectNear(
        margins.reduce((sum, margin) => sum + margin, 0),
        3_000,
        1e-6,
      );
    }
  });

  it("finds an optimum that no shift of a little margin betters, near the rule of thumb, far from equal parts", () => {
    const [equal, rule, best] = allocate(INPUT);
    if (equal === undefined || rule === undefined || best === undefined)
      throw new Error("Three ways.");
    expect(best.bound).to.be.at.most(rule.bound);
    expect(rule.any).to.be.lessThan(equal.any / 2);
    expect(rule.any - best.any).to.be.lessThan(0.02);
  });

  it("equalises what another unit of margin does", () => {
    const best = allocate(INPUT)[2];
    const chance = (place: number, extra: number) => {
      const position = INPUT.positions[place];
      if (position === undefined) throw new Error("No position.");
      const alone = {
        ...INPUT,
        positions: [position],
        budget: (best?.margins[place] ?? 0) + extra,
      };
      return allocate(alone)[0]?.bound ?? Number.NaN;
    };
    const slopes = INPUT.positions.map((_, place) => chance(place, -1) - chance(place, 1));
    for (const slope of slopes) expectNear(slope / (slopes[0] ?? 1), 1, 0.02);
  });

  it("refuses a budget below the initial margins, and numbers that make no sense", () => {
    expect(() => allocate({ ...INPUT, budget: 300 })).to.throw(NoSolutionError, "370");
    expect(() => allocate({ ...INPUT, positions: [] })).to.throw(RiskInputError);
    expect(() => allocate({ ...INPUT, positions: [at("X", -1, 0.5)] })).to.throw(RiskInputError);
  });

  describe("with mandates", () => {
    const [, , best] = allocate(INPUT);
    const input = {
      ...INPUT,
      margins: best?.margins ?? [],
      target: 2,
      correlation: 0.6,
      paths: 4_000,
      steps: 96,
      seed: 1,
    };

    it("liquidates less often where a part waits for whichever needs it", () => {
      const all = simulateMandates({ ...input, placed: 1 });
      const most = simulateMandates({ ...input, placed: 0.8 });
      expect(most.any).to.be.lessThan(all.any);
      expect(all.pulled).to.equal(0);
      expect(most.pulled).to.be.greaterThan(0);
    });

    it("draws the same for the same seed", () => {
      expect(simulateMandates({ ...input, placed: 0.8 })).to.deep.equal(
        simulateMandates({ ...input, placed: 0.8 }),
      );
    });

    it("refuses a correlation of one", () => {
      expect(() => simulateMandates({ ...input, placed: 1, correlation: 1 })).to.throw(
        RiskInputError,
      );
    });
  });
});

describe("PositionRefusedError", () => {
  it("says what the market would say", () => {
    const error = new PositionRefusedError("NotionalTooSmall", { notional: "1", minNotional: "2" });
    expect(error.message).to.include('NotionalTooSmall (notional "1", minNotional "2")');
  });
});
