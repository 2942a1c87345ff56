import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { submitOrder } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

const AMOUNTS = { margin: wad("40000"), reserve: wad("40000") };

/**
 * The attacker sends orders on both sides, sees the price at which they will fill and where it has gone since, and takes
 * back the one that loses. Units: test/contracts/OrderBook/{freeLook,cancel}.test.ts; letting it lapse is attack 55.
 */
describe("attack 22: a free look at the price", () => {
  it("ends with both sides filled by any keeper, and two fees to pay (BH-69 †)", async () => {
    const market = await calmArena();
    const { orderBook, accounts } = market;
    const { alice, bob, keeper } = accounts;
    const profit = await expectNoProfit(
      market,
      [alice, bob],
      async () => {
        const long = await submitOrder(market, alice, { sizeDelta: wad("100"), ...AMOUNTS });
        const short = await submitOrder(market, bob, { sizeDelta: -wad("100"), ...AMOUNTS });
        const own = await pushPrice(market, wad("2000"), short.submittedAt + 3n);
        await pushPrice(market, wad("2060"), short.submittedAt + 20n);
        // The short has lost 6,000 before it is open. Its owner tries to be rid of it, as does its friend.
        for (const account of [bob, alice]) {
          for (const proof of ["0x", await proofOf(market, own)]) {
            await expect(
              orderBook.connect(account).cancel(short.orderId, proof),
            ).to.be.revertedWithCustomError(orderBook, "CancelTooEarly");
          }
        }
        const ids = [long.orderId, short.orderId];
        await orderBook.connect(keeper).execute(ids, await proofOf(market, own), keeper);
      },
      { price: wad("2060") },
    );
    // Two openings at 0.05% of 200,000, two closes of 206,000, and a keeper's fee of 0.5 each.
    expect(profit).to.be.closeTo(-wad("407"), wad("1"));
  });

  it("takes a trigger order back, which had nothing to look at: it fills at the price of now (BH-74, BH-71)", async () => {
    const market = await calmArena();
    const { orderBook, accounts, connection } = market;
    const { alice, keeper } = accounts;
    const limit = { kind: 1n, triggerPrice: wad("2010"), expiry: (await now(market)) + 3_600n };
    await expectNoProfit(
      market,
      [alice, keeper],
      async () => {
        await pushPrice(market, wad("2020"));
        const order = { sizeDelta: wad("100"), ...AMOUNTS, ...limit };
        const { orderId } = await submitOrder(market, alice, order);
        await connection.networkHelpers.time.increase(5n);
        const low = await pushPrice(market, wad("2005"));
        await pushPrice(market, wad("2060"));
        // It waited for the rise and would like to have bought before it: that round is no spot price any more.
        const attempt = orderBook
          .connect(keeper)
          .execute([orderId], await proofOf(market, low), keeper);
        await expect(attempt).to.be.revertedWithCustomError(market.oracle, "ProofMalformed");
        await expect(
          orderBook.connect(keeper).execute([orderId], "0x", keeper),
        ).to.be.revertedWithCustomError(orderBook, "TriggerNotReached");
        await orderBook.connect(alice).cancel(orderId, "0x");
      },
      { price: wad("2060") },
    );
  });
});
