import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { closeAll, expectNoProfit, positionsOf } from "../fixtures/attack.ts";
import { newPhase } from "../fixtures/feeds.ts";
import { proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";

/**
 * The feed changes its aggregator while an order waits: round ids jump by 2⁶⁴. The attacker chooses between a round of the
 * old phase and one of the new, or hopes that the market's round arithmetic breaks and nobody can liquidate it.
 * Units: test/contracts/ChainlinkFeedOracle/{verify,realFeeds}.test.ts.
 */
describe("attack 19: a change of the aggregator's phase", () => {
  it("leaves no choice of rounds, and no fee to pay for it (BH-115, BH-70)", async () => {
    const market = await calmArena();
    const { orderBook, oracle, accounts, connection } = market;
    const { alice, keeper } = accounts;
    await expectNoProfit(market, [alice, keeper], async () => {
      const order = { sizeDelta: wad("100"), margin: wad("20000"), reserve: wad("40000") };
      const { orderId, submittedAt } = await submitOrder(market, alice, order);
      const old = await pushPrice(market, wad("1990"), submittedAt + 3n);
      const index = await newPhase(market.index);
      const first = await pushPrice({ ...market, index }, wad("2050"), submittedAt + 20n);
      await connection.networkHelpers.time.increase(1n);
      const fill = async (round: typeof old) =>
        orderBook.connect(keeper).execute([orderId], await proofOf(market, round), keeper);
      await expect(fill(old)).to.be.revertedWithCustomError(oracle, "PhaseNotCurrent");
      await expect(fill(first)).to.be.revertedWithCustomError(orderBook, "PriceDoesNotCover");
      await connection.networkHelpers.time.increaseTo(submittedAt + 200n);
      await orderBook.connect(alice).cancel(orderId, await proofOf(market, first));
    });
  });

  it("blocks neither liquidation nor trading: the new phase is read at once", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { alice, bob, keeper } = accounts;
    await expectNoProfit(market, [alice], async () => {
      const long = { account: alice, size: wad("100"), margin: wad("10000") };
      const id = await openPosition(market, long);
      const moved = { ...market, index: await newPhase(market.index) };
      await pushPrice(moved, wad("1890"));
      await marginVault.connect(keeper).liquidate(id, "0x", keeper);
      expect((await marginVault.position(id)).size).to.equal(0n);
      const short = { account: bob, size: -wad("100"), margin: wad("20000") };
      await pushPrice(moved, wad("1895"));
      await openPosition(moved, { ...short, price: wad("1900") });
      await closeAll(moved, bob, wad("1900"));
      expect(await positionsOf(market, [bob.address])).to.deep.equal([]);
      await pushPrice(moved, wad("2500"));
    });
  });
});
