import { expect } from "chai";
import { calmArena, inFork } from "../fixtures/arena.ts";
import { closeAll, profitOf } from "../fixtures/attack.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";

/** A long and a short with a stop and a limit each, and a round that jumps over their numbers. */
const GAPS = [
  ["a long's stop at 1,950", 1n, 2n, "1950", "1870"],
  ["a long's limit at 2,050", 1n, 1n, "2050", "2130"],
  ["a short's stop at 2,050", -1n, 2n, "2050", "2130"],
  ["a short's limit at 1,950", -1n, 1n, "1950", "1870"],
] as const;

/**
 * The price jumps over the number of a trigger order. Either nothing fires and the attacker, who provides to the pool,
 * keeps what the owner should have had; or it fires at its number, and the owner is the attacker.
 * Units: test/contracts/OrderBook/execute.trigger.test.ts.
 */
describe("attack 26: a gap that jumps over a trigger", () => {
  for (const [title, sign, kind, triggerPrice, beyond] of GAPS) {
    it(`releases ${title}, for what a close at the market brings (BH-72, BH-73)`, async () => {
      const market = await calmArena();
      const { marginVault, orderBook, accounts, connection } = market;
      const { alice, keeper } = accounts;
      const size = sign * wad("100");
      const id = await openPosition(market, { account: alice, size, margin: wad("20000") });
      const order = { positionId: id, kind, reduceOnly: true, sizeDelta: -size };
      const [priced, party] = [{ price: wad("2000") }, [alice, keeper]];
      const atMarket = await inFork(market, () =>
        profitOf(market, party, () => closeAll(market, alice, wad(beyond)), priced),
      );
      const byTrigger = await profitOf(
        market,
        party,
        async () => {
          const { orderId } = await submitOrder(market, alice, {
            ...order,
            triggerPrice: wad(triggerPrice),
            expiry: 4_000_000_000n,
          });
          await connection.networkHelpers.time.increase(2n);
          await pushPrice(market, wad(beyond));
          await orderBook.connect(keeper).execute([orderId], "0x", keeper);
          expect((await marginVault.position(id)).size, "it has fired").to.equal(0n);
        },
        priced,
      );
      expect(byTrigger - atMarket <= 0n, `the gap paid ${byTrigger - atMarket}`).to.equal(true);
      // Nor does it cost: the pool keeps nothing but the borrow fee of a second or two.
      expect(atMarket - byTrigger).to.be.at.most(market.tokenScale);
    });
  }
});
