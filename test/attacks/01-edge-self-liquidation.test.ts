import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { closeAll, deployAttacker, expectNoProfit, runSteps } from "../fixtures/attack.ts";
import { type MarketFixture, proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, orderRequest } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

/**
 * 100 long at 2,000 need equity of 4% of 200,000. They fill at 2,000.005, 0.5 above the index, and pay 100.00025 of fee:
 * this margin leaves 8,000 to the wei.
 */
const EDGE = wad("8100.50025");

/** A contract opens a long of 100 with `margin`, and closes it as its own keeper in the transaction that fills it. */
async function openAndLiquidate(market: MarketFixture, margin: bigint) {
  const { orderBook, marginVault } = market;
  const attacker = await deployAttacker(market, 10_000_000_000n);
  const opening = { sizeDelta: wad("100"), margin, reserve: wad("40000") };
  const request = await orderRequest(market, opening);
  const submit = orderBook.interface.encodeFunctionData("submit", [request]);
  await runSteps(attacker, [{ target: orderBook, data: submit }]);
  const id = await orderBook.orderCount();
  const round = await pushPrice(market, wad("2000"), (await now(market)) + 3n);
  const proof = await proofOf(market, round);
  const to = String(attacker.target);
  const steps = [
    {
      target: orderBook,
      data: orderBook.interface.encodeFunctionData("execute", [[id], proof, to]),
    },
    {
      target: marginVault,
      data: marginVault.interface.encodeFunctionData("liquidate", [id, "0x", to]),
    },
  ];
  return { attacker, id, steps };
}

/**
 * The attacker opens with the least margin there is and liquidates itself, to be paid the fee or to be rid of limits.
 * Units: test/contracts/MarginVault/liquidate.test.ts, trade.open.test.ts.
 */
describe("attack 01: opening at the edge and liquidating oneself", () => {
  it("is refused in one transaction: the edge lies above what can be liquidated (BH-46, BH-84)", async () => {
    const market = await calmArena();
    const { marginVault } = market;
    const { attacker, id, steps } = await openAndLiquidate(market, EDGE);
    await expect(runSteps(attacker, steps))
      .to.be.revertedWithCustomError(attacker, "StepFailed")
      .withArgs(1n, (reason: string) => {
        const error = marginVault.interface.parseError(reason);
        // 8,000 of equity against 2.5% of 200,000.
        expect(error?.name).to.equal("PositionHealthy");
        expect(error?.args.toArray()).to.deep.equal([id, wad("8000"), wad("5000")]);
        return true;
      });
  });

  it("does not open below the edge: a unit less of margin is refused (BH-47)", async () => {
    const market = await calmArena();
    const { marginVault } = market;
    const { attacker, id, steps } = await openAndLiquidate(market, EDGE - 10n ** 12n);
    await expectNoProfit(market, [attacker], () => runSteps(attacker, steps.slice(0, 1)));
    expect((await marginVault.position(id)).size).to.equal(0n);
  });

  it("costs the fees of both legs when a hedge takes the price out of it", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { alice, bob, keeper } = accounts;
    const profit = await expectNoProfit(market, [alice, bob, keeper], async () => {
      // On this side as close to the edge as on the other, so that a fall makes one leg liquidatable.
      const edge = await openPosition(market, { account: alice, size: wad("100"), margin: EDGE });
      await openPosition(market, { account: bob, size: -wad("100"), margin: wad("9000") });
      // At one price: a part closes, the rest is healthy and goes by order.
      await pushPrice(market, wad("1968"));
      await marginVault.connect(keeper).liquidate(edge, "0x", keeper);
      await closeAll(market, alice, wad("1968"));
      await closeAll(market, bob, wad("1968"));
    });
    // Two openings of 200,000 and the close of one leg at 0.05% are the least: the part that the liquidation closes pays
    // no position fee, and 0.5% of it to a keeper who is the attacker.
    expect(profit).to.be.below(-wad("290"));
  });
});
