import { expect } from "chai";
import { encodeBytes32String, parseEther } from "ethers";
import fc from "fast-check";
import type { Terms } from "../../../scripts/core/types.ts";
import type { MathHarness } from "../../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../../fixtures/mathHarness.ts";
import { termsOf } from "../../fixtures/states.ts";
import { plain } from "../../fixtures/structs.ts";

const RATIO_STEP = 10n ** 9n;
const AMOUNT_STEP = 10n ** 12n;

const ratios = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((steps) => steps * RATIO_STEP);
const amounts = fc.bigInt({ min: 0n, max: 2n ** 48n - 1n }).map((steps) => steps * AMOUNT_STEP);

/** Any terms that two words can hold. */
const representable: fc.Arbitrary<Terms> = fc.record({
  initialMarginRatio: ratios,
  maintenanceMarginRatio: ratios,
  liquidationFeeRatio: ratios,
  positionFeeRatio: ratios,
  liquidationTarget: ratios,
  minReserveRatio: ratios,
  liquidationCooldown: fc.bigInt({ min: 0n, max: 2n ** 16n - 1n }),
  keeperFeeFloor: amounts,
  keeperFeeCap: amounts,
  minMaintenance: amounts,
  minMargin: amounts,
  minNotional: amounts,
});

describe("TermsMath", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  describe("pack", () => {
    interface Refused {
      readonly title: string;
      readonly name: keyof Terms;
      readonly value: bigint;
      readonly step: bigint;
    }
    const refused: readonly Refused[] = [
      {
        title: "a ratio finer than its step",
        name: "initialMarginRatio",
        value: parseEther("0.05") + 1n,
        step: RATIO_STEP,
      },
      {
        title: "a ratio beyond 32 bits",
        name: "minReserveRatio",
        value: 2n ** 32n * RATIO_STEP,
        step: RATIO_STEP,
      },
      {
        title: "an amount finer than its step",
        name: "keeperFeeFloor",
        value: parseEther("1") + 1n,
        step: AMOUNT_STEP,
      },
      {
        title: "an amount beyond 48 bits",
        name: "minNotional",
        value: 2n ** 48n * AMOUNT_STEP,
        step: AMOUNT_STEP,
      },
      {
        title: "a cool-off beyond 16 bits",
        name: "liquidationCooldown",
        value: 2n ** 16n,
        step: 1n,
      },
    ];
    for (const { title, name, value, step } of refused) {
      it(`reverts for ${title}`, async () => {
        await expect(harness.packTerms(termsOf({ [name]: value })))
          .to.be.revertedWithCustomError(harness, "TermsNotRepresentable")
          .withArgs(encodeBytes32String(name), value, step);
      });
    }

    it("lays values out from the lowest bit", async () => {
      // Ratios of 1 to 6 steps in 32 bits each, a cool-off of 7 in 16, amounts of 1 to 5 steps in 48 bits each.
      const terms = {
        initialMarginRatio: RATIO_STEP,
        maintenanceMarginRatio: 2n * RATIO_STEP,
        liquidationFeeRatio: 3n * RATIO_STEP,
        positionFeeRatio: 4n * RATIO_STEP,
        liquidationTarget: 5n * RATIO_STEP,
        minReserveRatio: 6n * RATIO_STEP,
        liquidationCooldown: 7n,
        keeperFeeFloor: AMOUNT_STEP,
        keeperFeeCap: 2n * AMOUNT_STEP,
        minMaintenance: 3n * AMOUNT_STEP,
        minMargin: 4n * AMOUNT_STEP,
        minNotional: 5n * AMOUNT_STEP,
      };
      const [first, second] = await harness.packTerms(terms);
      expect(first).to.equal(
        0x000000000004_000000000003_00000005_00000004_00000003_00000002_00000001n,
      );
      expect(second).to.equal(0x000000000005_000000000002_000000000001_0007_00000006n);
    });
  });

  describe("unpack", () => {
    it("gives back what was packed", async () => {
      await fc.assert(
        fc.asyncProperty(representable, async (terms) => {
          const [first, second] = await harness.packTerms(terms);
          expect(plain<Terms>(await harness.unpackTerms(first, second))).to.deep.equal(terms);
        }),
      );
    });
  });
});
