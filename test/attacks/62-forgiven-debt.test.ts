import { expect } from "chai";
import { profitOf } from "../fixtures/attack.ts";
import { calmStage } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { giveMandate, liquidate } from "../fixtures/mandates.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { logOf } from "../fixtures/vault.ts";

// After a gap a position owes more than its margin. The box forgives that (BH-29); a rescue from its owner's wallet would
// pay it first, and whoever holds the pool's shares and liquidates would be paid what was written off. A mandate pulls
// nothing unless equity is positive (BH-233 †), and then no more than restores it, all of which is its owner's (BH-232).
// See also test/contracts/MarginVault/rescue.attacks.test.ts (62).

const SCALE = 10n ** 12n;

/** Alice's long of 1,000 with margin of 100,000, and a mandate as generous as can be. */
async function mandated() {
  const market = await calmStage();
  const { alice } = market.accounts;
  const positionId = await openPosition(market, {
    account: alice,
    size: wad("1000"),
    margin: wad("100000"),
    reserve: wad("400000"),
    price: wad("2000"),
  });
  await giveMandate(market, alice, positionId, { cap: wad("10000000"), targetRatio: wad("20") });
  return { ...market, market, positionId };
}

describe("attack 62: debt that the box forgives, collected through a rescue", () => {
  for (const [fall, owed] of [
    ["1890", "10000"],
    ["1781.5", "118501"],
    ["1500", "400000"],
    ["1000", "900000"],
  ] as const) {
    it(`brings pool and keeper nothing at ${fall}, where some ${owed} of debt are written off`, async () => {
      const earned = [];
      for (const stands of [false, true]) {
        const { market, positionId, token, mandateBook, accounts } = await mandated();
        const { alice, keeper, provider } = accounts;
        if (!stands) await mandateBook.connect(alice).revokeMandate(positionId);
        const wallet = await token.balanceOf(alice);
        await pushPrice(market, wad(fall));
        earned.push(
          await profitOf(market, [provider, keeper], async () => {
            const receipt = await liquidate(market, positionId);
            const { shortfall } = logOf(market, receipt, "PositionLiquidated");
            expect(shortfall).to.be.above((wad(owed) * 9n) / 10n);
            await market.marginVault.sweepDues();
          }),
        );
        expect(await token.balanceOf(alice)).to.equal(wallet);
        await expectConservation(market);
      }
      expect(earned[1]).to.equal(earned[0]);
    });
  }

  for (const fall of ["1945", "1920", "1902", "1901.1"]) {
    it(`pulls at ${fall}, where something is left, into the position alone`, async () => {
      const { market, positionId, token, marginVault, liquidityVault, accounts } = await mandated();
      const { alice, keeper, provider } = accounts;
      await pushPrice(market, wad(fall));
      const wallet = await token.balanceOf(alice);
      const { margin } = await marginVault.position(positionId);
      const before = [(await marginVault.market()).poolDue, await liquidityVault.cash()];
      const profit = await profitOf(market, [provider, keeper], () =>
        liquidate(market, positionId),
      );
      const pulled = (wallet - (await token.balanceOf(alice))) * SCALE;
      expect(pulled).to.be.above(wad("100000"));
      expect((await marginVault.position(positionId)).margin - margin).to.equal(pulled - wad("1"));
      expect([(await marginVault.market()).poolDue, await liquidityVault.cash()]).to.deep.equal(
        before,
      );
      // The keeper's floor, and what borrowing costs in two seconds.
      expect(profit).to.be.within(wad("1") - 10n ** 13n, wad("1") + 10n ** 13n);
      await expectConservation(market);
    });
  }
});
