import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { freshRounds, openShort, settleMarket } from "../../fixtures/powers.ts";
import { calmMarket, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;
const createMarket = calmMarket();

/**
 * Alice's long of 100 and Bob's short of 50, settled at 2,100 as `closeSettled.test.ts` derives it. The provider has
 * asked to redeem all shares, Carol to deposit 200.
 */
async function settledFixture() {
  const market = await createMarket(connection);
  await openLong(market);
  await openShort(market);
  await pushPrice(market, wad("2100"));
  await market.orderBook.poke("0x");
  const { provider, carol, keeper } = market.accounts;
  const shares = await market.liquidityVault.balanceOf(provider);
  await market.liquidityVault.connect(provider).requestRedeem(shares, provider, provider);
  await market.liquidityVault.connect(carol).requestDeposit(200_000_000n, carol, carol);
  await settleMarket(market);
  return { ...market, market, shares, pool: market.liquidityVault.connect(keeper) };
}

/** The same, with both positions closed. */
async function closedFixture() {
  const fixture = await settledFixture();
  await fixture.orderBook.closeSettled([1n, 2n], fixture.accounts.keeper);
  return fixture;
}

/**
 * Cash once all is closed: seed 9,999,999.5; + 0.9 × (100.00025 + 50.0001875) of fees = 135.00039375; − 9,999.499999 to
 * the long; + 4,999.625 + ε from the short, and 0.0000005 − ε that its payout left: 9,995,134.62539525, in whole units.
 */
const CASH = 9_995_134_625_395n;

describe("LiquidityVault of a settled market (BH-210)", () => {
  it("fulfils nothing while a position is open, and says how much is", async () => {
    const { marginVault, orderBook, accounts, pool } =
      await networkHelpers.loadFixture(settledFixture);
    const refused = async (open: bigint) => {
      for (const fulfil of [pool.fulfillDeposits, pool.fulfillRedeems]) {
        await expect(fulfil(1n, "0x", accounts.keeper))
          .to.be.revertedWithCustomError(marginVault, "PositionsStillOpen")
          .withArgs(open);
      }
    };
    await refused(wad("150"));
    await orderBook.closeSettled([1n], accounts.keeper);
    await refused(wad("50"));
  });

  it("shows assets at the last price, whatever the oracle says since", async () => {
    const { market, liquidityVault } = await networkHelpers.loadFixture(settledFixture);
    const before = await liquidityVault.totalAssets();
    await freshRounds(market, wad("1000"));
    expect(await liquidityVault.totalAssets()).to.equal(before);
  });

  it("redeems at cash without a price", async () => {
    const { market, liquidityVault, accounts, shares, token, pool } =
      await networkHelpers.loadFixture(closedFixture);
    const { provider, keeper } = accounts;
    await pool.fulfillRedeems(1n, "0x", keeper);
    expect(await liquidityVault.claimableRedeemRequest(0n, provider)).to.equal(shares);
    // Of 9,999,999.5e12 shares and as many virtual ones as a token unit is worth, the rounding is less than one unit;
    // the keeper's fee is 0.5.
    await expect(
      liquidityVault.connect(provider).redeem(shares, provider, provider),
    ).to.changeTokenBalance(ethers, token, provider, CASH - 500_000n);
    expect(await liquidityVault.totalSupply()).to.equal(0n);
    await expectConservation(market);
  });

  it("refunds deposits, less the keeper's fee", async () => {
    const { market, liquidityVault, accounts, token, pool } =
      await networkHelpers.loadFixture(closedFixture);
    const { carol, keeper } = accounts;
    await expect(pool.fulfillDeposits(1n, "0x", keeper)).to.changeTokenBalance(
      ethers,
      token,
      keeper,
      500_000n,
    );
    expect(await liquidityVault.claimableDepositRequest(0n, carol)).to.equal(0n);
    await expect(liquidityVault.connect(carol).claim(carol)).to.changeTokenBalance(
      ethers,
      token,
      carol,
      199_500_000n,
    );
    await expectConservation(market);
  });

  it("leaves one unit of dust behind when all have left (LAW-3)", async () => {
    const { market, liquidityVault, marginVault, accounts, shares, token, charter, pool } =
      await networkHelpers.loadFixture(closedFixture);
    const { provider, carol, keeper } = accounts;
    await pool.fulfillRedeems(1n, "0x", keeper);
    await pool.fulfillDeposits(1n, "0x", keeper);
    await liquidityVault.connect(provider).redeem(shares, provider, provider);
    await liquidityVault.connect(carol).claim(carol);
    // A tenth of 100.00025 + 50.0001875 is 15.00004375.
    await expect(charter.payProtocolFees()).to.changeTokenBalance(
      ethers,
      token,
      accounts.deployer,
      15_000_043n,
    );
    expect(await token.balanceOf(liquidityVault)).to.equal(0n);
    // 0.00000075 for the protocol and 0.00000025 for the pool are one unit that neither can take.
    expect(await token.balanceOf(marginVault)).to.equal(1n);
    await expectConservation(market);
  });
});
