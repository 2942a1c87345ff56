import { expect } from "chai";
import { ZeroAddress } from "ethers";
import {
  DEPOSIT_DELAY,
  expectLaw2,
  fulfillDeposits,
  pass,
  preparePool,
  REQUEST_FEE,
  requestDeposit,
  usd,
} from "../../fixtures/pool.ts";

const { emptyPool } = await preparePool();

/** A keeper whose fee the token refused to pay. */
async function deferredFee() {
  const world = await emptyPool();
  const { token, alice, keeper } = world;
  await requestDeposit(world, alice, usd("101"));
  await pass(world, DEPOSIT_DELAY);
  await token.setBlocked(keeper, true);
  await fulfillDeposits(world);
  return world;
}

describe("LiquidityVault claim", () => {
  it("reverts when the receiver is zero", async () => {
    const { pool, keeper } = await deferredFee();
    await expect(pool.connect(keeper).claim(ZeroAddress)).to.be.revertedWithCustomError(
      pool,
      "ZeroAddress",
    );
  });

  it("reverts when nothing waits", async () => {
    const { pool, alice } = await deferredFee();
    await expect(pool.connect(alice).claim(alice))
      .to.be.revertedWithCustomError(pool, "NothingToClaim")
      .withArgs(alice.address);
  });

  it("reverts, and keeps the claim, while the token still refuses", async () => {
    const { token, pool, keeper } = await deferredFee();
    await expect(pool.connect(keeper).claim(keeper)).to.be.revertedWithCustomError(
      token,
      "ReceiverBlocked",
    );
    expect(await pool.claimable(keeper)).to.equal(REQUEST_FEE);
  });

  it("pays what waits to any receiver, once", async () => {
    const world = await deferredFee();
    const { connection, token, pool, keeper, bob } = world;
    const claiming = pool.connect(keeper).claim(bob);
    await expect(claiming).to.changeTokenBalances(
      connection.ethers,
      token,
      [pool, bob],
      [-REQUEST_FEE, REQUEST_FEE],
    );
    // Logs so far: requested, priced, fulfilled, deferred.
    await expect(claiming)
      .to.emit(pool, "Claimed")
      .withArgs(5n, keeper.address, bob.address, REQUEST_FEE);
    expect(await pool.owedToken()).to.equal(0n);
    await expectLaw2(world);
    await expect(pool.connect(keeper).claim(bob))
      .to.be.revertedWithCustomError(pool, "NothingToClaim")
      .withArgs(keeper.address);
  });
});
