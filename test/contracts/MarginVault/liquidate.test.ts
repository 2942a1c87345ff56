import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { startSequencer, stopSequencer } from "../../fixtures/feeds.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { plain } from "../../fixtures/structs.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, logOf, mined, now, openLong, prepareOldPhase } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

/** Alice's long of {@link openLong}: N 200,000.5, M 9,899.99975, R 40,000. The keeper liquidates. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { keeper } = market.accounts;
  const vault = market.marginVault.connect(keeper);
  const liquidate = (id = opened.positionId) => vault.liquidate(id, "0x", keeper);
  return { ...market, ...opened, market, vault, keeper, liquidate };
}

describe("MarginVault liquidate", () => {
  it("reverts when the fee receiver is zero", async () => {
    const { vault, positionId } = await networkHelpers.loadFixture(marketFixture);
    await expect(
      vault.liquidate(positionId, "0x", ethers.ZeroAddress),
    ).to.be.revertedWithCustomError(vault, "ZeroAddress");
  });

  it("reverts when the position is not open", async () => {
    const { vault, liquidate } = await networkHelpers.loadFixture(marketFixture);
    await expect(liquidate(9n))
      .to.be.revertedWithCustomError(vault, "PositionNotFound")
      .withArgs(9n);
  });

  it("reverts when the newest price is older than one the market has used (54)", async () => {
    const { market, vault, positionId, accounts, liquidate } =
      await networkHelpers.loadFixture(marketFixture);
    // A low before the recovery, in a phase that the feed goes back to.
    const { updatedAt, goBack } = await prepareOldPhase(market, wad("1949"));
    const used = await pushPrice(market, wad("2000"));
    await vault.connect(accounts.alice).removeMargin(positionId, 1n, accounts.alice, "0x");
    await goBack();
    await expect(liquidate())
      .to.be.revertedWithCustomError(vault, "PriceNotNewEnough")
      .withArgs(updatedAt, used.updatedAt);
  });

  describe("given a sequencer that was down", () => {
    it("waits for the end of the grace period, to the second", async () => {
      const { market, vault, sequencer, liquidate } =
        await networkHelpers.loadFixture(marketFixture);
      await stopSequencer(sequencer);
      const upSince = await startSequencer(sequencer);
      await pushPrice(market, wad("1949"), upSince + 100n);
      await networkHelpers.time.setNextBlockTimestamp(upSince + 3_599n);
      await expect(liquidate())
        .to.be.revertedWithCustomError(vault, "SequencerGracePeriod")
        .withArgs(upSince + 3_600n);
      await networkHelpers.time.setNextBlockTimestamp(upSince + 3_600n);
      await expect(liquidate()).to.emit(vault, "PositionLiquidated");
    });

    it("refuses while it is down", async () => {
      const { market, oracle, sequencer, liquidate } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      const downSince = await stopSequencer(sequencer);
      await expect(liquidate())
        .to.be.revertedWithCustomError(oracle, "SequencerDown")
        .withArgs(downSince);
    });
  });

  describe("given a long", () => {
    // (200,000.5 − 9,899.99975) / (100 × 0.975) = 1,949.748720512820…
    it("refuses one tick above the liquidation price, with equity and maintenance", async () => {
      const { market, vault, positionId, openedAt, liquidate } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949.74872052"));
      const at = (await now(market)) + 1n;
      await networkHelpers.time.setNextBlockTimestamp(at);
      // 9,899.99975 + 194,974.872052 − 200,000.5 and the borrow fee, against 2.5% of 194,974.872052.
      await expect(liquidate())
        .to.be.revertedWithCustomError(vault, "PositionHealthy")
        .withArgs(positionId, wad("4874.371802") - 40_000n * (at - openedAt), wad("4874.3718013"));
    });

    it("liquidates one tick below", async () => {
      const { market, vault, liquidate } = await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949.74872051"));
      await expect(liquidate()).to.emit(vault, "PositionLiquidated");
      await expectConservation(market);
    });
  });

  describe("given a short", () => {
    // Opened into a skew of 100 at 2,000.005: N 200,000.5, M 9,899.99975 as the long;
    // (200,000.5 + 9,899.99975) / (100 × 1.025) = 2,047.8097536585…
    async function shortFixture() {
      const world = await marketFixture();
      const shortId = await openPosition(world.market, {
        account: world.accounts.bob,
        size: -wad("100"),
        margin: wad("10000"),
        reserve: wad("40000"),
        price: wad("2000"),
      });
      return { ...world, shortId };
    }

    it("refuses one tick below the liquidation price and liquidates one above", async () => {
      const { market, vault, shortId, liquidate } = await networkHelpers.loadFixture(shortFixture);
      await pushPrice(market, wad("2047.80975365"));
      await expect(liquidate(shortId)).to.be.revertedWithCustomError(vault, "PositionHealthy");
      await pushPrice(market, wad("2047.80975366"));
      await expect(liquidate(shortId)).to.emit(vault, "PositionLiquidated");
      await expectConservation(market);
    });
  });

  describe("given a position at its cap", () => {
    it("refuses: it is settled, never liquidated", async () => {
      const { market, vault, positionId, openedAt, liquidate } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("2400.01"));
      const at = (await now(market)) + 1n;
      await networkHelpers.time.setNextBlockTimestamp(at);
      await expect(liquidate())
        .to.be.revertedWithCustomError(vault, "PositionCapped")
        .withArgs(positionId, wad("40000.5") - 40_000n * (at - openedAt), wad("40000"));
    });
  });

  describe("given a position that was liquidated in part", () => {
    /** At 1,949; the cool-off of 30 s has begun. */
    async function coolingFixture() {
      const world = await marketFixture();
      await pushPrice(world.market, wad("1949"));
      await world.liquidate();
      return { ...world, coolUntil: (await now(world.market)) + 30n };
    }

    it("refuses before the cool-off is over, to the second", async () => {
      const { market, vault, positionId, coolUntil, liquidate } =
        await networkHelpers.loadFixture(coolingFixture);
      // From 3.125% at 1,949 to about (60.9 − 19) / 1,930 = 2.17%: below 2.5% but not below half of it.
      await pushPrice(market, wad("1930"));
      await networkHelpers.time.setNextBlockTimestamp(coolUntil - 1n);
      await expect(liquidate())
        .to.be.revertedWithCustomError(vault, "CoolingOff")
        .withArgs(positionId, coolUntil);
      await networkHelpers.time.setNextBlockTimestamp(coolUntil);
      await expect(liquidate()).to.emit(vault, "PositionLiquidated");
      await expectConservation(market);
    });

    it("does not wait where equity is below half of maintenance", async () => {
      const { market, vault, liquidate } = await networkHelpers.loadFixture(coolingFixture);
      // About (60.9 − 44) / 1,905 = 0.89%, below 1.25%.
      await pushPrice(market, wad("1905"));
      await expect(liquidate()).to.emit(vault, "PositionLiquidated");
      await expectConservation(market);
    });

    it("refuses again at the same price: it is healthy", async () => {
      const { vault, liquidate } = await networkHelpers.loadFixture(coolingFixture);
      await networkHelpers.time.increase(31n);
      await expect(liquidate()).to.be.revertedWithCustomError(vault, "PositionHealthy");
    });

    it("counts the cool-off from the liquidation, however old the price was", async () => {
      const { market, vault, positionId, keeper } = await networkHelpers.loadFixture(marketFixture);
      const round = await pushPrice(market, wad("1949"));
      const at = round.updatedAt + 3_000n;
      await networkHelpers.time.setNextBlockTimestamp(at);
      await vault.liquidate(positionId, "0x", keeper);
      const { priceTime, cooldown } = await vault.position(positionId);
      expect(priceTime).to.equal(round.updatedAt);
      expect(priceTime + cooldown).to.equal(at + 30n);
    });
  });

  it("accrues before it judges: a fee owed can make the difference", async () => {
    const { market, vault, quote, liquidate } = await networkHelpers.loadFixture(marketFixture);
    // 7e-7 of equity beyond maintenance; 40,000 wei a second use that up in 203 days.
    await networkHelpers.time.increase(204n * 86_400n);
    const answer = 100_000_000n;
    await quote.aggregator.submit((await quote.aggregator.latestRound()) + 1n, answer);
    await pushPrice(market, wad("1949.74872052"));
    await expect(liquidate()).to.emit(vault, "PositionLiquidated");
  });

  it("returns the ether that verification did not need", async () => {
    const { market, vault, positionId, keeper } = await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("1949"));
    const before = await ethers.provider.getBalance(keeper);
    const value = ethers.parseEther("1");
    const receipt = await mined(vault.liquidate(positionId, "0x", keeper, { value }));
    expect(await ethers.provider.getBalance(keeper)).to.equal(before - receipt.fee);
    logOf(market, receipt, "PositionLiquidated");
  });

  it("changes no stored field of another position (LAW-5)", async () => {
    const { market, vault, accounts, liquidate } = await networkHelpers.loadFixture(marketFixture);
    const account = accounts.bob;
    const other = await openPosition(market, { account, size: wad("1"), margin: wad("1000") });
    const before = plain(await vault.position(other));
    await pushPrice(market, wad("1890"));
    await liquidate();
    expect(plain(await vault.position(other))).to.deep.equal(before);
  });
});
