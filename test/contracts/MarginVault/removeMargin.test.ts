import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { stopSequencer } from "../../fixtures/feeds.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { submitOrder } from "../../fixtures/trading.ts";
import { calmMarket, mined, openLong, prepareOldPhase } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });

/** Alice's long of {@link openLong}; `remove` is her call. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { alice } = market.accounts;
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  const vault = market.marginVault.connect(alice);
  const remove = (amountToken: bigint, receiver = alice.address) =>
    vault.removeMargin(opened.positionId, amountToken, receiver, "0x");
  return { ...market, ...opened, market, token, vault, remove };
}

describe("MarginVault removeMargin", () => {
  it("reverts when the amount is zero", async () => {
    const { vault, remove } = await networkHelpers.loadFixture(marketFixture);
    await expect(remove(0n)).to.be.revertedWithCustomError(vault, "ZeroAmount");
  });

  it("reverts when the receiver is zero", async () => {
    const { vault, remove } = await networkHelpers.loadFixture(marketFixture);
    await expect(remove(1n, ethers.ZeroAddress)).to.be.revertedWithCustomError(
      vault,
      "ZeroAddress",
    );
  });

  it("reverts when the position is not open", async () => {
    const { vault, accounts } = await networkHelpers.loadFixture(marketFixture);
    await expect(vault.removeMargin(7n, 1n, accounts.alice, "0x"))
      .to.be.revertedWithCustomError(vault, "PositionNotFound")
      .withArgs(7n);
  });

  it("reverts when the caller does not own the position", async () => {
    const { vault, positionId, accounts } = await networkHelpers.loadFixture(marketFixture);
    await expect(vault.connect(accounts.bob).removeMargin(positionId, 1n, accounts.bob, "0x"))
      .to.be.revertedWithCustomError(vault, "NotAuthorized")
      .withArgs(accounts.bob);
  });

  for (const sizeDelta of [wad("1"), -wad("1")]) {
    const what = sizeDelta > 0n ? "increases" : "decreases";
    it(`reverts while a market order waits that ${what} the position`, async () => {
      const { market, vault, positionId, accounts, remove } =
        await networkHelpers.loadFixture(marketFixture);
      const reserve = sizeDelta > 0n ? wad("400") : 0n;
      await submitOrder(market, accounts.alice, { positionId, sizeDelta, reserve });
      await expect(remove(1n))
        .to.be.revertedWithCustomError(vault, "MarketOrderPending")
        .withArgs(positionId, 1n);
    });
  }

  it("reverts while the sequencer is down", async () => {
    const { sequencer, oracle, remove } = await networkHelpers.loadFixture(marketFixture);
    const downSince = await stopSequencer(sequencer);
    await expect(remove(1n))
      .to.be.revertedWithCustomError(oracle, "SequencerDown")
      .withArgs(downSince);
  });

  it("reverts when the newest price is older than one the market has used (LAW-16)", async () => {
    const { market, vault, remove } = await networkHelpers.loadFixture(marketFixture);
    const { updatedAt, goBack } = await prepareOldPhase(market, wad("2100"));
    const used = await pushPrice(market, wad("2000"));
    await remove(1n);
    await goBack();
    // At 2,100 far more margin could go than at 2,000.
    await expect(remove(5_000_000_000n))
      .to.be.revertedWithCustomError(vault, "PriceNotNewEnough")
      .withArgs(updatedAt, used.updatedAt);
  });

  describe("given an open position", () => {
    it("reverts when it holds less than that", async () => {
      const { vault, positionId, remove } = await networkHelpers.loadFixture(marketFixture);
      await expect(remove(9_899_999_751n))
        .to.be.revertedWithCustomError(vault, "MarginExceeded")
        .withArgs(positionId, wad("9899.999751"), wad("9899.99975"));
    });

    describe("when the removal breaks the initial margin", () => {
      it("reverts with equity, all accruals in it, and the requirement", async () => {
        const { market, vault, positionId, openedAt, remove } =
          await networkHelpers.loadFixture(marketFixture);
        await pushPrice(market, wad("2000"));
        const at = openedAt + 3_000n;
        await networkHelpers.time.setNextBlockTimestamp(at);
        // Equity is 9,899.99975 − 0.5 less the borrow fee of 40,000 wei a second; initial margin is 4% of 200,000.
        // Removing 1,899.49975 would leave 8,000 but for the 3,000 seconds.
        await expect(remove(1_899_499_750n))
          .to.be.revertedWithCustomError(vault, "InitialMarginNotMet")
          .withArgs(positionId, wad("8000") - 40_000n * 3_000n, wad("8000"));
      });

      it("counts no gain beyond the reserve", async () => {
        const { market, vault, positionId, remove } =
          await networkHelpers.loadFixture(marketFixture);
        // 4% of 100 × 13,000 is 52,000; the gain of 1,099,999.5 counts as 40,000: 49,899.99975 − 1.
        await pushPrice(market, wad("13000"));
        await expect(remove(1_000_000n))
          .to.be.revertedWithCustomError(vault, "InitialMarginNotMet")
          .withArgs(positionId, wad("49898.99975"), wad("52000"));
      });
    });

    describe("when the initial margin still holds", () => {
      it("pays down to the last token unit and says what is left", async () => {
        const { market, vault, positionId, accounts, token, remove } =
          await networkHelpers.loadFixture(marketFixture);
        const round = await pushPrice(market, wad("2000"));
        const { sequence, totalMargin } = await vault.market();
        const amount = wad("1899.499749");
        const removed = remove(1_899_499_749n, accounts.bob.address);
        await expect(removed)
          .to.emit(vault, "MarginRemoved")
          .withArgs(
            positionId,
            accounts.bob,
            sequence + 1n,
            amount,
            wad("8000.500001"),
            wad("2000"),
            round.updatedAt,
          );
        await expect(removed).to.changeTokenBalances(
          ethers,
          token,
          [vault, accounts.bob, accounts.alice],
          [-1_899_499_749n, 1_899_499_749n, 0n],
        );
        expect((await vault.position(positionId)).margin).to.equal(wad("8000.500001"));
        expect((await vault.market()).totalMargin).to.equal(totalMargin - amount);
        await expectConservation(market);
      });

      it("lets all of the margin go where the gain alone covers the requirement", async () => {
        const { market, vault, positionId, remove } =
          await networkHelpers.loadFixture(marketFixture);
        // At the cap equity is 40,000 without any margin, initial margin 4% of 250,000.
        await pushPrice(market, wad("2500"));
        await remove(9_899_999_750n);
        expect((await vault.position(positionId)).margin).to.equal(0n);
        await expectConservation(market);
      });

      it("moves the market's clock and last price; what has accrued is stored with the next size", async () => {
        const { market, vault, remove } = await networkHelpers.loadFixture(marketFixture);
        const before = await vault.market();
        const round = await pushPrice(market, wad("2001"));
        await remove(1n);
        const { clock, lastPrice, referencePrice, accruedAt, borrowIndex } = await vault.market();
        expect(clock).to.equal(round.updatedAt);
        expect(lastPrice).to.equal(wad("2001"));
        expect(referencePrice).to.equal(before.referencePrice);
        expect([accruedAt, borrowIndex]).to.deep.equal([before.accruedAt, before.borrowIndex]);
      });

      it("is allowed again when the waiting order has been cancelled", async () => {
        const { market, vault, positionId, accounts, orderBook, remove } =
          await networkHelpers.loadFixture(marketFixture);
        const sizeDelta = -wad("1");
        const { orderId } = await submitOrder(market, accounts.alice, { positionId, sizeDelta });
        // 2 s of delay, 60 s of waiting, 60 s of window.
        await networkHelpers.time.increase(123n);
        await orderBook.connect(accounts.alice).cancel(orderId, "0x");
        await pushPrice(market, wad("2000"));
        await remove(1n);
        expect(await vault.pendingMarketOrders(positionId)).to.equal(0n);
      });

      it("returns the ether that verification did not need", async () => {
        const { vault, positionId, accounts } = await networkHelpers.loadFixture(marketFixture);
        const { alice } = accounts;
        const before = await ethers.provider.getBalance(alice);
        const options = { value: ethers.parseEther("1") };
        const receipt = await mined(vault.removeMargin(positionId, 1n, alice, "0x", options));
        expect(await ethers.provider.getBalance(alice)).to.equal(before - receipt.fee);
        expect(await ethers.provider.getBalance(vault)).to.equal(0n);
      });

      it("books what a blocked receiver cannot take", async () => {
        const { market, vault, accounts, token, remove } =
          await networkHelpers.loadFixture(marketFixture);
        await token.setBlocked(accounts.bob, true);
        const { sequence } = await vault.market();
        await expect(remove(5_000_000n, accounts.bob.address))
          .to.emit(vault, "PayoutDeferred")
          .withArgs(sequence + 2n, accounts.bob, 5_000_000n);
        expect(await vault.claimable(accounts.bob)).to.equal(5_000_000n);
        await expectConservation(market);
      });
    });
  });
});
