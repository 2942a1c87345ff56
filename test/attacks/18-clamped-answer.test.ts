import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { pushRound } from "../fixtures/feeds.ts";
import { proofOf } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";

/** Bounds of the aggregator [E8]: what it says when the price lies beyond. */
const LOWEST = 1n;
const HIGHEST = 10n ** 15n;

/**
 * The price has left the range of the aggregator, which goes on saying its bound. The attacker, who knows the true price,
 * trades and settles at that one. Units: test/contracts/ChainlinkFeedOracle/{spot,verify}.test.ts.
 */
describe("attack 18: an answer at the aggregator's bound", () => {
  for (const [title, answer, sign] of [
    ["lowest", LOWEST, -1n],
    ["highest", HIGHEST, 1n],
  ] as const) {
    it(`wins nothing by a round at the ${title} one (BH-119)`, async () => {
      const market = await calmArena();
      const { marginVault, orderBook, oracle, accounts } = market;
      const { alice, bob, keeper } = accounts;
      const winner = { account: alice, size: sign * wad("100"), margin: wad("20000") };
      const id = await openPosition(market, winner);
      const loser = await openPosition(market, { ...winner, account: bob, size: -winner.size });
      const profit = await expectNoProfit(
        market,
        [alice, keeper],
        async () => {
          const order = { positionId: id, sizeDelta: -winner.size };
          const { orderId, submittedAt } = await submitOrder(market, alice, order);
          const round = await pushRound(market.index, { answer, at: submittedAt + 3n });
          const proof = await proofOf(market, round);
          for (const attempt of [
            () => orderBook.connect(keeper).settleAtCap(id, "0x", keeper),
            () => marginVault.connect(keeper).liquidate(loser, "0x", keeper),
            () => orderBook.connect(keeper).execute([orderId], proof, keeper),
          ]) {
            await expect(attempt())
              .to.be.revertedWithCustomError(oracle, "AnswerAtBound")
              .withArgs(market.index.proxy, round.id, answer, LOWEST, HIGHEST);
          }
          await market.connection.networkHelpers.time.increaseTo(submittedAt + 200n);
          await orderBook.connect(alice).cancel(orderId, proof);
        },
        { price: wad("2000") },
      );
      // Borrowing for the time of the wait: a wei a second for each unit of reserve, less than a token unit.
      expect(profit).to.be.above(-wad("0.00001"));
    });
  }
});
