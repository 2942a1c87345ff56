import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, POOL_SEED, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { calmMarket, change, logOf, now } from "../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
/** A token with 18 decimals: amounts of the pool are told to the wei. */
const createMarket = calmMarket({ decimals: 18 });
const createEmpty = calmMarket({ decimals: 18, unseeded: true });
/** Both delays of the local market [s]. */
const DELAY = 300n;
/** What each request and each order pays the keeper. */
const FEE = wad("0.5");

/** Alice is long 1,000 with a reserve of 400,000; the pool has one provider. */
async function poolWithALong() {
  const market = await createMarket(connection);
  const long = await openPosition(market, {
    account: market.accounts.alice,
    size: wad("1000"),
    margin: wad("200000"),
    reserve: wad("400000"),
    price: wad("2000"),
  });
  await market.marginVault.sweepDues();
  return { market, ...market, long };
}

async function emptyPool() {
  const market = await createEmpty(connection);
  return { market, ...market };
}

async function askToEnter(market: MarketFixture, account: HardhatEthersSigner, assets: bigint) {
  await market.liquidityVault.connect(account).requestDeposit(assets, account, account);
}

async function askToLeave(market: MarketFixture, account: HardhatEthersSigner, shares: bigint) {
  await market.liquidityVault.connect(account).requestRedeem(shares, account, account);
}

/** Waits until what was asked for falls due, and has the keeper fulfil it at `price`. */
async function fulfilAt(market: MarketFixture, price: bigint): Promise<void> {
  await networkHelpers.time.increase(DELAY);
  await pushPrice(market, price);
  const { keeper } = market.accounts;
  const pool = market.liquidityVault.connect(keeper);
  if ((await pool.depositQueue())[0] !== 0n) await pool.fulfillDeposits(9n, "0x", keeper);
  if ((await pool.redeemQueue())[0] !== 0n) await pool.fulfillRedeems(9n, "0x", keeper);
}

async function claimShares({ liquidityVault }: MarketFixture, account: HardhatEthersSigner) {
  const shares = await liquidityVault.maxMint(account);
  await liquidityVault.connect(account)["mint(uint256,address)"](shares, account);
  return shares;
}

async function claimAssets({ liquidityVault }: MarketFixture, account: HardhatEthersSigner) {
  const assets = await liquidityVault.maxWithdraw(account);
  await liquidityVault.connect(account).withdraw(assets, account, account);
  return assets;
}

describe("scenario 17: liquidity provider incentives", () => {
  describe("given a provider who would like to choose the moment", () => {
    it("enters at a price that is not known when asking", async () => {
      const { market, accounts, liquidityVault } = await networkHelpers.loadFixture(poolWithALong);
      const { bob } = accounts;
      await askToEnter(market, bob, wad("100000") + FEE);
      const expected = await liquidityVault.convertToShares(wad("100000"));
      // Alice's long gains 100,000: a share is worth less, so that the deposit buys more of them.
      await fulfilAt(market, wad("2100"));
      const shares = await claimShares(market, bob);
      expect(shares).to.be.above((expected * 1009n) / 1000n);
      await expectConservation(market);
    });

    it("cannot take the question back once the answer can be seen", async () => {
      const { market, accounts, liquidityVault } = await networkHelpers.loadFixture(poolWithALong);
      const { bob } = accounts;
      await askToEnter(market, bob, wad("100000"));
      const dueAt = (await now(market)) + DELAY;
      await networkHelpers.time.increaseTo(dueAt);
      await expect(liquidityVault.connect(bob).cancelDeposit(2n))
        .to.be.revertedWithCustomError(liquidityVault, "CancelTooLate")
        .withArgs(2n, dueAt);
    });

    it("does not leave ahead of a known loss", async () => {
      const { market, accounts, liquidityVault } = await networkHelpers.loadFixture(poolWithALong);
      const { provider, alice } = accounts;
      const shares = (await liquidityVault.balanceOf(provider)) / 2n;
      // The price that makes the pool lose is there before the provider asks; the trader has yet to close.
      await pushPrice(market, wad("2300"));
      const marked = await liquidityVault.convertToAssets(shares);
      await askToLeave(market, provider, shares);
      await change(market, {
        account: alice,
        positionId: 1n,
        sizeDelta: -wad("1000"),
        price: wad("2300"),
      });
      await fulfilAt(market, wad("2300"));
      const left = await claimAssets(market, provider);
      const stayed = await liquidityVault.convertToAssets(await liquidityVault.balanceOf(provider));
      // Half and half: who asked first has what who stayed has, less the fee of asking.
      expect(left + FEE).to.be.closeTo(stayed, wad("0.001"));
      // The closing fee of 0.05% of 2,300,000 came in between, nine tenths of it to the pool, half of that to the leaver.
      expect(left + FEE - marked).to.be.closeTo(wad("517.5"), wad("1"));
      await expectConservation(market);
    });

    it("does not enter ahead of a known gain", async () => {
      const { market, accounts, marginVault, liquidityVault, long } =
        await networkHelpers.loadFixture(poolWithALong);
      const { bob, keeper } = accounts;
      // Alice is bankrupt: nearly 199,000 of margin are as good as the pool's.
      await pushPrice(market, wad("1795"));
      const assets = wad("5000000");
      await askToEnter(market, bob, assets + FEE);
      await fulfilAt(market, wad("1795"));
      await claimShares(market, bob);
      await marginVault.connect(keeper).liquidate(long, "0x", keeper);
      await marginVault.sweepDues();
      await askToLeave(market, bob, await liquidityVault.balanceOf(bob));
      await fulfilAt(market, wad("1795"));
      const back = await claimAssets(market, bob);
      expect(back).to.be.at.most(assets);
      await expectConservation(market);
    });
  });

  it("given a thief who inflates the price of the first share, costs the thief more than anybody else", async () => {
    const { market, accounts, liquidityVault, token } = await networkHelpers.loadFixture(emptyPool);
    const { carol, bob } = accounts;
    const [thief, victim] = [await token.balanceOf(carol), wad("1000")];
    // Hardly more than the least that may be asked for, there and back.
    await askToEnter(market, carol, wad("101"));
    await fulfilAt(market, wad("2000"));
    await claimShares(market, carol);
    await token.connect(carol).transfer(liquidityVault, wad("1000000"));
    await askToEnter(market, bob, victim + FEE);
    await fulfilAt(market, wad("2000"));
    await claimShares(market, bob);
    for (const account of [carol, bob]) {
      await askToLeave(market, account, await liquidityVault.balanceOf(account));
    }
    await fulfilAt(market, wad("2000"));
    const rescued = await claimAssets(market, bob);
    await claimAssets(market, carol);
    expect(rescued + FEE).to.be.closeTo(victim, 10n);
    expect(thief - (await token.balanceOf(carol))).to.be.at.least(wad("1000000"));
    await expectConservation(market, { liquidityVault: wad("1000000") });
  });

  it("given winners and losers, earns the fees and what traders lost, to the wei, and nothing else", async () => {
    const { market, accounts, marginVault, liquidityVault, token, long } =
      await networkHelpers.loadFixture(poolWithALong);
    const { alice, bob, provider } = accounts;
    const traders = [alice, bob];
    // Alice's opening: 0.05% of 1,000 × 2,000 × (1 + 500 / 20,000,000), nine tenths of it to the pool.
    const opening = wad("1000.025");
    let [fees, lost] = [opening, 0n];
    const short = await openPosition(market, {
      account: bob,
      size: -wad("500"),
      margin: wad("90000"),
      price: wad("2000"),
    });
    // 0.05% of 500 × 2,000 × (1 + (1,000 − 250) / 20,000,000).
    fees += wad("500.01875");
    for (const [index, positionId] of [long, short].entries()) {
      const { size } = await marginVault.position(positionId);
      const receipt = await change(market, {
        account: traders[index] ?? alice,
        positionId,
        sizeDelta: -size,
        price: wad("1970"),
      });
      const told = logOf(market, receipt, "PositionDecreased");
      fees += told.fee as bigint;
      lost -= told.realizedPnl as bigint;
    }
    await marginVault.sweepDues();
    const { poolDue, protocolDue } = await marginVault.market();
    expect(poolDue).to.equal(0n);
    expect(protocolDue, "a tenth of all fees").to.be.closeTo(fees / 10n, 4n);
    const cash = await liquidityVault.cash();
    const seeded = POOL_SEED - FEE;
    expect(cash - seeded).to.equal(fees - protocolDue + lost);

    await askToLeave(market, provider, await liquidityVault.balanceOf(provider));
    await fulfilAt(market, wad("1970"));
    const before = await token.balanceOf(provider);
    await claimAssets(market, provider);
    const received = (await token.balanceOf(provider)) - before;
    // A million virtual shares of ten million million million million: a few wei stay.
    expect(cash - FEE - received).to.be.within(0n, wad("0.000001"));
    await expectConservation(market);
  });
});
