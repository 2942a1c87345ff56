import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { network } from "hardhat";
import {
  type Books,
  liquidateIn,
  type Moment,
  openIn,
  positionOf,
  type Rules,
  type Settled,
  settleAtCapIn,
} from "../../scripts/risk/books.ts";
import { readHistory } from "../../scripts/risk/history.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { deployMarket, type MarketFixture, proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { plain } from "../fixtures/structs.ts";
import { submitOrder } from "../fixtures/trading.ts";

const ROOT = new URL("../../", import.meta.url);
/** Real days, where they are at hand; a small made-up one otherwise. */
const RECORDED = [
  "../shared/data/2020-03-12_ETH_spot_5m.csv",
  "../shared/data/2023-08-17_ETH_perp_5m.csv",
].filter((file) => existsSync(new URL(file, ROOT)));
const DAYS = RECORDED.length > 0 ? RECORDED : ["test/fixtures/data/crash-2020-03.csv"];

/** A feed's deviation threshold: it writes a round once the price has moved by so much [share]. */
const DEVIATION = 0.02;
/** Between a round and the keeper's transaction [s]. */
const LATENCY = 12n;
/** Slowest pace at which the replay lets rounds follow one another [s]. */
const PACE = 300n;

/** Longs near their limit and with room, a long that may win little, and a short; sizes in notional of 20,000. */
const PLANS = [
  { side: 1n, margin: wad("1000"), reserve: wad("10000") },
  { side: 1n, margin: wad("3000"), reserve: wad("2500") },
  { side: 1n, margin: wad("12000"), reserve: wad("20000") },
  { side: -1n, margin: wad("3000"), reserve: wad("7000") },
] as const;
const NOTIONAL = wad("20000");

/** Rounds that a feed with this deviation would have written in a day: closes, and what extremes they ran through. */
function roundsOf(file: string): readonly bigint[] {
  const history = readHistory(readFileSync(new URL(file, ROOT), "utf8"), file);
  let told = history.open[0] ?? 0;
  const rounds = [told];
  for (const index of history.times.keys()) {
    for (const price of [history.low[index], history.high[index], history.close[index]]) {
      if (price === undefined || Math.abs(price / told - 1) < DEVIATION) continue;
      told = price;
      rounds.push(price);
    }
  }
  return rounds.map((price) => BigInt(Math.round(price * 1e8)) * 10n ** 10n);
}

async function rulesOf(market: MarketFixture): Promise<Rules> {
  return {
    terms: plain(await market.charter.terms(1n)),
    curves: plain(await market.charter.curves()),
    protocolFeeShare: await market.charter.protocolFeeShare(),
    scale: market.tokenScale,
  };
}

/** The contracts' own books. */
async function booksOf(market: MarketFixture, ids: readonly bigint[]): Promise<Books> {
  const positions = new Map();
  for (const id of ids) {
    const position = plain(await market.marginVault.position(id));
    if (position.size !== 0n) positions.set(id, position);
  }
  return {
    market: plain(await market.marginVault.market()),
    cash: await market.liquidityVault.cash(),
    reserved: await market.liquidityVault.reserved(),
    positions,
  };
}

/** All numbers of the books, without names, logs and what only a dead oracle needs. */
function numbersOf({ market, cash, reserved, positions }: Books) {
  const { longOpenInterest, shortOpenInterest, netBasis, totalMargin, poolDue, protocolDue } =
    market;
  const { fundingIndex, borrowIndex, fundingVelocity, borrowRate, clock } = market;
  return {
    sums: { longOpenInterest, shortOpenInterest, netBasis, totalMargin, poolDue, protocolDue },
    indices: { fundingIndex, borrowIndex, fundingVelocity, borrowRate, clock },
    pool: { cash, reserved },
    positions: [...positions].map(([id, { size, openNotional, margin, reserve, cooldown }]) => {
      return { id, size, openNotional, margin, reserve, cooldown };
    }),
  };
}

interface Walk {
  readonly market: MarketFixture;
  readonly rules: Rules;
  readonly ids: readonly bigint[];
  readonly seen: Set<Settled["kind"]>;
}

/** Opens all positions in both worlds at the day's first price. */
async function openAll(walk: Omit<Walk, "ids">, price: bigint) {
  const { market, rules } = walk;
  const { alice, keeper } = market.accounts;
  const ids: bigint[] = [];
  let model = await booksOf(market, []);
  for (const { side, margin, reserve } of PLANS) {
    const sizeDelta = (side * NOTIONAL * wad("1")) / price;
    const opening = { sizeDelta, margin, reserve };
    const { orderId, submittedAt } = await submitOrder(market, alice, opening);
    const observedAt = submittedAt + (await market.orderBook.executionDelay()) + 1n;
    const round = await pushPrice(market, price, observedAt);
    await market.connection.networkHelpers.time.setNextBlockTimestamp(observedAt + LATENCY);
    await market.orderBook.connect(keeper).execute([orderId], await proofOf(market, round), keeper);
    const moment = { price, observedAt, now: observedAt + LATENCY };
    model = openIn(model, { id: orderId, moment, rules, opening }).books;
    ids.push(orderId);
  }
  expect(numbersOf(model)).to.deep.equal(numbersOf(await booksOf(market, ids)));
  return { ids, model };
}

/** Lets the keeper do in both worlds what the simulator would do with one position, and holds them against each other. */
async function act(walk: Walk, model: Books, { id, moment }: { id: bigint; moment: Moment }) {
  const { market, rules, ids, seen } = walk;
  const { keeper } = market.accounts;
  const settled =
    liquidateIn(model, { id, moment, rules }) ?? settleAtCapIn(model, { id, moment, rules });
  if (settled === undefined) return model;
  await market.connection.networkHelpers.time.setNextBlockTimestamp(moment.now);
  if (settled.kind === "capped") {
    await market.orderBook.connect(keeper).settleAtCap(id, "0x", keeper);
  } else await market.marginVault.connect(keeper).liquidate(id, "0x", keeper);
  seen.add(settled.kind);
  expect(numbersOf(settled.books)).to.deep.equal(numbersOf(await booksOf(market, ids)));
  return settled.books;
}

/** Sends both worlds through the day, laws checked after every round. */
async function follow(walk: Walk, start: Books, prices: readonly bigint[]): Promise<Books> {
  let model = start;
  let observedAt = (await walk.market.marginVault.market()).clock + PACE;
  for (const price of prices) {
    observedAt += PACE;
    await pushPrice(walk.market, price, observedAt);
    const open = walk.ids.filter((id) => positionOf(model, id).size !== 0n);
    for (const [index, id] of open.entries()) {
      const now = observedAt + LATENCY + BigInt(index);
      model = await act(walk, model, { id, moment: { price, observedAt, now } });
    }
    await expectConservation(walk.market);
  }
  return model;
}

describe("scenario 16: adverse price movements", () => {
  for (const file of DAYS) {
    describe(`given the day of ${file.split("/").at(-1)}`, () => {
      it("does through the contracts what the simulator says, to the wei, with the laws intact after every round", async function () {
        this.timeout(300_000);
        const market = await deployMarket(await network.create());
        const walk = { market, rules: await rulesOf(market), seen: new Set<Settled["kind"]>() };
        const [first = 0n, ...prices] = roundsOf(file);
        const { ids, model } = await openAll(walk, first);
        const end = await follow({ ...walk, ids }, model, prices);
        expect(walk.seen.has("full") || walk.seen.has("partial"), "somebody was hit").to.equal(
          true,
        );
        expect(numbersOf(await booksOf(market, ids)).positions).to.deep.equal(
          numbersOf(end).positions,
        );
        // LAW-7: nobody's loss is more than what they put in, and no gain more than its reserve: cash covers all of them.
        expect(await market.liquidityVault.cash()).to.be.at.least(
          await market.liquidityVault.reserved(),
        );
      });
    });
  }
});
