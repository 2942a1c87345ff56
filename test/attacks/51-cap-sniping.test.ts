import { expect } from "chai";
import { profitOf } from "../fixtures/attack.ts";
import { calmStage, connection } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";

// An order to close waits at the price of its own moment. A newer price brings the position to its cap, or below its
// maintenance: trader or keeper holds the order back and uses whichever price is better for him. The order's price is known
// a round before the other exists, and from then on anybody earns its fee by executing it (BH-64, BH-67); once it is
// executed there is nothing left to settle or to liquidate. At one price both ends fill the same (BH-39). What is left
// to one who is alone in the market is attack 55, and ends with the window.

const { networkHelpers } = connection;
const SIZE = wad("1000");
/** Of the order, from submission to the round that serves it [s]. */
const SERVED = 3n;

/** A long of 1,000 with a reserve of a tenth, capped at about 2,200, and an order of its owner to close it at `first`. */
async function orderWaits(first: string) {
  const market = await calmStage();
  const { alice } = market.accounts;
  const positionId = await openPosition(market, {
    account: alice,
    size: SIZE,
    margin: wad("100000"),
    reserve: wad("200000"),
    price: wad("2000"),
  });
  const { orderId, submittedAt } = await submitOrder(market, alice, {
    positionId,
    sizeDelta: -SIZE,
  });
  const own = await pushPrice(market, wad(first), submittedAt + SERVED);
  const { orderBook, accounts } = market;
  const execute = async (keeper = accounts.keeper) =>
    orderBook.connect(keeper).execute([orderId], await proofOf(market, own), keeper);
  return { ...market, market, positionId, execute };
}

async function belowCap() {
  return await orderWaits("2150");
}
async function aboveCap() {
  return await orderWaits("2250");
}

/** What those who act together end with when a keeper was at hand, and the sniper came a round later. */
describe("attack 51: the better of two prices, an order's own or a newer one", () => {
  it("finds the order executed before a newer round could bring the position to its cap", async () => {
    const { market, positionId, execute, orderBook, marginVault, accounts } = await belowCap();
    const { alice } = accounts;
    const start = await networkHelpers.takeSnapshot();
    const honest = await profitOf(market, [alice], () => execute(), { price: wad("2150") });
    await start.restore();
    const sniped = await profitOf(
      market,
      [alice],
      async () => {
        await execute();
        await pushPrice(market, wad("2300"));
        await expect(
          orderBook.connect(alice).settleAtCap(positionId, "0x", alice),
        ).to.be.revertedWithCustomError(marginVault, "PositionNotFound");
      },
      { price: wad("2150") },
    );
    expect(sniped - honest).to.equal(0n);
    await expectConservation(market);
  });

  it("finds the order executed before a newer round could have it liquidated", async () => {
    const { market, positionId, execute, marginVault, accounts } = await belowCap();
    const { alice, carol } = accounts;
    const profit = await profitOf(market, [carol], async () => {
      // The owner need not wait for a keeper either.
      await execute(alice);
      await pushPrice(market, wad("1900"));
      await expect(
        marginVault.connect(carol).liquidate(positionId, "0x", carol),
      ).to.be.revertedWithCustomError(marginVault, "PositionNotFound");
    });
    expect(profit).to.equal(0n);
    await expectConservation(market);
  });

  it("gets from a settlement at the order's own price what the order gives, but for the fees of each", async () => {
    const { market, positionId, execute, orderBook, accounts } = await aboveCap();
    const { alice, stranger } = accounts;
    const start = await networkHelpers.takeSnapshot();
    const before = await market.token.balanceOf(alice);
    await execute();
    const ordered = (await market.token.balanceOf(alice)) - before;
    await start.restore();
    await orderBook.connect(stranger).settleAtCap(positionId, "0x", stranger);
    const settled = (await market.token.balanceOf(alice)) - before;
    // Both win the reserve of 200,000 and no more. The order costs 0.05% of 1,000 × 2,250 × (1 + 500 ÷ 20,000,000), a
    // settlement the floor of 1.
    expect(settled - ordered).to.equal(1_125_028_125n - 1_000_000n);
    await expectConservation(market);
  });

  it("leaves nothing to the order once it is settled: its fee goes back, and the position is not paid twice", async () => {
    const { market, positionId, execute, orderBook, accounts } = await aboveCap();
    const { alice, carol } = accounts;
    const before = await market.token.balanceOf(alice);
    await orderBook.connect(carol).settleAtCap(positionId, "0x", carol);
    const settled = (await market.token.balanceOf(alice)) - before;
    const profit = await profitOf(market, [carol], () => execute(carol));
    expect(profit).to.equal(0n);
    expect((await market.token.balanceOf(alice)) - before - settled).to.equal(500_000n);
    await expectConservation(market);
  });
});
