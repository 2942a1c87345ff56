import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { closeAll, expectNoProfit } from "../fixtures/attack.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";
import { logOf, mined } from "../fixtures/vault.ts";

const FAR = 4_000_000_000n;

/**
 * The attacker opens and at once orders a "stop-loss" beyond its entry, on the side of the gain, or a "take-profit" on the
 * side of the loss, to be paid at its own number. Units: test/contracts/OrderBook/execute.trigger.test.ts.
 */
describe("attack 25: a stop or a limit filled at the attacker's number", () => {
  for (const [title, sign, kind, triggerPrice] of [
    ["a long's stop-loss at nine times its entry", 1n, 2n, "18000"],
    ["a short's stop-loss at a ninth of its entry", -1n, 2n, "222"],
    ["a long's take-profit below its entry", 1n, 1n, "222"],
    ["a short's take-profit above its entry", -1n, 1n, "18000"],
  ] as const) {
    it(`pays ${title} the price of the market, less fees (BH-73)`, async () => {
      const market = await calmArena();
      const { orderBook, accounts, connection } = market;
      const { alice, keeper } = accounts;
      const profit = await expectNoProfit(market, [alice, keeper], async () => {
        const size = sign * wad("100");
        const id = await openPosition(market, { account: alice, size, margin: wad("20000") });
        const order = { positionId: id, kind, reduceOnly: true, expiry: FAR };
        const { orderId } = await submitOrder(market, alice, {
          ...order,
          sizeDelta: -size,
          triggerPrice: wad(triggerPrice),
        });
        await connection.networkHelpers.time.increase(2n);
        await pushPrice(market, wad("2000"));
        const receipt = await mined(orderBook.connect(keeper).execute([orderId], "0x", keeper));
        const { fillPrice } = logOf(market, receipt, "PositionDecreased");
        // The impact of its own opening, which closing gives back.
        expect(fillPrice).to.equal(wad("2000") + sign * wad("0.005"));
      });
      expect(profit).to.be.closeTo(-wad("200"), wad("0.01"));
    });
  }

  for (const [title, sign, triggerPrice] of [
    ["long", 1n, "18000"],
    ["short", -1n, "222"],
  ] as const) {
    it(`does not pay a ${title} a target that the market has not reached (BH-72)`, async () => {
      const market = await calmArena();
      const { orderBook, accounts, connection } = market;
      const { alice, keeper } = accounts;
      await expectNoProfit(market, [alice, keeper], async () => {
        const size = sign * wad("100");
        const id = await openPosition(market, { account: alice, size, margin: wad("20000") });
        const { orderId } = await submitOrder(market, alice, {
          positionId: id,
          kind: 1n,
          reduceOnly: true,
          sizeDelta: -size,
          triggerPrice: wad(triggerPrice),
          expiry: FAR,
        });
        await connection.networkHelpers.time.increase(2n);
        await pushPrice(market, wad("2000"));
        await expect(
          orderBook.connect(keeper).execute([orderId], "0x", keeper),
        ).to.be.revertedWithCustomError(orderBook, "TriggerNotReached");
        await orderBook.connect(alice).cancel(orderId, "0x");
        await closeAll(market, alice, wad("2000"));
      });
    });
  }
});
