import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { expectNoProfit, positionsOf, wealthOf } from "../fixtures/attack.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitAndExecute } from "../fixtures/trading.ts";
import { cancelReason } from "../fixtures/vault.ts";

/** The smallest there is: a notional of 50 with a margin of 10 and a reserve of a tenth; 0.025 at 2,000. */
const SMALLEST = { size: wad("0.025"), margin: wad("10.025001"), reserve: wad("5") };

/**
 * The attacker litters the market with positions that are not worth their liquidation, by opening them so or by closing
 * all but a crumb, so that their losses stay with the pool. Units: trade.decrease.test.ts, liquidate.full.test.ts.
 */
describe("attack 06: dust that nobody liquidates", () => {
  it("cannot be opened (BH-47)", async () => {
    const market = await calmArena();
    const { alice, keeper } = market.accounts;
    await expectNoProfit(market, [alice, keeper], async () => {
      const dust = { sizeDelta: wad("0.0249"), margin: wad("11"), reserve: wad("5") };
      const { receipt } = await submitAndExecute(market, alice, dust);
      const reason = market.marginVault.interface.parseError(cancelReason(market, receipt));
      expect(reason?.name).to.equal("NotionalTooSmall");
    });
  });

  it("cannot be left behind: a close of all but a crumb closes all (BH-50)", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { alice, keeper } = accounts;
    await expectNoProfit(market, [alice, keeper], async () => {
      const id = await openPosition(market, {
        account: alice,
        size: wad("10"),
        margin: wad("2000"),
      });
      await submitAndExecute(market, alice, { positionId: id, sizeDelta: -wad("9.999") });
      expect((await marginVault.position(id)).size).to.equal(0n);
    });
  });

  it("pays its keeper at least the floor for each of the smallest, however far under (BH-90, LAW-14)", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { alice, keeper, stranger } = accounts;
    await expectNoProfit(market, [alice], async () => {
      for (let count = 0; count < 5; ++count) {
        await openPosition(market, { account: alice, ...SMALLEST });
      }
      const ids = await positionsOf(market, [alice.address]);
      expect(ids.length).to.equal(5);
      // 0.025 × 400 would be all of the margin; they are bankrupt at 1,500.
      await pushPrice(market, wad("1500"));
      await marginVault.connect(keeper).liquidateBatch(ids, "0x", stranger);
      expect(await positionsOf(market, [alice.address])).to.deep.equal([]);
      expect((await wealthOf(market, [stranger])).tokens).to.equal(wad("5"));
    });
  });
});
