import { expect } from "chai";
import { parseEther } from "ethers";
import { attach } from "../../../scripts/core/marketMath.ts";
import { marketOf, positionOf, termsOf } from "../../fixtures/states.ts";
import { vaultHarnessFixture } from "../../fixtures/vaultHarness.ts";

const POSITION_ID = 7n;
const NOW = 4_000_000_000n;

describe("liquidate", () => {
  describe("given a token with two decimals and a position in gain in a deep market", () => {
    it("closes only a part, although the gain of the part is cut to token units", async () => {
      // Ten long at 2000 and an odd digit: 20,000; maintenance 2% = 400, target 3% = 600. Margin 100 and a gain of 230
      // make an equity of 330. Each unit of notional closed relieves 3% − 0.5% = 2.5%, all of them 500, there being no
      // impact to speak of: (600 − 330) ÷ 500 = 0.54 of ten. Its gain of 124.2 is paid in steps of 0.01, which takes up
      // to 0.01 more of closing for each 500, and 1e-9 for what rounds besides.
      const stage = await vaultHarnessFixture({
        decimals: 2n,
        skewScale: parseEther("10000000000"),
      });
      const { vault, double } = stage;
      const value = parseEther("2000.000000000123456789");
      const position = positionOf({
        size: parseEther("10"),
        openNotional: parseEther("20000.00000000123456789") - parseEther("230"),
        margin: parseEther("100"),
        reserve: parseEther("5000"),
      });
      const market = { ...attach(marketOf({}), position), accruedAt: NOW };
      await vault.place(market, POSITION_ID, position, termsOf());
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
      await vault.liquidate(POSITION_ID, "0x", double);

      const { size } = await vault.position(POSITION_ID);
      const closed = parseEther("10") - size;
      expect(closed >= parseEther("5.4")).to.equal(true);
      expect(closed <= parseEther("5.4002") + 10n ** 10n).to.equal(true);
    });
  });
});
