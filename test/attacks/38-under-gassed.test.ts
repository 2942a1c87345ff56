import { expect } from "chai";
import { expectNoProfit } from "../fixtures/attack.ts";
import { calmStage, connection } from "../fixtures/attackStage.ts";
import { giveMandate, liquidate } from "../fixtures/mandates.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { stopLoss } from "../fixtures/powers.ts";
import { submitOrder } from "../fixtures/trading.ts";
import { openLong } from "../fixtures/vault.ts";

// A keeper sends just so much gas that the call goes through and what it wraps does not: the order is cancelled instead of
// filled, the rescue fails and the position is liquidated, the payout becomes a claim. Each of the three asks for its gas
// beforehand and reverts as a whole (BH-79, BH-234, BH-17). Here all amounts of gas are tried.

const { networkHelpers } = connection;
const LEAST = 60_000n;
const MOST = 1_260_000n;
const STEP = 40_000n;

/** Alice's long of 100 with a stop-loss at 1,990, which has come; the attacker is short elsewhere and wants her in. */
async function stopWaits() {
  const market = await calmStage();
  const { alice } = market.accounts;
  const { positionId } = await openLong(market);
  const { orderId } = await submitOrder(market, alice, stopLoss(positionId, wad("1990")));
  await networkHelpers.time.increase(10n);
  await pushPrice(market, wad("1985"));
  return { market, positionId, orderId };
}

/** Alice's long below maintenance, with a mandate that restores it. */
async function mandateStands() {
  const market = await calmStage();
  const { alice } = market.accounts;
  const { positionId } = await openLong(market);
  await giveMandate(market, alice, positionId);
  await pushPrice(market, wad("1949"));
  return { market, positionId };
}

describe("attack 38: too little gas, so that something fails inside", () => {
  it("cancels no order: at every amount of gas it fills or nothing has happened", async () => {
    const { market, positionId, orderId } = await stopWaits();
    const { orderBook, marginVault, accounts } = market;
    const { carol } = accounts;
    const before = await networkHelpers.takeSnapshot();
    let [filled, refused] = [0, 0];
    for (let gasLimit = LEAST; gasLimit <= MOST; gasLimit += STEP) {
      const call = orderBook.connect(carol).execute([orderId], "0x", carol, { gasLimit });
      const went = await call.then(() => true).catch(() => false);
      const { size } = await marginVault.position(positionId);
      const { submittedAt } = await orderBook.order(orderId);
      expect({ size, waits: submittedAt !== 0n }).to.deep.equal(
        went ? { size: 0n, waits: false } : { size: wad("100"), waits: true },
      );
      if (went) filled += 1;
      else refused += 1;
      await before.restore();
    }
    expect(filled).to.be.above(5);
    expect(refused).to.be.above(10);
  });

  it("makes no rescue fail: at every amount of gas it is rescued or nothing has happened", async () => {
    const { market, positionId } = await mandateStands();
    const { marginVault, accounts } = market;
    const { carol } = accounts;
    const before = await networkHelpers.takeSnapshot();
    let rescued = 0;
    for (let gasLimit = LEAST; gasLimit <= MOST; gasLimit += STEP) {
      const call = marginVault.connect(carol).liquidate(positionId, "0x", carol, { gasLimit });
      const went = await call.then(() => true).catch(() => false);
      const { size, margin } = await marginVault.position(positionId);
      expect(size).to.equal(wad("100"));
      expect(margin > wad("10000")).to.equal(went);
      if (went) rescued += 1;
      await before.restore();
    }
    expect(rescued).to.be.above(5);
  });

  it("turns no payout into a claim: at every amount of gas the owner is paid or nothing has happened", async () => {
    const { market, positionId } = await mandateStands();
    const { marginVault, mandateBook, accounts } = market;
    const { alice, carol } = accounts;
    await mandateBook.connect(alice).revokeMandate(positionId);
    await pushPrice(market, wad("1903"));
    const before = await networkHelpers.takeSnapshot();
    for (let gasLimit = LEAST; gasLimit <= MOST; gasLimit += STEP) {
      const call = marginVault.connect(carol).liquidate(positionId, "0x", carol, { gasLimit });
      await call.catch(() => "reverted as a whole");
      expect(await marginVault.claimable(alice)).to.equal(0n);
      expect(await marginVault.claimable(carol)).to.equal(0n);
      await before.restore();
    }
    await liquidate(market, positionId);
    expect((await marginVault.position(positionId)).size).to.equal(0n);
  });

  it("earns nothing to whoever tries", async () => {
    const { market, orderId } = await stopWaits();
    const { orderBook, accounts } = market;
    const { carol } = accounts;
    const profit = await expectNoProfit(market, [carol], async () => {
      for (const gasLimit of [300_000n, 500_000n, 700_000n]) {
        const call = orderBook.connect(carol).execute([orderId], "0x", carol, { gasLimit });
        await expect(call).to.revert(connection.ethers);
      }
    });
    expect(profit).to.equal(0n);
  });
});
