import { expect } from "chai";
import { network } from "hardhat";
import { profitOf } from "../fixtures/attack.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushRound } from "../fixtures/feeds.ts";
import { type MarketFixture, proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { orderRequest } from "../fixtures/trading.ts";
import { calmMarket, logOf, mined } from "../fixtures/vault.ts";

// The settlement token loses its peg. Where a venue counts it as a dollar all the same, a base unit is cheap there: one
// buys it there, sells it elsewhere for more of the token, and is paid the difference when the peg or the truth returns.
// Here the index is divided by the token's own feed (BH-113), so a fill is never better than the price elsewhere. The USDC
// of March 2023 as a course of prices is scenario 05.

const connection = await network.create();
const { networkHelpers } = connection;
const createComposite = calmMarket();
const createPegged = calmMarket({ composite: false });
/** What the token was worth, from a slight premium to half [E8 USD]. */
const WORTH = [101_000_000n, 100_000_000n, 99_900_000n, 98_000_000n, 87_400_000n, 50_000_000n];
const SIZE = wad("100");

/**
 * Buys or sells in the market, and does the opposite elsewhere at the true price in the token. Returns what is left when
 * both are undone at the true price, before any price has moved.
 */
async function arbitrage(market: MarketFixture, worth: bigint, sign: bigint): Promise<bigint> {
  const { carol } = market.accounts;
  await pushRound(market.quote, { answer: worth });
  const fair = (wad("2000") * 10n ** 8n) / worth;
  const request = { sizeDelta: sign * SIZE, margin: wad("40000"), reserve: wad("100000") };
  await market.orderBook.connect(carol).submit(await orderRequest(market, request));
  const orderId = await market.orderBook.orderCount();
  const at = BigInt(await networkHelpers.time.latest()) + 3n;
  const round = await pushPrice(market, wad("2000"), at);
  const book = market.orderBook.connect(carol);
  const receipt = await mined(book.execute([orderId], await proofOf(market, round), carol));
  const { fillPrice, fee } = logOf(market, receipt, "PositionIncreased");
  const edge = sign > 0n ? fair - (fillPrice as bigint) : (fillPrice as bigint) - fair;
  return (edge * SIZE) / wad("1") - (fee as bigint);
}

describe("attack 48: a settlement token that is counted as a dollar when it is none", () => {
  for (const worth of WORTH) {
    it(`pays nothing against the price elsewhere when the token is worth ${Number(worth) / 1e8}`, async () => {
      for (const sign of [1n, -1n]) {
        const market = await networkHelpers.loadFixture(compositeFixture);
        expect(await arbitrage(market, worth, sign)).to.be.below(0n);
        await expectConservation(market);
      }
    });
  }

  it("would pay 28,831 on a hundred base units at 0.874, had the market no feed for its token", async () => {
    const market = await networkHelpers.loadFixture(peggedFixture);
    const profit = await arbitrage(market, 87_400_000n, 1n);
    // 100 × (2,000 ÷ 0.874 − 2,000.005) less a fee of 100.
    expect(profit).to.be.within(wad("28731"), wad("28733"));
  });

  it("neither pays who puts the cheap token into a position, waits for its peg and takes it out", async () => {
    const market = await networkHelpers.loadFixture(compositeFixture);
    const { carol } = market.accounts;
    await pushRound(market.quote, { answer: 87_400_000n });
    const profit = await profitOf(market, [carol], async () => {
      await arbitrage(market, 87_400_000n, 1n);
      await pushRound(market.quote, { answer: 100_000_000n });
      await pushPrice(market, wad("2000"));
    });
    // The base unit is as dear in dollars as before, and cheaper in the token: the margin is all but lost with it.
    expect(profit).to.be.below(-wad("28000"));
    await expectConservation(market);
  });
});

async function compositeFixture() {
  return await createComposite(connection);
}

async function peggedFixture() {
  return await createPegged(connection);
}
