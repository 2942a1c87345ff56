import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { network } from "hardhat";
import { expectNoProfit } from "../fixtures/attack.ts";
import { deployMarket, type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { plain } from "../fixtures/structs.ts";
import { submitOrder } from "../fixtures/trading.ts";
import { now, openLong } from "../fixtures/vault.ts";

// On a rollup `block.number` may be that of another chain, stand still or run ahead. Who can make many blocks, or none,
// would then age orders, accruals and delays. Time here is `block.timestamp` alone.

const connection = await network.create();
const { networkHelpers } = connection;

/** All that accrues, at one second, reached in so many blocks. */
async function standAfter(market: MarketFixture, blocks: number) {
  const { marginVault } = market;
  const { positionId } = await openLong(market);
  const target = (await now(market)) + 1_000n;
  // So many blocks of one second each, then one at the very second.
  await networkHelpers.mine(blocks);
  await networkHelpers.time.setNextBlockTimestamp(target);
  await marginVault.accrue();
  const { fundingIndex, borrowIndex, accruedAt } = plain(await marginVault.market());
  const lens = await connection.ethers.deployContract("MarketLens");
  const [health] = await lens.healthAt(marginVault, [positionId], wad("2000"));
  return { fundingIndex, borrowIndex, elapsed: accruedAt - target, owed: health?.owed };
}

describe("attack 47: the number of a block as a clock", () => {
  it("accrues the same over the same seconds, in one block or in nine hundred", async () => {
    const few = await standAfter(await networkHelpers.loadFixture(deployMarket), 1);
    const many = await standAfter(await networkHelpers.loadFixture(deployMarket), 900);
    expect(many).to.deep.equal(few);
    expect(few.borrowIndex).to.be.above(0n);
  });

  it("opens no door sooner: orders, requests and changes wait for seconds, however many blocks there are", async () => {
    const market = await networkHelpers.loadFixture(deployMarket);
    const { orderBook, liquidityVault, charter, accounts } = market;
    const { carol, curator } = accounts;
    const request = { sizeDelta: wad("1"), margin: wad("400"), reserve: wad("1000") };
    const { orderId } = await submitOrder(market, carol, request);
    await liquidityVault.connect(carol).requestDeposit(200_000_000n, carol, carol);
    await charter.connect(curator).announceMaxOpenInterest(wad("1000"));
    const profit = await expectNoProfit(market, [carol], async () => {
      await networkHelpers.mine(100);
      await pushPrice(market, wad("2000"));
      await expect(orderBook.connect(carol).cancel(orderId, "0x")).to.be.revertedWithCustomError(
        orderBook,
        "CancelTooEarly",
      );
      await expect(
        liquidityVault.connect(carol).fulfillDeposits(1n, "0x", carol),
      ).to.be.revertedWithCustomError(liquidityVault, "NothingFulfilled");
      await expect(charter.enact(1n)).to.be.revertedWithCustomError(charter, "ChangeTooEarly");
    });
    expect(profit).to.equal(0n);
  });

  it("is read by no contract", () => {
    const folder = new URL("../../contracts/", import.meta.url);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const sources = files.filter((name) => name.endsWith(".sol") && !name.startsWith("mocks"));
    expect(sources.length).to.be.above(60);
    for (const name of sources) {
      const source = readFileSync(new URL(name, folder), "utf8");
      expect(/block\s*\.\s*number|blockhash|number\(\)/.test(source), name).to.equal(false);
    }
  });
});
