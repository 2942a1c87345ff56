import { expect } from "chai";
import { parseEther } from "ethers";
import fc from "fast-check";
import type { MathHarness } from "../../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../../fixtures/mathHarness.ts";
import { curvesOf, marketOf } from "../../fixtures/states.ts";

const WEEK = 604_800n;
const GIGA = 1_000_000_000n;

/** 1 Gwad a second when unused, 5 at the kink of 80%, 25 when full. */
const CURVES = curvesOf();

describe("BorrowMath", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  describe("utilization", () => {
    it("is zero when nothing is reserved, even of no cash", async () => {
      expect(await harness.utilization(0n, 0n)).to.equal(0n);
      expect(await harness.utilization(0n, parseEther("100"))).to.equal(0n);
    });

    it("is the reserved share of cash, rounded up", async () => {
      // 30/100 = 0.3; 1/3 rounds up.
      expect(await harness.utilization(parseEther("30"), parseEther("100"))).to.equal(
        parseEther("0.3"),
      );
      expect(await harness.utilization(1n, 3n)).to.equal(333_333_333_333_333_334n);
    });

    it("is at most one, also when cash ran out", async () => {
      expect(await harness.utilization(parseEther("200"), parseEther("100"))).to.equal(
        parseEther("1"),
      );
      expect(await harness.utilization(1n, 0n)).to.equal(parseEther("1"));
    });
  });

  describe("borrowRate", () => {
    const onTheCurve = [
      // Below the kink: 1 + (5 − 1) × used ÷ 0.8. Above: 5 + (25 − 5) × (used − 0.8) ÷ 0.2.
      { used: "0", rate: 1n },
      { used: "0.4", rate: 3n },
      { used: "0.8", rate: 5n },
      { used: "0.9", rate: 15n },
      { used: "1", rate: 25n },
    ];
    for (const { used, rate } of onTheCurve) {
      it(`is ${rate} Gwad a second at a utilization of ${used}`, async () => {
        expect(await harness.borrowRate(parseEther(used), CURVES)).to.equal(rate * GIGA);
      });
    }

    it("rounds up", async () => {
      // 1e9 + 4e9 × 1 wei ÷ 0.8e18 is a part of a wei more than 1e9.
      expect(await harness.borrowRate(1n, CURVES)).to.equal(GIGA + 1n);
    });

    it("never falls as utilization grows", async () => {
      const shares = fc.bigInt({ min: 0n, max: parseEther("1") });
      await fc.assert(
        fc.asyncProperty(shares, shares, async (first, second) => {
          const [less, more] = first < second ? [first, second] : [second, first];
          const atLess = await harness.borrowRate(less, CURVES);
          const atMore = await harness.borrowRate(more, CURVES);
          expect(atLess <= atMore).to.equal(true);
        }),
        { numRuns: 60 },
      );
    });
  });

  describe("owed", () => {
    it("charges a week below the kink", async () => {
      // 40% used: 3e9 × 604,800 s = 0.0018144; on a reserve of 10,000 that is 18.144.
      expect(await weekOf(parseEther("0.4"))).to.equal(parseEther("18.144"));
    });

    it("charges a week above the kink", async () => {
      // 90% used: 15e9 × 604,800 s = 0.009072; on a reserve of 10,000 that is 90.72.
      expect(await weekOf(parseEther("0.9"))).to.equal(parseEther("90.72"));
    });

    it("rounds up", async () => {
      expect(await harness.borrowOwed(1n, 1n, 0n)).to.equal(1n);
    });

    it("counts from the snapshot", async () => {
      // 10,000 × (0.5 − 0.2) = 3,000.
      const owed = await harness.borrowOwed(
        parseEther("10000"),
        parseEther("0.5"),
        parseEther("0.2"),
      );
      expect(owed).to.equal(parseEther("3000"));
    });
  });

  async function weekOf(used: bigint): Promise<bigint> {
    const borrowRate = await harness.borrowRate(used, CURVES);
    const { borrowIndex } = await harness.marketAccrue(marketOf({ borrowRate }), WEEK);
    return harness.borrowOwed(parseEther("10000"), borrowIndex, 0n);
  }
});
