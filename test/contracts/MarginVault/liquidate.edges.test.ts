import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { type MarketFixture, marketWith, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { CALM_CURVES, calmMarket, logOf, mined, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;

/** Liquidation costs 5%, so maintenance is 7% and the target 8.75%; a keeper gets at least 10. */
const createDear = calmMarket(
  {},
  {
    initialMarginRatio: wad("0.09"),
    liquidationFeeRatio: wad("0.05"),
    minReserveRatio: wad("0.01"),
    keeperFeeFloor: wad("10"),
    minMaintenance: wad("20"),
    minMargin: wad("20"),
  },
);
/** Its price may be two days old, that of the token 25 hours. */
const createSlow = marketWith({
  parameters: {
    ChainlinkFeedOracle: { index: { maxAge: 172_800n } },
    Market: { curves: CALM_CURVES },
  },
});
/** The longest cool-off that fits its field, counted from the observation of the price [s]. */
const LONGEST = 65_535n;

async function dearFixture() {
  return { market: await createDear(connection) };
}

async function slowFixture() {
  const market = await createSlow(connection);
  return { market, ...(await openLong(market)) };
}

function liquidate({ marginVault, accounts: { keeper } }: MarketFixture, positionId: bigint) {
  return marginVault.connect(keeper).liquidate(positionId, "0x", keeper);
}

describe("MarginVault liquidate, at its edges", () => {
  describe("given a rest that would be left without the keeper's floor in reserve", () => {
    /**
     * A long of 0.5 at 2,000 with a margin of 100. Fee 0.05% of 1,000: margin 99.5. At 1,921 it is worth 960.5, has lost 39.5
     * and its equity is 60, below 7% of it, 67.235. Target 84.04375, relief 8.75% − 5% of it, 36.01875: closing
     * 24.04375 / 36.01875 = 66.75% would do. The rest, worth 319.3, would have to keep 22.35, more than 20.
     */
    const liquidated = async (market: MarketFixture, reserve: bigint) => {
      const account = market.accounts.alice;
      const opening = { account, size: wad("0.5"), margin: wad("100"), reserve };
      const positionId = await openPosition(market, { ...opening, price: wad("2000") });
      await pushPrice(market, wad("1921"));
      const receipt = await mined(liquidate(market, positionId));
      await expectConservation(market);
      return logOf(market, receipt, "PositionLiquidated");
    };

    it("closes the whole", async () => {
      const { market } = await networkHelpers.loadFixture(dearFixture);
      // Of a reserve of 30 the rest would have 9.975.
      const { sizeDelta, fee, paidOut } = await liquidated(market, wad("30"));
      expect(sizeDelta).to.equal(-wad("0.5"));
      // 5% of 960.5, and what that leaves of 60, less a hundred-thousandth of impact.
      expect(fee).to.equal(wad("48.025"));
      expect(paidOut).to.be.closeTo(wad("11.975"), wad("0.0001"));
    });

    it("closes a part where the rest keeps the floor", async () => {
      const { market } = await networkHelpers.loadFixture(dearFixture);
      // Of a reserve of 31 the rest has 10.3.
      const { sizeDelta, size } = await liquidated(market, wad("31"));
      expect(-sizeDelta).to.be.closeTo(wad("0.33377"), wad("0.00001"));
      expect(size).to.equal(wad("0.5") + sizeDelta);
    });
  });

  describe("given a price so old that the cool-off does not fit its field", () => {
    it("ends the cool-off with the field, before its time", async () => {
      const { market, positionId } = await networkHelpers.loadFixture(slowFixture);
      const { marginVault } = market;
      const { updatedAt } = await pushPrice(market, wad("1949"));
      const until = updatedAt + LONGEST;
      // 15 s before the end, where 30 s would be due.
      await networkHelpers.time.setNextBlockTimestamp(until - 15n);
      await liquidate(market, positionId);
      const { cooldown, priceTime } = await marginVault.position(positionId);
      expect([cooldown, priceTime]).to.deep.equal([LONGEST, updatedAt]);

      // At its target of 3.125%; 0.7% lower it is below 2.5%, and above half of that.
      await pushPrice(market, wad("1935"));
      await networkHelpers.time.setNextBlockTimestamp(until - 1n);
      await expect(liquidate(market, positionId))
        .to.be.revertedWithCustomError(marginVault, "CoolingOff")
        .withArgs(positionId, until);
      await networkHelpers.time.setNextBlockTimestamp(until);
      await expect(liquidate(market, positionId)).to.emit(marginVault, "PositionLiquidated");
      expect(await now(market)).to.equal(until);
    });
  });
});
