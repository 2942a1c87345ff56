import { expect } from "chai";
import { ZeroAddress } from "ethers";
import {
  expectLaw2,
  MIN_REQUEST,
  OFFSET,
  preparePool,
  requestRedeem,
  usd,
} from "../../fixtures/pool.ts";

const { fundedPool } = await preparePool();

/** 100 tokens in a pool where a token unit is 1e6 shares. */
const SHARES = usd("100") * OFFSET;

describe("LiquidityVault requestRedeem", () => {
  it("reverts when the controller is zero", async () => {
    const { pool, alice } = await fundedPool();
    await expect(
      pool.connect(alice).requestRedeem(SHARES, ZeroAddress, alice),
    ).to.be.revertedWithCustomError(pool, "ZeroAddress");
  });

  it("reverts when the caller has neither allowance nor the owner's powers", async () => {
    const { pool, alice, bob } = await fundedPool();
    await expect(pool.connect(bob).requestRedeem(SHARES, bob, alice))
      .to.be.revertedWithCustomError(pool, "ERC20InsufficientAllowance")
      .withArgs(bob.address, 0n, SHARES);
  });

  it("reverts when the shares are worth less than the smallest request", async () => {
    const { pool, alice } = await fundedPool();
    // One share less than 10 tokens is worth 9.999999 tokens.
    await expect(pool.connect(alice).requestRedeem(MIN_REQUEST * OFFSET - 1n, alice, alice))
      .to.be.revertedWithCustomError(pool, "RequestTooSmall")
      .withArgs(MIN_REQUEST - 1n, MIN_REQUEST);
  });

  it("reverts when the owner has fewer shares", async () => {
    const { pool, alice, bob } = await fundedPool();
    await expect(pool.connect(bob).requestRedeem(SHARES, bob, bob))
      .to.be.revertedWithCustomError(pool, "ERC20InsufficientBalance")
      .withArgs(bob.address, 0n, SHARES);
    await expect(pool.connect(alice).requestRedeem(2n ** 128n, alice, alice))
      .to.be.revertedWithCustomError(pool, "SafeCastOverflowedUintDowncast")
      .withArgs(128n, 2n ** 128n);
  });

  it("takes the shares, which still count in the supply, and returns the id 0", async () => {
    const world = await fundedPool();
    const { connection, pool, alice } = world;
    const supply = await pool.totalSupply();
    expect(await pool.connect(alice).requestRedeem.staticCall(SHARES, alice, alice)).to.equal(0n);
    await expect(requestRedeem(world, alice, SHARES)).to.changeTokenBalances(
      connection.ethers,
      pool,
      [alice, pool],
      [-SHARES, SHARES],
    );
    expect(await pool.totalSupply()).to.equal(supply);
    expect(await pool.pendingRedeemRequest(0n, alice)).to.equal(SHARES);
    expect(await pool.pendingRedeemRequest(1n, alice)).to.equal(0n);
    await expectLaw2(world);
  });

  it("emits the standard's event and the numbered one", async () => {
    const { pool, alice, bob } = await fundedPool();
    // Logs so far: requested, priced, fulfilled, claimed.
    await expect(pool.connect(alice).requestRedeem(SHARES, bob, alice))
      .to.emit(pool, "RedeemRequest")
      .withArgs(bob.address, alice.address, 0n, alice.address, SHARES)
      .and.to.emit(pool, "RedeemRequested")
      .withArgs(1n, bob.address, alice.address, 5n, SHARES);
  });

  it("stores the request behind those that wait", async () => {
    const world = await fundedPool();
    const { connection, pool, alice } = world;
    await requestRedeem(world, alice, SHARES);
    await requestRedeem(world, alice, 2n * SHARES);
    const now = BigInt(await connection.networkHelpers.time.latest());
    expect(await pool.redeemRequest(2n)).to.deep.equal([
      alice.address,
      now,
      false,
      2n * SHARES,
      1n,
      0n,
    ]);
    expect(await pool.redeemQueue()).to.deep.equal([1n, 2n]);
    expect(await pool.pendingRedeemRequest(0n, alice)).to.equal(3n * SHARES);
  });

  it("uses up an allowance, but not that of an operator", async () => {
    const { pool, alice, bob } = await fundedPool();
    await pool.connect(alice).approve(bob, SHARES);
    await pool.connect(bob).requestRedeem(SHARES, bob, alice);
    expect(await pool.allowance(alice, bob)).to.equal(0n);

    await pool.connect(alice).approve(bob, SHARES);
    await pool.connect(alice).setOperator(bob, true);
    await pool.connect(bob).requestRedeem(SHARES, bob, alice);
    expect(await pool.allowance(alice, bob)).to.equal(SHARES);
  });
});
