import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { giveMandate, OUTCOME } from "../../fixtures/mandates.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, mined, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();

/**
 * Alice's long of 100 and Bob's of 10 with mandates, of which Bob's has too small a cap; Carol's of 10 without, and one
 * of hers that is safe. At 1,949 all but the last are below maintenance.
 */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId: alices } = await openLong(market);
  const { alice, bob, carol, keeper } = market.accounts;
  const open = (account: typeof bob, margin: string) =>
    openPosition(market, { account, size: wad("10"), margin: wad(margin), price: wad("2000") });
  const bobs = await open(bob, "1000");
  const carols = await open(carol, "1000");
  const safe = await open(carol, "5000");
  await giveMandate(market, alice, alices);
  await giveMandate(market, bob, bobs, { cap: wad("100") });
  const vault = market.marginVault.connect(keeper);
  return { ...market, market, vault, keeper, alice, bob, alices, bobs, carols, safe };
}

describe("MarginVault liquidateBatch with mandates", () => {
  it("rescues, liquidates and skips in one call, at one price", async () => {
    const { market, vault, keeper, alices, bobs, carols, safe } =
      await networkHelpers.loadFixture(marketFixture);
    const { updatedAt } = await pushPrice(market, wad("1949"));
    const list = [bobs, alices, safe, carols];
    const [liquidated, keeperFee] = await vault.liquidateBatch.staticCall(list, "0x", keeper);
    expect(liquidated).to.equal(3n);
    const receipt = await mined(vault.liquidateBatch(list, "0x", keeper));
    const logs = receipt.logs.flatMap((log) => vault.interface.parseLog(log) ?? []);
    const ends = ["PositionRescued", "PositionLiquidated", "LiquidationSkipped"];
    const told = logs.filter(({ name }) => ends.includes(name));
    expect(told.map(({ name, args }) => [name, args.positionId, args.rescue])).to.deep.equal([
      ["PositionLiquidated", bobs, OUTCOME.CapTooSmall],
      ["PositionRescued", alices, undefined],
      ["LiquidationSkipped", safe, undefined],
      ["PositionLiquidated", carols, OUTCOME.NoMandate],
    ]);
    const priced = told.filter(({ name }) => name !== "LiquidationSkipped");
    for (const { args } of priced) {
      expect([args.price, args.observedAt]).to.deep.equal([wad("1949"), updatedAt]);
    }
    const fees = priced.reduce((sum, { args }) => sum + BigInt(args.keeperFee), 0n);
    // What was asked a block earlier, when a second less of the borrow fee was owed.
    expect(keeperFee).to.be.closeTo(fees, 10n ** 6n);
    await expectConservation(market);
  });

  it("pays the keeper once for all of it", async () => {
    const { market, vault, token, keeper, alices, bobs, carols } =
      await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("1949"));
    const list = [alices, bobs, carols];
    const [, keeperFee] = await vault.liquidateBatch.staticCall(list, "0x", keeper);
    const before = await token.balanceOf(keeper);
    const receipt = await mined(vault.liquidateBatch(list, "0x", keeper));
    const payments = receipt.logs
      .filter(({ address }) => address === token.target)
      .map((log) => token.interface.parseLog(log))
      .filter((log) => log?.name === "Transfer" && log.args.to === keeper.address);
    expect(payments.length).to.equal(1);
    expect((await token.balanceOf(keeper)) - before).to.be.closeTo(keeperFee / 10n ** 12n, 1n);
  });

  it("counts its logs without a gap", async () => {
    const { market, vault, keeper, alices, bobs, safe } =
      await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("1949"));
    const { sequence } = await vault.market();
    const receipt = await mined(vault.liquidateBatch([safe, alices, bobs], "0x", keeper));
    const numbers = receipt.logs
      .filter(({ address }) => address === vault.target)
      .flatMap((log) => vault.interface.parseLog(log) ?? [])
      .map(({ args }) => BigInt(args.sequence));
    expect(numbers).to.deep.equal(numbers.map((_, i) => sequence + BigInt(i) + 1n));
    expect((await vault.market()).sequence).to.equal(numbers.at(-1));
  });

  it("rescues a position that is listed twice once", async () => {
    const { market, vault, token, alice, keeper, alices } =
      await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("1949"));
    const before = await token.balanceOf(alice);
    await vault.liquidateBatch([alices, alices], "0x", keeper);
    // See rescue.first.test.ts, but for the skew, which is none of a rescue's business.
    expect(before - (await token.balanceOf(alice))).to.equal(2_510_250_251n);
    await expectConservation(market);
  });

  it("leaves the positions of others alone when it rescues one (LAW-5)", async () => {
    const { market, vault, keeper, alices, bobs, carols, safe } =
      await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("1949"));
    const others = [bobs, carols, safe];
    const before = await Promise.all(others.map((id) => vault.position(id)));
    const sums = await vault.market();
    await vault.liquidateBatch([alices], "0x", keeper);
    const after = await Promise.all(others.map((id) => vault.position(id)));
    expect(after.map((stored) => [...stored])).to.deep.equal(before.map((stored) => [...stored]));
    const { netBasis, longOpenInterest, poolDue, totalMargin } = await vault.market();
    expect([netBasis, longOpenInterest, poolDue]).to.deep.equal([
      sums.netBasis,
      sums.longOpenInterest,
      sums.poolDue,
    ]);
    // 2,510.250251 less the keeper's 1.
    expect(totalMargin - sums.totalMargin).to.equal(wad("2509.250251"));
  });
});
