import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { inTwoWorlds } from "../fixtures/scenario.ts";
import { plainTree } from "../fixtures/structs.ts";
import { openPosition, submitAndExecute } from "../fixtures/trading.ts";
import { calmMarket, cancelReason, mined, now, openLong } from "../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();
const DAY = 86_400n;
/**
 * The harshest that may be announced: all of the notional as margin, half of it to stay, twice the position fee (no terms
 * may more than double it), amounts that only the largest positions meet.
 */
const HARSHEST = {
  initialMarginRatio: wad("1"),
  maintenanceMarginRatio: wad("0.4"),
  liquidationFeeRatio: wad("0.1"),
  positionFeeRatio: wad("0.001"),
  liquidationTarget: wad("2"),
  minReserveRatio: wad("1"),
  liquidationCooldown: 1n,
  keeperFeeFloor: wad("1000"),
  keeperFeeCap: wad("1000000"),
  minMaintenance: wad("100000"),
  minMargin: wad("100000"),
  minNotional: wad("1000000"),
};

/** Alice's long, Bob's short and a long of Carol's, all open under the first terms. */
async function threePositions() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const { bob, carol } = market.accounts;
  const short = await openPosition(market, { account: bob, size: -wad("60"), margin: wad("9000") });
  const long = await openPosition(market, { account: carol, size: wad("5"), margin: wad("2000") });
  const lens = await ethers.deployContract("MarketLens");
  return { market, ...market, ids: [positionId, short, long], lens };
}

/** Three open positions whose feed has been silent for seven days, and the notice given. */
async function deadFeed() {
  const scene = await threePositions();
  const { clock, lastPrice } = await scene.marginVault.market();
  await networkHelpers.time.increaseTo(clock + 7n * DAY);
  await scene.charter.connect(scene.accounts.stranger).declareOracleDead();
  return { ...scene, lastPrice, givenAt: await now(scene.market) };
}

/** Fill prices of all decreases that a receipt tells. */
function fillPrices(market: MarketFixture, logs: readonly { topics: readonly string[] }[]) {
  return logs
    .map((log) => market.marginVault.interface.parseLog(log as never))
    .filter((log) => log?.name === "PositionDecreased")
    .map((log) => log?.args.fillPrice as bigint);
}

describe("scenario 08: involuntary termination", () => {
  describe("given a curator who publishes the harshest terms that the code allows", () => {
    it("moves no open position's health, whatever the price", async () => {
      const { market, charter, accounts, ids, lens, marginVault } =
        await networkHelpers.loadFixture(threePositions);
      const curator = charter.connect(accounts.curator);
      const { without, afterwards } = await inTwoWorlds(market, {
        at: (await now(market)) + 3n * DAY,
        happening: async () => {
          await curator.announceTerms(HARSHEST);
          await curator.announceMaxOpenInterest(1n);
          await networkHelpers.time.increase(2n * DAY);
          await curator.enact(1n);
          await curator.enact(2n);
        },
        read: async () => {
          const prices = ["1900", "1950", "2000", "2100"].map(wad);
          const lists = prices.map((price) => lens.healthAt(marginVault, ids, price));
          const told = (await Promise.all(lists)).flat().map(plainTree);
          await pushRoundOfQuote(market);
          await pushPrice(market, wad("1990"));
          // The engine itself, which refuses a healthy position with its equity and its maintenance margin.
          const refusals = ids.map((id) => refusalOf(market, id));
          return { told, refusals: await Promise.all(refusals) };
        },
      });
      expect(await charter.latestTermsId(), "the terms are in force").to.equal(2n);
      expect(afterwards).to.deep.equal(without);
      expect(afterwards.refusals.map(({ name }) => name)).to.deep.equal(
        ids.map(() => "PositionHealthy"),
      );
    });

    it("holds who opens afterwards to them, in the open", async () => {
      const { market, charter, accounts } = await networkHelpers.loadFixture(threePositions);
      await charter.connect(accounts.curator).announceTerms(HARSHEST);
      await expect(charter.enact(1n)).to.be.revertedWithCustomError(charter, "ChangeTooEarly");
      await networkHelpers.time.increase(2n * DAY);
      await charter.enact(1n);
      await pushRoundOfQuote(market);
      const order = { sizeDelta: wad("1000"), margin: wad("200000"), reserve: wad("2000000") };
      const { receipt } = await submitAndExecute(market, accounts.alice, order);
      const error = market.marginVault.interface.parseError(cancelReason(market, receipt));
      expect(error?.name).to.equal("InitialMarginNotMet");
    });
  });

  describe("given a feed that has died", () => {
    it("settles nothing early: neither the notice nor the settlement comes before its time", async () => {
      const { market, charter, accounts } = await networkHelpers.loadFixture(threePositions);
      const { clock } = await market.marginVault.market();
      await networkHelpers.time.setNextBlockTimestamp(clock + 7n * DAY - 1n);
      await expect(charter.connect(accounts.stranger).declareOracleDead())
        .to.be.revertedWithCustomError(charter, "OracleNotDead")
        .withArgs(clock, clock + 7n * DAY);
      await networkHelpers.time.setNextBlockTimestamp(clock + 7n * DAY);
      await charter.connect(accounts.stranger).declareOracleDead();
      const settleableAt = (await now(market)) + DAY;
      await networkHelpers.time.setNextBlockTimestamp(settleableAt - 1n);
      await expect(charter.settle())
        .to.be.revertedWithCustomError(charter, "NoticeRuns")
        .withArgs(settleableAt);
    });

    it("takes the notice back as soon as anybody shows a price", async () => {
      const { market, charter, orderBook, accounts } = await networkHelpers.loadFixture(deadFeed);
      await pushPrice(market, wad("1990"));
      await pushRoundOfQuote(market);
      await orderBook.connect(accounts.stranger).poke("0x");
      await networkHelpers.time.increase(2n * DAY);
      await expect(charter.settle()).to.be.revertedWithCustomError(charter, "NoNotice");
    });

    it("closes everybody after the notice, at one price for all, and conserves to the wei", async () => {
      const { market, charter, orderBook, marginVault, accounts, ids, lastPrice, givenAt } =
        await networkHelpers.loadFixture(deadFeed);
      const { stranger } = accounts;
      await networkHelpers.time.increaseTo(givenAt + DAY);
      await charter.connect(stranger).settle();
      await expectConservation(market);
      const [first, ...others] = ids;
      const one = await mined(orderBook.connect(stranger).closeSettled([first ?? 0n], stranger));
      await networkHelpers.time.increase(DAY);
      const rest = await mined(orderBook.connect(stranger).closeSettled(others, stranger));

      const prices = [...fillPrices(market, one.logs), ...fillPrices(market, rest.logs)];
      expect(prices).to.deep.equal([lastPrice, lastPrice, lastPrice]);
      for (const id of ids) expect((await marginVault.position(id)).size).to.equal(0n);
      const sums = await marginVault.market();
      expect([sums.totalMargin, sums.netBasis]).to.deep.equal([0n, 0n]);
      expect(await market.liquidityVault.reserved()).to.equal(0n);
      await expectConservation(market);
    });
  });
});

async function pushRoundOfQuote(market: MarketFixture): Promise<void> {
  const own = (await market.quote.aggregator.latestRound()) + 1n;
  await market.quote.aggregator.submit(own, 100_000_000n);
}

/** How the market refuses to liquidate a position, and with which numbers. */
async function refusalOf({ marginVault, accounts }: MarketFixture, id: bigint) {
  const { keeper } = accounts;
  try {
    await marginVault.connect(keeper).liquidate.staticCall(id, "0x", keeper);
  } catch (cause) {
    const error = marginVault.interface.parseError((cause as { data?: string }).data ?? "0x");
    return { name: error?.name, args: error?.args.toArray() };
  }
  return { name: undefined, args: [] };
}
