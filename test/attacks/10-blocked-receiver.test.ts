import { expect } from "chai";
import { hostileArena } from "../fixtures/arena.ts";
import {
  arm,
  deployAttacker,
  expectNoProfit,
  GREETING,
  runSteps,
  wealthOf,
} from "../fixtures/attack.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { executeOrder, openPosition, orderRequest } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

/** Of such a long the fall to 1,843 leaves 4.2: less than maintenance margin, less than a part could keep, and 3.2 above the fee. */
const SMALL = { size: wad("0.1"), margin: wad("20"), reserve: wad("40") };
/** Nothing is left of such a long at 1,800. */
const LONG = { size: wad("100"), margin: wad("10000"), reserve: wad("40000") };

async function tokenOf(market: MarketFixture) {
  return await market.connection.ethers.getContractAt("HostileToken", String(market.token.target));
}

/**
 * The attacker cannot be paid: the token has blocked it, or it is a contract that refuses everything. So whoever would
 * liquidate it is to fail, and its loss to wait for better prices.
 * Units: test/contracts/MarginVault/claim.test.ts, test/contracts/tokens.test.ts.
 */
describe("attack 10: a receiver that cannot be paid blocks its liquidation", () => {
  it("is liquidated, and what is left waits for it (BH-16)", async () => {
    const market = await hostileArena();
    const { marginVault, accounts } = market;
    const { alice, keeper } = accounts;
    const token = await tokenOf(market);
    const profit = await expectNoProfit(market, [alice], async () => {
      const id = await openPosition(market, { account: alice, ...SMALL });
      await token.setBlocked(alice, true);
      await pushPrice(market, wad("1843"));
      await marginVault.connect(keeper).liquidate(id, "0x", keeper);
      expect((await marginVault.position(id)).size).to.equal(0n);
      expect((await wealthOf(market, [alice])).claimable).to.be.closeTo(wad("3.2"), wad("0.001"));
      await pushPrice(market, wad("2500"));
      await token.setBlocked(alice, false);
    });
    expect(profit).to.be.closeTo(-wad("17.3"), wad("0.001"));
    await expectConservation(market);
  });

  it("is liquidated where the keeper's receiver is the blocked one", async () => {
    const market = await hostileArena();
    const { marginVault, accounts } = market;
    const { alice, keeper, stranger } = accounts;
    const token = await tokenOf(market);
    await expectNoProfit(market, [alice], async () => {
      const id = await openPosition(market, { account: alice, ...LONG });
      await token.setBlocked(stranger, true);
      await pushPrice(market, wad("1800"));
      await marginVault.connect(keeper).liquidate(id, "0x", stranger);
      expect((await marginVault.position(id)).size).to.equal(0n);
    });
    expect((await wealthOf(market, [stranger])).claimable).to.equal(wad("1"));
  });

  it("is liquidated where it is a contract that refuses every call: nobody calls it", async () => {
    const market = await hostileArena();
    const { marginVault, orderBook, accounts } = market;
    const attacker = await deployAttacker(market, 20_000_000_000n);
    await expectNoProfit(market, [attacker], async () => {
      const { size, ...amounts } = LONG;
      const request = await orderRequest(market, { sizeDelta: size, ...amounts });
      const data = orderBook.interface.encodeFunctionData("submit", [request]);
      await runSteps(attacker, [{ target: orderBook, data }]);
      const orderId = await orderBook.orderCount();
      await executeOrder(market, { orderId, submittedAt: await now(market) }, wad("2000"));
      for (const greeting of [GREETING.refuses, GREETING.burnsGas, GREETING.floods]) {
        await arm(attacker, greeting);
      }
      await pushPrice(market, wad("1902"));
      await marginVault.connect(accounts.keeper).liquidate(orderId, "0x", accounts.keeper);
      expect((await marginVault.position(orderId)).size).to.equal(0n);
      expect(await attacker.greetings()).to.equal(0n);
      await pushPrice(market, wad("2500"));
    });
  });
});
