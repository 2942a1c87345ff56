import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushRound } from "../../fixtures/feeds.ts";
import { deployMarket, type MarketFixture, marketWith } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { change, logOf } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const WAD = 10n ** 18n;
/** 1 USD [E8]. */
const DOLLAR = 100_000_000n;
const DAY = 86_400n;
const PRICE = wad("2000");

/** Funding of 1,000% a year, reached at a skew of 1,000. */
const createDear = marketWith({
  parameters: {
    Market: { curves: { fundingScale: wad("1000"), maxFundingRate: 317_097_919_837n } },
  },
});

async function localFixture() {
  return await deployMarket(connection);
}

async function dearFixture() {
  return await createDear(connection);
}

/** Closes one wei of Alice's long after `days`, which folds what it owes into its open notional. */
async function fold(market: MarketFixture, positionId: bigint, days: bigint): Promise<void> {
  await networkHelpers.time.increase(days * DAY);
  await pushRound(market.quote, { answer: DOLLAR });
  const { alice: account } = market.accounts;
  await change(market, { account, positionId, sizeDelta: -1n, price: PRICE });
}

function ceilWad(product: bigint): bigint {
  return product > 0n && product % WAD !== 0n ? product / WAD + 1n : product / WAD;
}

describe("MarginVault: folding what is owed (57)", () => {
  it("costs as much when it is done often as one long hold", async () => {
    const market = await networkHelpers.loadFixture(localFixture);
    const { marginVault, accounts } = market;
    const size = wad("1000");
    const positionId = await openPosition(market, {
      account: accounts.alice,
      size,
      margin: wad("200000"),
      reserve: wad("400000"),
      price: PRICE,
    });
    const opened = await marginVault.position(positionId);
    for (let times = 0; times < 10; ++times) await fold(market, positionId, 3n);
    const folded = await marginVault.position(positionId);
    expect(folded.fundingIndex).to.be.above(opened.fundingIndex);
    expect(folded.borrowIndex).to.be.above(opened.borrowIndex);

    // From the indices alone: all of the time at once, on the whole size and reserve.
    const funding = ceilWad(size * (folded.fundingIndex - opened.fundingIndex));
    const borrowing = ceilWad(opened.reserve * (folded.borrowIndex - opened.borrowIndex));
    const owed = folded.openNotional - opened.openNotional;
    // Ten wei of size left with 2,000 wei of notional each.
    expect(owed).to.be.at.least(funding + borrowing - 10n * 2_100n);
    expect(owed).to.be.at.most(funding + borrowing);
    // A skew of 1,000 of 20,000 is 5% a year of 2,000,000: 8,219.17 in thirty days. Reserves of 4% of the pool cost
    // 1% a year and 4/70 of the 9% up to the kink: 1.514% of 400,000, which is 497.8 in thirty days.
    expect(funding).to.be.within(wad("8219"), wad("8220"));
    expect(borrowing).to.be.within(wad("497"), wad("499"));
    await expectConservation(market);
  });

  it("pays no more than the reserve, and no less fee, once the open notional has changed its sign", async () => {
    const market = await networkHelpers.loadFixture(dearFixture);
    const { marginVault, accounts } = market;
    const { alice, bob } = accounts;
    await openPosition(market, {
      account: bob,
      size: -wad("2000"),
      margin: wad("400000"),
      price: PRICE,
    });
    // 2,000 × (1 − 1,950 / 20,000,000) = 1,999.805; fee 99.99025, so 9,900.00975 of margin.
    const positionId = await openPosition(market, {
      account: alice,
      size: wad("100"),
      margin: wad("10000"),
      reserve: wad("40000"),
      price: PRICE,
    });
    // Shorts pay 1,000% a year: 5,479 a day for 200,000 of notional, so 246,575 in 45 days.
    for (let times = 0; times < 3; ++times) await fold(market, positionId, 15n);
    const { openNotional, size } = await marginVault.position(positionId);
    expect(openNotional).to.be.within(wad("-47000"), wad("-45000"));

    const receipt = await change(market, {
      account: alice,
      positionId,
      sizeDelta: -size,
      price: PRICE,
    });
    const { fee, paidOut, fillPrice } = logOf(market, receipt, "PositionDecreased");
    // The way back at the same price. 9,900.00975 + 40,000 − 99.99025, less what three wei took along.
    expect(fillPrice).to.be.closeTo(wad("1999.805"), 10n);
    expect(fee).to.be.closeTo(wad("99.99025"), 10n);
    expect(paidOut).to.be.within(wad("49800.019495"), wad("49800.0195"));
    await expectConservation(market);
  });
});
