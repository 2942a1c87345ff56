import { expect } from "chai";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { expectNoProfit, profitOf } from "../fixtures/attack.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { plainTree } from "../fixtures/structs.ts";
import { openPosition } from "../fixtures/trading.ts";
import { calmMarket, change, openLong } from "../fixtures/vault.ts";

// A token that takes a fee on each transfer, that shrinks balances, has more than eighteen decimals, or asks for approvals
// to be zero first. A market cannot be created with the first three kinds (BH-6, BH-7); one that turns so later can be paid
// in no more (BH-13), and what a trader takes out is booked, not read from a balance (BH-15). No contract of a market ever
// approves anybody. See also test/contracts/tokens.test.ts and scenario 11.

const connection = await network.create();
const { networkHelpers } = connection;
const createHostile = calmMarket({ token: "hostile" });

async function marketFixture() {
  const market = await createHostile(connection);
  const { ethers } = market.connection;
  const hostile = await ethers.getContractAt("HostileToken", String(market.token.target));
  return { ...market, market, hostile };
}

/** Creates a market like this one in another token. */
async function createIn(market: MarketFixture, token: string) {
  const parameters = plainTree(await market.factory.parametersOf(1n));
  return market.factory.createMarket({ ...parameters, collateralToken: token } as never);
}

describe("attack 46: tokens that take fees, shrink, or count too finely", () => {
  it("get no market: a fee on transfer is seen by trying, decimals by asking", async () => {
    const { market, factory } = await networkHelpers.loadFixture(marketFixture);
    const { deployer } = market.accounts;
    const takesFee = await deployHostile(market.connection, 6);
    await takesFee.mint(deployer, 1_000_000n);
    await takesFee.approve(factory, 1_000_000n);
    await takesFee.setFeeBps(1n);
    await expect(createIn(market, String(takesFee.target))).to.be.revertedWithCustomError(
      factory,
      "TokenTransferMismatch",
    );
    const tooFine = await deployHostile(market.connection, 19);
    await tooFine.mint(deployer, 1_000_000n);
    await tooFine.approve(factory, 1_000_000n);
    await expect(createIn(market, String(tooFine.target))).to.be.revertedWithCustomError(
      factory,
      "TooManyDecimals",
    );
  });

  it("that begin to take a fee credit nobody with what did not arrive", async () => {
    const { market, marginVault, liquidityVault, hostile } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice } = market.accounts;
    const { positionId } = await openLong(market);
    await hostile.setFeeBps(100n);
    const profit = await expectNoProfit(market, [alice], async () => {
      await expect(
        marginVault.connect(alice).addMargin(positionId, 1_000_000n),
      ).to.be.revertedWithCustomError(marginVault, "TokenTransferMismatch");
      await expect(
        liquidityVault.connect(alice).requestDeposit(200_000_000n, alice, alice),
      ).to.be.revertedWithCustomError(liquidityVault, "TokenTransferMismatch");
    });
    expect(profit).to.equal(0n);
  });

  it("that shrink what a vault holds pay nobody more: the first out takes its own, the rest waits", async () => {
    const { market, marginVault, token, hostile } = await networkHelpers.loadFixture(marketFixture);
    const { alice, bob } = market.accounts;
    const { positionId } = await openLong(market);
    const short = { account: bob, size: -wad("10"), margin: wad("1000"), reserve: wad("4000") };
    const other = await openPosition(market, { ...short, price: wad("2000") });
    await hostile.seize(marginVault, (await token.balanceOf(marginVault)) / 2n);
    await expectNoProfit(market, [alice, bob], async () => {
      await pushPrice(market, wad("2000"));
      // More than half of what is left: who comes later is owed it, and nobody is owed more for it.
      await change(market, { account: bob, positionId: other, sizeDelta: wad("10") });
      await change(market, { account: alice, positionId, sizeDelta: -wad("100") });
    });
    expect(await marginVault.claimable(alice)).to.be.above(9_000_000_000n);
  });

  it("that want approvals to be zero first are never asked: no contract of a market approves anybody", async () => {
    const { market, marginVault, liquidityVault, orderBook, mandateBook, charter, token } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, keeper, provider } = market.accounts;
    await profitOf(market, [alice], async () => {
      const { positionId } = await openLong(market);
      await change(market, { account: alice, positionId, sizeDelta: -wad("50") });
      await pushPrice(market, wad("1750"));
      await marginVault.connect(keeper).liquidate(positionId, "0x", keeper);
      await marginVault.sweepDues();
      const shares = (await liquidityVault.balanceOf(provider)) / 2n;
      await liquidityVault.connect(provider).requestRedeem(shares, provider, provider);
    });
    for (const contract of [marginVault, liquidityVault, orderBook, mandateBook, charter]) {
      expect(await token.queryFilter(token.filters.Approval(contract))).to.deep.equal([]);
    }
    expect((await token.queryFilter(token.filters.Approval(alice))).length).to.be.above(0);
  });
});

async function deployHostile(chain: NetworkConnection, decimals: number) {
  return await chain.ethers.deployContract("HostileToken", [decimals]);
}
