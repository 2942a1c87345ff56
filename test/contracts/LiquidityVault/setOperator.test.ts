import { expect } from "chai";
import { preparePool } from "../../fixtures/pool.ts";

const { emptyPool } = await preparePool();

describe("LiquidityVault setOperator", () => {
  it("grants and takes back, and says true", async () => {
    const { pool, alice, bob } = await emptyPool();
    expect(await pool.isOperator(alice, bob)).to.equal(false);
    expect(await pool.connect(alice).setOperator.staticCall(bob, true)).to.equal(true);
    await expect(pool.connect(alice).setOperator(bob, true))
      .to.emit(pool, "OperatorSet")
      .withArgs(alice.address, bob.address, true);
    expect(await pool.isOperator(alice, bob)).to.equal(true);
    expect(await pool.isOperator(bob, alice)).to.equal(false);
    await expect(pool.connect(alice).setOperator(bob, false))
      .to.emit(pool, "OperatorSet")
      .withArgs(alice.address, bob.address, false);
    expect(await pool.isOperator(alice, bob)).to.equal(false);
  });
});
