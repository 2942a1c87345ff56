import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { DAY, freshRounds, NOBODY, openShort, settleMarket } from "../../fixtures/powers.ts";
import { submitOrder } from "../../fixtures/trading.ts";
import { calmMarket, logOf, mined, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;
const createMarket = calmMarket();

/**
 * Alice's long of {@link openLong} as position 1 and Bob's short of {@link openShort} as position 2; the last price is
 * `price`. What accrues, 40,000 and 20,000 wei a second, stays below a token unit for 10 days; below it is called ε.
 */
async function openFixture(price: bigint) {
  const market = await createMarket(connection);
  await openLong(market);
  await openShort(market);
  await pushPrice(market, price);
  await market.orderBook.poke("0x");
  const keeper = market.orderBook.connect(market.accounts.keeper);
  const close = (...positionIds: bigint[]) =>
    keeper.closeSettled(positionIds, market.accounts.keeper);
  return { ...market, market, keeper, close };
}

async function settledFixture() {
  const fixture = await openFixture(wad("2100"));
  await settleMarket(fixture.market);
  return fixture;
}

/** At 2,500 the long has won more than its reserve, and the short lost more than its margin. */
async function gappedFixture() {
  const fixture = await openFixture(wad("2500"));
  await settleMarket(fixture.market);
  return fixture;
}

/**
 * At 2,100, without skew.
 *
 * Long: 100 × 2,100 − 200,000.5 − ε = 9,999.5 − ε, in whole units 9,999.499999; with a margin of 9,899.99975, less the
 * keeper's 1, that is 19,898.499749.
 * Short: 100,000.375 − 50 × 2,100 − ε = −4,999.625 − ε; of a margin of 9,949.9998125 are left 4,950.3748125 − ε, less
 * the keeper's 1 in whole units 4,949.374812.
 */
const PAYOUT = { long: 19_898_499_749n, short: 4_949_374_812n } as const;

describe("OrderBook closeSettled (BH-208)", () => {
  it("reverts when the fee receiver is zero", async () => {
    const { keeper } = await networkHelpers.loadFixture(settledFixture);
    await expect(keeper.closeSettled([1n], NOBODY)).to.be.revertedWithCustomError(
      keeper,
      "ZeroAddress",
    );
  });

  it("reverts when none of the positions is open", async () => {
    const { keeper, close } = await networkHelpers.loadFixture(settledFixture);
    await close(1n);
    await expect(close(1n, 9n))
      .to.be.revertedWithCustomError(keeper, "NothingSettled")
      .withArgs(2n);
    await expect(close()).to.be.revertedWithCustomError(keeper, "NothingSettled").withArgs(0n);
  });

  it("pays both sides at the one last price, without skew, and the keeper its floor", async () => {
    const { market, token, accounts, close } = await networkHelpers.loadFixture(settledFixture);
    await expect(close(1n, 2n)).to.changeTokenBalances(
      ethers,
      token,
      [accounts.alice, accounts.bob, accounts.keeper],
      [PAYOUT.long, PAYOUT.short, 2_000_000n],
    );
    await expectConservation(market);
  });

  it("pays the same in the other order, one by one, and a month later", async () => {
    const { market, marginVault, token, accounts, close } =
      await networkHelpers.loadFixture(settledFixture);
    await expect(close(2n)).to.changeTokenBalance(ethers, token, accounts.bob, PAYOUT.short);
    const before = await marginVault.market();
    await networkHelpers.time.increase(30n * DAY);
    await marginVault.accrue();
    const { fundingIndex, borrowIndex } = await marginVault.market();
    expect([fundingIndex, borrowIndex]).to.deep.equal([before.fundingIndex, before.borrowIndex]);
    // Rounds that came since do not count either.
    await freshRounds(market, wad("1000"));
    await expect(close(1n)).to.changeTokenBalance(ethers, token, accounts.alice, PAYOUT.long);
    await expectConservation(market);
  });

  it("passes over what is closed already, so that whoever was first fails nobody", async () => {
    const { token, accounts, close } = await networkHelpers.loadFixture(settledFixture);
    await close(1n);
    await expect(close(1n, 2n, 2n)).to.changeTokenBalances(
      ethers,
      token,
      [accounts.alice, accounts.bob, accounts.keeper],
      [0n, PAYOUT.short, 1_000_000n],
    );
  });

  it("logs each closing at the last price", async () => {
    const { market, keeper, accounts, close } = await networkHelpers.loadFixture(settledFixture);
    const closing = close(1n);
    // Kind 2 is the settlement. The number is the MarginVault's, which has told of two openings before.
    await expect(closing)
      .to.emit(keeper, "PositionSettled")
      .withArgs(1n, accounts.keeper, 15n, 2n, wad("1"));
    const log = logOf(market, await mined(closing), "PositionDecreased");
    expect(log.fillPrice).to.equal(wad("2100"));
    expect(log.price).to.equal(wad("2100"));
  });

  describe("given a gap beyond both boxes", () => {
    it("pays a gain no further than the reserve", async () => {
      const { token, accounts, close } = await networkHelpers.loadFixture(gappedFixture);
      // Margin 9,899.99975 + reserve 40,000 − 1.
      await expect(close(1n)).to.changeTokenBalance(ethers, token, accounts.alice, 49_898_999_750n);
    });

    it("closes what is bankrupt alone too, and pays its keeper out of the reserve (LAW-14)", async () => {
      const { market, marginVault, token, accounts, close } =
        await networkHelpers.loadFixture(gappedFixture);
      await expect(close(2n)).to.changeTokenBalances(
        ethers,
        token,
        [accounts.bob, accounts.keeper],
        [0n, 1_000_000n],
      );
      expect((await marginVault.position(2n)).size).to.equal(0n);
      await close(1n);
      await expectConservation(market);
    });

    it("records what the short owed beyond its margin", async () => {
      const { market, close } = await networkHelpers.loadFixture(gappedFixture);
      // 50 × 2,500 − 100,000.375 + ε − 9,949.9998125 = 15,049.6251875 + ε.
      const { shortfall } = logOf(market, await mined(close(2n)), "ShortfallRecorded");
      expect(shortfall).to.be.within(wad("15049.6251875"), wad("15049.6251885"));
    });
  });

  it("leaves liquidation, orders, removals, caps, rescues and pokes refused", async () => {
    const { market, marginVault, orderBook, accounts } =
      await networkHelpers.loadFixture(settledFixture);
    const { alice, keeper } = accounts;
    const submitted = await submitOrder(market, alice, { positionId: 1n, sizeDelta: -wad("1") });
    const stop = await submitOrder(market, alice, {
      positionId: 1n,
      kind: 2n,
      reduceOnly: true,
      sizeDelta: -wad("1"),
      triggerPrice: wad("2100"),
      expiry: 4_000_000_000n,
    });
    await freshRounds(market, wad("2100"));
    const refused = [
      () => marginVault.liquidate(2n, "0x", keeper),
      () => marginVault.liquidateBatch([1n, 2n], "0x", keeper),
      () => marginVault.rescue(2n, "0x", keeper),
      () => marginVault.connect(accounts.bob).removeMargin(2n, 1n, alice, "0x"),
      () => orderBook.settleAtCap(1n, "0x", keeper),
      () => orderBook.poke("0x"),
      () => orderBook.execute([submitted.orderId], "0x", keeper),
      () => orderBook.execute([stop.orderId], "0x", keeper),
    ];
    for (const call of refused) {
      await expect(call()).to.be.revertedWithCustomError(marginVault, "MarketIsSettled");
    }
  });

  it("leaves margin to be added, which comes back whole", async () => {
    const { token, marginVault, accounts, close } =
      await networkHelpers.loadFixture(settledFixture);
    await marginVault.connect(accounts.stranger).accrue();
    await marginVault.connect(accounts.bob).addMargin(1n, 5_000_000n);
    await expect(close(1n)).to.changeTokenBalance(
      ethers,
      token,
      accounts.alice,
      PAYOUT.long + 5_000_000n,
    );
  });
});

describe("Orders of a settled market (BH-209)", () => {
  it("are refunded in full, by anybody, however young they are", async () => {
    const fixture = await networkHelpers.loadFixture(settledFixture);
    const { market, orderBook, token, accounts } = fixture;
    const { alice, bob, stranger } = accounts;
    const opening = { sizeDelta: wad("1"), margin: wad("500"), reserve: wad("400") };
    const limit = { kind: 1n, triggerPrice: wad("1900"), expiry: 4_000_000_000n };
    const market1 = await submitOrder(market, alice, opening);
    const market2 = await submitOrder(market, bob, { positionId: 2n, sizeDelta: wad("1") });
    const trigger = await submitOrder(market, bob, { ...opening, ...limit });
    // Margin and the keeper's 0.5.
    const refunds = [
      { order: market1, account: alice, amount: 500_500_000n },
      { order: market2, account: bob, amount: 500_000n },
      { order: trigger, account: bob, amount: 500_500_000n },
    ];
    for (const { order, account, amount } of refunds) {
      await expect(orderBook.connect(stranger).cancel(order.orderId, "0x")).to.changeTokenBalance(
        ethers,
        token,
        account,
        amount,
      );
    }
    await expectConservation(market);
  });

  it("are refunded after their position was closed", async () => {
    const { market, orderBook, token, accounts, close } =
      await networkHelpers.loadFixture(settledFixture);
    const { orderId } = await submitOrder(market, accounts.bob, {
      positionId: 2n,
      sizeDelta: -wad("1"),
      margin: wad("7"),
      reserve: wad("400"),
    });
    await close(1n, 2n);
    await expect(orderBook.connect(accounts.stranger).cancel(orderId, "0x")).to.changeTokenBalance(
      ethers,
      token,
      accounts.bob,
      7_500_000n,
    );
    expect(await market.marginVault.pendingMarketOrders(2n)).to.equal(0n);
    await expectConservation(market);
  });
});
