import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushRound } from "../fixtures/feeds.ts";
import { deployMarket, fundPool, type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change, logOf } from "../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
/** USDC in March 2023, every six hours of two days: what a feed of 8 decimals said [E8]. */
const DEPEG = [
  100_000_000n,
  98_500_000n,
  91_200_000n,
  87_400_000n,
  90_100_000n,
  94_800_000n,
  97_300_000n,
  99_100_000n,
  100_000_000n,
];
const WORST = 87_400_000n;
const SIX_HOURS = 21_600n;
/** ETH in dollars all the while [WAD]. */
const DOLLARS = wad("2000");

async function market() {
  const fixture = await deployMarket(connection);
  const { alice, bob } = fixture.accounts;
  await openPosition(fixture, { account: alice, size: wad("100"), margin: wad("20000") });
  // A short holds dollars that lose their value: it needs the margin for a price that rises by a seventh.
  await openPosition(fixture, { account: bob, size: -wad("100"), margin: wad("60000") });
  return fixture;
}

/** Writes the quote's price, and the index in dollars as it was. */
async function say(fixture: MarketFixture, quote: bigint): Promise<void> {
  await pushRound(fixture.quote, { answer: quote });
  await pushPrice(fixture, DOLLARS);
}

/** The price of a base unit in a token that is worth `quote` dollars [WAD quote per base]. */
function inToken(quote: bigint): bigint {
  return (DOLLARS * 10n ** 8n) / quote;
}

describe("scenario 05: collateral valuation decay", () => {
  describe("given a stablecoin that falls to 0.874 and recovers in two days", () => {
    it("prices what the token is worth, at every round, and conserves everything", async () => {
      const fixture = await networkHelpers.loadFixture(market);
      for (const quote of DEPEG) {
        await networkHelpers.time.increase(SIX_HOURS);
        await say(fixture, quote);
        const { price } = await fixture.oracle.latest();
        expect(price).to.be.closeTo(inToken(quote), 1n);
        await expectConservation(fixture);
      }
      // 2,000 / 0.874 at the bottom.
      expect(inToken(WORST)).to.equal(wad("2288.329519450800915331"));
    });

    it("takes deposits and lets positions close at the bottom, in tokens of that day", async () => {
      const fixture = await networkHelpers.loadFixture(market);
      const { accounts, liquidityVault, marginVault } = fixture;
      for (const quote of DEPEG.slice(0, DEPEG.indexOf(WORST) + 1)) {
        await networkHelpers.time.increase(SIX_HOURS);
        await say(fixture, quote);
      }
      const shares = await liquidityVault.balanceOf(accounts.provider);
      await fundPool(fixture, accounts.provider, wad("1000"));
      expect(await liquidityVault.balanceOf(accounts.provider)).to.be.above(shares);

      const receipt = await change(fixture, {
        account: accounts.alice,
        positionId: 1n,
        sizeDelta: -wad("100"),
        price: DOLLARS,
      });
      const { fillPrice } = logOf(fixture, receipt, "PositionDecreased");
      // The skew of zero and a sale of 100: 50 / 20,000,000 below the index.
      expect(fillPrice).to.be.closeTo((inToken(WORST) * 399_999n) / 400_000n, wad("0.006"));
      expect((await marginVault.position(1n)).size).to.equal(0n);
      await expectConservation(fixture);
    });

    it("lets positions close again when the peg has returned, having moved nobody's margin meanwhile", async () => {
      const fixture = await networkHelpers.loadFixture(market);
      const { accounts, marginVault } = fixture;
      const before = await marginVault.position(2n);
      for (const quote of DEPEG) {
        await networkHelpers.time.increase(SIX_HOURS);
        await say(fixture, quote);
      }
      expect((await marginVault.position(2n)).margin).to.equal(before.margin);
      const { bob } = accounts;
      await change(fixture, { account: bob, positionId: 2n, sizeDelta: wad("100") });
      expect((await marginVault.position(2n)).size).to.equal(0n);
      await expectConservation(fixture);
    });
  });

  it("given a quote feed that falls silent, refuses to price rather than to assume a dollar", async () => {
    const fixture = await networkHelpers.loadFixture(market);
    const { marginVault, oracle, accounts } = fixture;
    // Longer than the 90,000 s that the quote may be old.
    await networkHelpers.time.increase(90_001n);
    await pushPrice(fixture, DOLLARS);
    await expect(oracle.latest()).to.be.revertedWithCustomError(oracle, "RoundStale");
    await marginVault.connect(accounts.bob).addMargin(2n, 1_000_000n);
    await expectConservation(fixture);
  });
});
