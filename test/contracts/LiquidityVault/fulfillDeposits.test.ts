import { expect } from "chai";
import { ZeroAddress } from "ethers";
import {
  asVault,
  DEPOSIT_DELAY,
  expectLaw2,
  fulfillDeposits,
  OFFSET,
  open,
  pass,
  preparePool,
  REQUEST_FEE,
  requestDeposit,
  SEQUENCER_GRACE,
  SETTLE_GRACE,
  usd,
  wad,
} from "../../fixtures/pool.ts";

const { emptyPool, fundedPool } = await preparePool();

/**
 * Bought at 2,000 × (1 + 200 / 1,000,000) = 2,000.4: open notional 800,160, fee 800.16. Once that fee is swept the
 * pool holds 1,000,800.16. At 10,000 the position has won far more than any reserve.
 */
const WHALE = { id: 1n, size: "400", margin: "80000" };

describe("LiquidityVault fulfillDeposits", () => {
  it("reverts when the receiver of the fees is zero", async () => {
    const { pool, keeper } = await emptyPool();
    await expect(
      pool.connect(keeper).fulfillDeposits(1n, "0x", ZeroAddress),
    ).to.be.revertedWithCustomError(pool, "ZeroAddress");
  });

  it("reverts when no request waits", async () => {
    const world = await emptyPool();
    await expect(fulfillDeposits(world)).to.be.revertedWithCustomError(
      world.pool,
      "NothingFulfilled",
    );
  });

  it("reverts when it may serve none", async () => {
    const world = await emptyPool();
    await requestDeposit(world, world.alice, usd("101"));
    await pass(world, DEPOSIT_DELAY);
    await expect(fulfillDeposits(world, 0n)).to.be.revertedWithCustomError(
      world.pool,
      "NothingFulfilled",
    );
  });

  it("reverts one second before the delay has passed, and not at its end", async () => {
    const world = await emptyPool();
    const { connection, pool, alice } = world;
    const { time } = connection.networkHelpers;
    await requestDeposit(world, alice, usd("101"));
    const dueAt = BigInt(await time.latest()) + DEPOSIT_DELAY;
    await time.setNextBlockTimestamp(dueAt - 1n);
    await expect(fulfillDeposits(world)).to.be.revertedWithCustomError(pool, "NothingFulfilled");
    await time.setNextBlockTimestamp(dueAt);
    await expect(fulfillDeposits(world)).to.emit(pool, "DepositFulfilled");
  });

  it("reverts while the oracle is down", async () => {
    const world = await emptyPool();
    await requestDeposit(world, world.alice, usd("101"));
    await pass(world, DEPOSIT_DELAY);
    await world.harness.setDown(true);
    await expect(fulfillDeposits(world)).to.be.revertedWithCustomError(world.harness, "OracleDown");
  });

  describe("given a sequencer that has restarted", () => {
    it("reverts in the grace period, then for the settle grace, and not after", async () => {
      const world = await emptyPool();
      const { connection, harness, vault, pool, alice } = world;
      const { time } = connection.networkHelpers;
      await requestDeposit(world, alice, usd("101"));
      await pass(world, DEPOSIT_DELAY);
      const upSince = BigInt(await time.latest());
      await harness.setUpSince(upSince);
      const liquidationsAt = upSince + SEQUENCER_GRACE;
      await time.setNextBlockTimestamp(liquidationsAt - 1n);
      await expect(fulfillDeposits(world))
        .to.be.revertedWithCustomError(vault, "SequencerGracePeriod")
        .withArgs(liquidationsAt);
      await time.setNextBlockTimestamp(liquidationsAt + SETTLE_GRACE - 1n);
      await expect(fulfillDeposits(world))
        .to.be.revertedWithCustomError(vault, "SettleGracePeriod")
        .withArgs(liquidationsAt + SETTLE_GRACE);
      await time.setNextBlockTimestamp(liquidationsAt + SETTLE_GRACE);
      await expect(fulfillDeposits(world)).to.emit(pool, "DepositFulfilled");
    });
  });

  describe("given an empty pool", () => {
    it("mints a million shares for each token unit, held here until claimed", async () => {
      const world = await emptyPool();
      const { pool, alice } = world;
      await requestDeposit(world, alice, usd("101"));
      await pass(world, DEPOSIT_DELAY);
      await fulfillDeposits(world);
      // (0 + 1e6) ÷ (0 + 1) shares for each unit of 101 − 1.
      expect(await pool.totalSupply()).to.equal(usd("100") * OFFSET);
      expect(await pool.balanceOf(pool)).to.equal(usd("100") * OFFSET);
      expect(await pool.pendingDepositRequest(0n, alice)).to.equal(0n);
      expect(await pool.claimableDepositRequest(0n, alice)).to.equal(usd("100"));
      expect(await pool.maxMint(alice)).to.equal(usd("100") * OFFSET);
      await expectLaw2(world);
    });

    it("turns assets into cash, pays the keeper and tells the market", async () => {
      const world = await emptyPool();
      const { connection, token, vault, pool, alice, keeper } = world;
      await requestDeposit(world, alice, usd("101"));
      await pass(world, DEPOSIT_DELAY);
      const fulfilling = fulfillDeposits(world);
      await expect(fulfilling).to.changeTokenBalances(
        connection.ethers,
        token,
        [pool, keeper],
        [-REQUEST_FEE, REQUEST_FEE],
      );
      // Logs so far: requested; this one prices, then fulfils.
      await expect(fulfilling)
        .to.emit(pool, "DepositFulfilled")
        .withArgs(1n, alice.address, 3n, usd("100"), usd("100") * OFFSET, REQUEST_FEE);
      // Published terms; rates of an unused pool: no funding, 1 wei a second, no trade yet.
      await expect(fulfilling)
        .to.emit(vault, "MarketUpdated")
        .withArgs(2n, 0n, 0n, 0n, 1n, 0n, wad("100"), 0n);
      expect(await pool.cash()).to.equal(wad("100"));
      expect(await pool.owedToken()).to.equal(0n);
    });
  });

  describe("given three requests", () => {
    it("serves as many as it is told, in their order, at one price", async () => {
      const world = await fundedPool();
      const { pool, alice, bob, carol } = world;
      await requestDeposit(world, alice, usd("101"));
      await requestDeposit(world, bob, usd("201"));
      await requestDeposit(world, carol, usd("301"));
      await pass(world, DEPOSIT_DELAY);
      expect(await pool.connect(bob).fulfillDeposits.staticCall(2n, "0x", bob)).to.deep.equal([
        2n,
        2n * REQUEST_FEE,
      ]);
      await fulfillDeposits(world, 2n);
      expect(await pool.claimableDepositRequest(0n, alice)).to.equal(usd("100"));
      expect(await pool.claimableDepositRequest(0n, bob)).to.equal(usd("200"));
      expect(await pool.pendingDepositRequest(0n, carol)).to.equal(usd("301"));
      // The price of 1e6 shares for each unit is exact, so the second pays no more than the first.
      expect(await pool.maxMint(alice)).to.equal(usd("100") * OFFSET);
      expect(await pool.maxMint(bob)).to.equal(usd("200") * OFFSET);
      expect((await pool.depositQueue()).first).to.equal(4n);
      await expectLaw2(world);
    });

    it("stops at the first that is not due", async () => {
      const world = await emptyPool();
      const { pool, alice, bob } = world;
      await requestDeposit(world, alice, usd("101"));
      await pass(world, DEPOSIT_DELAY / 2n);
      await requestDeposit(world, bob, usd("101"));
      await pass(world, DEPOSIT_DELAY / 2n);
      await fulfillDeposits(world);
      expect(await pool.pendingDepositRequest(0n, alice)).to.equal(0n);
      expect(await pool.pendingDepositRequest(0n, bob)).to.equal(usd("101"));
    });
  });

  describe("given a pool whose traders are ahead", () => {
    it("mints at the share price after what they have won", async () => {
      const world = await fundedPool();
      const { harness, pool, bob } = world;
      await open(world, { id: 1n, size: "100", margin: "20000", reserve: "100000" });
      await harness.setPrice(wad("2100"));
      await requestDeposit(world, bob, usd("1001"));
      await pass(world, DEPOSIT_DELAY);
      await fulfillDeposits(world);
      // 990,199.51 as derived in totalAssets.test.ts, supply 1e18.
      const shares = (usd("1000") * (10n ** 18n + OFFSET)) / (usd("990199.51") + 1n);
      expect(await pool.maxMint(bob)).to.equal(shares);
    });

    it("counts dues that the token will not let the market hand over", async () => {
      const world = await fundedPool();
      const { token, pool, bob } = world;
      await open(world, { id: 1n, size: "100", margin: "20000", reserve: "100000" });
      await requestDeposit(world, bob, usd("1001"));
      await token.setBlocked(pool, true);
      await pass(world, DEPOSIT_DELAY);
      await fulfillDeposits(world);
      // 200.01 of position fees stay in the MarginVault, and are the providers' all the same.
      expect(await pool.cash()).to.equal(wad("1001000"));
      const shares = (usd("1000") * (10n ** 18n + OFFSET)) / (usd("1000200.01") + 1n);
      expect(await pool.maxMint(bob)).to.equal(shares);
    });

    it("mints when what is left is just the smallest share of cash", async () => {
      const world = await fundedPool();
      const { harness, pool, bob } = world;
      // Cash 1,000,800.16, of which half is reserved and won: 500,400.08 is left, half of it.
      await open(world, { ...WHALE, reserve: "500400.08" });
      await harness.setPrice(wad("10000"));
      await requestDeposit(world, bob, usd("101"));
      await pass(world, DEPOSIT_DELAY);
      await expect(fulfillDeposits(world)).to.emit(pool, "DepositFulfilled");
    });

    describe("when less than that is left", () => {
      it("refunds all but the fee, and the keeper is paid", async () => {
        const world = await fundedPool();
        const { connection, harness, token, pool, bob, keeper } = world;
        await open(world, { ...WHALE, reserve: "500400.080001" });
        await harness.setPrice(wad("10000"));
        await requestDeposit(world, bob, usd("101"));
        await pass(world, DEPOSIT_DELAY);
        const fulfilling = fulfillDeposits(world);
        // Logs so far: requested, priced, fulfilled, claimed, requested; this one prices, then refunds.
        await expect(fulfilling)
          .to.emit(pool, "DepositRefunded")
          .withArgs(2n, bob.address, 7n, usd("100"), REQUEST_FEE);
        await expect(fulfilling).to.changeTokenBalance(
          connection.ethers,
          token,
          keeper,
          REQUEST_FEE,
        );
        expect(await pool.claimable(bob)).to.equal(usd("100"));
        expect(await pool.maxMint(bob)).to.equal(0n);
        expect(await pool.pendingDepositRequest(0n, bob)).to.equal(0n);
        expect(await pool.owedToken()).to.equal(usd("100"));
        await expectLaw2(world);
      });
    });
  });

  describe("given a deposit that would not buy a share", () => {
    it("refunds all but the fee", async () => {
      const world = await emptyPool();
      const { token, pool, bob } = world;
      // Dues without a provider are nobody's: a share costs (1e13 + 1) ÷ 1e6 units, more than 9 tokens.
      await token.mint(pool, usd("10000000"));
      await pool.connect(await asVault(world)).receiveDues(wad("10000000"));
      await requestDeposit(world, bob, usd("10"));
      await pass(world, DEPOSIT_DELAY);
      await expect(fulfillDeposits(world))
        .to.emit(pool, "DepositRefunded")
        .withArgs(1n, bob.address, 3n, usd("9"), REQUEST_FEE);
      expect(await pool.claimable(bob)).to.equal(usd("9"));
      await expectLaw2(world);
    });
  });

  describe("given ether that was forced upon the pool", () => {
    it("leaves it alone for a caller who sends none", async () => {
      const world = await emptyPool();
      const { connection, pool, alice, keeper } = world;
      await requestDeposit(world, alice, usd("101"));
      await pass(world, DEPOSIT_DELAY);
      await connection.networkHelpers.setBalance(await pool.getAddress(), 7n);
      await expect(fulfillDeposits(world)).to.changeEtherBalances(
        connection.ethers,
        [keeper, pool],
        [0n, 0n],
      );
    });
  });

  describe("given a receiver whom the token refuses", () => {
    it("books the fees as claimable", async () => {
      const world = await emptyPool();
      const { token, pool, alice, keeper } = world;
      await requestDeposit(world, alice, usd("101"));
      await pass(world, DEPOSIT_DELAY);
      await token.setBlocked(keeper, true);
      await expect(fulfillDeposits(world))
        .to.emit(pool, "PayoutDeferred")
        .withArgs(4n, keeper.address, REQUEST_FEE);
      expect(await pool.claimable(keeper)).to.equal(REQUEST_FEE);
      await expectLaw2(world);
    });
  });

  describe("given a price proof that costs ether", () => {
    it("returns what is left to the caller and keeps none", async () => {
      const world = await emptyPool();
      const { connection, harness, vault, pool, alice, keeper } = world;
      await requestDeposit(world, alice, usd("101"));
      await pass(world, DEPOSIT_DELAY);
      await harness.setVerificationFee(300n);
      await expect(
        pool.connect(keeper).fulfillDeposits(1n, "0x", keeper, { value: 1_000n }),
      ).to.changeEtherBalances(
        connection.ethers,
        [keeper, harness, vault, pool],
        [-300n, 300n, 0n, 0n],
      );
    });

    it("reverts when it is not paid", async () => {
      const world = await emptyPool();
      const { harness, pool, alice, keeper } = world;
      await requestDeposit(world, alice, usd("101"));
      await pass(world, DEPOSIT_DELAY);
      await harness.setVerificationFee(300n);
      await expect(pool.connect(keeper).fulfillDeposits(1n, "0x", keeper, { value: 299n }))
        .to.be.revertedWithCustomError(harness, "FeeNotPaid")
        .withArgs(299n, 300n);
    });
  });

  it("LAW-11: leaves the assets per share of others where they were, or a trace above", async () => {
    const world = await fundedPool();
    const { harness, pool, bob, carol } = world;
    await open(world, { id: 1n, size: "100", margin: "20000", reserve: "100000" });
    await harness.setPrice(wad("2100"));
    for (const account of [bob, carol]) {
      for (const assets of ["10", "33.333333", "777.777777", "250000"]) {
        await requestDeposit(world, account, usd(assets));
      }
    }
    await pass(world, DEPOSIT_DELAY);
    await world.vault.sweepDues();
    for (let i = 0; i < 8; i++) {
      const assets = (await pool.totalAssets()) + 1n;
      const supply = (await pool.totalSupply()) + OFFSET;
      await fulfillDeposits(world, 1n);
      const assetsAfter = (await pool.totalAssets()) + 1n;
      const supplyAfter = (await pool.totalSupply()) + OFFSET;
      // One share of rounding is worth about a millionth of a unit, spread over all.
      expect(assetsAfter * supply).to.be.at.least(assets * supplyAfter);
      expect((assetsAfter * supply - assets * supplyAfter) / supply).to.equal(0n);
    }
    await expectLaw2(world);
  });
});
