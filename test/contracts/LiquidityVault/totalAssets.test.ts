import { expect } from "chai";
import {
  fulfillDeposits,
  open,
  pass,
  preparePool,
  provide,
  requestDeposit,
  usd,
  wad,
} from "../../fixtures/pool.ts";

const { emptyPool, fundedPool } = await preparePool();
const withFunding = await preparePool({ curves: { maxFundingRate: 10n ** 11n } });
const withBorrowFee = await preparePool({
  curves: { minBorrowRate: 10n ** 10n, kinkBorrowRate: 10n ** 10n },
});

/**
 * Bought at 2,000 × (1 + (0 + 50) / 1,000,000) = 2,000.1, so its open notional is 200,010, its fee 0.1% of that, 200.01,
 * and its margin 20,000 − 200.01 = 19,799.99 afterwards.
 */
const LONG = { id: 1n, size: "100", margin: "20000", reserve: "100000" };

/** Sold at 2,000 × (1 − 50 / 1,000,000) = 1,999.9: open notional −199,990, fee 199.99, margin 19,800.01. */
const SHORT = { id: 1n, size: "-100", margin: "20000", reserve: "100000" };

describe("LiquidityVault totalAssets", () => {
  it("is zero in an empty pool whatever the oracle does", async () => {
    const { harness, pool } = await emptyPool();
    await harness.setDown(true);
    expect(await pool.totalAssets()).to.equal(0n);
  });

  it("is the cash of a pool without positions, whatever it is sent", async () => {
    const { token, pool } = await fundedPool();
    expect(await pool.totalAssets()).to.equal(usd("1000000"));
    await token.mint(pool, usd("5000"));
    expect(await pool.totalAssets()).to.equal(usd("1000000"));
  });

  it("leaves out what waits and what is claimable", async () => {
    const world = await fundedPool();
    await requestDeposit(world, world.bob, usd("100"));
    expect(await world.pool.totalAssets()).to.equal(usd("1000000"));
  });

  describe("given a long position", () => {
    // Gain 100 × P − 200,010; premium P × 100² / 2,000,000 = P / 200; dues 200.01.
    const EXPECTED: [price: string, totalAssets: string, why: string][] = [
      ["2000", "1000200.01", "gain −10 + premium 10 = 0"],
      ["2100", "990199.51", "gain 9,990 + premium 10.5 = 10,000.5"],
      ["1900", "1010200.51", "gain −10,010 + premium 9.5 = −10,000.5"],
      ["3500", "900200.01", "gain 149,990 + premium 17.5, at most all reserves: 100,000"],
      ["1000", "1020000", "gain −100,010 + premium 5, at least minus all margins: −19,799.99"],
    ];
    for (const [price, totalAssets, why] of EXPECTED) {
      it(`is ${totalAssets} at ${price}: ${why}`, async () => {
        const world = await fundedPool();
        await open(world, LONG);
        await world.harness.setPrice(wad(price));
        expect(await world.pool.totalAssets()).to.equal(usd(totalAssets));
      });
    }

    it("does not change when dues are swept", async () => {
      const world = await fundedPool();
      const { vault, pool } = world;
      await open(world, LONG);
      await vault.sweepDues();
      expect(await pool.cash()).to.equal(wad("1000200.01"));
      expect(await pool.totalAssets()).to.equal(usd("1000200.01"));
    });

    it("takes the price of the last trade while the oracle is down", async () => {
      const world = await fundedPool();
      const { harness, pool } = world;
      await open(world, LONG);
      await harness.setPrice(wad("2100"));
      await harness.setDown(true);
      expect(await pool.totalAssets()).to.equal(usd("1000200.01"));
    });

    it("takes it too when the oracle answers a price beyond 96 bits", async () => {
      const world = await fundedPool();
      const { harness, pool } = world;
      await open(world, LONG);
      await harness.setPrice(2n ** 96n - 1n);
      expect(await pool.totalAssets()).to.equal(usd("900200.01"));
      await harness.setPrice(2n ** 96n);
      expect(await pool.totalAssets()).to.equal(usd("1000200.01"));
      await harness.setPrice(2n ** 256n - 1n);
      expect(await pool.totalAssets()).to.equal(usd("1000200.01"));
    });
  });

  describe("given a short position", () => {
    // Gain 199,990 − 100 × P; premium P / 200; dues 199.99.
    const EXPECTED: [price: string, totalAssets: string, why: string][] = [
      ["2000", "1000199.99", "gain −10 + premium 10 = 0"],
      ["1900", "990200.49", "gain 9,990 + premium 9.5 = 9,999.5"],
      ["2100", "1010199.49", "gain −10,010 + premium 10.5 = −9,999.5"],
      ["500", "900199.99", "gain 149,990 + premium 2.5, at most 100,000"],
      ["4000", "1020000", "gain −200,010 + premium 20, at least −19,800.01"],
    ];
    for (const [price, totalAssets, why] of EXPECTED) {
      it(`is ${totalAssets} at ${price}: ${why}`, async () => {
        const world = await fundedPool();
        await open(world, SHORT);
        await world.harness.setPrice(wad(price));
        expect(await world.pool.totalAssets()).to.equal(usd(totalAssets));
      });
    }
  });

  it("nets opposite positions and pays no premium for a skew of zero", async () => {
    const world = await fundedPool();
    await open(world, LONG);
    // The short meets a skew of 100 and fills at 2,000 × (1 + (100 − 50) / 1,000,000) = 2,000.1: fee 200.01.
    await open(world, { ...SHORT, id: 2n });
    await world.harness.setPrice(wad("2100"));
    // Long 210,000 − 200,010 = 9,990, short 200,010 − 210,000 = −9,990: together 0, and dues of 400.02.
    expect(await world.pool.totalAssets()).to.equal(usd("1000400.02"));
  });

  describe("given funding of 1e11 of 1e18 a second at a skew of 1,000", () => {
    it("counts a day of it for the pool, a tenth at 100", async () => {
      const world = await withFunding.fundedPool();
      await open(world, LONG);
      await pass(world, 86_400n);
      // 1e-8 × 2,000 = 2e-5 a second for one base unit, × 86,400 s = 1.728, × 100 = 172.8.
      expect(await world.pool.totalAssets()).to.equal(usd("1000372.81"));
    });
  });

  describe("given a borrow fee of 1e10 of 1e18 a second", () => {
    it("counts a week of it for the pool", async () => {
      const world = await withBorrowFee.fundedPool();
      await open(world, LONG);
      await pass(world, 604_800n);
      // 1e-8 × 604,800 s = 0.006048 of a reserve of 100,000 = 604.8.
      expect(await world.pool.totalAssets()).to.equal(usd("1000804.81"));
    });
  });

  it("is what requests are fulfilled at", async () => {
    const world = await fundedPool();
    const { connection, harness, pool, bob } = world;
    await open(world, LONG);
    await harness.setPrice(wad("2100"));
    await requestDeposit(world, bob, usd("1001"));
    await pass(world, 600n);
    const supply = await pool.totalSupply();
    const time = BigInt(await connection.networkHelpers.time.latest()) + 1n;
    await connection.networkHelpers.time.setNextBlockTimestamp(time);
    // Logs so far: requested, priced, fulfilled, claimed, requested.
    await expect(fulfillDeposits(world))
      .to.emit(pool, "RequestsPriced")
      .withArgs(6n, wad("2100"), time, usd("990199.51"), supply);
    expect(await pool.totalAssets()).to.equal(usd("991199.51"));
  });

  it("grows by what a provider brings", async () => {
    const world = await fundedPool();
    await provide(world, world.bob, usd("501"));
    expect(await world.pool.totalAssets()).to.equal(usd("1000500"));
  });
});
