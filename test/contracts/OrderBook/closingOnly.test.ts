import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openShort, scriptOracle, stopLoss, tellPrice } from "../../fixtures/powers.ts";
import { submitOrder } from "../../fixtures/trading.ts";
import {
  calmMarket,
  cancelReason,
  logOf,
  mined,
  now,
  openLong,
  refusal,
} from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();

/** Alice's long of {@link openLong} and Bob's short of {@link openShort}; then an oracle that says what it is told. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const shortId = await openShort(market);
  const scripted = await scriptOracle(market);
  const tell = (value: bigint, closingOnly = true) =>
    tellPrice(market, scripted, { value, closingOnly });
  return { ...market, market, positionId, shortId, tell };
}

describe("A price that may only close positions (BH-217)", () => {
  it("does not remove margin", async () => {
    const { marginVault, accounts, positionId, tell } =
      await networkHelpers.loadFixture(marketFixture);
    const alice = marginVault.connect(accounts.alice);
    await tell(wad("2000"));
    await expect(
      alice.removeMargin(positionId, 1n, accounts.alice, "0x"),
    ).to.be.revertedWithCustomError(marginVault, "PriceForClosingOnly");
    await tell(wad("2000"), false);
    await alice.removeMargin(positionId, 1n, accounts.alice, "0x");
  });

  it("does not liquidate, alone or in a batch", async () => {
    const { marginVault, accounts, positionId, tell } =
      await networkHelpers.loadFixture(marketFixture);
    await tell(wad("1900"));
    const { keeper } = accounts;
    await expect(marginVault.liquidate(positionId, "0x", keeper)).to.be.revertedWithCustomError(
      marginVault,
      "PriceForClosingOnly",
    );
    await expect(
      marginVault.liquidateBatch([positionId, 2n], "0x", keeper),
    ).to.be.revertedWithCustomError(marginVault, "PriceForClosingOnly");
    await tell(wad("1900"), false);
    await marginVault.liquidate(positionId, "0x", keeper);
  });

  it("does not rescue", async () => {
    const { marginVault, mandateBook, token, accounts, positionId, tell } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, keeper } = accounts;
    await token.connect(alice).approve(mandateBook, 10_000_000_000n);
    await mandateBook.connect(alice).setMandate({
      positionId,
      cap: wad("10000"),
      triggerRatio: wad("2"),
      targetRatio: wad("2.5"),
      minInterval: 60n,
      expiry: 4_000_000_000n,
      maxKeeperFee: wad("1"),
    });
    await tell(wad("1990"));
    await expect(marginVault.rescue(positionId, "0x", keeper)).to.be.revertedWithCustomError(
      marginVault,
      "PriceForClosingOnly",
    );
    await tell(wad("1990"), false);
    await marginVault.rescue(positionId, "0x", keeper);
  });

  it("does not settle at the cap", async () => {
    const { marginVault, orderBook, accounts, positionId, tell } =
      await networkHelpers.loadFixture(marketFixture);
    await tell(wad("2500"));
    await expect(
      orderBook.settleAtCap(positionId, "0x", accounts.keeper),
    ).to.be.revertedWithCustomError(marginVault, "PriceForClosingOnly");
    await tell(wad("2500"), false);
    await orderBook.settleAtCap(positionId, "0x", accounts.keeper);
  });

  it("does not fulfil requests of providers", async () => {
    const { marginVault, liquidityVault, accounts, tell } =
      await networkHelpers.loadFixture(marketFixture);
    const { provider, keeper } = accounts;
    const pool = liquidityVault.connect(provider);
    await pool.requestDeposit(200_000_000n, provider, provider);
    await pool.requestRedeem((await pool.balanceOf(provider)) / 10n, provider, provider);
    await networkHelpers.time.increase(300n);
    await tell(wad("2000"));
    for (const fulfil of [pool.fulfillDeposits, pool.fulfillRedeems]) {
      await expect(fulfil(1n, "0x", keeper)).to.be.revertedWithCustomError(
        marginVault,
        "PriceForClosingOnly",
      );
    }
    await tell(wad("2000"), false);
    await pool.fulfillDeposits(1n, "0x", keeper);
    await pool.fulfillRedeems(1n, "0x", keeper);
  });

  it("neither opens nor increases: such orders are cancelled with that reason", async () => {
    const { market, marginVault, orderBook, accounts, positionId, tell } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, keeper } = accounts;
    const growth = { sizeDelta: wad("1"), margin: wad("500"), reserve: wad("400") };
    const opening = await submitOrder(market, alice, growth);
    const limit = { kind: 1n, triggerPrice: wad("2000"), expiry: 4_000_000_000n };
    const trigger = await submitOrder(market, alice, { ...growth, ...limit });
    const increase = await submitOrder(market, alice, { ...growth, positionId });
    const before = await marginVault.position(positionId);
    for (const { orderId, submittedAt } of [opening, trigger, increase]) {
      const wait = submittedAt + 2n - (await now(market)) - 1n;
      if (wait > 0n) await networkHelpers.time.increase(wait);
      await tell(wad("2000"));
      await tellCovering(market, submittedAt);
      const receipt = await mined(orderBook.execute([orderId], "0x", keeper));
      expect(cancelReason(market, receipt)).to.equal(refusal(market, "PriceForClosingOnly", []));
      expect((await marginVault.position(orderId)).size).to.equal(0n);
    }
    expect(await marginVault.position(positionId)).to.deep.equal(before);
    await expectConservation(market);
  });

  it("closes by market order, in part and in whole", async () => {
    const { market, marginVault, orderBook, accounts, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, keeper } = accounts;
    for (const { sizeDelta, left } of [
      { sizeDelta: -wad("40"), left: wad("60") },
      { sizeDelta: -wad("60"), left: 0n },
    ]) {
      const { orderId, submittedAt } = await submitOrder(market, alice, { positionId, sizeDelta });
      await networkHelpers.time.increase(5n);
      await tellCovering(market, submittedAt);
      const receipt = await mined(orderBook.execute([orderId], "0x", keeper));
      expect(logOf(market, receipt, "PositionDecreased").price).to.equal(wad("2000"));
      expect((await marginVault.position(positionId)).size).to.equal(left);
    }
    await expectConservation(market);
  });

  it("closes by trigger order", async () => {
    const { market, marginVault, orderBook, accounts, positionId, tell } =
      await networkHelpers.loadFixture(marketFixture);
    const { orderId } = await submitOrder(
      market,
      accounts.alice,
      stopLoss(positionId, wad("1990")),
    );
    await networkHelpers.time.increase(5n);
    await tell(wad("1985"));
    await orderBook.execute([orderId], "0x", accounts.keeper);
    expect((await marginVault.position(positionId)).size).to.equal(0n);
    await expectConservation(market);
  });

  it("may be shown by a poke, and is then the last price", async () => {
    const { marginVault, orderBook, tell } = await networkHelpers.loadFixture(marketFixture);
    await tell(wad("1985"));
    await orderBook.poke("0x");
    const { lastPrice, referencePrice } = await marginVault.market();
    expect(lastPrice).to.equal(wad("1985"));
    expect(referencePrice).to.equal(wad("2000"));
  });

  it("does not outlast its batch", async () => {
    const { marginVault, orderBook, accounts, positionId, tell } =
      await networkHelpers.loadFixture(marketFixture);
    await tell(wad("2500"));
    await orderBook.poke("0x");
    await tell(wad("2500"), false);
    await orderBook.settleAtCap(positionId, "0x", accounts.keeper);
    expect((await marginVault.position(positionId)).size).to.equal(0n);
  });

  /** A price of 2,000 of this second that also covers the second in which the order of `submittedAt` wants its price. */
  async function tellCovering(
    market: { readonly oracle: { readonly target: unknown } },
    submittedAt: bigint,
  ) {
    const oracle = await connection.ethers.getContractAt(
      "ScriptedOracle",
      String(market.oracle.target),
    );
    const observedAt = BigInt(await networkHelpers.time.latest()) + 1n;
    await networkHelpers.time.setNextBlockTimestamp(observedAt);
    await oracle.tell({
      value: wad("2000"),
      validFrom: submittedAt + 2n,
      observedAt,
      validUntil: observedAt,
      upSince: 0n,
      closingOnly: true,
      kind: 0n,
    });
  }
});
