import { expect } from "chai";
import { calmArena, inFork } from "../fixtures/arena.ts";
import { profitOf } from "../fixtures/attack.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change, logOf, mined } from "../fixtures/vault.ts";

/** Alice is long 100 with a margin of 10,000 and has lost 25,000 more than that. */
async function bankrupt(market: MarketFixture): Promise<bigint> {
  const { alice } = market.accounts;
  const long = { account: alice, size: wad("100"), margin: wad("10000"), reserve: wad("200000") };
  const id = await openPosition(market, long);
  await pushPrice(market, wad("1650"));
  return id;
}

/**
 * The attacker closes a bankrupt position but for one wei, as its owner or as its keeper, so that the loss is never
 * realised and the wei is there when the price returns. Units: liquidationSize.test.ts, trade.decrease.test.ts.
 */
describe("attack 09: leaving one wei of a bankrupt position", () => {
  it("is impossible for its owner: all is closed, for what closing all brings (BH-50)", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { alice, keeper } = accounts;
    const id = await bankrupt(market);
    const closing = async (size: bigint) => {
      const order = { account: alice, positionId: id, sizeDelta: -size, price: wad("1650") };
      const receipt = await change(market, order);
      expect((await marginVault.position(id)).size).to.equal(0n);
      // 35,000 and what the opening cost, less what closing skew brings back, on a margin of 9,899.99975.
      expect(logOf(market, receipt, "ShortfallRecorded").shortfall).to.be.closeTo(
        wad("25100.0878"),
        wad("0.001"),
      );
      await pushPrice(market, wad("2400"));
    };
    const profit = (size: bigint) => () =>
      profitOf(market, [alice, keeper], () => closing(size), { price: wad("1650") });
    const whole = await inFork(market, profit(wad("100")));
    const butOneWei = await inFork(market, profit(wad("100") - 1n));
    expect(butOneWei - whole <= 0n, `the wei paid ${butOneWei - whole}`).to.equal(true);
  });

  it("is impossible for a keeper, who does not choose the size (BH-86, BH-87)", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { keeper } = accounts;
    const id = await bankrupt(market);
    const receipt = await mined(marginVault.connect(keeper).liquidate(id, "0x", keeper));
    const { size, shortfall } = logOf(market, receipt, "PositionLiquidated");
    expect(size).to.equal(0n);
    expect(shortfall).to.be.above(wad("25000"));
  });
});
