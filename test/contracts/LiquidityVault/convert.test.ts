import { expect } from "chai";
import { OFFSET, open, preparePool, usd, wad } from "../../fixtures/pool.ts";

const { emptyPool, fundedPool } = await preparePool();

describe("LiquidityVault convertToShares and convertToAssets", () => {
  it("are a million shares a unit in an empty pool", async () => {
    const { pool } = await emptyPool();
    expect(await pool.convertToShares(1n)).to.equal(OFFSET);
    expect(await pool.convertToAssets(OFFSET)).to.equal(1n);
    expect(await pool.convertToAssets(OFFSET - 1n)).to.equal(0n);
  });

  it("round down, both", async () => {
    const world = await fundedPool();
    const { harness, pool } = world;
    await open(world, { id: 1n, size: "100", margin: "20000", reserve: "100000" });
    await harness.setPrice(wad("2100"));
    // 990,199.51 of assets as derived in totalAssets.test.ts, supply 1e18; neither division is exact.
    const assets = usd("990199.51") + 1n;
    const supply = 10n ** 18n + OFFSET;
    expect(await pool.convertToShares(usd("7"))).to.equal((usd("7") * supply) / assets);
    expect(await pool.convertToAssets(10n ** 13n)).to.equal((10n ** 13n * assets) / supply);
  });

  it("answer while the oracle is down", async () => {
    const { harness, pool } = await fundedPool();
    await harness.setDown(true);
    expect(await pool.convertToAssets(OFFSET)).to.equal(1n);
    expect(await pool.convertToShares(1n)).to.equal(OFFSET);
  });
});
