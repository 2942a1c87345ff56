import { expect } from "chai";
import {
  expectLaw2,
  fulfillRedeems,
  OFFSET,
  pass,
  preparePool,
  REDEEM_DELAY,
  requestRedeem,
  usd,
} from "../../fixtures/pool.ts";

const { fundedPool } = await preparePool();

const SHARES = usd("100") * OFFSET;

describe("LiquidityVault cancelRedeem", () => {
  it("reverts when no such request waits", async () => {
    const { pool, alice } = await fundedPool();
    await expect(pool.connect(alice).cancelRedeem(1n))
      .to.be.revertedWithCustomError(pool, "RequestNotFound")
      .withArgs(1n);
  });

  it("reverts for everybody but the controller and its operators", async () => {
    const world = await fundedPool();
    const { pool, alice, bob } = world;
    await requestRedeem(world, alice, SHARES);
    await expect(pool.connect(bob).cancelRedeem(1n))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(bob.address);
  });

  it("reverts once the delay has passed", async () => {
    const world = await fundedPool();
    const { connection, pool, alice } = world;
    const { networkHelpers } = connection;
    await requestRedeem(world, alice, SHARES);
    const dueAt = BigInt(await networkHelpers.time.latest()) + REDEEM_DELAY;
    await networkHelpers.time.setNextBlockTimestamp(dueAt);
    await expect(pool.connect(alice).cancelRedeem(1n))
      .to.be.revertedWithCustomError(pool, "CancelTooLate")
      .withArgs(1n, dueAt);
  });

  it("returns all shares to the controller one second before", async () => {
    const world = await fundedPool();
    const { connection, pool, alice } = world;
    const { networkHelpers } = connection;
    await requestRedeem(world, alice, SHARES);
    const dueAt = BigInt(await networkHelpers.time.latest()) + REDEEM_DELAY;
    await networkHelpers.time.setNextBlockTimestamp(dueAt - 1n);
    const cancelling = pool.connect(alice).cancelRedeem(1n);
    await expect(cancelling).to.changeTokenBalances(
      connection.ethers,
      pool,
      [alice, pool],
      [SHARES, -SHARES],
    );
    // Logs so far: requested, priced, fulfilled, claimed, requested.
    await expect(cancelling)
      .to.emit(pool, "RedeemCancelled")
      .withArgs(1n, alice.address, 6n, SHARES);
    expect(await pool.pendingRedeemRequest(0n, alice)).to.equal(0n);
  });

  for (const cancelled of [1n, 2n, 3n]) {
    it(`leaves no gap when request ${cancelled} of three is cancelled`, async () => {
      const world = await fundedPool();
      const { pool, alice } = world;
      for (let i = 0; i < 3; i++) await requestRedeem(world, alice, SHARES);
      await pool.connect(alice).cancelRedeem(cancelled);
      await requestRedeem(world, alice, SHARES);
      await pass(world, REDEEM_DELAY);
      const served = [1n, 2n, 3n, 4n].filter((requestNumber) => requestNumber !== cancelled);
      for (const requestNumber of served) {
        expect((await pool.redeemQueue()).first).to.equal(requestNumber);
        await expect(fulfillRedeems(world, 1n)).to.emit(pool, "RedeemFulfilled");
      }
      expect((await pool.redeemQueue()).first).to.equal(0n);
      await expectLaw2(world);
    });
  }
});
