import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { FAR, giveMandate } from "../../fixtures/mandates.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { calmMarket, change, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });
const SCOPE = { None: 0n, AddMargin: 1n, Trade: 2n } as const;
/** 100 [token]. */
const AMOUNT = 100_000_000n;

/** Alice owns the position and has allowed the book her wallet; Bob acts. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const { alice, bob } = market.accounts;
  await market.token.connect(alice).approve(market.mandateBook, 2n ** 256n - 1n);
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  const book = market.mandateBook.connect(bob);
  const allow = (scope: bigint, expiry = FAR) =>
    market.orderBook.connect(alice).setOperator(bob, scope, expiry);
  return { ...market, market, positionId, alice, bob, token, book, allow };
}

describe("MandateBook addMarginFor", () => {
  it("reverts when the position is not open", async () => {
    const { book } = await networkHelpers.loadFixture(marketFixture);
    await expect(book.addMarginFor(9n, AMOUNT))
      .to.be.revertedWithCustomError(book, "PositionNotFound")
      .withArgs(9n);
  });

  it("reverts when the position was closed", async () => {
    const { market, book, alice, positionId, allow } =
      await networkHelpers.loadFixture(marketFixture);
    await allow(SCOPE.AddMargin);
    await change(market, { account: alice, positionId, sizeDelta: -wad("100") });
    await expect(book.addMarginFor(positionId, AMOUNT))
      .to.be.revertedWithCustomError(book, "PositionNotFound")
      .withArgs(positionId);
  });

  it("reverts when the caller is no operator", async () => {
    const { book, bob, positionId } = await networkHelpers.loadFixture(marketFixture);
    await expect(book.addMarginFor(positionId, AMOUNT))
      .to.be.revertedWithCustomError(book, "NotAuthorized")
      .withArgs(bob.address);
  });

  it("reverts when the scope was taken back", async () => {
    const { book, bob, positionId, allow } = await networkHelpers.loadFixture(marketFixture);
    await allow(SCOPE.Trade);
    await allow(SCOPE.None);
    await expect(book.addMarginFor(positionId, AMOUNT))
      .to.be.revertedWithCustomError(book, "NotAuthorized")
      .withArgs(bob.address);
  });

  it("reverts when the scope has expired, and counts in its last second", async () => {
    const { market, book, bob, positionId, allow } =
      await networkHelpers.loadFixture(marketFixture);
    const expiry = (await now(market)) + 100n;
    await allow(SCOPE.AddMargin, expiry);
    await networkHelpers.time.setNextBlockTimestamp(expiry);
    await book.addMarginFor(positionId, AMOUNT);
    await expect(book.addMarginFor(positionId, AMOUNT))
      .to.be.revertedWithCustomError(book, "NotAuthorized")
      .withArgs(bob.address);
  });

  it("reverts when the operator is that of a former owner", async () => {
    const { book, orderBook, alice, bob, accounts, positionId, allow } =
      await networkHelpers.loadFixture(marketFixture);
    await allow(SCOPE.Trade);
    await orderBook.connect(alice).transferPosition(positionId, accounts.carol);
    await expect(book.addMarginFor(positionId, AMOUNT))
      .to.be.revertedWithCustomError(book, "NotAuthorized")
      .withArgs(bob.address);
  });

  it("reverts when the amount is zero", async () => {
    const { book, marginVault, positionId, allow } =
      await networkHelpers.loadFixture(marketFixture);
    await allow(SCOPE.AddMargin);
    await expect(book.addMarginFor(positionId, 0n)).to.be.revertedWithCustomError(
      marginVault,
      "ZeroAmount",
    );
  });

  it("reverts when the owner has not allowed the book that much", async () => {
    const { book, token, alice, positionId, allow } =
      await networkHelpers.loadFixture(marketFixture);
    await allow(SCOPE.AddMargin);
    await token.connect(alice).approve(book, AMOUNT - 1n);
    await expect(book.addMarginFor(positionId, AMOUNT))
      .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
      .withArgs(book.target, AMOUNT - 1n, AMOUNT);
  });

  it("reverts when the token moves less", async () => {
    const { market, book, token, positionId, allow } =
      await networkHelpers.loadFixture(marketFixture);
    await allow(SCOPE.AddMargin);
    await token.setFeeBps(100n);
    await expect(book.addMarginFor(positionId, AMOUNT)).to.be.revert(ethers);
    await token.setFeeBps(0n);
    await expectConservation(market);
  });

  for (const [name, scope] of [
    ["AddMargin", SCOPE.AddMargin],
    ["Trade", SCOPE.Trade],
  ] as const) {
    it(`adds margin out of the owner's wallet for an operator with the scope ${name}`, async () => {
      const { market, book, marginVault, token, alice, bob, positionId, allow } =
        await networkHelpers.loadFixture(marketFixture);
      await allow(scope);
      const before = await marginVault.position(positionId);
      const balances = [await token.balanceOf(alice), await token.balanceOf(bob)];
      // 9,899.99975 + 100.
      await expect(book.addMarginFor(positionId, AMOUNT))
        .to.emit(marginVault, "MarginAdded")
        .withArgs(
          positionId,
          book.target,
          (await marginVault.market()).sequence + 1n,
          wad("100"),
          wad("9999.99975"),
        );
      const { margin } = await marginVault.position(positionId);
      expect(margin - before.margin).to.equal(wad("100"));
      expect(await token.balanceOf(alice)).to.equal((balances[0] ?? 0n) - AMOUNT);
      expect(await token.balanceOf(bob)).to.equal(balances[1]);
      expect(await token.balanceOf(book)).to.equal(0n);
      await expectConservation(market);
    });
  }

  it("adds margin for the owner itself, and uses nothing of the mandate's cap", async () => {
    const { market, book, marginVault, alice, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    await giveMandate(market, alice, positionId);
    await book.connect(alice).addMarginFor(positionId, AMOUNT);
    expect((await marginVault.position(positionId)).margin).to.equal(wad("9999.99975"));
    expect((await book.mandateOf(positionId)).capLeft).to.equal(wad("5000"));
  });
});
