import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { Signature } from "ethers";
import { network } from "hardhat";
import { FAR, mandateRequest } from "../../fixtures/mandates.ts";
import type { MarketFixture } from "../../fixtures/market.ts";
import { calmMarket, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();
const createHostile = calmMarket({ token: "hostile" });
/** 500 [token]. */
const VALUE = 500_000_000n;

async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const { alice } = market.accounts;
  return { ...market, market, positionId, alice, book: market.mandateBook.connect(alice) };
}

/** Signs the token's permit for the mandate book. */
async function signPermit(market: MarketFixture, owner: HardhatEthersSigner): Promise<Signature> {
  const { token, mandateBook } = market;
  const { chainId } = await ethers.provider.getNetwork();
  const domain = {
    name: await token.name(),
    version: "1",
    chainId,
    verifyingContract: String(token.target),
  };
  const fields = ["owner address", "spender address", "value uint256", "nonce uint256"];
  const types = {
    Permit: [...fields, "deadline uint256"].map((field) => {
      const [name = "", type = ""] = field.split(" ");
      return { name, type };
    }),
  };
  const signed = await owner.signTypedData(domain, types, {
    owner: owner.address,
    spender: String(mandateBook.target),
    value: VALUE,
    nonce: await token.nonces(owner),
    deadline: FAR,
  });
  return Signature.from(signed);
}

describe("MandateBook permit", () => {
  it("sets the caller's allowance to the book", async () => {
    const { market, book, token, alice } = await networkHelpers.loadFixture(marketFixture);
    const { v, r, s } = await signPermit(market, alice);
    await book.permit(VALUE, FAR, v, r, s);
    expect(await token.allowance(alice, book)).to.equal(VALUE);
  });

  it("passes over a signature that somebody else showed first", async () => {
    const { market, book, token, alice, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const { v, r, s } = await signPermit(market, alice);
    await token.connect(accounts.bob).permit(alice, book, VALUE, FAR, v, r, s);
    await book.permit(VALUE, FAR, v, r, s);
    expect(await token.allowance(alice, book)).to.equal(VALUE);
  });

  it("sets nothing by the signature of another account", async () => {
    const { market, book, token, alice, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const { v, r, s } = await signPermit(market, alice);
    await book.connect(accounts.bob).permit(VALUE, FAR, v, r, s);
    expect(await token.allowance(alice, book)).to.equal(0n);
    expect(await token.allowance(accounts.bob, book)).to.equal(0n);
  });

  it("passes over a token without permit", async () => {
    const hostile = () => createHostile(connection);
    const market = await networkHelpers.loadFixture(hostile);
    const { r, s } = Signature.from(`0x${"11".repeat(64)}1b`);
    await market.mandateBook.connect(market.accounts.alice).permit(VALUE, FAR, 27n, r, s);
    expect(await market.token.allowance(market.accounts.alice, market.mandateBook)).to.equal(0n);
  });

  it("gives allowance and mandate in one multicall", async () => {
    const { market, book, token, alice, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    const { v, r, s } = await signPermit(market, alice);
    await book.multicall([
      book.interface.encodeFunctionData("permit", [VALUE, FAR, v, r, s]),
      book.interface.encodeFunctionData("setMandate", [mandateRequest(positionId)]),
    ]);
    expect(await token.allowance(alice, book)).to.equal(VALUE);
    expect((await book.mandateOf(positionId)).owner).to.equal(alice.address);
  });

  it("undoes all calls when one fails, and names it", async () => {
    const { market, book, token, alice } = await networkHelpers.loadFixture(marketFixture);
    const { v, r, s } = await signPermit(market, alice);
    const calls = [
      book.interface.encodeFunctionData("permit", [VALUE, FAR, v, r, s]),
      book.interface.encodeFunctionData("setMandate", [mandateRequest(9n)]),
    ];
    await expect(book.multicall(calls))
      .to.be.revertedWithCustomError(book, "CallFailed")
      .withArgs(1n, book.interface.encodeErrorResult("PositionNotFound", [9n]));
    expect(await token.allowance(alice, book)).to.equal(0n);
  });
});
