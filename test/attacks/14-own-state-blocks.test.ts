import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { calmArena, inFork } from "../fixtures/arena.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { giveMandate } from "../fixtures/mandates.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { SCOPE, stopLoss } from "../fixtures/powers.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";
import { mined } from "../fixtures/vault.ts";

/** All that the owner of a position can pile up around it. */
async function entrench(market: MarketFixture, id: bigint) {
  const { marginVault, orderBook, token, mandateBook, accounts } = market;
  const { alice, bob } = accounts;
  const book = orderBook.connect(alice);
  await book.setOperator(bob, SCOPE.trade, 4_000_000_000n);
  await orderBook.connect(alice).transferPosition(id, bob);
  await orderBook.connect(bob).transferPosition(id, alice);
  await book.labelPosition(id, encodeBytes32String("do not touch"));
  for (let count = 0; count < 20; ++count) {
    await submitOrder(market, alice, stopLoss(id, wad("1")));
  }
  // More than one is refused (BH-240).
  await submitOrder(market, alice, { positionId: id, sizeDelta: -wad("1") });
  // A mandate whose money is gone.
  await giveMandate(market, alice, id, { triggerRatio: wad("9"), targetRatio: wad("10") });
  await token.connect(alice).approve(mandateBook, 0n);
  await marginVault.connect(bob).addMargin(id, 1n);
}

/**
 * The attacker surrounds its position with state that its liquidation might have to work through: orders that wait,
 * mandates without money, transfers, operators, a unit of margin in front of every attempt.
 * Units: test/contracts/MarginVault/liquidate.test.ts, rescue.first.test.ts.
 */
describe("attack 14: state of one's own that blocks one's liquidation", () => {
  it("costs its liquidator the try of one mandate, and the attacker all the same", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { alice, keeper } = accounts;
    const liquidate = async () => {
      await pushPrice(market, wad("1900"));
      const sent = await mined(marginVault.connect(keeper).liquidate(1n, "0x", keeper));
      expect((await marginVault.position(1n)).size).to.equal(0n);
      return sent.gasUsed;
    };
    const profit = await expectNoProfit(market, [alice], async () => {
      const long = { account: alice, size: wad("100"), margin: wad("10000") };
      const id = await openPosition(market, long);
      const plain = await inFork(market, liquidate);
      await entrench(market, id);
      // The call of the mandate book, its reads of wallet and allowance, and the deletion of what is left there.
      expect((await liquidate()) - plain).to.be.below(45_000n);
      await pushPrice(market, wad("2600"));
    });
    // The keeper's fee of its market order is still in escrow, the margin is gone.
    expect(profit).to.be.below(-wad("9900"));
  });
});
