import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { asVault, expectLaw2, OFFSET, preparePool, provide, usd } from "../../fixtures/pool.ts";

const { fundedPool } = await preparePool();

const MINT = "mint(uint256,address,address)";
const SHARES = usd("100") * OFFSET;

/** Bob's fulfilled deposit of 100 tokens, at 1e6 shares a unit. */
async function fulfilledDeposit() {
  const world = await fundedPool();
  await provide(world, world.bob, usd("101"));
  return world;
}

describe("LiquidityVault mint", () => {
  it("reverts for everybody but the controller and its operators", async () => {
    const { pool, bob, carol } = await fulfilledDeposit();
    await expect(pool.connect(carol)[MINT](1n, carol, bob))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(carol.address);
  });

  it("reverts when the amount is zero", async () => {
    const { pool, bob } = await fulfilledDeposit();
    await expect(pool.connect(bob)[MINT](0n, bob, bob)).to.be.revertedWithCustomError(
      pool,
      "ZeroAmount",
    );
  });

  it("reverts when more is claimed than was fulfilled", async () => {
    const { pool, bob } = await fulfilledDeposit();
    await expect(pool.connect(bob)[MINT](SHARES + 1n, bob, bob))
      .to.be.revertedWithCustomError(pool, "ERC4626ExceededMaxMint")
      .withArgs(bob.address, SHARES + 1n, SHARES);
  });

  it("reverts when the receiver is zero", async () => {
    const { pool, bob } = await fulfilledDeposit();
    await expect(pool.connect(bob)[MINT](SHARES, ZeroAddress, bob))
      .to.be.revertedWithCustomError(pool, "ERC20InvalidReceiver")
      .withArgs(ZeroAddress);
  });

  it("hands over the shares and uses up their assets, rounded up", async () => {
    const world = await fulfilledDeposit();
    const { connection, pool, bob, carol } = world;
    const shares = 40n * 10n ** 12n + 1n;
    const claiming = pool.connect(bob)[MINT](shares, carol, bob);
    await expect(claiming).to.changeTokenBalances(
      connection.ethers,
      pool,
      [pool, carol],
      [-shares, shares],
    );
    // A millionth of a unit beyond 40 tokens uses up another unit.
    await expect(claiming)
      .to.emit(pool, "Deposit")
      .withArgs(bob.address, carol.address, usd("40.000001"), shares);
    expect(await pool.maxDeposit(bob)).to.equal(usd("59.999999"));
    expect(await pool.maxMint(bob)).to.equal(SHARES - shares);
    await expectLaw2(world);
  });

  it("claims to the last share when rounding has used up the assets", async () => {
    const { pool, bob } = await fulfilledDeposit();
    await pool.connect(bob)[MINT](SHARES - 1n, bob, bob);
    expect(await pool.maxDeposit(bob)).to.equal(0n);
    await pool.connect(bob)["mint(uint256,address)"](1n, bob);
    expect(await pool.balanceOf(bob)).to.equal(SHARES);
  });

  it("claims several deposits at the mean of their prices", async () => {
    const world = await fulfilledDeposit();
    const { token, vault, pool, bob } = world;
    // What the market hands over raises the share price by half.
    await token.mint(vault, usd("500050"));
    const signer = await asVault(world);
    await token.connect(signer).transfer(pool, usd("500050"));
    await pool.connect(signer).receiveDues(usd("500050") * 10n ** 12n);
    await provide(world, bob, usd("301"));
    // 300 × (1.0001e18 + 1e6) ÷ (1,500,150e6 + 1): 200 tokens of shares at the old price.
    const second = (usd("300") * (1_000_100n * 10n ** 12n + OFFSET)) / (usd("1500150") + 1n);
    expect(await pool.maxMint(bob)).to.equal(SHARES + second);
    expect(await pool.maxDeposit(bob)).to.equal(usd("400"));
    await pool.connect(bob)["deposit(uint256,address)"](usd("200"), bob);
    expect(await pool.balanceOf(bob)).to.equal((SHARES + second) / 2n);
  });
});
