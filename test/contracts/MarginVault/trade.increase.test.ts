import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { open, preparePool, trade } from "../../fixtures/pool.ts";
import { type OrderInput, openPosition, submitAndExecute } from "../../fixtures/trading.ts";
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
  return { ...market, ...opened, market, alice, refused };
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

  it("refuses equity below the initial margin of the whole", async () => {
    const { market, positionId, openedAt, refused } =
      await networkHelpers.loadFixture(marketFixture);
    const order = { sizeDelta: wad("50"), reserve: wad("20000"), price: wad("2000") };
    const reason = await refused(order);
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

  it("refuses open interest above the cap", async () => {
    const { market, refused } = await networkHelpers.loadFixture(marketFixture);
    const sizeDelta = wad("19900") + 1n;
    const order = { sizeDelta, margin: wad("2000000"), reserve: wad("5000000") };
    expect(await refused({ ...order, price: wad("2000") })).to.equal(
      refusal(market, "OpenInterestExceeded", [wad("20000") + 1n, wad("20000")]),
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
        margin: wad("5000"),
        reserve: wad("30000"),
        price: wad("2100"),
      });
      const elapsed = (await now(market)) - openedAt;
      const stored = await marginVault.position(positionId);
      // Fill 2,100 × (1 + 150 / 20,000,000) = 2,100.01575; 200,000.5 + 210,001.575 = 410,002.075 and the borrow fee.
      expect(logOf(market, receipt, "PositionIncreased").fillPrice).to.equal(wad("2100.01575"));
      expect(stored.openNotional).to.equal(wad("410002.075") + 40_000n * elapsed);
      // 9,899.99975 + 5,000 − 0.05% of 210,001.575.
      expect(stored.margin).to.equal(wad("14794.9989625"));
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
        reserve: wad("20000"),
        price: wad("1900"),
      });
      const elapsed = (await now(market)) - openedAt;
      // First: skew 100 → 0, 2,000 × (1 + 50 / 20,000,000) = 2,000.005. Then: skew 0 → −60,
      // 1,900 × (1 − 30 / 20,000,000) = 1,899.99715, × 60 = 113,999.829. A short's notional is negative, its fee owed
      // makes it less so.
      const { openNotional, margin: left } = await marginVault.position(positionId);
      expect(openNotional).to.equal(-wad("314000.329") + 40_000n * elapsed);
      // 10,000 − 0.05% of 200,000.5 − 0.05% of 113,999.829.
      expect(left).to.equal(wad("9842.9998355"));
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
