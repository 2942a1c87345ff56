import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { calmMarket, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });

/** A market in which nobody has traded yet; the deployer receives protocol fees. */
async function marketFixture() {
  const market = await createMarket(connection);
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  const charter = market.charter.connect(market.accounts.stranger);
  return { ...market, market, charter, vault: market.marginVault, token };
}

describe("MarketCharter payProtocolFees", () => {
  it("reverts when less than a token unit is due", async () => {
    const { charter, vault } = await networkHelpers.loadFixture(marketFixture);
    await expect(charter.payProtocolFees()).to.be.revertedWithCustomError(vault, "ZeroAmount");
  });

  describe("given fees", () => {
    it("pays their receiver, whoever calls", async () => {
      const { market, charter, vault, token, accounts } =
        await networkHelpers.loadFixture(marketFixture);
      // A tenth of 100.00025.
      await openLong(market);
      const { sequence } = await vault.market();
      const paid = charter.payProtocolFees();
      await expect(paid)
        .to.emit(vault, "ProtocolFeesPaid")
        .withArgs(sequence + 1n, accounts.deployer, 10_000_025n);
      await expect(paid).to.changeTokenBalances(
        ethers,
        token,
        [vault, accounts.deployer],
        [-10_000_025n, 10_000_025n],
      );
      expect((await vault.market()).protocolDue).to.equal(0n);
      await expectConservation(market);
    });

    it("reverts while the token refuses, and keeps them", async () => {
      const { market, charter, vault, token, accounts } =
        await networkHelpers.loadFixture(marketFixture);
      await openLong(market);
      await token.setBlocked(accounts.deployer, true);
      await expect(charter.payProtocolFees())
        .to.be.revertedWithCustomError(vault, "TransferRefused")
        .withArgs(accounts.deployer, 10_000_025n);
      expect((await vault.market()).protocolDue).to.equal(wad("10.000025"));
    });
  });
});
