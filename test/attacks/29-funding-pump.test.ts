import { expect } from "chai";
import { inFork, localArena } from "../fixtures/arena.ts";
import { closeAll, profitOf } from "../fixtures/attack.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { freshRounds } from "../fixtures/powers.ts";
import { openPosition } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

const FIVE_DAYS = 432_000n;

/**
 * The attacker is short 10,000 against Bob's long of 11,000 and receives what longs pay, 5% a year. With another address
 * it buys 9,000 for as few seconds as the market allows, so that the rate is ten times that, and waits.
 * Units: test/contracts/MarginVault/accrue.test.ts.
 */
describe("attack 29: funding driven by a skew of a few seconds", () => {
  it("is paid for those seconds alone, at a price of two fees (BH-33)", async () => {
    const market = await localArena();
    const { marginVault, accounts, connection } = market;
    const { alice, bob, carol, keeper } = accounts;
    const short = { account: alice, size: -wad("10000"), margin: wad("2000000") };
    await openPosition(market, { ...short, reserve: wad("2000000") });
    const long = { account: bob, size: wad("11000"), margin: wad("2000000") };
    await openPosition(market, { ...long, reserve: wad("2200000") });
    const end = (await now(market)) + FIVE_DAYS;
    const wait = (pumps: boolean) => async () => {
      if (pumps) {
        const pump = { account: carol, size: wad("8990"), margin: wad("1800000") };
        await openPosition(market, { ...pump, reserve: wad("1798000") });
        await marginVault.accrue();
        await closeAll(market, carol, wad("2000"));
      }
      await connection.networkHelpers.time.increaseTo(end);
      await freshRounds(market, wad("2000"));
      await closeAll(market, alice, wad("2000"));
    };
    const party = [alice, carol, keeper];
    const quiet = await inFork(market, () => profitOf(market, party, wait(false)));
    const pumped = await profitOf(market, party, wait(true));
    expect(pumped - quiet <= 0n, `the pump paid ${pumped - quiet}`).to.equal(true);
    // Two fees of 0.05% of 17,980,000; seconds at half of 100% a year on 20,000,000 are worth 0.3 each. Had the rate stayed
    // where the pump left it, five days of it would be worth 123,000.
    expect(pumped - quiet).to.be.closeTo(-wad("17980"), wad("50"));
  });
});
