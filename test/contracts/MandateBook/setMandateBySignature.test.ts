import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import {
  domainOf,
  FAR,
  giveMandate,
  mandateRequest,
  type SignedInput,
  signMandate,
} from "../../fixtures/mandates.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { executeOrder, orderRequest } from "../../fixtures/trading.ts";
import { calmMarket, change, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

/** Alice owns the position and signs; the keeper, anybody, sends it. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const { alice, keeper } = market.accounts;
  const book = market.mandateBook.connect(keeper);
  const request = mandateRequest(positionId);
  const domain = await domainOf(market);
  const sign = (input: Partial<SignedInput> = {}) =>
    signMandate(alice, domain, { request, ...input });
  return { ...market, market, positionId, alice, book, request, domain, sign };
}

/** A second market in which Alice's position has the same id. */
async function twinFixture() {
  const world = await marketFixture();
  const twin = await createMarket(connection);
  await openLong(twin);
  return { ...world, twin };
}

describe("MandateBook setMandateBySignature", () => {
  it("reverts when the position is not open", async () => {
    const { book, sign } = await networkHelpers.loadFixture(marketFixture);
    const request = mandateRequest(9n);
    await expect(book.setMandateBySignature(request, 0n, FAR, await sign({ request })))
      .to.be.revertedWithCustomError(book, "PositionNotFound")
      .withArgs(9n);
  });

  it("reverts when the position was closed", async () => {
    const { market, book, alice, positionId, request, sign } =
      await networkHelpers.loadFixture(marketFixture);
    await change(market, { account: alice, positionId, sizeDelta: -wad("100") });
    await expect(book.setMandateBySignature(request, 0n, FAR, await sign()))
      .to.be.revertedWithCustomError(book, "PositionNotFound")
      .withArgs(positionId);
  });

  it("reverts when the deadline has passed, and counts in its last second", async () => {
    const { market, book, request, sign } = await networkHelpers.loadFixture(marketFixture);
    const deadline = (await now(market)) + 100n;
    const signature = await sign({ deadline });
    await networkHelpers.time.setNextBlockTimestamp(deadline);
    await expect(book.setMandateBySignature(request, 0n, deadline, signature)).to.emit(
      book,
      "MandateSet",
    );
    const next = await sign({ deadline, nonce: 1n });
    await expect(book.setMandateBySignature(request, 1n, deadline, next))
      .to.be.revertedWithCustomError(book, "SignatureExpired")
      .withArgs(deadline);
  });

  it("reverts when the deadline is another than the signed one", async () => {
    const { market, book, alice, request, sign } = await networkHelpers.loadFixture(marketFixture);
    const deadline = (await now(market)) + 1n;
    await expect(book.setMandateBySignature(request, 0n, FAR, await sign({ deadline })))
      .to.be.revertedWithCustomError(book, "SignatureInvalid")
      .withArgs(alice.address);
  });

  it("reverts when the nonce was used", async () => {
    const { book, alice, request, sign } = await networkHelpers.loadFixture(marketFixture);
    const signature = await sign();
    await book.setMandateBySignature(request, 0n, FAR, signature);
    expect(await book.nonces(alice)).to.equal(1n);
    await expect(book.setMandateBySignature(request, 0n, FAR, signature))
      .to.be.revertedWithCustomError(book, "SignatureInvalid")
      .withArgs(alice.address);
    // Nor with the next nonce, which was not signed.
    await expect(book.setMandateBySignature(request, 1n, FAR, signature))
      .to.be.revertedWithCustomError(book, "SignatureInvalid")
      .withArgs(alice.address);
  });

  it("reverts when the nonce is not the next one", async () => {
    const { book, alice, request, sign } = await networkHelpers.loadFixture(marketFixture);
    await expect(book.setMandateBySignature(request, 1n, FAR, await sign({ nonce: 1n })))
      .to.be.revertedWithCustomError(book, "SignatureInvalid")
      .withArgs(alice.address);
  });

  it("reverts when somebody else signed", async () => {
    const { book, alice, accounts, request, domain } =
      await networkHelpers.loadFixture(marketFixture);
    const signature = await signMandate(accounts.bob, domain, { request });
    await expect(book.setMandateBySignature(request, 0n, FAR, signature))
      .to.be.revertedWithCustomError(book, "SignatureInvalid")
      .withArgs(alice.address);
  });

  it("reverts when the signature is cut short", async () => {
    const { book, alice, request, sign } = await networkHelpers.loadFixture(marketFixture);
    const signature = (await sign()).slice(0, -2);
    await expect(book.setMandateBySignature(request, 0n, FAR, signature))
      .to.be.revertedWithCustomError(book, "SignatureInvalid")
      .withArgs(alice.address);
  });

  for (const [field, value] of [
    ["cap", wad("5000.000001")],
    ["triggerRatio", wad("1.21")],
    ["targetRatio", wad("1.51")],
    ["minInterval", 3_599n],
    ["expiry", FAR + 1n],
    ["maxKeeperFee", wad("3")],
  ] as const) {
    it(`reverts when ${field} is not the signed one`, async () => {
      const { book, alice, request, sign } = await networkHelpers.loadFixture(marketFixture);
      const other = { ...request, [field]: value };
      await expect(book.setMandateBySignature(other, 0n, FAR, await sign()))
        .to.be.revertedWithCustomError(book, "SignatureInvalid")
        .withArgs(alice.address);
    });
  }

  it("reverts on another chain (19)", async () => {
    const { book, alice, request, domain } = await networkHelpers.loadFixture(marketFixture);
    const elsewhere = { ...domain, chainId: BigInt(domain.chainId ?? 0) + 1n };
    const signature = await signMandate(alice, elsewhere, { request });
    await expect(book.setMandateBySignature(request, 0n, FAR, signature))
      .to.be.revertedWithCustomError(book, "SignatureInvalid")
      .withArgs(alice.address);
  });

  it("reverts in another market, where the same position is also hers (19)", async () => {
    const { twin, book, alice, accounts, request, positionId, sign } =
      await networkHelpers.loadFixture(twinFixture);
    expect((await twin.marginVault.position(positionId)).owner).to.equal(alice.address);
    const other = twin.mandateBook.connect(accounts.keeper);
    const signature = await sign();
    await expect(other.setMandateBySignature(request, 0n, FAR, signature))
      .to.be.revertedWithCustomError(other, "SignatureInvalid")
      .withArgs(alice.address);
    await expect(book.setMandateBySignature(request, 0n, FAR, signature)).to.emit(
      book,
      "MandateSet",
    );
  });

  it("reverts when all mandates were revoked since it was signed", async () => {
    const { book, alice, request, sign } = await networkHelpers.loadFixture(marketFixture);
    const signature = await sign();
    await book.connect(alice).revokeAllMandates();
    await expect(book.setMandateBySignature(request, 0n, FAR, signature))
      .to.be.revertedWithCustomError(book, "SignatureInvalid")
      .withArgs(alice.address);
    const anew = await sign({ round: 1n });
    await expect(book.setMandateBySignature(request, 0n, FAR, anew)).to.emit(book, "MandateSet");
    expect((await book.mandateOf(request.positionId)).round).to.equal(1n);
  });

  it("reverts when the position was given to somebody else", async () => {
    const { book, orderBook, alice, accounts, request, sign } =
      await networkHelpers.loadFixture(marketFixture);
    await orderBook.connect(alice).transferPosition(request.positionId, accounts.bob);
    await expect(book.setMandateBySignature(request, 0n, FAR, await sign()))
      .to.be.revertedWithCustomError(book, "SignatureInvalid")
      .withArgs(accounts.bob.address);
  });

  it("holds what was signed against the same bounds", async () => {
    const { book, alice, positionId, sign } = await networkHelpers.loadFixture(marketFixture);
    const request = mandateRequest(positionId, { minInterval: 59n });
    await expect(book.setMandateBySignature(request, 0n, FAR, await sign({ request })))
      .to.be.revertedWithCustomError(book, "MandateOutOfBounds")
      .withArgs(encodeBytes32String("minInterval"), 59n, 60n, 604_800n);
    expect(await book.nonces(alice)).to.equal(0n);
  });

  it("sets the mandate in the owner's name, whoever sends it", async () => {
    const { book, marginVault, alice, request, sign } =
      await networkHelpers.loadFixture(marketFixture);
    await book.setMandateBySignature(request, 0n, FAR, await sign());
    const mandate = await book.mandateOf(request.positionId);
    expect([mandate.owner, mandate.capLeft]).to.deep.equal([alice.address, wad("5000")]);
    expect((await marginVault.position(request.positionId)).traits).to.equal(1n);
    expect(await book.nonces(alice)).to.equal(1n);
  });

  it("revokes where the cap is zero", async () => {
    const { market, book, marginVault, alice, positionId, sign } =
      await networkHelpers.loadFixture(marketFixture);
    await giveMandate(market, alice, positionId);
    const request = mandateRequest(positionId, { cap: 0n });
    // Giving it took the first number.
    const signature = await sign({ request, nonce: 1n });
    await expect(book.setMandateBySignature(request, 1n, FAR, signature))
      .to.emit(book, "MandateRevoked")
      .withArgs(positionId, alice.address, 2n);
    expect((await book.mandateOf(positionId)).owner).to.equal(ethers.ZeroAddress);
    expect((await marginVault.position(positionId)).traits).to.equal(0n);
    expect(await book.nonces(alice)).to.equal(2n);
  });

  describe("given an owner that is a contract", () => {
    async function walletFixture() {
      const world = await marketFixture();
      const { market, alice, token, marginVault, orderBook } = world;
      const wallet = await ethers.deployContract("ContractWallet", [alice]);
      const perform = async (target: { target: unknown }, payload: string) =>
        await wallet.connect(alice).perform(String(target.target), payload);
      await token.mint(wallet, 100_000_000_000n);
      const approval = [marginVault.target, 2n ** 256n - 1n] as const;
      await perform(token, token.interface.encodeFunctionData("approve", [...approval]));
      const order = await orderRequest(market, {
        sizeDelta: wad("10"),
        margin: wad("2000"),
        reserve: wad("4000"),
      });
      await perform(orderBook, orderBook.interface.encodeFunctionData("submit", [order]));
      const orderId = await orderBook.orderCount();
      await executeOrder(market, { orderId, submittedAt: await now(market) });
      return { ...world, wallet, request: mandateRequest(orderId) };
    }

    it("asks the contract, and takes what it accepts", async () => {
      const { book, wallet, alice, domain, request } =
        await networkHelpers.loadFixture(walletFixture);
      const signature = await signMandate(alice, domain, { request });
      await book.setMandateBySignature(request, 0n, FAR, signature);
      expect((await book.mandateOf(request.positionId)).owner).to.equal(wallet.target);
      expect(await book.nonces(wallet)).to.equal(1n);
      expect(await book.nonces(alice)).to.equal(0n);
    });

    it("reverts when the contract does not accept it", async () => {
      const { book, wallet, accounts, domain, request } =
        await networkHelpers.loadFixture(walletFixture);
      const signature = await signMandate(accounts.bob, domain, { request });
      await expect(book.setMandateBySignature(request, 0n, FAR, signature))
        .to.be.revertedWithCustomError(book, "SignatureInvalid")
        .withArgs(wallet.target);
    });
  });
});
