import { expect } from "chai";
import { parseEther } from "ethers";
import fc from "fast-check";
import type { Market, Position } from "../../../scripts/core/types.ts";
import type { MathHarness } from "../../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../../fixtures/mathHarness.ts";
import { marketOf, positionOf } from "../../fixtures/states.ts";
import { plain } from "../../fixtures/structs.ts";

const OVERFLOW = 0x11;
const WAD = parseEther("1");
const SKEW_SCALE = parseEther("100000");
const MAX_INT80 = 2n ** 79n - 1n;
const MAX_INT96 = 2n ** 95n - 1n;
const MAX_UINT40 = 2n ** 40n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** Ten long at 2000 and four short at 2000. */
const LONG = positionOf({
  size: parseEther("10"),
  openNotional: parseEther("20000"),
  margin: parseEther("2000"),
  reserve: parseEther("20000"),
});
const SHORT = positionOf({
  size: parseEther("-4"),
  openNotional: parseEther("-8000"),
  margin: parseEther("1000"),
  reserve: parseEther("8000"),
});

const positions = fc.record({
  size: fc.bigInt({ min: -(2n ** 88n), max: 2n ** 88n }),
  openNotional: fc.bigInt({ min: -(2n ** 88n), max: 2n ** 88n }),
  margin: fc.bigInt({ min: 0n, max: 2n ** 88n }),
  reserve: fc.bigInt({ min: 0n, max: 2n ** 88n }),
  fundingIndex: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  borrowIndex: fc.bigInt({ min: 0n, max: 2n ** 60n }),
});

/**
 * Markets whose margins and reserves hold whatever the positions may gain or lose, so that no bound applies. Some
 * positions have just been folded, some prices are whole: then the rounding of the sums is all that is left.
 */
const amplyBacked = fc
  .record({
    fundingIndex: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    borrowIndex: fc.bigInt({ min: 2n ** 56n, max: 2n ** 57n }),
  })
  .chain((index) =>
    fc.record({
      index: fc.constant(index),
      price: fc.oneof(fc.bigInt({ min: 1n, max: 2n ** 70n }), fc.constant(WAD)),
      book: fc.array(
        fc.record({
          size: fc.bigInt({ min: -(2n ** 76n), max: 2n ** 76n }),
          openNotional: fc.bigInt({ min: -(2n ** 86n), max: 2n ** 86n }),
          margin: fc.constant(2n ** 93n),
          reserve: fc.bigInt({ min: 2n ** 94n, max: 2n ** 95n }),
          fundingIndex: fc.oneof(
            fc.constant(index.fundingIndex),
            fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
          ),
          borrowIndex: fc.oneof(
            fc.constant(index.borrowIndex),
            fc.bigInt({ min: 0n, max: 2n ** 56n }),
          ),
        }),
        { minLength: 1, maxLength: 6 },
      ),
    }),
  );

describe("MarketMath", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  describe("accrue", () => {
    it("reverts when time runs backwards", async () => {
      await expect(harness.marketAccrue(marketOf({ accruedAt: 10n }), 9n)).to.be.revertedWithPanic(
        OVERFLOW,
      );
    });

    it("changes nothing within the same second", async () => {
      const start = marketOf({ accruedAt: 10n, fundingVelocity: -5n, borrowRate: 7n });
      expect(await accrued(start, 10n)).to.deep.equal(start);
    });

    it("grows both indices with time", async () => {
      // 100 s at −5 and 7: −500 and 700.
      const start = marketOf({ accruedAt: 10n, fundingVelocity: -5n, borrowRate: 7n });
      const later = { ...start, accruedAt: 110n, fundingIndex: -500n, borrowIndex: 700n };
      expect(await accrued(start, 110n)).to.deep.equal(later);
    });

    it("stops at the end of its range instead of reverting", async () => {
      // One past the end within a second.
      const start = marketOf({
        fundingVelocity: MAX_INT80,
        fundingIndex: MAX_INT96 - MAX_INT80 + 1n,
        borrowRate: MAX_UINT40,
        borrowIndex: MAX_UINT64 - MAX_UINT40 + 1n,
      });
      const end = await accrued(start, 1n);
      expect(end.fundingIndex).to.equal(MAX_INT96);
      expect(end.borrowIndex).to.equal(MAX_UINT64);
      const falling = marketOf({
        fundingVelocity: -MAX_INT80,
        fundingIndex: MAX_INT80 - MAX_INT96 - 3n,
      });
      expect((await accrued(falling, 1n)).fundingIndex).to.equal(-MAX_INT96 - 1n);
    });

    it("does not depend on who pokes it and when (LAW-9)", async () => {
      const velocities = fc.bigInt({ min: -MAX_INT80 - 1n, max: MAX_INT80 });
      const rates = fc.bigInt({ min: 0n, max: MAX_UINT40 });
      const times = fc.uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 32n }), { minLength: 1 });
      await fc.assert(
        fc.asyncProperty(velocities, rates, times, async (fundingVelocity, borrowRate, pokes) => {
          const start = marketOf({ fundingVelocity, borrowRate });
          const ordered = [...pokes].sort((a, b) => (a < b ? -1 : 1));
          const atOnce = await accrued(start, ordered.at(-1) ?? 0n);
          let inSteps = start;
          for (const poke of ordered) inSteps = await accrued(inSteps, poke);
          expect(inSteps).to.deep.equal(atOnce);
        }),
        { numRuns: 40 },
      );
    });
  });

  describe("attach", () => {
    it("adds a long to every sum", async () => {
      // 20,000 − 10 × 3 − 20,000 × 0.01.
      const position = { ...LONG, fundingIndex: parseEther("3"), borrowIndex: parseEther("0.01") };
      const expected = marketOf({
        longOpenInterest: parseEther("10"),
        netBasis: parseEther("19770"),
        totalMargin: parseEther("2000"),
      });
      expect(await attached(marketOf({}), position)).to.deep.equal(expected);
    });

    it("adds a short to every sum", async () => {
      // −8,000 + 4 × 3 − 8,000 × 0.01.
      const position = { ...SHORT, fundingIndex: parseEther("3"), borrowIndex: parseEther("0.01") };
      const expected = marketOf({
        shortOpenInterest: parseEther("4"),
        netBasis: parseEther("-8068"),
        totalMargin: parseEther("1000"),
      });
      expect(await attached(marketOf({}), position)).to.deep.equal(expected);
    });

    it("reverts when a side outgrows its field", async () => {
      const full = marketOf({ longOpenInterest: 2n ** 96n - 1n });
      await expect(harness.marketAttach(full, positionOf({ size: 1n }))).to.be.revertedWithPanic(
        OVERFLOW,
      );
    });
  });

  describe("detach", () => {
    it("reverts when the position was not part of the sums", async () => {
      await expect(harness.marketDetach(marketOf({}), LONG)).to.be.revertedWithPanic(OVERFLOW);
    });

    it("undoes an attach exactly (LAW-4)", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(positions, { maxLength: 3 }), positions, async (others, one) => {
          let before = marketOf({});
          for (const other of others) before = await attached(before, positionOf(other));
          const after = await harness.marketDetach(
            await attached(before, positionOf(one)),
            positionOf(one),
          );
          expect(plain(after)).to.deep.equal(before);
        }),
        { numRuns: 40 },
      );
    });
  });

  describe("tradersClaim", () => {
    // Ten long and four short at 2000: skew 6, net notional 12,000. At 2100 they gain 6 × 2100 − 12,000 = 600, and
    // could get back a premium of 2100 × 6² ÷ (2 × 100,000) = 0.378.
    const reserved = parseEther("28000");

    it("is the net gain and the refundable premium", async () => {
      const market = await attached(await attached(marketOf({}), LONG), SHORT);
      const claim = await harness.tradersClaim(market, parseEther("2100"), SKEW_SCALE, reserved);
      expect(claim).to.equal(parseEther("600.378"));
    });

    it("is less what is owed for funding and borrowing", async () => {
      // Funding +5: the long owes 50, the short is owed 20. Borrow +0.001: 20 and 8. 600.378 − 30 − 28 = 542.378.
      const since = { fundingIndex: parseEther("3"), borrowIndex: parseEther("0.01") };
      const long = await attached(marketOf({}), { ...LONG, ...since });
      const market = {
        ...(await attached(long, { ...SHORT, ...since })),
        fundingIndex: parseEther("8"),
        borrowIndex: parseEther("0.011"),
      };
      const claim = await harness.tradersClaim(market, parseEther("2100"), SKEW_SCALE, reserved);
      expect(claim).to.equal(parseEther("542.378"));
    });

    it("is never above all reserves", async () => {
      const market = await attached(await attached(marketOf({}), LONG), SHORT);
      const little = parseEther("500");
      const claim = await harness.tradersClaim(market, parseEther("2100"), SKEW_SCALE, little);
      expect(claim).to.equal(little);
    });

    it("is never below all margins", async () => {
      // At 100 they lose 12,000 − 600; they hold 3,000.
      const market = await attached(await attached(marketOf({}), LONG), SHORT);
      const claim = await harness.tradersClaim(market, parseEther("100"), SKEW_SCALE, reserved);
      expect(claim).to.equal(parseEther("-3000"));
    });

    it("never understates what traders could claim, and overstates it by wei", async () => {
      await fc.assert(
        fc.asyncProperty(amplyBacked, async ({ book, index, price }) => {
          let market: Market = marketOf({});
          let gains = 0n;
          let locked = 0n;
          for (const fields of book) {
            const position = positionOf(fields);
            market = await attached(market, position);
            const owed = await harness.accrued(position, index.fundingIndex, index.borrowIndex);
            gains += await harness.gain(position, price, owed);
            locked += position.reserve;
          }
          const skew = await harness.marketSkew(market);
          const exact = gains + (price * skew * skew) / (2n * SKEW_SCALE * WAD);
          const claim = await harness.tradersClaim(
            { ...market, ...index },
            price,
            SKEW_SCALE,
            locked,
          );
          const understated = exact - claim;
          expect(understated <= 0n, `understated by ${understated}`).to.equal(true);
          // At most: two wei a position for what is owed, one for its gain, two for each basis, four for the sums.
          expect(-understated <= 7n * BigInt(book.length) + 4n).to.equal(true);
        }),
        { numRuns: 100 },
      );
    });
  });

  async function accrued(market: Market, timestamp: bigint): Promise<Market> {
    return plain<Market>(await harness.marketAccrue(market, timestamp));
  }

  async function attached(market: Market, position: Position): Promise<Market> {
    return plain<Market>(await harness.marketAttach(market, position));
  }
});
