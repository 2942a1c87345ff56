import { expect } from "chai";
import { network } from "hardhat";
import { pushRound } from "../fixtures/feeds.ts";
import { deployMarket, fundPool, type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import {
  deployStreamMarket,
  openStreamPosition,
  type StreamMarket,
  spotProof,
} from "../fixtures/streamMarket.ts";
import { openPosition } from "../fixtures/trading.ts";
import { change } from "../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const PRICE = wad("2000");
const LOT = 1_000_000_000_000n;

/** A market on feeds with a crowd on one side. */
async function feedMarket() {
  const market = await deployMarket(connection);
  const { alice } = market.accounts;
  const crowd = { account: alice, size: wad("5000"), margin: wad("1000000"), price: PRICE };
  const positionId = await openPosition(market, crowd);
  const lens = await ethers.deployContract("MarketLens");
  return { market, ...market, positionId, lens };
}

async function streamMarket() {
  const market = await deployStreamMarket(connection);
  const { alice } = market.accounts;
  await openStreamPosition(market, { account: alice, size: wad("10"), margin: wad("3000") });
  return market;
}

/** Sends a million of the token to every contract of the market and to what tells its price. */
async function donateEverywhere(market: MarketFixture | StreamMarket): Promise<void> {
  const { token, accounts, marginVault, liquidityVault, orderBook, mandateBook, charter } = market;
  const { oracle, index, quote } = market;
  const contracts = [marginVault, liquidityVault, orderBook, mandateBook, charter, oracle];
  for (const receiver of [...contracts, index.proxy, index.aggregator, quote.proxy]) {
    await token.connect(accounts.carol).transfer(receiver, LOT);
  }
}

/** Everything that is not a round or a report and might be mistaken for one, by what an exchange would call it. */
const HAPPENINGS: Record<string, (market: MarketFixture) => Promise<unknown>> = {
  "a flood of donations": donateEverywhere,
  "a swap of millions between accounts": async ({ token, accounts }) => {
    await token.connect(accounts.bob).transfer(accounts.carol, 19_000_000n * 10n ** 6n);
    await token.connect(accounts.carol).transfer(accounts.bob, 19_000_000n * 10n ** 6n);
  },
  "a token supply that doubles": async ({ token, accounts }) =>
    token.mint(accounts.stranger, await token.totalSupply()),
  "a trade as large as the cap allows": (market) =>
    openPosition(market, {
      account: market.accounts.bob,
      size: -wad("19900"),
      margin: wad("4000000"),
      reserve: wad("4000000"),
      price: PRICE,
    }),
  "half of the crowd's exit": (market) =>
    change(market, {
      account: market.accounts.alice,
      positionId: 1n,
      sizeDelta: -wad("2500"),
      price: PRICE,
    }),
  "a deposit of a million": (market) => fundPool(market, market.accounts.provider, wad("1000000")),
  "a withdrawal of five millions": async (market) => {
    const { liquidityVault, accounts } = market;
    const { provider, keeper } = accounts;
    const shares = (await liquidityVault.balanceOf(provider)) / 2n;
    await liquidityVault.connect(provider).requestRedeem(shares, provider, provider);
    await networkHelpers.time.increase(300n);
    await pushPrice(market, PRICE);
    await liquidityVault.connect(keeper).fulfillRedeems(1n, "0x", keeper);
  },
};

describe("scenario 20: concentrated liquidity", () => {
  describe("given a market on feeds", () => {
    for (const [name, happen] of Object.entries(HAPPENINGS)) {
      it(`does not let ${name} move the price or anybody's health`, async () => {
        const { market, oracle, lens, marginVault, positionId } =
          await networkHelpers.loadFixture(feedMarket);
        const [[before]] = await lens.health(marginVault, [positionId]);
        await happen(market);
        expect((await oracle.latest()).price).to.equal(PRICE);
        const [[after], price] = await lens.health(marginVault, [positionId]);
        expect(price).to.equal(PRICE);
        // A trade moves its own fill price, and with it what its own account holds; nothing else but time does.
        const isOwn = after?.position.size !== before?.position.size;
        const accrued = (after?.owed ?? 0n) - (before?.owed ?? 0n);
        if (!isOwn) expect((before?.equity ?? 0n) - accrued).to.equal(after?.equity);
      });
    }

    it("lets a round of the index move it, and a round of the quote", async () => {
      const { market, oracle } = await networkHelpers.loadFixture(feedMarket);
      await pushPrice(market, wad("2100"));
      expect((await oracle.latest()).price).to.equal(wad("2100"));
      await pushRound(market.quote, { answer: 105_000_000n });
      expect((await oracle.latest()).price).to.equal(wad("2000"));
    });

    it("takes rounds from nobody but the feed's own oracles", async () => {
      const { index, accounts } = await networkHelpers.loadFixture(feedMarket);
      const round = (await index.aggregator.latestRound()) + 1n;
      await expect(
        index.aggregator.connect(accounts.stranger).submit(round, 1n),
      ).to.be.revertedWith("not enabled oracle");
    });
  });

  describe("given a market on signed reports", () => {
    it("does not let donations and trades move the price", async () => {
      const market = await networkHelpers.loadFixture(streamMarket);
      await donateEverywhere(market);
      const { bob } = market.accounts;
      await openStreamPosition(market, { account: bob, size: -wad("900"), margin: wad("90000") });
      expect((await market.oracle.latest()).price).to.equal(PRICE);
    });

    it("lets a report move it, and none that the oracle network did not sign", async () => {
      const market = await networkHelpers.loadFixture(streamMarket);
      const { orderBook, accounts, oracle } = market;
      const book = orderBook.connect(accounts.stranger);
      await networkHelpers.time.increase(5n);
      const proof = await spotProof(market, wad("2100"));
      const forged = `${proof.slice(0, -64)}${"11".repeat(32)}`;
      await expect(book.poke(forged)).to.revert(ethers);
      expect((await oracle.latest()).price).to.equal(PRICE);
      await book.poke(await spotProof(market, wad("2100")));
      expect((await oracle.latest()).price).to.equal(wad("2100"));
    });
  });
});
