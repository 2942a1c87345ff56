import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { newestPrice, proofOf, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { plain } from "../../fixtures/structs.ts";
import {
  type OrderInput,
  openPosition,
  submitAndExecute,
  submitOrder,
} from "../../fixtures/trading.ts";
import { calmMarket, cancelReason, logOf, now, openLong, refusal } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

async function marketFixture() {
  const market = await createMarket(connection);
  /** Submits Alice's order at 2,000 and returns why it was cancelled. */
  const refused = async (order: OrderInput) => {
    const price = wad("2000");
    const { receipt } = await submitAndExecute(market, market.accounts.alice, { price, ...order });
    return cancelReason(market, receipt);
  };
  return { ...market, market, refused };
}

/** The long of {@link openLong}. */
const LONG = { sizeDelta: wad("100"), margin: wad("10000"), reserve: wad("40000") };

describe("MarginVault trade that opens", () => {
  describe("when a check fails, the order is cancelled with its reason", () => {
    it("refuses terms that are not on offer", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      expect(await refused({ ...LONG, termsId: 2n })).to.equal(
        refusal(market, "TermsNotOffered", [2n, 1n]),
      );
      expect(await refused({ ...LONG, termsId: 0n })).to.equal(
        refusal(market, "TermsNotOffered", [0n, 1n]),
      );
    });

    it("refuses a fill price beyond what is acceptable, impact included", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      const acceptablePrice = wad("2000.005") - 1n;
      expect(await refused({ ...LONG, acceptablePrice })).to.equal(
        refusal(market, "PriceNotAcceptable", [wad("2000.005"), acceptablePrice]),
      );
      // A short of 100 in an empty market sells at 2,000 × (1 − 50 / 20,000,000).
      const least = wad("1999.995") + 1n;
      expect(await refused({ ...LONG, sizeDelta: -wad("100"), acceptablePrice: least })).to.equal(
        refusal(market, "PriceNotAcceptable", [wad("1999.995"), least]),
      );
    });

    it("refuses a reserve below its share of the notional", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      const reserve = wad("20000") - 1n;
      // 10% of 200,000, and at most all of it.
      expect(await refused({ ...LONG, reserve })).to.equal(
        refusal(market, "ReserveOutOfBounds", [reserve, wad("20000"), wad("200000")]),
      );
    });

    it("refuses a reserve above the notional, so that nobody locks the pool for little (58)", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      // A position of 60 that would lock all of 7,999,999.6 that the pool lends.
      const order = { sizeDelta: wad("0.03"), margin: wad("20"), reserve: wad("7999999.6") };
      expect(await refused(order)).to.equal(
        refusal(market, "ReserveOutOfBounds", [order.reserve, wad("6"), wad("60")]),
      );
    });

    it("refuses a short a reserve above its open notional: the price cannot fall below zero", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      const order = { sizeDelta: -wad("100"), margin: wad("10000"), reserve: wad("200000") };
      // 100 × 1,999.995.
      expect(await refused(order)).to.equal(
        refusal(market, "ReserveOutOfBounds", [order.reserve, wad("20000"), wad("199999.5")]),
      );
    });

    it("refuses margin below the fee", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      const margin = wad("100.00024");
      expect(await refused({ ...LONG, margin })).to.equal(
        refusal(market, "MarginBelowFees", [margin, wad("100.00025")]),
      );
    });

    it("refuses a notional below the least", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      const order = { sizeDelta: wad("0.0249"), margin: wad("20"), reserve: wad("10") };
      expect(await refused(order)).to.equal(
        refusal(market, "NotionalTooSmall", [wad("49.8"), wad("50")]),
      );
    });

    it("refuses equity below the initial margin, after fee and impact (1, 3)", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      // 8,100.500249 − fee 100.00025 − impact 0.5, against 4% of 200,000.
      expect(await refused({ ...LONG, margin: wad("8100.500249") })).to.equal(
        refusal(market, "InitialMarginNotMet", [1n, wad("7999.999999"), wad("8000")]),
      );
    });

    it("demands at least the margin of the smallest position", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      // Of 50, 4% are 2 and 1.25 × minMaintenance 6.25; minMargin is 10. Fill 2,000.00000125: fee 0.025000000015625,
      // up to the wei; impact 0.00000003125.
      const order = { sizeDelta: wad("0.025"), margin: wad("10.025"), reserve: wad("5") };
      const equity = wad("10.025") - 25_000_000_015_625n * 10n ** 3n - 31_250_000_000n;
      expect(await refused(order)).to.equal(
        refusal(market, "InitialMarginNotMet", [1n, equity, wad("10")]),
      );
    });

    it("refuses open interest above the cap", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      const order = { margin: wad("2000000"), reserve: wad("5000000") };
      const cap = wad("19990");
      for (const sizeDelta of [cap + 1n, -cap - 1n]) {
        expect(await refused({ ...order, sizeDelta })).to.equal(
          refusal(market, "OpenInterestExceeded", [cap + 1n, cap]),
        );
      }
    });

    it("refuses a reserve that would lock more of the pool than allowed", async () => {
      const { liquidityVault, refused } = await networkHelpers.loadFixture(marketFixture);
      const order = { sizeDelta: wad("5000"), margin: wad("500000"), reserve: wad("7999999.61") };
      // 80% of 9,999,999.5 are 7,999,999.6.
      expect(await refused(order)).to.equal(
        liquidityVault.interface.encodeErrorResult("UtilizationExceeded", [
          wad("7999999.61"),
          wad("9999999.5"),
          wad("0.8"),
        ]),
      );
    });

    it("returns the escrow and leaves no trace", async () => {
      const { market, marginVault, refused, accounts, token } =
        await networkHelpers.loadFixture(marketFixture);
      const before = plain(await marginVault.market());
      const balance = await token.balanceOf(accounts.alice);
      await refused({ ...LONG, margin: wad("100") });
      // All but the keeper's fee of 0.5.
      expect(await token.balanceOf(accounts.alice)).to.equal(balance - 500_000n);
      expect(plain(await marginVault.market())).to.deep.equal(before);
      expect((await marginVault.position(1n)).size).to.equal(0n);
      await expectConservation(market);
    });
  });

  describe("given an empty market", () => {
    it("fills at the index price and half of its own impact, and stores the box", async () => {
      const { market, marginVault, accounts } = await networkHelpers.loadFixture(marketFixture);
      const { positionId } = await openLong(market);
      const stored = await marginVault.position(positionId);
      const { clock, borrowIndex } = await marginVault.market();
      expect(plain(stored)).to.deep.equal({
        size: wad("100"),
        openNotional: wad("200000.5"),
        priceTime: clock,
        termsId: 1n,
        traits: 0n,
        cooldown: 0n,
        margin: wad("9899.99975"),
        reserve: wad("40000"),
        borrowIndex,
        owner: accounts.alice.address,
        fundingIndex: 0n,
      });
      await expectConservation(market);
    });

    it("books the fee, a tenth of it for the protocol, and locks the reserve", async () => {
      const { market, marginVault, liquidityVault } =
        await networkHelpers.loadFixture(marketFixture);
      await openLong(market);
      const sums = await marginVault.market();
      expect(sums.poolDue).to.equal(wad("90.000225"));
      expect(sums.protocolDue).to.equal(wad("10.000025"));
      expect(sums.longOpenInterest).to.equal(wad("100"));
      // Less the borrow index of its 40,000, rounded up; the funding index is still zero.
      const basis = (wad("40000") * sums.borrowIndex + wad("1") - 1n) / wad("1");
      expect(sums.netBasis).to.equal(wad("200000.5") - basis);
      expect(sums.totalMargin).to.equal(wad("9899.99975"));
      expect(sums.referencePrice).to.equal(wad("2000"));
      expect(await liquidityVault.reserved()).to.equal(wad("40000"));
      expect(await liquidityVault.cash()).to.equal(wad("9999999.5"));
    });

    it("says all of it in its logs, numbered without a gap", async () => {
      const { market, marginVault, accounts } = await networkHelpers.loadFixture(marketFixture);
      const { sequence } = await marginVault.market();
      const { receipt } = await submitAndExecute(market, accounts.alice, LONG);
      const { clock } = await marginVault.market();
      const increased = logOf(market, receipt, "PositionIncreased");
      expect([...increased]).to.deep.equal([
        1n,
        accounts.alice.address,
        sequence + 1n,
        wad("100"),
        wad("2000.005"),
        wad("2000"),
        clock,
        wad("100.00025"),
        wad("10000"),
        wad("40000"),
      ]);
      const updated = logOf(market, receipt, "PositionUpdated");
      expect(updated.sequence).to.equal(sequence + 2n);
      expect(updated.openNotional).to.equal(wad("200000.5"));
      expect(updated.margin).to.equal(wad("9899.99975"));
      const rates = logOf(market, receipt, "MarketUpdated");
      expect(rates.sequence).to.equal(sequence + 3n);
      expect(rates.cash).to.equal(wad("9999999.5"));
      expect(rates.reserved).to.equal(wad("40000"));
      // And one for the order book's log, which follows these.
      const executed = logOf(market, receipt, "OrderExecuted");
      expect(executed.sequence).to.equal(sequence + 4n);
      expect((await marginVault.market()).sequence).to.equal(sequence + 4n);
    });

    it("moves margin and fee from the account to the vault, and the fee on to the keeper", async () => {
      const { market, marginVault, accounts, token } =
        await networkHelpers.loadFixture(marketFixture);
      const { alice, keeper } = accounts;
      const before = await Promise.all(
        [alice, marginVault, keeper].map((holder) => token.balanceOf(holder)),
      );
      await openLong(market);
      const after = await Promise.all(
        [alice, marginVault, keeper].map((holder) => token.balanceOf(holder)),
      );
      const moved = after.map((balance, index) => balance - (before[index] ?? 0n));
      expect(moved).to.deep.equal([-10_000_500_000n, 10_000_000_000n, 500_000n]);
    });

    it("opens with exactly the initial margin, and at exactly the cap of open interest", async () => {
      const { market, marginVault, accounts } = await networkHelpers.loadFixture(marketFixture);
      await openPosition(market, {
        account: accounts.alice,
        size: wad("100"),
        margin: wad("8100.50025"),
        reserve: wad("20000"),
        price: wad("2000"),
      });
      await openPosition(market, {
        account: accounts.bob,
        size: wad("19890"),
        margin: wad("2000000"),
        reserve: wad("3980000"),
        price: wad("2000"),
      });
      expect((await marginVault.market()).longOpenInterest).to.equal(wad("19990"));
      await expectConservation(market);
    });

    it("adds the latency spread when no round came in time", async () => {
      const { market, marginVault, accounts, orderBook } =
        await networkHelpers.loadFixture(marketFixture);
      const round = await pushPrice(market, await newestPrice(market));
      const { orderId, submittedAt } = await submitOrder(market, accounts.alice, LONG);
      await networkHelpers.time.setNextBlockTimestamp(submittedAt + 2n + 60n + 1n);
      const proof = await proofOf(market, round);
      await orderBook.connect(accounts.keeper).execute([orderId], proof, accounts.keeper);
      // 2,000 × 1.007 = 2,014, × (1 + 50 / 20,000,000) = 2,014.005035; × 100.
      const { openNotional } = await marginVault.position(orderId);
      expect(openNotional).to.equal(wad("201400.5035"));
    });
  });

  describe("given a skewed market", () => {
    it("makes the same side pay the skew and pays it to the other", async () => {
      const { market, marginVault, accounts } = await networkHelpers.loadFixture(marketFixture);
      await openLong(market);
      const common = { margin: wad("10000"), reserve: wad("40000"), price: wad("2000") };
      // Skew 100 before: a long of 100 pays 2,000 × (1 + 150 / 20,000,000).
      const snapshot = await networkHelpers.takeSnapshot();
      const long = await openPosition(market, {
        account: accounts.bob,
        size: wad("100"),
        ...common,
      });
      expect((await marginVault.position(long)).openNotional).to.equal(wad("200001.5"));
      await snapshot.restore();
      // A short of 100 sells at 2,000 × (1 + 50 / 20,000,000).
      const short = await openPosition(market, {
        account: accounts.bob,
        size: -wad("100"),
        ...common,
      });
      expect((await marginVault.position(short)).openNotional).to.equal(-wad("200000.5"));
      await expectConservation(market);
    });

    it("changes no stored field of another position (LAW-5)", async () => {
      const { market, marginVault, accounts } = await networkHelpers.loadFixture(marketFixture);
      const { positionId } = await openLong(market);
      const before = plain(await marginVault.position(positionId));
      await openPosition(market, {
        account: accounts.bob,
        size: wad("500"),
        margin: wad("60000"),
        price: wad("2040"),
      });
      expect(plain(await marginVault.position(positionId))).to.deep.equal(before);
    });
  });

  it("accrues the market before it changes it", async () => {
    const { market, marginVault } = await networkHelpers.loadFixture(marketFixture);
    const before = await marginVault.market();
    await networkHelpers.time.increase(1_000n);
    await openLong(market);
    const after = await marginVault.market();
    // One wei a second since the pool was funded.
    expect(after.accruedAt).to.equal(await now(market));
    expect(after.borrowIndex - before.borrowIndex).to.equal(after.accruedAt - before.accruedAt);
  });

  it("lets nobody but the order book trade, and it only in a batch", async () => {
    const { marginVault, orderBook, accounts } = await networkHelpers.loadFixture(marketFixture);
    const request = {
      kind: 0n,
      positionId: 1n,
      opener: accounts.alice.address,
      ...LONG,
      reduceOnly: false,
      counted: false,
      acceptablePrice: wad("9999"),
      termsId: 1n,
      spread: 0n,
      keeperFeeFromMargin: 0n,
      transfers: 0n,
    };
    await expect(marginVault.connect(accounts.alice).trade(request))
      .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
      .withArgs(accounts.alice);
    const book = await ethers.getImpersonatedSigner(String(orderBook.target));
    await networkHelpers.setBalance(book.address, wad("1"));
    await expect(marginVault.connect(book).trade(request))
      .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
      .withArgs(book);
  });
});
