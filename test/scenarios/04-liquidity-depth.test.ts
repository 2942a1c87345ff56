import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../fixtures/conservation.ts";
import type { MarketFixture } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitAndExecute } from "../fixtures/trading.ts";
import { calmMarket, cancelReason, change, logOf, refusal } from "../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();
/** Depth and the largest open interest of the local market [whole base units]. */
const DEPTH = 20_000_000n;
const MAX_OPEN_INTEREST = 19_990n;
const PRICE = wad("2000");

async function calmFixture() {
  return await createMarket(connection);
}

/** A long of nearly all that the market allows, so that exits are felt. */
async function crowded() {
  const market = await createMarket(connection);
  const positionId = await openPosition(market, {
    account: market.accounts.alice,
    size: wad("19800"),
    margin: wad("4000000"),
    reserve: wad("4000000"),
    price: PRICE,
  });
  return { market, positionId };
}

/** `P × (1 + (skew + Δ/2) / depth)`, rounded against the seller [WAD quote per base]; sizes in whole units. */
function exitPrice(skew: bigint, size: bigint): bigint {
  return (PRICE * (2n * DEPTH + 2n * skew - size)) / (2n * DEPTH);
}

async function exitOf(market: MarketFixture, positionId: bigint, size: bigint): Promise<bigint> {
  const { alice } = market.accounts;
  const sizeDelta = -size * wad("1");
  const receipt = await change(market, { account: alice, positionId, sizeDelta, price: PRICE });
  return logOf(market, receipt, "PositionDecreased").fillPrice as bigint;
}

describe("scenario 04: liquidity depth factors", () => {
  describe("given an order as large as the cap on open interest, give or take a percent", () => {
    const order = {
      margin: wad("4000000"),
      reserve: wad("4200000"),
      price: PRICE,
    };

    it("opens at 99%", async () => {
      const market = await networkHelpers.loadFixture(calmFixture);
      const size = ((MAX_OPEN_INTEREST * 99n) / 100n) * wad("1");
      const id = await openPosition(market, { ...order, account: market.accounts.alice, size });
      expect((await market.marginVault.position(id)).size).to.equal(size);
      await expectConservation(market);
    });

    it("is cancelled at 101%, with an error that says so, and everything but the keeper's fee returned", async () => {
      const market = await networkHelpers.loadFixture(calmFixture);
      const { alice } = market.accounts;
      const before = await market.token.balanceOf(alice);
      const size = ((MAX_OPEN_INTEREST * 101n) / 100n) * wad("1");
      const { receipt } = await submitAndExecute(market, alice, { ...order, sizeDelta: size });
      expect(cancelReason(market, receipt)).to.equal(
        refusal(market, "OpenInterestExceeded", [size, MAX_OPEN_INTEREST * wad("1")]),
      );
      expect(before - (await market.token.balanceOf(alice))).to.equal(500_000n);
      await expectConservation(market);
    });
  });

  describe("given exits of different sizes from one crowded side", () => {
    for (const size of [100n, 1_000n, 10_000n, 19_800n]) {
      it(`fills one of ${size} at the price that the formula gives`, async () => {
        const { market, positionId } = await networkHelpers.loadFixture(crowded);
        expect(await exitOf(market, positionId, size)).to.equal(exitPrice(19_800n, size));
        await expectConservation(market);
      });
    }

    it("asks more for the bigger one", async () => {
      // 2,000 × (1 + (19,800 − 50) / 20 M) = 2,001.975 against 2,000 × (1 + (19,800 − 9,900) / 20 M) = 2,000.99.
      expect(exitPrice(19_800n, 100n)).to.equal(wad("2001.975"));
      expect(exitPrice(19_800n, 19_800n)).to.equal(wad("2000.99"));
    });
  });

  describe("given round trips at one price", () => {
    for (const steps of [[12_000n], [4_000n, 8_000n], [9_999n, 1n, 2_000n]]) {
      it(`pays nothing for closing 12,000 in steps of ${steps.join(", ")}: what is lost is the fees`, async () => {
        const market = await networkHelpers.loadFixture(calmFixture);
        const { token, accounts } = market;
        const before = await token.balanceOf(accounts.alice);
        const positionId = await openPosition(market, {
          account: accounts.alice,
          size: wad("12000"),
          margin: wad("4000000"),
          reserve: wad("4000000"),
          price: PRICE,
        });
        for (const size of steps) await exitOf(market, positionId, size);
        const lost = before - (await token.balanceOf(accounts.alice));
        // The premium paid on the way in comes back on the way out: what is left are 0.05% of 24,000,000 × 1.0003 on the
        // way in and on the way out, 12,003.6 each, and 0.5 for each order; the borrow fee of these seconds is below 0.001.
        const orders = BigInt(steps.length + 1);
        const fees = 2n * 12_003_600_000n + orders * 500_000n;
        expect(lost).to.be.at.least(fees);
        expect(lost).to.be.at.most(fees + 1_000n);
        await expectConservation(market);
      });
    }
  });
});
