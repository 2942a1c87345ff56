import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { submitAndExecute, submitOrder } from "../fixtures/trading.ts";
import { cancelReason, mined } from "../fixtures/vault.ts";

/** Initial margin is 4% of 200,000 and maintenance margin 2.5%; fee and impact of the opening are 100.50025. */
const SIZE = wad("100");

/**
 * The attacker opens what can be liquidated at once, and liquidates it itself: the loss is to be the pool's, the fee its
 * own. Units: test/contracts/MarginVault/trade.open.test.ts.
 */
describe("attack 03: opening a position that can already be liquidated", () => {
  for (const margin of ["7000", "5000", "2600", "100.500251", "11"]) {
    it(`is refused with a margin of ${margin} (BH-47)`, async () => {
      const market = await calmArena();
      const { marginVault, accounts } = market;
      const { alice, keeper } = accounts;
      await expectNoProfit(market, [alice, keeper], async () => {
        const { receipt } = await submitAndExecute(market, alice, {
          sizeDelta: SIZE,
          margin: wad(margin),
          reserve: wad("40000"),
        });
        const error = marginVault.interface.parseError(cancelReason(market, receipt));
        expect(error?.name).to.be.oneOf(["InitialMarginNotMet", "MarginBelowFees"]);
        await expect(
          marginVault.connect(keeper).liquidate(1n, "0x", keeper),
        ).to.be.revertedWithCustomError(marginVault, "PositionNotFound");
      });
    });
  }

  it("costs all of the margin where the market has moved on before the order was filled (BH-68, BH-90)", async () => {
    const market = await calmArena();
    const { marginVault, orderBook, accounts } = market;
    const { alice, keeper } = accounts;
    const profit = await expectNoProfit(market, [alice, keeper], async () => {
      const order = { sizeDelta: SIZE, margin: wad("8200"), reserve: wad("200000") };
      const { orderId, submittedAt } = await submitOrder(market, alice, order);
      const own = await pushPrice(market, wad("2000"), submittedAt + 3n);
      // Before anybody fills it the price has fallen by more than the margin: it fills at its own price all the same.
      await pushPrice(market, wad("1900"), submittedAt + 20n);
      const proof = await proofOf(market, own);
      await mined(orderBook.connect(keeper).execute([orderId], proof, keeper));
      await mined(marginVault.connect(keeper).liquidate(orderId, "0x", keeper));
    });
    // Of the margin the keeper brings back the floor of 1, out of the reserve.
    expect(profit).to.equal(wad("1") - wad("8200"));
  });
});
