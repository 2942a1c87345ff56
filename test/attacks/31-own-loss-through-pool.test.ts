import { expect } from "chai";
import { askBack, calmArena, servePool } from "../fixtures/arena.ts";
import { closeAll, expectNoProfit } from "../fixtures/attack.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";

/** What the attacker puts into the pool while its loss is open: three fifths of it then [token]. */
const SHARE = 15_000_000_000_000n;
/** Size, margin and reserve of either leg. */
const LEG = { size: wad("3000"), margin: wad("600000"), reserve: wad("700000") };

/**
 * The attacker is long and short as much, and has lost 300,000 on one leg and won them on the other. It takes most of the
 * pool, has the loss booked there, leaves with most of it, and only then has its gain paid by those who stay.
 * Units: test/contracts/LiquidityVault/attacks.test.ts.
 */
describe("attack 31: owning the pool while one's own loss is booked", () => {
  for (const [title, lossFirst] of [
    ["where it comes before the loss is booked", false],
    ["where the loss is booked while its deposit waits", true],
  ] as const) {
    it(`brings back none of it, ${title} (BH-96, BH-98 †)`, async () => {
      const market = await calmArena();
      const { liquidityVault, accounts } = market;
      const { alice, bob, carol, keeper } = accounts;
      const pool = liquidityVault.connect(carol);
      const profit = await expectNoProfit(market, [alice, bob, carol, keeper], async () => {
        await openPosition(market, { account: alice, ...LEG });
        await openPosition(market, { account: bob, ...LEG, size: -LEG.size });
        await pushPrice(market, wad("1900"));
        await pool.requestDeposit(SHARE, carol, carol);
        if (lossFirst) await closeAll(market, alice, wad("1900"));
        await servePool(market, "fulfillDeposits");
        await pool["mint(uint256,address)"](await pool.maxMint(carol), carol);
        if (!lossFirst) await closeAll(market, alice, wad("1900"));
        await askBack(market, carol);
        await servePool(market, "fulfillRedeems");
        await closeAll(market, bob, wad("1900"));
      });
      // Two openings of 6,000,000 and two closes of 5,700,000 at 0.05%. Where it is a provider when the loser closes, three
      // fifths of the pool's nine tenths of that fee come back, as they would from anybody's.
      const fees = wad("11700");
      const earned = lossFirst ? 0n : (wad("2850") * 9n * 3n) / 50n;
      expect(profit).to.be.closeTo(earned - fees, wad("5"));
    });
  }
});
