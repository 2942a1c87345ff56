import { expect } from "chai";
import { ZeroAddress } from "ethers";
import {
  claimShares,
  close,
  expectLaw2,
  fulfillDeposits,
  fulfillRedeems,
  OFFSET,
  open,
  type PoolWorld,
  pass,
  preparePool,
  provide,
  REDEEM_DELAY,
  REQUEST_FEE,
  requestDeposit,
  requestRedeem,
  SEQUENCER_GRACE,
  SETTLE_GRACE,
  usd,
  wad,
} from "../../fixtures/pool.ts";

const { fundedPool } = await preparePool();

const SHARES = usd("100") * OFFSET;
const ALL = usd("1000000") * OFFSET;

/**
 * Bought at 2,000 × (1 + 200 / 1,000,000) = 2,000.4: open notional 800,160, fee 800.16. Once that fee is swept the
 * pool holds 1,000,800.16, and 700,000 of reserves need 875,000 at 80%: 125,800.16 is free. At 2,000 the position's
 * loss of 160 and the premium of 2,000 × 400² / 2,000,000 = 160 cancel out, so a share is worth cash alone.
 */
const WHALE = { id: 1n, size: "400", margin: "80000", reserve: "700000" };
const CASH = usd("1000800.16");
const FREE = usd("125800.16");

describe("LiquidityVault fulfillRedeems", () => {
  it("reverts when the receiver of the fees is zero", async () => {
    const { pool, keeper } = await fundedPool();
    await expect(
      pool.connect(keeper).fulfillRedeems(1n, "0x", ZeroAddress),
    ).to.be.revertedWithCustomError(pool, "ZeroAddress");
  });

  it("reverts when no request waits, and when it may serve none", async () => {
    const world = await fundedPool();
    const { pool, alice } = world;
    await expect(fulfillRedeems(world)).to.be.revertedWithCustomError(pool, "NothingFulfilled");
    await requestRedeem(world, alice, SHARES);
    await pass(world, REDEEM_DELAY);
    await expect(fulfillRedeems(world, 0n)).to.be.revertedWithCustomError(pool, "NothingFulfilled");
  });

  it("reverts one second before the delay has passed, and not at its end", async () => {
    const world = await fundedPool();
    const { connection, pool, alice } = world;
    const { time } = connection.networkHelpers;
    await requestRedeem(world, alice, SHARES);
    const dueAt = BigInt(await time.latest()) + REDEEM_DELAY;
    await time.setNextBlockTimestamp(dueAt - 1n);
    await expect(fulfillRedeems(world)).to.be.revertedWithCustomError(pool, "NothingFulfilled");
    await time.setNextBlockTimestamp(dueAt);
    await expect(fulfillRedeems(world)).to.emit(pool, "RedeemFulfilled");
  });

  it("reverts in the sequencer's grace period and for the settle grace after", async () => {
    const world = await fundedPool();
    const { connection, harness, vault, pool, alice } = world;
    const { time } = connection.networkHelpers;
    await requestRedeem(world, alice, SHARES);
    await pass(world, REDEEM_DELAY);
    const upSince = BigInt(await time.latest());
    await harness.setUpSince(upSince);
    const liquidationsAt = upSince + SEQUENCER_GRACE;
    await expect(fulfillRedeems(world))
      .to.be.revertedWithCustomError(vault, "SequencerGracePeriod")
      .withArgs(liquidationsAt);
    await time.setNextBlockTimestamp(liquidationsAt + SETTLE_GRACE - 1n);
    await expect(fulfillRedeems(world))
      .to.be.revertedWithCustomError(vault, "SettleGracePeriod")
      .withArgs(liquidationsAt + SETTLE_GRACE);
    await time.setNextBlockTimestamp(liquidationsAt + SETTLE_GRACE);
    await expect(fulfillRedeems(world)).to.emit(pool, "RedeemFulfilled");
  });

  describe("given a pool without positions", () => {
    it("burns the shares, keeps the assets for the controller and pays the keeper", async () => {
      const world = await fundedPool();
      const { connection, token, pool, alice, keeper } = world;
      await requestRedeem(world, alice, SHARES);
      await pass(world, REDEEM_DELAY);
      const fulfilling = fulfillRedeems(world);
      await expect(fulfilling).to.changeTokenBalances(
        connection.ethers,
        token,
        [pool, keeper],
        [-REQUEST_FEE, REQUEST_FEE],
      );
      // Logs so far: requested, priced, fulfilled, claimed, requested; this one prices, then fulfils.
      await expect(fulfilling)
        .to.emit(pool, "RedeemFulfilled")
        .withArgs(1n, alice.address, 7n, SHARES, usd("99"), REQUEST_FEE, 0n);
      expect(await pool.totalSupply()).to.equal(ALL - SHARES);
      expect(await pool.balanceOf(pool)).to.equal(0n);
      expect(await pool.cash()).to.equal(wad("999900"));
      expect(await pool.owedToken()).to.equal(usd("99"));
      expect(await pool.pendingRedeemRequest(0n, alice)).to.equal(0n);
      expect(await pool.claimableRedeemRequest(0n, alice)).to.equal(SHARES);
      expect(await pool.maxWithdraw(alice)).to.equal(usd("99"));
      expect((await pool.redeemQueue()).first).to.equal(0n);
      await expectLaw2(world);
    });

    it("serves as many as it is told, in their order", async () => {
      const world = await fundedPool();
      const { pool, alice, bob, carol } = world;
      await pool.connect(alice).requestRedeem(SHARES, bob, alice);
      await pool.connect(alice).requestRedeem(SHARES, carol, alice);
      await pool.connect(alice).requestRedeem(SHARES, alice, alice);
      await pass(world, REDEEM_DELAY);
      expect(await pool.fulfillRedeems.staticCall(2n, "0x", bob)).to.deep.equal([
        2n,
        2n * REQUEST_FEE,
      ]);
      await fulfillRedeems(world, 2n);
      expect(await pool.maxWithdraw(bob)).to.equal(usd("99"));
      expect(await pool.maxWithdraw(carol)).to.equal(usd("99"));
      expect(await pool.maxWithdraw(alice)).to.equal(0n);
      expect((await pool.redeemQueue()).first).to.equal(3n);
    });

    it("pays out the whole pool", async () => {
      const world = await fundedPool();
      const { pool, alice } = world;
      await requestRedeem(world, alice, ALL);
      await pass(world, REDEEM_DELAY);
      await fulfillRedeems(world);
      // 1e18 × (1e12 + 1) ÷ (1e18 + 1e6) = 1e12 exactly.
      expect(await pool.maxWithdraw(alice)).to.equal(usd("999999"));
      expect(await pool.totalSupply()).to.equal(0n);
      expect(await pool.cash()).to.equal(0n);
      await expectLaw2(world);
    });

    it("books the fees as claimable when the token refuses their receiver", async () => {
      const world = await fundedPool();
      const { token, pool, alice, keeper } = world;
      await requestRedeem(world, alice, SHARES);
      await pass(world, REDEEM_DELAY);
      await token.setBlocked(keeper, true);
      await expect(fulfillRedeems(world))
        .to.emit(pool, "PayoutDeferred")
        .withArgs(8n, keeper.address, REQUEST_FEE);
      await expectLaw2(world);
    });

    it("returns the ether that the proof did not cost", async () => {
      const world = await fundedPool();
      const { connection, harness, pool, alice, keeper } = world;
      await requestRedeem(world, alice, SHARES);
      await pass(world, REDEEM_DELAY);
      await harness.setVerificationFee(300n);
      await expect(
        pool.connect(keeper).fulfillRedeems(1n, "0x", keeper, { value: 1_000n }),
      ).to.changeEtherBalances(connection.ethers, [keeper, harness, pool], [-300n, 300n, 0n]);
    });
  });

  describe("given more shares than free liquidity", () => {
    it("fills in part and keeps its place", async () => {
      const world = await fundedPool();
      const { pool, alice } = world;
      await open(world, WHALE);
      await requestRedeem(world, alice, ALL);
      await pass(world, REDEEM_DELAY);
      // Rounded up: the pool is never short of a share.
      const filled = (FREE * (ALL + OFFSET) + CASH) / (CASH + 1n);
      await expect(fulfillRedeems(world))
        .to.emit(pool, "RedeemFulfilled")
        .withArgs(1n, alice.address, 7n, filled, FREE - REQUEST_FEE, REQUEST_FEE, ALL - filled);
      expect(await pool.cash()).to.equal(wad("875000"));
      expect(await pool.pendingRedeemRequest(0n, alice)).to.equal(ALL - filled);
      const request = await pool.redeemRequest(1n);
      expect(request.amount).to.equal(ALL - filled);
      expect(request.feePaid).to.equal(true);
      expect((await pool.redeemQueue()).first).to.equal(1n);
      await expectLaw2(world);
    });

    it("has nothing to do until there is more, and then takes no second fee", async () => {
      const world = await fundedPool();
      const { connection, token, pool, alice, bob, keeper } = world;
      await open(world, WHALE);
      await requestRedeem(world, alice, ALL);
      await pass(world, REDEEM_DELAY);
      await fulfillRedeems(world);
      await expect(fulfillRedeems(world)).to.be.revertedWithCustomError(pool, "NothingFulfilled");

      await provide(world, bob, usd("10001"));
      const before = await pool.maxWithdraw(alice);
      await expect(fulfillRedeems(world)).to.changeTokenBalance(
        connection.ethers,
        token,
        keeper,
        0n,
      );
      // What bob brought is free, as it adds no reserve.
      expect((await pool.maxWithdraw(alice)) - before).to.equal(usd("10000"));
      expect((await pool.redeemQueue()).first).to.equal(1n);
      await expectLaw2(world);
    });

    it("never holds up deposits", async () => {
      const world = await fundedPool();
      const { pool, alice, bob } = world;
      await open(world, WHALE);
      await requestRedeem(world, alice, ALL);
      await requestDeposit(world, bob, usd("101"));
      await pass(world, REDEEM_DELAY);
      await fulfillRedeems(world);
      await expect(fulfillDeposits(world)).to.emit(pool, "DepositFulfilled");
    });

    it("is not overtaken by a smaller one behind it", async () => {
      const world = await fundedPool();
      const { pool, alice, bob } = world;
      await provide(world, bob, usd("101"));
      await claimShares(world, bob);
      await open(world, WHALE);
      await requestRedeem(world, alice, ALL);
      await requestRedeem(world, bob, SHARES);
      await pass(world, REDEEM_DELAY);
      await fulfillRedeems(world);
      expect(await pool.maxWithdraw(bob)).to.equal(0n);
      expect(await pool.pendingRedeemRequest(0n, bob)).to.equal(SHARES);
    });

    it("is served to its end once positions close", async () => {
      const world = await fundedPool();
      const { pool, alice } = world;
      await open(world, WHALE);
      await requestRedeem(world, alice, ALL);
      await pass(world, REDEEM_DELAY);
      await fulfillRedeems(world);
      await close(world, 1n);
      await fulfillRedeems(world);
      expect(await pool.totalSupply()).to.equal(0n);
      expect((await pool.redeemQueue()).first).to.equal(0n);
      expect(await pool.maxRedeem(alice)).to.equal(ALL);
      await expectLaw2(world);
    });

    // The second position fills at 2,000 × (1 + 400.2 / 1,000,000), pays a fee of 0.80032016, and cash ends at
    // 1,000,800.16 + 0.80032. Free is that less (799,900 + its reserve) ÷ 0.8.
    const FREE_LEFT: [free: string, reserve: string][] = [
      ["0.999999", "739.9682568"],
      ["1", "739.968256"],
      ["1.000001", "739.9682552"],
    ];
    for (const [free, reserve] of FREE_LEFT) {
      const served = free === "1.000001";
      it(`${served ? "fills" : "does not fill"} in part when ${free} is free and the fee is 1`, async () => {
        const world = await fundedPool();
        const { pool, vault, alice } = world;
        await open(world, { ...WHALE, reserve: "799900" });
        await vault.sweepDues();
        await open(world, { id: 2n, size: "0.4", margin: "100", reserve });
        await requestRedeem(world, alice, SHARES);
        await pass(world, REDEEM_DELAY);
        const fulfilling = fulfillRedeems(world);
        if (!served) {
          await expect(fulfilling).to.be.revertedWithCustomError(pool, "NothingFulfilled");
          return;
        }
        await expect(fulfilling).to.emit(pool, "RedeemFulfilled");
        expect(await pool.maxWithdraw(alice)).to.equal(1n);
        await expectLaw2(world);
      });
    }
  });

  describe("given a pool that has lost most of its worth", () => {
    // Two positions in turn reserve 70%, then 80% of what is left, and win all of it.
    async function ruin(world: PoolWorld) {
      await open(world, WHALE);
      await world.harness.setPrice(wad("10000"));
      await close(world, 1n);
      await open(world, { id: 2n, size: "40", margin: "40000", reserve: "240000" });
      await world.harness.setPrice(wad("50000"));
      await close(world, 2n);
    }

    it("returns a redeem that no longer covers its fee, and serves the one behind", async () => {
      const world = await fundedPool();
      const { pool, alice } = world;
      const small = usd("10") * OFFSET;
      await requestRedeem(world, alice, small);
      await requestRedeem(world, alice, SHARES);
      await ruin(world);
      await pass(world, REDEEM_DELAY);
      // Fees: 800.16; 400 × 10,002 × 0.1% = 4,000.8; 40 × 10,000.2 × 0.1% = 400.008; 40 × 50,001 × 0.1% = 2,000.04.
      // 1,000,000 − 700,000 − 240,000 + 7,201.008 = 67,201.008: ten tokens of shares are worth 0.672, less than 1.
      const balance = await pool.balanceOf(alice);
      const fulfilling = fulfillRedeems(world);
      await expect(fulfilling)
        .to.emit(pool, "RedeemReturned")
        .withArgs(1n, alice.address, 8n, small);
      await expect(fulfilling)
        .to.emit(pool, "RedeemFulfilled")
        .withArgs(2n, alice.address, 9n, SHARES, usd("5.720100"), REQUEST_FEE, 0n);
      expect(await pool.balanceOf(alice)).to.equal(balance + small);
      expect(await pool.pendingRedeemRequest(0n, alice)).to.equal(0n);
      await expectLaw2(world);
    });

    it("counts a returned redeem as served", async () => {
      const world = await fundedPool();
      const { pool, alice } = world;
      await requestRedeem(world, alice, usd("10") * OFFSET);
      await ruin(world);
      await pass(world, REDEEM_DELAY);
      await expect(fulfillRedeems(world)).to.emit(pool, "RedeemReturned");
      expect((await pool.redeemQueue()).first).to.equal(0n);
    });
  });

  it("LAW-11: leaves the assets per share of others where they were, or a trace above", async () => {
    const world = await fundedPool();
    const { harness, vault, pool, alice } = world;
    await open(world, WHALE);
    await harness.setPrice(wad("2100"));
    for (const shares of [
      2n * 10n ** 13n + 7n,
      3n * 10n ** 13n + 1n,
      10n ** 15n + 999_999n,
      ALL / 2n,
    ]) {
      await requestRedeem(world, alice, shares);
    }
    await pass(world, REDEEM_DELAY);
    await vault.sweepDues();
    for (let i = 0; i < 4; i++) {
      const assets = (await pool.totalAssets()) + 1n;
      const supply = (await pool.totalSupply()) + OFFSET;
      await fulfillRedeems(world, 1n);
      const assetsAfter = (await pool.totalAssets()) + 1n;
      const supplyAfter = (await pool.totalSupply()) + OFFSET;
      // At most one unit of rounding stays with the pool.
      expect(assetsAfter * supply).to.be.at.least(assets * supplyAfter);
      expect((assetsAfter * supply - assets * supplyAfter) / supply).to.equal(0n);
    }
    // The last one was filled in part.
    expect((await pool.redeemQueue()).first).to.equal(4n);
    await expectLaw2(world);
  });
});
