import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { startSequencer, stopSequencer } from "../../fixtures/feeds.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, logOf, mined, now, openLong, prepareOldPhase } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });

/** Alice's long of {@link openLong}: N 200,000.5, M 9,899.99975, R 40,000; 90.000225 due to the pool. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { keeper } = market.accounts;
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  const vault = market.marginVault.connect(keeper);
  const book = market.orderBook.connect(keeper);
  const settle = (id = opened.positionId) => mined(book.settleAtCap(id, "0x", keeper));
  return { ...market, ...opened, market, vault, book, keeper, token, settle };
}

describe("OrderBook settleAtCap", () => {
  it("reverts when the fee receiver is zero", async () => {
    const { book, positionId } = await networkHelpers.loadFixture(marketFixture);
    await expect(
      book.settleAtCap(positionId, "0x", ethers.ZeroAddress),
    ).to.be.revertedWithCustomError(book, "ZeroAddress");
  });

  it("reverts when the position is not open", async () => {
    const { book, settle } = await networkHelpers.loadFixture(marketFixture);
    await expect(settle(9n)).to.be.revertedWithCustomError(book, "PositionNotFound").withArgs(9n);
  });

  it("reverts when the newest price is older than one the market has used (51, 54)", async () => {
    const { market, vault, positionId, accounts, settle } =
      await networkHelpers.loadFixture(marketFixture);
    const { updatedAt, goBack } = await prepareOldPhase(market, wad("2500"));
    const used = await pushPrice(market, wad("2000"));
    await vault.connect(accounts.alice).removeMargin(positionId, 1n, accounts.alice, "0x");
    await goBack();
    await expect(settle())
      .to.be.revertedWithCustomError(vault, "PriceNotNewEnough")
      .withArgs(updatedAt, used.updatedAt);
  });

  describe("when the gain at the fill price is below the reserve", () => {
    it("reverts with both, whatever the index price says", async () => {
      const { market, vault, book, accounts, positionId, openedAt } =
        await networkHelpers.loadFixture(marketFixture);
      // A short of 2,000 turns the skew to −1,900: a sale of 100 fills at 2,400.01 × (1 − 1,950 / 20,000,000), which
      // is 2,399.775999025; the gain is 239,977.5999025 − 200,000.5 although at the index it would be 40,000.5.
      await openPosition(market, {
        account: accounts.bob,
        size: -wad("2000"),
        margin: wad("300000"),
        price: wad("2000"),
      });
      await pushPrice(market, wad("2400.01"));
      const at = (await now(market)) + 1n;
      await networkHelpers.time.setNextBlockTimestamp(at);
      await expect(book.settleAtCap(positionId, "0x", accounts.keeper))
        .to.be.revertedWithCustomError(vault, "CapNotReached")
        .withArgs(positionId, wad("39977.0999025") - 40_000n * (at - openedAt), wad("40000"));
      await pushPrice(market, wad("2400.3"));
      await expect(book.settleAtCap(positionId, "0x", accounts.keeper)).to.emit(
        book,
        "PositionSettled",
      );
      await expectConservation(market);
    });
  });

  describe("when the gain at the fill price has reached the reserve", () => {
    it("pays margin and reserve less the keeper's floor", async () => {
      const { market, vault, book, liquidityVault, accounts, keeper, token, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      const [owner, paid] = [await token.balanceOf(accounts.alice), await token.balanceOf(keeper)];
      const round = await pushPrice(market, wad("2500"));
      const { sequence } = await vault.market();
      const settling = book.settleAtCap(positionId, "0x", keeper);
      // Numbered after the vault's three logs of the close: decrease, close and rates. Kind 1 is the cap.
      await expect(settling)
        .to.emit(book, "PositionSettled")
        .withArgs(positionId, keeper, sequence + 4n, 1n, wad("1"));
      // 9,899.99975 + 40,000 − 1.
      expect(await token.balanceOf(accounts.alice)).to.equal(owner + 49_898_999_750n);
      expect(await token.balanceOf(keeper)).to.equal(paid + 1_000_000n);
      const settled = logOf(market, await mined(settling), "PositionDecreased");
      expect([...settled]).to.deep.equal([
        positionId,
        accounts.alice.address,
        sequence + 1n,
        -wad("100"),
        // 2,500 × (1 + 50 / 20,000,000).
        wad("2500.00625"),
        wad("2500"),
        round.updatedAt,
        // No position fee; the whole reserve is won.
        0n,
        wad("40000"),
        wad("49898.99975"),
      ]);
      // The pool pays the reserve less the 90.000225 that were due to it.
      expect(await liquidityVault.cash()).to.equal(wad("9999999.5") - wad("39909.999775"));
      expect(await liquidityVault.reserved()).to.equal(0n);
      expect((await vault.market()).poolDue).to.equal(0n);
      expect((await vault.position(positionId)).size).to.equal(0n);
      await expectConservation(market);
    });

    it("pays no more at ten times the price", async () => {
      const { market, accounts, token, settle } = await networkHelpers.loadFixture(marketFixture);
      const before = await token.balanceOf(accounts.alice);
      await pushPrice(market, wad("20000"));
      await settle();
      expect(await token.balanceOf(accounts.alice)).to.equal(before + 49_898_999_750n);
      await expectConservation(market);
    });

    it("takes the keeper's floor from the gain where no margin is left", async () => {
      const { market, vault, accounts, positionId, token, settle } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("2500"));
      const { alice } = accounts;
      await vault.connect(alice).removeMargin(positionId, 9_899_999_750n, alice, "0x");
      const before = await token.balanceOf(alice);
      await settle();
      expect(await token.balanceOf(alice)).to.equal(before + 39_999_000_000n);
      await expectConservation(market);
    });

    it("settles a short, whose gain ends at its open notional", async () => {
      const { market, vault, accounts, token, settle } =
        await networkHelpers.loadFixture(marketFixture);
      const short = await openPosition(market, {
        account: accounts.bob,
        size: -wad("100"),
        margin: wad("10000"),
        reserve: wad("40000"),
        price: wad("2000"),
      });
      const before = await token.balanceOf(accounts.bob);
      // A buy of 100 from 0 fills at p × 1.0000025; 200,000.5 − 100 × 1,599.99 × 1.0000025 = 40,001.1.
      await pushPrice(market, wad("1599.99"));
      await settle(short);
      expect(await token.balanceOf(accounts.bob)).to.equal(before + 49_898_999_750n);
      expect((await vault.position(short)).size).to.equal(0n);
      await expectConservation(market);
    });

    it("does not wait for the grace period: a close is never held up", async () => {
      const { market, book, sequencer, keeper, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await stopSequencer(sequencer);
      await startSequencer(sequencer);
      await pushPrice(market, wad("2500"));
      await expect(book.settleAtCap(positionId, "0x", keeper)).to.emit(book, "PositionSettled");
    });

    it("returns the ether that verification did not need", async () => {
      const { market, book, positionId, keeper } = await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("2500"));
      const before = await ethers.provider.getBalance(keeper);
      const value = ethers.parseEther("1");
      const receipt = await mined(book.settleAtCap(positionId, "0x", keeper, { value }));
      expect(await ethers.provider.getBalance(keeper)).to.equal(before - receipt.fee);
    });
  });

  describe("when a token refuses", () => {
    it("books what a blocked owner is due, and pays the keeper", async () => {
      const { market, vault, accounts, keeper, token, settle } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("2500"));
      await token.setBlocked(accounts.alice, true);
      const before = await token.balanceOf(keeper);
      await settle();
      expect(await vault.claimable(accounts.alice)).to.equal(49_898_999_750n);
      expect(await token.balanceOf(keeper)).to.equal(before + 1_000_000n);
      await expectConservation(market);
    });

    it("books the gain at the pool where it cannot reach the vault", async () => {
      const { market, liquidityVault, accounts, token, settle } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("2500"));
      await token.setBlocked(market.marginVault, true);
      const before = await token.balanceOf(accounts.alice);
      const receipt = await settle();
      // M + 90.000225 − 1 are here; 40,000 − 90.000225 wait at the pool.
      expect(logOf(market, receipt, "PositionDecreased").paidOut).to.equal(wad("9988.999975"));
      expect(await token.balanceOf(accounts.alice)).to.equal(before + 9_988_999_975n);
      expect(await liquidityVault.claimable(accounts.alice)).to.equal(39_909_999_775n);
      await expectConservation(market);
      await liquidityVault.connect(accounts.alice).claim(accounts.alice);
      await expectConservation(market);
    });
  });
});
