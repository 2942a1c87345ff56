import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { startSequencer, stopSequencer } from "../fixtures/feeds.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";

/** Grace after the sequencer is back [s]. */
const GRACE = 3_600n;

/**
 * The rollup stands still while the price falls. In the first block after it the attacker, a liquidator with the fastest
 * bot, takes all whose owners could not act. Units: test/contracts/MarginVault/liquidate.test.ts.
 */
describe("attack 12: liquidating in the first block after an outage", () => {
  it("brings nothing: owners have the grace period, and one transaction is enough (BH-85, BH-54)", async () => {
    const market = await calmArena();
    const { marginVault, sequencer, accounts, connection } = market;
    const { bob, carol } = accounts;
    const { time } = connection.networkHelpers;
    const id = await openPosition(market, { account: bob, size: wad("100"), margin: wad("9000") });
    const attempt = () => marginVault.connect(carol).liquidate(id, "0x", carol);
    const profit = await expectNoProfit(market, [carol], async () => {
      await stopSequencer(sequencer);
      await pushPrice(market, wad("1955"));
      await time.increase(7_200n);
      await expect(attempt()).to.be.revertedWithCustomError(market.oracle, "SequencerDown");
      const upSince = await startSequencer(sequencer);
      await pushPrice(market, wad("1954"), upSince + 1n);
      for (const after of [2n, 600n, GRACE - 1n]) {
        await time.setNextBlockTimestamp(upSince + after);
        await expect(attempt())
          .to.be.revertedWithCustomError(marginVault, "SequencerGracePeriod")
          .withArgs(upSince + GRACE);
      }
      await marginVault.connect(bob).addMargin(id, 3_000_000_000n);
      await pushPrice(market, wad("1953"));
      await expect(attempt()).to.be.revertedWithCustomError(marginVault, "PositionHealthy");
    });
    expect(profit).to.equal(0n);
  });
});
