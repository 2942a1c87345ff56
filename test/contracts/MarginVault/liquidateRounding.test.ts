import { expect } from "chai";
import { parseEther } from "ethers";
import { attach } from "../../../scripts/core/marketMath.ts";
import type { Position, Terms } from "../../../scripts/core/types.ts";
import { marketOf, positionOf, termsOf } from "../../fixtures/states.ts";
import { vaultHarnessFixture } from "../../fixtures/vaultHarness.ts";

const POSITION_ID = 7n;
const NOW = 4_000_000_000n;

/** A vault for a token with two decimals in a deep market, with one position in it that is about to be liquidated. */
async function stageOf(fields: Partial<Position>, terms: Terms, value: bigint) {
  const stage = await vaultHarnessFixture({
    decimals: 2n,
    skewScale: parseEther("10000000000"),
  });
  const { vault, double } = stage;
  const position = positionOf(fields);
  const market = { ...attach(marketOf({}), position), accruedAt: NOW };
  await vault.place(market, POSITION_ID, position, terms);
  await double.setPrice({
    value,
    validFrom: NOW,
    observedAt: NOW,
    validUntil: NOW,
    upSince: 0n,
    closingOnly: false,
    kind: 0n,
  });
  await stage.at(NOW);
  return stage;
}

describe("liquidate", () => {
  describe("given a token with two decimals and a position in gain in a deep market", () => {
    it("closes only a part, although the gain of the part is cut to token units", async () => {
      // Ten long at 2000 and an odd digit: 20,000; maintenance 2% = 400, target 3% = 600. Margin 100 and a gain of 230
      // make an equity of 330. Each unit of notional closed relieves 3% − 0.5% = 2.5%, all of them 500, there being no
      // impact to speak of: (600 − 330) ÷ 500 = 0.54 of ten. Its gain of 124.2 is paid in steps of 0.01, which takes up
      // to 0.01 more of closing for each 500, and 1e-9 for what rounds besides.
      const position = {
        size: parseEther("10"),
        openNotional: parseEther("20000.00000000123456789") - parseEther("230"),
        margin: parseEther("100"),
        reserve: parseEther("5000"),
      };
      const value = parseEther("2000.000000000123456789");
      const { vault, double } = await stageOf(position, termsOf(), value);
      await vault.liquidate(POSITION_ID, "0x", double);

      const { size } = await vault.position(POSITION_ID);
      const closed = parseEther("10") - size;
      expect(closed >= parseEther("5.4")).to.equal(true);
      expect(closed <= parseEther("5.4002") + 10n ** 10n).to.equal(true);
    });

    it("closes the whole where the gain of the part, cut to token units, does not pay its fee", async () => {
      // One long at 1 without margin and with a gain of 0.119879, just below the least maintenance margin of 0.12. Target
      // 1.1 × 10.1% = 0.1111; with the cent that rounding may cost 0.1111 − 0.119879 + 0.01 = 0.001221 are missing, of
      // 11.11% − 10% = 0.0111 to be had: 11%. Of its gain of 0.01318669 a cent is paid, and the fee would be 0.011. So the
      // whole is closed: of 0.119879 11 cents are paid, 10 of them as fee.
      const position = {
        size: parseEther("1"),
        openNotional: parseEther("0.880121"),
        margin: 0n,
        reserve: parseEther("0.5"),
      };
      const terms = termsOf({
        initialMarginRatio: parseEther("0.12"),
        maintenanceMarginRatio: parseEther("0.001"),
        liquidationFeeRatio: parseEther("0.1"),
        liquidationTarget: parseEther("1.1"),
        keeperFeeFloor: parseEther("0.01"),
        minMaintenance: parseEther("0.12"),
        minMargin: parseEther("0.12"),
        minNotional: parseEther("0.12"),
      });
      const { vault, double } = await stageOf(position, terms, parseEther("1"));
      await vault.liquidate(POSITION_ID, "0x", double);

      expect((await vault.position(POSITION_ID)).size).to.equal(0n);
      const [liquidated] = await vault.queryFilter(vault.filters.PositionLiquidated);
      expect(liquidated?.args.fee).to.equal(parseEther("0.1"));
      expect(liquidated?.args.paidOut).to.equal(parseEther("0.01"));
    });
  });
});
