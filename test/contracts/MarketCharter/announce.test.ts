import { expect } from "chai";
import { AbiCoder, encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { wad } from "../../fixtures/orderRequests.ts";
import { CHANGE_DELAY, enact, NOBODY, publishTerms, termsWith } from "../../fixtures/powers.ts";
import { calmMarket, now } from "../../fixtures/vault.ts";

/** The widest cap of the local market: 20,000,000 × 0.001 ÷ 1.0005, in steps of 20,000,000 wei. */
const WIDEST_CAP = wad("19990.00499750124");
/** The widest cap where the position fee is 0.04%: 20,000,000 × 0.0008 ÷ 1.0004, in steps of 20,000,000 wei. */
const CAP_UNDER_LESS = wad("15993.6025589764");
const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();

/** What the order of kinds is in the contract. */
const KIND = { terms: 0n, maxOpenInterest: 1n, protocolFeeReceiver: 2n } as const;

/** Depth 20,000,000, position fee 0.05%: the slope is 0.1%, so the cap of 20,000 is the largest there may be. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { charter, accounts } = market;
  return { ...market, market, charter: charter.connect(accounts.curator), anybody: charter };
}

describe("MarketCharter announceTerms (BH-201)", () => {
  it("reverts when the caller is not the curator, the guardian included", async () => {
    const { market, anybody, accounts } = await networkHelpers.loadFixture(marketFixture);
    const terms = await termsWith(market, {});
    for (const caller of [accounts.guardian, accounts.stranger]) {
      await expect(anybody.connect(caller).announceTerms(terms))
        .to.be.revertedWithCustomError(anybody, "NotAuthorized")
        .withArgs(caller);
    }
  });

  it("reverts when a value lies outside of its hard bounds", async () => {
    const { market, charter } = await networkHelpers.loadFixture(marketFixture);
    // Push feeds ask for 4%; the liquidation target of 1.25 over 2.5% for 3.125%.
    await expect(
      charter.announceTerms(await termsWith(market, { initialMarginRatio: wad("0.039") })),
    )
      .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
      .withArgs(encodeBytes32String("initialMarginRatio"), wad("0.039"), wad("0.04"), wad("1"));
  });

  it("reverts when a value is no whole number of stored steps", async () => {
    const { market, charter } = await networkHelpers.loadFixture(marketFixture);
    const minReserveRatio = wad("0.1") + 1n;
    await expect(charter.announceTerms(await termsWith(market, { minReserveRatio })))
      .to.be.revertedWithCustomError(charter, "TermsNotRepresentable")
      .withArgs(encodeBytes32String("minReserveRatio"), minReserveRatio, 1_000_000_000n);
  });

  it("reverts when the late spread would be a free option under the new fee", async () => {
    const { market, charter } = await networkHelpers.loadFixture(marketFixture);
    // Late spread 0.7% less the feed's deviation of 0.6% leaves 0.1% for the fee.
    const positionFeeRatio = wad("0.001") + 1_000_000_000n;
    await expect(charter.announceTerms(await termsWith(market, { positionFeeRatio })))
      .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
      .withArgs(encodeBytes32String("positionFeeRatio"), positionFeeRatio, 0n, wad("0.001"));
    await charter.announceTerms(await termsWith(market, { positionFeeRatio: wad("0.001") }));
  });

  it("reverts when the cap on open interest would not hold under them", async () => {
    const { market, charter } = await networkHelpers.loadFixture(marketFixture);
    // 20,000,000 × 2 × 0.04% ÷ 1.0004.
    await expect(
      charter.announceTerms(await termsWith(market, { positionFeeRatio: wad("0.0004") })),
    )
      .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
      .withArgs(encodeBytes32String("maxOpenInterest"), wad("19990"), 1n, CAP_UNDER_LESS);
  });

  it("stores and logs the change, and changes nothing yet", async () => {
    const { market, charter, marginVault } = await networkHelpers.loadFixture(marketFixture);
    const before = await marginVault.market();
    const terms = await termsWith(market, { minMargin: wad("11") });
    const at = (await now(market)) + 5n;
    await networkHelpers.time.setNextBlockTimestamp(at);
    const announced = charter.announceTerms(terms);
    const value = charter.interface.encodeFunctionData("announceTerms", [terms]).slice(10);
    await expect(announced)
      .to.emit(charter, "ChangeAnnounced")
      .withArgs(1n, KIND.terms, at + CHANGE_DELAY, `0x${value}`);
    const change = await charter.changeOf(1n);
    expect(change.enactableAt).to.equal(at + CHANGE_DELAY);
    expect(change.value).to.equal(`0x${value}`);
    expect(await charter.changeCount()).to.equal(1n);
    expect(await charter.latestTermsId()).to.equal(1n);
    expect(await marginVault.market()).to.deep.equal(before);
  });
});

describe("MarketCharter announceMaxOpenInterest (BH-201)", () => {
  it("reverts when the caller is not the curator", async () => {
    const { anybody, accounts } = await networkHelpers.loadFixture(marketFixture);
    await expect(anybody.connect(accounts.guardian).announceMaxOpenInterest(1n))
      .to.be.revertedWithCustomError(anybody, "NotAuthorized")
      .withArgs(accounts.guardian);
  });

  for (const cap of [0n, WIDEST_CAP + 1n]) {
    it(`reverts when the cap is ${cap}`, async () => {
      const { charter } = await networkHelpers.loadFixture(marketFixture);
      await expect(charter.announceMaxOpenInterest(cap))
        .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
        .withArgs(encodeBytes32String("maxOpenInterest"), cap, 1n, WIDEST_CAP);
    });
  }

  describe("given newer terms with a higher fee", () => {
    it("still holds the cap against the least slope of all terms ever published", async () => {
      const { market, charter } = await networkHelpers.loadFixture(marketFixture);
      await publishTerms(market, { positionFeeRatio: wad("0.001") });
      // Under the new terms alone it could be twice as wide.
      await expect(charter.announceMaxOpenInterest(WIDEST_CAP + 1n))
        .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
        .withArgs(encodeBytes32String("maxOpenInterest"), WIDEST_CAP + 1n, 1n, WIDEST_CAP);
    });
  });

  describe("given newer terms with a lower fee", () => {
    it("holds the cap against theirs", async () => {
      const { market, charter } = await networkHelpers.loadFixture(marketFixture);
      await charter.announceMaxOpenInterest(CAP_UNDER_LESS);
      await enact(market, 1n);
      await publishTerms(market, { positionFeeRatio: wad("0.0004") });
      await expect(charter.announceMaxOpenInterest(CAP_UNDER_LESS + 1n))
        .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
        .withArgs(encodeBytes32String("maxOpenInterest"), CAP_UNDER_LESS + 1n, 1n, CAP_UNDER_LESS);
    });
  });

  it("stores and logs the change", async () => {
    const { market, charter } = await networkHelpers.loadFixture(marketFixture);
    const at = (await now(market)) + 5n;
    await networkHelpers.time.setNextBlockTimestamp(at);
    await expect(charter.announceMaxOpenInterest(wad("7")))
      .to.emit(charter, "ChangeAnnounced")
      .withArgs(
        1n,
        KIND.maxOpenInterest,
        at + CHANGE_DELAY,
        AbiCoder.defaultAbiCoder().encode(["uint256"], [wad("7")]),
      );
    expect(await charter.maxOpenInterest()).to.equal(wad("19990"));
  });
});

describe("MarketCharter announceProtocolFeeReceiver (BH-201)", () => {
  it("reverts when the caller is not the curator", async () => {
    const { anybody, accounts } = await networkHelpers.loadFixture(marketFixture);
    const { stranger } = accounts;
    await expect(anybody.connect(stranger).announceProtocolFeeReceiver(stranger))
      .to.be.revertedWithCustomError(anybody, "NotAuthorized")
      .withArgs(stranger);
  });

  it("reverts when the receiver is zero", async () => {
    const { charter } = await networkHelpers.loadFixture(marketFixture);
    await expect(charter.announceProtocolFeeReceiver(NOBODY)).to.be.revertedWithCustomError(
      charter,
      "ZeroAddress",
    );
  });

  it("stores and logs the change, and pays the old receiver until it is enacted", async () => {
    const { market, charter, accounts } = await networkHelpers.loadFixture(marketFixture);
    const at = (await now(market)) + 5n;
    await networkHelpers.time.setNextBlockTimestamp(at);
    await expect(charter.announceProtocolFeeReceiver(accounts.carol))
      .to.emit(charter, "ChangeAnnounced")
      .withArgs(
        1n,
        KIND.protocolFeeReceiver,
        at + CHANGE_DELAY,
        AbiCoder.defaultAbiCoder().encode(["address"], [accounts.carol.address]),
      );
    expect(await charter.protocolFeeReceiver()).to.equal(accounts.deployer);
  });
});
