import { expect } from "chai";
import { calmArena, inFork } from "../fixtures/arena.ts";
import { profitOf } from "../fixtures/attack.ts";
import { type MarketFixture, proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { submitOrder } from "../fixtures/trading.ts";

const ORDER = { margin: wad("40000"), reserve: wad("40000") };

/** Sends the order and writes rounds before and after its T, two seconds later; returns all their proofs. */
async function waiting(market: MarketFixture, sizeDelta: bigint) {
  const { alice } = market.accounts;
  const proofs = [await proofOf(market, await pushPrice(market, wad("2005")))];
  const { orderId, submittedAt } = await submitOrder(market, alice, { sizeDelta, ...ORDER });
  for (const [after, price] of [
    [1n, "1995"],
    [4n, "2000"],
    [9n, "2030"],
    [20n, "1960"],
    [40n, "2010"],
  ] as const) {
    const round = await pushPrice(market, wad(price), submittedAt + after);
    proofs.push(await proofOf(market, round));
  }
  await market.connection.networkHelpers.time.increase(1n);
  return { orderId, proofs };
}

/**
 * The attacker is its own keeper and knows all rounds there are. It tries each one, and takes the best.
 * Units: test/contracts/OrderBook/{freeLook,onePrice}.test.ts.
 */
describe("attack 21: the executor picks the price", () => {
  for (const [side, sizeDelta] of [
    ["buyer", wad("100")],
    ["seller", -wad("100")],
  ] as const) {
    it(`gets a ${side} what any other executor would have got it (BH-64 †, BH-66)`, async () => {
      const market = await calmArena();
      const { orderBook, accounts } = market;
      const { alice, keeper } = accounts;
      const { orderId, proofs } = await waiting(market, sizeDelta);
      const profits: bigint[] = [];
      for (const proof of proofs) {
        await inFork(market, async () => {
          let filled = true;
          const profit = await profitOf(
            market,
            [alice, keeper],
            async () => {
              const sent = orderBook.connect(keeper).execute([orderId], proof, keeper);
              filled = await sent.then(() => true).catch(() => false);
            },
            { price: wad("2000") },
          );
          if (filled) profits.push(profit);
        });
      }
      // One round is good, that of T + 2, at 2,000: the best choice is the only one, and pays its fees.
      expect(profits.length).to.equal(1);
      const [best = 0n] = profits;
      expect(best <= 0n, `the choice paid ${best}`).to.equal(true);
      expect(best).to.be.closeTo(-wad("200"), wad("3"));
    });
  }
});
