import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { onDeployableCode } from "../../fixtures/deployable.ts";
import { proofOf, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { submitOrder } from "../../fixtures/trading.ts";
import { calmMarket, change, logOf, mined, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });

const BURNS_GAS = 3n;
/** More than any fill takes, below which the order book begins none [gas]. */
const GAS_PER_FILL = 700_000n;

/** Alice's long of {@link openLong}: N 200,000.5, M 9,899.99975, R 40,000; 90.000225 due to the pool. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { alice, keeper } = market.accounts;
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  return { ...market, ...opened, market, alice, keeper, token };
}

describe("MarginVault trade that decreases, at its edges", () => {
  it("lets a position below initial margin shrink where its margin ratio rises", async () => {
    const { market, marginVault, alice, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    await change(market, { account: alice, positionId, sizeDelta: -wad("5"), price: wad("1949") });
    // Before: 9,899.99975 + 194,900 − 200,000.5 = 4,799.49975 of 194,900, 2.46%. Fill 1,949 × (1 + 97.5 / 20,000,000) =
    // 1,949.009501375: 9,745.047506875 − 10,000.025 = −254.977493125; fee 0.05%: 4.8725237534375.
    // After: 9,640.1497331215625 + 185,155 − 190,000.475 = 4,794.67 of 185,155, 2.59%, where an opening would need 4%.
    const { size, margin } = await marginVault.position(positionId);
    expect(size).to.equal(wad("95"));
    expect(margin).to.be.closeTo(wad("9640.149733121562"), 10n ** 10n);
    await expectConservation(market);
  });

  it("closes the whole where the fee would leave less equity than the market wants to keep", async () => {
    const { market, marginVault, alice, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    const order = { account: alice, positionId, sizeDelta: -wad("50"), price: wad("1901.5") };
    const receipt = await change(market, order);
    // Half of it at 1,901.5 × (1 + 75 / 20,000,000) = 1,901.507130625: 95,075.35653125 − 100,000.25 = −4,924.89346875;
    // fee 47.537678265625; margin 4,927.568602984375. The other half has lost 100,000.25 − 95,075 = 4,925.25: of 95,075
    // 2.3186 would be its own, less than 10.
    expect(logOf(market, receipt, "PositionDecreased").sizeDelta).to.equal(-wad("100"));
    expect((await marginVault.position(positionId)).size).to.equal(0n);
    await expectConservation(market);
  });

  it("fills a market order at a price older than the position's, whose time does not move back", async () => {
    const { market, marginVault, orderBook, alice, keeper, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    const order = await submitOrder(market, alice, { positionId, sizeDelta: -wad("5") });
    const round = await pushPrice(market, wad("1949"), order.submittedAt + 3n);
    const newer = await pushPrice(market, wad("1948"), order.submittedAt + 10n);
    await marginVault.connect(keeper).liquidate(positionId, "0x", keeper);
    const { size } = await marginVault.position(positionId);
    const proof = await proofOf(market, round);
    const receipt = await mined(orderBook.connect(keeper).execute([order.orderId], proof, keeper));
    const decreased = logOf(market, receipt, "PositionDecreased");
    expect(decreased.price).to.equal(wad("1949"));
    expect(decreased.observedAt).to.equal(round.updatedAt);
    const stored = await marginVault.position(positionId);
    expect(stored.size).to.equal(size - wad("5"));
    expect(stored.priceTime).to.equal(newer.updatedAt);
    // An order of the owner ends the wait for the next liquidation.
    expect(stored.cooldown).to.equal(0n);
    const { clock, referencePrice } = await marginVault.market();
    expect([clock, referencePrice]).to.deep.equal([newer.updatedAt, wad("1948")]);
  });

  describe("given a token that burns all gas it gets", () => {
    /** Alice's order to close at a gain of 10,000, its price and what executes it. */
    async function closingFixture() {
      const world = await marketFixture();
      const { market, orderBook, alice, keeper, token, positionId } = world;
      const order = await submitOrder(market, alice, { positionId, sizeDelta: -wad("100") });
      const round = await pushPrice(market, wad("2100"), order.submittedAt + 3n);
      const proof = await proofOf(market, round);
      await token.setMode(BURNS_GAS);
      const execute = (gasLimit: bigint) =>
        orderBook.connect(keeper).execute([order.orderId], proof, keeper, { gasLimit });
      return { ...world, order, execute };
    }

    it("cancels no order because too little gas is left for its payout", async () => {
      const { orderBook, alice, marginVault, order, execute } =
        await networkHelpers.loadFixture(closingFixture);
      // The pool's transfer takes 63 of 64 parts of what is left. Two 64ths are less than the 310,000 that a payout asks for,
      // and what it gives back comes on top of the 64th that the order book has kept: so the vault has not run out of gas.
      const gasLimit = 5_000_000n;
      const givenBack = (gasLeft: bigint) => gasLeft > gasLimit / 64n;
      await expect(execute(gasLimit))
        .to.be.revertedWithCustomError(orderBook, "InsufficientGas")
        .withArgs(givenBack, GAS_PER_FILL);
      expect((await orderBook.order(order.orderId)).submittedAt).to.equal(order.submittedAt);
      expect(await marginVault.claimable(alice)).to.equal(0n);
    });

    onDeployableCode("gas that a payout leaves", () => {
      it("fills it and owes what the token does not move where there is more", async () => {
        const { market, orderBook, alice, marginVault, liquidityVault, token, order, execute } =
          await networkHelpers.loadFixture(closingFixture);
        await mined(execute(16_000_000n));
        expect((await orderBook.order(order.orderId)).submittedAt).to.equal(0n);
        // Of a gain of 10,000.024999 (fill 2,100.00525) 90.000225 were here, the rest is at the pool. 9,899.99975 + 90.000225
        // less the fee of 105.0002625 are paid out here.
        expect(await liquidityVault.claimable(alice)).to.equal(9_910_024_774n);
        expect(await marginVault.claimable(alice)).to.equal(9_884_999_712n);
        await token.setMode(0n);
        await expectConservation(market);
      });
    });
  });
});
