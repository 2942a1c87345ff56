import { expect } from "chai";
import { network } from "hardhat";
import { wad } from "../../fixtures/orderRequests.ts";
import { enact, publishTerms } from "../../fixtures/powers.ts";
import { submitAndExecute, submitAndRelease } from "../../fixtures/trading.ts";
import { calmMarket, cancelReason, openLong, refusal } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();

/** Alice's long of {@link openLong} under terms 1; terms 2 ask for 10% initial and 5% maintenance margin. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  await publishTerms(market, {
    initialMarginRatio: wad("0.1"),
    maintenanceMarginRatio: wad("0.05"),
  });
  return { ...market, market, positionId };
}

describe("Frozen terms (BH-205, LAW-13)", () => {
  it("keep a position under the terms that it opened under", async () => {
    const { market, marginVault, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    expect((await marginVault.position(positionId)).termsId).to.equal(1n);
    // 9,899.99975 of equity on 200,000: unhealthy under terms 2, which ask for 5.5% = 11,000.
    await expect(
      marginVault.connect(accounts.stranger).liquidate(positionId, "0x", accounts.keeper),
    ).to.be.revertedWithCustomError(marginVault, "PositionHealthy");
    // And under those terms nothing could be removed: 10% = 20,000.
    await marginVault
      .connect(accounts.alice)
      .removeMargin(positionId, 1_000_000_000n, accounts.alice, "0x");
    await submitAndExecute(market, accounts.alice, { positionId, sizeDelta: -wad("1") });
    expect((await marginVault.position(positionId)).termsId).to.equal(1n);
  });

  it("let it grow under its own terms, and under the newest when the order names them", async () => {
    const { market, marginVault, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const increase = { positionId, sizeDelta: wad("1"), reserve: wad("400") };
    const own = { ...increase, margin: wad("100"), termsId: 1n };
    await submitAndExecute(market, accounts.alice, own);
    const grown = await marginVault.position(positionId);
    expect(grown.size).to.equal(wad("101"));
    expect(grown.termsId).to.equal(1n);
    const margin = wad("20000");
    const newest = { ...increase, margin, termsId: 2n, price: wad("2000") };
    // Not by a market order, which is held to what it adds: the whole would not be looked at.
    const { receipt } = await submitAndExecute(market, accounts.alice, newest);
    const reason = refusal(market, "TermsNotOffered", [2n, 2n]);
    expect(cancelReason(market, receipt)).to.equal(reason);
    await submitAndRelease(market, accounts.alice, newest);
    const adopted = await marginVault.position(positionId);
    expect(adopted.size).to.equal(wad("102"));
    expect(adopted.termsId).to.equal(2n);
  });

  it("refuse to adopt terms that the position would not meet", async () => {
    const { market, marginVault, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const before = await marginVault.position(positionId);
    const { receipt } = await submitAndRelease(market, accounts.alice, {
      positionId,
      sizeDelta: wad("1"),
      reserve: wad("400"),
      termsId: 2n,
      price: wad("2000"),
    });
    const selector = refusal(market, "InitialMarginNotMet", [0n, 0n, 0n]).slice(0, 10);
    expect(cancelReason(market, receipt).slice(0, 10)).to.equal(selector);
    expect(await marginVault.position(positionId)).to.deep.equal(before);
  });

  it("offer the newest terms alone to new positions", async () => {
    const { market, marginVault, accounts } = await networkHelpers.loadFixture(marketFixture);
    const opening = { sizeDelta: wad("1"), margin: wad("500"), reserve: wad("400") };
    for (const termsId of [0n, 1n, 3n]) {
      const { receipt } = await submitAndExecute(market, accounts.bob, { ...opening, termsId });
      const reason = refusal(market, "TermsNotOffered", [termsId, 2n]);
      expect(cancelReason(market, receipt)).to.equal(reason);
    }
    const { orderId } = await submitAndExecute(market, accounts.bob, { ...opening, termsId: 2n });
    expect((await marginVault.position(orderId)).termsId).to.equal(2n);
  });

  it("refuse terms that were newest when an order was sent and are not at its fill", async () => {
    const { market, positionId, accounts } = await networkHelpers.loadFixture(marketFixture);
    await publishTerms(market, {});
    const { receipt } = await submitAndRelease(market, accounts.alice, {
      positionId,
      sizeDelta: wad("1"),
      reserve: wad("400"),
      margin: wad("20000"),
      termsId: 2n,
      price: wad("2000"),
    });
    expect(cancelReason(market, receipt)).to.equal(refusal(market, "TermsNotOffered", [2n, 3n]));
  });

  it("leave a position open beyond a new cap, and let it close", async () => {
    const { market, charter, marginVault, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    await charter.connect(accounts.curator).announceMaxOpenInterest(wad("50"));
    await enact(market, await charter.changeCount());
    await publishTerms(market, {});
    const { receipt } = await submitAndExecute(market, accounts.alice, {
      positionId,
      sizeDelta: wad("1"),
      margin: wad("100"),
      reserve: wad("400"),
      termsId: 1n,
    });
    expect(cancelReason(market, receipt)).to.equal(
      refusal(market, "OpenInterestExceeded", [wad("101"), wad("50")]),
    );
    await submitAndExecute(market, accounts.alice, { positionId, sizeDelta: -wad("100") });
    expect((await marginVault.position(positionId)).size).to.equal(0n);
  });
});
