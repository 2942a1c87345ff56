import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import type { TypedDataDomain } from "ethers";
import { network } from "hardhat";
import { deployMarket, type MarketFixture } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { mandateRequest } from "../fixtures/scenario.ts";
import { plain } from "../fixtures/structs.ts";
import { openPosition } from "../fixtures/trading.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const TYPES = {
  RescueMandate: [
    "positionId",
    "cap",
    "triggerRatio",
    "targetRatio",
    "minInterval",
    "expiry",
    "maxKeeperFee",
    "round",
    "nonce",
    "deadline",
  ].map((name) => ({ name, type: "uint256" })),
};
const DEADLINE = 2n ** 40n;

/** Two markets on one chain; in both Alice has position 1. */
async function twoMarkets() {
  const here = await deployMarket(connection);
  const there = await deployMarket(connection);
  for (const market of [here, there]) {
    const { alice } = market.accounts;
    await openPosition(market, { account: alice, size: wad("10"), margin: wad("3000") });
  }
  return { here, there, alice: here.accounts.alice };
}

/** The domain in which a market's mandates are signed. */
async function domainOf(market: MarketFixture): Promise<TypedDataDomain> {
  const { chainId } = await ethers.provider.getNetwork();
  const verifyingContract = await market.mandateBook.getAddress();
  return { name: "Bulkhead MandateBook", version: "1", chainId, verifyingContract };
}

const REQUEST = mandateRequest({ positionId: 1n, cap: wad("500") });

/** Alice's signature over a mandate of 500 for position 1, in a domain. */
async function sign(signer: HardhatEthersSigner, domain: TypedDataDomain, nonce = 0n) {
  const message = { ...REQUEST, round: 0n, nonce, deadline: DEADLINE };
  return await signer.signTypedData(domain, TYPES, message);
}

/** Shows a signature to a market, as anybody may. */
function show({ mandateBook, accounts }: MarketFixture, signature: string) {
  const book = mandateBook.connect(accounts.stranger);
  return book.setMandateBySignature(REQUEST, 0n, DEADLINE, signature);
}

describe("scenario 19: cross-chain bridging", () => {
  describe("given Alice's signature over a mandate", () => {
    it("counts on the chain and market that it names", async () => {
      const { here, alice } = await networkHelpers.loadFixture(twoMarkets);
      await show(here, await sign(alice, await domainOf(here)));
      expect((await here.mandateBook.mandateOf(1n)).capLeft).to.equal(wad("500"));
    });

    for (const [where, change] of [
      ["another chain", (domain: TypedDataDomain) => ({ ...domain, chainId: 1n })],
      ["no chain in particular", ({ chainId: _, ...domain }: TypedDataDomain) => domain],
      ["no contract in particular", ({ verifyingContract: _, ...rest }: TypedDataDomain) => rest],
      ["another version", (domain: TypedDataDomain) => ({ ...domain, version: "2" })],
    ] as const) {
      it(`is refused when it was given for ${where}`, async () => {
        const { here, alice } = await networkHelpers.loadFixture(twoMarkets);
        const before = plain(await here.mandateBook.mandateOf(1n));
        const signature = await sign(alice, change(await domainOf(here)));
        await expect(show(here, signature))
          .to.be.revertedWithCustomError(here.mandateBook, "SignatureInvalid")
          .withArgs(alice);
        expect(plain(await here.mandateBook.mandateOf(1n))).to.deep.equal(before);
      });
    }

    it("is refused on another market, where Alice has a position of the same number", async () => {
      const { here, there, alice } = await networkHelpers.loadFixture(twoMarkets);
      const signature = await sign(alice, await domainOf(here));
      await show(here, signature);
      await expect(show(there, signature))
        .to.be.revertedWithCustomError(there.mandateBook, "SignatureInvalid")
        .withArgs(alice);
      expect((await there.mandateBook.mandateOf(1n)).capLeft).to.equal(0n);
    });

    it("is refused a second time on its own", async () => {
      const { here, alice } = await networkHelpers.loadFixture(twoMarkets);
      const signature = await sign(alice, await domainOf(here));
      await show(here, signature);
      await here.mandateBook.connect(alice).revokeMandate(1n);
      await expect(show(here, signature))
        .to.be.revertedWithCustomError(here.mandateBook, "SignatureInvalid")
        .withArgs(alice);
    });
  });

  it("given a chain that splits in two, is refused where the number of the chain is new", async () => {
    const other = await network.create({ override: { chainId: 424_242 } });
    const market = await deployMarket(other);
    const { alice } = market.accounts;
    await openPosition(market, { account: alice, size: wad("10"), margin: wad("3000") });
    const { chainId } = await ethers.provider.getNetwork();
    const verifyingContract = await market.mandateBook.getAddress();
    const before = { name: "Bulkhead MandateBook", version: "1", chainId, verifyingContract };
    await expect(show(market, await sign(alice, before)))
      .to.be.revertedWithCustomError(market.mandateBook, "SignatureInvalid")
      .withArgs(alice);
    await show(market, await sign(alice, { ...before, chainId: 424_242n }));
    expect((await market.mandateBook.mandateOf(1n)).capLeft).to.equal(wad("500"));
  });
});
