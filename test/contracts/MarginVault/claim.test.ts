import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { calmMarket, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });

/** Bob was blocked when Alice sent him 5 and 2 of her margin, and still is. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const { alice, bob } = market.accounts;
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  await token.setBlocked(bob, true);
  const vault = market.marginVault;
  await vault.connect(alice).removeMargin(positionId, 5_000_000n, bob, "0x");
  await vault.connect(alice).removeMargin(positionId, 2_000_000n, bob, "0x");
  return { ...market, market, token, vault };
}

describe("MarginVault claim", () => {
  it("reverts when the receiver is zero", async () => {
    const { vault, accounts } = await networkHelpers.loadFixture(marketFixture);
    await expect(
      vault.connect(accounts.bob).claim(ethers.ZeroAddress),
    ).to.be.revertedWithCustomError(vault, "ZeroAddress");
  });

  it("reverts when there is nothing to claim", async () => {
    const { vault, accounts } = await networkHelpers.loadFixture(marketFixture);
    await expect(vault.connect(accounts.alice).claim(accounts.alice))
      .to.be.revertedWithCustomError(vault, "NothingToClaim")
      .withArgs(accounts.alice);
  });

  describe("given deferred payouts", () => {
    it("reverts while the token still refuses, and keeps them", async () => {
      const { vault, accounts } = await networkHelpers.loadFixture(marketFixture);
      await expect(vault.connect(accounts.bob).claim(accounts.bob))
        .to.be.revertedWithCustomError(vault, "TransferRefused")
        .withArgs(accounts.bob, 7_000_000n);
      expect(await vault.claimable(accounts.bob)).to.equal(7_000_000n);
    });

    it("reverts when the token answers false, and keeps them", async () => {
      const { vault, accounts, token } = await networkHelpers.loadFixture(marketFixture);
      await token.setMode(1n);
      await expect(vault.connect(accounts.bob).claim(accounts.carol))
        .to.be.revertedWithCustomError(vault, "TransferRefused")
        .withArgs(accounts.carol, 7_000_000n);
      expect(await vault.claimable(accounts.bob)).to.equal(7_000_000n);
    });

    it("pays them together to whomever the account names, once", async () => {
      const { market, vault, accounts, token } = await networkHelpers.loadFixture(marketFixture);
      const { bob, carol } = accounts;
      const { sequence } = await vault.market();
      const claimed = vault.connect(bob).claim(carol);
      await expect(claimed)
        .to.emit(vault, "Claimed")
        .withArgs(sequence + 1n, bob, carol, 7_000_000n);
      await expect(claimed).to.changeTokenBalances(
        ethers,
        token,
        [vault, carol],
        [-7_000_000n, 7_000_000n],
      );
      expect(await vault.claimable(bob)).to.equal(0n);
      await expect(vault.connect(bob).claim(carol))
        .to.be.revertedWithCustomError(vault, "NothingToClaim")
        .withArgs(bob);
      await expectConservation(market);
    });

    it("cannot be entered again by the token while it pays", async () => {
      const { vault, accounts, token } = await networkHelpers.loadFixture(marketFixture);
      const again = vault.interface.encodeFunctionData("claim", [accounts.carol.address]);
      await token.setReentry(vault, again);
      await vault.connect(accounts.bob).claim(accounts.carol);
      expect(await token.succeeded()).to.equal(false);
      expect(await token.response()).to.equal(vault.interface.encodeErrorResult("MarketLocked"));
    });
  });
});
