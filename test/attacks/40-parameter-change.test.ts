import { expect } from "chai";
import { expectNoProfit } from "../fixtures/attack.ts";
import { calmStage } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { publishTerms } from "../fixtures/powers.ts";
import { submitOrder } from "../fixtures/trading.ts";
import { openLong } from "../fixtures/vault.ts";

// The curator is a liquidator. It publishes the harshest terms that the bounds allow, so that everybody's margin is too
// little, and collects the fees. A position keeps its terms (BH-205, LAW-13), and what is published waits two days for all
// to see (BH-200, BH-202). See also scenario 08 and test/contracts/MarketCharter/frozenTerms.test.ts.

/** Nothing less than margin for all of the notional, of which maintenance takes 58%, a tenth of it for the keeper. */
const HARSHEST = {
  initialMarginRatio: wad("1"),
  maintenanceMarginRatio: wad("0.48"),
  liquidationFeeRatio: wad("0.1"),
  liquidationTarget: wad("1.7"),
  minReserveRatio: wad("1"),
};

async function marketFixture() {
  const market = await calmStage();
  const { positionId } = await openLong(market);
  return { ...market, market, positionId };
}

describe("attack 40: a change of parameters that makes healthy positions liquidatable", () => {
  it("brings its curator nothing: positions keep their terms", async () => {
    const { market, marginVault, accounts, positionId } = await marketFixture();
    const { alice, curator, keeper } = accounts;
    const profit = await expectNoProfit(market, [curator, keeper], async () => {
      await publishTerms(market, HARSHEST);
      for (const price of ["2000", "1970", "1950"]) {
        await pushPrice(market, wad(price));
        await expect(
          marginVault.connect(keeper).liquidate(positionId, "0x", curator),
        ).to.be.revertedWithCustomError(marginVault, "PositionHealthy");
      }
    });
    expect(profit).to.equal(0n);
    // And its owner may still take out what the terms of old leave: E 4,899 of 7,800 at 1,950.
    await pushPrice(market, wad("2000"));
    await marginVault.connect(alice).removeMargin(positionId, 1_000_000_000n, alice, "0x");
    await expectConservation(market);
  });

  it("catches no order that was waiting: it is cancelled rather than held to terms that it did not name", async () => {
    const { market, marginVault, orderBook, accounts, positionId } = await marketFixture();
    const { alice, curator, keeper } = accounts;
    const limit = { kind: 1n, triggerPrice: wad("2100"), expiry: 4_000_000_000n };
    const order = { ...limit, sizeDelta: wad("1"), margin: wad("2100"), reserve: wad("400") };
    const opening = await submitOrder(market, alice, order);
    const increase = await submitOrder(market, alice, { ...order, positionId });
    await publishTerms(market, HARSHEST);
    // The keeper's fees of 0.5 are what it earns by executing, whatever the terms.
    const before = await market.token.balanceOf(keeper);
    for (const { orderId } of [opening, increase]) {
      await orderBook.connect(keeper).execute([orderId], "0x", keeper);
    }
    expect((await market.token.balanceOf(keeper)) - before).to.equal(1_000_000n);
    expect((await marginVault.position(opening.orderId)).size).to.equal(0n);
    // An increase that names the position's own terms keeps them.
    const grown = await marginVault.position(positionId);
    expect([grown.size, grown.termsId]).to.deep.equal([wad("101"), 1n]);
    await expect(
      marginVault.connect(curator).liquidate(positionId, "0x", curator),
    ).to.be.revertedWithCustomError(marginVault, "PositionHealthy");
    await expectConservation(market);
  });
});
