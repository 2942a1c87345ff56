import { expect } from "chai";
import { parseEther } from "ethers";
import fc from "fast-check";
import type { MathHarness } from "../../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../../fixtures/mathHarness.ts";
import { positionOf, termsOf } from "../../fixtures/states.ts";

const PRICE = parseEther("2000");

/** Ten long opened at 2000, with a margin of 1,000 and a reserve of 5,000. */
const LONG = positionOf({
  size: parseEther("10"),
  openNotional: parseEther("20000"),
  margin: parseEther("1000"),
  reserve: parseEther("5000"),
});

/** Ten short opened at 2000, with a margin of 1,000 and a reserve of 5,000. */
const SHORT = positionOf({
  size: parseEther("-10"),
  openNotional: parseEther("-20000"),
  margin: parseEther("1000"),
  reserve: parseEther("5000"),
});

describe("PositionMath", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  describe("notional", () => {
    it("is the absolute size times the price, rounded up", async () => {
      expect(await harness.notional(parseEther("-10"), PRICE)).to.equal(parseEther("20000"));
      expect(await harness.notional(-1n, 1n)).to.equal(1n);
    });
  });

  describe("accrued", () => {
    const sinceOpen = { fundingIndex: parseEther("3"), borrowIndex: parseEther("0.01") };

    it("adds funding and borrow fee", async () => {
      // Long: 10 × (8 − 3) + 5,000 × (0.011 − 0.01) = 50 + 5. Short: −50 + 5.
      const long = { ...LONG, ...sinceOpen };
      const short = { ...SHORT, ...sinceOpen };
      const [funding, borrow] = [parseEther("8"), parseEther("0.011")];
      expect(await harness.accrued(long, funding, borrow)).to.equal(parseEther("55"));
      expect(await harness.accrued(short, funding, borrow)).to.equal(parseEther("-45"));
    });

    it("is never less after a fold than without it: settling pays nobody", async () => {
      const sizes = fc.bigInt({ min: -(2n ** 95n), max: 2n ** 95n - 1n });
      const amounts = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n });
      const path = fc.array(
        fc.record({
          funding: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
          borrow: fc.bigInt({ min: 0n, max: 2n ** 58n }),
        }),
        { minLength: 2, maxLength: 5 },
      );
      await fc.assert(
        fc.asyncProperty(sizes, amounts, path, async (size, reserve, steps) => {
          const open = positionOf({ size, reserve });
          let folded = open;
          let owed = 0n;
          for (const { funding, borrow } of steps) {
            const fundingIndex = folded.fundingIndex + funding;
            const borrowIndex = folded.borrowIndex + borrow;
            owed += await harness.accrued(folded, fundingIndex, borrowIndex);
            folded = { ...folded, fundingIndex, borrowIndex };
          }
          const atOnce = await harness.accrued(open, folded.fundingIndex, folded.borrowIndex);
          // Two indices, each rounded up by less than a wei a fold.
          expect(owed >= atOnce).to.equal(true);
          expect(owed < atOnce + 2n * BigInt(steps.length)).to.equal(true);
        }),
        { numRuns: 60 },
      );
    });
  });

  describe("gain", () => {
    it("is what the size is worth less its cost and what is owed", async () => {
      // Long at 2100: 21,000 − 20,000 − 55 = 945. Short at 2100: −21,000 + 20,000 − 55 = −1,055.
      const price = parseEther("2100");
      const owed = parseEther("55");
      expect(await harness.gain(LONG, price, owed)).to.equal(parseEther("945"));
      expect(await harness.gain(SHORT, price, owed)).to.equal(parseEther("-1055"));
    });

    it("rounds down for longs and shorts", async () => {
      // ±1 wei of size at half a wei of price for each base.
      const half = parseEther("0.5");
      expect(await harness.gain(positionOf({ size: 1n }), half, 0n)).to.equal(0n);
      expect(await harness.gain(positionOf({ size: -1n }), half, 0n)).to.equal(-1n);
    });

    it("does not move when what is owed is folded into the open notional", async () => {
      const amounts = fc.bigInt({ min: -(2n ** 93n), max: 2n ** 93n });
      const prices = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n });
      await fc.assert(
        fc.asyncProperty(amounts, amounts, amounts, prices, async (size, cost, owed, price) => {
          const before = positionOf({ size, openNotional: cost });
          const after = positionOf({ size, openNotional: cost + owed });
          expect(await harness.gain(after, price, 0n)).to.equal(
            await harness.gain(before, price, owed),
          );
        }),
        { numRuns: 60 },
      );
    });
  });

  describe("equity", () => {
    it("is margin plus gain below the cap", async () => {
      expect(await harness.equity(LONG, parseEther("945"))).to.equal(parseEther("1945"));
      expect(await harness.equity(LONG, parseEther("-1055"))).to.equal(parseEther("-55"));
    });

    it("is margin plus reserve from the cap on", async () => {
      expect(await harness.equity(LONG, parseEther("5000"))).to.equal(parseEther("6000"));
      expect(await harness.equity(LONG, parseEther("50000"))).to.equal(parseEther("6000"));
    });
  });

  describe("maintenanceMargin", () => {
    const ratio = parseEther("0.02");
    const floor = parseEther("5");

    it("is a share of notional, rounded up", async () => {
      // 2% of 20,000 = 400.
      const notional = parseEther("20000");
      expect(await harness.maintenanceMargin(notional, ratio, floor)).to.equal(parseEther("400"));
      expect(await harness.maintenanceMargin(1n, ratio, 0n)).to.equal(1n);
    });

    it("is at least the floor", async () => {
      // 2% of 200 = 4.
      const notional = parseEther("200");
      expect(await harness.maintenanceMargin(notional, ratio, floor)).to.equal(floor);
    });
  });

  describe("initialMargin", () => {
    it("is a share of notional where that is the most", async () => {
      // 5% of 20,000 = 1,000; 1.5 × 2% = 3% → 600; least 10.
      const required = await harness.initialMargin(parseEther("20000"), termsOf());
      expect(required).to.equal(parseEther("1000"));
    });

    it("is the liquidation target of the maintenance margin where that is more", async () => {
      // 2% of 20,000 = 400; 1.5 × 400 = 600 > 2.5% of 20,000 = 500.
      const terms = termsOf({ initialMarginRatio: parseEther("0.025") });
      const required = await harness.initialMargin(parseEther("20000"), terms);
      expect(required).to.equal(parseEther("600"));
    });

    it("counts the floor of maintenance margin", async () => {
      // Floor 20 × 1.5 = 30 > 5% of 200 = 10.
      const terms = termsOf({ minMaintenance: parseEther("20") });
      const required = await harness.initialMargin(parseEther("200"), terms);
      expect(required).to.equal(parseEther("30"));
    });

    it("is at least the least margin", async () => {
      // 5% of 100 = 5, 1.5 × 5 = 7.5, least 10.
      const required = await harness.initialMargin(parseEther("100"), termsOf());
      expect(required).to.equal(parseEther("10"));
    });
  });
});
