import { expect } from "chai";
import { askBack, emptyArena, servePool } from "../fixtures/arena.ts";
import { closeAll, expectNoProfit, wealthOf } from "../fixtures/attack.ts";
import { fundPool, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";

/**
 * The attacker is the first in the pool with as little as it may, and makes its shares dear, so that the next deposit is
 * rounded down to hardly any. Units: test/contracts/LiquidityVault/attacks.test.ts.
 */
describe("attack 32: the first depositor inflates the shares", () => {
  it("loses what it donates, to nobody (BH-15, BH-97)", async () => {
    const market = await emptyArena();
    const { liquidityVault, marginVault, token, accounts } = market;
    const { alice, bob, keeper } = accounts;
    const profit = await expectNoProfit(market, [alice, keeper], async () => {
      await fundPool(market, alice, wad("100.5"));
      for (const vault of [liquidityVault, marginVault]) {
        await token.connect(alice).transfer(vault, 1_000_000_000_000n);
      }
      await fundPool(market, bob, wad("150.5"));
      await askBack(market, alice);
      await servePool(market, "fulfillRedeems");
    });
    // Two million are gone; the fee of Bob's keeper, who is the attacker's, is all that comes from him.
    expect(profit).to.be.closeTo(wad("0.5") - wad("2000000"), wad("0.000002"));
    expect((await wealthOf(market, [bob])).pool).to.be.at.least(wad("149.999999"));
  });

  it("loses what it lets the pool win, a millionth of a unit of which rounding could bring back (BH-97)", async () => {
    const market = await emptyArena();
    const { accounts } = market;
    const { alice, bob, carol } = accounts;
    let donated = 0n;
    const profit = await expectNoProfit(market, [alice, carol], async () => {
      await fundPool(market, alice, wad("200.5"));
      // All that the pool can reserve, and a short of its own that loses as much as can be lost on it: 160 of 1,600.
      await openPosition(market, {
        account: carol,
        size: -wad("0.8"),
        margin: wad("1600"),
        reserve: wad("160"),
      });
      await pushPrice(market, wad("3900"));
      await closeAll(market, carol, wad("3900"));
      donated = (await wealthOf(market, [alice])).pool - wad("200");
      await fundPool(market, bob, wad("100.5"));
      await askBack(market, alice);
      await servePool(market, "fulfillRedeems");
    });
    // Shares have become dearer by a factor of eight, and Bob's hundred are a hundred still.
    expect(donated).to.be.above(wad("1400"));
    expect((await wealthOf(market, [bob])).pool).to.be.at.least(wad("99.999999"));
    // A tenth of two fees of 0.05% goes to the protocol, 0.5 each to the keepers of two orders, a deposit and a redeem.
    expect(profit).to.be.closeTo(-wad("2.2"), wad("0.1"));
  });
});
