import { expect } from "chai";
import {
  asVault,
  claimShares,
  DEPOSIT_DELAY,
  expectLaw2,
  fulfillDeposits,
  fulfillRedeems,
  leave,
  OFFSET,
  open,
  pass,
  preparePool,
  provide,
  REDEEM_DELAY,
  REQUEST_FEE,
  requestDeposit,
  requestRedeem,
  SEQUENCER_GRACE,
  SETTLE_GRACE,
  settleAtCap,
  usd,
  wad,
} from "../../fixtures/pool.ts";

const { emptyPool, fundedPool } = await preparePool();

/** Numbers as in ATTACKS of the field: a way to take from a pool, and what stops it here. */
describe("LiquidityVault attacks", () => {
  describe("32 inflation of the first deposit", () => {
    it("a donation changes nothing", async () => {
      const world = await emptyPool();
      const { token, pool, alice, bob } = world;
      await provide(world, bob, usd("11"));
      await token.mint(bob, usd("1000000"));
      await token.connect(bob).transfer(pool, usd("1000000"));
      await provide(world, alice, usd("101"));
      expect(await pool.maxMint(alice)).to.equal(usd("100") * OFFSET);
    });

    it("an inflation through losses in the market costs more than it takes", async () => {
      const world = await emptyPool();
      const { token, pool, alice, bob } = world;
      await provide(world, bob, usd("11"));
      await claimShares(world, bob);
      // Bob loses a million to the pool that is all but his own.
      const vault = await asVault(world);
      await token.mint(pool, usd("1000000"));
      await pool.connect(vault).receiveDues(wad("1000000"));
      await provide(world, alice, usd("10.1") + REQUEST_FEE);
      await claimShares(world, alice);
      // A share is worth a tenth of a unit: that is the most that rounding can take from alice.
      expect(await pool.convertToAssets(await pool.balanceOf(alice))).to.be.at.least(
        usd("10.1") - 1n,
      );
      await leave(world, bob, await pool.balanceOf(bob));
      expect(await pool.maxWithdraw(bob)).to.be.lessThan(usd("1000010"));
    });
  });

  describe("56 pool timing †", () => {
    it("a deposit just before a position is settled at its cap gains nothing", async () => {
      const world = await fundedPool();
      const { harness, pool, bob } = world;
      // Won 39,990 of a reserve of 20,000 at 2,400; the sum over positions counts all of it, 2% of the pool too much.
      await open(world, { id: 1n, size: "100", margin: "20000", reserve: "20000" });
      await open(world, { id: 2n, size: "50", margin: "20000", reserve: "100000" });
      await harness.setPrice(wad("2400"));
      const atRequest = await pool.convertToShares(usd("1000000"));
      await requestDeposit(world, bob, usd("1000001"));
      await fulfillDeposits(world).catch(() => "bob may try to be his own keeper");
      await settleAtCap(world, 1n);
      await pass(world, DEPOSIT_DELAY);
      await fulfillDeposits(world).catch(() => "nothing left where the attack has succeeded");
      const shares = await claimShares(world, bob);
      expect(await pool.convertToAssets(shares)).to.be.at.most(usd("1000000"));
      // The mark of 1,000,300.02 − 39,990 − 19,987.5 − 27 = 940,295.52 becomes 1,000,300.02 − 20,000 − 19,990.5 =
      // 960,309.52: without the delay bob would have got 2.1% more shares, and half of that as gain.
      expect((atRequest * 1_000n) / shares).to.equal(1_021n);
    });

    it("a redeem just before a bankrupt position is liquidated takes nothing from those who stay", async () => {
      const world = await fundedPool();
      const { harness, vault, pool, alice, keeper } = world;
      // Lost 40,010 of a margin of 19,799.99 at 1,600; the sum counts all of it, 2% of the pool.
      await open(world, { id: 1n, size: "100", margin: "20000", reserve: "20000" });
      await open(world, { id: 2n, size: "50", margin: "60000", reserve: "100000" });
      await harness.setPrice(wad("1600"));
      const half = (await pool.balanceOf(alice)) / 2n;
      const atRequest = await pool.convertToAssets(half);
      await requestRedeem(world, alice, half);
      await fulfillRedeems(world).catch(() => "alice may try to be her own keeper");
      await vault.liquidate(1n, "0x", keeper);
      await pass(world, REDEEM_DELAY);
      await fulfillRedeems(world).catch(() => "nothing left where the attack has succeeded");
      // Half of the shares stay, of what was alice's alone: worth no less than what the other half took.
      const staying = await pool.convertToAssets(half);
      // Without the delay alice would have taken 10,000 of what the market never collected.
      const received = (await pool.maxWithdraw(alice)) + REQUEST_FEE;
      expect(received).to.be.at.most(staying);
      expect(atRequest - received).to.be.greaterThan(usd("10000"));
    });

    it("neither request can be taken back once its moment is known", async () => {
      const world = await fundedPool();
      const { pool, alice, bob } = world;
      await requestDeposit(world, bob, usd("101"));
      await requestRedeem(world, alice, usd("100") * OFFSET);
      await pass(world, REDEEM_DELAY);
      await expect(pool.connect(bob).cancelDeposit(2n)).to.be.revertedWithCustomError(
        pool,
        "CancelTooLate",
      );
      await expect(pool.connect(alice).cancelRedeem(1n)).to.be.revertedWithCustomError(
        pool,
        "CancelTooLate",
      );
    });
  });

  describe("63 leaving while nobody can be liquidated †", () => {
    it("a due redeem waits until liquidators have had their time", async () => {
      const world = await fundedPool();
      const { connection, harness, vault, pool, alice, keeper } = world;
      const { time } = connection.networkHelpers;
      await open(world, { id: 1n, size: "100", margin: "20000", reserve: "20000" });
      await open(world, { id: 2n, size: "50", margin: "60000", reserve: "100000" });
      const half = (await pool.balanceOf(alice)) / 2n;
      await requestRedeem(world, alice, half);
      await pass(world, REDEEM_DELAY);
      // The sequencer returns at a price at which the first position is bankrupt.
      await harness.setPrice(wad("1600"));
      const upSince = BigInt(await time.latest());
      await harness.setUpSince(upSince);
      await expect(fulfillRedeems(world)).to.be.revertedWithCustomError(
        vault,
        "SequencerGracePeriod",
      );
      await time.setNextBlockTimestamp(upSince + SEQUENCER_GRACE);
      await expect(fulfillRedeems(world)).to.be.revertedWithCustomError(vault, "SettleGracePeriod");
      const marked = await pool.convertToAssets(half);
      await vault.liquidate(1n, "0x", keeper);
      await time.setNextBlockTimestamp(upSince + SEQUENCER_GRACE + SETTLE_GRACE);
      await fulfillRedeems(world);
      expect(marked - (await pool.maxWithdraw(alice))).to.be.greaterThan(usd("10000"));
    });
  });

  describe("64 blocking a queue", () => {
    it("cancelled requests cost the next keeper nothing", async () => {
      const world = await fundedPool();
      const { pool, alice, bob } = world;
      await requestDeposit(world, alice, usd("101"));
      for (let i = 0n; i < 20n; i++) {
        await requestDeposit(world, bob, usd("101"));
        if (i % 2n === 0n) await pool.connect(bob).cancelDeposit(i + 3n);
      }
      for (let i = 1n; i < 20n; i += 2n) await pool.connect(bob).cancelDeposit(i + 3n);
      await requestDeposit(world, alice, usd("101"));
      expect((await pool.depositRequest(2n)).next).to.equal(23n);
      await pass(world, DEPOSIT_DELAY);
      await fulfillDeposits(world, 2n);
      expect(await pool.maxDeposit(alice)).to.equal(usd("200"));
    });

    it("a controller whom the token refuses holds up nobody", async () => {
      const world = await fundedPool();
      const { token, pool, alice, bob, carol } = world;
      await requestDeposit(world, bob, usd("101"));
      await requestDeposit(world, carol, usd("101"));
      await pool.connect(alice).requestRedeem(usd("100") * OFFSET, bob, alice);
      await pool.connect(alice).requestRedeem(usd("100") * OFFSET, carol, alice);
      await pass(world, REDEEM_DELAY);
      await token.setBlocked(bob, true);
      await fulfillDeposits(world);
      await fulfillRedeems(world);
      expect(await pool.maxDeposit(carol)).to.equal(usd("100"));
      expect(await pool.maxWithdraw(carol)).to.equal(usd("99"));
      expect(await pool.maxWithdraw(bob)).to.equal(usd("99"));
      await expectLaw2(world);
    });

    it("a request for somebody else only gives", async () => {
      const world = await fundedPool();
      const { token, pool, alice, bob } = world;
      await provide(world, bob, usd("101"));
      await token.mint(alice, usd("10"));
      await pool.connect(alice).requestDeposit(usd("10"), bob, alice);
      await pass(world, DEPOSIT_DELAY);
      await fulfillDeposits(world);
      expect(await pool.maxMint(bob)).to.equal(usd("109") * OFFSET);
    });
  });

  it("46 a fee that the token takes from one day on is not booked as assets", async () => {
    const world = await fundedPool();
    const { token, pool, bob } = world;
    await token.setFeeBps(1n);
    await token.mint(bob, usd("101"));
    await expect(pool.connect(bob).requestDeposit(usd("101"), bob, bob))
      .to.be.revertedWithCustomError(pool, "TokenTransferMismatch")
      .withArgs(usd("101"), usd("101") - 10_100n);
    await expectLaw2(world);
  });
});
