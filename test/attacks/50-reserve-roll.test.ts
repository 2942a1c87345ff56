import { expect } from "chai";
import { expectNoProfit } from "../fixtures/attack.ts";
import { calmStage } from "../fixtures/attackStage.ts";
import { bestOf, DEPLOYED, Game, gridOf, LOCAL } from "../fixtures/attackTwin.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitAndExecute } from "../fixtures/trading.ts";
import { cancelReason, refusal } from "../fixtures/vault.ts";

// An account reserves little and raises its reserve each time the price nears the cap, to get the upside of a large one
// for the borrow fee of a small one. It can: what it saves is the rent of what it did not lock, and that is all. A reserve
// comes with size alone and within the size's notional (BH-25 †, BH-26), for a position fee on the way in and on the way
// out; not once the cap is reached (BH-27); and a gap through the cap is lost to it.

const PRICE = wad("2000");
const SIZE = wad("1000");
const NOTIONAL = wad("2000000");

/** A rise in steps, each followed by a wait. */
interface Rise {
  /** [basis points] */
  readonly step: bigint;
  readonly steps: number;
  /** Between two steps [s]. */
  readonly wait: bigint;
  /** A last step, over whatever cap there is [basis points]. */
  readonly gap: bigint;
  /** What each roll trades to raise its reserve [per cent of the size]. */
  readonly roll: bigint;
}

const RISES = {
  step: [50n, 200n, 500n, 900n],
  steps: [1, 4, 10],
  wait: [1n, 3_600n, 86_400n, 864_000n],
  gap: [0n, 1_000n, 3_000n],
  roll: [10n, 50n],
} as const;
const RULES = { ...LOCAL, curves: DEPLOYED };

function start() {
  return new Game({ rules: RULES, cash: wad("100000000") });
}

/** Reserves all of the notional from the first and holds. Returns what it earned and what its reserve cost. */
function atOnce(rise: Rise): { readonly profit: bigint; readonly rent: bigint } {
  const game = start();
  const reserve = (NOTIONAL * 999n) / 1_000n;
  const id = game.open({ size: SIZE, margin: wad("300000"), reserve }) ?? 0n;
  for (const bps of movesOf(rise)) game.move((game.price * (10_000n + bps)) / 10_000n, rise.wait);
  game.end(id);
  return { profit: game.profit, rent: (reserve * game.books.market.borrowIndex) / wad("1") };
}

/** Reserves a tenth, and buys and sells a part with all the reserve it may bring whenever a step would reach the cap. */
function rolled(rise: Rise): bigint {
  const game = start();
  const id = game.open({ size: SIZE, margin: wad("300000"), reserve: NOTIONAL / 10n }) ?? 0n;
  for (const bps of movesOf(rise)) {
    rollUp(game, id, rise);
    game.move((game.price * (10_000n + bps)) / 10_000n, rise.wait);
  }
  game.end(id);
  return game.profit;
}

function rollUp(game: Game, id: bigint, { step, roll }: Rise): void {
  const size = (SIZE * roll) / 100n;
  for (let tries = 0; tries < 8; tries += 1) {
    const { reserve, openNotional } = game.position(id);
    const worth = (SIZE * game.price) / wad("1");
    if (worth - openNotional + (worth * (step + 200n)) / 10_000n < reserve) return;
    const added = (((size * game.price) / wad("1")) * 999n) / 1_000n;
    if (!game.increase(id, { size, margin: added, reserve: added })) return;
    game.close(id, size);
  }
}

function movesOf({ step, steps, gap }: Rise): readonly bigint[] {
  return [...Array.from({ length: steps }, () => step), ...(gap === 0n ? [] : [gap])];
}

/** Rises by less than the notional: beyond it who reserved at once has no more to win, and who rolls locks more than it. */
function isWithinReserve(rise: Rise): boolean {
  const risen = movesOf(rise).reduce((price, bps) => (price * (10_000n + bps)) / 10_000n, PRICE);
  return risen < (PRICE * 199n) / 100n;
}

describe("attack 50: reserve roll, a small reserve raised as the price nears the cap", () => {
  it("never earns more than the rent that it did not pay, on any of some hundred rises and gaps", () => {
    const best = bestOf(gridOf(RISES), (rise) => {
      if (!isWithinReserve(rise)) return undefined;
      const { profit, rent } = atOnce(rise);
      return rolled(rise) - profit - rent;
    });
    expect(best.tried).to.be.above(200);
    expect(best.profit).to.be.below(0n);
  });

  it("costs more than reserving at once where the rise is over within a day", () => {
    const rises = gridOf({ ...RISES, step: [500n, 900n], steps: [4, 10], wait: [1n, 3_600n] });
    const best = bestOf(rises, (rise) =>
      isWithinReserve(rise) ? rolled(rise) - atOnce(rise).profit : undefined,
    );
    expect(best.tried).to.be.above(10);
    expect(best.profit).to.be.below(0n);
  });

  it("loses what a gap leaps over: half of the notional and more", () => {
    const rise = { step: 50n, steps: 1, wait: 3_600n, gap: 10_000n, roll: 10n };
    expect(atOnce(rise).profit - rolled(rise)).to.be.above(wad("1000000"));
  });

  it("finds no other way on the contracts: no reserve beyond what is added, none at the cap", async () => {
    const market = await calmStage();
    const { alice } = market.accounts;
    const opened = { account: alice, size: SIZE, margin: wad("300000") };
    await expectNoProfit(
      market,
      [alice],
      async () => {
        const id = await openPosition(market, { ...opened, reserve: wad("200000"), price: PRICE });
        const more = { positionId: id, sizeDelta: wad("1") };
        // One base unit brings 2,100 of reserve at most, and the reserve of the whole is what it wants.
        const greedy = { ...more, reserve: wad("200000"), price: wad("2100") };
        const { receipt } = await submitAndExecute(market, alice, greedy);
        expect(cancelReason(market, receipt)).to.equal(
          refusal(market, "ReserveOutOfBounds", [wad("200000"), wad("210"), wad("2100")]),
        );
        const late = { ...more, reserve: wad("2000"), price: wad("2201") };
        const refused = await submitAndExecute(market, alice, late);
        expect(cancelReason(market, refused.receipt)).to.include(
          market.marginVault.interface.getError("PositionAtCap")?.selector,
        );
        await pushPrice(market, PRICE);
      },
      { price: PRICE },
    );
    await expectConservation(market);
  });
});
