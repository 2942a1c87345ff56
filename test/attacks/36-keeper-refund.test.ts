import { expect } from "chai";
import { concat } from "ethers";
import { profitOf } from "../fixtures/attack.ts";
import { calmStage } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { submitOrder } from "../fixtures/trading.ts";
import { openLong } from "../fixtures/vault.ts";

// A keeper makes its call look dear: a high gas price, far more gas than it needs, a call data full of padding. It cannot
// apply: nothing measures gas and nothing refunds it (BH-60, BH-82, BH-89). The fee is what the order or the terms say,
// so a keeper pays for its own waste; whether a fee is worth the gas is the keeper's to decide (scripts/keeper/profit.ts).

/** Ways to send one call. */
const WASTE = [
  { name: "plainly", gasPrice: 1n, gasLimit: 2_000_000n, padding: 0 },
  { name: "at a thousand times the gas price", gasPrice: 1_000n, gasLimit: 2_000_000n, padding: 0 },
  { name: "with all the gas of a block", gasPrice: 1n, gasLimit: 16_000_000n, padding: 0 },
  { name: "with twenty kilobytes of padding", gasPrice: 1n, gasLimit: 6_000_000n, padding: 20_000 },
] as const;

describe("attack 36: a keeper that inflates the gas it is refunded", () => {
  for (const { name, gasPrice, gasLimit, padding } of WASTE) {
    const overrides = { gasPrice: gasPrice * 10n ** 9n, gasLimit };
    const padded = (data: string) => concat([data, `0x${"ff".repeat(padding)}`]);

    it(`earns the order's own fee, 0.5, executing ${name}`, async () => {
      const market = await calmStage();
      const { orderBook, accounts } = market;
      const { alice, keeper } = accounts;
      const opening = { sizeDelta: wad("1"), margin: wad("400"), reserve: wad("1000") };
      const { orderId, submittedAt } = await submitOrder(market, alice, opening);
      const round = await pushPrice(market, wad("2000"), submittedAt + 3n);
      const proof = await proofOf(market, round);
      const call = orderBook.interface.encodeFunctionData("execute", [
        [orderId],
        proof,
        keeper.address,
      ]);
      const data = padded(call);
      const profit = await profitOf(market, [keeper], () =>
        keeper.sendTransaction({ to: orderBook, data, ...overrides }),
      );
      expect(profit).to.equal(wad("0.5"));
      await expectConservation(market);
    });

    it(`earns the fee that the terms say, here the floor of 1, liquidating ${name}`, async () => {
      const market = await calmStage();
      const { marginVault, accounts } = market;
      const { keeper } = accounts;
      const { positionId } = await openLong(market);
      await pushPrice(market, wad("1901"));
      const call = marginVault.interface.encodeFunctionData("liquidate", [
        positionId,
        "0x",
        keeper.address,
      ]);
      const data = padded(call);
      const profit = await profitOf(market, [keeper], () =>
        keeper.sendTransaction({ to: marginVault, data, ...overrides }),
      );
      // The loss of 9,901 takes all of the margin of 9,899.99975: what is left is the floor.
      expect(profit).to.equal(wad("1"));
      await expectConservation(market);
    });
  }
});
