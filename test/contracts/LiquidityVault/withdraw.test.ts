import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { expectLaw2, leave, OFFSET, preparePool, usd } from "../../fixtures/pool.ts";

const { fundedPool } = await preparePool();

const SHARES = usd("101") * OFFSET;

/** Alice's fulfilled redeem of 101 tokens' worth: 100 after the fee. */
async function fulfilledRedeem() {
  const world = await fundedPool();
  await leave(world, world.alice, SHARES);
  return world;
}

describe("LiquidityVault withdraw", () => {
  it("reverts for everybody but the controller and its operators", async () => {
    const { pool, alice, bob } = await fulfilledRedeem();
    await expect(pool.connect(bob).withdraw(usd("1"), bob, alice))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(bob.address);
  });

  it("reverts when the amount or the receiver is zero", async () => {
    const { pool, alice } = await fulfilledRedeem();
    await expect(pool.connect(alice).withdraw(0n, alice, alice)).to.be.revertedWithCustomError(
      pool,
      "ZeroAmount",
    );
    await expect(
      pool.connect(alice).withdraw(usd("1"), ZeroAddress, alice),
    ).to.be.revertedWithCustomError(pool, "ZeroAddress");
  });

  it("reverts when more is claimed than was fulfilled", async () => {
    const { pool, alice } = await fulfilledRedeem();
    await expect(pool.connect(alice).withdraw(usd("100") + 1n, alice, alice))
      .to.be.revertedWithCustomError(pool, "ERC4626ExceededMaxWithdraw")
      .withArgs(alice.address, usd("100") + 1n, usd("100"));
  });

  it("pays the assets and uses up their shares, rounded up", async () => {
    const world = await fulfilledRedeem();
    const { connection, token, pool, alice, bob } = world;
    // 101e12 ÷ 100e6 shares for each unit: 1,010,000.
    const claiming = pool.connect(alice).withdraw(3n, bob, alice);
    await expect(claiming).to.changeTokenBalances(connection.ethers, token, [pool, bob], [-3n, 3n]);
    await expect(claiming)
      .to.emit(pool, "Withdraw")
      .withArgs(alice.address, bob.address, alice.address, 3n, 3_030_000n);
    expect(await pool.maxWithdraw(alice)).to.equal(usd("100") - 3n);
    expect(await pool.maxRedeem(alice)).to.equal(SHARES - 3_030_000n);
    await expectLaw2(world);
  });

  it("rounds the shares up where they do not divide", async () => {
    const { pool, alice } = await fulfilledRedeem();
    await pool.connect(alice).redeem(1n, alice, alice);
    // 1 × (101e12 − 1) ÷ 100e6 = 1,009,999.99…
    expect(await pool.connect(alice).withdraw.staticCall(1n, alice, alice)).to.equal(1_010_000n);
  });

  it("pays everything that is claimable", async () => {
    const { token, pool, alice } = await fulfilledRedeem();
    await pool.connect(alice).withdraw(usd("100"), alice, alice);
    expect(await token.balanceOf(alice)).to.equal(usd("100"));
    expect(await pool.maxRedeem(alice)).to.equal(0n);
  });
});
