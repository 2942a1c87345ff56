import { expect } from "chai";
import {
  DEPOSIT_DELAY,
  expectLaw2,
  fulfillDeposits,
  pass,
  preparePool,
  requestDeposit,
  usd,
} from "../../fixtures/pool.ts";

const { emptyPool } = await preparePool();

describe("LiquidityVault cancelDeposit", () => {
  it("reverts when no such request waits", async () => {
    const world = await emptyPool();
    const { pool, alice } = world;
    await expect(pool.connect(alice).cancelDeposit(1n))
      .to.be.revertedWithCustomError(pool, "RequestNotFound")
      .withArgs(1n);
    await requestDeposit(world, alice, usd("100"));
    await pool.connect(alice).cancelDeposit(1n);
    await expect(pool.connect(alice).cancelDeposit(1n))
      .to.be.revertedWithCustomError(pool, "RequestNotFound")
      .withArgs(1n);
  });

  it("reverts for everybody but the controller and its operators", async () => {
    const world = await emptyPool();
    const { token, pool, alice, bob } = world;
    await token.mint(alice, usd("100"));
    await pool.connect(alice).requestDeposit(usd("100"), bob, alice);
    await expect(pool.connect(alice).cancelDeposit(1n))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(alice.address);
  });

  it("reverts once the delay has passed", async () => {
    const world = await emptyPool();
    const { connection, pool, alice } = world;
    const { networkHelpers } = connection;
    await requestDeposit(world, alice, usd("100"));
    const dueAt = BigInt(await networkHelpers.time.latest()) + DEPOSIT_DELAY;
    await networkHelpers.time.setNextBlockTimestamp(dueAt);
    await expect(pool.connect(alice).cancelDeposit(1n))
      .to.be.revertedWithCustomError(pool, "CancelTooLate")
      .withArgs(1n, dueAt);
  });

  it("returns everything to the controller one second before", async () => {
    const world = await emptyPool();
    const { connection, token, pool, alice } = world;
    const { networkHelpers } = connection;
    await requestDeposit(world, alice, usd("100"));
    const dueAt = BigInt(await networkHelpers.time.latest()) + DEPOSIT_DELAY;
    await networkHelpers.time.setNextBlockTimestamp(dueAt - 1n);
    const cancelling = pool.connect(alice).cancelDeposit(1n);
    await expect(cancelling).to.changeTokenBalances(
      connection.ethers,
      token,
      [alice, pool],
      [usd("100"), -usd("100")],
    );
    await expect(cancelling)
      .to.emit(pool, "DepositCancelled")
      .withArgs(1n, alice.address, 2n, usd("100"));
    expect(await pool.pendingDepositRequest(0n, alice)).to.equal(0n);
    expect(await pool.owedToken()).to.equal(0n);
    expect(await pool.depositQueue()).to.deep.equal([0n, 1n]);
  });

  it("pays the controller when an operator cancels", async () => {
    const world = await emptyPool();
    const { connection, token, pool, alice, bob } = world;
    await requestDeposit(world, alice, usd("100"));
    await pool.connect(alice).setOperator(bob, true);
    await expect(pool.connect(bob).cancelDeposit(1n)).to.changeTokenBalances(
      connection.ethers,
      token,
      [alice, bob],
      [usd("100"), 0n],
    );
  });

  // 1 – 2 – 3: whichever leaves, the other two are served in their order.
  for (const cancelled of [1n, 2n, 3n]) {
    it(`leaves no gap when request ${cancelled} of three is cancelled`, async () => {
      const world = await emptyPool();
      const { pool, alice } = world;
      for (let i = 0; i < 3; i++) await requestDeposit(world, alice, usd("100"));
      await pool.connect(alice).cancelDeposit(cancelled);
      await requestDeposit(world, alice, usd("100"));
      await pass(world, DEPOSIT_DELAY);
      const served = [1n, 2n, 3n, 4n].filter((requestNumber) => requestNumber !== cancelled);
      for (const requestNumber of served) {
        expect((await pool.depositQueue()).first).to.equal(requestNumber);
        await expect(fulfillDeposits(world, 1n)).to.emit(pool, "DepositFulfilled");
      }
      expect((await pool.depositQueue()).first).to.equal(0n);
      await expectLaw2(world);
    });
  }
});
