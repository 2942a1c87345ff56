import { expect } from "chai";
import {
  DEPOSIT_DELAY,
  leave,
  OFFSET,
  pass,
  preparePool,
  provide,
  requestDeposit,
  usd,
} from "../../fixtures/pool.ts";

const { fundedPool } = await preparePool();

describe("LiquidityVault max", () => {
  it("is nothing while requests wait, due or not", async () => {
    const world = await fundedPool();
    const { pool, bob } = world;
    await requestDeposit(world, bob, usd("101"));
    await pass(world, DEPOSIT_DELAY);
    expect(await pool.maxDeposit(bob)).to.equal(0n);
    expect(await pool.maxMint(bob)).to.equal(0n);
    expect(await pool.claimableDepositRequest(0n, bob)).to.equal(0n);
  });

  it("is what is claimable of deposits", async () => {
    const world = await fundedPool();
    const { pool, bob } = world;
    await provide(world, bob, usd("101"));
    expect(await pool.maxDeposit(bob)).to.equal(usd("100"));
    expect(await pool.maxMint(bob)).to.equal(usd("100") * OFFSET);
    expect(await pool.claimableDepositRequest(0n, bob)).to.equal(usd("100"));
    expect(await pool.claimableDepositRequest(1n, bob)).to.equal(0n);
    expect(await pool.maxRedeem(bob)).to.equal(0n);
  });

  it("is what is claimable of redeems", async () => {
    const world = await fundedPool();
    const { pool, alice } = world;
    await leave(world, alice, usd("100") * OFFSET);
    expect(await pool.maxRedeem(alice)).to.equal(usd("100") * OFFSET);
    expect(await pool.maxWithdraw(alice)).to.equal(usd("99"));
    expect(await pool.claimableRedeemRequest(0n, alice)).to.equal(usd("100") * OFFSET);
    expect(await pool.claimableRedeemRequest(1n, alice)).to.equal(0n);
    expect(await pool.maxDeposit(alice)).to.equal(0n);
  });
});
