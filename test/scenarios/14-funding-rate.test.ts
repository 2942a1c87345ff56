import { expect } from "chai";
import { network } from "hardhat";
import { health } from "../../scripts/core/quote.ts";
import { drawsOf } from "../../scripts/risk/random.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushRound } from "../fixtures/feeds.ts";
import { type MarketFixture, marketWith, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { plain } from "../fixtures/structs.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change, now, TICK } from "../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
/** A token with 18 decimals: the pool tells what it is worth to the wei. */
const createMarket = marketWith({ decimals: 18 });
const DAY = 86_400n;
const DAYS = 30;
const PRICE = wad("2000");
const DOLLAR = 100_000_000n;

async function emptyMarket() {
  const market = await createMarket(connection);
  const lens = await ethers.deployContract("MarketLens");
  return { market, ...market, lens };
}

type Scene = Awaited<ReturnType<typeof emptyMarket>>;

/** Keeps both feeds young, at the same price. */
async function refresh(market: MarketFixture): Promise<void> {
  await pushRound(market.quote, { answer: DOLLAR });
  await pushPrice(market, PRICE);
}

/** What each open position owes in funding and borrow fees, + means it pays [WAD quote], and what the pool is worth. */
async function account({ market, lens }: Scene, ids: readonly bigint[]) {
  const items = await lens.healthAt(market.marginVault, [...ids], PRICE);
  const owed = items.map((item) => item.owed);
  return {
    owed,
    total: owed.reduce((sum, value) => sum + value, 0n),
    pool: await market.liquidityVault.totalAssets(),
  };
}

/** Opens a position of a random side and size for one of three accounts, or closes the oldest when there are many. */
async function touch(scene: Scene, ids: bigint[], normal: () => number): Promise<void> {
  const { market, accounts } = scene;
  const people = [accounts.alice, accounts.bob, accounts.carol];
  const [oldest] = ids;
  if (ids.length >= 8 && oldest !== undefined) {
    const { size, owner } = await market.marginVault.position(oldest);
    const owner_ = people.find(({ address }) => address === owner) ?? accounts.alice;
    await change(market, { account: owner_, positionId: oldest, sizeDelta: -size, price: PRICE });
    ids.shift();
    return;
  }
  const drawn = normal();
  const units = BigInt(Math.max(1, Math.round(Math.abs(drawn) * 800)));
  const size = (drawn < 0 ? -units : units) * wad("1");
  const account_ = people[Math.abs(Math.round(drawn * 100)) % 3] ?? accounts.alice;
  const margin = units * wad("900");
  ids.push(await openPosition(market, { account: account_, size, margin, price: PRICE }));
}

describe("scenario 14: funding rate mechanisms", () => {
  describe("given thirty days of random open interest", () => {
    it("collects for the pool what positions pay one another and it, within a wei a touch", async function () {
      this.timeout(120_000);
      const scene = await networkHelpers.loadFixture(emptyMarket);
      const draws = drawsOf({ seed: 14, stream: 0 });
      draws.start(0);
      const ids: bigint[] = [];
      let [payments, gained, touches, received] = [0n, 0n, 0n, 0];
      for (let day = 0; day < DAYS; ++day) {
        await refresh(scene.market);
        await touch(scene, ids, draws.normal);
        await touch(scene, ids, draws.normal);
        const morning = await account(scene, ids);
        await networkHelpers.time.increase(DAY);
        await refresh(scene.market);
        const evening = await account(scene, ids);
        payments += evening.total - morning.total;
        gained += evening.pool - morning.pool;
        touches += BigInt(2 * ids.length);
        received += evening.owed.filter((owed, index) => owed < (morning.owed[index] ?? 0n)).length;
      }
      const rounding = payments - gained;
      expect(rounding >= -touches && rounding <= touches, `${rounding} of ${touches}`).to.equal(
        true,
      );
      expect(payments, "something was paid").to.be.above(wad("1000"));
      expect(received > 0, "somebody was paid for standing against the skew").to.equal(true);
      await expectConservation(scene.market);
    });

    it("makes the crowded side pay and the other receive, whichever that is", async () => {
      const scene = await networkHelpers.loadFixture(emptyMarket);
      const { market, accounts } = scene;
      const { alice, bob } = accounts;
      for (const sign of [1n, -1n]) {
        const size = sign * wad("5000");
        const crowd = { account: alice, size, margin: wad("900000"), price: PRICE };
        const few = { account: bob, size: -size / 5n, margin: wad("180000"), price: PRICE };
        const ids = [await openPosition(market, crowd), await openPosition(market, few)];
        await networkHelpers.time.increase(DAY / 2n);
        await refresh(market);
        const { owed } = await account(scene, ids);
        expect(owed[0]).to.be.above(0n);
        expect(owed[1]).to.be.below(0n);
        for (const [index, account_] of [alice, bob].entries()) {
          const positionId = ids[index] ?? 0n;
          const { size: open } = await market.marginVault.position(positionId);
          await change(market, { account: account_, positionId, sizeDelta: -open, price: PRICE });
        }
      }
      await expectConservation(market);
    });

    it("meets the liquidation price that was read, one tick on either side, after a month of payments", async () => {
      const { market, marginVault, charter, accounts } =
        await networkHelpers.loadFixture(emptyMarket);
      const { alice, keeper } = accounts;
      const crowd = { account: alice, size: wad("100"), margin: wad("20000"), price: PRICE };
      const positionId = await openPosition(market, crowd);
      for (let day = 0; day < DAYS; ++day) await networkHelpers.time.increase(DAY);
      await refresh(market);
      const at = (await now(market)) + 10n;
      const { liquidationPrice, owed } = health(plain(await marginVault.position(positionId)), {
        market: plain(await marginVault.market()),
        curves: plain(await charter.curves()),
        terms: plain(await charter.terms(1n)),
        price: PRICE,
        now: at,
      });
      expect(owed, "a month of payments").to.be.above(wad("50"));
      const above = ((liquidationPrice + TICK - 1n) / TICK) * TICK;
      const vault = marginVault.connect(keeper);
      const start = await networkHelpers.takeSnapshot();
      await pushPrice(market, above, at - 5n);
      await networkHelpers.time.setNextBlockTimestamp(at);
      await expect(
        vault.liquidate(positionId, "0x", keeper, { gasLimit: 1_000_000n }),
      ).to.be.revertedWithCustomError(vault, "PositionHealthy");
      await start.restore();
      await pushPrice(market, above - TICK, at - 5n);
      await networkHelpers.time.setNextBlockTimestamp(at);
      await expect(vault.liquidate(positionId, "0x", keeper, { gasLimit: 1_000_000n })).to.emit(
        vault,
        "PositionLiquidated",
      );
      await expectConservation(market);
    });
  });
});
