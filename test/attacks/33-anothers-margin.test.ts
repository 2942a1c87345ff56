import { expect } from "chai";
import { calmArena, inFork } from "../fixtures/arena.ts";
import { closeAll, expectNoProfit, wealthOf } from "../fixtures/attack.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";

/** What makes the attacker's equity 5,000 at 1,700, so that its liquidation pays the pool all that it has lost [token]. */
const MISSING = 216_055_000_000n;

/** Bob's long of 100 with ample margin, and the attacker's of 1,000 that is bankrupt at 1,700: 210,000 are missing. */
async function sameVault() {
  const market = await calmArena();
  const { alice, bob } = market.accounts;
  const victim = { account: bob, size: wad("100"), margin: wad("60000") };
  await openPosition(market, victim);
  const id = await openPosition(market, {
    account: alice,
    size: wad("1000"),
    margin: wad("90000"),
  });
  await pushPrice(market, wad("1700"));
  return { market, id };
}

/** What Bob ends with when the attacker's position has been liquidated: bankrupt, or after it paid what was missing. */
async function endOfBob(market: MarketFixture, id: bigint, paid: boolean): Promise<bigint> {
  const { marginVault, accounts } = market;
  const { alice, bob, keeper } = accounts;
  await (paid ? marginVault.connect(alice).addMargin(id, MISSING) : marginVault.accrue());
  await marginVault.connect(keeper).liquidate(id, "0x", keeper);
  expect((await marginVault.position(id)).size).to.equal(0n);
  await closeAll(market, bob, wad("1700"));
  return (await wealthOf(market, [bob])).tokens;
}

/**
 * The attacker loses three times its margin in the vault where everybody's margins lie. What it does not pay is to come
 * out of theirs. Laws: LAW-1, LAW-5; units: test/contracts/MarginVault/liquidate.full.test.ts.
 */
describe("attack 33: an excess loss that eats another's margin", () => {
  it("leaves another what it would have had if the loss had been paid, to the wei (BH-29, LAW-5)", async () => {
    const { market, id } = await sameVault();
    const whenPaid = await inFork(market, () => endOfBob(market, id, true));
    const whenBankrupt = await endOfBob(market, id, false);
    expect(whenBankrupt - whenPaid).to.equal(0n);
    await expectConservation(market);
  });

  it("brings the attacker nothing of it either", async () => {
    const { market, id } = await sameVault();
    const { marginVault, accounts } = market;
    const { alice, keeper } = accounts;
    const profit = await expectNoProfit(
      market,
      [alice, keeper],
      async () => {
        await marginVault.connect(keeper).liquidate(id, "0x", keeper);
        await expectConservation(market);
      },
      { price: wad("2000") },
    );
    // At 2,000 it had 90,000 less fees of 1,000 each way: the floor of 1 is left.
    expect(profit).to.be.closeTo(-wad("87999"), wad("1"));
  });
});
