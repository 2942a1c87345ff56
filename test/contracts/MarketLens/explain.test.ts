import { expect } from "chai";
import type { Result } from "ethers";
import { network } from "hardhat";
import { giveMandate, liquidate, OUTCOME } from "../../fixtures/mandates.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, logOf, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

/** As the lens numbers what would happen. */
const FATE = {
  notOpen: 0n,
  healthy: 1n,
  atCap: 2n,
  coolingOff: 3n,
  rescued: 4n,
  inPart: 5n,
  whole: 6n,
} as const;

/** Alice's long of {@link openLong}. */
async function lensFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const lens = await ethers.deployContract("MarketLens");
  /** Explains in the very second in which the next block is mined. */
  const foresee = async (price: bigint) => {
    await pushPrice(market, price);
    await networkHelpers.time.setNextBlockTimestamp((await now(market)) + 10n);
    return await lens.explain(market.marginVault, opened.positionId, price, {
      blockTag: "pending",
    });
  };
  return { ...market, ...opened, market, lens, foresee };
}

type Foreseen = Awaited<ReturnType<Awaited<ReturnType<typeof lensFixture>>["foresee"]>>;

/** Every number that the receipt of a liquidation has. */
function expectReceipt(foreseen: Foreseen, logged: Result): void {
  for (const name of [
    "sizeDelta",
    "fillPrice",
    "fee",
    "keeperFee",
    "paidOut",
    "shortfall",
  ] as const) {
    expect(foreseen[name], name).to.equal(logged[name]);
  }
  expect(foreseen.rescue).to.equal(logged.rescue);
  expect(foreseen.health.equity).to.equal(logged.equity);
  expect(foreseen.health.maintenanceMargin).to.equal(logged.maintenanceMargin);
}

describe("MarketLens explain", () => {
  it("says of a position that was never opened that it is not open", async () => {
    const { lens, marginVault } = await networkHelpers.loadFixture(lensFixture);
    expect((await lens.explain(marginVault, 99n, wad("2000"))).fate).to.equal(FATE.notOpen);
  });

  it("says of a healthy position that nothing would happen", async () => {
    const { foresee } = await networkHelpers.loadFixture(lensFixture);
    const foreseen = await foresee(wad("2000"));
    expect(foreseen.fate).to.equal(FATE.healthy);
    // Margin after the fee of the open: 10,000 − 100.00025.
    expect(foreseen.marginLeft).to.equal(wad("9899.99975"));
    expect(foreseen.sizeDelta).to.equal(0n);
  });

  it("says of a position that has won its reserve that it is at its cap", async () => {
    const { foresee } = await networkHelpers.loadFixture(lensFixture);
    // 100 × (2,500 − 2,000.005) is more than the reserve of 40,000.
    expect((await foresee(wad("2500"))).fate).to.equal(FATE.atCap);
  });

  describe("given a position below its maintenance margin", () => {
    it("gives the receipt of a partial liquidation before the fact, to the wei", async () => {
      const { foresee, market, positionId, marginVault } =
        await networkHelpers.loadFixture(lensFixture);
      const foreseen = await foresee(wad("1940"));
      expect(foreseen.fate).to.equal(FATE.inPart);
      const receipt = await liquidate(market, positionId);
      expectReceipt(foreseen, logOf(market, receipt, "PositionLiquidated"));
      expect(foreseen.marginLeft).to.equal((await marginVault.position(positionId)).margin);
    });

    it("says that the next one waits for the cool-off", async () => {
      const { foresee, market, positionId } = await networkHelpers.loadFixture(lensFixture);
      await foresee(wad("1940"));
      await liquidate(market, positionId);
      // At its target of 3.125% of notional; 0.7% lower it is below 2.5%, and above half of that. Ten of 30 s have passed.
      const foreseen = await foresee(wad("1926.4"));
      expect(foreseen.fate).to.equal(FATE.coolingOff);
      await expect(
        market.marginVault.liquidate(positionId, "0x", market.accounts.keeper),
      ).to.be.revertedWithCustomError(market.marginVault, "CoolingOff");
    });

    it("says that the next one does not wait below half of maintenance margin", async () => {
      const { foresee, market, positionId } = await networkHelpers.loadFixture(lensFixture);
      await foresee(wad("1940"));
      await liquidate(market, positionId);
      // From 3.125% of 1,940, 60.625 a unit, down to 60.625 − 45 = 15.625 or 0.825% of 1,895: below half of 2.5%. Of 3.125%
      // 2.3% are missing, and 2.625% a unit can be had: a part of it will do.
      const foreseen = await foresee(wad("1895"));
      expect(foreseen.fate).to.equal(FATE.inPart);
      expect(foreseen.health.coolingUntil).to.be.greaterThan((await now(market)) + 10n);
      const receipt = await liquidate(market, positionId);
      expectReceipt(foreseen, logOf(market, receipt, "PositionLiquidated"));
    });

    it("gives the keeper its cap where the fee is more", async () => {
      const { lens, market, marginVault, accounts } = await networkHelpers.loadFixture(lensFixture);
      // Out of a skew of 100 a long of 1,000 is filled at 2,000 × (1 + 600 / 20,000,000) = 2,000.06. Fee 0.05% of 2,000,060:
      // 1,000.03. At 1,949: E 100,000 − 1,000.03 − 51,060 = 47,939.97 of V 1,949,000; missing 60,906.25 − 47,939.97 =
      // 12,966.28 of 51,161.25, c = max(0, 500 − 1,100) being 0: 25.344%. Fee 0.5% of that of V: 2,469.8.
      const large = await openPosition(market, {
        account: accounts.bob,
        size: wad("1000"),
        margin: wad("100000"),
        reserve: wad("400000"),
      });
      await pushPrice(market, wad("1949"));
      await networkHelpers.time.setNextBlockTimestamp((await now(market)) + 10n);
      const price = wad("1949");
      const foreseen = await lens.explain(marginVault, large, price, { blockTag: "pending" });
      expect(foreseen.fate).to.equal(FATE.inPart);
      expect(foreseen.fee).to.be.closeTo(wad("2469.8"), wad("0.1"));
      expect(foreseen.keeperFee).to.equal(wad("500"));
      expectReceipt(foreseen, logOf(market, await liquidate(market, large), "PositionLiquidated"));
    });

    it("gives that of a whole one, with its shortfall and the keeper's floor from the reserve", async () => {
      const { foresee, market, positionId } = await networkHelpers.loadFixture(lensFixture);
      // A loss of 100 × 300 and more on a margin of 9,899.99975.
      const foreseen = await foresee(wad("1700"));
      expect(foreseen.fate).to.equal(FATE.whole);
      expect(foreseen.marginLeft).to.equal(0n);
      expect(foreseen.keeperFee).to.equal(wad("1"));
      expect(foreseen.shortfall).to.be.greaterThan(wad("20000"));
      const receipt = await liquidate(market, positionId);
      expectReceipt(foreseen, logOf(market, receipt, "PositionLiquidated"));
    });
  });

  describe("given a mandate", () => {
    it("gives the receipt of the rescue before the fact", async () => {
      const { foresee, market, accounts, positionId, marginVault } =
        await networkHelpers.loadFixture(lensFixture);
      await giveMandate(market, accounts.alice, positionId);
      const foreseen = await foresee(wad("1940"));
      expect(foreseen.fate).to.equal(FATE.rescued);
      expect(foreseen.rescue).to.equal(OUTCOME.Rescued);
      const receipt = await liquidate(market, positionId);
      const logged = logOf(market, receipt, "PositionRescued");
      expect(foreseen.pulled).to.equal(logged.pulled);
      expect(foreseen.keeperFee).to.equal(logged.keeperFee);
      expect(foreseen.marginLeft).to.equal((await marginVault.position(positionId)).margin);
    });

    it("says why it would not help, and what would happen instead", async () => {
      const { foresee, market, accounts, positionId } =
        await networkHelpers.loadFixture(lensFixture);
      await giveMandate(market, accounts.alice, positionId, { cap: wad("3") });
      const foreseen = await foresee(wad("1940"));
      expect(foreseen.fate).to.equal(FATE.inPart);
      expect(foreseen.rescue).to.equal(OUTCOME.CapTooSmall);
      expect(foreseen.pulled).to.equal(0n);
      const receipt = await liquidate(market, positionId);
      expectReceipt(foreseen, logOf(market, receipt, "PositionLiquidated"));
    });
  });
});
