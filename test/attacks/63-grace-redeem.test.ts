import { expect } from "chai";
import { profitOf } from "../fixtures/attack.ts";
import { calmStage, connection } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushRound, startSequencer, stopSequencer } from "../fixtures/feeds.ts";
import { fundPool, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";

// The sequencer returns at a price at which positions are bankrupt, and for an hour nobody may liquidate them (BH-85).
// The pool's mark counts what they owe as if it could be had: whoever leaves in that hour leaves at a good price, and those
// who stay bear the rest. Nothing is fulfilled while liquidation is refused, nor for `settleGrace` after (BH-102 †), in
// which liquidators are paid to be first. See also test/contracts/LiquidityVault/attacks.test.ts (63).

const { networkHelpers } = connection;
const { time } = networkHelpers;
/** `sequencerGrace` and `settleGrace` of the local market [s]. */
const [GRACE, SETTLE_GRACE] = [3_600n, 60n];

/**
 * Carol has a third of the pool and a redeem that is due; the sequencer is back at 1,600; Alice owes more than her margin.
 * Bob may hold a long beside, whose margin of four millions nobody has lost yet.
 */
async function returned({ beside }: { readonly beside: boolean }) {
  const market = await calmStage();
  const { alice, bob, carol } = market.accounts;
  await fundPool(market, carol, wad("5000000"));
  const common = { size: wad("5000"), reserve: wad("2000000"), price: wad("2000") };
  const [small, large] = [wad("500000"), wad("4000000")];
  const positionId = await openPosition(market, { ...common, account: alice, margin: small });
  if (beside) await openPosition(market, { ...common, account: bob, margin: large });
  const pool = market.liquidityVault.connect(carol);
  const shares = await pool.balanceOf(carol);
  await pool.requestRedeem(shares, carol, carol);
  await stopSequencer(market.sequencer);
  await time.increase(1_800n);
  const upSince = await startSequencer(market.sequencer);
  await pushRound(market.quote, { answer: 100_000_000n });
  await pushPrice(market, wad("1600"));
  return { ...market, market, positionId, pool, shares, upSince };
}

describe("attack 63: leaving the pool while nobody can be liquidated", () => {
  it("is refused in the grace period and after it, until liquidators have had their time", async () => {
    const { market, pool, positionId, marginVault, accounts, upSince, shares } = await returned({
      beside: false,
    });
    const { carol, keeper, provider } = accounts;
    const marked = await pool.convertToAssets(shares);
    const redeem = () => pool.fulfillRedeems(1n, "0x", carol);
    await expect(redeem()).to.be.revertedWithCustomError(marginVault, "SequencerGracePeriod");
    await pushPrice(market, wad("1600"), upSince + GRACE - 2n);
    await time.setNextBlockTimestamp(upSince + GRACE - 1n);
    await expect(redeem()).to.be.revertedWithCustomError(marginVault, "SequencerGracePeriod");
    await time.setNextBlockTimestamp(upSince + GRACE);
    await expect(redeem()).to.be.revertedWithCustomError(marginVault, "SettleGracePeriod");
    // The keeper's turn: 2,000,000 were lost of a margin of 500,000.
    await marginVault.connect(keeper).liquidate(positionId, "0x", keeper);
    await time.setNextBlockTimestamp(upSince + GRACE + SETTLE_GRACE - 1n);
    await expect(redeem()).to.be.revertedWithCustomError(marginVault, "SettleGracePeriod");
    const fair = await pool.convertToAssets(shares);
    const stays = await pool.convertToAssets(await pool.balanceOf(provider));
    await time.setNextBlockTimestamp(upSince + GRACE + SETTLE_GRACE);
    const profit = await profitOf(market, [carol], redeem);
    // It leaves at the price of all; the sum of margins had already bounded what the mark could promise.
    expect(profit).to.be.at.most(0n);
    expect(await pool.maxWithdraw(carol)).to.be.at.most(fair);
    expect(await pool.maxWithdraw(carol)).to.be.at.most(marked);
    expect(await pool.convertToAssets(await pool.balanceOf(provider))).to.be.at.least(stays);
    await expectConservation(market);
  });

  it("would take from those who stay what a second, solvent position hides from the bound of the mark", async () => {
    const world = await returned({ beside: true });
    const { market, pool, positionId, marginVault, accounts, upSince, shares } = world;
    const { carol, keeper } = accounts;
    const marked = await pool.convertToAssets(shares);
    await pushPrice(market, wad("1600"), upSince + GRACE + 1n);
    await marginVault.connect(keeper).liquidate(positionId, "0x", keeper);
    const fair = await pool.convertToAssets(shares);
    // A third of 1,500,000 that nobody will pay.
    expect(marked - fair).to.be.above(400_000_000_000n);
    await time.setNextBlockTimestamp(upSince + GRACE + SETTLE_GRACE);
    const profit = await profitOf(market, [carol], () => pool.fulfillRedeems(1n, "0x", carol));
    expect(profit).to.be.at.most(0n);
    expect(await pool.maxWithdraw(carol)).to.be.at.most(fair);
    await expectConservation(market);
  });
});
