import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { wad } from "../../fixtures/orderRequests.ts";
import { ENACTMENT_WINDOW, enact, termsWith } from "../../fixtures/powers.ts";
import { plain } from "../../fixtures/structs.ts";
import { calmMarket, openLong } from "../../fixtures/vault.ts";

/** The widest cap where the position fee is 0.04%: 20,000,000 × 0.0008 ÷ 1.0004, in steps of 20,000,000 wei. */
const CAP_UNDER_LESS = wad("15993.6025589764");
const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();

/** Three announced changes: terms as change 1, a cap of 7 as change 2, Carol as receiver as change 3. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { charter, accounts } = market;
  const curator = charter.connect(accounts.curator);
  const terms = await termsWith(market, { minMargin: wad("11") });
  await curator.announceTerms(terms);
  await curator.announceMaxOpenInterest(wad("7"));
  await curator.announceProtocolFeeReceiver(accounts.carol);
  const anybody = charter.connect(accounts.stranger);
  return { ...market, market, charter, curator, terms, anybody };
}

describe("MarketCharter enact (BH-202)", () => {
  it("reverts when the change is unknown", async () => {
    const { charter, anybody } = await networkHelpers.loadFixture(marketFixture);
    await expect(anybody.enact(4n))
      .to.be.revertedWithCustomError(charter, "ChangeNotFound")
      .withArgs(4n);
  });

  it("reverts one second before the delay is over, and works in the next", async () => {
    const { charter, anybody } = await networkHelpers.loadFixture(marketFixture);
    const { enactableAt } = await charter.changeOf(1n);
    await networkHelpers.time.setNextBlockTimestamp(enactableAt - 1n);
    await expect(anybody.enact(1n))
      .to.be.revertedWithCustomError(charter, "ChangeTooEarly")
      .withArgs(1n, enactableAt);
    await networkHelpers.time.setNextBlockTimestamp(enactableAt);
    await anybody.enact(1n);
  });

  it("reverts once the change has waited 14 days, and works a second before", async () => {
    const { charter, anybody } = await networkHelpers.loadFixture(marketFixture);
    const first = await charter.changeOf(1n);
    await networkHelpers.time.setNextBlockTimestamp(first.enactableAt + ENACTMENT_WINDOW - 1n);
    await anybody.enact(1n);
    const { enactableAt } = await charter.changeOf(2n);
    const lapsedAt = enactableAt + ENACTMENT_WINDOW;
    await networkHelpers.time.setNextBlockTimestamp(lapsedAt);
    await expect(anybody.enact(2n))
      .to.be.revertedWithCustomError(charter, "ChangeLapsed")
      .withArgs(2n, lapsedAt);
  });

  it("reverts the second time", async () => {
    const { market, charter, anybody } = await networkHelpers.loadFixture(marketFixture);
    await enact(market, 1n);
    await expect(anybody.enact(1n))
      .to.be.revertedWithCustomError(charter, "ChangeNotFound")
      .withArgs(1n);
  });

  describe("given terms", () => {
    it("offers them to new positions, packed as the vault keeps them", async () => {
      const { market, charter, marginVault, terms } =
        await networkHelpers.loadFixture(marketFixture);
      const { sequence } = await marginVault.market();
      const enacted = enact(market, 1n);
      await expect(enacted).to.emit(charter, "ChangeEnacted").withArgs(1n);
      await expect(enacted).to.emit(charter, "TermsPublished").withArgs(2n, Object.values(terms));
      // Step 1e9: 4%, 2%, 0.5%, 0.05%, 1.25, from the lowest 32 bits up; step 1e12: 5 and 11, 48 bits each.
      const ratios = [40_000_000n, 20_000_000n, 5_000_000n, 500_000n, 1_250_000_000n];
      let margins = (5_000_000n << 160n) | (11_000_000n << 208n);
      for (const [index, ratio] of ratios.entries()) margins |= ratio << BigInt(32 * index);
      // 10% in 32 bits, 30 s in 16, then 1, 500 and 50 in 48 bits each.
      const trades =
        100_000_000n |
        (30n << 32n) |
        (1_000_000n << 48n) |
        (500_000_000n << 96n) |
        (50_000_000n << 144n);
      await expect(enacted)
        .to.emit(marginVault, "TermsStored")
        .withArgs(sequence + 1n, 2n, margins, trades);
      expect(await charter.latestTermsId()).to.equal(2n);
      expect(plain(await charter.terms(2n))).to.deep.equal(terms);
    });

    it("reverts when a cap was enacted in between that they do not bear", async () => {
      const { market, charter, curator } = await networkHelpers.loadFixture(marketFixture);
      // 20,000,000 × 2 × 0.04% ÷ 1.0004, which is announced to come, and to go again.
      await curator.announceMaxOpenInterest(CAP_UNDER_LESS);
      await enact(market, 4n);
      await curator.announceMaxOpenInterest(wad("19990"));
      await curator.announceTerms(await termsWith(market, { positionFeeRatio: wad("0.0004") }));
      await enact(market, 5n);
      await expect(enact(market, 6n))
        .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
        .withArgs(encodeBytes32String("maxOpenInterest"), wad("19990"), 1n, CAP_UNDER_LESS);
      expect(await charter.latestTermsId()).to.equal(1n);
    });
  });

  describe("given a cap on open interest", () => {
    it("refuses increases beyond it, and leaves what is open alone", async () => {
      const { market, charter, marginVault } = await networkHelpers.loadFixture(marketFixture);
      const { positionId } = await openLong(market);
      const before = await marginVault.position(positionId);
      await expect(enact(market, 2n)).to.emit(charter, "ChangeEnacted").withArgs(2n);
      expect(await charter.maxOpenInterest()).to.equal(wad("7"));
      expect(await marginVault.position(positionId)).to.deep.equal(before);
    });

    it("reverts when terms were enacted in between that do not bear it", async () => {
      const { market, charter, curator } = await networkHelpers.loadFixture(marketFixture);
      await curator.announceMaxOpenInterest(CAP_UNDER_LESS);
      await enact(market, 4n);
      await curator.announceTerms(await termsWith(market, { positionFeeRatio: wad("0.0004") }));
      await curator.announceMaxOpenInterest(wad("19990"));
      await enact(market, 5n);
      await expect(enact(market, 6n))
        .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
        .withArgs(encodeBytes32String("maxOpenInterest"), wad("19990"), 1n, CAP_UNDER_LESS);
      expect(await charter.maxOpenInterest()).to.equal(CAP_UNDER_LESS);
    });
  });

  describe("given a receiver of protocol fees", () => {
    it("pays it from then on, what had come in before included", async () => {
      const { market, charter, anybody, token, accounts } =
        await networkHelpers.loadFixture(marketFixture);
      await openLong(market);
      await enact(market, 3n);
      expect(await charter.protocolFeeReceiver()).to.equal(accounts.carol);
      // A tenth of the fee of 100.00025, in whole units: 10.000025.
      await expect(anybody.payProtocolFees()).to.changeTokenBalances(
        connection.ethers,
        token,
        [accounts.carol, accounts.deployer],
        [10_000_025n, 0n],
      );
    });
  });

  it("publishes 255 terms and no more: a position counts them in one byte", async () => {
    const { market, charter, curator, terms, anybody } =
      await networkHelpers.loadFixture(marketFixture);
    for (let count = 0; count < 254; ++count) await curator.announceTerms(terms);
    await enact(market, 1n);
    await networkHelpers.time.increase(3_600n);
    for (let changeId = 4n; changeId < 257n; ++changeId) await anybody.enact(changeId);
    expect(await charter.latestTermsId()).to.equal(255n);
    await expect(anybody.enact(257n)).to.be.revertedWithCustomError(charter, "TermsExhausted");
  });
});

describe("MarketCharter withdraw (BH-202)", () => {
  it("reverts when the caller is not the curator", async () => {
    const { charter, accounts } = await networkHelpers.loadFixture(marketFixture);
    await expect(charter.connect(accounts.guardian).withdraw(1n))
      .to.be.revertedWithCustomError(charter, "NotAuthorized")
      .withArgs(accounts.guardian);
  });

  it("reverts when the change is unknown, enacted or withdrawn", async () => {
    const { market, charter, curator } = await networkHelpers.loadFixture(marketFixture);
    await enact(market, 1n);
    await curator.withdraw(2n);
    for (const changeId of [1n, 2n, 4n]) {
      await expect(curator.withdraw(changeId))
        .to.be.revertedWithCustomError(charter, "ChangeNotFound")
        .withArgs(changeId);
    }
  });

  it("takes the change back for good", async () => {
    const { charter, curator, anybody } = await networkHelpers.loadFixture(marketFixture);
    const { enactableAt } = await charter.changeOf(2n);
    await expect(curator.withdraw(2n)).to.emit(charter, "ChangeWithdrawn").withArgs(2n);
    await networkHelpers.time.increaseTo(enactableAt);
    await expect(anybody.enact(2n))
      .to.be.revertedWithCustomError(charter, "ChangeNotFound")
      .withArgs(2n);
    expect(await charter.maxOpenInterest()).to.equal(wad("19990"));
  });
});
