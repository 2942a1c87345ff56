import { expect } from "chai";
import { profitOf } from "../fixtures/attack.ts";
import { calmStage, connection } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { fundPool, type MarketFixture, newestPrice, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";

// The queue is filled with dust in front of a victim, or an unfillable redeem stands first, or pokes keep a price too young
// for what waits. Dust has a least size and a fee (BH-99, BH-101), which is the keeper's who clears it; a redeem that finds
// no liquidity is filled in part, keeps its place and never holds up deposits (BH-104); waits count from the request, and no
// call starts them anew. See also test/contracts/LiquidityVault/attacks.test.ts (64).

const { networkHelpers } = connection;
const { time } = networkHelpers;
/** The least request and its fee in the local market [token]. */
const [LEAST, FEE] = [100_000_000n, 500_000n];
const DUST = 40;

async function wait(market: MarketFixture): Promise<void> {
  await time.increase(300n);
  await pushPrice(market, await newestPrice(market));
}

describe("attack 64: blocking the pool's queues", () => {
  it("with dust costs a fee each, which pays the keeper who serves the victim in the same call", async () => {
    const market = await calmStage();
    const { liquidityVault, accounts } = market;
    const { bob, carol, keeper } = accounts;
    const pool = liquidityVault.connect(carol);
    await expect(pool.requestDeposit(LEAST - 1n, carol, carol)).to.be.revertedWithCustomError(
      pool,
      "RequestTooSmall",
    );
    const before = await market.token.balanceOf(keeper);
    const profit = await profitOf(market, [carol], async () => {
      for (let i = 0; i < DUST; i += 1) await pool.requestDeposit(LEAST, carol, carol);
      await liquidityVault.connect(bob).requestDeposit(1_000_000_000n, bob, bob);
      await wait(market);
      const sent = await liquidityVault.connect(keeper).fulfillDeposits(100n, "0x", keeper);
      expect((await sent.wait())?.gasUsed).to.be.below(5_000_000n);
    });
    expect(await liquidityVault.maxDeposit(bob)).to.equal(1_000_000_000n - FEE);
    expect(profit).to.be.at.most(-wad("0.5") * BigInt(DUST));
    expect((await market.token.balanceOf(keeper)) - before).to.equal(FEE * BigInt(DUST + 1));
    await expectConservation(market);
  });

  it("with a redeem that cannot be filled holds up no deposit, and takes what comes free in its turn", async () => {
    const market = await calmStage();
    const { liquidityVault, accounts } = market;
    const { alice, bob, carol, keeper } = accounts;
    await fundPool(market, carol, wad("10000000"));
    // 15.9 millions of 20 and the fee of 7,200 are reserved: 20,007,200 − 15,900,000 ÷ 0.8 = 132,200 may leave.
    await openPosition(market, {
      account: alice,
      size: wad("8000"),
      margin: wad("2000000"),
      reserve: wad("15900000"),
      price: wad("2000"),
    });
    const pool = liquidityVault.connect(keeper);
    const profit = await profitOf(market, [carol], async () => {
      const shares = await liquidityVault.balanceOf(carol);
      await liquidityVault.connect(carol).requestRedeem(shares, carol, carol);
      await liquidityVault.connect(bob).requestDeposit(1_000_000_000_000n, bob, bob);
      await wait(market);
      await pool.fulfillRedeems(9n, "0x", keeper);
      await pool.fulfillDeposits(9n, "0x", keeper);
    });
    expect(await liquidityVault.maxDeposit(bob)).to.equal(1_000_000_000_000n - FEE);
    const first = await liquidityVault.maxWithdraw(carol);
    expect(first).to.be.within(132_199_000_000n, 132_201_000_000n);
    // What Bob brought lets it have as much again, and its fee is not taken twice.
    await pool.fulfillRedeems(9n, "0x", keeper);
    expect((await liquidityVault.maxWithdraw(carol)) - first).to.be.above(990_000_000_000n);
    // Its half of the rent for a pool as full as that, 31.7% a year of 15,900,000 for five minutes, less the fee of 0.5.
    expect(profit).to.be.within(wad("23"), wad("24"));
    await expectConservation(market);
  });

  it("with pokes and calls in each second delays nothing: what is due is served in its second", async () => {
    const market = await calmStage();
    const { liquidityVault, orderBook, marginVault, accounts } = market;
    const { bob, carol, keeper } = accounts;
    await liquidityVault.connect(bob).requestDeposit(1_000_000_000n, bob, bob);
    const dueAt = BigInt(await time.latest()) + 300n;
    const profit = await profitOf(market, [carol], async () => {
      await time.increaseTo(dueAt - 25n);
      for (let i = 0; i < 8; i += 1) {
        await pushPrice(market, wad("2000"));
        await orderBook.connect(carol).poke("0x");
        await marginVault.connect(carol).sweepDues();
      }
      await time.setNextBlockTimestamp(dueAt);
      await liquidityVault.connect(keeper).fulfillDeposits(1n, "0x", keeper);
    });
    expect(profit).to.equal(0n);
    expect(await liquidityVault.maxDeposit(bob)).to.equal(1_000_000_000n - FEE);
    await expectConservation(market);
  });

  it("with shares sent back and forth costs its own fees: a request for another only gives", async () => {
    const market = await calmStage();
    const { liquidityVault, accounts } = market;
    const { bob, carol, keeper } = accounts;
    const profit = await profitOf(market, [carol], async () => {
      for (let i = 0; i < 10; i += 1) {
        await liquidityVault.connect(carol).requestDeposit(LEAST, bob, carol);
      }
      await wait(market);
      await liquidityVault.connect(keeper).fulfillDeposits(100n, "0x", keeper);
    });
    expect(profit).to.equal(-wad("1000"));
    expect(await liquidityVault.maxDeposit(bob)).to.equal(10n * (LEAST - FEE));
    await expectConservation(market);
  });
});
