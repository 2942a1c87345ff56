import { expect } from "chai";
import type { Rules } from "../../scripts/risk/books.ts";
import { profitOf } from "../fixtures/attack.ts";
import { calmStage } from "../fixtures/attackStage.ts";
import { bestOf, Game, gridOf, LOCAL, type Start, widestCap } from "../fixtures/attackTwin.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change, mined } from "../fixtures/vault.ts";

// A position is about to be liquidated. The attacker first pushes the skew against it, so that its exit fills worse, and a
// partial liquidation becomes a full one; liquidates it, and closes into what the exit left behind. The bound of open
// interest (BH-9 †) keeps any push below what it costs in fees, and health is measured at the index (BH-42), so that no
// push makes anybody liquidatable. See also test/contracts/MarginVault/openInterestBound.test.ts, scenario 10 and
// test/invariant/Profit.sol.

const PRICE = wad("2000");
/** Depth at which 2,000 base units, four millions, are one per cent. */
const SHALLOW: Rules = { ...LOCAL, curves: { ...LOCAL.curves, skewScale: wad("200000") } };

interface Sandwich {
  /** Of the victim and of the attacker, in per cent of the cap. */
  readonly victim: bigint;
  readonly push: bigint;
  /** Of the victim, in basis points of notional. */
  readonly margin: bigint;
  readonly short: boolean;
  /** How far the price goes against the victim [basis points]. */
  readonly against: bigint;
  /** How often the attacker liquidates, a cool-off apart. */
  readonly times: number;
}

function sandwich(start: Start, plan: Sandwich): bigint | undefined {
  const game = new Game({ cash: wad("1000000000"), ...start });
  const cap = start.maxOpenInterest ?? widestCap(game.rules);
  const sign = plan.short ? -1n : 1n;
  const [size, push] = [(cap * plan.victim) / 100n, (cap * plan.push) / 100n];
  const worth = (size * PRICE) / wad("1");
  const leg = { size: sign * size, margin: (worth * plan.margin) / 10_000n, reserve: worth / 5n };
  const victim = game.open(leg, "other");
  game.move((PRICE * (10_000n - sign * plan.against)) / 10_000n);
  const own = (push * game.price) / wad("1");
  const pusher = game.open({ size: -sign * push, margin: own / 4n, reserve: own / 5n });
  if (victim === undefined || pusher === undefined) return undefined;
  let liquidated = 0;
  for (let time = 0; time < plan.times; time += 1) {
    if (game.liquidate(victim)) liquidated += 1;
    game.move(game.price, 31n);
  }
  game.end(pusher);
  return liquidated === 0 ? undefined : game.profit;
}

const SANDWICHES = {
  victim: [1n, 10n, 50n, 100n],
  push: [1n, 10n, 50n, 100n],
  margin: [600n, 1_000n],
  short: [true, false],
  against: [280n, 355n, 400n, 480n, 550n, 590n, 610n, 700n, 750n, 900n, 1_000n, 1_200n],
  times: [1, 3],
} as const;

describe("attack 60: sandwich of a liquidation", () => {
  it("paid more than 26,356 on some millions where open interest was not bounded", () => {
    const start = { rules: SHALLOW, maxOpenInterest: wad("4000") };
    expect(bestOf(gridOf(SANDWICHES), (plan) => sandwich(start, plan)).profit).to.be.above(
      wad("26356"),
    );
  });

  for (const [name, rules] of [
    ["a shallow market", SHALLOW],
    ["the local market", LOCAL],
  ] as const) {
    it(`pays nothing beyond the keeper's fee in ${name}, at the widest cap`, () => {
      const best = bestOf(gridOf(SANDWICHES), (plan) => gainOfPush({ rules }, plan));
      expect(best.tried).to.be.above(500);
      expect(best.profit).to.be.at.most(0n);
    });

    it(`would pay in ${name} were fees charged on the index, as a bound of 2 × positionFee takes them to be`, () => {
      const start = { rules, maxOpenInterest: looseBound(rules) };
      const best = bestOf(gridOf(SANDWICHES), (plan) => gainOfPush(start, plan));
      // P × fee³ × depth, 5.6 in the local market, whose short side of 44,800,000 goes under at once.
      expect(best.profit).to.be.within(1n, dustOf(rules, wad("2240")));
      expect(best.plan).to.include({ short: true, victim: 100n, push: 50n });
    });
  }

  it("pays nothing where the position fee is 2%, the most that a market may have", () => {
    const terms = {
      ...LOCAL.terms,
      positionFeeRatio: wad("0.02"),
      maintenanceMarginRatio: wad("0.04"),
      initialMarginRatio: wad("0.08"),
    };
    const rules = { ...LOCAL, terms, curves: { ...LOCAL.curves, skewScale: wad("1000000") } };
    const plans = { ...SANDWICHES, margin: [1_500n], against: [1_200n, 1_800n] };
    const best = bestOf(gridOf(plans), (plan) => gainOfPush({ rules }, plan));
    expect(best.profit).to.be.at.most(0n);
    const loose = { rules, maxOpenInterest: looseBound(rules) };
    // 8e-6 × 1,000,000 × 2,360, of 94,400,000.
    const paid = bestOf(gridOf(plans), (plan) => gainOfPush(loose, plan)).profit;
    expect(paid).to.be.within(wad("18000"), dustOf(rules, wad("2360")));
  });

  it("pays nothing on the contracts beyond the keeper's floor, with all of the short side bankrupt", async () => {
    const market = await calmStage();
    const { marginVault, charter, accounts } = market;
    const { bob, carol, keeper } = accounts;
    const cap = await charter.maxOpenInterest();
    const [price, size] = [wad("2240"), cap / 2n];
    const victim = await openPosition(market, {
      account: bob,
      size: -cap,
      margin: wad("2400000"),
      reserve: wad("4000000"),
      price: PRICE,
    });
    await pushPrice(market, price);
    const own = { account: carol, size, margin: wad("5600000"), reserve: wad("2300000"), price };
    const profit = await profitOf(market, [carol, keeper], async () => {
      const long = await openPosition(market, own);
      await mined(marginVault.connect(carol).liquidate(victim, "0x", carol));
      await change(market, { account: carol, positionId: long, sizeDelta: -size, price });
    });
    expect(profit).to.be.at.most(wad("1"));
    await expectConservation(market);
  });

  for (const [what, margin, fall] of [
    ["partial, which the push would make full", "6000000", "1740"],
    ["full", "4100000", "1800"],
  ] as const) {
    it(`earns on the contracts less than a keeper who only liquidates, where that is ${what}`, async () => {
      const market = await calmStage();
      const { marginVault, accounts, connection: chain } = market;
      const { bob, carol } = accounts;
      const size = wad("19900");
      const victim = await openPosition(market, {
        account: bob,
        size,
        margin: wad(margin),
        reserve: wad("4000000"),
        price: PRICE,
      });
      const price = wad(fall);
      await pushPrice(market, price);
      const liquidate = () => mined(marginVault.connect(carol).liquidate(victim, "0x", carol));
      const before = await chain.networkHelpers.takeSnapshot();
      const plain = await profitOf(market, [carol], liquidate);
      await before.restore();
      const sandwiched = await profitOf(market, [carol], async () => {
        const short = await openPosition(market, {
          account: carol,
          size: -size,
          margin: wad("6000000"),
          reserve: wad("3900000"),
          price,
        });
        await liquidate();
        await change(market, { account: carol, positionId: short, sizeDelta: size, price });
      });
      expect(sandwiched).to.be.below(plain);
      await expectConservation(market);
    });
  }
});

/** `skewScale × 2 × fee`: a cap that BH-9 has allowed, with fees taken to be those of the index. */
function looseBound({ terms, curves }: Rules): bigint {
  return (curves.skewScale * 2n * terms.positionFeeRatio) / wad("1");
}

/** `P × fee³ × skewScale`, up to a token unit. */
function dustOf({ terms, curves, scale }: Rules, price: bigint): bigint {
  const cubed = terms.positionFeeRatio ** 3n;
  return (cubed * ((price * curves.skewScale) / wad("1"))) / wad("1") ** 3n + scale;
}

/** What a sandwich earns beyond the fees of a keeper who only liquidates. */
function gainOfPush(start: Start, plan: Sandwich): bigint | undefined {
  const profit = sandwich(start, plan);
  return profit === undefined ? undefined : profit - keeperFeesOf(start, plan);
}

/** What a keeper would have earned with the same liquidations and no push. */
function keeperFeesOf(start: Start, plan: Sandwich): bigint {
  const game = new Game({ cash: wad("1000000000"), ...start });
  const sign = plan.short ? -1n : 1n;
  const cap = start.maxOpenInterest ?? widestCap(game.rules);
  const size = (cap * plan.victim) / 100n;
  const worth = (size * PRICE) / wad("1");
  const leg = { size: sign * size, margin: (worth * plan.margin) / 10_000n, reserve: worth / 5n };
  const victim = game.open(leg, "other");
  if (victim === undefined) return 0n;
  game.move((PRICE * (10_000n - sign * plan.against)) / 10_000n);
  for (let time = 0; time < plan.times; time += 1) {
    game.liquidate(victim);
    game.move(game.price, 31n);
  }
  return game.profit;
}
