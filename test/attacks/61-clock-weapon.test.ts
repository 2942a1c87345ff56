import { expect } from "chai";
import { network } from "hardhat";
import { expectNoProfit } from "../fixtures/attack.ts";
import { proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import {
  deployStreamMarket,
  openStreamPosition,
  orderProof,
  type StreamMarket,
  submitStreamOrder,
} from "../fixtures/streamMarket.ts";
import { proofFor, reportAt } from "../fixtures/streams.ts";
import { submitOrder } from "../fixtures/trading.ts";
import { calmMarket, logOf, mined } from "../fixtures/vault.ts";

// Spot prices must be as new as the newest that was used, and anybody may use one: `poke`. So an attacker pokes in every
// second, that what waits is always too old. A market order fills at its own price whatever the clock says (BH-68), for
// the same amount; a trigger order at the attacker's own report, which is public and new enough by definition (BH-71);
// and no poke starts a wait anew.

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const createMarket = calmMarket();
const ORDER = { sizeDelta: wad("2"), margin: wad("500"), reserve: wad("800") };

async function pushFixture() {
  return await createMarket(connection);
}

/** Shows the report of this very second, at `price`, as the attacker. */
async function poke(market: StreamMarket, price: string): Promise<bigint> {
  const at = BigInt(await time.latest()) + 1n;
  const proof = proofFor(market.streams, reportAt(at, { price: wad(price) }));
  await time.setNextBlockTimestamp(at);
  await market.orderBook.connect(market.accounts.carol).poke(proof);
  return at;
}

describe("attack 61: the market's clock as a weapon", () => {
  it("stops no market order: after twenty pokes it fills at its own price, to the wei as without", async () => {
    const filled: bigint[] = [];
    for (const pokes of [0, 20]) {
      const market = await networkHelpers.loadFixture(deployStreamMarket);
      const { orderBook, marginVault, accounts } = market;
      const { alice, carol, keeper } = accounts;
      const submitted = await submitStreamOrder(market, alice, ORDER);
      const profit = await expectNoProfit(market, [carol], async () => {
        await time.increaseTo(submitted.submittedAt + 2n);
        for (let i = 0; i < pokes; i += 1) await poke(market, i % 2 === 0 ? "1500" : "2500");
        const clock = (await marginVault.market()).clock;
        await time.increaseTo(submitted.submittedAt + 30n);
        const proof = await orderProof(market, submitted);
        const execute = orderBook.connect(keeper).execute([submitted.orderId], proof, keeper);
        const { fillPrice } = logOf(market as never, await mined(execute), "PositionIncreased");
        filled.push(fillPrice as bigint);
        expect((await marginVault.market()).clock).to.be.at.least(clock);
      });
      expect(profit).to.equal(0n);
    }
    expect(filled[1]).to.equal(filled[0]);
    expect(filled[0]).to.equal(wad("2000.0001"));
  });

  it("stops no trigger order and no liquidation: the keeper shows the very report of the poke", async () => {
    const market = await networkHelpers.loadFixture(deployStreamMarket);
    const { orderBook, marginVault, accounts, streams } = market;
    const { alice, carol, keeper } = accounts;
    const positionId = await openStreamPosition(market, {
      account: alice,
      size: wad("100"),
      margin: wad("10000"),
      reserve: wad("40000"),
    });
    const limit = { kind: 1n, triggerPrice: wad("1950"), expiry: 4_000_000_000n };
    const waiting = await submitStreamOrder(market, alice, { ...ORDER, ...limit });
    await time.increase(5n);
    const profit = await expectNoProfit(market, [carol], async () => {
      const at = await poke(market, "1949");
      const same = proofFor(streams, reportAt(at, { price: wad("1949") }));
      await orderBook.connect(keeper).execute([waiting.orderId], same, keeper);
      await marginVault.connect(keeper).liquidate(positionId, same, keeper);
    });
    expect(profit).to.equal(0n);
    expect((await marginVault.position(waiting.orderId)).size).to.equal(wad("2"));
    expect((await marginVault.position(positionId)).size).to.be.below(wad("100"));
  });

  it("stops nothing on push feeds: the newest round is everybody's, and an order's own stays its own", async () => {
    const market = await networkHelpers.loadFixture(pushFixture);
    const { orderBook, liquidityVault, marginVault, accounts } = market;
    const { alice, carol, keeper, provider } = accounts;
    await liquidityVault.connect(provider).requestDeposit(200_000_000n, provider, provider);
    const requestedAt = BigInt(await time.latest());
    const { orderId, submittedAt } = await submitOrder(market, alice, ORDER);
    const own = await pushPrice(market, wad("2000"), submittedAt + 3n);
    const profit = await expectNoProfit(market, [carol], async () => {
      for (let i = 0n; i < 20n; i += 1n) {
        await pushPrice(market, wad("2000") + i * wad("1"));
        await orderBook.connect(carol).poke("0x");
      }
      await orderBook.connect(keeper).execute([orderId], await proofOf(market, own), keeper);
      await time.setNextBlockTimestamp(requestedAt + 300n);
      await liquidityVault.connect(keeper).fulfillDeposits(1n, "0x", keeper);
    });
    expect(profit).to.equal(0n);
    const { size, openNotional } = await marginVault.position(orderId);
    expect([size, openNotional]).to.deep.equal([wad("2"), wad("4000.0002")]);
  });
});
