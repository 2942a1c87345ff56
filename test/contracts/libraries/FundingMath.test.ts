import { expect } from "chai";
import { parseEther } from "ethers";
import fc from "fast-check";
import type { MathHarness } from "../../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../../fixtures/mathHarness.ts";
import { marketOf } from "../../fixtures/states.ts";

const PRICE = parseEther("2000");
const SCALE = parseEther("1000");
/** One millionth a second. */
const MAX_RATE = 1_000_000_000_000n;
const DAY = 86_400n;

describe("FundingMath", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  describe("velocity", () => {
    it("is the largest rate times the share of the scale times the price", async () => {
      // 1e-6 × 500/1000 × 2000 = 0.001 a second; the same for shorts with the other sign.
      const longs = await harness.velocity(PRICE, parseEther("500"), MAX_RATE, SCALE);
      const shorts = await harness.velocity(PRICE, parseEther("-500"), MAX_RATE, SCALE);
      expect(longs).to.equal(parseEther("0.001"));
      expect(shorts).to.equal(parseEther("-0.001"));
    });

    it("saturates at the scale on both sides", async () => {
      // 1e-6 × 1 × 2000 = 0.002 a second.
      const longs = await harness.velocity(PRICE, parseEther("5000"), MAX_RATE, SCALE);
      const shorts = await harness.velocity(PRICE, parseEther("-5000"), MAX_RATE, SCALE);
      expect(longs).to.equal(parseEther("0.002"));
      expect(shorts).to.equal(parseEther("-0.002"));
    });

    it("never lets the heavier side receive", async () => {
      const sizes = fc.bigInt({ min: -(2n ** 96n), max: 2n ** 96n });
      const rates = fc.bigInt({ min: 0n, max: 317_097_919_837n });
      const scales = fc.bigInt({ min: 1n, max: 2n ** 96n });
      const prices = fc.bigInt({ min: 1n, max: 2n ** 96n });
      await fc.assert(
        fc.asyncProperty(prices, sizes, rates, scales, async (price, skew, rate, scale) => {
          const velocity = await harness.velocity(price, skew, rate, scale);
          expect(velocity * skew >= 0n).to.equal(true);
        }),
      );
    });
  });

  describe("owed", () => {
    it("charges longs and credits shorts for a day of positive funding", async () => {
      // Index after a day at 0.001 a second: 86.4. Long 2 owes 172.8, short 2 is owed 172.8.
      const start = marketOf({ fundingVelocity: parseEther("0.001") });
      const { fundingIndex } = await harness.marketAccrue(start, DAY);
      expect(fundingIndex).to.equal(parseEther("86.4"));
      expect(await harness.fundingOwed(parseEther("2"), fundingIndex, 0n)).to.equal(
        parseEther("172.8"),
      );
      expect(await harness.fundingOwed(parseEther("-2"), fundingIndex, 0n)).to.equal(
        parseEther("-172.8"),
      );
    });

    it("counts from the snapshot", async () => {
      // 2 × (86.4 − 80) = 12.8.
      const owed = await harness.fundingOwed(parseEther("2"), parseEther("86.4"), parseEther("80"));
      expect(owed).to.equal(parseEther("12.8"));
    });

    it("rounds up what is paid and down what is received", async () => {
      // ±1e-18 of a wei: a payer owes a whole wei, a receiver is owed nothing.
      expect(await harness.fundingOwed(1n, 1n, 0n)).to.equal(1n);
      expect(await harness.fundingOwed(-1n, 1n, 0n)).to.equal(0n);
    });

    it("leaves the pool at least the net of all positions, and at most a wei for each more", async () => {
      const sizes = fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n });
      const book = fc.array(sizes, { minLength: 1, maxLength: 8 });
      const indices = fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n });
      await fc.assert(
        fc.asyncProperty(book, indices, indices, async (positions, index, snapshot) => {
          const owed = await Promise.all(
            positions.map((size) => harness.fundingOwed(size, index, snapshot)),
          );
          const sum = owed.reduce((total, part) => total + part, 0n) * parseEther("1");
          const net = positions.reduce((total, size) => total + size, 0n) * (index - snapshot);
          expect(sum >= net).to.equal(true);
          expect(sum < net + BigInt(positions.length) * parseEther("1")).to.equal(true);
        }),
        { numRuns: 40 },
      );
    });
  });
});
