import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { proofOf, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { NOBODY, openShort, stopLoss } from "../../fixtures/powers.ts";
import { plain } from "../../fixtures/structs.ts";
import { submitAndExecute, submitOrder } from "../../fixtures/trading.ts";
import { calmMarket, now, openLong, refusal } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;
const createMarket = calmMarket();

/** Alice's long of {@link openLong}. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const { orderBook, accounts } = market;
  const owner = orderBook.connect(accounts.alice);
  const hand = (from: typeof accounts.alice, receiver: typeof accounts.alice) =>
    orderBook.connect(from).transferPosition(positionId, receiver);
  return { ...market, market, positionId, owner, hand };
}

/**
 * Alice has placed a stop-loss that is paid from margin (order 2), and a limit order to grow by 1 below 1,900 with a
 * margin of 500 and a fee of 0.5 (order 3). Then Bob got the position.
 */
async function transferredFixture() {
  const fixture = await marketFixture();
  const { market, positionId, accounts, hand } = fixture;
  await submitOrder(market, accounts.alice, stopLoss(positionId, wad("1990")));
  await submitOrder(market, accounts.alice, {
    positionId,
    kind: 1n,
    sizeDelta: wad("1"),
    margin: wad("500"),
    reserve: wad("400"),
    triggerPrice: wad("1995"),
    expiry: 4_000_000_000n,
  });
  await hand(accounts.alice, accounts.bob);
  return fixture;
}

describe("OrderBook transferPosition (BH-215)", () => {
  it("reverts when the position is not open: unknown, waiting or closed", async () => {
    const { market, owner, positionId, accounts } = await networkHelpers.loadFixture(marketFixture);
    const waiting = await submitOrder(market, accounts.alice, {
      sizeDelta: wad("1"),
      margin: wad("500"),
      reserve: wad("400"),
    });
    await submitAndExecute(market, accounts.alice, { positionId, sizeDelta: -wad("100") });
    for (const id of [9n, waiting.orderId, positionId]) {
      await expect(owner.transferPosition(id, accounts.bob))
        .to.be.revertedWithCustomError(owner, "PositionNotFound")
        .withArgs(id);
    }
  });

  it("reverts when the caller does not own it", async () => {
    const { owner, hand, accounts } = await networkHelpers.loadFixture(marketFixture);
    await expect(hand(accounts.bob, accounts.bob))
      .to.be.revertedWithCustomError(owner, "NotAuthorized")
      .withArgs(accounts.bob);
  });

  it("reverts when the receiver is zero", async () => {
    const { owner, positionId } = await networkHelpers.loadFixture(marketFixture);
    await expect(owner.transferPosition(positionId, NOBODY)).to.be.revertedWithCustomError(
      owner,
      "ZeroAddress",
    );
  });

  it("reverts while a market order of it waits: no free look for the receiver", async () => {
    const { market, marginVault, hand, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    await submitOrder(market, accounts.alice, { positionId, sizeDelta: -wad("1") });
    await expect(hand(accounts.alice, accounts.bob))
      .to.be.revertedWithCustomError(marginVault, "MarketOrderPending")
      .withArgs(positionId, 1n);
  });

  it("reverts after 127 transfers: they are counted in seven bits", async () => {
    const { marginVault, hand, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, bob } = accounts;
    for (let count = 0; count < 127; ++count) {
      await (count % 2 === 0 ? hand(alice, bob) : hand(bob, alice));
    }
    expect((await marginVault.position(positionId)).traits).to.equal(254n);
    await expect(hand(bob, alice))
      .to.be.revertedWithCustomError(marginVault, "TransfersExhausted")
      .withArgs(positionId);
  });

  it("changes the owner and nothing else that equity or health depend on, and logs it", async () => {
    const { marginVault, hand, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, bob } = accounts;
    const before = await marginVault.position(positionId);
    const { sequence } = await marginVault.market();
    await expect(hand(alice, bob))
      .to.emit(marginVault, "PositionTransferred")
      .withArgs(positionId, alice, bob, sequence + 1n);
    const after = await marginVault.position(positionId);
    // Traits: one transfer, counted above the lowest bit.
    expect(plain(after)).to.deep.equal({
      ...plain(before),
      owner: bob.address,
      traits: 2n,
    });
  });

  it("gives margin, orders and payouts to the new owner, and takes them from the old", async () => {
    const { market, marginVault, orderBook, token, hand, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, bob } = accounts;
    await hand(alice, bob);
    await expect(marginVault.connect(alice).removeMargin(positionId, 1n, alice, "0x"))
      .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
      .withArgs(alice);
    await expect(submitOrder(market, alice, stopLoss(positionId, wad("1900"))))
      .to.be.revertedWithCustomError(orderBook, "NotAuthorized")
      .withArgs(alice);
    await marginVault.connect(bob).removeMargin(positionId, 1_000_000n, bob, "0x");
    await submitOrder(market, bob, { positionId, sizeDelta: -wad("100") });
    const held = await token.balanceOf(alice);
    const before = await token.balanceOf(bob);
    const round = await pushPrice(market, wad("2000"), (await now(market)) + 3n);
    await orderBook.execute([2n], await proofOf(market, round), accounts.keeper);
    expect(await token.balanceOf(alice)).to.equal(held);
    // As in a close by Alice, 9,899.99975 − 100.00025 less what accrued, less the 1 that Bob has taken out.
    expect((await token.balanceOf(bob)) - before).to.equal(9_798_999_499n);
    await expectConservation(market);
  });

  it("pays a liquidation's rest to the new owner", async () => {
    const { market, marginVault, hand, token, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, bob, keeper } = accounts;
    await hand(alice, bob);
    await pushPrice(market, wad("1905"));
    const before = await token.balanceOf(alice);
    await marginVault.liquidate(positionId, "0x", keeper);
    expect((await marginVault.position(positionId)).owner).to.equal(bob);
    expect(await token.balanceOf(alice)).to.equal(before);
    await expectConservation(market);
  });
});

describe("What dies with a transfer (BH-216)", () => {
  it("is the mandate, which does not live again when the position comes back", async () => {
    const { market, marginVault, mandateBook, hand, token, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, bob, keeper } = accounts;
    await token.connect(alice).approve(mandateBook, wad("1"));
    await mandateBook.connect(alice).setMandate({
      positionId,
      cap: wad("5000"),
      triggerRatio: wad("10"),
      targetRatio: wad("11"),
      minInterval: 60n,
      expiry: 4_000_000_000n,
      maxKeeperFee: wad("1"),
    });
    expect((await marginVault.position(positionId)).traits).to.equal(1n);
    await hand(alice, bob);
    expect((await marginVault.position(positionId)).traits).to.equal(2n);
    await pushPrice(market, wad("1990"));
    // Outcome 0: no mandate.
    for (const back of [false, true]) {
      if (back) await hand(bob, alice);
      await expect(marginVault.rescue(positionId, "0x", keeper))
        .to.be.revertedWithCustomError(marginVault, "RescueRefused")
        .withArgs(positionId, 0n);
    }
  });

  it("are the orders: their triggers cancel them, pay no keeper and refund who placed them", async () => {
    const { market, orderBook, token, accounts } =
      await networkHelpers.loadFixture(transferredFixture);
    const { alice, bob, keeper } = accounts;
    await networkHelpers.time.increase(10n);
    await pushPrice(market, wad("1980"));
    const reason = refusal(market, "PositionHasNewOwner", [1n]);
    const stopped = orderBook.connect(keeper).execute([2n], "0x", keeper);
    await expect(stopped)
      .to.emit(orderBook, "OrderCancelled")
      .withArgs(2n, keeper, 4n, 0n, 0n, 0n, reason);
    const limited = orderBook.connect(keeper).execute([3n], "0x", keeper);
    await expect(limited)
      .to.emit(orderBook, "OrderCancelled")
      .withArgs(3n, keeper, 5n, wad("500.5"), 0n, 0n, reason);
    await expect(limited).to.changeTokenBalances(
      ethers,
      token,
      [alice, bob, keeper],
      [500_500_000n, 0n, 0n],
    );
    expect((await market.marginVault.position(1n)).size).to.equal(wad("100"));
    await expectConservation(market);
  });

  it("lets anybody cancel such an order, for whoever placed it", async () => {
    const { market, orderBook, token, accounts } =
      await networkHelpers.loadFixture(transferredFixture);
    const { alice, stranger } = accounts;
    expect(await orderBook.accountOf(3n)).to.equal(alice);
    await expect(orderBook.connect(stranger).cancel(3n, "0x")).to.changeTokenBalance(
      ethers,
      token,
      alice,
      500_500_000n,
    );
    await orderBook.connect(stranger).cancel(2n, "0x");
    await expectConservation(market);
  });

  it("does not live again when the position comes back", async () => {
    const { market, marginVault, orderBook, token, hand, accounts } =
      await networkHelpers.loadFixture(transferredFixture);
    const { alice, bob, keeper, stranger } = accounts;
    await hand(bob, alice);
    await networkHelpers.time.increase(10n);
    await pushPrice(market, wad("1980"));
    await orderBook.connect(keeper).execute([2n], "0x", keeper);
    expect((await marginVault.position(1n)).size).to.equal(wad("100"));
    await expect(orderBook.connect(stranger).cancel(3n, "0x")).to.changeTokenBalance(
      ethers,
      token,
      alice,
      500_500_000n,
    );
    await expectConservation(market);
  });

  it("does not touch orders of the new owner, which fill", async () => {
    const { market, marginVault, orderBook, token, positionId, accounts } =
      await networkHelpers.loadFixture(transferredFixture);
    const { alice, bob, keeper, stranger } = accounts;
    const { orderId } = await submitOrder(market, bob, stopLoss(positionId, wad("1990")));
    await expect(orderBook.connect(stranger).cancel(orderId, "0x"))
      .to.be.revertedWithCustomError(orderBook, "NotAuthorized")
      .withArgs(stranger);
    await networkHelpers.time.increase(10n);
    await pushPrice(market, wad("1980"));
    // The dead limit order gives its 500.5 back; the stop of the new owner pays the keeper 0.5 out of margin.
    await expect(
      orderBook.connect(keeper).execute([2n, 3n, orderId], "0x", keeper),
    ).to.changeTokenBalances(ethers, token, [alice, keeper], [500_500_000n, 500_000n]);
    expect((await marginVault.position(positionId)).size).to.equal(0n);
    expect(await orderBook.order(3n)).to.deep.equal(await orderBook.order(99n));
    await expectConservation(market);
  });

  it("does not touch positions of others", async () => {
    const { market, marginVault, hand, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const short = await openShort(market);
    const before = await marginVault.position(short);
    await hand(accounts.alice, accounts.carol);
    expect(await marginVault.position(short)).to.deep.equal(before);
    expect((await marginVault.position(positionId)).owner).to.equal(accounts.carol);
  });
});
