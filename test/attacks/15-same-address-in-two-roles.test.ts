import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { calmArena, inFork } from "../fixtures/arena.ts";
import { profitOf } from "../fixtures/attack.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import {
  fundPool,
  type MarketFixture,
  newestPrice,
  proofOf,
  pushPrice,
} from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";

/** A market in which Alice has shares, and a long of 100 with a margin of 10,000 that can win 20,000. */
async function world() {
  const market = await calmArena();
  const { alice } = market.accounts;
  await fundPool(market, alice, wad("100000"));
  const long = { account: alice, size: wad("100"), margin: wad("10000"), reserve: wad("20000") };
  const id = await openPosition(market, { ...long, price: wad("2000") });
  return { market, id };
}

/** What is done by and paid to one who may be somebody else than the owner. */
type Act = (market: MarketFixture, id: bigint, actor: HardhatEthersSigner) => Promise<unknown>;

const ACTS: Readonly<Record<string, Act>> = {
  "a partial liquidation": async (market, id, actor) => {
    await pushPrice(market, wad("1948"));
    await market.marginVault.connect(actor).liquidate(id, "0x", actor);
  },
  "a full liquidation": async (market, id, actor) => {
    await pushPrice(market, wad("1904"));
    await market.marginVault.connect(actor).liquidate(id, "0x", actor);
  },
  "a bankruptcy": async (market, id, actor) => {
    await pushPrice(market, wad("1700"));
    await market.marginVault.connect(actor).liquidateBatch([id, id], "0x", actor);
  },
  "a settlement at the cap": async (market, id, actor) => {
    await pushPrice(market, wad("2300"));
    await market.orderBook.connect(actor).settleAtCap(id, "0x", actor);
  },
  "an order": async (market, id, actor) => {
    const { orderBook, accounts } = market;
    const order = { positionId: id, sizeDelta: -wad("100") };
    const { orderId, submittedAt } = await submitOrder(market, accounts.alice, order);
    const round = await pushPrice(market, wad("2000"), submittedAt + 3n);
    await orderBook.connect(actor).execute([orderId], await proofOf(market, round), actor);
  },
  "a deposit and a redeem": async (market, _id, actor) => {
    const { liquidityVault: pool, accounts, connection } = market;
    const { alice } = accounts;
    const shares = await pool.balanceOf(alice);
    await pool.connect(alice).requestRedeem(shares, alice, alice);
    await pool.connect(alice).requestDeposit(1_000_000_000n, alice, alice);
    await connection.networkHelpers.time.increase(300n);
    await pushPrice(market, await newestPrice(market));
    await pool.connect(actor).fulfillDeposits(9n, "0x", actor);
    await pool.connect(actor).fulfillRedeems(9n, "0x", actor);
  },
};

/**
 * The attacker is owner, liquidator, keeper, receiver of fees and provider at once, so that one balance is read before
 * and written after another and something is credited twice.
 * Laws: LAW-3; units: test/contracts/MarginVault/liquidate.full.test.ts.
 */
describe("attack 15: one address in two roles", () => {
  for (const [title, act] of Object.entries(ACTS)) {
    it(`gets from ${title} what two addresses would get together, to the wei (LAW-3)`, async () => {
      const { market, id } = await world();
      const { alice, carol } = market.accounts;
      const as = (actor: HardhatEthersSigner) => () =>
        profitOf(market, [alice, carol], () => act(market, id, actor), { price: wad("2000") });
      const apart = await inFork(market, as(carol));
      const alone = await as(alice)();
      expect(alone - apart <= 0n, `being both paid ${alone - apart}`).to.equal(true);
      expect(alone).to.equal(apart);
      await expectConservation(market);
    });
  }
});
