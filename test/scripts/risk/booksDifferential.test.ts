import { expect } from "chai";
import { network } from "hardhat";
import {
  type Books,
  liquidateIn,
  type Moment,
  openIn,
  positionOf,
  type Rules,
  settleAtCapIn,
} from "../../../scripts/risk/books.ts";
import { drawsOf } from "../../../scripts/risk/random.ts";
import { deployMarket, type MarketFixture, proofOf, pushPrice } from "../../fixtures/market.ts";
import { plain } from "../../fixtures/structs.ts";
import { submitOrder } from "../../fixtures/trading.ts";

const WAD = 10n ** 18n;
const LATENCY = 12n;
const STEP = 300n;

/** A long near its limit, one with room and a small reserve, and a short: each path touches some of them. */
const PLANS = [
  { size: 10n * WAD, margin: 1_000n * WAD, reserve: 2_500n * WAD },
  { size: 3n * WAD, margin: 900n * WAD, reserve: 650n * WAD },
  { size: -8n * WAD, margin: 900n * WAD, reserve: 1_700n * WAD },
] as const;

async function rulesOf(market: MarketFixture): Promise<Rules> {
  return {
    terms: plain(await market.charter.terms(1n)),
    curves: plain(await market.charter.curves()),
    // deploy/parameters/local.json: a tenth.
    protocolFeeShare: WAD / 10n,
    scale: market.tokenScale,
  };
}

/** The contracts' own books, logs not counted. */
async function booksOf(market: MarketFixture, ids: readonly bigint[]): Promise<Books> {
  const positions = new Map();
  for (const id of ids) {
    const position = plain(await market.marginVault.position(id));
    if (position.size !== 0n) positions.set(id, position);
  }
  return {
    market: { ...plain(await market.marginVault.market()), sequence: 0n },
    cash: await market.liquidityVault.cash(),
    reserved: await market.liquidityVault.reserved(),
    positions,
  };
}

/** Owners are addresses on chain and names in the model. */
function comparable(books: Books) {
  const positions = [...books.positions].map(([id, { owner: _, ...rest }]) => ({ id, ...rest }));
  return { ...books, market: { ...books.market, sequence: 0n }, positions };
}

async function openAll(market: MarketFixture, rules: Rules) {
  const { alice, keeper } = market.accounts;
  const ids: bigint[] = [];
  let model = await booksOf(market, []);
  for (const plan of PLANS) {
    const { orderId, submittedAt } = await submitOrder(market, alice, {
      sizeDelta: plan.size,
      margin: plan.margin,
      reserve: plan.reserve,
    });
    const observedAt = submittedAt + (await market.orderBook.executionDelay()) + 1n;
    const round = await pushPrice(market, 2_000n * WAD, observedAt);
    await market.connection.networkHelpers.time.setNextBlockTimestamp(observedAt + LATENCY);
    await market.orderBook.connect(keeper).execute([orderId], await proofOf(market, round), keeper);
    const moment = { price: 2_000n * WAD, observedAt, now: observedAt + LATENCY };
    const opening = { sizeDelta: plan.size, margin: plan.margin, reserve: plan.reserve };
    model = openIn(model, { id: orderId, moment, rules, opening }).books;
    ids.push(orderId);
    expect(comparable(model)).to.deep.equal(comparable(await booksOf(market, ids)));
  }
  return { model, ids };
}

/** Prices of one drawn path [WAD], as a feed with 8 decimals writes them. */
function pricesOf(path: number, steps: number): readonly bigint[] {
  const draws = drawsOf({ seed: 7, stream: 0 });
  draws.start(path);
  let x = 0;
  return Array.from({ length: steps }, () => {
    x += 0.016 * draws.normal();
    return BigInt(Math.round(2_000 * Math.exp(x) * 1e8)) * 10n ** 10n;
  });
}

interface Walk {
  readonly market: MarketFixture;
  readonly rules: Rules;
  readonly ids: readonly bigint[];
  readonly kinds: Set<string>;
}

/** Acts on one position in both worlds at one second; the refusal of the contracts is mined too. */
async function act(
  walk: Walk,
  { id, model, moment }: { id: bigint; model: Books; moment: Moment },
) {
  const { market, rules, kinds, ids } = walk;
  const { ethers, networkHelpers } = market.connection;
  const { keeper } = market.accounts;
  const vault = market.marginVault.connect(keeper);
  const settled =
    liquidateIn(model, { id, moment, rules }) ?? settleAtCapIn(model, { id, moment, rules });
  await networkHelpers.time.setNextBlockTimestamp(moment.now);
  if (settled === undefined) {
    await expect(vault.liquidate(id, "0x", keeper, { gasLimit: 1_000_000n })).to.revert(ethers);
    return model;
  }
  if (settled.kind === "capped") {
    await market.orderBook.connect(keeper).settleAtCap(id, "0x", keeper);
  } else {
    await vault.liquidate(id, "0x", keeper);
  }
  kinds.add(settled.kind);
  expect(comparable(settled.books)).to.deep.equal(comparable(await booksOf(market, ids)));
  return settled.books;
}

/** Sends both worlds through one path, a keeper looking at every open position after every round. */
async function follow(walk: Walk, start: Books, prices: readonly bigint[]): Promise<void> {
  let model = start;
  let observedAt = (await walk.market.marginVault.market()).clock;
  for (const price of prices) {
    observedAt += STEP;
    await pushPrice(walk.market, price, observedAt);
    const open = walk.ids.filter((id) => positionOf(model, id).size !== 0n);
    for (const [index, id] of open.entries()) {
      const now = observedAt + LATENCY + BigInt(index);
      model = await act(walk, { id, model, moment: { price, observedAt, now } });
    }
  }
}

describe("books", () => {
  describe("given the same paths as the contracts", () => {
    const kinds = new Set<string>();

    for (const path of [1, 2, 3, 4]) {
      it(`moves every number as the contracts do, to the wei, along path ${path}`, async () => {
        const market = await deployMarket(await network.create());
        const rules = await rulesOf(market);
        const { ids, model } = await openAll(market, rules);
        await follow({ market, rules, ids, kinds }, model, pricesOf(path, 24));
      });
    }

    it("saw partial and full liquidations and settlements at the cap", () => {
      expect([...kinds].sort()).to.deep.equal(["capped", "full", "partial"]);
    });
  });
});
