import { expect } from "chai";
import { expectNoProfit } from "../fixtures/attack.ts";
import { calmStage } from "../fixtures/attackStage.ts";
import { bestOf, Game, gridOf, LOCAL, type Start } from "../fixtures/attackTwin.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change } from "../fixtures/vault.ts";

// One actor holds two opposite legs. A move ends one of them by force, by liquidation or at its cap. Did that end skip
// the skew, the other leg would buy or sell into the premium that nobody has paid back. Every close fills at the skew
// (BH-39 †), so the two together pay their fees. See also test/contracts/MarginVault/attacks.test.ts (52).

const PRICE = wad("2000");
/**
 * A market two hundred times shallower than the local one, and a cap beyond BH-9: the bound of open interest alone would
 * make this attack too dear, and the rule must hold without its help.
 */
const UNBOUNDED = {
  rules: { ...LOCAL, curves: { ...LOCAL.curves, skewScale: wad("100000") } },
  maxOpenInterest: wad("4000"),
  cash: wad("1000000000"),
};

interface Pump {
  /** Which leg is opened first. */
  readonly longFirst: boolean;
  /** [WAD base] */
  readonly size: bigint;
  /** Of each leg, in basis points of notional. */
  readonly longMargin: bigint;
  readonly shortMargin: bigint;
  readonly reserve: bigint;
  /** Where the price goes [basis points of the first]. */
  readonly to: bigint;
}

/** Opens both legs, moves the price, ends by force what can be, closes the rest, and returns what that earned. */
function pump(start: Start, plan: Pump): bigint | undefined {
  const game = new Game(start);
  const notional = (plan.size * PRICE) / wad("1");
  const bps = (part: bigint) => (notional * part) / 10_000n;
  const leg = (sign: bigint) => {
    const margin = bps(sign > 0n ? plan.longMargin : plan.shortMargin);
    return game.open({ size: sign * plan.size, margin, reserve: bps(plan.reserve) });
  };
  const ids = plan.longFirst ? [leg(1n), leg(-1n)] : [leg(-1n), leg(1n)];
  if (ids[0] === undefined || ids[1] === undefined) return undefined;
  game.move((PRICE * plan.to) / 10_000n);
  for (const id of ids) if (id !== undefined && !game.settle(id)) game.liquidate(id);
  for (const id of ids) if (id !== undefined) game.end(id);
  return game.profit;
}

const PUMPS = {
  longFirst: [true, false],
  size: [wad("1"), wad("200"), wad("1000")],
  longMargin: [600n, 700n, 1_200n, 2_500n],
  shortMargin: [600n, 700n, 1_200n, 2_500n],
  reserve: [1_000n, 1_500n, 2_000n],
  // Within the margins: a gap beyond them is attack 49.
  // Among them the prices at which one leg just reaches its cap, were no skew in the way.
  to: [
    8_600n,
    8_949n,
    8_900n,
    9_000n,
    9_049n,
    9_300n,
    9_430n,
    9_500n,
    9_750n,
    9_900n,
    10_100n,
    10_250n,
    10_500n,
    10_570n,
    10_951n,
    11_000n,
    11_051n,
    11_451n,
    11_551n,
  ],
} as const;

/** Moves that no margin of a pump is used up by: what is left of a leg pays its loss and the worst of its exits. */
function isWithin({ longMargin, shortMargin, to }: Pump): boolean {
  const move = to > 10_000n ? to - 10_000n : 10_000n - to;
  return move + 110n < longMargin && move + 110n < shortMargin;
}

function* pumps(): Generator<Pump> {
  for (const plan of gridOf(PUMPS)) if (isWithin(plan)) yield plan;
}

describe("attack 52: skew pump, two legs of which one ends by force", () => {
  it("paid more than 5,416 on two millions where a forced close skipped the skew", () => {
    const start = { ...UNBOUNDED, without: "every close fills at the skew" } as const;
    expect(bestOf(pumps(), (plan) => pump(start, plan)).profit).to.be.above(wad("5416"));
  });

  it("pays nothing with the rule, by any of some hundred pumps", () => {
    const best = bestOf(pumps(), (plan) => pump(UNBOUNDED, plan));
    expect(best.tried).to.be.above(300);
    expect(best.profit).to.be.below(0n);
  });

  it("pays nothing in the local market, of up to forty millions", () => {
    const sizes = [wad("1000"), wad("10000"), wad("20000")];
    const grid = [...gridOf({ ...PUMPS, size: sizes })].filter(isWithin);
    const best = bestOf(grid, (plan) => pump({ cash: UNBOUNDED.cash }, plan));
    expect(best.tried).to.be.above(300);
    expect(best.profit).to.be.below(0n);
  });

  for (const [how, to] of [
    ["liquidated at 1,820", "1820"],
    ["settled at its cap at 2,205", "2205"],
  ] as const) {
    it(`pays nothing on the contracts when the long is ${how} and the short closed after it`, async () => {
      const market = await calmStage();
      const { marginVault, orderBook, accounts } = market;
      const { alice } = accounts;
      const [size, price] = [wad("10000"), PRICE];
      await expectNoProfit(market, [alice], async () => {
        const short = await openPosition(market, {
          account: alice,
          size: -size,
          margin: wad("2200000"),
          reserve: wad("2000000"),
          price,
        });
        const long = await openPosition(market, {
          account: alice,
          size,
          margin: wad("2000000"),
          reserve: wad("2000000"),
          price,
        });
        await pushPrice(market, wad(to));
        if (to === "1820") await marginVault.connect(alice).liquidate(long, "0x", alice);
        else await orderBook.connect(alice).settleAtCap(long, "0x", alice);
        for (const positionId of [long, short]) {
          const { size: left } = await marginVault.position(positionId);
          if (left === 0n) continue;
          await change(market, { account: alice, positionId, sizeDelta: -left, price: wad(to) });
        }
      });
      await expectConservation(market);
    });
  }
});
