import { expect } from "chai";
import { expectNoProfit } from "../fixtures/attack.ts";
import { calmStage } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change, logOf, openLong } from "../fixtures/vault.ts";

// Elsewhere a loser whose margin is used up has a winner closed in his stead, at a price and by a choice that the winner
// has no say in. Here no position is closed for another's sake: what a winner may win was locked before it opened (BH-24),
// and the only forced end of a winner is its own cap, at which it has nothing more to win (BH-94).

describe("attack 42: auto-deleveraging of a chosen winner", () => {
  it("cannot be had: neither liquidating nor settling ends a winner below its cap", async () => {
    const market = await calmStage();
    const { marginVault, orderBook, accounts } = market;
    const { bob } = accounts;
    const { positionId } = await openLong(market);
    const profit = await expectNoProfit(market, [bob], async () => {
      // Reserve 40,000: the cap lies at about 2,400.
      for (const price of ["2010", "2200", "2399"]) {
        await pushPrice(market, wad(price));
        await expect(
          marginVault.connect(bob).liquidate(positionId, "0x", bob),
        ).to.be.revertedWithCustomError(marginVault, "PositionHealthy");
        await expect(
          orderBook.connect(bob).settleAtCap(positionId, "0x", bob),
        ).to.be.revertedWithCustomError(marginVault, "CapNotReached");
      }
      await pushPrice(market, wad("2401"));
      await expect(
        marginVault.connect(bob).liquidate(positionId, "0x", bob),
      ).to.be.revertedWithCustomError(marginVault, "PositionCapped");
    });
    expect(profit).to.equal(0n);
  });

  for (const price of ["2050", "2300", "2600"]) {
    it(`pays a winner at ${price} the same, whether the loser opposite is rich or bankrupt`, async () => {
      const paid = [];
      for (const margin of ["8100", "80000"]) {
        const market = await calmStage();
        const { alice, bob } = market.accounts;
        const { positionId } = await openLong(market);
        const short = { account: bob, size: -wad("100"), reserve: wad("20000") };
        await openPosition(market, { ...short, margin: wad(margin), price: wad("2000") });
        const closing = { account: alice, positionId, sizeDelta: -wad("100"), price: wad(price) };
        const receipt = await change(market, closing);
        paid.push(logOf(market, receipt, "PositionDecreased").realizedPnl as bigint);
        await expectConservation(market);
      }
      expect(paid[0]).to.equal(paid[1]);
      expect(paid[0]).to.be.above(wad("4900"));
    });
  }
});
