import { expect } from "chai";
import { network } from "hardhat";
import { MAX_ANSWER, MIN_ANSWER } from "../../fixtures/feedOracle.ts";
import {
  atProxy,
  type Feed,
  newPhase,
  pushAfterTimeout,
  pushRound,
  pushRoundsTogether,
  startSequencer,
  stopSequencer,
  switchAggregator,
} from "../../fixtures/feeds.ts";
import { deployMarket, type MarketFixture, proofOf, pushPrice } from "../../fixtures/market.ts";
import { executeOrder, openPosition, submitOrder } from "../../fixtures/trading.ts";

const WAD = 10n ** 18n;
/** 2,000 USD [E8]. */
const ETH = 200_000_000_000n;
const ORDER = { sizeDelta: 2n * WAD, margin: 500n * WAD, reserve: 800n * WAD };
const REQUEST = { size: 10n * WAD, margin: 1_000n * WAD };

const { ethers, networkHelpers } = await network.create();
const { loadFixture, time } = networkHelpers;

/** An aggregator of Chainlink's that lets its oracle say anything, as the feed's next phase. */
async function boundlessPhase(feed: Feed): Promise<Feed> {
  const [reporter] = await ethers.getSigners();
  if (reporter === undefined) throw new Error("The network has no account.");
  const { ZeroAddress } = ethers;
  const aggregator = await ethers.deployContract("FluxAggregator", [
    reporter,
    0n,
    await feed.aggregator.timeout(),
    ZeroAddress,
    -MAX_ANSWER,
    MAX_ANSWER,
    8n,
    "boundless",
  ]);
  await aggregator.changeOracles([], [reporter], [reporter], 1n, 1n, 0n);
  await switchAggregator(feed, String(aggregator.target));
  return { ...feed, aggregator };
}

/** Who may act at a moment, as the errors that stop them; undefined where nothing does. */
async function refusalOf(call: Promise<unknown>, market: MarketFixture) {
  try {
    await call;
    return undefined;
  } catch (cause) {
    const { data } = cause as { data?: string };
    return market.oracle.interface.parseError(data ?? "0x")?.name ?? data;
  }
}

/** Neither the price of now nor that of an order is read at a round, and margin can be added all the same. */
async function expectRefused(
  market: MarketFixture,
  positionId: bigint,
  error: string,
): Promise<void> {
  const { marginVault, oracle, accounts } = market;
  const keeper = marginVault.connect(accounts.keeper);
  await expect(keeper.liquidate(positionId, "0x", accounts.keeper)).to.be.revertedWithCustomError(
    oracle,
    error,
  );
  const proof = await proofOf(market, {
    id: (await market.index.proxy.latestRoundData.staticCall().catch(() => [0n]))[0] ?? 0n,
    updatedAt: 0n,
  });
  await time.increase(5n);
  expect(await refusalOf(oracle.verify.staticCall(proof), market)).to.equal(error);
  await marginVault.connect(accounts.alice).addMargin(positionId, 1_000_000n);
}

describe("A market on Chainlink's own feeds", () => {
  describe("given a round that is no price", () => {
    const ROUNDS: readonly (readonly [
      string,
      (market: MarketFixture) => Promise<unknown>,
      string,
    ])[] = [
      [
        "an answer at its minimum",
        ({ index }) => pushRound(index, { answer: MIN_ANSWER }),
        "AnswerAtBound",
      ],
      [
        "an answer at its maximum",
        ({ index }) => pushRound(index, { answer: MAX_ANSWER }),
        "AnswerAtBound",
      ],
      [
        "an answer of zero",
        async ({ index }) => await pushRound(await boundlessPhase(index), { answer: 0n }),
        "AnswerNotPositive",
      ],
      [
        "a negative answer",
        async ({ index }) => await pushRound(await boundlessPhase(index), { answer: -ETH }),
        "AnswerNotPositive",
      ],
      ["an empty new phase", ({ index }) => newPhase(index), "FeedUnavailable"],
    ];
    for (const [name, happen, error] of ROUNDS) {
      it(`refuses ${name}, while margin can be added`, async () => {
        const market = await loadFixture(deployMarket);
        const id = await openPosition(market, { account: market.accounts.alice, ...REQUEST });
        await happen(market);
        await expectRefused(market, id, error);
      });
    }

    it("refuses an incomplete round, and takes the next whole one", async () => {
      const market = await loadFixture(deployMarket);
      const { index, oracle } = market;
      await pushAfterTimeout(index, ETH);
      const own = await index.aggregator.latestRound();
      await time.increase(5n);
      const carried = await proofOf(market, { id: await atProxy(index, own - 1n), updatedAt: 0n });
      expect(await refusalOf(oracle.verify.staticCall(carried), market)).to.equal(
        "RoundIncomplete",
      );
      const whole = await proofOf(market, { id: await atProxy(index, own), updatedAt: 0n });
      expect(await refusalOf(oracle.verify.staticCall(whole), market)).to.equal(undefined);
    });
  });

  describe("given a waiting order", () => {
    it("has no price for it when the phase changes before its round, and returns the keeper's fee", async () => {
      const market = await loadFixture(deployMarket);
      const { orderBook, accounts, index, token } = market;
      const { orderId, submittedAt } = await submitOrder(market, accounts.alice, ORDER);
      const phase = await newPhase(index);
      const round = await pushRound(phase, { answer: ETH, at: submittedAt + 20n });
      const proof = await proofOf(market, round);
      const at = submittedAt + (await orderBook.executionDelay());
      await time.setNextBlockTimestamp(round.updatedAt + 5n);
      await expect(orderBook.execute([orderId], proof, accounts.keeper))
        .to.be.revertedWithCustomError(orderBook, "PriceDoesNotCover")
        .withArgs(orderId, at, round.updatedAt, round.updatedAt, round.updatedAt + 4n);

      const wait = (await orderBook.maxRoundWait()) + (await orderBook.executionWindow());
      await time.increaseTo(at + wait + 1n);
      // 500 of margin and 0.5 for the keeper.
      await expect(orderBook.cancel(orderId, proof)).to.changeTokenBalance(
        ethers,
        token,
        accounts.alice,
        500_500_000n,
      );
    });

    it("fills it at the new phase's round when that phase was reporting before", async () => {
      const market = await loadFixture(deployMarket);
      const { accounts, index } = market;
      const phase = await newPhase(index);
      await pushRound(phase, { answer: ETH });
      const submitted = await submitOrder(market, accounts.alice, ORDER);
      const at = submitted.submittedAt + (await market.orderBook.executionDelay());
      const round = await pushRound(phase, { answer: ETH, at: at + 3n });
      await time.increase(1n);
      await market.orderBook
        .connect(accounts.keeper)
        .execute([submitted.orderId], await proofOf(market, round), accounts.keeper);
      expect((await market.marginVault.position(submitted.orderId)).size).to.equal(2n * WAD);
    });

    it("fills it at the later of two rounds with one updatedAt", async () => {
      const market = await loadFixture(deployMarket);
      const { accounts, index, orderBook, oracle } = market;
      const { orderId } = await submitOrder(market, accounts.alice, ORDER);
      await time.increase(5n);
      const [first, second] = await pushRoundsTogether(index, [ETH / 2n, ETH]);
      if (first === undefined || second === undefined) throw new Error("No rounds.");
      await time.increase(1n);
      await expect(orderBook.execute([orderId], await proofOf(market, first), accounts.keeper))
        .to.be.revertedWithCustomError(oracle, "RoundSuperseded")
        .withArgs(index.proxy, first.id, first.updatedAt, second.updatedAt);
      await orderBook.execute([orderId], await proofOf(market, second), accounts.keeper);
      expect((await market.marginVault.position(orderId)).size).to.equal(2n * WAD);
    });
  });

  describe("given heartbeats that come late", () => {
    it("goes on until the index is a heartbeat and two minutes old, the quote a day and more", async () => {
      const market = await loadFixture(deployMarket);
      const { index, oracle } = market;
      const { updatedAt } = await pushRound(index, { answer: ETH });
      const { maxAge } = await oracle.indexFeed();
      await time.increaseTo(updatedAt + maxAge);
      expect(await refusalOf(oracle.spot.staticCall("0x"), market)).to.equal(undefined);
      await time.increaseTo(updatedAt + maxAge + 1n);
      expect(await refusalOf(oracle.spot.staticCall("0x"), market)).to.equal("RoundStale");
      await pushRound(index, { answer: ETH });
      expect(await refusalOf(oracle.spot.staticCall("0x"), market)).to.equal(undefined);
      const quote = await market.quote.aggregator.latestTimestamp();
      const limit = quote + (await oracle.quoteFeed()).maxAge;
      await pushRound(index, { answer: ETH, at: limit });
      expect(await refusalOf(oracle.spot.staticCall("0x"), market)).to.equal(undefined);
      await time.increaseTo(limit + 1n);
      expect(await refusalOf(oracle.spot.staticCall("0x"), market)).to.equal("RoundStale");
    });
  });

  describe("given the sequencer", () => {
    it("stops all prices while it is down, and liquidation alone while accounts come back", async () => {
      const market = await loadFixture(deployMarket);
      const { marginVault, accounts, oracle, sequencer } = market;
      const id = await openPosition(market, { account: accounts.alice, ...REQUEST });
      const vault = marginVault.connect(accounts.keeper);
      const liquidate = () => vault.liquidate(id, "0x", accounts.keeper);

      const since = await stopSequencer(sequencer);
      await expect(liquidate())
        .to.be.revertedWithCustomError(oracle, "SequencerDown")
        .withArgs(since);
      await marginVault.connect(accounts.alice).addMargin(id, 1_000_000n);

      const upSince = await startSequencer(sequencer);
      await pushPrice(market, 1_816n * WAD);
      const grace = upSince + 3_600n;
      await expect(liquidate())
        .to.be.revertedWithCustomError(marginVault, "SequencerGracePeriod")
        .withArgs(grace);
      // Closing is open meanwhile: half of it goes.
      const close = { positionId: id, sizeDelta: -5n * WAD, reduceOnly: true };
      await executeOrder(market, await submitOrder(market, accounts.alice, close), 1_990n * WAD);
      expect((await marginVault.position(id)).size).to.equal(5n * WAD);

      await pushPrice(market, 1_700n * WAD, grace - 1n);
      await expect(liquidate()).to.emit(marginVault, "PositionLiquidated");
    });
  });
});
