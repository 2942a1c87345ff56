import { expect } from "chai";
import { profitOf } from "../fixtures/attack.ts";
import { calmStage, connection } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, newestPrice, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change } from "../fixtures/vault.ts";

// A fund that pays bad debt has shares to manipulate and withdrawals to time. There is no such fund: bad debt does not
// arise (BH-29). What comes nearest is the pool, and the attack on it: join just before what traders have lost is swept
// in, leave just after; or leave just before a winner is paid. Dues count before they are swept and gains before they are
// paid (BH-96, BH-106), so neither moment moves a share's price. Timing of what is capped or bankrupt is attack 56.

const { networkHelpers } = connection;
/** A million [token]. */
const STAKE = 1_000_000_000_000n;

/** A long of 5,000 that has lost or won 100,000 at this price. */
async function closedAt(market: MarketFixture, price: string): Promise<() => Promise<unknown>> {
  const { alice } = market.accounts;
  const sizeDelta = wad("5000");
  const opening = { account: alice, size: sizeDelta, margin: wad("1000000") };
  const positionId = await openPosition(market, { ...opening, price: wad("2000") });
  await pushPrice(market, wad(price));
  const closing = { account: alice, positionId, sizeDelta: -sizeDelta, price: wad(price) };
  return () => change(market, closing);
}

describe("attack 43: shares of what pays for losses, timed", () => {
  for (const price of ["1980", "2020"]) {
    it(`earns nothing of what a trader loses or wins at ${price} by joining just before and leaving just after`, async () => {
      const market = await calmStage();
      const { liquidityVault, marginVault, accounts } = market;
      const { carol } = accounts;
      const close = await closedAt(market, price);
      const pool = liquidityVault.connect(carol);
      const assets = await liquidityVault.totalAssets();
      const profit = await profitOf(market, [carol], async () => {
        await pool.requestDeposit(STAKE, carol, carol);
        await wait(market);
        await pool.fulfillDeposits(1n, "0x", carol);
        await pool["mint(uint256,address)"](await pool.maxMint(carol), carol);
        await close();
        await marginVault.sweepDues();
        await pool.requestRedeem(await pool.balanceOf(carol), carol, carol);
        await wait(market);
        await pool.fulfillRedeems(1n, "0x", carol);
        await pool.withdraw(await pool.maxWithdraw(carol), carol, carol);
      });
      // Its part of the fee that was paid while it was in the pool: 0.05% of 5,000 × price × (1 + 2,500 ÷ 20,000,000), nine tenths
      // of it.
      // Of the 100,000 that changed hands it would have been 9,090.
      const fee = (wad("5000.625") * BigInt(price) * 5n * 9n) / 100_000n;
      expect(profit).to.be.at.most((fee * STAKE) / (assets + STAKE));
      await expectConservation(market);
    });

    it(`finds a share worth the same before and after a close at ${price}, and before and after the sweep`, async () => {
      const market = await calmStage();
      const { liquidityVault, marginVault } = market;
      const close = await closedAt(market, price);
      const share = () => liquidityVault.convertToAssets(10n ** 15n);
      const before = await share();
      await close();
      const after = await share();
      // The fee of 0.05% of ten millions, 4,950 of it the pool's, is 0.05% of its assets: that, and 0.0002% of premium.
      expect(after - before).to.be.within(0n, before / 2_000n);
      await marginVault.sweepDues();
      expect(await share()).to.equal(after);
      await expectConservation(market);
    });
  }
});

async function wait(market: MarketFixture): Promise<void> {
  await networkHelpers.time.increase(300n);
  await pushPrice(market, await newestPrice(market));
}
