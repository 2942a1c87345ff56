import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { deployMarket } from "../../fixtures/market.ts";
import { CURATOR, GUARDIAN, NOBODY } from "../../fixtures/powers.ts";

const connection = await network.create();
const { networkHelpers } = connection;

async function marketFixture() {
  return await deployMarket(connection);
}

describe("MarketCharter offerRole and acceptRole (BH-204)", () => {
  it("reverts when the caller does not hold the role that it offers", async () => {
    const { charter, accounts } = await networkHelpers.loadFixture(marketFixture);
    const { curator, guardian, stranger } = accounts;
    const attempts = [
      { caller: guardian, role: CURATOR },
      { caller: curator, role: GUARDIAN },
      { caller: stranger, role: encodeBytes32String("owner") },
    ];
    for (const { caller, role } of attempts) {
      await expect(charter.connect(caller).offerRole(role, caller))
        .to.be.revertedWithCustomError(charter, "NotAuthorized")
        .withArgs(caller);
    }
  });

  it("reverts when somebody accepts what was not offered, or offered to another", async () => {
    const { charter, accounts } = await networkHelpers.loadFixture(marketFixture);
    const { curator, alice, stranger } = accounts;
    await charter.connect(curator).offerRole(CURATOR, alice);
    const attempts = [
      { caller: stranger, role: CURATOR },
      { caller: curator, role: CURATOR },
      { caller: alice, role: GUARDIAN },
    ];
    for (const { caller, role } of attempts) {
      await expect(charter.connect(caller).acceptRole(role))
        .to.be.revertedWithCustomError(charter, "NotAuthorized")
        .withArgs(caller);
    }
  });

  it("leaves the role with its holder until the heir accepts", async () => {
    const { charter, accounts } = await networkHelpers.loadFixture(marketFixture);
    const { curator, alice } = accounts;
    await expect(charter.connect(curator).offerRole(CURATOR, alice))
      .to.emit(charter, "RoleOffered")
      .withArgs(CURATOR, curator, alice);
    expect(await charter.holderOf(CURATOR)).to.equal(curator);
    expect(await charter.heirOf(CURATOR)).to.equal(alice);
    await charter.connect(curator).announceMaxOpenInterest(1n);
    await expect(charter.connect(alice).announceMaxOpenInterest(1n))
      .to.be.revertedWithCustomError(charter, "NotAuthorized")
      .withArgs(alice);
  });

  it("passes the role over when the heir accepts, once", async () => {
    const { charter, accounts } = await networkHelpers.loadFixture(marketFixture);
    const { guardian, alice } = accounts;
    await charter.connect(guardian).offerRole(GUARDIAN, alice);
    await expect(charter.connect(alice).acceptRole(GUARDIAN))
      .to.emit(charter, "RoleAccepted")
      .withArgs(GUARDIAN, alice);
    expect(await charter.holderOf(GUARDIAN)).to.equal(alice);
    expect(await charter.heirOf(GUARDIAN)).to.equal(NOBODY);
    await expect(charter.connect(guardian).stopIncreases())
      .to.be.revertedWithCustomError(charter, "NotAuthorized")
      .withArgs(guardian);
    await charter.connect(alice).stopIncreases();
    await expect(charter.connect(alice).acceptRole(GUARDIAN))
      .to.be.revertedWithCustomError(charter, "NotAuthorized")
      .withArgs(alice);
  });

  it("takes an offer back with nobody as heir", async () => {
    const { charter, accounts } = await networkHelpers.loadFixture(marketFixture);
    const { curator, alice } = accounts;
    await charter.connect(curator).offerRole(CURATOR, alice);
    await charter.connect(curator).offerRole(CURATOR, NOBODY);
    await expect(charter.connect(alice).acceptRole(CURATOR))
      .to.be.revertedWithCustomError(charter, "NotAuthorized")
      .withArgs(alice);
  });
});
