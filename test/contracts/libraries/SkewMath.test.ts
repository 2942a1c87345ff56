import { expect } from "chai";
import { parseEther } from "ethers";
import fc from "fast-check";
import type { MathHarness } from "../../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../../fixtures/mathHarness.ts";

const PRICE = parseEther("2000");
const SCALE = parseEther("100000");

/** Sizes of a liquid and of a cheap market, prices from 1e-9 to 1e9, and no skew beyond a tenth of the scale. */
const prices = fc.bigInt({ min: 10n ** 9n, max: 10n ** 27n });
const depth = parseEther("10000");
const sizes = fc.bigInt({ min: -depth, max: depth });

describe("SkewMath", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  describe("fillPrice", () => {
    it("reverts when a sale pushes the skew to the scale or beyond", async () => {
      // Mid skew: −100,000 + (−2 wei ÷ 2) = −100,000e18 − 1.
      await expect(harness.fillPrice(PRICE, -SCALE, -2n, SCALE))
        .to.be.revertedWithCustomError(harness, "SkewBeyondScale")
        .withArgs(-SCALE - 1n, SCALE);
      // Mid skew: −100,000, a price of zero.
      await expect(harness.fillPrice(PRICE, 2n - SCALE, -4n, SCALE))
        .to.be.revertedWithCustomError(harness, "SkewBeyondScale")
        .withArgs(-SCALE, SCALE);
    });

    it("moves up by half the bought size over the scale", async () => {
      // 2000 × (1 + 100/2 ÷ 100,000) = 2001.
      const fill = await harness.fillPrice(PRICE, 0n, parseEther("100"), SCALE);
      expect(fill).to.equal(parseEther("2001"));
    });

    it("moves down by half the sold size over the scale", async () => {
      // 2000 × (1 − 100/2 ÷ 100,000) = 1999.
      const fill = await harness.fillPrice(PRICE, 0n, parseEther("-100"), SCALE);
      expect(fill).to.equal(parseEther("1999"));
    });

    it("starts from the skew before the trade", async () => {
      // Buy: 2000 × (1 + (1000 + 100) ÷ 100,000) = 2022. Sale: 2000 × (1 + (1000 − 100) ÷ 100,000) = 2018.
      const skew = parseEther("1000");
      expect(await harness.fillPrice(PRICE, skew, parseEther("200"), SCALE)).to.equal(
        parseEther("2022"),
      );
      expect(await harness.fillPrice(PRICE, skew, parseEther("-200"), SCALE)).to.equal(
        parseEther("2018"),
      );
    });

    it("rounds up for a buy and down for a sale", async () => {
      // 10 × (1 ± 1/2 ÷ 3): 11.67 and 8.33.
      expect(await harness.fillPrice(10n, 0n, 1n, 3n)).to.equal(12n);
      expect(await harness.fillPrice(10n, 0n, -1n, 3n)).to.equal(8n);
    });

    it("never falls as the size change grows", async () => {
      await fc.assert(
        fc.asyncProperty(prices, sizes, sizes, sizes, async (price, skew, first, second) => {
          const [less, more] = first < second ? [first, second] : [second, first];
          const atLess = await harness.fillPrice(price, skew, less, SCALE);
          const atMore = await harness.fillPrice(price, skew, more, SCALE);
          expect(atLess <= atMore).to.equal(true);
        }),
      );
    });

    it("costs the same in one step as in two, a wei of price a step apart", async () => {
      await fc.assert(
        fc.asyncProperty(prices, sizes, sizes, sizes, async (price, skew, first, second) => {
          const atOnce = await paid({ price, skew, sizeDelta: first + second });
          const inTwo =
            (await paid({ price, skew, sizeDelta: first })) +
            (await paid({ price, skew: skew + first, sizeDelta: second }));
          const tolerance = magnitude(first) + magnitude(second) + magnitude(first + second);
          expect(magnitude(atOnce - inTwo) <= tolerance).to.equal(true);
        }),
      );
    });

    it("never pays for a round trip", async () => {
      await fc.assert(
        fc.asyncProperty(prices, sizes, sizes, async (price, skew, sizeDelta) => {
          const there = await paid({ price, skew, sizeDelta });
          const back = await paid({ price, skew: skew + sizeDelta, sizeDelta: -sizeDelta });
          expect(there + back >= 0n).to.equal(true);
        }),
      );
    });
  });

  describe("premium", () => {
    it("is the price times half the squared skew over the scale, on either side", async () => {
      // 2000 × 1000² ÷ (2 × 100,000) = 10,000.
      for (const skew of ["1000", "-1000"]) {
        const premium = await harness.premium(PRICE, parseEther(skew), SCALE);
        expect(premium).to.equal(parseEther("10000"));
      }
    });

    it("equals the sum of the impacts that led to the skew", async () => {
      const path = fc.array(sizes, { minLength: 1, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(prices, path, async (price, steps) => {
          let skew = 0n;
          let impacts = 0n;
          let tolerance = 0n;
          for (const sizeDelta of steps) {
            impacts += (await paid({ price, skew, sizeDelta })) - sizeDelta * price;
            skew += sizeDelta;
            tolerance += magnitude(sizeDelta);
          }
          const premium = (await harness.premium(price, skew, SCALE)) * parseEther("1");
          // The premium itself is rounded up twice, each by less than a wei.
          expect(premium >= impacts - tolerance).to.equal(true);
          expect(premium <= impacts + tolerance + 2n * parseEther("1")).to.equal(true);
        }),
        { numRuns: 60 },
      );
    });
  });

  describe("worstExitImpact", () => {
    it("is half the size less the skew in its favour, over the scale", async () => {
      // Long 200, skew +50: (100 − 50) ÷ 100,000 = 0.0005. Short 200, skew +50: (100 + 50) ÷ 100,000 = 0.0015.
      const skew = parseEther("50");
      expect(await harness.worstExitImpact(parseEther("200"), skew, SCALE)).to.equal(
        parseEther("0.0005"),
      );
      expect(await harness.worstExitImpact(parseEther("-200"), skew, SCALE)).to.equal(
        parseEther("0.0015"),
      );
    });

    it("is zero where the exit brings the market back", async () => {
      // Long 200, skew +300: closing earns (300 − 100) ÷ 100,000.
      const impact = await harness.worstExitImpact(parseEther("200"), parseEther("300"), SCALE);
      expect(impact).to.equal(0n);
    });

    it("bounds the cost of closing any part", async () => {
      const shares = fc.bigInt({ min: 1n, max: 1000n });
      await fc.assert(
        fc.asyncProperty(prices, sizes, sizes, shares, async (price, size, skew, share) => {
          const sizeDelta = (-size * share) / 1000n;
          fc.pre(sizeDelta !== 0n);
          const fill = await harness.fillPrice(price, skew, sizeDelta, SCALE);
          const impact = await harness.worstExitImpact(size, skew, SCALE);
          const cost = size > 0n ? price - fill : fill - price;
          // Cost in price ≤ price × impact, but for the one wei by which the fill is rounded.
          expect(cost <= (price * impact) / parseEther("1") + 1n).to.equal(true);
        }),
      );
    });
  });

  /** Size × fill price, exactly [WAD² quote]; negative for what a sale brings. */
  async function paid(trade: {
    readonly price: bigint;
    readonly skew: bigint;
    readonly sizeDelta: bigint;
  }): Promise<bigint> {
    const { price, skew, sizeDelta } = trade;
    return sizeDelta * (await harness.fillPrice(price, skew, sizeDelta, SCALE));
  }
});

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
