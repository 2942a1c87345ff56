import { expect } from "chai";
import { network } from "hardhat";
import { startSequencer, stopSequencer, type WrittenRound } from "../../fixtures/feeds.ts";
import { deployMarket, type MarketFixture, proofOf, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import {
  executeOrder,
  openPosition,
  orderRequest,
  type Submitted,
  submitOrder,
} from "../../fixtures/trading.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** 1 long; `T` is 2 s after it is sent, its price may come up to 60 s later and be used for 60 s. */
const OPENING = { sizeDelta: wad("1"), margin: wad("400"), reserve: wad("500") };
const DELAY = 2n;
const WAIT = 60n;
const WINDOW = 60n;

/** Has the keeper execute an order at a round. */
async function execute(market: MarketFixture, submitted: Submitted, round: WrittenRound) {
  const { orderBook, accounts } = market;
  const proof = await proofOf(market, round);
  return orderBook.connect(accounts.keeper).execute([submitted.orderId], proof, accounts.keeper);
}

/** An order sent at a price of 2,000, after which the price has risen to 2,100 and fallen to 1,900. */
async function threeRounds() {
  const market = await deployMarket(connection);
  const known = await pushPrice(market, wad("2000"));
  const submitted = await submitOrder(market, market.accounts.alice, OPENING);
  const time = submitted.submittedAt + DELAY;
  const own = await pushPrice(market, wad("2100"), time + 5n);
  const next = await pushPrice(market, wad("1900"), time + 10n);
  await networkHelpers.time.increase(1n);
  return { market, submitted, time, known, own, next };
}

/** The order of an account that has a position: 1 long since 2,000, and nothing pending. */
async function onePosition() {
  const market = await deployMarket(connection);
  const { alice: account } = market.accounts;
  const positionId = await openPosition(market, { account, size: wad("1"), margin: wad("400") });
  return { market, account, positionId };
}

describe("free looks", () => {
  describe("given a market order and the rounds after it", () => {
    it("fills at the one round that covers T, whichever the executor would rather have", async () => {
      const { market, submitted, time, known, own, next } =
        await networkHelpers.loadFixture(threeRounds);
      const { orderBook, marginVault } = market;
      await expect(execute(market, submitted, known))
        .to.be.revertedWithCustomError(orderBook, "PriceDoesNotCover")
        .withArgs(
          1n,
          time,
          (validFrom: bigint) => validFrom < time,
          known.updatedAt,
          own.updatedAt - 1n,
        );
      await expect(execute(market, submitted, next))
        .to.be.revertedWithCustomError(orderBook, "PriceDoesNotCover")
        .withArgs(
          1n,
          time,
          own.updatedAt + 1n,
          next.updatedAt,
          (validUntil: bigint) => validUntil >= next.updatedAt,
        );
      await execute(market, submitted, own);
      const [event] = await marginVault.queryFilter(marginVault.filters.PositionIncreased);
      expect(event?.args.price).to.equal(wad("2100"));
    });

    it("fills at its own round even when the market's clock is ahead, and does not turn it back", async () => {
      const { market, submitted, own, next } = await networkHelpers.loadFixture(threeRounds);
      const { marginVault, accounts, orderBook } = market;
      const { bob } = accounts;
      // Somebody else's order is served by the newer round first.
      const other = await submitOrder(market, bob, { ...OPENING, sizeDelta: -wad("1") });
      const newest = await pushPrice(market, wad("1910"), other.submittedAt + 3n);
      await execute(market, other, newest);
      expect((await marginVault.market()).clock).to.equal(newest.updatedAt);
      expect(newest.updatedAt).to.be.greaterThan(next.updatedAt);
      await expect(execute(market, submitted, own)).to.emit(orderBook, "OrderExecuted");
      const { clock, referencePrice } = await marginVault.market();
      expect(clock).to.equal(newest.updatedAt);
      expect(referencePrice).to.equal(wad("1910"));
    });

    it("cannot be cancelled while its price is usable", async () => {
      const { market, time } = await networkHelpers.loadFixture(threeRounds);
      const { orderBook, accounts } = market;
      // The account has seen 2,100 and 1,900 and would rather not.
      const notBefore = time + WAIT + WINDOW + 1n;
      await expect(orderBook.connect(accounts.alice).cancel(1n, "0x"))
        .to.be.revertedWithCustomError(orderBook, "CancelTooEarly")
        .withArgs(1n, notBefore);
    });

    it("cannot be executed after its window, when its price is history", async () => {
      const { market, submitted, own } = await networkHelpers.loadFixture(threeRounds);
      const deadline = own.updatedAt + WINDOW;
      await networkHelpers.time.setNextBlockTimestamp(deadline + 1n);
      await expect(execute(market, submitted, own))
        .to.be.revertedWithCustomError(market.orderBook, "ExecutionWindowPassed")
        .withArgs(1n, deadline);
    });

    it("costs its keeper's fee when nobody executes it: a price existed", async () => {
      const { market, time, known, own, next } = await networkHelpers.loadFixture(threeRounds);
      const { orderBook, token, accounts } = market;
      await networkHelpers.time.increaseTo(time + WAIT + WINDOW + 1n);
      for (const round of [known, own, next]) {
        const proof = await proofOf(market, round);
        expect(await market.oracle.hadNoPrice(time, time + WAIT, proof)).to.equal(false);
      }
      const proof = await proofOf(market, own);
      // 400 of margin come back, 0.5 of fee do not.
      await expect(orderBook.connect(accounts.alice).cancel(1n, proof)).to.changeTokenBalance(
        ethers,
        token,
        accounts.alice,
        400_000_000n,
      );
    });
  });

  describe("given an order with a fee too small to execute it for", () => {
    it("is refused, or letting it lapse would be an option for nothing", async () => {
      const market = await networkHelpers.loadFixture(deployMarket);
      const { orderBook, accounts } = market;
      const request = await orderRequest(market, { ...OPENING, keeperFee: wad("0.499999") });
      await expect(orderBook.connect(accounts.alice).submit(request))
        .to.be.revertedWithCustomError(orderBook, "KeeperFeeTooSmall")
        .withArgs(wad("0.499999"), wad("0.5"));
    });
  });

  describe("given a position with a market order that waits", () => {
    it("takes no second one until that has ended (BH-240 †)", async () => {
      const { market, account, positionId } = await networkHelpers.loadFixture(onePosition);
      const { marginVault, orderBook } = market;
      const half = { positionId, sizeDelta: -wad("0.5") };
      const first = await submitOrder(market, account, half);
      for (const sizeDelta of [-wad("0.5"), wad("0.5")]) {
        const second = await orderRequest(market, { positionId, sizeDelta });
        await expect(orderBook.connect(account).submit(second))
          .to.be.revertedWithCustomError(marginVault, "MarketOrderPending")
          .withArgs(positionId, 1n);
      }
      await executeOrder(market, first);
      await submitOrder(market, account, half);
      expect(await marginVault.pendingMarketOrders(positionId)).to.equal(1n);
    });

    it("liquidates it all the same, and the order dies with it", async () => {
      const { market, account, positionId } = await networkHelpers.loadFixture(onePosition);
      const { marginVault, accounts } = market;
      await submitOrder(market, account, { positionId, sizeDelta: -wad("0.5") });
      await pushPrice(market, wad("1500"));
      await expect(
        marginVault.connect(accounts.keeper).liquidate(positionId, "0x", accounts.keeper),
      ).to.emit(marginVault, "PositionClosed");
    });

    it("keeps its margin in place until the order has been executed", async () => {
      const { market, account, positionId } = await networkHelpers.loadFixture(onePosition);
      const { marginVault } = market;
      const half = -wad("0.5");
      const submitted = await submitOrder(market, account, { positionId, sizeDelta: half });
      const remove = () =>
        marginVault.connect(account).removeMargin(positionId, 1_000_000n, account, "0x");
      await expect(remove())
        .to.be.revertedWithCustomError(marginVault, "MarketOrderPending")
        .withArgs(positionId, 1n);
      await executeOrder(market, submitted);
      await networkHelpers.time.increase(1n);
      await expect(remove()).to.emit(marginVault, "MarginRemoved");
    });

    it("keeps it in place until the order has failed", async () => {
      const { market, account, positionId } = await networkHelpers.loadFixture(onePosition);
      const { marginVault } = market;
      const failing = { positionId, sizeDelta: -wad("0.5"), acceptablePrice: wad("3000") };
      const submitted = await submitOrder(market, account, failing);
      expect(await marginVault.pendingMarketOrders(positionId)).to.equal(1n);
      await executeOrder(market, submitted);
      expect(await marginVault.pendingMarketOrders(positionId)).to.equal(0n);
    });

    it("keeps it in place until the order has lapsed and is cancelled", async () => {
      const { market, account, positionId } = await networkHelpers.loadFixture(onePosition);
      const { marginVault, orderBook, accounts } = market;
      const close = { positionId, sizeDelta: -wad("1"), reduceOnly: true };
      const submitted = await submitOrder(market, account, close);
      await networkHelpers.time.increaseTo(submitted.submittedAt + 122n);
      await expect(marginVault.connect(account).removeMargin(positionId, 1_000_000n, account, "0x"))
        .to.be.revertedWithCustomError(marginVault, "MarketOrderPending")
        .withArgs(positionId, 1n);
      await orderBook.connect(accounts.stranger).cancel(submitted.orderId, "0x");
      await expect(
        marginVault.connect(account).removeMargin(positionId, 1_000_000n, account, "0x"),
      ).to.emit(marginVault, "MarginRemoved");
    });
  });

  describe("given no round while an order waits for its price", () => {
    // Price 2,000 was in force all the time. 0.7% of latency spread is above the 0.6% by which the true price may
    // have strayed unseen, and 0.05% of fee.
    const SIDES = [
      // 2,000 × 1.007 × (1 + 0.5 ÷ 20,000,000) = 2,014 × 1.000000025.
      ["up for a buy", wad("1"), wad("2014.00005035")],
      // 2,000 × 0.993 × (1 − 0.5 ÷ 20,000,000) = 1,986 × 0.999999975.
      ["down for a sale", -wad("1"), wad("1985.99995035")],
    ] as const;
    for (const [title, sizeDelta, fillPrice] of SIDES) {
      it(`fills at the round in force with the spread against the account, ${title}`, async () => {
        const market = await networkHelpers.loadFixture(deployMarket);
        const { orderBook, marginVault, accounts } = market;
        const known = await pushPrice(market, wad("2000"));
        const submitted = await submitOrder(market, accounts.alice, { ...OPENING, sizeDelta });
        await networkHelpers.time.increaseTo(submitted.submittedAt + DELAY + WAIT);
        const execution = execute(market, submitted, known);
        await expect(execution)
          .to.emit(orderBook, "OrderExecuted")
          .withArgs(1n, accounts.keeper, 6n, wad("0.5"), true);
        const [event] = await marginVault.queryFilter(marginVault.filters.PositionIncreased);
        expect(event?.args.fillPrice).to.equal(fillPrice);
        expect(event?.args.price).to.equal(wad("2000"));
      });
    }

    it("is no choice either: the round in force fills before the wait is over or after, never both", async () => {
      const market = await networkHelpers.loadFixture(deployMarket);
      const { orderBook, accounts } = market;
      const known = await pushPrice(market, wad("2000"));
      const submitted = await submitOrder(market, accounts.alice, OPENING);
      const time = submitted.submittedAt + DELAY;
      await networkHelpers.time.setNextBlockTimestamp(time + WAIT);
      // In this very second a round may still come.
      await expect(execute(market, submitted, known)).to.be.revertedWithCustomError(
        orderBook,
        "PriceDoesNotCover",
      );
      const own = await pushPrice(market, wad("1990"), time + WAIT + 1n);
      // It came a second too late: the round in force then serves, and this one does not.
      await networkHelpers.time.increase(1n);
      await expect(execute(market, submitted, own)).to.be.revertedWithCustomError(
        orderBook,
        "PriceDoesNotCover",
      );
      await expect(execute(market, submitted, known))
        .to.emit(orderBook, "OrderExecuted")
        .withArgs(1n, accounts.keeper, 6n, wad("0.5"), true);
    });
  });

  describe("given an outage of the sequencer", () => {
    it("lets an order be executed at its own price for a window after the restart", async () => {
      const { market, submitted, own } = await networkHelpers.loadFixture(threeRounds);
      const { orderBook, sequencer, accounts } = market;
      await stopSequencer(sequencer);
      await networkHelpers.time.increase(1_000n);
      const upSince = await startSequencer(sequencer);
      await networkHelpers.time.setNextBlockTimestamp(upSince + WINDOW);
      await expect(orderBook.cancel(1n, "0x"))
        .to.be.revertedWithCustomError(orderBook, "CancelTooEarly")
        .withArgs(1n, upSince + WINDOW + 1n);
      const proof = await proofOf(market, own);
      const call = orderBook.connect(accounts.keeper).execute;
      expect(await call.staticCall([submitted.orderId], proof, accounts.keeper)).to.equal(1n);
      await networkHelpers.time.setNextBlockTimestamp(upSince + WINDOW + 1n);
      await expect(execute(market, submitted, own))
        .to.be.revertedWithCustomError(orderBook, "ExecutionWindowPassed")
        .withArgs(1n, upSince + WINDOW);
    });
  });
});
