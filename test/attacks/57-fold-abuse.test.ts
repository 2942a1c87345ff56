import { expect } from "chai";
import { network } from "hardhat";
import { profitOf } from "../fixtures/attack.ts";
import { bestOf, DEPLOYED, Game, gridOf, LOCAL } from "../fixtures/attackTwin.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { deployMarket, type MarketFixture } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { freshRounds } from "../fixtures/powers.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change } from "../fixtures/vault.ts";

// An account folds what has accrued into its open notional as often as it likes, by closing one wei at a time, or until
// the open notional has changed its sign: to pay less funding than one long hold, or fees on less. Indices are linear and
// folding rounds against it (BH-33, BH-35); fees are charged on size and price alone (BH-43). See also
// test/contracts/MarginVault/folding.test.ts, attacks.test.ts (57) and LAW-9 in test/invariant/Accrual.sol.

const connection = await network.create();
const { networkHelpers } = connection;
const PRICE = wad("2000");
const DAY = 86_400n;

interface Hold {
  /** Of the account, and of everybody else before it [± WAD base]. */
  readonly size: bigint;
  readonly others: bigint;
  readonly days: bigint;
  readonly folds: number;
}

/** Holds for some days among others, folding so often, closes, and returns what that earned. */
function hold({ size, others, days, folds }: Hold): bigint | undefined {
  const game = new Game({ rules: { ...LOCAL, curves: DEPLOYED }, cash: wad("1000000000") });
  const notional = ((size < 0n ? -size : size) * PRICE) / wad("1");
  game.open({ size: others, margin: wad("40000000"), reserve: wad("4000000") }, "other");
  const id = game.open({ size, margin: 20n * notional, reserve: (notional * 999n) / 1_000n });
  if (id === undefined) return undefined;
  const seconds = (days * DAY) / BigInt(folds + 1);
  for (let fold = 0; fold < folds; fold += 1) {
    game.move(PRICE, seconds);
    game.close(id, 1n);
  }
  game.move(PRICE, days * DAY - seconds * BigInt(folds));
  game.end(id);
  return game.profit;
}

const HOLDS = {
  size: [wad("1"), wad("1000"), -wad("1"), -wad("1000")],
  others: [wad("200"), wad("15000"), -wad("200"), -wad("15000")],
  // Ten years at two thirds of 100% a year: the open notional of who receives has long changed its sign.
  days: [1n, 30n, 3_650n],
} as const;

describe("attack 57: folding often, or across zero", () => {
  for (const folds of [1, 7, 100]) {
    it(`pays not a wei more with ${folds} folds than with none, whichever side pays the funding`, () => {
      const best = bestOf(gridOf({ ...HOLDS, folds: [folds] }), (plan) => {
        const profit = hold(plan);
        const plain = hold({ ...plan, folds: 0 });
        // The wei that a fold closes changes the skew by as much: a token unit is more than that can come to.
        return profit === undefined || plain === undefined ? undefined : profit - plain;
      });
      expect(best.tried).to.equal(48);
      expect(best.profit).to.be.at.most(0n);
    });
  }

  it("does change the sign of an open notional, whose fee is that of the size all the same", () => {
    const game = new Game({ rules: { ...LOCAL, curves: DEPLOYED }, cash: wad("1000000000") });
    game.open({ size: -wad("15000"), margin: wad("40000000"), reserve: wad("4000000") }, "other");
    const id =
      game.open({ size: wad("1000"), margin: wad("40000000"), reserve: wad("1990000") }) ?? 0n;
    game.move(PRICE, 3_650n * DAY);
    expect(game.close(id, wad("1"))).to.equal(true);
    expect(game.position(id).openNotional).to.be.below(0n);
    const { protocolDue } = game.books.market;
    game.close(id, wad("1"));
    // 0.05% of one base unit at 2,000 × (1 − 14,001.5 ÷ 20,000,000) = 1,998.59985, a tenth of it to the protocol.
    expect(game.books.market.protocolDue - protocolDue).to.equal(wad("0.0999299925"));
  });

  for (const [who, sign] of [
    ["who pays", 1n],
    ["who receives", -1n],
  ] as const) {
    it(`pays on the contracts no more than holding, for the one ${who}`, async () => {
      const earned = [];
      for (const folds of [0, 4]) {
        const market = await networkHelpers.loadFixture(marketFixture);
        earned.push(await holdOnContracts(market, sign * wad("1000"), folds));
        await expectConservation(market);
      }
      // The keeper's fee of each fold came back to the account, who was its keeper.
      expect(earned[1]).to.be.at.most(earned[0] ?? 0n);
    });
  }
});

/** Holds for four days into a skew of 10,000, folds so often, and closes at a second that is the same for all. */
async function holdOnContracts(market: MarketFixture, size: bigint, folds: number) {
  const { alice, bob, keeper } = market.accounts;
  const reserve = wad("2000000");
  const others = { account: bob, size: wad("10000"), margin: wad("4000000"), reserve };
  await openPosition(market, { ...others, price: PRICE });
  const begin = BigInt(await networkHelpers.time.latest());
  return await profitOf(market, [alice, keeper], async () => {
    const own = { account: alice, size, margin: wad("400000"), reserve: wad("1000000") };
    const positionId = await openPosition(market, { ...own, price: PRICE });
    for (let fold = 1; fold <= folds; fold += 1) {
      await networkHelpers.time.increaseTo(begin + BigInt(fold) * DAY - 600n);
      await freshRounds(market, PRICE);
      const wei = size > 0n ? -1n : 1n;
      await change(market, { account: alice, positionId, sizeDelta: wei, price: PRICE });
    }
    await networkHelpers.time.increaseTo(begin + 5n * DAY);
    await freshRounds(market, PRICE);
    const { size: left } = await market.marginVault.position(positionId);
    await change(market, { account: alice, positionId, sizeDelta: -left, price: PRICE });
  });
}

async function marketFixture() {
  return await deployMarket(connection);
}
