import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { expectNoProfit, wealthOf } from "../fixtures/attack.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";

/** A long of 1,000 at 2,000 that is bankrupt below 1,901. */
const LONG = { size: wad("1000"), margin: wad("100000"), reserve: wad("400000") };

/**
 * The attacker sinks so deep that nothing is left to pay a keeper with, and expects to be left open until it wins again.
 * Units: test/contracts/MarginVault/liquidate.full.test.ts.
 */
describe("attack 07: negative equity, so that no keeper is paid", () => {
  it("pays a keeper the floor out of the reserve, and does not live to see the recovery (BH-90 †)", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { alice, keeper, stranger } = accounts;
    const profit = await expectNoProfit(market, [alice], async () => {
      const id = await openPosition(market, { account: alice, ...LONG });
      await pushPrice(market, wad("1000"));
      await marginVault.connect(keeper).liquidate(id, "0x", stranger);
      expect((await wealthOf(market, [stranger])).tokens).to.equal(wad("1"));
      await pushPrice(market, wad("3000"));
    });
    expect(profit).to.equal(-wad("100000.5"));
  });

  it("does not pay the attacker to be that keeper: the floor and no more comes back", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { alice, keeper } = accounts;
    const profit = await expectNoProfit(market, [alice, keeper], async () => {
      const id = await openPosition(market, { account: alice, ...LONG });
      await pushPrice(market, wad("1000"));
      await marginVault.connect(keeper).liquidate(id, "0x", keeper);
    });
    expect(profit).to.equal(wad("1") - LONG.margin);
  });
});
