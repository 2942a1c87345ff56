import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { type MarketFixture, proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, type Submitted, submitOrder } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

const AMOUNTS = { margin: wad("40000"), reserve: wad("40000") };

/** A side of the attacker: an order that increases a tiny position by 100. */
interface Side {
  readonly positionId: bigint;
  readonly order: Submitted;
}

/** What the attacker does in the transaction before any keeper's, when 2,000 is the price and it knows of 2,060. */
type Choice = (market: MarketFixture, long: Side, short: Side) => Promise<unknown>;

/** A position of the least size, which the order increases. */
async function crumb(market: MarketFixture, account: HardhatEthersSigner, sign: bigint) {
  const size = sign * wad("0.05");
  const amounts = { margin: wad("20"), reserve: wad("20") };
  return await openPosition(market, { account, size, ...amounts });
}

async function increase(
  market: MarketFixture,
  account: HardhatEthersSigner,
  positionId: bigint,
  { sign, margin }: { readonly sign: bigint; readonly margin: string },
): Promise<Side> {
  const order = { positionId, sizeDelta: sign * wad("100"), reserve: wad("40000") };
  return {
    positionId,
    order: await submitOrder(market, account, { ...order, margin: wad(margin) }),
  };
}

/** Both sides are sent; the price comes; the attacker has one transaction; then a keeper fills all that it can. */
async function play(market: MarketFixture, margin: string, choice: Choice) {
  const { orderBook, accounts } = market;
  const { alice, bob, keeper, stranger } = accounts;
  const [longId, shortId] = [await crumb(market, alice, 1n), await crumb(market, bob, -1n)];
  return await expectNoProfit(
    market,
    [alice, bob, keeper],
    async () => {
      const long = await increase(market, alice, longId, { sign: 1n, margin });
      const short = await increase(market, bob, shortId, { sign: -1n, margin });
      const kill = await submitOrder(market, bob, {
        positionId: shortId,
        kind: 2n,
        reduceOnly: true,
        feeFromMargin: true,
        sizeDelta: wad("0.05"),
        triggerPrice: wad("1"),
        expiry: (await now(market)) + 3_600n,
      });
      const round = await pushPrice(market, wad("2000"), kill.submittedAt + 3n);
      const proof = await proofOf(market, round);
      await market.connection.networkHelpers.time.increase(1n);
      await choice(market, long, short);
      const ids = [long.order.orderId, short.order.orderId];
      await orderBook.connect(stranger).execute(ids, proof, stranger);
    },
    { price: wad("2060") },
  );
}

/**
 * The attacker sends orders on both sides, sees the price at which they will fill and where it has gone since, and takes
 * back the one that loses. Units: test/contracts/OrderBook/{freeLook,cancel}.test.ts; letting it lapse is attack 55.
 */
describe("attack 22: a free look at the price", () => {
  it("ends with both sides filled by any keeper, and two fees to pay (BH-69 †)", async () => {
    const market = await calmArena();
    const { orderBook, accounts } = market;
    const { alice, bob, keeper } = accounts;
    const profit = await expectNoProfit(
      market,
      [alice, bob],
      async () => {
        const long = await submitOrder(market, alice, { sizeDelta: wad("100"), ...AMOUNTS });
        const short = await submitOrder(market, bob, { sizeDelta: -wad("100"), ...AMOUNTS });
        const own = await pushPrice(market, wad("2000"), short.submittedAt + 3n);
        await pushPrice(market, wad("2060"), short.submittedAt + 20n);
        // The short has lost 6,000 before it is open. Its owner tries to be rid of it, as does its friend.
        for (const account of [bob, alice]) {
          for (const proof of ["0x", await proofOf(market, own)]) {
            await expect(
              orderBook.connect(account).cancel(short.orderId, proof),
            ).to.be.revertedWithCustomError(orderBook, "CancelTooEarly");
          }
        }
        const ids = [long.orderId, short.orderId];
        await orderBook.connect(keeper).execute(ids, await proofOf(market, own), keeper);
      },
      { price: wad("2060") },
    );
    // Two openings at 0.05% of 200,000, two closes of 206,000, and a keeper's fee of 0.5 each.
    expect(profit).to.be.closeTo(-wad("407"), wad("1"));
  });

  it("takes a trigger order back, which had nothing to look at: it fills at the price of now (BH-74, BH-71)", async () => {
    const market = await calmArena();
    const { orderBook, accounts, connection } = market;
    const { alice, keeper } = accounts;
    const limit = { kind: 1n, triggerPrice: wad("2010"), expiry: (await now(market)) + 3_600n };
    await expectNoProfit(
      market,
      [alice, keeper],
      async () => {
        await pushPrice(market, wad("2020"));
        const order = { sizeDelta: wad("100"), ...AMOUNTS, ...limit };
        const { orderId } = await submitOrder(market, alice, order);
        await connection.networkHelpers.time.increase(5n);
        const low = await pushPrice(market, wad("2005"));
        await pushPrice(market, wad("2060"));
        // It waited for the rise and would like to have bought before it: that round is no spot price any more.
        const attempt = orderBook
          .connect(keeper)
          .execute([orderId], await proofOf(market, low), keeper);
        await expect(attempt).to.be.revertedWithCustomError(market.oracle, "ProofMalformed");
        await expect(
          orderBook.connect(keeper).execute([orderId], "0x", keeper),
        ).to.be.revertedWithCustomError(orderBook, "TriggerNotReached");
        await orderBook.connect(alice).cancel(orderId, "0x");
      },
      { price: wad("2060") },
    );
  });

  describe("given market orders that increase a tiny position", () => {
    it("fills both sides where the attacker has no choice", async () => {
      const profit = await play(await calmArena(), "40000", async () => "nothing it could do");
      expect(profit).to.be.below(0n);
    });

    it("cannot take one back by closing the position first: its stop waits (BH-241 †)", async () => {
      const profit = await play(await calmArena(), "40000", async (market, _long, short) => {
        const { orderBook, marginVault, accounts } = market;
        // The stop was sent last; its keeper is the attacker.
        const kill = short.order.orderId + 1n;
        await expect(orderBook.connect(accounts.keeper).execute([kill], "0x", accounts.keeper))
          .to.be.revertedWithCustomError(marginVault, "MarketOrderPending")
          .withArgs(short.positionId, 1n);
      });
      expect(profit).to.be.below(0n);
    });

    it("cannot take one back by a second market order that closes the position first (BH-240 †)", async () => {
      const market = await calmArena();
      const { marginVault, accounts } = market;
      const positionId = await crumb(market, accounts.bob, -1n);
      await expectNoProfit(market, [accounts.bob], async () => {
        const close = { positionId, sizeDelta: wad("0.05"), reduceOnly: true };
        const closing = await submitOrder(market, accounts.bob, close);
        await expect(increase(market, accounts.bob, positionId, { sign: -1n, margin: "40000" }))
          .to.be.revertedWithCustomError(marginVault, "MarketOrderPending")
          .withArgs(positionId, 1n);
        const round = await pushPrice(market, wad("2000"), closing.submittedAt + 3n);
        await market.connection.networkHelpers.time.increase(1n);
        const proof = await proofOf(market, round);
        const { stranger } = accounts;
        await market.orderBook.connect(stranger).execute([closing.orderId], proof, stranger);
      });
    });

    it("cannot make one good by adding margin once its price is known (BH-239 †)", async () => {
      const profit = await play(await calmArena(), "1000", async (market, long) => {
        const { marginVault, accounts } = market;
        // Neither order brings its initial margin; only the one that wins is given it.
        await marginVault.connect(accounts.alice).addMargin(long.positionId, 40_000_000_000n);
      });
      expect(profit).to.be.below(0n);
    });
  });
});
