import { expect } from "chai";
import { expectNoProfit, profitOf } from "../fixtures/attack.ts";
import { calmStage, connection } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, newestPrice, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";

// The pool's mark knows traders' gains in sum only. Where one has won more than its reserve the mark is too low until that
// is settled, where one is bankrupt too high until it is liquidated: deposit before the one, redeem before the other. A
// request waits (BH-98 †), cannot be taken back when its moment is known (BH-100 †), and by then keepers, who are paid for
// it, have settled and liquidated. See also test/contracts/LiquidityVault/attacks.test.ts (56).

const { networkHelpers } = connection;
/** Two millions, a fifth of the pool [token]. */
const STAKE = 2_000_000_000_000n;

/** A long and a short of two millions each by others, with the reserves that make the attack worth most. */
async function marketFixture() {
  const market = await calmStage();
  const { alice, bob } = market.accounts;
  const price = wad("2000");
  const capped = await openPosition(market, {
    account: alice,
    size: wad("1000"),
    margin: wad("200000"),
    reserve: wad("200000"),
    price,
  });
  const rich = { account: bob, size: wad("500"), margin: wad("900000"), reserve: wad("900000") };
  await openPosition(market, { ...rich, price });
  return { ...market, market, capped };
}

async function wait(market: MarketFixture): Promise<void> {
  await networkHelpers.time.increase(300n);
  await pushPrice(market, await newestPrice(market));
}

async function enter({ market }: { readonly market: MarketFixture }): Promise<void> {
  const { liquidityVault, accounts } = market;
  const pool = liquidityVault.connect(accounts.carol);
  await pool.fulfillDeposits(1n, "0x", accounts.carol);
  await pool["mint(uint256,address)"](await pool.maxMint(accounts.carol), accounts.carol);
}

async function leave({ market }: { readonly market: MarketFixture }): Promise<void> {
  const { liquidityVault, accounts } = market;
  const pool = liquidityVault.connect(accounts.carol);
  await pool.fulfillRedeems(1n, "0x", accounts.carol);
  await pool.withdraw(await pool.maxWithdraw(accounts.carol), accounts.carol, accounts.carol);
}

describe("attack 56: entering the pool before a cap is settled, leaving it before a bankruptcy", () => {
  for (const rise of ["2250", "2500", "3200"]) {
    it(`earns nothing by a deposit that is asked for when a position is capped at ${rise}`, async () => {
      const world = await marketFixture();
      const { market, capped, liquidityVault, orderBook, marginVault, accounts } = world;
      const { carol, keeper } = accounts;
      const pool = liquidityVault.connect(carol);
      const profit = await expectNoProfit(market, [carol], async () => {
        await pushPrice(market, wad(rise));
        const tooLow = await pool.convertToShares(STAKE);
        await pool.requestDeposit(STAKE, carol, carol);
        await expect(pool.fulfillDeposits(1n, "0x", carol)).to.be.revertedWithCustomError(
          pool,
          "NothingFulfilled",
        );
        await orderBook.connect(keeper).settleAtCap(capped, "0x", keeper);
        await wait(market);
        await expect(pool.cancelDeposit(2n)).to.be.revertedWithCustomError(pool, "CancelTooLate");
        await enter(world);
        // What the mark of the request would have given it, in excess of what it got.
        expect(tooLow).to.be.above(await pool.balanceOf(carol));
        await pool.requestRedeem(await pool.balanceOf(carol), carol, carol);
        await wait(market);
        await leave(world);
      });
      // It was its own keeper: only rounding is lost.
      expect(profit).to.be.above(-wad("1"));
      await marginVault.sweepDues();
      await expectConservation(market);
    });
  }

  for (const fall of ["1780", "1600", "1100"]) {
    it(`takes nothing from those who stay by a redeem that is asked for when one is bankrupt at ${fall}`, async () => {
      const world = await marketFixture();
      const { market, capped, liquidityVault, marginVault, accounts } = world;
      const { carol, keeper, provider } = accounts;
      const pool = liquidityVault.connect(carol);
      await pool.requestDeposit(STAKE, carol, carol);
      await wait(market);
      await enter(world);
      await pushPrice(market, wad(fall));
      const shares = await pool.balanceOf(carol);
      const tooHigh = await pool.convertToAssets(shares);
      await pool.requestRedeem(shares, carol, carol);
      await expect(pool.fulfillRedeems(1n, "0x", carol)).to.be.revertedWithCustomError(
        pool,
        "NothingFulfilled",
      );
      await marginVault.connect(keeper).liquidate(capped, "0x", keeper);
      const fair = await pool.convertToAssets(shares);
      const stays = await pool.convertToAssets(await pool.balanceOf(provider));
      await wait(market);
      const paid = await profitOf(market, [carol], () => leave(world));
      expect(tooHigh).to.be.above(fair);
      // Against the share price after the bankruptcy it wins nothing, and neither does who stays lose.
      expect(paid).to.be.at.most(0n);
      expect(await pool.convertToAssets(await pool.balanceOf(provider))).to.be.at.least(stays);
      await expectConservation(market);
    });
  }
});
