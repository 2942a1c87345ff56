import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { askBack, calmArena, localArena, servePool } from "../fixtures/arena.ts";
import { closeAll, profitOf, wealthOf } from "../fixtures/attack.ts";
import { fundPool, type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { freshRounds } from "../fixtures/powers.ts";
import { openPosition } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

/** Bob's long: at 1,900 and at 2,100 it has lost or won 200,000. */
const LONG = { size: wad("2000"), margin: wad("400000"), reserve: wad("800000") };

/** Sells all shares of an account to the pool, and claims what they bring. */
async function leave(market: MarketFixture, account: HardhatEthersSigner) {
  await askBack(market, account);
  await servePool(market, "fulfillRedeems");
  const pool = market.liquidityVault.connect(account);
  await pool.redeem(await pool.maxRedeem(account), account, account);
}

/** The pool's part of a close of Bob's 2,000 at this price: 90% of 0.05%. */
function closeFee(price: string): bigint {
  return (wad(price) * 2_000n * 9n) / 20_000n;
}

/**
 * Bob has won or lost 200,000 on a long that is still open. The attacker comes into the pool, or leaves it, before that
 * is counted: shares would be too cheap before a loss of his is booked, and too dear before a gain.
 * Units: test/contracts/LiquidityVault/totalAssets.test.ts.
 */
describe("attack 30: net assets without what is open", () => {
  for (const [title, price] of [
    ["a loss", "1900"],
    ["a gain", "2100"],
  ] as const) {
    it(`finds ${title} in the share price when it comes (BH-96)`, async () => {
      const market = await calmArena();
      const { alice, bob } = market.accounts;
      await openPosition(market, { account: bob, ...LONG });
      await pushPrice(market, wad(price));
      const { liquidityVault } = market;
      let earned = 0n;
      const profit = await profitOf(market, [alice], async () => {
        await fundPool(market, alice, wad("2000000.5"));
        // What a provider earns while it is there: its part of the fee of Bob's close.
        const shares = await liquidityVault.balanceOf(alice);
        earned = (closeFee(price) * shares) / (await liquidityVault.totalSupply());
        await closeAll(market, bob, wad(price));
        await leave(market, alice);
      });
      expect(profit - earned <= 0n, `${title} paid ${profit - earned}`).to.equal(true);
      // It has that, less two keepers' fees of 0.5 and rounding, and nothing of 200,000.
      expect(profit).to.be.closeTo(earned - wad("1"), wad("0.1"));
    });

    it(`finds ${title} in the share price when it leaves`, async () => {
      const market = await calmArena();
      const { alice, bob } = market.accounts;
      await fundPool(market, alice, wad("2000000.5"));
      await openPosition(market, { account: bob, ...LONG });
      await pushPrice(market, wad(price));
      const { liquidityVault } = market;
      const shares = await liquidityVault.balanceOf(alice);
      // Who runs before Bob closes, and as many shares of who stays.
      const before = (await wealthOf(market, [alice])).tokens;
      await leave(market, alice);
      const ran = (await wealthOf(market, [alice])).tokens - before;
      await closeAll(market, bob, wad(price));
      const stayed = (await liquidityVault.convertToAssets(shares)) * market.tokenScale;
      expect(ran - stayed <= 0n, `running paid ${ran - stayed}`).to.equal(true);
      // It has missed a fifth of the fee of the close, and paid its keeper.
      expect(stayed - ran).to.be.closeTo(closeFee(price) / 5n + wad("0.5"), wad("1"));
    });
  }

  it("finds a month of fees in the share price that nobody has counted (BH-96, BH-33)", async () => {
    const market = await localArena();
    const { liquidityVault, marginVault, accounts, connection } = market;
    const { alice, bob } = accounts;
    await openPosition(market, { account: bob, ...LONG, reserve: wad("4000000") });
    await connection.networkHelpers.time.increase(30n * 86_400n);
    await freshRounds(market, wad("2000"));
    let earned = 0n;
    const profit = await profitOf(market, [alice], async () => {
      await fundPool(market, alice, wad("2000000.5"));
      const cameAt = await now(market);
      const shares = await liquidityVault.balanceOf(alice);
      const supply = await liquidityVault.totalSupply();
      const { fundingVelocity, borrowRate } = await marginVault.market();
      await closeAll(market, bob, wad("2000"));
      // A provider's part of what Bob pays while it is there, a few seconds more at either end, and of his close.
      const seconds = (await now(market)) - cameAt + 10n;
      const perSecond = fundingVelocity * 2_000n + borrowRate * 4_000_000n;
      earned = ((closeFee("2000") + perSecond * seconds) * shares) / supply;
      await leave(market, alice);
    });
    expect(profit - earned <= 0n, `the month paid ${profit - earned}`).to.equal(true);
    // Funding at a tenth of 100% a year on 4,000,000 is 32,877 in thirty days; a sixth of that would be 5,400.
    expect(profit).to.be.closeTo(earned - wad("1"), wad("1"));
  });
});
