import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { positionOf, type Rules } from "../../scripts/risk/books.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import {
  bestOf,
  CALM,
  Game,
  gridOf,
  type Leg,
  LOCAL,
  type Start,
  widestCap,
} from "../fixtures/attackTwin.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, marketWith } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { plain } from "../fixtures/structs.ts";
import { openPosition } from "../fixtures/trading.ts";
import { CALM_CURVES, change } from "../fixtures/vault.ts";

// One actor at one price opens long and short legs in turn, closes all of one side first and lets the last of them lose
// more to the skew than their margins hold; the other side collects all of it. What ends it is the bound of open interest
// (BH-9 †): no push of the skew moves a price by more than the pusher pays in fees. See also
// test/contracts/MarginVault/openInterestBound.test.ts and test/invariant/Profit.sol (LAW-10).

const connection = await network.create();
const { networkHelpers } = connection;
const PRICE = wad("2000");
/** A shallow market, which legs of some millions push visibly. */
const SHALLOW: Rules = { ...LOCAL, curves: { ...CALM, skewScale: wad("200000") } };

const createShallow = marketWith({
  parameters: {
    Market: {
      maxOpenInterest: wad("199.9"),
      curves: { ...CALM_CURVES, skewScale: SHALLOW.curves.skewScale },
    },
  },
});

async function shallowFixture() {
  return await createShallow(connection);
}

/** How an actor stacks: pairs of legs of one size, with margin and reserve as a share of notional. */
interface Stack {
  readonly pairs: number;
  /** [WAD base] */
  readonly size: bigint;
  /** [basis points of notional] */
  readonly margin: bigint;
  readonly reserve: bigint;
  readonly first: "longs" | "shorts" | "newest" | "oldest";
}

/** Plays a stack and returns what it earned; nothing where the market refuses a leg. */
function stack(start: Start, { pairs, size, margin, reserve, first }: Stack): bigint | undefined {
  const game = new Game(start);
  const ids: bigint[] = [];
  for (let leg = 0; leg < 2 * pairs; leg += 1) {
    const id = game.open(legOf({ size: leg % 2 === 0 ? size : -size, margin, reserve }));
    if (id === undefined) return undefined;
    ids.push(id);
  }
  const longs = ids.filter((_, index) => index % 2 === 0);
  const shorts = ids.filter((_, index) => index % 2 === 1);
  const orders = {
    longs: [...longs, ...shorts],
    shorts: [...shorts, ...longs],
    newest: ids.toReversed(),
    oldest: ids,
  };
  for (const id of orders[first]) game.end(id);
  expect(game.books.positions.size).to.equal(0);
  return game.profit;
}

/** A leg whose margin and reserve are given in basis points of notional. */
function legOf({ size, margin, reserve }: Pick<Stack, "size" | "margin" | "reserve">): Leg {
  const notional = ((size < 0n ? -size : size) * PRICE) / wad("1");
  return {
    size,
    margin: (notional * margin) / 10_000n,
    reserve: (notional * reserve) / 10_000n,
  };
}

const STACKS = {
  margin: [410n, 450n, 610n, 1_025n],
  reserve: [1_000n, 5_000n],
  first: ["longs", "shorts", "newest", "oldest"],
} as const;
const PAIRS = [1, 2, 3, 4, 5, 6, 7];

/** Anything that one actor can do at one price: open, close a part or all, liquidate, settle. */
const COURSES = fc.array(
  fc.record({
    act: fc.constantFrom("open", "open", "close", "part", "liquidate", "settle"),
    share: fc.bigInt(1n, 100n),
    short: fc.boolean(),
    margin: fc.bigInt(405n, 2_000n),
    reserve: fc.bigInt(1_001n, 9_000n),
    which: fc.nat(1_000),
  }),
  { minLength: 4, maxLength: 16 },
);
type Course = readonly {
  readonly act: string;
  readonly share: bigint;
  readonly short: boolean;
  readonly margin: bigint;
  readonly reserve: bigint;
  readonly which: number;
}[];

type Step = Course[number];

function follow(start: Start, course: Course): bigint {
  const game = new Game(start);
  const ids: bigint[] = [];
  for (const step of course) {
    const opened = takeStep(game, step, ids[step.which % Math.max(1, ids.length)] ?? 0n);
    if (opened !== undefined) ids.push(opened);
  }
  for (const id of ids) game.end(id);
  return game.profit;
}

/** Returns the id of a leg that it opens. */
function takeStep(game: Game, step: Step, id: bigint): bigint | undefined {
  const size = (widestCap(game.rules) * step.share) / 100n;
  if (step.act === "open") return game.open(legOf({ ...step, size: step.short ? -size : size }));
  if (step.act === "close") game.close(id);
  else if (step.act === "part") game.close(id, size);
  else if (step.act === "liquidate") game.liquidate(id);
  else game.settle(id);
  return undefined;
}

/** Both legs of a stack of one pair on the contracts, longs closed first. */
async function onContracts(market: MarketFixture, size: bigint): Promise<readonly bigint[]> {
  const { alice: account } = market.accounts;
  const [margin, reserve, price] = [size * 102n, size * 200n, PRICE];
  const long = await openPosition(market, { account, size, margin, reserve, price });
  const short = await openPosition(market, { account, size: -size, margin, reserve, price });
  await change(market, { account, positionId: long, sizeDelta: -size / 2n, price });
  await change(market, { account, positionId: long, sizeDelta: -size + size / 2n, price });
  return [long, short];
}

describe("attack 59: stacked legs at one price, one side closed first", () => {
  describe("given no bound on open interest, which no market may do without", () => {
    it("pays, the more the higher the stack: over 95,782 with two pairs, over 3.32 million with seven", () => {
      const start = { rules: SHALLOW, maxOpenInterest: wad("1000000000"), cash: wad("1000000000") };
      const size = ["1000", "2000", "4000", "8000", "16000"].map(wad);
      const best = (pairs: number) =>
        bestOf(gridOf({ ...STACKS, size, pairs: [pairs] }), (plan) => stack(start, plan)).profit;
      expect(best(2)).to.be.above(wad("95782"));
      expect(best(7)).to.be.above(wad("3320000"));
    });
  });

  describe("given the widest open interest that the factory accepts", () => {
    it("pays nothing, whatever the number, size, margin, reserve and order of the legs", () => {
      for (const rules of [SHALLOW, LOCAL]) {
        const start = { rules, cash: wad("1000000000") };
        for (const pairs of PAIRS) {
          const whole = widestCap(rules) / BigInt(pairs);
          const size = [whole, whole / 20n];
          const grid = gridOf({ ...STACKS, size, pairs: [pairs] });
          const best = bestOf(grid, (plan) => stack(start, plan));
          expect(best.tried).to.be.above(45);
          expect(best.profit).to.be.below(0n);
        }
      }
    });

    it("pays nothing by any of 1,500 courses of up to sixteen steps", () => {
      const courses = fc.sample(COURSES, { numRuns: 1_500, seed: 59 });
      const start = { rules: SHALLOW };
      const best = bestOf(courses, (course) => follow(start, course));
      expect(best.tried).to.equal(1_500);
      expect(best.profit).to.be.at.most(0n);
    });

    it("pays nothing on the contracts, which do what the search assumes, to the wei", async () => {
      const market = await networkHelpers.loadFixture(shallowFixture);
      const { alice, keeper } = market.accounts;
      const size = wad("100");
      const game = new Game({ rules: SHALLOW });
      let ids: readonly bigint[] = [];
      await expectNoProfit(market, [alice, keeper], async () => {
        ids = await onContracts(market, size);
      });
      const leg = { size, margin: size * 102n, reserve: size * 200n };
      const long = game.open(leg) ?? 0n;
      const short = game.open({ ...leg, size: -size }) ?? 0n;
      game.close(long, size / 2n);
      game.close(long, size / 2n);
      expect(game.position(long).size).to.equal(0n);
      const { margin, openNotional } = plain(await market.marginVault.position(ids[1] ?? 0n));
      const model = positionOf(game.books, short);
      expect({ margin, openNotional }).to.deep.equal({
        margin: model.margin,
        openNotional: model.openNotional,
      });
      await expectConservation(market);
    });
  });
});
