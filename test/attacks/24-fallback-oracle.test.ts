import { expect } from "chai";
import type { NetworkConnection } from "hardhat/types/network";
import { arena } from "../fixtures/arena.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { pushRound } from "../fixtures/feeds.ts";
import { deployMarket } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { deployBounded } from "../fixtures/streamOracle.ts";
import { proofFor, reportAt } from "../fixtures/streams.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

/** After the second oracle's sequencer feed came up [s]. */
const GRACE = 3_600n;
const E8_OF_1900 = 190_000_000_000n;

/** A market whose oracle takes reports that a push feed bounds. Alice is long 100 in it, and can lose 20,000. */
async function deployBoundedMarket(connection: NetworkConnection) {
  const market = await deployMarket(connection);
  const { alice } = market.accounts;
  const id = await openPosition(market, {
    account: alice,
    size: wad("100"),
    margin: wad("20000"),
    reserve: wad("40000"),
  });
  const { bounded, index: reference, streams } = await deployBounded(connection);
  // Its parameters are immutables, and so part of the code.
  const code = await connection.ethers.provider.getCode(bounded);
  await connection.networkHelpers.setCode(String(market.oracle.target), code);
  await connection.networkHelpers.time.increase(GRACE);
  /** What the oracles sign for this second. */
  const report = async (price: string) =>
    proofFor(streams, reportAt(await now(market), { price: wad(price) }));
  return { market, id, reference, report, ...market, ...market.accounts };
}

const boundedArena = arena(deployBoundedMarket);

/**
 * There is no fallback that could revert: a second oracle bounds the first, and never replaces it. The attacker waits for
 * the second to fail, or makes it fail, to act without the bound. Units: test/contracts/BoundedOracle/states.test.ts.
 */
describe("attack 24: a second oracle that fails", () => {
  it("leaves everything refused that could pay, and closing open (BH-141)", async () => {
    const { market, id, report, marginVault, orderBook, alice, keeper } = await boundedArena();
    await expectNoProfit(
      market,
      [alice, keeper],
      async () => {
        // The reference has never had a round.
        const attempts = [
          async () => marginVault.connect(alice).removeMargin(id, 1n, alice, await report("2100")),
          async () => orderBook.connect(keeper).settleAtCap(id, await report("2900"), keeper),
          async () => marginVault.connect(keeper).liquidate(id, await report("1800"), keeper),
        ];
        for (const attempt of attempts) {
          await expect(attempt()).to.be.revertedWithCustomError(marginVault, "PriceForClosingOnly");
        }
        const order = { positionId: id, sizeDelta: -wad("100") };
        const { orderId } = await submitOrder(market, alice, order);
        await market.connection.networkHelpers.time.increase(2n);
        const proof = await report("2000");
        await market.connection.networkHelpers.time.increase(1n);
        await orderBook.connect(keeper).execute([orderId], proof, keeper);
        expect((await marginVault.position(id)).size).to.equal(0n);
      },
      { price: wad("2000") },
    );
  });

  it("only puts its liquidation off until it answers again", async () => {
    const { market, id, reference, report, marginVault, alice, keeper } = await boundedArena();
    const price = { price: wad("1825") };
    await expectNoProfit(
      market,
      [alice],
      async () => {
        const liquidate = async () =>
          marginVault.connect(keeper).liquidate(id, await report("1825"), keeper);
        await expect(liquidate()).to.be.revertedWithCustomError(marginVault, "PriceForClosingOnly");
        await pushRound(reference, { answer: E8_OF_1900 - 7_000_000_000n });
        await liquidate();
        expect((await marginVault.position(id)).size).to.be.below(wad("100"));
      },
      price,
    );
  });

  it("cannot be starved of gas to close beyond its bound (BH-142 †)", async () => {
    const { market, id, reference, report, marginVault, orderBook, alice, keeper } =
      await boundedArena();
    await expectNoProfit(
      market,
      [alice, keeper],
      async () => {
        const order = { positionId: id, sizeDelta: -wad("100") };
        const { orderId } = await submitOrder(market, alice, order);
        await pushRound(reference, { answer: E8_OF_1900 });
        await market.connection.networkHelpers.time.increase(2n);
        // 2,000 is more than 2% above what the reference says.
        const proof = await report("2000");
        await market.connection.networkHelpers.time.increase(1n);
        const book = orderBook.connect(keeper);
        for (let gasLimit = 300_000n; gasLimit <= 1_800_000n; gasLimit += 50_000n) {
          const call = book.execute.staticCall([orderId], proof, keeper, { gasLimit });
          expect(await call.then(() => "filled").catch(() => "refused")).to.equal("refused");
        }
        expect((await marginVault.position(id)).size).to.equal(wad("100"));
      },
      { price: wad("1900") },
    );
  });
});
