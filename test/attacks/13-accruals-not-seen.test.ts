import { expect } from "chai";
import { inFork, largest, localArena } from "../fixtures/arena.ts";
import { profitOf } from "../fixtures/attack.ts";
import type { MarketFixture } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { freshRounds } from "../fixtures/powers.ts";
import { openPosition } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

const MONTH = 30n * 86_400n;

/** Alice's long skews the market by half of what funding saturates at; a month passes in which nobody calls the market. */
async function neglected(market: MarketFixture): Promise<bigint> {
  const { alice } = market.accounts;
  const long = { account: alice, size: wad("10000"), margin: wad("2000000") };
  const id = await openPosition(market, long);
  await market.connection.networkHelpers.time.increase(MONTH);
  await freshRounds(market, wad("2000"));
  return id;
}

/**
 * The attacker owes a month of funding and borrow fees, and acts before anybody has had them counted.
 * Laws: LAW-9; units: test/contracts/MarginVault/accrue.test.ts, removeMargin.test.ts.
 */
describe("attack 13: acting on accruals that nobody has brought up to date", () => {
  it("takes out no more than if they had been: the poke changes nothing (BH-33)", async () => {
    const market = await localArena();
    const { marginVault, accounts } = market;
    const { alice, keeper } = accounts;
    const id = await neglected(market);
    const vault = marginVault.connect(alice);
    const second = (await now(market)) + 10n;
    /** The most that comes out in one and the same second [token], after a poke or after an empty block. */
    const mostOf = (poked: boolean) =>
      inFork(market, async () => {
        await market.connection.networkHelpers.time.setNextBlockTimestamp(second);
        await (poked ? marginVault.accrue() : market.connection.networkHelpers.mine());
        return await largest(2_000_000_000_000n, (amount) =>
          vault.removeMargin.staticCall(id, amount, alice, "0x"),
        );
      });
    const [asStored, asOwed] = [await mostOf(false), await mostOf(true)];
    expect(asStored - asOwed <= 0n, `not poking paid ${asStored - asOwed}`).to.equal(true);
    // Half of 100% of 20,000,000 for 30 of 365 days, 821,917.8, a fifth of it is reserved at 1% a year and more.
    expect(asStored).to.be.below(370_000_000_000n);
    const profit = await profitOf(market, [alice, keeper], () =>
      vault.removeMargin(id, asStored - 10_000_000n, alice, "0x"),
    );
    expect(profit <= 0n, `walking away paid ${profit}`).to.equal(true);
  });

  it("does not hide from a liquidator, who need not poke first", async () => {
    const market = await localArena();
    const { marginVault, accounts } = market;
    const { alice, keeper } = accounts;
    const id = await neglected(market);
    await market.connection.networkHelpers.time.increase(MONTH);
    await freshRounds(market, wad("2000"));
    const before = (await marginVault.position(id)).size;
    // Two months cost more than 1,640,000 of 1,990,000: 500,000 would have to be left.
    const profit = await profitOf(market, [alice, keeper], () =>
      marginVault.connect(keeper).liquidate(id, "0x", keeper),
    );
    expect((await marginVault.position(id)).size).to.be.below(before);
    expect(profit <= 0n, `being liquidated paid ${profit}`).to.equal(true);
  });
});
