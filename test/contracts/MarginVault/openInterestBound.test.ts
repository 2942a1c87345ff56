import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { toBeHex } from "ethers";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { type MarketFixture, marketWith, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { plainTree } from "../../fixtures/structs.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { CALM_CURVES, change } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** Depth of the market, and min(2%, 2 × 0.05% ÷ 1.0005) of it, which no open interest may exceed [WAD base]. */
const [SKEW_SCALE, BOUND] = [wad("200000"), wad("199.9000499750124")];
/** An amount that the token can pay, rounded down [WAD]. */
const wholeUnits = (amount: bigint) => amount - (amount % 10n ** 12n);
const UINT128 = (1n << 128n) - 1n;
/** Storage slots of the vault that are searched for its cap. */
const SLOTS = 32n;

const createShallow = marketWith({
  parameters: {
    Market: { maxOpenInterest: BOUND, curves: { ...CALM_CURVES, skewScale: SKEW_SCALE } },
  },
});

async function shallowFixture() {
  return await createShallow(connection);
}

/** Writes another cap over the one that the market was created with, as no call can. */
async function overwriteCap(market: MarketFixture, cap: bigint): Promise<void> {
  const { marginVault } = market;
  let written = 0;
  for (let slot = 0n; slot < SLOTS; ++slot) {
    const word = BigInt(await ethers.provider.getStorage(marginVault, slot));
    if ((word & UINT128) !== BOUND) continue;
    const laid = toBeHex((word & ~UINT128) | cap, 32);
    await networkHelpers.setStorageAt(String(marginVault.target), slot, laid);
    written += 1;
  }
  expect(written).to.equal(1);
}

/** The first of several caps, widest first, under which the factory would create this market; it is given to it. */
async function widestCap(market: MarketFixture, caps: readonly bigint[]): Promise<bigint> {
  const { factory, token } = market;
  await token.approve(factory, UINT128);
  const parameters = plainTree(await factory.parametersOf(1n));
  for (const maxOpenInterest of caps) {
    const tried = { ...parameters, maxOpenInterest };
    const accepted = await factory.createMarket.staticCall(tried as never).then(
      () => true,
      () => false,
    );
    if (!accepted) continue;
    if (maxOpenInterest !== BOUND) await overwriteCap(market, maxOpenInterest);
    return maxOpenInterest;
  }
  throw new Error("The factory accepts none of these caps.");
}

/** What is left of an account's tokens after some course of action [± token]. */
async function profitOf(
  market: MarketFixture,
  account: HardhatEthersSigner,
  act: () => Promise<void>,
): Promise<bigint> {
  const before = await market.token.balanceOf(account);
  await act();
  await expectConservation(market);
  return (await market.token.balanceOf(account)) - before;
}

/**
 * Eight legs of a quarter of the cap at 2,000, long and short in turn, then all longs closed before all shorts.
 *
 * With margin of 101.25 a unit: 5% of the price, which an opening at half a leg of impact needs, and the fee.
 */
async function stackLegs(market: MarketFixture, cap: bigint): Promise<void> {
  const { alice: account } = market.accounts;
  const leg = cap / 4n;
  const [margin, reserve] = [wholeUnits((leg * 10_125n) / 100n), leg * 200n];
  const price = wad("2000");
  const longs: bigint[] = [];
  const shorts: bigint[] = [];
  for (let pair = 0; pair < 4; ++pair) {
    longs.push(await openPosition(market, { account, size: leg, margin, reserve, price }));
    shorts.push(await openPosition(market, { account, size: -leg, margin, reserve, price }));
  }
  for (const positionId of longs) {
    await change(market, { account, positionId, sizeDelta: -leg, price });
  }
  for (const positionId of shorts) {
    await change(market, { account, positionId, sizeDelta: leg, price });
  }
}

/** Bob's long of the cap, opened at 2,000 with 91.2 a unit and bankrupt at 1,900, where the sandwich is laid around it. */
async function openVictim(market: MarketFixture, cap: bigint): Promise<bigint> {
  return await openPosition(market, {
    account: market.accounts.bob,
    size: cap,
    margin: wholeUnits((cap * 912n) / 10n),
    price: wad("2000"),
  });
}

/** Carol sells the cap into the victim's skew, has the keeper liquidate it, and buys back what that left behind. */
async function sandwich(market: MarketFixture, victim: bigint, cap: bigint): Promise<void> {
  const { carol: account, keeper } = market.accounts;
  const price = wad("1900");
  const [margin, reserve] = [wholeUnits(cap * 200n), cap * 200n];
  const short = await openPosition(market, { account, size: -cap, margin, reserve, price });
  await market.marginVault.connect(keeper).liquidate(victim, "0x", keeper);
  expect((await market.marginVault.position(victim)).size).to.equal(0n);
  await change(market, { account, positionId: short, sizeDelta: cap, price });
}

describe("MarginVault: the bound of open interest", () => {
  describe("given a cap of 8% of the depth, which only a change of storage can set", () => {
    it("pays for stacked legs (59)", async () => {
      const market = await networkHelpers.loadFixture(shallowFixture);
      const { alice } = market.accounts;
      const cap = wad("16000");
      await overwriteCap(market, cap);
      // Legs of 4,000 open at 2,000 × (1 + 2,000 / 200,000) = 2,020, for a fee of 4,040 each; 400,960 of margin are left.
      // The longs close at 1,980, 1,940, 1,900 and 1,860: losses of 160,000, 320,000, 480,000 and 640,000, of which the
      // last two pay 400,960 each: 318,080 are forgiven. The shorts win all 1,600,000. Fees of closing are 3,960 and
      // 3,880, nothing twice, and 3,720 + 3,800 + 3,880 + 3,960 for the shorts; 16 orders cost 0.5 each.
      // 318,080 − 8 × 4,040 − 7,840 − 15,360 − 8 = 262,552.
      const profit = await profitOf(market, alice, () => stackLegs(market, cap));
      expect(profit).to.be.closeTo(262_552_000_000n, 100n);
    });

    it("pays for a sandwich of a liquidation (60)", async () => {
      const market = await networkHelpers.loadFixture(shallowFixture);
      const { carol } = market.accounts;
      const cap = wad("2000");
      await overwriteCap(market, cap);
      const victim = await openVictim(market, cap);
      await pushPrice(market, wad("1900"));
      // Sold at 1,900 × (1 + 1,000 / 200,000) = 1,909.5, bought back at 1,890.5: 38,000 for 2,000. Fees of 0.05% of
      // 2,000 × 3,800 are 3,800, and two orders cost 1.
      const profit = await profitOf(market, carol, () => sandwich(market, victim, cap));
      expect(profit).to.be.closeTo(34_199_000_000n, 100n);
    });
  });

  describe("given the widest cap that a market can be created with", () => {
    it("costs those who stack legs their fees (59)", async () => {
      const market = await networkHelpers.loadFixture(shallowFixture);
      const { alice } = market.accounts;
      const cap = await widestCap(market, [wad("16000"), wad("1000"), BOUND + 1n, BOUND]);
      // Legs of 49.975 open at 2,000.249875 for 49.981256 each. Both sides close at 1,999.750125, 1,999.250375, 1,998.750625
      // and 1,998.250875, whose sum is 7,996.002, for fees of 0.05% of 49.975 × 7,996.002 = 199.800150 a side. Impact
      // cancels out, and 16 orders cost 8.
      const profit = await profitOf(market, alice, () => stackLegs(market, cap));
      expect(profit).to.be.closeTo(-807_450_350n, 100n);
    });

    it("costs who sandwiches a liquidation more than it moves (60)", async () => {
      const market = await networkHelpers.loadFixture(shallowFixture);
      const { carol } = market.accounts;
      const cap = await widestCap(market, [wad("2000"), wad("1000"), BOUND + 1n, BOUND]);
      const victim = await openVictim(market, cap);
      await pushPrice(market, wad("1900"));
      // Sold at 1,900 × (1 + 99.95 / 200,000) = 1,900.949525, bought back at 1,899.050475: 379.620280 for 199.90005, less
      // than the two fees of 0.05% of 199.90005 × 3,800 = 379.810095. Two orders cost 1.
      const profit = await profitOf(market, carol, () => sandwich(market, victim, cap));
      expect(profit).to.be.closeTo(-1_189_810n, 100n);
      expect(profit).to.be.below(0n);
    });
  });
});
