import { expect } from "chai";
import { profitOf } from "../fixtures/attack.ts";
import { drawnPath, realMoves, recordedPath, type Step } from "../fixtures/attackMoves.ts";
import { calmStage } from "../fixtures/attackStage.ts";
import { bestOf, Game, gridOf, LOCAL } from "../fixtures/attackTwin.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change } from "../fixtures/vault.ts";

// A long and a short of one actor, at the highest leverage, wait for a jump: one leg loses its margin and no more, the
// other wins the whole gap. What stands against it: initial margin of at least 4% on push feeds (SPEC section 12), more
// than any one round of the real feed has moved; four position fees; liquidation on the way (BH-84 to BH-90); and the
// reserve, which bounds the winner (BH-23, BH-24, LAW-7). Gaps of the tests of LAW-10: test/invariant/Profit.sol.

const PRICE = wad("2000");
const SIZE = wad("1000");
const NOTIONAL = wad("2000000");

/** Margin and reserve of either leg [basis points of notional]. */
interface Straddle {
  readonly margin: bigint;
  readonly reserve: bigint;
}

/** From the least that opens, 24.4 times leverage, to none at all. */
const STRADDLES = {
  margin: [410n, 420n, 450n, 500n, 600n, 800n, 1_000n, 2_000n, 5_000n, 10_000n],
  reserve: [1_000n, 2_000n, 5_000n, 9_900n],
} as const;

const WAITING: readonly Straddle[] = [
  { margin: 410n, reserve: 1_000n },
  { margin: 410n, reserve: 9_900n },
  { margin: 800n, reserve: 5_000n },
];

/** Opens both legs; the actor is its own keeper all the way. */
function openStraddle({ margin, reserve }: Straddle, price = PRICE, rules = LOCAL) {
  const game = new Game({ cash: wad("100000000"), price, rules });
  const bps = (part: bigint) => (((SIZE * price) / wad("1")) * part) / 10_000n;
  const leg = { margin: bps(margin), reserve: bps(reserve) };
  const ids = [game.open({ ...leg, size: SIZE }), game.open({ ...leg, size: -SIZE })];
  return { game, long: ids[0] ?? 0n, short: ids[1] ?? 0n };
}

/** What a straddle earns through one move. */
function through(straddle: Straddle, bps: bigint, rules = LOCAL): bigint {
  const { game, long, short } = openStraddle(straddle, PRICE, rules);
  expect(game.books.positions.size).to.equal(2);
  game.move((PRICE * (10_000n + bps)) / 10_000n);
  game.end(bps < 0n ? long : short);
  game.end(bps < 0n ? short : long);
  return game.profit;
}

/**
 * What a straddle earns that is opened at a round of a path and kept until a round takes one of its legs, or for 150.
 *
 * Once a leg is cut the other is a bet on the price, fair and large: the actor hedges it elsewhere, at the index and for
 * nothing, so that what is left is what the market gives away.
 */
function along(path: readonly Step[], from: number, straddle: Straddle): bigint {
  const start = (path[from]?.answer ?? 0n) * 10n ** 10n;
  const { game, long, short } = openStraddle(straddle, start);
  let hedge = 0n;
  for (const { answer, seconds } of path.slice(from + 1, from + 151)) {
    const price = answer * 10n ** 10n;
    const net = game.position(long).size + game.position(short).size;
    hedge += (net * (price - game.price)) / wad("1");
    game.move(price, seconds);
    takeForced(game, [long, short], start);
    if (game.books.positions.size < 2) break;
  }
  game.end(long);
  game.end(short);
  return game.profit - hedge;
}

/** Within one per cent of where it began no leg is near its end, which is left unasked to save time. */
function takeForced(game: Game, ids: readonly bigint[], start: bigint): void {
  const moved = game.price > start ? game.price - start : start - game.price;
  if (100n * moved < start) return;
  for (const id of ids) if (!game.liquidate(id)) game.settle(id);
}

describe("attack 49: gap straddle, long and short at the highest leverage before a jump", () => {
  it("loses in every single one of 11,105 real rounds, and so on average, at every leverage and reserve", () => {
    const moves = realMoves();
    expect(moves.reduce((sum, { count }) => sum + count, 0)).to.equal(11_105);
    for (const straddle of gridOf(STRADDLES)) {
      let sum = 0n;
      for (const { bps, count } of moves) {
        // As far as the farthest of its row: the others of it moved less, and paid less.
        const profit = through(straddle, bps);
        expect(profit).to.be.below(0n);
        sum += BigInt(count) * profit;
      }
      // At least all four fees, 0.2% of the notional, but for what ends by liquidation.
      expect(sum / 11_105n).to.be.below(-wad("2000"));
    }
  });

  it("would win in thirty of them at an initial margin of 1.1%, which no push feed may have", () => {
    const terms = {
      ...LOCAL.terms,
      initialMarginRatio: wad("0.011"),
      maintenanceMarginRatio: wad("0.0075"),
      liquidationFeeRatio: wad("0.001"),
    };
    const rules = { ...LOCAL, terms };
    const straddle = { margin: 120n, reserve: 5_000n };
    const won = realMoves().filter(({ bps }) => through(straddle, bps, rules) > 0n);
    expect(won.reduce((sum, { count }) => sum + count, 0)).to.be.above(30);
  });

  it("loses in the largest step that any real feed of the base has made, 3.7%, and up to the margin", () => {
    for (const straddle of gridOf(STRADDLES)) {
      for (const bps of [370n, -370n, 400n, -400n, straddle.margin - 1n, 1n - straddle.margin]) {
        if (bps > -10_000n) expect(through(straddle, bps)).to.be.below(0n);
      }
    }
  });

  it("wins in a gap beyond the margin, no more than the reserve less the margin it has lost", () => {
    const gaps = [600n, 1_000n, 2_000n, 5_000n, 9_000n, -600n, -1_000n, -2_000n, -5_000n, -9_000n];
    for (const straddle of gridOf(STRADDLES)) {
      const reserve = (NOTIONAL * straddle.reserve) / 10_000n;
      const margin = (NOTIONAL * straddle.margin) / 10_000n;
      for (const bps of gaps) {
        const most = reserve > margin ? reserve - margin : 0n;
        expect(through(straddle, bps)).to.be.at.most(most);
      }
    }
    const best = bestOf(gridOf({ ...STRADDLES, gap: gaps }), (plan) => through(plan, plan.gap));
    expect(best.profit).to.be.above(wad("1000000"));
  });

  for (const [name, path] of [
    ["5,000 rounds drawn from the table", drawnPath(5_000, 49)],
    ["the recorded rounds, where they are at hand", recordedPath() ?? drawnPath(5_000, 50)],
  ] as const) {
    it(`loses on average when it waits for its jump along ${name}`, () => {
      for (const straddle of WAITING) {
        let [sum, tried] = [0n, 0n];
        for (let from = 0; from < path.length - 2; from += 101) {
          sum += along(path, from, straddle);
          tried += 1n;
        }
        expect(tried).to.be.at.least(50n);
        expect(sum / tried).to.be.below(-wad("2000"));
      }
    });
  }

  it("loses on the contracts at the least margin through the largest real round, down and up", async () => {
    for (const to of ["1934.3", "2063.6", "1926"]) {
      const market = await calmStage();
      expect(await straddleOnContracts(market, wad(to))).to.be.below(0n);
    }
  });

  it("takes on the contracts no more out of the pool than one reserve, in a gap of a fifth", async () => {
    const market = await calmStage();
    const { liquidityVault, marginVault } = market;
    const before = await liquidityVault.cash();
    const profit = await straddleOnContracts(market, wad("1600"));
    // The short wins its reserve of 200,000, the long has lost its 82,000; three fees of 1,000.
    expect(profit).to.be.within(wad("114000"), wad("118000"));
    await marginVault.sweepDues();
    expect(before - (await liquidityVault.cash())).to.be.below(wad("200000"));
    await expectConservation(market);
  });
});

async function straddleOnContracts(market: MarketFixture, price: bigint): Promise<bigint> {
  const { alice } = market.accounts;
  const { marginVault, orderBook } = market;
  return await profitOf(market, [alice], async () => {
    const leg = {
      account: alice,
      margin: wad("82200"),
      reserve: wad("200000"),
      price: PRICE,
    };
    const ids = [
      await openPosition(market, { ...leg, size: SIZE }),
      await openPosition(market, { ...leg, size: -SIZE }),
    ];
    await pushPrice(market, price);
    for (const id of ids) {
      await marginVault
        .connect(alice)
        .liquidate(id, "0x", alice)
        .catch(() => "healthy, or at its cap");
      await orderBook
        .connect(alice)
        .settleAtCap(id, "0x", alice)
        .catch(() => "not at its cap");
      const { size } = await marginVault.position(id);
      const order = { account: alice, positionId: id, sizeDelta: -size, price };
      if (size !== 0n) await change(market, order);
    }
    const { longOpenInterest, shortOpenInterest } = await marginVault.market();
    expect([longOpenInterest, shortOpenInterest]).to.deep.equal([0n, 0n]);
  });
}
