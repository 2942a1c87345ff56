import { expect } from "chai";
import { asVault, close, expectLaw2, open, preparePool, usd, wad } from "../../fixtures/pool.ts";

const { fundedPool } = await preparePool();

const HONEST = 0n;
const RETURNS_FALSE = 1n;

describe("LiquidityVault lockReserve", () => {
  it("reverts for everybody but the MarginVault", async () => {
    const { pool, alice } = await fundedPool();
    await expect(pool.connect(alice).lockReserve(1n))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(alice.address);
  });

  it("reverts one wei beyond the largest utilization", async () => {
    const world = await fundedPool();
    const { pool } = world;
    const vault = await asVault(world);
    await pool.connect(vault).lockReserve(wad("800000"));
    await expect(pool.connect(vault).lockReserve(1n))
      .to.be.revertedWithCustomError(pool, "UtilizationExceeded")
      .withArgs(wad("800000") + 1n, wad("1000000"), wad("0.8"));
  });

  it("refuses an opening that would reserve too much", async () => {
    const world = await fundedPool();
    await expect(open(world, { id: 1n, size: "410", margin: "80000", reserve: "800000.000001" }))
      .to.be.revertedWithCustomError(world.pool, "UtilizationExceeded")
      .withArgs(wad("800000.000001"), wad("1000000"), wad("0.8"));
  });

  it("adds to the reserves and leaves cash as it is", async () => {
    const world = await fundedPool();
    const { pool } = world;
    const vault = await asVault(world);
    expect(await pool.connect(vault).lockReserve.staticCall(wad("5"))).to.deep.equal([
      wad("1000000"),
      wad("5"),
    ]);
    await pool.connect(vault).lockReserve(wad("5"));
    await pool.connect(vault).lockReserve(wad("7"));
    expect(await pool.reserved()).to.equal(wad("12"));
    expect(await pool.cash()).to.equal(wad("1000000"));
  });
});

describe("LiquidityVault releaseReserve", () => {
  it("reverts for everybody but the MarginVault", async () => {
    const { pool, alice } = await fundedPool();
    await expect(pool.connect(alice).releaseReserve(0n, 0n, alice))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(alice.address);
  });

  it("reverts when more is paid than released", async () => {
    const world = await fundedPool();
    const { pool, alice } = world;
    const vault = await asVault(world);
    await pool.connect(vault).lockReserve(wad("10"));
    await expect(pool.connect(vault).releaseReserve(wad("1"), wad("1") + 1n, alice))
      .to.be.revertedWithCustomError(pool, "PaymentExceedsRelease")
      .withArgs(wad("1") + 1n, wad("1"));
  });

  it("pays the MarginVault out of cash", async () => {
    const world = await fundedPool();
    const { connection, token, pool, alice } = world;
    const vault = await asVault(world);
    await pool.connect(vault).lockReserve(wad("10"));
    expect(
      await pool.connect(vault).releaseReserve.staticCall(wad("6"), wad("4"), alice),
    ).to.deep.equal([wad("999996"), wad("4"), true]);
    await expect(
      pool.connect(vault).releaseReserve(wad("6"), wad("4"), alice),
    ).to.changeTokenBalances(connection.ethers, token, [pool, vault], [-usd("4"), usd("4")]);
    expect(await pool.cash()).to.equal(wad("999996"));
    expect(await pool.reserved()).to.equal(wad("4"));
    await expectLaw2(world);
  });

  it("moves no token when nothing is paid", async () => {
    const world = await fundedPool();
    const { token, pool, alice } = world;
    const vault = await asVault(world);
    await pool.connect(vault).lockReserve(wad("10"));
    await expect(pool.connect(vault).releaseReserve(wad("6"), 0n, alice)).not.to.emit(
      token,
      "Transfer",
    );
    expect(await pool.cash()).to.equal(wad("1000000"));
  });

  for (const answersFalse of [false, true]) {
    it(`books what the token refuses, ${answersFalse ? "silently" : "loudly"}, as claimable`, async () => {
      const world = await fundedPool();
      const { token, pool, alice } = world;
      const vault = await asVault(world);
      await pool.connect(vault).lockReserve(wad("10"));
      if (answersFalse) await token.setMode(RETURNS_FALSE);
      else await token.setBlocked(vault, true);
      expect(
        await pool.connect(vault).releaseReserve.staticCall(wad("6"), wad("4"), alice),
      ).to.deep.equal([wad("999996"), wad("4"), false]);
      // Logs so far: requested, priced, fulfilled, claimed.
      await expect(pool.connect(vault).releaseReserve(wad("6"), wad("4"), alice))
        .to.emit(pool, "PayoutDeferred")
        .withArgs(5n, alice.address, usd("4"));
      expect(await pool.claimable(alice)).to.equal(usd("4"));
      expect(await pool.cash()).to.equal(wad("999996"));
      await expectLaw2(world);
      await token.setMode(HONEST);
      await pool.connect(alice).claim(alice);
      await expectLaw2(world);
    });
  }

  it("lets a winner close and claim here when the token refuses the MarginVault", async () => {
    const world = await fundedPool();
    const { harness, token, vault, pool, holder } = world;
    // A gain of 100 × (2,100.105 − 2,000.1) = 10,000.5 as in totalAssets.test.ts; 200.01 of it are set off against
    // the opening fee that is due to the pool. A borrow fee of a few wei rounds the rest, 9,800.49, down by a unit.
    await open(world, { id: 1n, size: "100", margin: "20000", reserve: "100000" });
    await harness.setPrice(wad("2100"));
    await token.setBlocked(vault, true);
    const before = await token.balanceOf(holder);
    await close(world, 1n);
    expect(await pool.claimable(holder)).to.equal(usd("9800.489999"));
    expect(await pool.reserved()).to.equal(0n);
    expect(await pool.cash()).to.equal(wad("990199.510001"));
    await expectLaw2(world);
    // Margin of 19,799.99, the part of the gain that was set off, and 210.0105 of closing fee, paid by the MarginVault.
    const paid = (await token.balanceOf(holder)) - before;
    await pool.connect(holder).claim(holder);
    expect((await token.balanceOf(holder)) - before - paid).to.equal(usd("9800.489999"));
  });
});

describe("LiquidityVault receiveDues", () => {
  it("reverts for everybody but the MarginVault", async () => {
    const { pool, alice } = await fundedPool();
    await expect(pool.connect(alice).receiveDues(wad("1")))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(alice.address);
  });

  it("books what was sent as cash", async () => {
    const world = await fundedPool();
    const { vault, pool } = world;
    await open(world, { id: 1n, size: "100", margin: "20000", reserve: "100000" });
    await vault.sweepDues();
    // The opening fee of 0.1% of 200,010.
    expect(await pool.cash()).to.equal(wad("1000200.01"));
    expect(await pool.reserved()).to.equal(wad("100000"));
    await expectLaw2(world);
  });
});

describe("LiquidityVault receiveDues of a token that has begun to take a fee", () => {
  it("books what arrived", async () => {
    const world = await fundedPool();
    const { token, vault, pool } = world;
    await open(world, { id: 1n, size: "100", margin: "20000", reserve: "100000" });
    await token.setFeeBps(100n);
    await vault.sweepDues();
    // 99% of 200.01, rounded up as the token rounds its fee down.
    expect(await pool.cash()).to.equal(wad("1000198.0099"));
    await expectLaw2(world);
  });

  it("does not make up for it from a loss of the pool's own", async () => {
    const world = await fundedPool();
    const { token, pool } = world;
    const vault = await asVault(world);
    // A rebase takes two units from the pool; one is then sent.
    await token.seize(pool, 2n);
    await token.mint(pool, 1n);
    await pool.connect(vault).receiveDues(10n ** 12n);
    expect(await pool.cash()).to.equal(wad("1000000"));
  });
});

describe("LiquidityVault receive", () => {
  it("takes ether from the MarginVault alone", async () => {
    const world = await fundedPool();
    const { pool, alice } = world;
    await expect(alice.sendTransaction({ to: pool, value: 1n }))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(alice.address);
  });
});
