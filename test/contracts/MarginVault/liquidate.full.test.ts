import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { type MarketFixture, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, logOf, mined, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });

/** Alice's long of {@link openLong}: N 200,000.5, M 9,899.99975, R 40,000, in a market of her own. */
async function prepare(market: MarketFixture) {
  const opened = await openLong(market);
  const { keeper } = market.accounts;
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  const vault = market.marginVault.connect(keeper);
  const liquidate = (id = opened.positionId) => mined(vault.liquidate(id, "0x", keeper));
  return { ...market, ...opened, market, vault, keeper, token, liquidate };
}

async function marketFixture() {
  return await prepare(await createMarket(connection));
}

/** Opens a long of 0.3 at 2,000 with a margin of 30 beside Alice's. */
async function openSmall(market: MarketFixture, size: bigint, margin: bigint): Promise<bigint> {
  const account = market.accounts.bob;
  return await openPosition(market, { account, size, margin, price: wad("2000") });
}

describe("MarginVault liquidate in full", () => {
  describe("when equity is not positive", () => {
    it("pays the keeper's floor out of the reserve, and records what nobody owes", async () => {
      const {
        market,
        vault,
        liquidityVault,
        positionId,
        openedAt,
        accounts,
        keeper,
        token,
        liquidate,
      } = await networkHelpers.loadFixture(marketFixture);
      const [owner, paid] = [await token.balanceOf(accounts.alice), await token.balanceOf(keeper)];
      await pushPrice(market, wad("1890"));
      const receipt = await liquidate();
      const elapsed = (await now(market)) - openedAt;
      // Fill 1,890 × (1 + 50 / 20,000,000) = 1,890.004725: loss 200,000.5 − 189,000.4725 = 11,000.0275, of which
      // margin holds 9,899.99975.
      const logged = logOf(market, receipt, "PositionLiquidated");
      expect(logged.equity).to.equal(-wad("1100.50025") - 40_000n * elapsed);
      expect(logged.fillPrice).to.equal(wad("1890.004725"));
      expect(logged.sizeDelta).to.equal(-wad("100"));
      expect(logged.size).to.equal(0n);
      expect(logged.shortfall).to.equal(wad("1100.02775") + 40_000n * elapsed);
      expect(logged.fee).to.equal(wad("1"));
      expect(logged.keeperFee).to.equal(wad("1"));
      expect(logged.paidOut).to.equal(0n);
      const recorded = logOf(market, receipt, "ShortfallRecorded");
      expect(recorded.shortfall).to.equal(logged.shortfall);
      expect(await token.balanceOf(accounts.alice)).to.equal(owner);
      expect(await token.balanceOf(keeper)).to.equal(paid + 1_000_000n);
      // The pool gets all of the margin less that 1, and its reserve back.
      expect((await vault.market()).poolDue).to.equal(
        wad("90.000225") + wad("9899.99975") - wad("1"),
      );
      expect(await liquidityVault.reserved()).to.equal(0n);
      expect((await vault.position(positionId)).size).to.equal(0n);
      await expectConservation(market);
    });
  });

  describe("when margin is left, but less than the floor", () => {
    it("draws only what is missing to the floor from the reserve", async () => {
      const { market, vault, openedAt, keeper, token, liquidate } =
        await networkHelpers.loadFixture(marketFixture);
      const before = await token.balanceOf(keeper);
      // 100.00025 × 1,901.0042 = 190,100.89525105 brings back all but 9,899.60474895: 0.39500105 of margin are left,
      // a few million wei of borrow fee apart; 0.604999 are missing, up to the token unit.
      await pushPrice(market, wad("1901.0042"));
      const receipt = await liquidate();
      const logged = logOf(market, receipt, "PositionLiquidated");
      const elapsed = (await now(market)) - openedAt;
      expect(logged.fee).to.equal(wad("0.39500105") - 40_000n * elapsed + wad("0.604999"));
      expect(await token.balanceOf(keeper)).to.equal(before + 1_000_000n);
      // 9,899.60474895 and the rounding of the fee stay, less what the reserve gave.
      const { poolDue } = await vault.market();
      expect(poolDue).to.equal(wad("90.000225") + wad("9899.99975") - wad("1"));
      await expectConservation(market);
    });
  });

  describe("when margin is left, but less than the fee", () => {
    it("takes all of it and nothing from the reserve", async () => {
      const { market, accounts, token, keeper, openedAt, liquidate } =
        await networkHelpers.loadFixture(marketFixture);
      const [owner, paid] = [await token.balanceOf(accounts.alice), await token.balanceOf(keeper)];
      // E 99.49975 of 190,200: f = (5,943.75 − 99.49975) / (2.625% × 190,200 = 4,992.75) > 1. Fill 1,902.004755, loss
      // 9,800.0245: 99.97525 are left of a fee of 951.
      await pushPrice(market, wad("1902"));
      const receipt = await liquidate();
      const elapsed = (await now(market)) - openedAt;
      const logged = logOf(market, receipt, "PositionLiquidated");
      expect(logged.fee).to.equal(wad("99.97525") - 40_000n * elapsed);
      expect(logged.shortfall).to.equal(0n);
      expect(await token.balanceOf(keeper)).to.equal(paid + 99_975_249n);
      expect(await token.balanceOf(accounts.alice)).to.equal(owner);
      await expectConservation(market);
    });
  });

  describe("when the fee of the part would be under the keeper's floor", () => {
    it("closes the whole and returns to the owner what is left", async () => {
      const { market, accounts, token, keeper, liquidate } =
        await networkHelpers.loadFixture(marketFixture);
      // Skew 100 before: 2,000 × (1 + 100.15 / 20,000,000) = 2,000.010015; N 600.0030045; fee 0.30000150225.
      const small = await openSmall(market, wad("0.3"), wad("30"));
      const [owner, paid] = [await token.balanceOf(accounts.bob), await token.balanceOf(keeper)];
      // At 1,949: E = 29.69999849775 + 584.7 − 600.0030045 = 14.396993… < 14.6175; a part of 0.252 would pay 0.74.
      await pushPrice(market, wad("1949"));
      const receipt = await liquidate(small);
      const logged = logOf(market, receipt, "PositionLiquidated");
      expect(logged.size).to.equal(0n);
      // 0.5% of 584.7.
      expect(logged.fee).to.equal(wad("2.9235"));
      expect(logged.keeperFee).to.equal(wad("2.9235"));
      // Fill 1,949 × (1 + 100.15 / 20,000,000) = 1,949.0097596175: loss 600.0030045 − 584.70292788525 = 15.30007661475;
      // 29.69999849775 − 15.30007661475 − 2.9235 = 11.476421883, down.
      expect(await token.balanceOf(accounts.bob)).to.equal(owner + 11_476_421n);
      expect(logged.paidOut).to.equal(wad("11.476421"));
      expect(await token.balanceOf(keeper)).to.equal(paid + 2_923_500n);
      await expectConservation(market);
    });

    it("closes a part as soon as that pays the floor", async () => {
      const { market, vault, liquidate } = await networkHelpers.loadFixture(marketFixture);
      // 0.25 of 0.6 × 1,949 × 0.5% = 1.47.
      const small = await openSmall(market, wad("0.6"), wad("60"));
      await pushPrice(market, wad("1949"));
      await liquidate(small);
      expect((await vault.position(small)).size).to.not.equal(0n);
      await expectConservation(market);
    });

    it("books what a blocked owner is due, and pays the keeper all the same (10)", async () => {
      const { market, vault, accounts, token, keeper, liquidate } =
        await networkHelpers.loadFixture(marketFixture);
      const small = await openSmall(market, wad("0.3"), wad("30"));
      const before = await token.balanceOf(keeper);
      await token.setBlocked(accounts.bob, true);
      await pushPrice(market, wad("1949"));
      const receipt = await liquidate(small);
      const deferred = logOf(market, receipt, "PayoutDeferred");
      expect([deferred.account, deferred.amountToken]).to.deep.equal([
        accounts.bob.address,
        11_476_421n,
      ]);
      expect(await vault.claimable(accounts.bob)).to.equal(11_476_421n);
      expect(await token.balanceOf(keeper)).to.equal(before + 2_923_500n);
      await expectConservation(market);
      await token.setBlocked(accounts.bob, false);
      await vault.connect(accounts.bob).claim(accounts.bob);
      await expectConservation(market);
    });

    it("adds up where the keeper is the owner (15)", async () => {
      const { market, vault, accounts, token } = await networkHelpers.loadFixture(marketFixture);
      const { bob } = accounts;
      const small = await openSmall(market, wad("0.3"), wad("30"));
      await pushPrice(market, wad("1949"));
      const before = await token.balanceOf(bob);
      await vault.connect(bob).liquidate(small, "0x", bob);
      // 11.476421 and 2.9235.
      expect(await token.balanceOf(bob)).to.equal(before + 14_399_921n);
      await token.setBlocked(bob, true);
      await expectConservation(market);
    });

    it("adds up in what is claimable where the keeper is a blocked owner (15)", async () => {
      const { market, vault, accounts, token } = await networkHelpers.loadFixture(marketFixture);
      const { bob } = accounts;
      const small = await openSmall(market, wad("0.3"), wad("30"));
      await pushPrice(market, wad("1949"));
      await token.setBlocked(bob, true);
      await vault.connect(bob).liquidate(small, "0x", bob);
      expect(await vault.claimable(bob)).to.equal(14_399_921n);
      await expectConservation(market);
    });
  });

  // At 1,949 the rest of Alice's long would be 74.76 with a notional of 145,714, equity 4,553.8, maintenance 3,642.8.
  describe("when the rest would not be worth keeping", () => {
    for (const [limit, terms] of [
      ["minNotional", { minNotional: wad("145800") }],
      ["minMargin", { minMargin: wad("4554") }],
      ["minMaintenance", { minMaintenance: wad("3643"), minMargin: wad("3643") }],
    ] as const) {
      const least = { minMargin: wad("10"), minNotional: wad("4600") };
      const createStrict = calmMarket({ token: "hostile" }, { ...least, ...terms });

      it(`closes the whole where ${limit} would bind`, async () => {
        const strict = () => createStrict(connection);
        const world = await prepare(await networkHelpers.loadFixture(strict));
        await pushPrice(world.market, wad("1949"));
        const receipt = await world.liquidate();
        expect(logOf(world.market, receipt, "PositionLiquidated").size).to.equal(0n);
        await expectConservation(world.market);
      });
    }

    for (const [limit, terms] of [
      ["minNotional", { minNotional: wad("145600") }],
      ["minMargin", { minMargin: wad("4553") }],
      ["minMaintenance", { minMaintenance: wad("3642"), minMargin: wad("3642") }],
    ] as const) {
      const least = { minMargin: wad("10"), minNotional: wad("4600") };
      const createStrict = calmMarket({ token: "hostile" }, { ...least, ...terms });

      it(`closes a part where ${limit} just does not bind`, async () => {
        const strict = () => createStrict(connection);
        const world = await prepare(await networkHelpers.loadFixture(strict));
        await pushPrice(world.market, wad("1949"));
        const receipt = await world.liquidate();
        expect(logOf(world.market, receipt, "PositionLiquidated").size).to.not.equal(0n);
      });
    }
  });

  describe("given a short that a jump has bankrupted", () => {
    it("takes at most its margin, however far the price went", async () => {
      const { market, vault, liquidityVault, accounts, liquidate } =
        await networkHelpers.loadFixture(marketFixture);
      const cash = await liquidityVault.cash();
      const short = await openPosition(market, {
        account: accounts.bob,
        size: -wad("100"),
        margin: wad("10000"),
        reserve: wad("40000"),
        price: wad("2000"),
      });
      const { poolDue } = await vault.market();
      await pushPrice(market, wad("20000"));
      const receipt = await liquidate(short);
      // Back from 0 to 100: 20,000 × 1.0000025 = 20,000.05; 2,000,005 − 200,000.5 = 1,800,004.5 of loss.
      const { shortfall } = logOf(market, receipt, "PositionLiquidated");
      expect(shortfall).to.be.closeTo(wad("1800004.5") - wad("9899.99975"), 10n ** 9n);
      expect((await vault.market()).poolDue - poolDue).to.equal(wad("9899.99975") - wad("1"));
      expect(await liquidityVault.cash()).to.equal(cash);
      await expectConservation(market);
    });
  });
});
