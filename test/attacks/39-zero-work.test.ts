import { expect } from "chai";
import { expectNoProfit } from "../fixtures/attack.ts";
import { calmStage, connection } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { stopLoss } from "../fixtures/powers.ts";
import { submitOrder } from "../fixtures/trading.ts";
import { openLong } from "../fixtures/vault.ts";

// A bot asks to be paid for nothing: empty lists, lists of what is healthy, waiting, gone or named twice. Fees come out of
// the order, the position or the request that was ended (BH-78, BH-93, BH-101), and where none was the call reverts.

const { networkHelpers } = connection;

/** A healthy long with a stop-loss that has not come, a long that is gone, and a request that is not due. */
async function scene() {
  const market = await calmStage();
  const { alice, provider } = market.accounts;
  const { positionId } = await openLong(market);
  const { orderId } = await submitOrder(market, alice, stopLoss(positionId, wad("1900")));
  await market.liquidityVault.connect(provider).requestDeposit(200_000_000n, provider, provider);
  await networkHelpers.time.increase(60n);
  await pushPrice(market, wad("2000"));
  return { ...market, market, positionId, orderId };
}

describe("attack 39: keeper's calls that do no work", () => {
  it("revert, each with its own error, and pay nothing", async () => {
    const { market, marginVault, orderBook, liquidityVault, accounts, positionId, orderId } =
      await scene();
    const { carol } = accounts;
    const vault = marginVault.connect(carol);
    const book = orderBook.connect(carol);
    const pool = liquidityVault.connect(carol);
    const profit = await expectNoProfit(market, [carol], async () => {
      for (const [call, contract, error] of [
        [() => book.execute([], "0x", carol), book, "NothingExecuted"],
        [() => book.execute([77n, 78n], "0x", carol), book, "NothingExecuted"],
        [() => book.execute([orderId], "0x", carol), book, "TriggerNotReached"],
        [() => book.execute([orderId, orderId], "0x", carol), book, "OrdersNotSorted"],
        [() => vault.liquidateBatch([], "0x", carol), vault, "NothingLiquidated"],
        [
          () => vault.liquidateBatch([positionId, positionId], "0x", carol),
          vault,
          "NothingLiquidated",
        ],
        [() => vault.liquidate(positionId, "0x", carol), vault, "PositionHealthy"],
        [() => vault.liquidate(99n, "0x", carol), vault, "PositionNotFound"],
        [() => vault.rescue(positionId, "0x", carol), vault, "RescueRefused"],
        [() => book.settleAtCap(positionId, "0x", carol), vault, "CapNotReached"],
        [() => book.settleAtCap(99n, "0x", carol), vault, "PositionNotFound"],
        [() => book.closeSettled([positionId], carol), vault, "MarketNotSettled"],
        [() => pool.fulfillDeposits(0n, "0x", carol), pool, "NothingFulfilled"],
        [() => pool.fulfillDeposits(9n, "0x", carol), pool, "NothingFulfilled"],
        [() => pool.fulfillRedeems(9n, "0x", carol), pool, "NothingFulfilled"],
      ] as const) {
        await expect(call()).to.be.revertedWithCustomError(contract, error);
      }
      // These go through, and pay nobody.
      await vault.accrue();
      await vault.sweepDues();
      await book.poke("0x");
    });
    expect(profit).to.equal(0n);
    await expectConservation(market);
  });

  it("pay once for what is named twice, or mixed with what is healthy", async () => {
    const { market, marginVault, accounts, positionId } = await scene();
    const { carol } = accounts;
    await pushPrice(market, wad("1901"));
    const before = await networkHelpers.takeSnapshot();
    const wallet = await market.token.balanceOf(carol);
    await marginVault.connect(carol).liquidate(positionId, "0x", carol);
    const once = (await market.token.balanceOf(carol)) - wallet;
    await before.restore();
    const ids = [positionId, 99n, positionId, positionId];
    await marginVault.connect(carol).liquidateBatch(ids, "0x", carol);
    expect((await market.token.balanceOf(carol)) - wallet).to.equal(once);
    await expectConservation(market);
  });
});
