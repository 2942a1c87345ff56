import { expect } from "chai";
import { localArena } from "../fixtures/arena.ts";
import { closeAll, expectNoProfit } from "../fixtures/attack.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { freshRounds } from "../fixtures/powers.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change } from "../fixtures/vault.ts";

/**
 * Bob is long alone, so that longs pay a quarter of 100% a year. The attacker holds a leg on each side: what one pays the
 * other receives, unless something is rounded in its favour, or paid that nobody has paid in.
 * Laws: LAW-8; units: test/contracts/libraries/FundingMath.test.ts, test/contracts/MarginVault/folding.test.ts.
 */
describe("attack 28: funding that is not zero-sum", () => {
  it("costs a hedged attacker its fees, however often it is touched (LAW-8, LAW-9)", async () => {
    const market = await localArena();
    const { marginVault, accounts, connection } = market;
    const { alice, bob, carol, keeper } = accounts;
    const longOfBob = { account: bob, size: wad("5000"), margin: wad("1500000") };
    await openPosition(market, { ...longOfBob, reserve: wad("1000000") });
    const profit = await expectNoProfit(market, [alice, carol, keeper], async () => {
      const legs = { size: wad("3000"), margin: wad("900000"), reserve: wad("600000") };
      const long = await openPosition(market, { account: alice, ...legs });
      const short = await openPosition(market, { account: carol, ...legs, size: -legs.size });
      for (let day = 0; day < 10; ++day) {
        // Pokes at odd seconds, and changes of the smallest sizes, which fold what is owed into the open notional.
        for (const seconds of [1n, 7n, 43_201n]) {
          await connection.networkHelpers.time.increase(seconds);
          await marginVault.accrue();
        }
        await connection.networkHelpers.time.increase(43_190n);
        await freshRounds(market, wad("2000"));
        const price = wad("2000");
        await change(market, { account: alice, positionId: long, sizeDelta: -1n, price });
        await change(market, { account: carol, positionId: short, sizeDelta: 1n, price });
      }
      await closeAll(market, alice, wad("2000"));
      await closeAll(market, carol, wad("2000"));
    });
    // Four fees of 0.05% of 6,000,000 are 12,000, and 1,200,000 reserved for ten days cost 1% a year and more; ten days of
    // funding on one leg are 41,000.
    expect(profit).to.be.closeTo(-wad("13000"), wad("1000"));
    await expectConservation(market);
  });
});
