import { expect } from "chai";
import { inFork, localArena } from "../fixtures/arena.ts";
import { closeAll, profitOf } from "../fixtures/attack.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { freshRounds } from "../fixtures/powers.ts";
import { openPosition } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

const DAY = 86_400n;

/**
 * The attacker is short for a day, and receives what longs pay. With another address it buys as much as the market allows,
 * for as few seconds as the market allows, so that the rate is at its highest for the day.
 * Units: test/contracts/MarginVault/accrue.test.ts.
 */
describe("attack 29: funding driven by a skew of a few seconds", () => {
  it("is paid for those seconds alone, at a price of two fees (BH-33)", async () => {
    const market = await localArena();
    const { marginVault, accounts, connection } = market;
    const { alice, bob, carol, keeper } = accounts;
    const longOfBob = { account: bob, size: wad("2000"), margin: wad("400000") };
    await openPosition(market, { ...longOfBob, reserve: wad("400000") });
    const short = { account: alice, size: -wad("1000"), margin: wad("200000") };
    const start = (await now(market)) + 100n;
    const day = (pumps: boolean) => async () => {
      await openPosition(market, { ...short, reserve: wad("200000") });
      if (pumps) {
        const pump = { size: wad("17000"), margin: wad("1700000"), reserve: wad("3400000") };
        await openPosition(market, { account: carol, ...pump });
        await marginVault.accrue();
        await closeAll(market, carol, wad("2000"));
      }
      await connection.networkHelpers.time.increaseTo(start + DAY);
      await freshRounds(market, wad("2000"));
      await closeAll(market, alice, wad("2000"));
    };
    const party = [alice, carol, keeper];
    const quiet = await inFork(market, () => profitOf(market, party, day(false)));
    const pumped = await profitOf(market, party, day(true));
    // Balancing the market is paid for: 5% of 2,000,000 a year, less the fees of 2,000.
    expect(pumped - quiet <= 0n, `the pump paid ${pumped - quiet}`).to.equal(true);
    // Two fees of 0.05% of 34,000,000; three seconds at the highest rate are worth 0.2 on 2,000,000.
    expect(pumped - quiet).to.be.closeTo(-wad("34000"), wad("100"));
  });
});
