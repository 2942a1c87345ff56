import { expect } from "chai";
import { MaxUint256, ZeroAddress } from "ethers";
import { leave, OFFSET, type PoolWorld, preparePool, usd } from "../fixtures/pool.ts";

/** The standards that ERC-4626 and ERC-7540 stand on. Numbers as in docs/STANDARDS.md. */

const { fundedPool } = await preparePool();

const SHARES = usd("100") * OFFSET;

describe("ERC-20 of the pool's shares", () => {
  it("20-1 transfer moves the shares and emits Transfer, of zero shares too", async () => {
    const { pool, alice, bob, connection } = await fundedPool();
    for (const shares of [SHARES, 0n]) {
      const transfer = pool.connect(alice).transfer(bob, shares);
      await expect(transfer).to.emit(pool, "Transfer").withArgs(alice.address, bob.address, shares);
      await expect(transfer).to.changeTokenBalances(
        connection.ethers,
        pool,
        [alice, bob],
        [-shares, shares],
      );
    }
    expect(await pool.connect(alice).transfer.staticCall(bob, 1n)).to.equal(true);
  });

  it("20-2 transfer reverts for more than the caller has", async () => {
    const { pool, alice, bob } = await fundedPool();
    const all = await pool.balanceOf(alice);
    await expect(pool.connect(alice).transfer(bob, all + 1n))
      .to.be.revertedWithCustomError(pool, "ERC20InsufficientBalance")
      .withArgs(alice.address, all, all + 1n);
  });

  it("20-3 transferFrom needs an allowance, uses it up and emits Transfer, of zero shares too", async () => {
    const { pool, alice, bob, carol } = await fundedPool();
    const move = (shares: bigint) => pool.connect(bob).transferFrom(alice, carol, shares);
    await expect(move(0n)).to.emit(pool, "Transfer").withArgs(alice.address, carol.address, 0n);
    await expect(move(1n)).to.be.revertedWithCustomError(pool, "ERC20InsufficientAllowance");
    await pool.connect(alice).approve(bob, SHARES);
    await expect(move(SHARES))
      .to.emit(pool, "Transfer")
      .withArgs(alice.address, carol.address, SHARES);
    expect(await pool.allowance(alice, bob)).to.equal(0n);
    expect(await pool.balanceOf(carol)).to.equal(SHARES);
  });

  it("20-4 approve overwrites the allowance and emits Approval", async () => {
    const { pool, alice, bob } = await fundedPool();
    for (const shares of [SHARES, 1n, 0n, MaxUint256]) {
      await expect(pool.connect(alice).approve(bob, shares))
        .to.emit(pool, "Approval")
        .withArgs(alice.address, bob.address, shares);
      expect(await pool.allowance(alice, bob)).to.equal(shares);
    }
  });

  it("20-5 shares are created from and burnt to the zero address, and the supply is all that is held", async () => {
    const world = await fundedPool();
    const { pool, alice } = world;
    await leave(world, alice, SHARES);
    const moved = await pool.queryFilter(pool.filters.Transfer());
    const created = moved.filter(({ args }) => args.from === ZeroAddress);
    const burnt = moved.filter(({ args }) => args.to === ZeroAddress);
    const sum = (logs: typeof moved) => logs.reduce((total, { args }) => total + args.value, 0n);
    expect(sum(created) - sum(burnt)).to.equal(await pool.totalSupply());
    expect(await pool.totalSupply()).to.equal(await pool.balanceOf(alice));
  });
});

/** What the pool answers a call from within a transfer of the token, with the market locked. */
async function within(world: PoolWorld, data: string): Promise<string> {
  const { pool, token, alice } = world;
  await leave(world, alice, SHARES);
  await token.setReentry(pool, data);
  await pool.connect(alice).redeem(1_000_000n, alice, alice);
  expect(await token.succeeded()).to.equal(true);
  return token.response();
}

describe("ERC-165 of the pool", () => {
  it("165-1, 7540-24, 7575-3 knows its ids and no others", async () => {
    const { pool } = await fundedPool();
    const ids: [id: string, known: boolean][] = [
      ["0x01ffc9a7", true], // ERC-165
      ["0xe3bc4e65", true], // ERC-7540 operators
      ["0xce3bbe50", true], // ERC-7540 deposits
      ["0x620ee8e4", true], // ERC-7540 redeems
      ["0x2f0a18c5", true], // ERC-7575 vault
      ["0xf815c03d", false], // ERC-7575 share, with vault(address)
      ["0xffffffff", false],
      ["0x00000000", false],
    ];
    for (const [id, known] of ids) expect(await pool.supportsInterface(id)).to.equal(known);
  });

  it("165-2 answers for less than 30,000 gas", async () => {
    const { pool } = await fundedPool();
    for (const id of ["0x01ffc9a7", "0x2f0a18c5", "0xffffffff", "0x12345678"]) {
      // Of which 21,000 and the call's data are not the function's.
      expect(await pool.supportsInterface.estimateGas(id)).to.be.lessThan(30_000n);
    }
  });
});

describe("ERC-7575 of the pool", () => {
  it("7575-1 share is an ERC-20, the pool itself", async () => {
    const { pool } = await fundedPool();
    expect(await pool.share()).to.equal(await pool.getAddress());
  });

  it("7575-2 share does not revert, within a call neither", async () => {
    const world = await fundedPool();
    const { pool } = world;
    const answer = await within(world, pool.interface.encodeFunctionData("share"));
    expect(BigInt(answer)).to.equal(BigInt(await pool.getAddress()));
  });
});
