import { expect } from "chai";
import { expectNoProfit } from "../fixtures/attack.ts";
import { calmStage } from "../fixtures/attackStage.ts";
import { bestOf, Game, gridOf, type Rule } from "../fixtures/attackTwin.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { TERMS } from "../fixtures/snapshots.ts";
import { openPosition } from "../fixtures/trading.ts";
import { mined } from "../fixtures/vault.ts";

// An account is its own keeper. It lets its margin be used up, by a move and by the impact of its own exit, liquidates
// itself and takes the fee, 0.5% of the notional, out of the pool's reserve. The reserve pays no more than the keeper's
// floor (BH-90 †), which every account has put in ten times over: `minMargin`. See also
// test/contracts/MarginVault/attacks.test.ts (53) and liquidate.full.test.ts.

const PRICE = wad("2000");

interface Suicide {
  /** [WAD base] */
  readonly size: bigint;
  readonly short: boolean;
  /** [basis points of notional] */
  readonly margin: bigint;
  readonly reserve: bigint;
  /** How far the price goes against it [basis points]. */
  readonly against: bigint;
}

/**
 * Opens, moves, liquidates again and again, and returns what the account has more than if its position had been closed
 * for what it was worth at the index price; the loss by the move itself is no matter of the attack.
 */
function suicide(without: Rule | undefined, plan: Suicide): bigint | undefined {
  const game = new Game({ cash: wad("1000000000"), ...(without === undefined ? {} : { without }) });
  const notional = (plan.size * PRICE) / wad("1");
  const margin = (notional * plan.margin) / 10_000n + wad("1");
  const size = plan.short ? -plan.size : plan.size;
  const reserve = (notional * plan.reserve) / 10_000n + wad("1");
  const id = game.open({ size, margin, reserve });
  if (id === undefined) return undefined;
  const change = plan.short ? plan.against : -plan.against;
  game.move((PRICE * (10_000n + change)) / 10_000n);
  if (!game.liquidate(id)) return undefined;
  for (let again = 0; again < 5; again += 1) {
    game.move(game.price, 31n);
    game.liquidate(id);
  }
  game.end(id);
  const loss = (notional * plan.against) / 10_000n;
  return game.profit + (loss < margin ? loss : margin);
}

const SUICIDES = {
  size: [wad("0.03"), wad("1"), wad("1000"), wad("20000")],
  short: [true, false],
  margin: [420n, 500n, 1_000n, 2_000n],
  reserve: [1_000n, 5_000n],
  against: [200n, 260n, 350n, 400n, 410n, 450n, 490n, 500n, 980n, 1_000n, 1_050n, 2_100n, 5_000n],
} as const;

describe("attack 53: self-liquidation for the fee", () => {
  it("paid 8,950 out of the reserve on two millions while the reserve paid all of the fee", () => {
    const best = bestOf(
      gridOf({ ...SUICIDES, size: [wad("1000")], margin: [1_000n], against: [1_050n] }),
      (plan) => suicide("the reserve pays the floor alone", plan),
    );
    // 0.5% of 1,000 × 1,790 for a long and of 1,000 × 2,210 for a short.
    expect(best.profit).to.be.above(wad("8900"));
  });

  it("brings at most the floor of one, which the pool owes whoever liquidates, beyond what the move left", () => {
    const best = bestOf(gridOf(SUICIDES), (plan) => suicide(undefined, plan));
    expect(best.tried).to.be.above(200);
    expect(best.profit).to.be.at.most(TERMS.keeperFeeFloor);
  });

  it("never pays: what was put in does not come back, at any price against it", () => {
    const best = bestOf(gridOf(SUICIDES), (plan) => {
      const beyond = suicide(undefined, plan);
      if (beyond === undefined) return undefined;
      const notional = (plan.size * PRICE) / wad("1");
      const margin = (notional * plan.margin) / 10_000n + wad("1");
      const loss = (notional * plan.against) / 10_000n;
      return beyond - (loss < margin ? loss : margin);
    });
    expect(best.profit).to.be.below(0n);
  });

  for (const fall of ["1949", "1899", "1790", "1500"]) {
    it(`costs margin on the contracts at ${fall}, with the account as keeper and receiver`, async () => {
      const market = await calmStage();
      const { marginVault, liquidityVault, accounts } = market;
      const { alice } = accounts;
      const cash = await liquidityVault.cash();
      await expectNoProfit(market, [alice], async () => {
        const positionId = await openPosition(market, {
          account: alice,
          size: wad("1000"),
          margin: wad("100000"),
          price: PRICE,
        });
        await pushPrice(market, wad(fall));
        await mined(marginVault.connect(alice).liquidate(positionId, "0x", alice));
      });
      // The pool is not a loser either, not even of the floor: the margin that it won is more.
      await marginVault.sweepDues();
      expect(await liquidityVault.cash()).to.be.above(cash);
      await expectConservation(market);
    });
  }
});
