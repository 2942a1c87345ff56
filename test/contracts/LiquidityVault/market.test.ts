import { expect } from "chai";
import { network } from "hardhat";
import { startSequencer, stopSequencer } from "../../fixtures/feeds.ts";
import { deployMarket, type MarketFixture, pushPrice } from "../../fixtures/market.ts";
import { openPosition, submitAndExecute } from "../../fixtures/trading.ts";

const connection = await network.create();

const WAD = 10n ** 18n;

/** As in the parameters of the local market [s]. */
const SEQUENCER_GRACE = 3_600n;

/** The default market: real feeds, order book and factory, and a pool that `provider` has seeded. */
function market(): Promise<MarketFixture> {
  return connection.networkHelpers.loadFixture(deployMarket);
}

/** Closes a whole position at a price. */
async function closeAt(world: MarketFixture, positionId: bigint, price: bigint): Promise<void> {
  const { size } = await world.marginVault.position(positionId);
  const owner = (await world.marginVault.position(positionId)).owner;
  const account = Object.values(world.accounts).find((each) => each.address === owner);
  if (account === undefined) throw new Error(`nobody owns position "${positionId}"`);
  await submitAndExecute(world, account, {
    positionId,
    sizeDelta: -size,
    reduceOnly: true,
    price,
  });
}

describe("LiquidityVault in a deployed market", () => {
  it("earns what its traders lose, less what protocol and keepers are paid, to the unit", async () => {
    const world = await market();
    const { accounts, liquidityVault, marginVault, token, tokenScale } = world;
    const { alice, bob, keeper } = accounts;
    const sum = async () =>
      (await token.balanceOf(alice)) +
      (await token.balanceOf(bob)) +
      (await token.balanceOf(keeper));
    const before = await sum();
    const assets = await liquidityVault.totalAssets();

    const long = await openPosition(world, {
      account: alice,
      size: 100n * WAD,
      margin: 20_000n * WAD,
      reserve: 60_000n * WAD,
    });
    const short = await openPosition(world, {
      account: bob,
      size: -60n * WAD,
      margin: 20_000n * WAD,
      reserve: 60_000n * WAD,
    });
    await connection.networkHelpers.time.increase(3_000n);
    await closeAt(world, long, 1_900n * WAD);
    await closeAt(world, short, 1_850n * WAD);

    const { totalMargin, protocolDue } = await marginVault.market();
    expect(totalMargin).to.equal(0n);
    const lost = before - (await sum());
    const earned = (await liquidityVault.totalAssets()) - assets;
    // Both dues end in a fraction of a unit; the MarginVault holds the two fractions, less than two units together.
    const rest = lost - earned - protocolDue / tokenScale;
    expect(rest).to.be.within(0n, 1n);
    await marginVault.sweepDues();
    expect(await token.balanceOf(marginVault)).to.equal(protocolDue / tokenScale + rest);
  });

  it("pays a provider who leaves what the pool has earned", async () => {
    const world = await market();
    const { accounts, liquidityVault, token } = world;
    const { provider, alice, keeper } = accounts;
    const long = await openPosition(world, {
      account: alice,
      size: 100n * WAD,
      margin: 20_000n * WAD,
      reserve: 60_000n * WAD,
    });
    await closeAt(world, long, 1_900n * WAD);
    const assets = await liquidityVault.totalAssets();
    const shares = await liquidityVault.balanceOf(provider);
    await liquidityVault.connect(provider).requestRedeem(shares, provider, provider);
    const { redeemDelay, requestFeeToken } = await liquidityVault.parameters();
    await connection.networkHelpers.time.increase(redeemDelay);
    await pushPrice(world, 1_900n * WAD);
    await liquidityVault.connect(keeper).fulfillRedeems(1n, "0x", keeper);
    const held = await token.balanceOf(provider);
    const claimable = await liquidityVault.maxWithdraw(provider);
    await liquidityVault.connect(provider).withdraw(claimable, provider, provider);
    expect(await token.balanceOf(provider)).to.equal(held + claimable);
    // All of it but what belongs to the virtual shares: a million shares of the ten trillion there are.
    expect(assets - requestFeeToken - claimable).to.be.within(0n, 2n);
    expect(await liquidityVault.totalSupply()).to.equal(0n);
  });

  it("serves nobody while the sequencer is down, in its grace period, nor shortly after", async () => {
    const world = await market();
    const { accounts, liquidityVault, marginVault, oracle, sequencer } = world;
    const { provider, keeper } = accounts;
    const { time } = connection.networkHelpers;
    const { redeemDelay, settleGrace } = await liquidityVault.parameters();
    const shares = await liquidityVault.balanceOf(provider);
    await liquidityVault.connect(provider).requestRedeem(shares / 2n, provider, provider);
    await time.increase(redeemDelay);
    const fulfil = () => liquidityVault.connect(keeper).fulfillRedeems(1n, "0x", keeper);

    await stopSequencer(sequencer);
    await pushPrice(world, 1_900n * WAD);
    await expect(fulfil()).to.be.revertedWithCustomError(oracle, "SequencerDown");
    // The views go on answering with the price of the last trade.
    expect(await liquidityVault.totalAssets()).to.be.greaterThan(0n);

    const upSince = await startSequencer(sequencer);
    const graceEndsAt = upSince + SEQUENCER_GRACE;
    await time.increaseTo(graceEndsAt - 10n);
    await pushPrice(world, 1_900n * WAD);
    await expect(fulfil())
      .to.be.revertedWithCustomError(marginVault, "SequencerGracePeriod")
      .withArgs(graceEndsAt);
    await time.increaseTo(graceEndsAt);
    await expect(fulfil())
      .to.be.revertedWithCustomError(marginVault, "SettleGracePeriod")
      .withArgs(graceEndsAt + settleGrace);
    await time.increaseTo(graceEndsAt + settleGrace);
    await expect(fulfil()).to.emit(liquidityVault, "RedeemFulfilled");
  });
});
