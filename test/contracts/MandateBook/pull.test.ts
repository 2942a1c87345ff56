import { expect } from "chai";
import { network } from "hardhat";
import {
  giveMandate,
  type MandateRequest,
  mandateRequest,
  OUTCOME,
} from "../../fixtures/mandates.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { calmMarket, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

/** What the vault asks: 800 of equity, 1,000 of maintenance, a fee of 1, unless changed. */
interface Asked {
  readonly equity: bigint;
  readonly maintenance: bigint;
  readonly fee: bigint;
  readonly early: boolean;
}

const ASKED: Asked = {
  equity: wad("800"),
  maintenance: wad("1000"),
  fee: wad("1"),
  early: false,
};

/** Alice's mandate of {@link mandateRequest}: target 1.5 × 1,000 − 800 + 1 = 701. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const { alice } = market.accounts;
  await giveMandate(market, alice, positionId);
  const book = market.mandateBook;
  await networkHelpers.setBalance(String(market.marginVault.target), wad("1"));
  const vault = await ethers.getImpersonatedSigner(String(market.marginVault.target));
  /** What pull answers, after what preview answers was found to be the same. */
  const ask = async (asked: Partial<Asked> = {}) => {
    const { equity, maintenance, fee, early } = { ...ASKED, ...asked };
    const { owner } = await market.marginVault.position(positionId);
    const args = [equity, maintenance, fee, early] as const;
    const answer = [...(await book.connect(vault).pull.staticCall(positionId, owner, ...args))];
    expect([...(await book.preview(positionId, ...args))]).to.deep.equal(answer);
    return answer;
  };
  const set = (fields: Partial<MandateRequest>) =>
    book.connect(alice).setMandate(mandateRequest(positionId, fields));
  return { ...market, market, positionId, alice, book, ask, set };
}

describe("MandateBook pull", () => {
  it("reverts when anybody but the vault calls", async () => {
    const { book, positionId, alice } = await networkHelpers.loadFixture(marketFixture);
    await expect(book.connect(alice).pull(positionId, alice, wad("800"), wad("1000"), 0n, false))
      .to.be.revertedWithCustomError(book, "NotAuthorized")
      .withArgs(alice.address);
  });

  it("reverts when anybody calls what moves the tokens", async () => {
    const { book, alice, accounts, token } = await networkHelpers.loadFixture(marketFixture);
    const { keeper } = accounts;
    await expect(book.connect(keeper).pullExactly(token, alice, keeper, 1n))
      .to.be.revertedWithCustomError(book, "NotAuthorized")
      .withArgs(accounts.keeper.address);
  });

  it("reverts when what moves the tokens is called through multicall", async () => {
    const { book, alice, accounts, token } = await networkHelpers.loadFixture(marketFixture);
    const { keeper } = accounts;
    const call = book.interface.encodeFunctionData("pullExactly", [
      String(token.target),
      alice.address,
      keeper.address,
      1n,
    ]);
    await expect(book.connect(keeper).multicall([call]))
      .to.be.revertedWithCustomError(book, "CallFailed")
      .withArgs(0n, book.interface.encodeErrorResult("NotAuthorized", [keeper.address]));
  });
});

describe("MandateBook preview, the same as pull", () => {
  it("restores the target and pays the keeper", async () => {
    const { ask } = await networkHelpers.loadFixture(marketFixture);
    expect(await ask()).to.deep.equal([wad("701"), OUTCOME.Rescued]);
  });

  it("rounds up to whole token units", async () => {
    const { ask } = await networkHelpers.loadFixture(marketFixture);
    expect(await ask({ equity: wad("800") - 1n })).to.deep.equal([
      wad("701.000001"),
      OUTCOME.Rescued,
    ]);
    expect(await ask({ equity: wad("799.999999") })).to.deep.equal([
      wad("701.000001"),
      OUTCOME.Rescued,
    ]);
  });

  it("finds no mandate where none was given", async () => {
    const { book, ask, alice, positionId } = await networkHelpers.loadFixture(marketFixture);
    await book.connect(alice).revokeMandate(positionId);
    expect(await ask()).to.deep.equal([0n, OUTCOME.NoMandate]);
  });

  it("finds no mandate where all were revoked", async () => {
    const { book, ask, alice } = await networkHelpers.loadFixture(marketFixture);
    await book.connect(alice).revokeAllMandates();
    expect(await ask()).to.deep.equal([0n, OUTCOME.NoMandate]);
  });

  it("finds no mandate where the position belongs to somebody else", async () => {
    const { ask, orderBook, alice, accounts, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    await orderBook.connect(alice).transferPosition(positionId, accounts.bob);
    expect(await ask()).to.deep.equal([0n, OUTCOME.NoMandate]);
  });

  it("finds no mandate where there is neither a position nor an owner", async () => {
    const { marginVault, book } = await networkHelpers.loadFixture(marketFixture);
    const vault = await ethers.getImpersonatedSigner(String(marginVault.target));
    const { equity, maintenance, fee, early } = ASKED;
    const args = [99n, ethers.ZeroAddress, equity, maintenance, fee, early] as const;
    expect([...(await book.connect(vault).pull.staticCall(...args))]).to.deep.equal([
      0n,
      OUTCOME.NoMandate,
    ]);
  });

  it("finds no mandate where the position went away and came back", async () => {
    const { book, orderBook, alice, accounts, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    await orderBook.connect(alice).transferPosition(positionId, accounts.bob);
    await orderBook.connect(accounts.bob).transferPosition(positionId, alice);
    // The vault does not even ask: see rescue.attacks.test.ts.
    const { equity, maintenance, fee, early } = ASKED;
    expect([...(await book.preview(positionId, equity, maintenance, fee, early))]).to.deep.equal([
      0n,
      OUTCOME.NoMandate,
    ]);
  });

  it("counts in its last second and not in the next", async () => {
    const { market, ask, set } = await networkHelpers.loadFixture(marketFixture);
    const expiry = (await now(market)) + 100n;
    await set({ expiry });
    await networkHelpers.mine();
    await networkHelpers.time.increaseTo(expiry - 1n);
    await networkHelpers.time.setNextBlockTimestamp(expiry);
    await networkHelpers.mine();
    expect(await ask()).to.deep.equal([wad("701"), OUTCOME.Rescued]);
    await networkHelpers.time.setNextBlockTimestamp(expiry + 1n);
    await networkHelpers.mine();
    expect(await ask()).to.deep.equal([0n, OUTCOME.Expired]);
  });

  it("leaves debt that the box forgives alone, down to an equity of zero", async () => {
    const { ask } = await networkHelpers.loadFixture(marketFixture);
    expect(await ask({ equity: 0n })).to.deep.equal([0n, OUTCOME.Insolvent]);
    expect(await ask({ equity: -1n })).to.deep.equal([0n, OUTCOME.Insolvent]);
    // 1,500 − 0.000…001 + 1, up to the token unit.
    expect(await ask({ equity: 1n })).to.deep.equal([wad("1501"), OUTCOME.Rescued]);
  });

  it("waits for the trigger when early, to the wei", async () => {
    const { ask } = await networkHelpers.loadFixture(marketFixture);
    const early = true;
    expect(await ask({ early, equity: wad("1200") })).to.deep.equal([0n, OUTCOME.NotTriggered]);
    expect(await ask({ early, equity: wad("1200") - 1n })).to.deep.equal([
      wad("301.000001"),
      OUTCOME.Rescued,
    ]);
  });

  it("answers for a healthy position too, whatever its equity", async () => {
    const { ask } = await networkHelpers.loadFixture(marketFixture);
    expect(await ask({ equity: wad("1000") })).to.deep.equal([0n, OUTCOME.NotTriggered]);
    expect(await ask({ equity: wad("1000") - 1n })).to.deep.equal([
      wad("501.000001"),
      OUTCOME.Rescued,
    ]);
    // Above the target nothing is missing at all.
    expect(await ask({ equity: wad("2000") })).to.deep.equal([0n, OUTCOME.NotTriggered]);
  });

  it("pauses after a rescue, to the second", async () => {
    const { market, ask, marginVault, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("1949"));
    await marginVault.connect(accounts.keeper).liquidate(positionId, "0x", accounts.keeper);
    const usedAt = await now(market);
    await networkHelpers.time.setNextBlockTimestamp(usedAt + 3_599n);
    await networkHelpers.mine();
    expect(await ask()).to.deep.equal([0n, OUTCOME.TooSoon]);
    await networkHelpers.time.setNextBlockTimestamp(usedAt + 3_600n);
    await networkHelpers.mine();
    expect(await ask()).to.deep.equal([wad("701"), OUTCOME.Rescued]);
  });

  it("pays a keeper what the mandate allows and not a wei more", async () => {
    const { ask } = await networkHelpers.loadFixture(marketFixture);
    expect(await ask({ fee: wad("2") })).to.deep.equal([wad("702"), OUTCOME.Rescued]);
    expect(await ask({ fee: wad("2") + 1n })).to.deep.equal([0n, OUTCOME.FeeTooHigh]);
  });

  it("takes what is left of the cap and not a wei more", async () => {
    const { ask, set } = await networkHelpers.loadFixture(marketFixture);
    await set({ cap: wad("701") });
    expect(await ask()).to.deep.equal([wad("701"), OUTCOME.Rescued]);
    await set({ cap: wad("701") - 1n });
    expect(await ask()).to.deep.equal([0n, OUTCOME.CapTooSmall]);
  });

  it("takes what is allowed and not a token unit more", async () => {
    const { ask, token, book, alice } = await networkHelpers.loadFixture(marketFixture);
    await token.connect(alice).approve(book, 701_000_000n);
    expect(await ask()).to.deep.equal([wad("701"), OUTCOME.Rescued]);
    await token.connect(alice).approve(book, 700_999_999n);
    expect(await ask()).to.deep.equal([0n, OUTCOME.AllowanceTooSmall]);
  });

  it("takes what is there and not a token unit more", async () => {
    const { ask, token, alice, accounts } = await networkHelpers.loadFixture(marketFixture);
    const wallet = token.connect(alice);
    await wallet.transfer(accounts.stranger, (await token.balanceOf(alice)) - 701_000_000n);
    expect(await ask()).to.deep.equal([wad("701"), OUTCOME.Rescued]);
    await wallet.transfer(accounts.stranger, 1n);
    expect(await ask()).to.deep.equal([0n, OUTCOME.BalanceTooSmall]);
  });

  it("gives the first reason where there are several", async () => {
    const { ask, set, book, alice } = await networkHelpers.loadFixture(marketFixture);
    await set({ cap: wad("3") });
    expect(await ask({ fee: wad("3") })).to.deep.equal([0n, OUTCOME.FeeTooHigh]);
    expect(await ask({ equity: -1n, fee: wad("3") })).to.deep.equal([0n, OUTCOME.Insolvent]);
    await book.connect(alice).revokeAllMandates();
    expect(await ask({ equity: -1n, fee: wad("3") })).to.deep.equal([0n, OUTCOME.NoMandate]);
  });
});
