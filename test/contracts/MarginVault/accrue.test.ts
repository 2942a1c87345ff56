import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushRound } from "../../fixtures/feeds.ts";
import { deployMarket, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { plain } from "../../fixtures/structs.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { change, logOf, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const DAY = 86_400n;
/** 1 USD [E8]. */
const DOLLAR = 100_000_000n;

/**
 * Alice's long of 100 alone in the local market.
 *
 * Funding: skew 100 of 20,000 is 0.5% of 31,709,791,983 = 158,548,959.915, rounded down, a second; × 2,000 =
 * 317,097,918,000 wei a second for each unit of base.
 *
 * Borrowing: 40,000 of 9,999,999.5 cash are 0.4000000200000011% (up). Of the way to the kink at 70% that is
 * 2,853,881,279 × 0.004000000200000011 / 0.7 = 16,307,893.84, up; 317,097,919 + 16,307,894 = 333,405,813 a second.
 */
const FUNDING_VELOCITY = 317_097_918_000n;
const BORROW_RATE = 333_405_813n;

async function marketFixture() {
  const market = await deployMarket(connection);
  const opened = await openLong(market);
  return { ...market, ...opened, market };
}

describe("MarginVault accrue", () => {
  it("stores rates with the size change, by the curves", async () => {
    const { marginVault, openedAt } = await networkHelpers.loadFixture(marketFixture);
    const { fundingVelocity, borrowRate, accruedAt } = await marginVault.market();
    expect(fundingVelocity).to.equal(FUNDING_VELOCITY);
    expect(borrowRate).to.equal(BORROW_RATE);
    expect(accruedAt).to.equal(openedAt);
  });

  it("brings both indices to now", async () => {
    const { marginVault, positionId, openedAt } = await networkHelpers.loadFixture(marketFixture);
    const opened = await marginVault.position(positionId);
    await networkHelpers.time.setNextBlockTimestamp(openedAt + DAY);
    await marginVault.accrue();
    const { fundingIndex, borrowIndex, accruedAt } = await marginVault.market();
    // 86,400 × 317,097,918,000 and 86,400 × 333,405,813.
    expect(fundingIndex - opened.fundingIndex).to.equal(27_397_260_115_200_000n);
    expect(borrowIndex - opened.borrowIndex).to.equal(28_806_262_243_200n);
    expect(accruedAt).to.equal(openedAt + DAY);
  });

  it("logs nothing, so it takes no number", async () => {
    const { marginVault } = await networkHelpers.loadFixture(marketFixture);
    const { sequence } = await marginVault.market();
    const receipt = await (await marginVault.accrue()).wait();
    expect(receipt?.logs).to.have.lengthOf(0);
    expect((await marginVault.market()).sequence).to.equal(sequence);
  });

  it("gives the same sums however often it is called in between (LAW-9)", async () => {
    const { market, marginVault, positionId, accounts, openedAt, quote } =
      await networkHelpers.loadFixture(marketFixture);
    const end = openedAt + 7n * DAY;
    const outcome = async () => {
      await networkHelpers.time.increaseTo(end);
      await pushRound(quote, { answer: DOLLAR });
      await pushPrice(market, wad("2000"), end + 10n);
      const receipt = await change(market, {
        account: accounts.alice,
        positionId,
        sizeDelta: -wad("50"),
      });
      return {
        market: plain(await marginVault.market()),
        position: plain(await marginVault.position(positionId)),
        pnl: logOf(market, receipt, "PositionDecreased").realizedPnl,
      };
    };
    const snapshot = await networkHelpers.takeSnapshot();
    const unpoked = await outcome();
    await snapshot.restore();
    for (const seconds of [1n, 2n, 59n, 3_601n, DAY, DAY + 1n]) {
      await networkHelpers.time.increase(seconds);
      await marginVault.accrue();
    }
    expect(await outcome()).to.deep.equal(unpoked);
  });

  describe("when a day of funding and borrowing is settled", () => {
    it("makes the heavier side pay both", async () => {
      const { market, marginVault, accounts, positionId, openedAt } =
        await networkHelpers.loadFixture(marketFixture);
      await networkHelpers.time.increaseTo(openedAt + DAY - 60n);
      await change(market, { account: accounts.alice, positionId, sizeDelta: -wad("50") });
      const elapsed = (await now(market)) - openedAt;
      const funding = 100n * FUNDING_VELOCITY * elapsed;
      const borrowing = 40_000n * BORROW_RATE * elapsed;
      // About 2.7397 and 1.1523 of a day.
      expect(funding).to.be.closeTo(wad("2.7397"), wad("0.002"));
      expect(borrowing).to.be.closeTo(wad("1.1523"), wad("0.002"));
      // Half is closed, so half of the cost is left: 100,000.25 and half of both.
      const { openNotional } = await marginVault.position(positionId);
      expect(openNotional).to.equal(wad("100000.25") + (funding + borrowing) / 2n);
      await expectConservation(market);
    });

    it("pays the lighter side its part, bounded by nothing but its reserve", async () => {
      const { market, marginVault, accounts } = await networkHelpers.loadFixture(marketFixture);
      const { bob } = accounts;
      const positionId = await openPosition(market, {
        account: bob,
        size: -wad("40"),
        margin: wad("5000"),
        reserve: wad("8000"),
      });
      const opened = await now(market);
      const before = await marginVault.position(positionId);
      const { fundingVelocity, borrowRate } = await marginVault.market();
      // Skew is 60 now: 0.3% of 31,709,791,983 = 95,129,375.949, down; × 2,000.
      expect(fundingVelocity).to.equal(190_258_750_000n);
      await networkHelpers.time.increase(DAY);
      await change(market, { account: bob, positionId, sizeDelta: wad("20") });
      const elapsed = (await now(market)) - opened;
      // A short's notional is negative; a credit makes it less so by half, for half is closed.
      const credit = 40n * 190_258_750_000n * elapsed;
      const fee = 8_000n * borrowRate * elapsed;
      expect((await marginVault.position(positionId)).openNotional).to.equal(
        (before.openNotional - credit + fee) / 2n,
      );
      await expectConservation(market);
    });
  });

  describe("when a week of borrowing is settled", () => {
    it("charges the reserve and not the size", async () => {
      const { market, marginVault, accounts, positionId, openedAt, quote } =
        await networkHelpers.loadFixture(marketFixture);
      const opened = await marginVault.position(positionId);
      await networkHelpers.time.setNextBlockTimestamp(openedAt + 7n * DAY);
      await marginVault.accrue();
      const { borrowIndex } = await marginVault.market();
      // 604,800 × 333,405,813; × 40,000 = 8.065753428096 of quote.
      expect(borrowIndex - opened.borrowIndex).to.equal(201_643_835_702_400n);
      await pushRound(quote, { answer: DOLLAR });
      await change(market, { account: accounts.alice, positionId, sizeDelta: -wad("50") });
      const elapsed = (await now(market)) - openedAt;
      const owed = 100n * FUNDING_VELOCITY * elapsed + 40_000n * BORROW_RATE * elapsed;
      expect(owed - 100n * FUNDING_VELOCITY * elapsed).to.be.closeTo(wad("8.0657"), wad("0.001"));
      // What half of the position still has to bring in: half of the cost and of what was owed.
      const { openNotional } = await marginVault.position(positionId);
      expect(openNotional).to.equal(wad("100000.25") + owed / 2n);
      await expectConservation(market);
    });
  });
});
