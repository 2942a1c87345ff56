import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { deployAttacker, expectNoProfit, runSteps, type Step } from "../fixtures/attack.ts";
import { pushRoundsTogether } from "../fixtures/feeds.ts";
import { type MarketFixture, proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { orderRequest } from "../fixtures/trading.ts";
import { now, TICK } from "../fixtures/vault.ts";

/** Encodes an order, with which a contract buys 100 with ample margin. */
async function submission(market: MarketFixture, sizeDelta: bigint): Promise<Step> {
  const amounts = { margin: wad("40000"), reserve: wad("40000") };
  const request = await orderRequest(market, { sizeDelta, ...amounts });
  const data = market.orderBook.interface.encodeFunctionData("submit", [request]);
  return { target: market.orderBook, data };
}

function execution(market: MarketFixture, ids: readonly bigint[], proof: string, to: string): Step {
  const data = market.orderBook.interface.encodeFunctionData("execute", [[...ids], proof, to]);
  return { target: market.orderBook, data };
}

/**
 * The attacker is a contract that buys at one price and sells at another within one transaction, or comes into the pool
 * and leaves it. Units: test/contracts/OrderBook/onePrice.test.ts, test/contracts/ChainlinkFeedOracle/verify.test.ts.
 */
describe("attack 20: two prices in one transaction", () => {
  it("finds one price for both sides, however many rounds there are (BH-64 †, BH-75)", async () => {
    const market = await calmArena();
    const { orderBook } = market;
    const attacker = await deployAttacker(market, 200_000_000_000n);
    const to = String(attacker.target);
    const profit = await expectNoProfit(
      market,
      [attacker],
      async () => {
        // A long and a short sent together are due in the same second.
        const both = [await submission(market, wad("100")), await submission(market, -wad("100"))];
        await runSteps(attacker, both);
        const submittedAt = await now(market);
        const low = await pushPrice(market, wad("1980"), submittedAt + 3n);
        const high = await pushPrice(market, wad("2020"), submittedAt + 10n);
        await market.connection.networkHelpers.time.increase(1n);
        const [lowProof, highProof] = [await proofOf(market, low), await proofOf(market, high)];
        // Buy at the first and sell at the second; the other way round there is nothing to win.
        await expect(
          runSteps(attacker, [
            execution(market, [1n], lowProof, to),
            execution(market, [2n], highProof, to),
          ]),
        )
          .to.be.revertedWithCustomError(attacker, "StepFailed")
          .withArgs(1n, (reason: string) => {
            expect(orderBook.interface.parseError(reason)?.name).to.equal("PriceDoesNotCover");
            return true;
          });
        await runSteps(attacker, [execution(market, [1n, 2n], lowProof, to)]);
      },
      { price: wad("2000") },
    );
    // Two openings and two closes of 200,000 at 0.05%.
    expect(profit).to.be.below(-wad("390"));
  });

  it("finds one price in a second that has two rounds: the last (BH-116 †)", async () => {
    const market = await calmArena();
    const { orderBook, marginVault, oracle } = market;
    const attacker = await deployAttacker(market, 200_000_000_000n);
    const to = String(attacker.target);
    await expectNoProfit(
      market,
      [attacker],
      async () => {
        await runSteps(attacker, [await submission(market, wad("100"))]);
        await market.connection.networkHelpers.time.increase(5n);
        const [low, high] = await pushRoundsTogether(
          market.index,
          ["1980", "2020"].map((price) => wad(price) / TICK),
        );
        if (low === undefined || high === undefined) throw new Error("There are no two rounds.");
        expect(low.updatedAt).to.equal(high.updatedAt);
        await market.connection.networkHelpers.time.increase(1n);
        const steps = [execution(market, [1n], await proofOf(market, low), to)];
        await expect(runSteps(attacker, steps))
          .to.be.revertedWithCustomError(attacker, "StepFailed")
          .withArgs(0n, (reason: string) => {
            expect(oracle.interface.parseError(reason)?.name).to.equal("RoundSuperseded");
            return true;
          });
        await runSteps(attacker, [execution(market, [1n], await proofOf(market, high), to)]);
        const [event] = await marginVault.queryFilter(marginVault.filters.PositionIncreased);
        expect(event?.args.price).to.equal(wad("2020"));
        expect(await orderBook.orderCount()).to.equal(1n);
      },
      { price: wad("2020") },
    );
  });

  it("does not enter and leave the pool in one transaction (BH-98 †)", async () => {
    const market = await calmArena();
    const { liquidityVault } = market;
    const attacker = await deployAttacker(market, 1_000_000_000n);
    const to = String(attacker.target);
    const call = (name: "requestDeposit" | "fulfillDeposits", args: readonly unknown[]): Step => ({
      target: liquidityVault,
      data: liquidityVault.interface.encodeFunctionData(name as "requestDeposit", args as never),
    });
    await expectNoProfit(market, [attacker], async () => {
      const steps = [
        call("requestDeposit", [1_000_000_000n, to, to]),
        call("fulfillDeposits", [1n, "0x", to]),
      ];
      await expect(runSteps(attacker, steps))
        .to.be.revertedWithCustomError(attacker, "StepFailed")
        .withArgs(1n, liquidityVault.interface.encodeErrorResult("NothingFulfilled", []));
    });
  });
});
