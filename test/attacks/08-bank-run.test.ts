import { expect } from "chai";
import { askBack, calmArena, servePool } from "../fixtures/arena.ts";
import { closeAll, wealthOf } from "../fixtures/attack.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { fundPool, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";

/** Alice and Bob each have a million in the pool when a long of Carol's loses four times its margin. */
async function wreck() {
  const market = await calmArena();
  const { marginVault, accounts } = market;
  const { alice, bob, carol } = accounts;
  await fundPool(market, alice, wad("1000000.5"));
  await fundPool(market, bob, wad("1000000.5"));
  const long = { account: carol, size: wad("1000"), margin: wad("100000") };
  const id = await openPosition(market, long);
  await pushPrice(market, wad("1600"));
  return { market, marginVault, alice, bob, carol, id };
}

/**
 * A long is bankrupt. Whoever learns of it first runs for the exit, so that the hole is left to those who stay.
 * Laws: LAW-1, LAW-2; units: test/contracts/LiquidityVault/attacks.test.ts (56).
 */
describe("attack 08: bad debt and a bank run", () => {
  it("brings who runs first nothing over who stays: there is no hole (BH-28, BH-29)", async () => {
    const { market, marginVault, alice, bob, id } = await wreck();
    // Alice runs before the liquidation, Bob leaves long after it.
    await askBack(market, alice);
    await marginVault.connect(market.accounts.keeper).liquidate(id, "0x", market.accounts.keeper);
    await servePool(market, "fulfillRedeems");
    await askBack(market, bob);
    await servePool(market, "fulfillRedeems");
    const { liquidityVault } = market;
    const [ran, stayed] = [
      await liquidityVault.maxWithdraw(alice),
      await liquidityVault.maxWithdraw(bob),
    ];
    expect(ran - stayed <= 0n, `running paid ${ran - stayed}`).to.equal(true);
    expect(ran).to.be.closeTo(stayed, 600_000n);
    // Carol's 100,000 less fees are in the pool, so nobody has lost anything.
    expect(ran).to.be.above(1_000_000_000_000n);
    await expectConservation(market);
  });

  it("pays every other position to the last unit, whichever closes last", async () => {
    const { market, marginVault, alice, bob, id } = await wreck();
    for (const account of [alice, bob]) {
      await openPosition(market, { account, size: -wad("10"), margin: wad("5000") });
    }
    await marginVault.connect(market.accounts.keeper).liquidate(id, "0x", market.accounts.keeper);
    await pushPrice(market, wad("1500"));
    const { provider } = market.accounts;
    const owed = (await wealthOf(market, [alice, bob])).positions;
    await closeAll(market, alice, wad("1500"));
    await closeAll(market, bob, wad("1500"));
    // Twice 5,000 of margin and 10 × 100 of gain; 1.5992 for what the skew was and is; fees of 16.0008 and 14.9999.
    expect(owed).to.be.closeTo(wad("11970.5985"), wad("0.001"));
    for (const account of [alice, bob, provider]) await askBack(market, account);
    await servePool(market, "fulfillRedeems");
    await expectConservation(market);
  });
});
