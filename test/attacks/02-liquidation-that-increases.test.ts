import { expect } from "chai";
import { calmArena, inFork } from "../fixtures/arena.ts";
import { profitOf } from "../fixtures/attack.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { mined } from "../fixtures/vault.ts";

/** Bob is long 100 with equity between half of maintenance margin and all of it: a part of it is to be closed. */
async function victim(market: MarketFixture, sign: bigint): Promise<bigint> {
  const { bob } = market.accounts;
  const size = sign * wad("100");
  const id = await openPosition(market, { account: bob, size, margin: wad("9000") });
  await pushPrice(market, wad("2000") - sign * wad("45"));
  return id;
}

/**
 * The attacker is the keeper. It names the victim again and again in one batch, second after second, in the hope that a
 * step overshoots, turns the position round or makes it larger, and that each pays a fee.
 * Units: test/contracts/MarginVault/liquidate.partial.test.ts, liquidateBatch.test.ts.
 */
describe("attack 02: a liquidation that increases its victim", () => {
  for (const [side, sign] of [
    ["long", 1n],
    ["short", -1n],
  ] as const) {
    it(`pays once however often a ${side} is named, and the position only shrinks (BH-86, BH-88, LAW-6)`, async () => {
      const market = await calmArena();
      const { marginVault, accounts } = market;
      const { carol } = accounts;
      const id = await victim(market, sign);
      const keeper = marginVault.connect(carol);
      const once = await inFork(market, () =>
        profitOf(market, [carol], async () => mined(keeper.liquidate(id, "0x", carol))),
      );
      const sizes = [sign * (await marginVault.position(id)).size];
      const often = await profitOf(market, [carol], async () => {
        await mined(keeper.liquidateBatch([id, id, id, id], "0x", carol));
        sizes.push(sign * (await marginVault.position(id)).size);
        for (let second = 0; second < 5; ++second) {
          await expect(keeper.liquidate(id, "0x", carol)).to.be.revertedWithCustomError(
            marginVault,
            "PositionHealthy",
          );
          sizes.push(sign * (await marginVault.position(id)).size);
        }
      });
      expect(once > 0n, "a liquidation pays its keeper").to.equal(true);
      expect(often - once <= 0n, `naming it again paid ${often - once}`).to.equal(true);
      const [before = 0n, after = 0n, ...later] = sizes;
      expect(after > 0n && after < before, "it shrinks and keeps its side").to.equal(true);
      expect(new Set(later)).to.deep.equal(new Set([after]));
    });
  }
});
