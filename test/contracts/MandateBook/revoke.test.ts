import { expect } from "chai";
import { network } from "hardhat";
import { giveMandate, liquidate, OUTCOME } from "../../fixtures/mandates.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, logOf, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

/** Two positions of Alice, both with a mandate. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId: first } = await openLong(market);
  const { alice } = market.accounts;
  const second = await openPosition(market, {
    account: alice,
    size: wad("10"),
    margin: wad("2000"),
    price: wad("2000"),
  });
  for (const positionId of [first, second]) await giveMandate(market, alice, positionId);
  return { ...market, market, first, second, alice, book: market.mandateBook.connect(alice) };
}

describe("MandateBook revokeMandate", () => {
  it("reverts when there is none", async () => {
    const { book, alice } = await networkHelpers.loadFixture(marketFixture);
    await expect(book.revokeMandate(9n))
      .to.be.revertedWithCustomError(book, "NotAuthorized")
      .withArgs(alice.address);
  });

  it("reverts when the caller did not give it", async () => {
    const { book, first, accounts } = await networkHelpers.loadFixture(marketFixture);
    await expect(book.connect(accounts.bob).revokeMandate(first))
      .to.be.revertedWithCustomError(book, "NotAuthorized")
      .withArgs(accounts.bob.address);
  });

  it("forgets this one and no other", async () => {
    const { book, marginVault, alice, first, second } =
      await networkHelpers.loadFixture(marketFixture);
    await expect(book.revokeMandate(first))
      .to.emit(book, "MandateRevoked")
      .withArgs(first, alice.address, 3n);
    expect((await book.mandateOf(first)).owner).to.equal(ethers.ZeroAddress);
    expect((await marginVault.position(first)).traits).to.equal(0n);
    expect((await book.mandateOf(second)).owner).to.equal(alice.address);
    expect((await marginVault.position(second)).traits).to.equal(1n);
  });

  it("leaves the wallet alone in the liquidation that follows", async () => {
    const { market, book, token, alice, first } = await networkHelpers.loadFixture(marketFixture);
    await book.revokeMandate(first);
    const before = await token.balanceOf(alice);
    await pushPrice(market, wad("1949"));
    const receipt = await liquidate(market, first);
    expect(logOf(market, receipt, "PositionLiquidated").rescue).to.equal(OUTCOME.NoMandate);
    expect(await token.balanceOf(alice)).to.equal(before);
  });
});

describe("MandateBook revokeAllMandates", () => {
  it("voids every mandate of the caller at once", async () => {
    const { market, book, token, alice, first, second } =
      await networkHelpers.loadFixture(marketFixture);
    await expect(book.revokeAllMandates())
      .to.emit(book, "AllMandatesRevoked")
      .withArgs(alice.address, 3n, 1n);
    expect(await book.roundOf(alice)).to.equal(1n);
    const before = await token.balanceOf(alice);
    // The small one: E = 10 × 1,820 − 20,000 + 1,990 is below 2.5% of 18,200.
    await pushPrice(market, wad("1820"));
    for (const positionId of [first, second]) {
      const receipt = await liquidate(market, positionId);
      expect(logOf(market, receipt, "PositionLiquidated").rescue).to.equal(OUTCOME.NoMandate);
    }
    expect(await token.balanceOf(alice)).to.be.at.least(before);
  });

  it("touches nobody else's", async () => {
    const { market, book, marginVault, accounts, first } =
      await networkHelpers.loadFixture(marketFixture);
    await book.connect(accounts.bob).revokeAllMandates();
    await pushPrice(market, wad("1949"));
    await expect(liquidate(market, first)).to.emit(marginVault, "PositionRescued");
  });

  it("does not stand in the way of the next mandate", async () => {
    const { market, book, marginVault, alice, first } =
      await networkHelpers.loadFixture(marketFixture);
    await book.revokeAllMandates();
    await giveMandate(market, alice, first);
    expect((await book.mandateOf(first)).round).to.equal(1n);
    await pushPrice(market, wad("1949"));
    await expect(liquidate(market, first)).to.emit(marginVault, "PositionRescued");
  });
});
