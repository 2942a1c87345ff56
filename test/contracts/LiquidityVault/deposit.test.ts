import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { expectLaw2, OFFSET, preparePool, provide, usd } from "../../fixtures/pool.ts";

const { fundedPool } = await preparePool();

const DEPOSIT = "deposit(uint256,address,address)";

/** Bob's fulfilled deposit of 100 tokens, at 1e6 shares a unit. */
async function fulfilledDeposit() {
  const world = await fundedPool();
  await provide(world, world.bob, usd("101"));
  return world;
}

describe("LiquidityVault deposit", () => {
  it("reverts for everybody but the controller and its operators", async () => {
    const { pool, bob, carol } = await fulfilledDeposit();
    await expect(pool.connect(carol)[DEPOSIT](usd("1"), carol, bob))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(carol.address);
  });

  it("reverts when the amount is zero", async () => {
    const { pool, bob } = await fulfilledDeposit();
    await expect(pool.connect(bob)[DEPOSIT](0n, bob, bob)).to.be.revertedWithCustomError(
      pool,
      "ZeroAmount",
    );
  });

  it("reverts when more is claimed than was fulfilled", async () => {
    const { pool, bob } = await fulfilledDeposit();
    await expect(pool.connect(bob)[DEPOSIT](usd("100") + 1n, bob, bob))
      .to.be.revertedWithCustomError(pool, "ERC4626ExceededMaxDeposit")
      .withArgs(bob.address, usd("100") + 1n, usd("100"));
  });

  it("reverts when the receiver is zero", async () => {
    const { pool, bob } = await fulfilledDeposit();
    await expect(pool.connect(bob)[DEPOSIT](usd("1"), ZeroAddress, bob))
      .to.be.revertedWithCustomError(pool, "ERC20InvalidReceiver")
      .withArgs(ZeroAddress);
  });

  it("hands over the shares of the part that is claimed", async () => {
    const world = await fulfilledDeposit();
    const { connection, pool, bob, carol } = world;
    const shares = usd("40") * OFFSET;
    const claiming = pool.connect(bob)[DEPOSIT](usd("40"), carol, bob);
    await expect(claiming).to.changeTokenBalances(
      connection.ethers,
      pool,
      [pool, carol],
      [-shares, shares],
    );
    await expect(claiming)
      .to.emit(pool, "Deposit")
      .withArgs(bob.address, carol.address, usd("40"), shares);
    // Logs so far: four of alice's, then requested, priced, fulfilled.
    await expect(claiming)
      .to.emit(pool, "DepositClaimed")
      .withArgs(bob.address, carol.address, 8n, usd("40"), shares);
    expect(await pool.maxDeposit(bob)).to.equal(usd("60"));
    expect(await pool.maxMint(bob)).to.equal(usd("60") * OFFSET);
    expect(await pool.totalAssets()).to.equal(usd("1000100"));
    await expectLaw2(world);
  });

  it("lets an operator claim", async () => {
    const { pool, bob, carol } = await fulfilledDeposit();
    await pool.connect(bob).setOperator(carol, true);
    await pool.connect(carol)[DEPOSIT](usd("100"), carol, bob);
    expect(await pool.balanceOf(carol)).to.equal(usd("100") * OFFSET);
  });

  it("claims for the caller when no controller is named", async () => {
    const { pool, bob } = await fulfilledDeposit();
    await pool.connect(bob)["deposit(uint256,address)"](usd("100"), bob);
    expect(await pool.balanceOf(bob)).to.equal(usd("100") * OFFSET);
    expect(await pool.maxDeposit(bob)).to.equal(0n);
  });
});
