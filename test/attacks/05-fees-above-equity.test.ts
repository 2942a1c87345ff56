import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { logOf, mined } from "../fixtures/vault.ts";

/**
 * Alice is long 1,000 with a margin of 101,000. At 1,902 fee and impact of the opening, 1,050.025, and the fall have left
 * 1,949.975, and leaving a skew of 1,000 brings back 1,902 × 500 / 20,000,000 a unit: less than the fee of 0.5% of
 * 1,902,000 = 9,510, all of which is taken. Below 1,900.05 nothing is left, and the reserve pays the floor.
 */
const WRECKS = [
  ["above nothing and below the fee", "1902", "1997.525"],
  ["of nothing", "1899", "1"],
  ["far below nothing", "1500", "1"],
] as const;

/**
 * The attacker lets its equity sink below the fee of its liquidation, so that the fee cannot be paid and nobody can
 * liquidate it, and waits for better prices: a long that cannot lose more. Units: liquidate.full.test.ts.
 */
describe("attack 05: equity below the fee, to be impossible to liquidate", () => {
  for (const [title, fallen, fee] of WRECKS) {
    it(`is liquidated all the same with equity ${title}, and misses the recovery (BH-89, BH-90)`, async () => {
      const market = await calmArena();
      const { marginVault, accounts } = market;
      const { alice, keeper } = accounts;
      const profit = await expectNoProfit(market, [alice], async () => {
        const id = await openPosition(market, {
          account: alice,
          size: wad("1000"),
          margin: wad("101000"),
        });
        await pushPrice(market, wad(fallen));
        const receipt = await mined(marginVault.connect(keeper).liquidate(id, "0x", keeper));
        const told = logOf(market, receipt, "PositionLiquidated");
        expect([told.size, told.paidOut]).to.deep.equal([0n, 0n]);
        expect(told.fee).to.be.closeTo(wad(fee), 10n ** 7n);
        await pushPrice(market, wad("2500"));
      });
      expect(profit).to.equal(-wad("101000.5"));
    });
  }
});
