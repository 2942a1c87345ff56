import { expect } from "chai";
import { ZeroAddress } from "ethers";
import {
  fulfillDeposits,
  MIN_REQUEST,
  preparePool,
  requestDeposit,
  usd,
} from "../../fixtures/pool.ts";

const { emptyPool } = await preparePool();

const RETURNS_FALSE = 1n;

describe("LiquidityVault requestDeposit", () => {
  it("reverts when the controller is zero", async () => {
    const { pool, alice } = await emptyPool();
    await expect(
      pool.connect(alice).requestDeposit(usd("100"), ZeroAddress, alice),
    ).to.be.revertedWithCustomError(pool, "ZeroAddress");
  });

  it("reverts when the caller is neither owner nor operator", async () => {
    const { pool, alice, bob } = await emptyPool();
    await expect(pool.connect(bob).requestDeposit(usd("100"), bob, alice))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(bob.address);
  });

  it("reverts below the smallest request", async () => {
    const { pool, alice } = await emptyPool();
    await expect(pool.connect(alice).requestDeposit(MIN_REQUEST - 1n, alice, alice))
      .to.be.revertedWithCustomError(pool, "RequestTooSmall")
      .withArgs(MIN_REQUEST - 1n, MIN_REQUEST);
  });

  it("reverts when the assets do not fit 96 bits as WAD", async () => {
    const { pool, alice } = await emptyPool();
    const tooMuch = 2n ** 96n / 10n ** 12n + 1n;
    await expect(pool.connect(alice).requestDeposit(tooMuch, alice, alice))
      .to.be.revertedWithCustomError(pool, "SafeCastOverflowedUintDowncast")
      .withArgs(96n, tooMuch * 10n ** 12n);
  });

  it("reverts when the token takes a fee", async () => {
    const { token, pool, alice } = await emptyPool();
    await token.mint(alice, usd("100"));
    await token.setFeeBps(100n);
    // 1% of 100 is lost on the way.
    await expect(pool.connect(alice).requestDeposit(usd("100"), alice, alice))
      .to.be.revertedWithCustomError(pool, "TokenTransferMismatch")
      .withArgs(usd("100"), usd("99"));
  });

  it("reverts when the token answers false", async () => {
    const { token, pool, alice } = await emptyPool();
    await token.mint(alice, usd("100"));
    await token.setMode(RETURNS_FALSE);
    await expect(pool.connect(alice).requestDeposit(usd("100"), alice, alice))
      .to.be.revertedWithCustomError(pool, "SafeERC20FailedOperation")
      .withArgs(await token.getAddress());
  });

  describe("given an account with tokens", () => {
    it("takes the assets and returns the id 0", async () => {
      const { connection, token, pool, alice } = await emptyPool();
      await token.mint(alice, usd("100"));
      expect(
        await pool.connect(alice).requestDeposit.staticCall(usd("100"), alice, alice),
      ).to.equal(0n);
      await expect(
        pool.connect(alice).requestDeposit(usd("100"), alice, alice),
      ).to.changeTokenBalances(connection.ethers, token, [alice, pool], [-usd("100"), usd("100")]);
      expect(await pool.pendingDepositRequest(0n, alice)).to.equal(usd("100"));
      expect(await pool.owedToken()).to.equal(usd("100"));
      expect(await pool.cash()).to.equal(0n);
    });

    it("emits the standard's event and the numbered one", async () => {
      const { token, pool, alice, bob } = await emptyPool();
      await token.mint(alice, usd("200"));
      await pool.connect(alice).requestDeposit(usd("100"), alice, alice);
      await expect(pool.connect(alice).requestDeposit(usd("100"), bob, alice))
        .to.emit(pool, "DepositRequest")
        .withArgs(bob.address, alice.address, 0n, alice.address, usd("100"))
        .and.to.emit(pool, "DepositRequested")
        .withArgs(2n, bob.address, alice.address, 2n, usd("100"));
    });

    it("stores the request behind those that wait", async () => {
      const world = await emptyPool();
      const { connection, pool, alice, bob } = world;
      await requestDeposit(world, alice, usd("100"));
      await requestDeposit(world, bob, usd("50"));
      const now = await connection.networkHelpers.time.latest();
      expect(await pool.depositRequest(2n)).to.deep.equal([
        bob.address,
        BigInt(now),
        false,
        usd("50"),
        1n,
        0n,
      ]);
      expect((await pool.depositRequest(1n)).next).to.equal(2n);
      expect(await pool.depositQueue()).to.deep.equal([1n, 2n]);
    });

    it("lets an operator request for the owner", async () => {
      const { token, pool, alice, bob } = await emptyPool();
      await token.mint(alice, usd("100"));
      await pool.connect(alice).setOperator(bob, true);
      await expect(pool.connect(bob).requestDeposit(usd("100"), bob, alice))
        .to.emit(pool, "DepositRequest")
        .withArgs(bob.address, alice.address, 0n, bob.address, usd("100"));
    });
  });

  it("numbers go on after the queue was empty", async () => {
    const world = await emptyPool();
    const { pool, alice } = world;
    await requestDeposit(world, alice, usd("100"));
    await pool.connect(alice).cancelDeposit(1n);
    await requestDeposit(world, alice, usd("100"));
    expect(await pool.depositQueue()).to.deep.equal([2n, 2n]);
    await expect(fulfillDeposits(world)).to.be.revertedWithCustomError(pool, "NothingFulfilled");
  });

  it("shows nothing under any other id than 0", async () => {
    const world = await emptyPool();
    await requestDeposit(world, world.alice, usd("100"));
    expect(await world.pool.pendingDepositRequest(1n, world.alice)).to.equal(0n);
  });
});
