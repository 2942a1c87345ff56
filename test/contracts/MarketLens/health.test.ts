import { expect } from "chai";
import { network } from "hardhat";
import { stopSequencer } from "../../fixtures/feeds.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, now, openLong, TICK } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

/** Alice's long of {@link openLong}: N 200,000.5, M 9,899.99975, R 40,000. */
async function lensFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const lens = await ethers.deployContract("MarketLens");
  const vault = market.marginVault.connect(market.accounts.keeper);
  return { ...market, ...opened, market, lens, vault };
}

describe("MarketLens health", () => {
  it("says where a position stands, with all that has accrued", async () => {
    const { lens, vault, positionId, openedAt, market } =
      await networkHelpers.loadFixture(lensFixture);
    await pushPrice(market, wad("1960"));
    const owed = 40_000n * ((await now(market)) - openedAt);
    const [item] = await lens.healthAt(vault, [positionId], wad("1960"));
    expect(item?.positionId).to.equal(positionId);
    expect(item?.position.margin).to.equal(wad("9899.99975"));
    expect(item?.owed).to.equal(owed);
    // 196,000 − 200,000.5.
    expect(item?.gain).to.equal(-wad("4000.5") - owed);
    expect(item?.equity).to.equal(wad("5899.49975") - owed);
    expect(item?.notional).to.equal(wad("196000"));
    expect(item?.maintenanceMargin).to.equal(wad("4900"));
    expect(item?.initialMargin).to.equal(wad("7840"));
    expect(item?.liquidatable).to.equal(false);
    expect(item?.capped).to.equal(false);
    expect(item?.coolingUntil).to.equal(0n);
  });

  it("gives the liquidation price at which liquidation is met, one tick on either side", async () => {
    const { lens, vault, positionId, accounts, market } =
      await networkHelpers.loadFixture(lensFixture);
    const [item] = await lens.healthAt(vault, [positionId], wad("2000"));
    const exact = item?.liquidationPrice ?? 0n;
    // 190,100.50025 / 97.5 = 1,949.748720512820…, a billionth of a wei-fraction more for the borrow fee.
    expect(exact).to.be.closeTo(wad("1949.748720512820512820"), 10n ** 6n);
    const above = ((exact + TICK - 1n) / TICK) * TICK;
    await pushPrice(market, above);
    await expect(vault.liquidate(positionId, "0x", accounts.keeper)).to.be.revertedWithCustomError(
      vault,
      "PositionHealthy",
    );
    await pushPrice(market, above - TICK);
    await expect(vault.liquidate(positionId, "0x", accounts.keeper)).to.emit(
      vault,
      "PositionLiquidated",
    );
  });

  it("flags what can be liquidated, and until when it cools off", async () => {
    const { lens, vault, positionId, accounts, market } =
      await networkHelpers.loadFixture(lensFixture);
    await pushPrice(market, wad("1949"));
    const [before] = (await lens.health(vault, [positionId]))[0];
    expect(before?.liquidatable).to.equal(true);
    await vault.liquidate(positionId, "0x", accounts.keeper);
    const [after] = (await lens.health(vault, [positionId]))[0];
    expect(after?.liquidatable).to.equal(false);
    expect(after?.coolingUntil).to.equal((await now(market)) + 30n);
  });

  it("flags a cap at the fill price, not at the index price", async () => {
    const { lens, vault, positionId, accounts, market } =
      await networkHelpers.loadFixture(lensFixture);
    // As for settleAtCap: a skew of −1,900 makes the sale fill 1,950 / 20,000,000 below the index.
    await openPosition(market, {
      account: accounts.bob,
      size: -wad("2000"),
      margin: wad("300000"),
      price: wad("2000"),
    });
    const [below] = await lens.healthAt(vault, [positionId], wad("2400.01"));
    expect(below?.gain).to.be.above(wad("40000"));
    expect(below?.capped).to.equal(false);
    expect(below?.liquidatable).to.equal(false);
    const [above] = await lens.healthAt(vault, [positionId], wad("2400.3"));
    expect(above?.capped).to.equal(true);
  });

  it("returns closed positions with a size of zero, in order", async () => {
    const { lens, vault, positionId } = await networkHelpers.loadFixture(lensFixture);
    const items = await lens.healthAt(vault, [77n, positionId, 0n], wad("2000"));
    expect(items.map((item) => item.positionId)).to.deep.equal([77n, positionId, 0n]);
    expect(items.map((item) => item.position.size)).to.deep.equal([0n, wad("100"), 0n]);
  });

  it("reads the oracle's newest price, and reverts when there is none", async () => {
    const { lens, vault, positionId, sequencer, oracle, market } =
      await networkHelpers.loadFixture(lensFixture);
    const round = await pushPrice(market, wad("1960"));
    const [, price, observedAt] = await lens.health(vault, [positionId]);
    expect(price).to.equal(wad("1960"));
    expect(observedAt).to.equal(round.updatedAt);
    const downSince = await stopSequencer(sequencer);
    await expect(lens.health(vault, [positionId]))
      .to.be.revertedWithCustomError(oracle, "SequencerDown")
      .withArgs(downSince);
  });
});
