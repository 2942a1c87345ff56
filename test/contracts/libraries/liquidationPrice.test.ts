import { expect } from "chai";
import { parseEther } from "ethers";
import fc from "fast-check";
import type { Position } from "../../../scripts/core/types.ts";
import type { MathHarness } from "../../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../../fixtures/mathHarness.ts";
import { positionOf } from "../../fixtures/states.ts";

const WAD = parseEther("1");
/** Maintenance 1.5% and liquidation fee 0.5%. */
const RATIO = parseEther("0.02");
const FLOOR = parseEther("5");
/** The last digit of a feed with eight decimals. */
const TICK = 10n ** 10n;

const LONG = positionOf({
  size: parseEther("10"),
  openNotional: parseEther("20000"),
  margin: parseEther("1000"),
  reserve: parseEther("20000"),
});
const SHORT = positionOf({
  size: parseEther("-10"),
  openNotional: parseEther("-20000"),
  margin: parseEther("1000"),
  reserve: parseEther("20000"),
});
/** A hundredth of a base: notional 20, of which 2% is below the floor of 5. */
const SMALL_LONG = positionOf({
  size: parseEther("0.01"),
  openNotional: parseEther("20"),
  margin: parseEther("1"),
  reserve: parseEther("20"),
});
const SMALL_SHORT = positionOf({
  size: parseEther("-0.01"),
  openNotional: parseEther("-20"),
  margin: parseEther("10"),
  reserve: parseEther("20"),
});

interface Case {
  readonly title: string;
  readonly position: Position;
  readonly owed: bigint;
  readonly expected: bigint;
}

describe("PositionMath liquidationPrice", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  const cases: readonly Case[] = [
    {
      // (20,000 − 1,000) ÷ (10 × 0.98) = 1938.77551020408163265306…, up. By the floor: 19,005 ÷ 10 = 1900.5.
      title: "a long",
      position: LONG,
      owed: 0n,
      expected: 1_938_775_510_204_081_632_654n,
    },
    {
      // (20,000 − 1,000 + 100) ÷ 9.8 = 1948.97959183673469387755…, up.
      title: "a long that owes 100",
      position: LONG,
      owed: parseEther("100"),
      expected: 1_948_979_591_836_734_693_878n,
    },
    {
      // (20,000 + 1,000) ÷ (10 × 1.02) = 2058.82352941176470588235…, down. By the floor: 20,995 ÷ 10 = 2099.5.
      title: "a short",
      position: SHORT,
      owed: 0n,
      expected: 2_058_823_529_411_764_705_882n,
    },
    {
      // (20,000 + 1,000 + 45) ÷ 10.2 = 2063.23529411764705882352…, down.
      title: "a short that is owed 45",
      position: SHORT,
      owed: parseEther("-45"),
      expected: 2_063_235_294_117_647_058_823n,
    },
    {
      // (20 − 1 + 5) ÷ 0.01 = 2400: worth 24, equity 24 − 20 + 1 = 5. By the ratio: 19 ÷ 0.0098 = 1938.8.
      title: "a long that is held to the floor",
      position: SMALL_LONG,
      owed: 0n,
      expected: parseEther("2400"),
    },
    {
      // (20 + 10 − 5) ÷ 0.01 = 2500: equity 30 − 25 = 5. By the ratio: 30 ÷ 0.0102 = 2941.2.
      title: "a short that is held to the floor",
      position: SMALL_SHORT,
      owed: 0n,
      expected: parseEther("2500"),
    },
    {
      // Uncapped 19,900 ÷ 9.8 = 2030.6, where the gain would be 306 of 200: capped from (20,000 + 200) ÷ 10.
      title: "a long whose reserve is reached first",
      position: { ...LONG, margin: parseEther("100"), reserve: parseEther("200") },
      owed: 0n,
      expected: parseEther("2020"),
    },
    {
      // Uncapped 20,100 ÷ 10.2 = 1970.6, where the gain would be 294 of 200: capped up to (20,000 − 200) ÷ 10.
      title: "a short whose reserve is reached first",
      position: { ...SHORT, margin: parseEther("100"), reserve: parseEther("200") },
      owed: 0n,
      expected: parseEther("1980"),
    },
  ];
  for (const { title, position, owed, expected } of cases) {
    describe(`given ${title}`, () => {
      it("is what the hand says", async () => {
        expect(await harness.liquidationPrice(position, owed, RATIO, FLOOR)).to.equal(expected);
      });

      it("parts liquidatable from not, one tick either side", async () => {
        const toward = position.size > 0n ? -TICK : TICK;
        const worse = await liquidatable({ position, owed, price: expected + toward });
        const better = await liquidatable({ position, owed, price: expected - toward });
        expect([worse, better]).to.deep.equal([true, false]);
      });
    });
  }

  it("counts the last wei of what a short is worth", async () => {
    // A wei sold for nothing, with a wei of margin: 1 ÷ (1 × 1.02) = 0.98039215686274509803…, down.
    const position = positionOf({ size: -1n, openNotional: 0n, margin: 1n, reserve: 0n });
    const price = await harness.liquidationPrice(position, 0n, RATIO, 0n);
    expect(price).to.equal(980_392_156_862_745_098n);
  });

  it("is zero for a long that no price can liquidate", async () => {
    // Margin 25,000 > 20,000 + 5.
    const position = { ...LONG, margin: parseEther("25000") };
    expect(await harness.liquidationPrice(position, 0n, RATIO, FLOOR)).to.equal(0n);
    expect(await liquidatable({ position, owed: 0n, price: 0n })).to.equal(false);
  });

  it("is zero for a short that every price liquidates", async () => {
    // Equity at a price of zero: 20,000 + 1,000 − 20,996 = 4 < 5.
    const owed = parseEther("20996");
    expect(await harness.liquidationPrice(SHORT, owed, RATIO, FLOOR)).to.equal(0n);
    expect(await liquidatable({ position: SHORT, owed, price: 1n })).to.equal(true);
  });

  it("is zero for a position that is not open", async () => {
    const closed = positionOf({ margin: 1n });
    expect(await harness.liquidationPrice(closed, 0n, RATIO, FLOOR)).to.equal(0n);
  });

  describe("when rounded", () => {
    const sizes = fc.bigInt({ min: 1n, max: 2n ** 90n });
    const amounts = fc.bigInt({ min: 1n, max: 2n ** 90n });

    it("is the exact price of a long, rounded up once", async () => {
      await fc.assert(
        fc.asyncProperty(sizes, amounts, async (size, debt) => {
          const position = positionOf({ size, openNotional: debt, reserve: 2n ** 96n - 1n });
          const price = await harness.liquidationPrice(position, 0n, RATIO, 0n);
          // price − 1 < debt ÷ (size × 0.98) ≤ price
          const exact = debt * WAD * WAD;
          const perUnit = size * (WAD - RATIO);
          expect((price - 1n) * perUnit < exact && exact <= price * perUnit).to.equal(true);
        }),
      );
    });

    it("is the exact price of a short, rounded down once", async () => {
      await fc.assert(
        fc.asyncProperty(sizes, amounts, async (size, credit) => {
          const position = positionOf({ size: -size, openNotional: -credit, reserve: credit });
          const price = await harness.liquidationPrice(position, 0n, RATIO, 0n);
          // price ≤ credit ÷ (size × 1.02) < price + 1
          const exact = credit * WAD * WAD;
          const perUnit = size * (WAD + RATIO);
          expect(price * perUnit <= exact && exact < (price + 1n) * perUnit).to.equal(true);
        }),
      );
    });
  });

  it("parts liquidatable from not, for any position", async () => {
    const states = fc.record({
      long: fc.boolean(),
      size: fc.bigInt({ min: 1n, max: 2n ** 90n }),
      openNotional: fc.bigInt({ min: 0n, max: 2n ** 90n }),
      margin: fc.bigInt({ min: 0n, max: 2n ** 88n }),
      reserve: fc.bigInt({ min: 0n, max: 2n ** 90n }),
      owed: fc.bigInt({ min: -(2n ** 86n), max: 2n ** 86n }),
      away: fc.bigInt({ min: 0n, max: 2n ** 80n }),
    });
    await fc.assert(
      fc.asyncProperty(states, async ({ long, owed, away, ...fields }) => {
        const sign = long ? 1n : -1n;
        const position = positionOf({
          ...fields,
          size: sign * fields.size,
          openNotional: sign * fields.openNotional,
        });
        const limit = await harness.liquidationPrice(position, owed, RATIO, FLOOR);
        // Beyond it: always. Short of it: only within the price change that is worth the rounding of quote amounts.
        const beyond = limit - sign * (1n + away);
        const rounding = 1n + (4n * WAD) / fields.size;
        const before = limit + sign * (rounding + away);
        if (beyond >= 0n) {
          expect(await liquidatable({ position, owed, price: beyond }), "beyond").to.equal(true);
        }
        if (before >= 0n && (long || limit > 0n)) {
          expect(await liquidatable({ position, owed, price: before }), "before").to.equal(false);
        }
      }),
      { numRuns: 200 },
    );
  });

  /** The condition of a liquidation: gain below the reserve, equity below maintenance margin. */
  async function liquidatable({
    position,
    owed,
    price,
  }: {
    readonly position: Position;
    readonly owed: bigint;
    readonly price: bigint;
  }): Promise<boolean> {
    const gain = await harness.gain(position, price, owed);
    const equity = await harness.equity(position, gain);
    const notional = await harness.notional(position.size, price);
    const required = await harness.maintenanceMargin(notional, RATIO, FLOOR);
    return gain < position.reserve && equity < required;
  }
});
