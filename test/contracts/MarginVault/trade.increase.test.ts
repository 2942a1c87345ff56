import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { open, preparePool, trade } from "../../fixtures/pool.ts";
import {
  type OrderInput,
  openPosition,
  submitAndExecute,
  submitAndRelease,
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
const { networkHelpers } = connection;
const createMarket = calmMarket();
const poolWorld = await preparePool();

/** Alice's long of {@link openLong}. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { alice } = market.accounts;
  /** Submits an order for Alice's position and returns why it was cancelled. */
  const refused = async (order: OrderInput & { readonly price: bigint }) => {
    const { positionId } = opened;
    const { receipt } = await submitAndExecute(market, alice, { positionId, ...order });
    return cancelReason(market, receipt);
  };
  /** Submits a limit order for Alice's position and returns the receipt of its execution. */
  const limited = async (order: OrderInput & { readonly price: bigint }) => {
    const { positionId } = opened;
    return (await submitAndRelease(market, alice, { positionId, ...order })).receipt;
  };
  return { ...market, ...opened, market, alice, refused, limited };
}

describe("MarginVault trade that increases", () => {
  it("refuses terms that are neither offered nor the position's own", async () => {
    const { market, refused } = await networkHelpers.loadFixture(marketFixture);
    const order = { sizeDelta: wad("1"), reserve: wad("400"), price: wad("2000") };
    expect(await refused({ ...order, termsId: 2n })).to.equal(
      refusal(market, "TermsNotOffered", [2n, 1n]),
    );
  });

  it("refuses a reserve that the added notional does not carry (50, 58)", async () => {
    const { market, refused } = await networkHelpers.loadFixture(marketFixture);
    const order = { sizeDelta: wad("1"), price: wad("2000") };
    // What is added brings 10% to 100% of its own notional, whatever the position has.
    for (const reserve of [0n, wad("199.999999"), wad("2000.000001")]) {
      expect(await refused({ ...order, reserve })).to.equal(
        refusal(market, "ReserveOutOfBounds", [reserve, wad("200"), wad("2000")]),
      );
    }
  });

  it("refuses a limit order that leaves equity below the initial margin of the whole", async () => {
    const { market, positionId, openedAt, limited } =
      await networkHelpers.loadFixture(marketFixture);
    const order = { sizeDelta: wad("50"), reserve: wad("20000"), price: wad("2000") };
    const reason = cancelReason(market, await limited(order));
    // Fill 2,000 × (1 + 125 / 20,000,000) = 2,000.0125, N + 100,000.625, fee 50.0003125: 9,849.9994375 − 1.125, of
    // which 40,000 wei a second are owed for the reserve; 4% of 300,000 are needed.
    const elapsed = (await now(market)) - openedAt;
    expect(reason).to.equal(
      refusal(market, "InitialMarginNotMet", [
        positionId,
        wad("9848.8744375") - 40_000n * elapsed,
        wad("12000"),
      ]),
    );
  });

  it("lets a limit order lean on margin that the position has to spare", async () => {
    const { market, positionId, limited } = await networkHelpers.loadFixture(marketFixture);
    // Equity of 9,899 carries 4% of 202,000, which is 8,080.
    const order = { sizeDelta: wad("1"), reserve: wad("400"), price: wad("2000") };
    const { size } = logOf(market, await limited(order), "PositionUpdated");
    expect(size).to.equal(wad("101"));
    expect((await market.marginVault.position(positionId)).reserve).to.equal(wad("40400"));
  });

  describe("given a market order", () => {
    /** One more at 2,000: it fills at 2,000 × (1 + 100.5 / 20,000,000) = 2,000.01005; the fee is 1.000005025. */
    const ONE = { sizeDelta: wad("1"), reserve: wad("400"), price: wad("2000") };

    it("holds what it adds to the initial margin of that alone (BH-239 †)", async () => {
      const { market, marginVault, positionId, alice, refused } =
        await networkHelpers.loadFixture(marketFixture);
      // 81.010055 less the fee and 0.01005 of impact, of 4% of 2,000. The position has 1,800 to spare.
      expect(await refused({ ...ONE, margin: wad("81.010055") })).to.equal(
        refusal(market, "InitialMarginNotMet", [positionId, wad("79.999999975"), wad("80")]),
      );
      await change(market, { account: alice, positionId, ...ONE, margin: wad("81.010056") });
      const { size, margin, reserve } = await marginVault.position(positionId);
      expect([size, margin, reserve]).to.deep.equal([
        wad("101"),
        // 9,899.99975 + 81.010056 − 1.000005025.
        wad("9980.009800975"),
        wad("40400"),
      ]);
      await expectConservation(market);
    });

    it("takes its fee from what it brings", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      expect(await refused({ ...ONE, margin: wad("1") })).to.equal(
        refusal(market, "MarginBelowFees", [wad("1"), wad("1.000005025")]),
      );
    });

    it("holds what it adds to the least notional, and to a reserve of its own", async () => {
      const { market, refused } = await networkHelpers.loadFixture(marketFixture);
      const { minNotional, keeperFeeFloor } = await market.charter.terms(1n);
      const order = { ...ONE, sizeDelta: wad("0.001"), margin: wad("100") };
      // 10% of 2 are less than the floor, which the position's 40,000 of reserve would have covered.
      expect(await refused({ ...order, reserve: wad("0.5") })).to.equal(
        refusal(market, "ReserveOutOfBounds", [wad("0.5"), keeperFeeFloor, wad("2")]),
      );
      expect(await refused({ ...order, reserve: wad("2") })).to.equal(
        refusal(market, "NotionalTooSmall", [wad("2"), minNotional]),
      );
    });

    it("makes a position healthier that is below initial margin", async () => {
      const { market, marginVault, positionId, alice } =
        await networkHelpers.loadFixture(marketFixture);
      const lens = await connection.ethers.deployContract("MarketLens");
      const price = wad("1970");
      // Equity 9,899.99975 − 3,000.5 = 6,899.5 of 197,000: 3.5%. What is added brings 100 of 1,970.
      await pushPrice(market, price);
      const [before] = await lens.healthAt(marginVault, [positionId], price);
      await change(market, { account: alice, positionId, ...ONE, price, margin: wad("100") });
      const [after] = await lens.healthAt(marginVault, [positionId], price);
      if (before === undefined || after === undefined) throw new Error("There is no health.");
      expect(before.equity).to.be.below(before.initialMargin);
      expect(after.equity * before.notional).to.be.above(before.equity * after.notional);
    });

    it("adds nothing to a position that has lost its margin: that would pay what nobody owes", async () => {
      const { market, positionId, openedAt, refused } =
        await networkHelpers.loadFixture(marketFixture);
      // 100 × 1,900 − 200,000.5 = −10,000.5, and what is owed for the reserve.
      const reason = await refused({ ...ONE, price: wad("1900"), margin: wad("1000") });
      const owed = 40_000n * ((await now(market)) - openedAt);
      expect(reason).to.equal(
        refusal(market, "InitialMarginNotMet", [positionId, -wad("100.50025") - owed, 1n]),
      );
    });
  });

  it("refuses open interest above the cap", async () => {
    const { market, refused } = await networkHelpers.loadFixture(marketFixture);
    const sizeDelta = wad("19890") + 1n;
    const order = { sizeDelta, margin: wad("2000000"), reserve: wad("5000000") };
    expect(await refused({ ...order, price: wad("2000") })).to.equal(
      refusal(market, "OpenInterestExceeded", [wad("19990") + 1n, wad("19990")]),
    );
  });

  it("takes no reduce-only order that would increase", async () => {
    // The order book refuses one when it is submitted: only a scripted one can hand it on.
    const world = await poolWorld.fundedPool();
    await open(world, { id: 1n, size: "100", margin: "20000", reserve: "20000" });
    await expect(trade(world, { positionId: 1n, sizeDelta: 1n, reduceOnly: true }))
      .to.be.revertedWithCustomError(world.vault, "NothingToReduce")
      .withArgs(1n);
  });

  describe("given a position at its cap", () => {
    it("refuses to roll the reserve up behind the price (50)", async () => {
      const { market, positionId, openedAt, refused } =
        await networkHelpers.loadFixture(marketFixture);
      // At 2,400.01 the gain is 240,001 − 200,000.5 = 40,000.5, of which 40,000 wei a second are owed.
      const order = { sizeDelta: wad("1"), reserve: wad("2400"), price: wad("2400.01") };
      const reason = await refused({ ...order, margin: wad("1000") });
      const gain = wad("40000.5") - 40_000n * ((await now(market)) - openedAt);
      expect(reason).to.equal(refusal(market, "PositionAtCap", [positionId, gain, wad("40000")]));
    });

    it("takes it just below the cap, where all of the past gain still fits the old reserve", async () => {
      const { market, marginVault, positionId, alice } =
        await networkHelpers.loadFixture(marketFixture);
      // Gain 39,999.5.
      await change(market, {
        account: alice,
        positionId,
        sizeDelta: wad("1"),
        margin: wad("100"),
        reserve: wad("2400"),
        price: wad("2400"),
      });
      expect((await marginVault.position(positionId)).reserve).to.equal(wad("42400"));
      await expectConservation(market);
    });
  });

  describe("given an open position", () => {
    it("adds size, notional at fill, margin and reserve, and folds what is owed", async () => {
      const { market, marginVault, liquidityVault, positionId, openedAt, alice } =
        await networkHelpers.loadFixture(marketFixture);
      const receipt = await change(market, {
        account: alice,
        positionId,
        sizeDelta: wad("100"),
        margin: wad("10000"),
        reserve: wad("30000"),
        price: wad("2100"),
      });
      const elapsed = (await now(market)) - openedAt;
      const stored = await marginVault.position(positionId);
      // Fill 2,100 × (1 + 150 / 20,000,000) = 2,100.01575; 200,000.5 + 210,001.575 = 410,002.075 and the borrow fee.
      expect(logOf(market, receipt, "PositionIncreased").fillPrice).to.equal(wad("2100.01575"));
      expect(stored.openNotional).to.equal(wad("410002.075") + 40_000n * elapsed);
      // 9,899.99975 + 10,000 − 0.05% of 210,001.575.
      expect(stored.margin).to.equal(wad("19794.9989625"));
      expect(stored.size).to.equal(wad("200"));
      expect(stored.reserve).to.equal(wad("70000"));
      expect(await liquidityVault.reserved()).to.equal(wad("70000"));
      // Fees 100.00025 and 105.0007875: nine tenths for the pool.
      const { poolDue, protocolDue } = await marginVault.market();
      expect(poolDue).to.equal(wad("184.50093375"));
      expect(protocolDue).to.equal(wad("20.50010375"));
      await expectConservation(market);
    });

    it("charges the fee on what is added alone, never on the folded notional", async () => {
      const { market, positionId, alice } = await networkHelpers.loadFixture(marketFixture);
      const sizeDelta = wad("10");
      const margin = wad("1000");
      const order = { account: alice, positionId, sizeDelta, margin, reserve: wad("4000") };
      const fees: bigint[] = [];
      for (let i = 0; i < 3; ++i) {
        const receipt = await change(market, { ...order, price: wad("2000") });
        fees.push(logOf(market, receipt, "PositionIncreased").fee);
      }
      // 0.05% of 10 × 2,000 × (1 + (100 + 10 i + 5) / 20,000,000), the skew growing by 10 each time.
      expect(fees).to.deep.equal([wad("10.0000525"), wad("10.0000575"), wad("10.0000625")]);
    });

    it("works the same way for a short", async () => {
      const { market, marginVault, accounts } = await networkHelpers.loadFixture(marketFixture);
      const account = accounts.bob;
      const margin = wad("10000");
      const reserve = wad("40000");
      const short = { account, size: -wad("100"), margin, reserve, price: wad("2000") };
      const positionId = await openPosition(market, short);
      const openedAt = await now(market);
      await change(market, {
        account,
        positionId,
        sizeDelta: -wad("60"),
        margin: wad("5000"),
        reserve: wad("20000"),
        price: wad("1900"),
      });
      const elapsed = (await now(market)) - openedAt;
      // First: skew 100 → 0, 2,000 × (1 + 50 / 20,000,000) = 2,000.005. Then: skew 0 → −60,
      // 1,900 × (1 − 30 / 20,000,000) = 1,899.99715, × 60 = 113,999.829. A short's notional is negative, its fee owed
      // makes it less so.
      const { openNotional, margin: left } = await marginVault.position(positionId);
      expect(openNotional).to.equal(-wad("314000.329") + 40_000n * elapsed);
      // 10,000 − 0.05% of 200,000.5 + 5,000 − 0.05% of 113,999.829.
      expect(left).to.equal(wad("14842.9998355"));
      await expectConservation(market);
    });

    it("cannot be used to open by somebody else", async () => {
      const { market, positionId, orderBook, accounts, alice } =
        await networkHelpers.loadFixture(marketFixture);
      const order = { positionId, sizeDelta: wad("1"), reserve: wad("400") };
      await expect(submitAndExecute(market, accounts.bob, order))
        .to.be.revertedWithCustomError(orderBook, "NotAuthorized")
        .withArgs(accounts.bob);
      expect((await market.marginVault.position(positionId)).owner).to.equal(alice.address);
    });

    it("notes the price that changed the position, and when it was observed", async () => {
      const { market, marginVault, positionId, alice } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("2010"));
      await change(market, {
        account: alice,
        positionId,
        sizeDelta: wad("1"),
        margin: wad("100"),
        reserve: wad("400"),
      });
      const { priceTime, cooldown } = await marginVault.position(positionId);
      const { clock, referencePrice } = await marginVault.market();
      expect(priceTime).to.equal(clock);
      expect(referencePrice).to.equal(wad("2010"));
      expect(cooldown).to.equal(0n);
    });
  });
});
