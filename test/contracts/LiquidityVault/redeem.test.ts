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

describe("LiquidityVault redeem", () => {
  it("reverts for everybody but the controller and its operators, allowance or not", async () => {
    const { pool, alice, bob } = await fulfilledRedeem();
    await pool.connect(alice).approve(bob, SHARES);
    await expect(pool.connect(bob).redeem(SHARES, bob, alice))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(bob.address);
  });

  it("reverts when the amount or the receiver is zero", async () => {
    const { pool, alice } = await fulfilledRedeem();
    await expect(pool.connect(alice).redeem(0n, alice, alice)).to.be.revertedWithCustomError(
      pool,
      "ZeroAmount",
    );
    await expect(
      pool.connect(alice).redeem(SHARES, ZeroAddress, alice),
    ).to.be.revertedWithCustomError(pool, "ZeroAddress");
  });

  it("reverts when more is claimed than was fulfilled", async () => {
    const { pool, alice } = await fulfilledRedeem();
    await expect(pool.connect(alice).redeem(SHARES + 1n, alice, alice))
      .to.be.revertedWithCustomError(pool, "ERC4626ExceededMaxRedeem")
      .withArgs(alice.address, SHARES + 1n, SHARES);
  });

  it("reverts, and changes nothing, when the token refuses the receiver", async () => {
    const { token, pool, alice, bob } = await fulfilledRedeem();
    await token.setBlocked(bob, true);
    await expect(pool.connect(alice).redeem(SHARES, bob, alice))
      .to.be.revertedWithCustomError(token, "ReceiverBlocked")
      .withArgs(bob.address);
    expect(await pool.maxRedeem(alice)).to.equal(SHARES);
  });

  it("pays the assets of the shares, rounded down", async () => {
    const world = await fulfilledRedeem();
    const { connection, token, pool, alice, bob } = world;
    // 100 ÷ 101 of a token for each 1e12 shares: 0.990099|0099…
    const claiming = pool.connect(alice).redeem(usd("1") * OFFSET, bob, alice);
    await expect(claiming).to.changeTokenBalances(
      connection.ethers,
      token,
      [pool, bob],
      [-usd("0.990099"), usd("0.990099")],
    );
    await expect(claiming)
      .to.emit(pool, "Withdraw")
      .withArgs(alice.address, bob.address, alice.address, usd("0.990099"), usd("1") * OFFSET);
    // Logs so far: four of the deposit, then requested, priced, fulfilled.
    await expect(claiming)
      .to.emit(pool, "RedeemClaimed")
      .withArgs(alice.address, bob.address, 8n, usd("0.990099"), usd("1") * OFFSET);
    expect(await pool.maxRedeem(alice)).to.equal(usd("100") * OFFSET);
    expect(await pool.maxWithdraw(alice)).to.equal(usd("99.009901"));
    await expectLaw2(world);
  });

  it("pays an operator who claims for the controller", async () => {
    const world = await fulfilledRedeem();
    const { token, pool, alice, bob } = world;
    await pool.connect(alice).setOperator(bob, true);
    await pool.connect(bob).redeem(SHARES, bob, alice);
    expect(await token.balanceOf(bob)).to.equal(usd("100"));
    expect(await pool.owedToken()).to.equal(0n);
    await expectLaw2(world);
  });
});
