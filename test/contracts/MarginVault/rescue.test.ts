import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { startSequencer, stopSequencer } from "../../fixtures/feeds.ts";
import {
  FAR,
  giveMandate,
  liquidate,
  mandateRequest,
  OUTCOME,
  rescue,
} from "../../fixtures/mandates.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { plain } from "../../fixtures/structs.ts";
import { submitAndExecute } from "../../fixtures/trading.ts";
import { calmMarket, change, logOf, now, openLong, prepareOldPhase } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

/**
 * Alice's long of {@link openLong}, N 200,000.5, M 9,899.99975, R 40,000, with the mandate of {@link mandateRequest}:
 * E = 100 × P − 190,100.50025 less 40,000 wei of borrow fee a second, maintenance 2.5 × P, trigger 3 × P, target 3.75 × P.
 */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { alice, keeper } = market.accounts;
  await giveMandate(market, alice, opened.positionId);
  const vault = market.marginVault.connect(keeper);
  return { ...market, ...opened, market, vault, alice, keeper };
}

describe("MarginVault rescue", () => {
  it("reverts when the fee receiver is zero", async () => {
    const { vault, positionId } = await networkHelpers.loadFixture(marketFixture);
    await expect(vault.rescue(positionId, "0x", ethers.ZeroAddress)).to.be.revertedWithCustomError(
      vault,
      "ZeroAddress",
    );
  });

  it("reverts when the position is not open", async () => {
    const { vault, keeper } = await networkHelpers.loadFixture(marketFixture);
    await expect(vault.rescue(9n, "0x", keeper))
      .to.be.revertedWithCustomError(vault, "PositionNotFound")
      .withArgs(9n);
  });

  it("reverts when the position was closed, though its mandate is still written down", async () => {
    const { market, vault, mandateBook, token, alice, keeper, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    await change(market, { account: alice, positionId, sizeDelta: -wad("100") });
    const before = await token.balanceOf(alice);
    expect((await mandateBook.mandateOf(positionId)).owner).to.equal(alice.address);
    for (const call of [vault.rescue, vault.liquidate]) {
      await expect(call(positionId, "0x", keeper))
        .to.be.revertedWithCustomError(vault, "PositionNotFound")
        .withArgs(positionId);
    }
    expect([...(await mandateBook.preview(positionId, 1n, 2n, 0n, true))]).to.deep.equal([
      0n,
      OUTCOME.NoMandate,
    ]);
    expect(await token.balanceOf(alice)).to.equal(before);
  });

  it("reverts when the newest price is older than one the market has used", async () => {
    const { market, vault, alice, keeper, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    const { updatedAt, goBack } = await prepareOldPhase(market, wad("1955"));
    const used = await pushPrice(market, wad("2000"));
    await vault.connect(alice).removeMargin(positionId, 1n, alice, "0x");
    await goBack();
    await expect(vault.rescue(positionId, "0x", keeper))
      .to.be.revertedWithCustomError(vault, "PriceNotNewEnough")
      .withArgs(updatedAt, used.updatedAt);
  });

  it("reverts without a mandate", async () => {
    const { market, vault, mandateBook, alice, keeper, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    await mandateBook.connect(alice).revokeMandate(positionId);
    await pushPrice(market, wad("1955"));
    await expect(vault.rescue(positionId, "0x", keeper))
      .to.be.revertedWithCustomError(vault, "RescueRefused")
      .withArgs(positionId, OUTCOME.NoMandate);
  });

  it("reverts above the trigger, and rescues one tick below it", async () => {
    const { market, vault, keeper, positionId } = await networkHelpers.loadFixture(marketFixture);
    // 100 × P − 190,100.50025 = 3 × P at 190,100.50025 / 97 = 1,959.798971649484…
    await pushPrice(market, wad("1959.79897165"));
    await expect(vault.rescue(positionId, "0x", keeper))
      .to.be.revertedWithCustomError(vault, "RescueRefused")
      .withArgs(positionId, OUTCOME.NotTriggered);
    await pushPrice(market, wad("1959.79897164"));
    await expect(vault.rescue(positionId, "0x", keeper)).to.emit(vault, "PositionRescued");
  });

  it("reverts at the cap of the gain, where a position is settled and never liquidated", async () => {
    const { market, vault, mandateBook, token, alice, keeper, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    const wide = { triggerRatio: wad("10"), targetRatio: wad("12"), cap: wad("50000") };
    await mandateBook.connect(alice).setMandate(mandateRequest(positionId, wide));
    const before = await token.balanceOf(alice);
    // Gain 40,199.5, of which 40,000 count: E 49,899.99975, below ten times 2.5% of 240,200.
    await pushPrice(market, wad("2402"));
    await expect(vault.rescue(positionId, "0x", keeper))
      .to.be.revertedWithCustomError(vault, "RescueRefused")
      .withArgs(positionId, OUTCOME.NotTriggered);
    expect(await token.balanceOf(alice)).to.equal(before);
    // Just before it, a gain of 39,899.5, the mandate counts.
    await pushPrice(market, wad("2399"));
    await expect(vault.rescue(positionId, "0x", keeper)).to.emit(vault, "PositionRescued");
  });

  for (const [name, fields, outcome] of [
    ["has too small a cap", { cap: wad("1932.75025") }, OUTCOME.CapTooSmall],
    ["is insolvent", { cap: wad("50000") }, OUTCOME.Insolvent],
  ] as const) {
    it(`reverts when the position ${name}`, async () => {
      const { market, vault, mandateBook, alice, keeper, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await mandateBook.connect(alice).setMandate(mandateRequest(positionId, fields));
      await pushPrice(market, outcome === OUTCOME.Insolvent ? wad("1901") : wad("1955"));
      await expect(vault.rescue(positionId, "0x", keeper))
        .to.be.revertedWithCustomError(vault, "RescueRefused")
        .withArgs(positionId, outcome);
    });
  }

  describe("given equity below the trigger and above maintenance", () => {
    // At 1,955: E 5,399.49975 and a little less, maintenance 4,887.5, trigger 5,865, target 7,331.25:
    // 7,331.25 − 5,399.49975 + 1 = 1,932.75025 and a little more, up to the token unit 1,932.750251.
    it("pulls what brings equity to the target, and the keeper's floor, to the unit", async () => {
      const { market, vault, mandateBook, token, alice, keeper, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      const [wallet, paid] = [await token.balanceOf(alice), await token.balanceOf(keeper)];
      const before = plain(await vault.position(positionId));
      await pushPrice(market, wad("1955"));
      expect(await vault.rescue.staticCall(positionId, "0x", keeper)).to.equal(wad("1"));
      await rescue(market, positionId);
      expect(await token.balanceOf(alice)).to.equal(wallet - 1_932_750_251n);
      expect(await token.balanceOf(keeper)).to.equal(paid + 1_000_000n);
      // 9,899.99975 + 1,932.750251 − 1. Nothing else of the position moves.
      const after = plain(await vault.position(positionId));
      expect(after).to.deep.equal({ ...before, margin: wad("11831.750001") });
      const mandate = await mandateBook.mandateOf(positionId);
      expect(mandate.capLeft).to.equal(wad("3067.249749"));
      expect(mandate.rescuedAt).to.equal(await now(market));
      await expectConservation(market);
    });

    it("emits one receipt, from which what is left of the mandate follows", async () => {
      const { market, vault, mandateBook, alice, keeper, positionId, openedAt } =
        await networkHelpers.loadFixture(marketFixture);
      const { updatedAt } = await pushPrice(market, wad("1955"));
      const { sequence } = await vault.market();
      const receipt = await rescue(market, positionId);
      const elapsed = (await now(market)) - openedAt;
      expect([...logOf(market, receipt, "PositionRescued")]).to.deep.equal([
        positionId,
        alice.address,
        keeper.address,
        sequence + 1n,
        wad("1955"),
        updatedAt,
        0n,
        wad("5399.49975") - 40_000n * elapsed,
        wad("4887.5"),
        wad("1932.750251"),
        wad("1"),
        wad("11831.750001"),
      ]);
      const own = String(mandateBook.target).toLowerCase();
      expect(receipt.logs.map(({ address }) => address.toLowerCase())).not.to.include(own);
      // 5,000 less the 1,932.750251 that were pulled.
      expect((await mandateBook.mandateOf(positionId)).capLeft).to.equal(wad("3067.249749"));
    });

    it("lets nobody liquidate, and lets anybody rescue", async () => {
      const { market, vault, accounts, keeper, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1955"));
      await expect(vault.liquidate(positionId, "0x", keeper)).to.be.revertedWithCustomError(
        vault,
        "PositionHealthy",
      );
      const stranger = vault.connect(accounts.stranger);
      await expect(stranger.rescue(positionId, "0x", accounts.stranger)).to.emit(
        vault,
        "PositionRescued",
      );
    });

    it("moves the market's clock, so that no older price serves after it (LAW-16)", async () => {
      const { market, vault, positionId } = await networkHelpers.loadFixture(marketFixture);
      const { updatedAt } = await pushPrice(market, wad("1955"));
      await rescue(market, positionId);
      const { clock, lastPrice } = await vault.market();
      expect([clock, lastPrice]).to.deep.equal([updatedAt, wad("1955")]);
    });

    it("books what a receiver of the fee cannot take", async () => {
      const hostile = calmMarket({ token: "hostile" });
      const market = await hostile(connection);
      const { positionId } = await openLong(market);
      const { alice, keeper } = market.accounts;
      await giveMandate(market, alice, positionId);
      const token = await ethers.getContractAt("HostileToken", String(market.token.target));
      await token.setBlocked(keeper, true);
      await pushPrice(market, wad("1955"));
      await rescue(market, positionId);
      expect(await market.marginVault.claimable(keeper)).to.equal(1_000_000n);
      await expectConservation(market);
    });
  });

  describe("given a sequencer that came back a moment ago", () => {
    it("rescues in the grace period, in which nobody may liquidate", async () => {
      const { market, vault, sequencer, keeper, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await stopSequencer(sequencer);
      const upSince = await startSequencer(sequencer);
      await pushPrice(market, wad("1949"));
      await expect(vault.liquidate(positionId, "0x", keeper))
        .to.be.revertedWithCustomError(vault, "SequencerGracePeriod")
        .withArgs(upSince + 3_600n);
      await expect(vault.rescue(positionId, "0x", keeper)).to.emit(vault, "PositionRescued");
    });
  });

  describe("given a partial liquidation a moment ago", () => {
    it("rescues in the cool-off, in which nobody may liquidate", async () => {
      const { market, vault, mandateBook, alice, keeper, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await mandateBook.connect(alice).revokeMandate(positionId);
      await pushPrice(market, wad("1949"));
      await liquidate(market, positionId);
      await giveMandate(market, alice, positionId);
      await pushPrice(market, wad("1935"));
      await expect(vault.liquidate(positionId, "0x", keeper)).to.be.revertedWithCustomError(
        vault,
        "CoolingOff",
      );
      await expect(vault.rescue(positionId, "0x", keeper)).to.emit(vault, "PositionRescued");
    });
  });

  describe("given increases that the guardian has stopped", () => {
    it("rescues all the same (LAW-12)", async () => {
      const { market, vault, charter, accounts, keeper, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await charter.connect(accounts.guardian).stopIncreases();
      await pushPrice(market, wad("1955"));
      await expect(vault.rescue(positionId, "0x", keeper)).to.emit(vault, "PositionRescued");
    });
  });

  describe("given a short", () => {
    it("pulls by the same rule", async () => {
      const { market, vault, token, accounts } = await networkHelpers.loadFixture(marketFixture);
      const { carol } = accounts;
      // Skew 100 before: 2,000 × (1 + 50 / 20,000,000) = 2,000.005, N −200,000.5, M 9,899.99975 as Alice's.
      const { orderId } = await submitAndExecute(market, carol, {
        sizeDelta: -wad("100"),
        margin: wad("10000"),
        reserve: wad("40000"),
        price: wad("2000"),
      });
      await giveMandate(market, carol, orderId, { expiry: FAR });
      const before = await token.balanceOf(carol);
      // At 2,045: E = 9,899.99975 + 200,000.5 − 204,500 = 5,400.49975; maintenance 5,112.5; target 7,668.75:
      // 7,668.75 − 5,400.49975 + 1 = 2,269.25025 and a little more.
      await pushPrice(market, wad("2045"));
      await rescue(market, orderId);
      expect(before - (await token.balanceOf(carol))).to.equal(2_269_250_251n);
      expect((await vault.position(orderId)).margin).to.equal(wad("12168.250001"));
      await expectConservation(market);
    });
  });
});
