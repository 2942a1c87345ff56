import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { DAY, freshRounds } from "../../fixtures/powers.ts";
import { executeOrder, submitAndExecute, submitOrder } from "../../fixtures/trading.ts";
import { calmMarket, cancelReason, now, openLong, refusal } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();

const WEEK = 7n * DAY;
const MAX_UINT96 = (1n << 96n) - 1n;

/** Alice's long of {@link openLong}; the guardian's charter. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { charter, accounts } = market;
  return { ...market, market, ...opened, guardian: charter.connect(accounts.guardian) };
}

/** The same, stopped since `stoppedAt`. */
async function stoppedFixture() {
  const fixture = await marketFixture();
  await fixture.guardian.stopIncreases();
  return { ...fixture, stoppedAt: await now(fixture.market) };
}

describe("MarketCharter stopIncreases (BH-203)", () => {
  it("reverts when the caller is not the guardian, the curator included", async () => {
    const { charter, accounts } = await networkHelpers.loadFixture(marketFixture);
    for (const caller of [accounts.curator, accounts.stranger]) {
      await expect(charter.connect(caller).stopIncreases())
        .to.be.revertedWithCustomError(charter, "NotAuthorized")
        .withArgs(caller);
    }
  });

  it("reverts while stopped, and for 7 days after the stop has ended", async () => {
    const { guardian, stoppedAt } = await networkHelpers.loadFixture(stoppedFixture);
    const notBefore = stoppedAt + 2n * WEEK;
    for (const at of [stoppedAt + 1n, stoppedAt + WEEK, notBefore - 1n]) {
      await networkHelpers.time.setNextBlockTimestamp(at);
      await expect(guardian.stopIncreases())
        .to.be.revertedWithCustomError(guardian, "StopTooSoon")
        .withArgs(notBefore);
    }
    await networkHelpers.time.setNextBlockTimestamp(notBefore);
    await guardian.stopIncreases();
    expect(await guardian.increasesStoppedUntil()).to.equal(notBefore + WEEK);
  });

  it("stops for 7 days and logs when the next stop may come", async () => {
    const { market, guardian } = await networkHelpers.loadFixture(marketFixture);
    const at = (await now(market)) + 5n;
    await networkHelpers.time.setNextBlockTimestamp(at);
    await expect(guardian.stopIncreases())
      .to.emit(guardian, "IncreasesStopChanged")
      .withArgs(at + WEEK, at + 2n * WEEK);
    expect(await guardian.increasesStoppedUntil()).to.equal(at + WEEK);
    expect(await guardian.nextStopFrom()).to.equal(at + 2n * WEEK);
  });

  it("refuses to open and to increase until the last second, then no more", async () => {
    const { market, accounts, positionId, stoppedAt } =
      await networkHelpers.loadFixture(stoppedFixture);
    const reason = refusal(market, "IncreasesStopped", [stoppedAt + WEEK]);
    const size = { sizeDelta: wad("1"), reserve: wad("400") };
    const opening = await submitAndExecute(market, accounts.bob, { ...size, margin: wad("500") });
    expect(cancelReason(market, opening.receipt)).to.equal(reason);
    const increase = await submitAndExecute(market, accounts.alice, { ...size, positionId });
    expect(cancelReason(market, increase.receipt)).to.equal(reason);

    // Submitted while stopped; executed four seconds later, at the first second in which positions may grow.
    await networkHelpers.time.increaseTo(stoppedAt + WEEK - 8n);
    await freshRounds(market, wad("2000"));
    await networkHelpers.time.setNextBlockTimestamp(stoppedAt + WEEK - 4n);
    const last = await submitOrder(market, accounts.bob, { ...size, margin: wad("500") });
    await executeOrder(market, last, wad("2000"));
    expect(await now(market)).to.equal(stoppedAt + WEEK);
    expect((await market.marginVault.position(last.orderId)).size).to.equal(wad("1"));
  });

  it("stops nobody from adding margin, closing, cancelling and claiming (LAW-12)", async () => {
    const { market, accounts, positionId, marginVault, orderBook } =
      await networkHelpers.loadFixture(stoppedFixture);
    const alice = marginVault.connect(accounts.alice);
    await alice.addMargin(positionId, 1_000_000n);
    await alice.removeMargin(positionId, 1_000_000n, accounts.alice, "0x");
    const { orderId } = await submitOrder(market, accounts.alice, {
      positionId,
      kind: 2n,
      reduceOnly: true,
      sizeDelta: -wad("1"),
      triggerPrice: wad("1900"),
      expiry: 4_000_000_000n,
    });
    await orderBook.connect(accounts.alice).cancel(orderId, "0x");
    await submitAndExecute(market, accounts.alice, { positionId, sizeDelta: -wad("40") });
    expect((await marginVault.position(positionId)).size).to.equal(wad("60"));
    await submitAndExecute(market, accounts.alice, { positionId, sizeDelta: -wad("60") });
    expect((await marginVault.position(positionId)).size).to.equal(0n);
    await expectConservation(market);
  });

  it("stops nobody from liquidating and settling at the cap", async () => {
    const { market, accounts, positionId, marginVault, orderBook } =
      await networkHelpers.loadFixture(stoppedFixture);
    await pushPrice(market, wad("1900"));
    await marginVault.connect(accounts.stranger).liquidate(positionId, "0x", accounts.keeper);
    expect((await marginVault.position(positionId)).size).to.equal(0n);
    await expect(orderBook.settleAtCap(positionId, "0x", accounts.keeper))
      .to.be.revertedWithCustomError(marginVault, "PositionNotFound")
      .withArgs(positionId);
  });

  it("stops no provider from coming and going", async () => {
    const { market, accounts, liquidityVault } = await networkHelpers.loadFixture(stoppedFixture);
    const pool = liquidityVault.connect(accounts.provider);
    await pool.requestDeposit(200_000_000n, accounts.provider, accounts.provider);
    const shares = (await pool.balanceOf(accounts.provider)) / 10n;
    await pool.requestRedeem(shares, accounts.provider, accounts.provider);
    await networkHelpers.time.increase(300n);
    await freshRounds(market, wad("2000"));
    await pool.fulfillDeposits(MAX_UINT96, "0x", accounts.keeper);
    await pool.fulfillRedeems(MAX_UINT96, "0x", accounts.keeper);
    expect(await pool.claimableRedeemRequest(0n, accounts.provider)).to.equal(shares);
    await pool.redeem(shares, accounts.provider, accounts.provider);
    await expectConservation(market);
  });
});

describe("MarketCharter resumeIncreases (BH-203)", () => {
  it("reverts when the caller is not the guardian", async () => {
    const { charter, accounts } = await networkHelpers.loadFixture(stoppedFixture);
    await expect(charter.connect(accounts.curator).resumeIncreases())
      .to.be.revertedWithCustomError(charter, "NotAuthorized")
      .withArgs(accounts.curator);
  });

  it("ends the stop at once; the next may come 7 days later", async () => {
    const { market, guardian, accounts, stoppedAt } =
      await networkHelpers.loadFixture(stoppedFixture);
    const at = stoppedAt + DAY;
    await networkHelpers.time.setNextBlockTimestamp(at);
    await expect(guardian.resumeIncreases())
      .to.emit(guardian, "IncreasesStopChanged")
      .withArgs(at, at + WEEK);
    await freshRounds(market, wad("2000"));
    const { orderId } = await submitAndExecute(market, accounts.bob, {
      sizeDelta: wad("1"),
      margin: wad("500"),
      reserve: wad("400"),
      acceptablePrice: MAX_UINT96,
    });
    expect((await market.marginVault.position(orderId)).size).to.equal(wad("1"));
    await networkHelpers.time.setNextBlockTimestamp(at + WEEK - 1n);
    await expect(guardian.stopIncreases())
      .to.be.revertedWithCustomError(guardian, "StopTooSoon")
      .withArgs(at + WEEK);
  });

  it("does nothing where nothing is stopped: it must not move the next stop", async () => {
    const { guardian, stoppedAt } = await networkHelpers.loadFixture(stoppedFixture);
    await networkHelpers.time.increaseTo(stoppedAt + WEEK);
    await expect(guardian.resumeIncreases()).not.to.emit(guardian, "IncreasesStopChanged");
    expect(await guardian.nextStopFrom()).to.equal(stoppedAt + 2n * WEEK);
  });
});
