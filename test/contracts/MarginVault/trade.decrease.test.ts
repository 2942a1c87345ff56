import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { proofOf, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import {
  type OrderInput,
  openPosition,
  submitAndExecute,
  submitOrder,
} from "../../fixtures/trading.ts";
import {
  calmMarket,
  cancelReason,
  change,
  logOf,
  now,
  openLong,
  refusal,
} from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });

/** Alice's long of {@link openLong}: N 200,000.5, M 9,899.99975, R 40,000; 90.000225 due to the pool. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { alice } = market.accounts;
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  const { positionId } = opened;
  /** Executes Alice's order for her position at `price`. */
  const trade = async (sizeDelta: bigint, price: bigint, order: Partial<OrderInput> = {}) => {
    const request = { positionId, price, ...order, sizeDelta };
    return (await submitAndExecute(market, alice, request)).receipt;
  };
  return { ...market, ...opened, market, alice, token, trade };
}

describe("MarginVault trade that decreases", () => {
  describe("when a check fails, the order is cancelled with its reason", () => {
    it("refuses to turn a long into a short", async () => {
      const { market, trade } = await networkHelpers.loadFixture(marketFixture);
      const receipt = await trade(-wad("100") - 1n, wad("2000"));
      expect(cancelReason(market, receipt)).to.equal(
        refusal(market, "SignFlips", [wad("100"), -wad("100") - 1n]),
      );
    });

    it("refuses a fill price beyond what is acceptable", async () => {
      const { market, trade } = await networkHelpers.loadFixture(marketFixture);
      // A sale of 40 out of a skew of 100: 2,000 × (1 + 80 / 20,000,000).
      const acceptablePrice = wad("2000.008") + 1n;
      const receipt = await trade(-wad("40"), wad("2000"), { acceptablePrice });
      expect(cancelReason(market, receipt)).to.equal(
        refusal(market, "PriceNotAcceptable", [wad("2000.008"), acceptablePrice]),
      );
    });

    it("refuses to make a position below initial margin less healthy", async () => {
      const { market, marginVault, positionId, trade } =
        await networkHelpers.loadFixture(marketFixture);
      // Equity 9,899.99975 + 190,160.5 − 200,000.5 = 59.99975 of 190,160.5 is 3.155 of 10,000, less than the fee of 5:
      // each unit that is closed costs more equity than its share.
      const receipt = await trade(-wad("1"), wad("1901.605"));
      const reason = marginVault.interface.parseError(cancelReason(market, receipt));
      expect(reason?.name).to.equal("MarginRatioFalls");
      const [equity, notional, equityAfter, notionalAfter] = reason?.args ?? [];
      expect(equity).to.be.closeTo(wad("59.99975"), 10n ** 9n);
      expect(notional).to.equal(wad("190160.5"));
      // Fill 1,901.605 × 1.000004975 = 1,901.614460484875 (loss 98.390539515125), fee 0.9508072302424375:
      // margin 9,800.6584032546325625; the rest has lost 99 × 1,901.605 − 198,000.495.
      expect(equityAfter).to.be.closeTo(wad("59.058403254632562"), 10n ** 10n);
      expect(notionalAfter).to.equal(wad("188258.895"));
      expect((await marginVault.position(positionId)).size).to.equal(wad("100"));
    });

    it("ends with nothing where the position is gone", async () => {
      const { market, positionId, alice, accounts, orderBook, marginVault, token } =
        await networkHelpers.loadFixture(marketFixture);
      const { keeper } = accounts;
      const first = await submitOrder(market, alice, { positionId, sizeDelta: -wad("100") });
      // No order of its own can be filled before it; a liquidation can.
      const round = await pushPrice(market, wad("1500"), first.submittedAt + 3n);
      await marginVault.connect(keeper).liquidate(positionId, "0x", keeper);
      const before = await token.balanceOf(alice);
      const proof = await proofOf(market, round);
      await orderBook.connect(keeper).execute([first.orderId], proof, keeper);
      // The order died with its position: its fee comes back too.
      expect(await token.balanceOf(alice)).to.equal(before + 500_000n);
      await expectConservation(market);
    });
  });

  describe("when a part is closed with a gain", () => {
    it("pays the gain into margin out of the part's reserve, then takes the fee", async () => {
      const { market, marginVault, liquidityVault, positionId, openedAt, trade } =
        await networkHelpers.loadFixture(marketFixture);
      const receipt = await trade(-wad("40"), wad("2100"));
      // Fill 2,100 × 1.000004 = 2,100.0084; 84,000.336 − 80,000.2 = 4,000.136, of which a few billion wei are owed;
      // down to the token unit 4,000.135999. Fee 0.05% of 84,000.336 = 42.000168.
      const decreased = logOf(market, receipt, "PositionDecreased");
      expect(decreased.fillPrice).to.equal(wad("2100.0084"));
      expect(decreased.sizeDelta).to.equal(-wad("40"));
      expect(decreased.realizedPnl).to.equal(wad("4000.135999"));
      expect(decreased.fee).to.equal(wad("42.000168"));
      expect(decreased.paidOut).to.equal(0n);
      const stored = await marginVault.position(positionId);
      expect(stored.margin).to.equal(wad("13858.135581"));
      expect(stored.size).to.equal(wad("60"));
      expect(stored.reserve).to.equal(wad("24000"));
      // 60% of 200,000.5 and of what was owed.
      const elapsed = (await now(market)) - openedAt;
      expect(stored.openNotional).to.equal(wad("120000.3") + 24_000n * elapsed);
      // 90.000225 of the gain are netted against what was due to the pool, which pays the rest.
      expect(await liquidityVault.cash()).to.equal(wad("9999999.5") - wad("3910.135774"));
      expect(await liquidityVault.reserved()).to.equal(wad("24000"));
      const { poolDue, protocolDue } = await marginVault.market();
      expect(poolDue).to.equal(wad("37.8001512"));
      expect(protocolDue).to.equal(wad("14.2000418"));
      await expectConservation(market);
    });

    it("pays at most the part's share of the reserve, and takes the fee all the same", async () => {
      const { market, marginVault, positionId, trade } =
        await networkHelpers.loadFixture(marketFixture);
      // At 2,600: 40 × 2,600.0104 − 80,000.2 = 24,000.216 is more than 40% of 40,000; fee 52.000208.
      await trade(-wad("40"), wad("2600"));
      expect((await marginVault.position(positionId)).margin).to.equal(
        wad("9899.99975") + wad("16000") - wad("52.000208"),
      );
      await expectConservation(market);
    });
  });

  describe("when a part is closed with a loss", () => {
    it("takes loss and fee from margin and makes them due to the pool", async () => {
      const { market, marginVault, liquidityVault, positionId, openedAt, trade } =
        await networkHelpers.loadFixture(marketFixture);
      const receipt = await trade(-wad("40"), wad("1950"));
      const elapsed = (await now(market)) - openedAt;
      // Fill 1,950.0078; 78,000.312 − 80,000.2 = −1,999.888, and 40% of 40,000 wei a second. Fee 39.000156.
      const loss = wad("1999.888") + 16_000n * elapsed;
      expect(logOf(market, receipt, "PositionDecreased").realizedPnl).to.equal(-loss);
      const { margin, reserve } = await marginVault.position(positionId);
      expect(margin).to.equal(wad("9899.99975") - loss - wad("39.000156"));
      expect(reserve).to.equal(wad("24000"));
      const { poolDue, protocolDue } = await marginVault.market();
      expect(poolDue).to.equal(wad("90.000225") + loss + wad("35.1001404"));
      expect(protocolDue).to.equal(wad("10.000025") + wad("3.9000156"));
      expect(await liquidityVault.cash()).to.equal(wad("9999999.5"));
      await expectConservation(market);
    });
  });

  describe("when the whole is closed", () => {
    it("pays margin and gain out and frees the reserve", async () => {
      const { market, marginVault, liquidityVault, positionId, alice, token, trade } =
        await networkHelpers.loadFixture(marketFixture);
      const before = await token.balanceOf(alice);
      const receipt = await trade(-wad("100"), wad("2100"));
      // Fill 2,100 × 1.0000025 = 2,100.00525; 210,000.525 − 200,000.5 = 10,000.025 less a few billion wei, down:
      // 10,000.024999. Fee 105.0002625. 9,899.99975 + 10,000.024999 − 105.0002625 = 19,795.0244865, down.
      const decreased = logOf(market, receipt, "PositionDecreased");
      expect(decreased.realizedPnl).to.equal(wad("10000.024999"));
      expect(decreased.fee).to.equal(wad("105.0002625"));
      expect(decreased.paidOut).to.equal(wad("19795.024486"));
      // Less the keeper's fee of the order.
      expect(await token.balanceOf(alice)).to.equal(before + 19_795_024_486n - 500_000n);
      expect(await liquidityVault.reserved()).to.equal(0n);
      const sums = await marginVault.market();
      expect(sums.longOpenInterest).to.equal(0n);
      expect(sums.totalMargin).to.equal(0n);
      expect(sums.netBasis).to.equal(0n);
      // 94.50023625 of the fee and what was lost by rounding.
      expect(sums.poolDue).to.equal(wad("94.50023625") + wad("0.0000005"));
      const { size, owner, margin, reserve } = await marginVault.position(positionId);
      expect([size, margin, reserve]).to.deep.equal([0n, 0n, 0n]);
      expect(owner).to.equal(alice.address);
      await expectConservation(market);
    });

    it("pays at most margin and reserve, and fees are never swallowed by the cap", async () => {
      const { market, alice, token, trade } = await networkHelpers.loadFixture(marketFixture);
      const before = await token.balanceOf(alice);
      const receipt = await trade(-wad("100"), wad("2600"));
      // Gain 60,000.15 counts as 40,000; fee 0.05% of 260,000.65 = 130.000325; M + R − fee = 49,769.999425.
      expect(logOf(market, receipt, "PositionDecreased").fee).to.equal(wad("130.000325"));
      expect(logOf(market, receipt, "PositionDecreased").realizedPnl).to.equal(wad("40000"));
      expect(await token.balanceOf(alice)).to.equal(before + 49_769_999_425n - 500_000n);
      await expectConservation(market);
    });

    it("takes at most the margin, records the rest as nobody's debt, and collects no fee it cannot", async () => {
      const { market, marginVault, positionId, openedAt, alice, token, trade } =
        await networkHelpers.loadFixture(marketFixture);
      const before = await token.balanceOf(alice);
      const receipt = await trade(-wad("100"), wad("1890"));
      const elapsed = (await now(market)) - openedAt;
      // Fill 1,890.004725: −11,000.0275 against 9,899.99975.
      const shortfall = wad("1100.02775") + 40_000n * elapsed;
      const recorded = logOf(market, receipt, "ShortfallRecorded");
      expect(recorded.positionId).to.equal(positionId);
      expect(recorded.shortfall).to.equal(shortfall);
      const decreased = logOf(market, receipt, "PositionDecreased");
      expect(decreased.realizedPnl).to.equal(-wad("9899.99975"));
      expect(decreased.fee).to.equal(0n);
      expect(await token.balanceOf(alice)).to.equal(before - 500_000n);
      // No fee collected, none shared.
      const { poolDue, protocolDue } = await marginVault.market();
      expect(poolDue).to.equal(wad("90.000225") + wad("9899.99975"));
      expect(protocolDue).to.equal(wad("10.000025"));
      await expectConservation(market);
    });

    it("shares with the protocol only the fee that was there to collect", async () => {
      const { market, marginVault, trade } = await networkHelpers.loadFixture(marketFixture);
      // At 1,901.5: 1,901.50475375 × 100 − 200,000.5 = −9,850.024625, of which margin keeps 49.975125; the fee would be
      // 95.0752376875. What is left pays it in part, a tenth of that for the protocol.
      const receipt = await trade(-wad("100"), wad("1901.5"));
      const { fee } = logOf(market, receipt, "PositionDecreased");
      expect(fee).to.be.closeTo(wad("49.975125"), 10n ** 9n);
      const { protocolDue } = await marginVault.market();
      expect(protocolDue).to.equal(wad("10.000025") + fee / 10n);
      await expectConservation(market);
    });
  });

  describe("when the rest would be too small to keep", () => {
    it("closes the whole of a market order", async () => {
      const { marginVault, positionId, trade } = await networkHelpers.loadFixture(marketFixture);
      // 0.0249 × 2,000 = 49.8 are below 50.
      await trade(-wad("99.9751"), wad("2000"));
      expect((await marginVault.position(positionId)).size).to.equal(0n);
    });

    it("keeps the smallest rest that the market allows", async () => {
      const { market, marginVault, positionId, trade } =
        await networkHelpers.loadFixture(marketFixture);
      await trade(-wad("99.975"), wad("2000"));
      expect((await marginVault.position(positionId)).size).to.equal(wad("0.025"));
      await expectConservation(market);
    });

    it("closes the whole where the rest would be left without the keeper's floor in reserve", async () => {
      const { market, marginVault, accounts } = await networkHelpers.loadFixture(marketFixture);
      const account = accounts.bob;
      // Reserve 10 of 100: 91% closed would leave 0.9.
      const positionId = await openPosition(market, {
        account,
        size: wad("0.05"),
        margin: wad("50"),
        reserve: wad("10"),
        price: wad("2000"),
      });
      await change(market, { account, positionId, sizeDelta: -wad("0.0455"), price: wad("13000") });
      expect((await marginVault.position(positionId)).size).to.equal(0n);
      await expectConservation(market);
    });
  });

  it("clamps a reduce-only order to the position", async () => {
    const { market, marginVault, positionId, trade } =
      await networkHelpers.loadFixture(marketFixture);
    const receipt = await trade(-wad("500"), wad("2000"), { reduceOnly: true });
    expect(logOf(market, receipt, "PositionDecreased").sizeDelta).to.equal(-wad("100"));
    expect((await marginVault.position(positionId)).size).to.equal(0n);
  });

  it("lets a position below initial margin shrink, and take margin with it", async () => {
    const { market, marginVault, positionId, trade } =
      await networkHelpers.loadFixture(marketFixture);
    // Equity 4,799.49975 of 194,900: below maintenance even.
    await trade(-wad("50"), wad("1949"), { margin: wad("100") });
    const { size, margin } = await marginVault.position(positionId);
    expect(size).to.equal(wad("50"));
    // Fill 1,949 × 1.00000375 = 1,949.00730875: 97,450.3654375 − 100,000.25 = −2,549.8845625; fee 48.72518271875.
    expect(margin).to.be.closeTo(wad("7401.39000478125"), 10n ** 9n);
    await expectConservation(market);
  });

  it("works the same way for a short", async () => {
    const { market, token, accounts } = await networkHelpers.loadFixture(marketFixture);
    const account = accounts.bob;
    const before = await token.balanceOf(account);
    const common = { margin: wad("10000"), reserve: wad("40000"), price: wad("2000") };
    // Out of a skew of 100: 2,000.005, N 200,000.5, fee 100.00025.
    const positionId = await openPosition(market, { account, size: -wad("100"), ...common });
    await change(market, { account, positionId, sizeDelta: wad("100"), price: wad("1900") });
    // Back from 0 to 100: 1,900 × (1 + 50 / 20,000,000) = 1,900.00475, × 100 = 190,000.475: gain 10,000.024999 (down),
    // fee 95.0002375: 9,899.99975 + 10,000.024999 − 95.0002375 = 19,805.0245115, down; two keeper's fees.
    expect(await token.balanceOf(account)).to.equal(
      before - 10_000_000_000n + 19_805_024_511n - 1_000_000n,
    );
    await expectConservation(market);
  });

  describe("when a token refuses", () => {
    it("books the payout of a blocked owner and closes all the same", async () => {
      const { market, marginVault, alice, accounts, token, positionId, orderBook } =
        await networkHelpers.loadFixture(marketFixture);
      const submitted = await submitOrder(market, alice, { positionId, sizeDelta: -wad("100") });
      await token.setBlocked(alice, true);
      const round = await pushPrice(market, wad("2000"), submitted.submittedAt + 3n);
      const proof = await proofOf(market, round);
      await orderBook.connect(accounts.keeper).execute([submitted.orderId], proof, accounts.keeper);
      // 9,899.99975 at no gain, less the fee of 100.00025 and a few billion wei of borrow fee.
      expect(await marginVault.claimable(alice)).to.equal(9_799_999_499n);
      await expectConservation(market);
    });

    it("leaves a gain that the pool cannot send at the pool, for the owner to claim", async () => {
      const { market, marginVault, liquidityVault, alice, token, positionId, trade } =
        await networkHelpers.loadFixture(marketFixture);
      await token.setBlocked(marginVault, true);
      // The fee of an order could not be escrowed, so the exit takes it from margin.
      await pushPrice(market, wad("2100"));
      await networkHelpers.time.increase(10n);
      const order = { positionId, kind: 1n, reduceOnly: true, feeFromMargin: true };
      const expiry = (await now(market)) + 1_000n;
      const limit = { ...order, sizeDelta: -wad("40"), triggerPrice: wad("2100"), expiry };
      const submitted = await submitOrder(market, alice, limit);
      await pushPrice(market, wad("2100"), submitted.submittedAt + 2n);
      await market.orderBook
        .connect(market.accounts.keeper)
        .execute([submitted.orderId], "0x", market.accounts.keeper);
      // Of 4,000.135999, 90.000225 were due to the pool and so are here already; the rest waits there. Fees 42.000168
      // and 0.5.
      expect(await liquidityVault.claimable(alice)).to.equal(3_910_135_774n);
      expect((await marginVault.position(positionId)).margin).to.equal(
        wad("9899.99975") + wad("90.000225") - wad("42.000168") - wad("0.5"),
      );
      await expectConservation(market);
      await token.setBlocked(marginVault, false);
      await liquidityVault.connect(alice).claim(alice);
      await trade(-wad("60"), wad("2100"));
      await expectConservation(market);
    });
  });
});
