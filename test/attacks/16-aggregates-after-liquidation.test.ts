import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { closeAll, expectNoProfit, wealthOf } from "../fixtures/attack.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { fundPool, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change } from "../fixtures/vault.ts";

/**
 * The attacker has a third of the pool and positions on both sides with several entries. It has them liquidated in part,
 * in whole, bankrupt and at the cap, as its own keeper: any sum that is wrong afterwards prices its shares too high.
 * Laws: LAW-4; units: test/contracts/libraries/MarketMath.test.ts.
 */
describe("attack 16: sums that a liquidation leaves wrong", () => {
  it("leaves every sum that of the positions, and shares worth no more than what was lost (LAW-4, BH-96)", async () => {
    const market = await calmArena();
    const { marginVault, orderBook, accounts, connection } = market;
    const { alice, bob, keeper, provider } = accounts;
    const honest = (await wealthOf(market, [provider])).pool;
    await expectNoProfit(market, [alice, bob, keeper], async () => {
      await fundPool(market, alice, wad("5000000"));
      const common = { account: bob, reserve: wad("60000") };
      const long = await openPosition(market, {
        ...common,
        size: wad("300"),
        margin: wad("45000"),
      });
      const wreck = await openPosition(market, {
        ...common,
        size: wad("200"),
        margin: wad("18000"),
      });
      const capped = await openPosition(market, {
        account: bob,
        size: -wad("90"),
        margin: wad("20000"),
        reserve: wad("20000"),
        price: wad("2010"),
      });
      const more = { sizeDelta: wad("100"), margin: wad("9000"), reserve: wad("20000") };
      await change(market, { account: bob, positionId: long, ...more, price: wad("2020") });
      await expectConservation(market);
      for (const [price, ids] of [
        ["1960", [wreck]],
        ["1925", [long, wreck]],
        ["1850", [long, wreck]],
      ] as const) {
        await pushPrice(market, wad(price));
        await marginVault.connect(keeper).liquidateBatch([...ids], "0x", keeper);
        await expectConservation(market);
        await connection.networkHelpers.time.increase(30n);
      }
      await pushPrice(market, wad("1780"));
      await orderBook.connect(keeper).settleAtCap(capped, "0x", keeper);
      await expectConservation(market);
      await closeAll(market, bob, wad("1780"));
      await expectConservation(market);
      const { longOpenInterest, shortOpenInterest, netBasis, totalMargin } =
        await marginVault.market();
      expect([longOpenInterest, shortOpenInterest, totalMargin]).to.deep.equal([0n, 0n, 0n]);
      expect(netBasis).to.equal(0n);
    });
    expect((await wealthOf(market, [provider])).pool).to.be.at.least(honest);
  });
});
