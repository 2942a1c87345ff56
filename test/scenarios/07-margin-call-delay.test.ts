import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../fixtures/conservation.ts";
import { startSequencer, stopSequencer } from "../fixtures/feeds.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { calmMarket, openLong } from "../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();
const HALF_AN_HOUR = 1_800n;
/** Of the local market [s]. */
const GRACE = 3_600n;

/** Alice's long; then the sequencer is down for half an hour, and back at a price at which the long may be liquidated. */
async function backAtALowerPrice() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  await stopSequencer(market.sequencer);
  await networkHelpers.time.increase(HALF_AN_HOUR);
  const upSince = await startSequencer(market.sequencer);
  await pushPrice(market, wad("1945"));
  const vault = market.marginVault.connect(market.accounts.keeper);
  return { market, ...market, positionId, upSince, vault };
}

async function down() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const downSince = await stopSequencer(market.sequencer);
  return { market, ...market, positionId, downSince };
}

describe("scenario 07: margin call delay", () => {
  it("given a sequencer that is down, prices nothing, and takes margin", async () => {
    const { market, marginVault, oracle, accounts, positionId, downSince } =
      await networkHelpers.loadFixture(down);
    const { alice, keeper } = accounts;
    await expect(marginVault.connect(keeper).liquidate(positionId, "0x", keeper))
      .to.be.revertedWithCustomError(oracle, "SequencerDown")
      .withArgs(downSince);
    await marginVault.connect(alice).addMargin(positionId, 5_000_000_000n);
    expect((await marginVault.position(positionId)).margin).to.equal(wad("14899.99975"));
    await expectConservation(market);
  });

  describe("given a sequencer that was down for half an hour and is back at a lower price", () => {
    it("liquidates nobody in the grace period", async () => {
      const { vault, accounts, positionId, upSince } =
        await networkHelpers.loadFixture(backAtALowerPrice);
      await expect(vault.liquidate(positionId, "0x", accounts.keeper))
        .to.be.revertedWithCustomError(vault, "SequencerGracePeriod")
        .withArgs(upSince + GRACE);
      await networkHelpers.time.setNextBlockTimestamp(upSince + GRACE - 1n);
      await expect(vault.liquidate(positionId, "0x", accounts.keeper))
        .to.be.revertedWithCustomError(vault, "SequencerGracePeriod")
        .withArgs(upSince + GRACE);
    });

    it("takes margin meanwhile, and whoever added enough is never liquidated", async () => {
      const { market, vault, marginVault, accounts, positionId, upSince } =
        await networkHelpers.loadFixture(backAtALowerPrice);
      await marginVault.connect(accounts.alice).addMargin(positionId, 1_000_000_000n);
      await networkHelpers.time.setNextBlockTimestamp(upSince + GRACE);
      await expect(
        vault.liquidate(positionId, "0x", accounts.keeper),
      ).to.be.revertedWithCustomError(vault, "PositionHealthy");
      await expectConservation(market);
    });

    it("liquidates right after, whoever did not", async () => {
      const { market, vault, accounts, positionId, upSince } =
        await networkHelpers.loadFixture(backAtALowerPrice);
      await networkHelpers.time.setNextBlockTimestamp(upSince + GRACE);
      await expect(vault.liquidate(positionId, "0x", accounts.keeper)).to.emit(
        vault,
        "PositionLiquidated",
      );
      await expectConservation(market);
    });
  });
});
