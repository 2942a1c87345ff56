import { expect } from "chai";
import { calmArena, inFork } from "../fixtures/arena.ts";
import { closeAll, profitOf, wealthOf } from "../fixtures/attack.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change } from "../fixtures/vault.ts";

/** Long 100 at 2,000 that can win 20,000, with a margin of 10,000. */
const LONG = { size: wad("100"), margin: wad("10000"), reserve: wad("20000") };

/**
 * The attacker closes in parts, so that each part has the cap of the whole, or what is left escapes the least size.
 * Units: test/contracts/MarginVault/trade.decrease.test.ts.
 */
describe("attack 27: partial closes around the caps", () => {
  for (const [title, price, parts] of [
    ["far beyond its cap", "2600", ["10", "10", "30", "25"]],
    ["just below its cap", "2199", ["90", "9", "0.5"]],
    ["at a loss", "1970", ["1", "1", "50"]],
  ] as const) {
    it(`get a position ${title} no more than one close (BH-26, BH-28 †, LAW-7)`, async () => {
      const market = await calmArena();
      const { marginVault, accounts } = market;
      const { alice, keeper } = accounts;
      const id = await openPosition(market, { account: alice, ...LONG });
      const party = [alice, keeper];
      const atEntry = { price: wad("2000") };
      const before = (await wealthOf(market, party)).tokens;
      const atOnce = await inFork(market, () =>
        profitOf(market, party, () => closeAll(market, alice, wad(price)), atEntry),
      );
      const inParts = await profitOf(
        market,
        party,
        async () => {
          for (const part of parts) {
            const order = { account: alice, positionId: id, price: wad(price) };
            await change(market, { ...order, sizeDelta: -wad(part) });
            await expectConservation(market);
          }
          await closeAll(market, alice, wad(price));
        },
        atEntry,
      );
      expect((await marginVault.position(id)).size).to.equal(0n);
      expect(inParts - atOnce <= 0n, `parts paid ${inParts - atOnce}`).to.equal(true);
      const received = (await wealthOf(market, party)).tokens - before;
      expect(received).to.be.at.most(LONG.margin + LONG.reserve);
    });
  }

  it("get a part closed at a peak no more than that part's share of the cap (BH-28 †)", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { alice, keeper } = accounts;
    const id = await openPosition(market, { account: alice, ...LONG });
    const profit = await profitOf(market, [alice, keeper], async () => {
      const order = { account: alice, positionId: id, price: wad("2600") };
      await change(market, { ...order, sizeDelta: -wad("30") });
      const { size, reserve } = await marginVault.position(id);
      expect([size, reserve]).to.deep.equal([wad("70"), wad("14000")]);
      // The peak does not last: what the other seventy might have won is gone.
      await closeAll(market, alice, wad("2000"));
    });
    // 30 won 18,000, and may keep three tenths of 20,000, less the 9 by which 0.05% is more at 2,600; the rest goes at 2,000.
    expect(profit - wad("6000") <= 0n, `the peak paid ${profit - wad("6000")}`).to.equal(true);
    expect(profit).to.be.closeTo(wad("5991"), wad("0.5"));
  });
});
