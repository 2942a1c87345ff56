import { expect } from "chai";
import { profitOf } from "../fixtures/attack.ts";
import { calmStage, connection } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";
import { change } from "../fixtures/vault.ts";

// A bot sends an order with the least fee, waits for its price and a little longer, and executes it only if it has turned
// out well; else it lets it lapse. The order's price is the one of its own moment (BH-64), whoever executes it has the fee,
// and the bot is the one who profits last from waiting: any keeper executes at once what pays 0.5 for some cents of gas.
// After the window nobody can (BH-67 †), and what lapses forfeits its fee (BH-69, BH-70 †). See also
// test/contracts/OrderBook/freeLook.test.ts.

const { networkHelpers } = connection;
const SIZE = wad("100");
const OPENING = { sizeDelta: SIZE, margin: wad("20000"), reserve: wad("40000") };
/** `T` plus the wait for a round and the window, of the local market [s]. */
const LAPSES = 2n + 60n + 60n + 1n;

/** A course of prices: of the order, and of a round later. */
const COURSES = [
  ["1980", "2000"],
  ["2020", "2000"],
  ["1990", "2010"],
  ["2010", "1990"],
] as const;

/** The bot's round trip with a keeper around: it may not look before the order is filled. */
async function withKeeper(market: MarketFixture, own: string, later: string): Promise<bigint> {
  const { carol, keeper } = market.accounts;
  return await profitOf(market, [carol], async () => {
    const { orderId, submittedAt } = await submitOrder(market, carol, OPENING);
    const round = await pushPrice(market, wad(own), submittedAt + 3n);
    const proof = await proofOf(market, round);
    await market.orderBook.connect(keeper).execute([orderId], proof, keeper);
    await pushPrice(market, wad(later));
    const closing = { account: carol, positionId: orderId, sizeDelta: -SIZE, price: wad(later) };
    await change(market, closing);
  });
}

describe("attack 55: letting an order lapse as an option", () => {
  it("is a fair bet less all fees where a keeper executes: over courses up and down it loses", async () => {
    let sum = 0n;
    for (const [own, later] of COURSES) {
      const market = await calmStage();
      sum += await withKeeper(market, own, later);
      await expectConservation(market);
    }
    // 100 × (20 − 20 + 20 − 20) less eight fees of 0.05% of some 200,000 and of 0.5 for the keeper.
    expect(sum).to.be.within(-wad("806"), -wad("800"));
  });

  it("leaves the bot no say: a keeper's execution goes through in the second in which the price exists", async () => {
    const market = await calmStage();
    const { orderBook, accounts } = market;
    const { carol, keeper } = accounts;
    const { orderId, submittedAt } = await submitOrder(market, carol, OPENING);
    const round = await pushPrice(market, wad("2020"), submittedAt + 3n);
    await expect(orderBook.connect(carol).cancel(orderId, "0x")).to.be.revertedWithCustomError(
      orderBook,
      "CancelTooEarly",
    );
    const earned = await profitOf(market, [keeper], async () => {
      const proof = await proofOf(market, round);
      await networkHelpers.time.setNextBlockTimestamp(round.updatedAt + 1n);
      await orderBook.connect(keeper).execute([orderId], proof, keeper);
    });
    expect(earned).to.equal(wad("0.5"));
    expect((await market.marginVault.position(orderId)).size).to.equal(SIZE);
  });

  it("ends with the window: a price that turns good later cannot be had, and the fee is the pool's", async () => {
    const market = await calmStage();
    const { orderBook, marginVault, accounts } = market;
    const { carol } = accounts;
    const { poolDue } = await marginVault.market();
    const profit = await profitOf(market, [carol], async () => {
      const { orderId, submittedAt } = await submitOrder(market, carol, OPENING);
      const round = await pushPrice(market, wad("2000"), submittedAt + 3n);
      const proof = await proofOf(market, round);
      await networkHelpers.time.increaseTo(submittedAt + LAPSES);
      await pushPrice(market, wad("2100"));
      await expect(
        orderBook.connect(carol).execute([orderId], proof, carol),
      ).to.be.revertedWithCustomError(orderBook, "ExecutionWindowPassed");
      await orderBook.connect(carol).cancel(orderId, "0x");
    });
    expect(profit).to.equal(-wad("0.5"));
    expect((await marginVault.market()).poolDue - poolDue).to.equal(wad("0.5"));
    await expectConservation(market);
  });

  it("cannot be had in bulk: ten orders that lapse cost ten fees, and no proof of an absent price saves one", async () => {
    const market = await calmStage();
    const { orderBook, accounts } = market;
    const { carol } = accounts;
    const profit = await profitOf(market, [carol], async () => {
      const orders = [];
      for (let i = 0; i < 10; i += 1) orders.push(await submitOrder(market, carol, OPENING));
      const first = orders[0]?.submittedAt ?? 0n;
      const round = await pushPrice(market, wad("2000"), first + 20n);
      const proof = await proofOf(market, round);
      await networkHelpers.time.increaseTo(first + 20n + LAPSES);
      for (const { orderId } of orders) await orderBook.connect(carol).cancel(orderId, proof);
    });
    expect(profit).to.equal(-wad("5"));
    await expectConservation(market);
  });

  it("cannot be had on an exit either: while it waits no margin leaves", async () => {
    const market = await calmStage();
    const { marginVault, accounts } = market;
    const { carol } = accounts;
    const positionId = await openPosition(market, {
      account: carol,
      size: SIZE,
      margin: wad("20000"),
      price: wad("2000"),
    });
    await submitOrder(market, carol, { positionId, sizeDelta: -SIZE });
    await expect(
      marginVault.connect(carol).removeMargin(positionId, 1_000_000n, carol, "0x"),
    ).to.be.revertedWithCustomError(marginVault, "MarketOrderPending");
  });
});
