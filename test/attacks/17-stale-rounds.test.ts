import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { pushRound } from "../fixtures/feeds.ts";
import { type MarketFixture, proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

const DOLLAR = 100_000_000n;
/** Heartbeats with what real feeds are late: an hour of the index, a day of the quote [s]. */
const INDEX_MAX_AGE = 3_720n;
const QUOTE_MAX_AGE = 90_000n;

/** What the position is worth before and after: the feed says nothing else. */
const AT_OLD_PRICE = { price: wad("2000") };

/** Alice is long 100 with room of 12,000 above initial margin. */
async function room() {
  const market = await calmArena();
  const { alice } = market.accounts;
  const long = { account: alice, size: wad("100"), margin: wad("20000") };
  const id = await openPosition(market, long);
  return { market, id };
}

/** Everything that a holder could do at a price that is too good to be true, and a liquidator at one too bad. */
async function expectAllRefused(market: MarketFixture, id: bigint, feed: string, age: bigint) {
  const { marginVault, orderBook, liquidityVault, oracle, accounts } = market;
  const { alice, keeper } = accounts;
  for (const attempt of [
    () => marginVault.connect(alice).removeMargin(id, 10_000_000_000n, alice, "0x"),
    () => marginVault.connect(alice).liquidate(id, "0x", alice),
    () => orderBook.connect(keeper).settleAtCap(id, "0x", keeper),
    () => liquidityVault.connect(keeper).fulfillRedeems(1n, "0x", keeper),
  ]) {
    await expect(attempt())
      .to.be.revertedWithCustomError(oracle, "RoundStale")
      .withArgs(feed, anyValue, anyValue, anyValue, age);
  }
}

/**
 * The true price has fallen to 1,850 and the feed says nothing. The attacker takes its margin out at the old price, and
 * its losses stay behind. Units: test/contracts/ChainlinkFeedOracle/spot.test.ts.
 */
describe("attack 17: a stale round, one heartbeat for two feeds", () => {
  it("is refused a second after the index feed's own age (BH-114, BH-119)", async () => {
    const { market, id } = await room();
    const { accounts, connection, index } = market;
    const { alice, keeper } = accounts;
    const { updatedAt } = await pushPrice(market, wad("2000"));
    await expectNoProfit(
      market,
      [alice, keeper],
      async () => {
        await connection.networkHelpers.time.setNextBlockTimestamp(updatedAt + INDEX_MAX_AGE + 1n);
        await connection.networkHelpers.mine();
        await expectAllRefused(market, id, String(index.proxy.target), INDEX_MAX_AGE);
      },
      AT_OLD_PRICE,
    );
  });

  it("is refused at the quote feed's age, however fresh the index is", async () => {
    const { market, id } = await room();
    const { accounts, connection, quote } = market;
    const { alice, keeper } = accounts;
    const { time } = connection.networkHelpers;
    const { updatedAt } = await pushRound(quote, { answer: DOLLAR });
    // Ages that would be stale for the index are none for the quote.
    await pushPrice(market, wad("2000"), updatedAt + QUOTE_MAX_AGE - 10n);
    await market.marginVault.connect(alice).removeMargin(id, 1n, alice, "0x");
    await expectNoProfit(
      market,
      [alice, keeper],
      async () => {
        await time.setNextBlockTimestamp(updatedAt + QUOTE_MAX_AGE + 1n);
        await connection.networkHelpers.mine();
        await expectAllRefused(market, id, String(quote.proxy.target), QUOTE_MAX_AGE);
      },
      AT_OLD_PRICE,
    );
  });

  it("does not fill an order late at a price that is no more in force (BH-118)", async () => {
    const { market, id } = await room();
    const { orderBook, accounts, connection } = market;
    const { alice, keeper } = accounts;
    const known = await pushPrice(market, wad("2000"));
    await expectNoProfit(
      market,
      [alice, keeper],
      async () => {
        // Its wait ends after the round has become stale: the true price is anybody's guess by then.
        await connection.networkHelpers.time.setNextBlockTimestamp(
          known.updatedAt + INDEX_MAX_AGE - 30n,
        );
        const order = { positionId: id, sizeDelta: -wad("100") };
        const { orderId, submittedAt } = await submitOrder(market, alice, order);
        await connection.networkHelpers.time.increaseTo(submittedAt + 63n);
        expect(await now(market)).to.be.above(known.updatedAt + INDEX_MAX_AGE);
        const proof = await proofOf(market, known);
        await expect(
          orderBook.connect(keeper).execute([orderId], proof, keeper),
        ).to.be.revertedWithCustomError(orderBook, "PriceDoesNotCover");
        // No price ever came, which a proof shows: the fee comes back.
        await connection.networkHelpers.time.increaseTo(submittedAt + 200n);
        await orderBook.connect(alice).cancel(orderId, proof);
      },
      AT_OLD_PRICE,
    );
  });
});
