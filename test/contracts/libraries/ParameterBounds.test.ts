import { expect } from "chai";
import { encodeBytes32String, parseEther } from "ethers";
import { network } from "hardhat";
import type { Terms } from "../../../scripts/core/types.ts";
import type { CurveParametersStruct } from "../../../types/ethers-contracts/contracts/mocks/BoundsHarness.ts";
import type { BoundsHarness } from "../../../types/ethers-contracts/index.ts";
import { termsOf } from "../../fixtures/states.ts";

/** One bound of a parameter, and what has to be so beside it that nothing else refuses. */
interface Edge<Fields> {
  readonly name: string;
  readonly lower: bigint;
  readonly upper: bigint;
  /** Left out where the type of the parameter, or another bound, ends before. */
  readonly reaches?: "lower" | "upper";
  readonly beside?: Partial<Fields>;
}

const UINT96 = 2n ** 96n - 1n;
/** A token of 6 decimals: its unit in WAD. */
const UNIT = 10n ** 12n;
const DAY = 86_400n;

// The bounds of BH-8 as they stand in the specification, not as the code computes them.
describe("ParameterBounds", () => {
  let harness: BoundsHarness;

  before(async () => {
    const { ethers } = await network.create();
    harness = await ethers.deployContract("BoundsHarness");
  });

  const refuses = async (call: Promise<unknown>, name: string, ...figures: readonly bigint[]) =>
    expect(call)
      .to.be.revertedWithCustomError(harness, "ParameterOutOfBounds")
      .withArgs(encodeBytes32String(name), ...figures);

  /** Both edges are allowed, and one beyond is named with its bounds. */
  function holdsEdges<Fields extends object>(
    edges: readonly Edge<Fields>[],
    check: (fields: Partial<Fields>) => Promise<unknown>,
  ): void {
    for (const { name, lower, upper, reaches, beside = {} } of edges) {
      const at = (value: bigint) => check({ ...beside, [name]: value } as Partial<Fields>);
      if (reaches !== "upper") {
        it(`${name} may be ${lower} and no less`, async () => {
          await at(lower);
          await refuses(at(lower - 1n), name, lower - 1n, lower, upper);
        });
      }
      if (reaches !== "lower") {
        it(`${name} may be ${upper} and no more`, async () => {
          await at(upper);
          await refuses(at(upper + 1n), name, upper + 1n, lower, upper);
        });
      }
    }
  }

  describe("of terms", () => {
    /** Legal at the widest initial margin; amounts 2, 4, 8 and so on, in whole units. */
    const base = termsOf({
      initialMarginRatio: parseEther("1"),
      maintenanceMarginRatio: parseEther("0.02"),
      liquidationFeeRatio: parseEther("0.005"),
      positionFeeRatio: parseEther("0.0005"),
      liquidationTarget: parseEther("1.25"),
      minReserveRatio: parseEther("0.1"),
      liquidationCooldown: 30n,
      keeperFeeFloor: 2n * UNIT,
      keeperFeeCap: 8n * UNIT,
      minMaintenance: 10n * UNIT,
      minMargin: 12n * UNIT,
      minNotional: 14n * UNIT,
    });
    const check = (fields: Partial<Terms>, minInitialMarginRatio = parseEther("0.01")) =>
      harness.checkTerms({ ...base, ...fields }, minInitialMarginRatio, UNIT);

    holdsEdges<Terms>(
      [
        {
          name: "maintenanceMarginRatio",
          lower: parseEther("0.001"),
          upper: parseEther("0.5"),
        },
        { name: "liquidationFeeRatio", lower: parseEther("0.0001"), upper: parseEther("0.1") },
        { name: "positionFeeRatio", lower: parseEther("0.0001"), upper: parseEther("0.02") },
        { name: "liquidationTarget", lower: parseEther("1.1"), upper: parseEther("2") },
        // (0.02 + 0.005) × 1.25
        { name: "initialMarginRatio", lower: parseEther("0.03125"), upper: parseEther("1") },
        { name: "minReserveRatio", lower: parseEther("0.01"), upper: parseEther("1") },
        { name: "liquidationCooldown", lower: 1n, upper: 3_600n },
        { name: "keeperFeeFloor", lower: UNIT, upper: UINT96, reaches: "lower" },
        { name: "keeperFeeCap", lower: 2n * UNIT, upper: UINT96, reaches: "lower" },
        { name: "minMaintenance", lower: 4n * UNIT, upper: UINT96, reaches: "lower" },
        {
          name: "minMargin",
          lower: 10n * UNIT,
          upper: UINT96,
          beside: { minNotional: UINT96 },
        },
        { name: "minNotional", lower: 12n * UNIT, upper: UINT96 },
      ],
      check,
    );

    it("fills what the type of an amount can hold", async () => {
      await check({ keeperFeeCap: UINT96 });
      await check({ minMaintenance: UINT96, minMargin: UINT96, minNotional: UINT96 });
    });

    it("initial margin must reach the target with the fee, rounded up", async () => {
      // (0.02 + 0.005000000000000001) × 1.25 = 0.03125000000000000125
      const fields = { liquidationFeeRatio: parseEther("0.005") + 1n };
      const least = parseEther("0.03125") + 2n;
      await check({ ...fields, initialMarginRatio: least });
      await refuses(
        check({ ...fields, initialMarginRatio: least - 1n }),
        "initialMarginRatio",
        least - 1n,
        least,
        parseEther("1"),
      );
    });

    it("initial margin must be what the oracle's kind demands, where that is more", async () => {
      const demanded = parseEther("0.05");
      await check({ initialMarginRatio: demanded }, demanded);
      await refuses(
        check({ initialMarginRatio: demanded - 1n }, demanded),
        "initialMarginRatio",
        demanded - 1n,
        demanded,
        parseEther("1"),
      );
    });

    it("the floor of the keeper's fee is a whole number of token units", async () => {
      await refuses(check({ keeperFeeFloor: UNIT + 1n }), "keeperFeeFloor rounding", 1n, 0n, 0n);
    });
  });

  describe("of curves", () => {
    // Per second: 10, 5 and 0.1 a year of 31,536,000 s, rounded down.
    const mostFunding = 317_097_919_837n;
    const mostBorrow = 158_548_959_918n;
    const leastFull = 3_170_979_198n;
    const base = {
      skewScale: parseEther("1000"),
      fundingScale: parseEther("1000"),
      maxFundingRate: 1n,
      minBorrowRate: 4_000_000_000n,
      kinkBorrowRate: 5_000_000_000n,
      maxBorrowRate: 6_000_000_000n,
      kinkUtilization: parseEther("0.8"),
    };
    const check = (fields: Partial<CurveParametersStruct>) =>
      harness.checkCurves({ ...base, ...fields }, parseEther("0.8"));

    holdsEdges<CurveParametersStruct>(
      [
        { name: "skewScale", lower: 1n, upper: UINT96 },
        { name: "fundingScale", lower: 1n, upper: UINT96 },
        { name: "maxFundingRate", lower: 0n, upper: mostFunding, reaches: "upper" },
        { name: "kinkUtilization", lower: parseEther("0.1"), upper: parseEther("0.95") },
        { name: "minBorrowRate", lower: 1n, upper: 5_000_000_000n },
        // Its lower bound is the upper one of the rate at the kink, which is checked before.
        { name: "maxBorrowRate", lower: 5_000_000_000n, upper: mostBorrow, reaches: "upper" },
      ],
      check,
    );

    it("kinkBorrowRate may be as low as the least rate and as high as the largest", async () => {
      await check({ kinkBorrowRate: 4_000_000_000n });
      await check({ kinkBorrowRate: 6_000_000_000n });
      const above = { kinkBorrowRate: 6_000_000_001n };
      await refuses(check(above), "kinkBorrowRate", 6_000_000_001n, 4_000_000_000n, 6_000_000_000n);
    });

    it("reserving a whole pool costs 10% a year at least", async () => {
      const flat = (rate: bigint) => ({
        minBorrowRate: rate,
        kinkBorrowRate: rate,
        maxBorrowRate: rate,
      });
      await check(flat(leastFull));
      await refuses(
        check(flat(leastFull - 1n)),
        "borrowRate at maxUtilization",
        leastFull - 1n,
        leastFull,
        mostBorrow,
      );
    });
  });

  describe("of the pool", () => {
    /** The largest request that fits 96 bits as WAD [token]. */
    const most = 79_228_162_514_264_337n;
    const base = {
      maxUtilization: parseEther("0.8"),
      minNavRatio: parseEther("0.1"),
      depositDelay: 300n,
      redeemDelay: 300n,
      settleGrace: 60n,
      minRequestToken: most,
      requestFeeToken: 5n,
    };
    const check = (fields: Partial<typeof base>) => harness.checkPool({ ...base, ...fields }, UNIT);

    holdsEdges<typeof base>(
      [
        { name: "maxUtilization", lower: parseEther("0.1"), upper: parseEther("0.9") },
        { name: "minNavRatio", lower: parseEther("0.01"), upper: parseEther("0.9") },
        { name: "depositDelay", lower: 60n, upper: 7n * DAY },
        { name: "redeemDelay", lower: 60n, upper: 7n * DAY },
        { name: "settleGrace", lower: 30n, upper: DAY },
        { name: "requestFeeToken", lower: 1n, upper: 7_922_816_251_426_433n },
        { name: "minRequestToken", lower: 50n, upper: most },
      ],
      check,
    );
  });

  describe("of open interest", () => {
    it("is at least a wei, and at most the depth times the slope, rounded down", async () => {
      const depth = parseEther("1") + 1n;
      const slope = parseEther("0.5");
      await harness.checkOpenInterest(1n, depth, slope);
      await harness.checkOpenInterest(slope, depth, slope);
      await refuses(harness.checkOpenInterest(0n, depth, slope), "maxOpenInterest", 0n, 1n, slope);
      const above = slope + 1n;
      const call = harness.checkOpenInterest(above, depth, slope);
      await refuses(call, "maxOpenInterest", above, 1n, slope);
    });

    it("has the slope of twice the fee, less what the fee itself is charged on", async () => {
      // 0.001 ÷ 1.0005, rounded down
      const terms = termsOf({
        positionFeeRatio: parseEther("0.0005"),
        maintenanceMarginRatio: parseEther("0.02"),
      });
      expect(await harness.slopeOf(terms)).to.equal(999_500_249_875_062n);
    });

    it("has the slope of maintenance margin where that is less", async () => {
      const terms = termsOf({
        positionFeeRatio: parseEther("0.0005"),
        maintenanceMarginRatio: parseEther("0.0009"),
      });
      expect(await harness.slopeOf(terms)).to.equal(parseEther("0.0009"));
    });
  });
});
