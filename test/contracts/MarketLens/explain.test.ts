import { expect } from "chai";
import type { Result } from "ethers";
import { network } from "hardhat";
import { giveMandate, liquidate, OUTCOME } from "../../fixtures/mandates.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
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
