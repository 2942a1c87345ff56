import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import type { ContractTransactionReceipt } from "ethers";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushRound } from "../../fixtures/feeds.ts";
import { deployMarket, type MarketFixture, proofOf, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition, submitOrder } from "../../fixtures/trading.ts";
import { calmMarket, change, logOf, mined, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createCalmMarket = calmMarket();
/** 1 USD [E8]. */
const DOLLAR = 100_000_000n;
/** Fee of each order [token]. */
const ORDER_FEE = 500_000n;

async function calmFixture() {
  return await createCalmMarket(connection);
}

/** A market in which 10,000 are skewed enough for half of the largest funding rate. */
async function localFixture() {
  return await deployMarket(connection);
}

/** Opens with a margin and a reserve of a tenth each, at `price`. */
async function open(
  market: MarketFixture,
  account: HardhatEthersSigner,
  size: bigint,
  price = wad("2000"),
): Promise<bigint> {
  const notional = ((size < 0n ? -size : size) * price) / wad("1");
  const [margin, reserve] = [notional / 10n, notional / 10n];
  return await openPosition(market, { account, size, margin, reserve, price });
}

/** Closes what is left of a position at `price` and returns the receipt. */
async function close(
  market: MarketFixture,
  positionId: bigint,
  price: bigint,
): Promise<ContractTransactionReceipt> {
  const { size, owner } = await market.marginVault.position(positionId);
  const account = Object.values(market.accounts).find(({ address }) => address === owner);
  if (account === undefined) throw new Error(`Nobody owns position "${positionId}".`);
  return await change(market, { account, positionId, sizeDelta: -size, price });
}

/** What anybody paid to the market for opening a leg of `size`, at 0.05% of its fill [token, rounded by the caller]. */
function openFee(size: bigint, fillPrice: bigint): bigint {
  return (size * fillPrice * 5n) / (10_000n * wad("1"));
}

describe("MarginVault under attack", () => {
  describe("skew pump: two legs, one ends where it skips the skew (52)", () => {
    it("pays nothing by liquidation: both legs together lose their fees and nothing else", async () => {
      const market = await networkHelpers.loadFixture(calmFixture);
      const { marginVault, token, accounts } = market;
      const { alice, keeper } = accounts;
      const before = await token.balanceOf(alice);
      // A short of 10,000 at 2,000 × (1 − 5,000 / 20,000,000), and a long of 10,000 at the same on the way back.
      const short = await open(market, alice, -wad("10000"));
      const long = await open(market, alice, wad("10000"));
      await pushPrice(market, wad("1820"));
      const liquidated = await mined(marginVault.connect(keeper).liquidate(long, "0x", keeper));
      const rest = await close(market, long, wad("1820"));
      const other = await close(market, short, wad("1820"));
      let fees = 2n * openFee(wad("10000"), wad("1999.5"));
      fees += logOf(market, liquidated, "PositionLiquidated").fee as bigint;
      fees += logOf(market, rest, "PositionDecreased").fee as bigint;
      fees += logOf(market, other, "PositionDecreased").fee as bigint;
      // All that the long lost to the skew the short got, and no more: it would be up to 1,820 × 10,000² / 40,000,000
      // = 4,550 more had the liquidation filled at the index price.
      const lost = before - (await token.balanceOf(alice));
      expect(lost).to.be.closeTo(fees / 10n ** 12n + 4n * ORDER_FEE, 10n);
      await expectConservation(market);
    });

    it("pays nothing at the cap: the cap counts at the fill price", async () => {
      const market = await networkHelpers.loadFixture(calmFixture);
      const { marginVault, orderBook, token, accounts } = market;
      const { alice, keeper } = accounts;
      const before = await token.balanceOf(alice);
      // Enough margin for the short to pay all that it loses.
      const short = await openPosition(market, {
        account: alice,
        size: -wad("10000"),
        margin: wad("2100000"),
        reserve: wad("2000000"),
        price: wad("2000"),
      });
      const long = await open(market, alice, wad("10000"));
      // At the index 10,000 × 2,199.6 − 19,995,000 = 2,001,000 is above the reserve of 2,000,000; at the fill price
      // 2,199.6 × (1 − 5,000 / 20,000,000) it is 1,995,501.
      await pushPrice(market, wad("2199.6"));
      await expect(
        orderBook.connect(keeper).settleAtCap(long, "0x", keeper),
      ).to.be.revertedWithCustomError(marginVault, "CapNotReached");
      const first = await close(market, long, wad("2199.6"));
      const second = await close(market, short, wad("2199.6"));
      let fees = 2n * openFee(wad("10000"), wad("1999.5"));
      fees += logOf(market, first, "PositionDecreased").fee as bigint;
      fees += logOf(market, second, "PositionDecreased").fee as bigint;
      const lost = before - (await token.balanceOf(alice));
      expect(lost).to.be.closeTo(fees / 10n ** 12n + 4n * ORDER_FEE, 10n);
      await expectConservation(market);
    });
  });

  describe("self-liquidation: the fee out of the pool's reserve (53)", () => {
    it("costs all of the margin and brings the floor", async () => {
      const market = await networkHelpers.loadFixture(calmFixture);
      const { marginVault, token, accounts } = market;
      const { alice } = accounts;
      const before = await token.balanceOf(alice);
      const positionId = await open(market, alice, wad("10000"));
      // 2,000,000 of margin are gone at 1,790; 0.5% of 17,900,000 would be 89,500, the cap 500.
      await pushPrice(market, wad("1790"));
      await marginVault.connect(alice).liquidate(positionId, "0x", alice);
      expect(before - (await token.balanceOf(alice))).to.equal(
        2_000_000_000_000n + ORDER_FEE - 1_000_000n,
      );
      await expectConservation(market);
    });

    it("never touches the reserve while margin covers the floor", async () => {
      const market = await networkHelpers.loadFixture(calmFixture);
      const { marginVault, liquidityVault, accounts } = market;
      const { alice } = accounts;
      const cash = await liquidityVault.cash();
      await openLong(market);
      await pushPrice(market, wad("1902"));
      await marginVault.connect(alice).liquidate(1n, "0x", alice);
      await marginVault.sweepDues();
      expect((await liquidityVault.cash()) - cash).to.be.closeTo(
        wad("90.000225") + wad("9800.0245"),
        wad("0.000002"),
      );
      await expectConservation(market);
    });
  });

  describe("at the bound of open interest", () => {
    it("stacked legs at one price lose their fees and win nothing (59)", async () => {
      const market = await networkHelpers.loadFixture(calmFixture);
      const { token, accounts } = market;
      const { alice } = accounts;
      const before = await token.balanceOf(alice);
      const ids: bigint[] = [];
      // Four legs of 9,995, so that both sides stand at the bound of 19,990, with the least reserve.
      const leg = wad("9995");
      for (const size of [leg, -leg, leg, -leg]) {
        ids.push(
          await openPosition(market, {
            account: alice,
            size,
            margin: wad("900000"),
            reserve: wad("1999000"),
            price: wad("2000"),
          }),
        );
      }
      // Fills 2,000 × (1 + 4,997.5 / 20,000,000) each time, the skew going up and down again.
      let fees = 4n * openFee(leg, wad("2000.49975"));
      // One side first: both longs, and then both shorts.
      for (const index of [0, 2, 1, 3]) {
        const receipt = await close(market, ids[index] ?? 0n, wad("2000"));
        fees += logOf(market, receipt, "PositionDecreased").fee as bigint;
      }
      const lost = before - (await token.balanceOf(alice));
      // At 80% utilization the borrow fee of these seconds is less than 1.
      const beyondFees = lost - fees / 10n ** 12n - 8n * ORDER_FEE;
      expect(beyondFees).to.be.at.least(0n);
      expect(beyondFees).to.be.below(1_000_000n);
      await expectConservation(market);
    });

    it("a sandwich of a liquidation costs more fees than it wins (60)", async () => {
      const market = await networkHelpers.loadFixture(calmFixture);
      const { marginVault, token, accounts } = market;
      const { bob, carol } = accounts;
      const victim = await openPosition(market, {
        account: bob,
        size: wad("1000"),
        margin: wad("81100"),
        price: wad("2000"),
      });
      const price = wad("1960");
      await pushPrice(market, price);
      const before = await token.balanceOf(carol);
      const short = await openPosition(market, {
        account: carol,
        size: -wad("19990"),
        margin: wad("2000000"),
        reserve: wad("4000000"),
        price,
      });
      const liquidated = await mined(marginVault.connect(carol).liquidate(victim, "0x", carol));
      // The skew of −18,990 makes the victim sell 1,960 × 18,990 / 20,000,000 = 1.86 below the index.
      const { fillPrice } = logOf(market, liquidated, "PositionLiquidated");
      expect(fillPrice).to.be.below(wad("1958.2"));
      await close(market, short, price);
      // Two fees of 0.05% of 39,180,000 against the keeper's 500 and 19,990 times what the victim's exit moves the price.
      expect((await token.balanceOf(carol)) - before).to.be.below(-30_000_000_000n);
      await expectConservation(market);
    });
  });

  describe("folding what is owed into the open notional (57)", () => {
    it("makes it no base for fees", async () => {
      const market = await networkHelpers.loadFixture(localFixture);
      const { marginVault, quote, accounts } = market;
      const positionId = await open(market, accounts.alice, wad("10000"));
      // Thirty days at half of 100% a year fold more than 700,000 into a notional of 20,005,000.
      await networkHelpers.time.increase(30n * 86_400n);
      await pushRound(quote, { answer: DOLLAR });
      const common = { account: accounts.alice, positionId, price: wad("2000") };
      await change(market, { ...common, sizeDelta: -wad("1") });
      const { openNotional } = await marginVault.position(positionId);
      expect(openNotional).to.be.above(wad("20700000"));
      const receipt = await change(market, { ...common, sizeDelta: -wad("9999") });
      // 2,000 × (1 + 9,999 / 40,000,000) = 2,000.49995; 0.05% of 9,999 of them.
      const { fee, fillPrice } = logOf(market, receipt, "PositionDecreased");
      expect(fillPrice).to.equal(wad("2000.49995"));
      expect(fee).to.equal(wad("10001.499500025"));
      await expectConservation(market);
    });
  });

  describe("an order that fills at a price older than the newest one used", () => {
    it("moves neither the market's clock nor its reference price back (54, LAW-16)", async () => {
      const market = await networkHelpers.loadFixture(calmFixture);
      const { marginVault, orderBook, accounts } = market;
      const { alice, bob, keeper } = accounts;
      const { positionId } = await openLong(market);
      const other = await open(market, bob, wad("10"), wad("2010"));
      const { orderId, submittedAt } = await submitOrder(market, alice, {
        positionId,
        sizeDelta: -wad("10"),
      });
      const own = await pushPrice(market, wad("1990"), submittedAt + 3n);
      const newer = await pushPrice(market, wad("2020"), submittedAt + 20n);
      await marginVault.connect(bob).removeMargin(other, 1n, bob, "0x");
      await orderBook.connect(keeper).execute([orderId], await proofOf(market, own), keeper);
      const { size, priceTime } = await marginVault.position(positionId);
      expect(size).to.equal(wad("90"));
      expect(priceTime).to.equal(own.updatedAt);
      const { clock, referencePrice } = await marginVault.market();
      expect(clock).to.equal(newer.updatedAt);
      expect(referencePrice).to.equal(wad("2010"));
      await expectConservation(market);
    });
  });

  describe("reserve griefing by many small positions (58)", () => {
    it("locks no more than what is traded", async () => {
      const market = await networkHelpers.loadFixture(calmFixture);
      const { liquidityVault, accounts } = market;
      for (let i = 0; i < 3; ++i) {
        await openPosition(market, {
          account: accounts.carol,
          size: wad("0.03"),
          margin: wad("20"),
          reserve: wad("60"),
          price: wad("2000"),
        });
      }
      expect(await liquidityVault.reserved()).to.equal(wad("180"));
      await expectConservation(market);
    });
  });
});
