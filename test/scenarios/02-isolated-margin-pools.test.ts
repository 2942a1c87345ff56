import { expect } from "chai";
import { network } from "hardhat";
import type { MarketParametersStruct } from "../../types/ethers-contracts/contracts/MarketFactory.ts";
import {
  deployMarket,
  endow,
  fundPool,
  type MarketFixture,
  marketWith,
  POOL_SEED,
  poolAmounts,
  pushPrice,
} from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { mergeModules, readParameters } from "../fixtures/parameters.ts";
import { inTwoWorlds, ledgerOf } from "../fixtures/scenario.ts";
import { openPosition } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createForeignFeeds = marketWith({ unseeded: true });
/** What creation moves from the creator and back [token]. */
const PROBE_AMOUNT = 10_007n;

/** Adds a market to the factory and the token of `home`, on the feeds of `foreign`. */
async function besides(home: MarketFixture, foreign: MarketFixture): Promise<MarketFixture> {
  const { factory, token, accounts } = home;
  await token.approve(factory, PROBE_AMOUNT);
  const { Market } = mergeModules(readParameters("local.json"), {
    Market: {
      label: "OTHER/USDC",
      collateralToken: String(token.target),
      oracle: String(foreign.oracle.target),
      protocolFeeReceiver: accounts.deployer.address,
      pool: poolAmounts(6n),
    },
  });
  await factory.createMarket(Market as unknown as MarketParametersStruct);
  const addresses = await factory.marketOf(await factory.marketCount());
  const market = {
    ...foreign,
    factory,
    token,
    marginVault: await ethers.getContractAt("MarginVault", addresses.marginVault),
    liquidityVault: await ethers.getContractAt("LiquidityVault", addresses.liquidityVault),
    orderBook: await ethers.getContractAt("OrderBook", addresses.orderBook),
    charter: await ethers.getContractAt("MarketCharter", addresses.charter),
    mandateBook: await ethers.getContractAt("MandateBook", addresses.mandateBook),
  };
  await endow(market);
  await fundPool(market, accounts.provider, POOL_SEED);
  return market;
}

/** Markets X and Y of one factory, token and provider; in both Alice is long and Bob short. */
async function twoMarkets() {
  const y = await deployMarket(connection);
  const x = await besides(y, await createForeignFeeds(connection));
  for (const market of [x, y]) {
    const { alice, bob } = market.accounts;
    await openPosition(market, { account: alice, size: wad("100"), margin: wad("20000") });
    await openPosition(market, { account: bob, size: -wad("300"), margin: wad("60000") });
  }
  return { x, y };
}

/** Runs X into the ground: its pool pays a reserve of almost all it may lend, then everybody left is wiped out. */
async function ruin(x: MarketFixture): Promise<void> {
  const { carol, keeper } = x.accounts;
  const winner = await openPosition(x, {
    account: carol,
    size: wad("15000"),
    margin: wad("3000000"),
    reserve: wad("7500000"),
    price: wad("2000"),
  });
  await pushPrice(x, wad("2600"));
  await x.orderBook.connect(keeper).settleAtCap(winner, "0x", keeper);
  await x.marginVault.connect(keeper).liquidate(2n, "0x", keeper);
  await pushPrice(x, wad("500"));
  await x.marginVault.connect(keeper).liquidate(1n, "0x", keeper);
}

describe("scenario 02: isolated margin pools", () => {
  describe("given two markets with one token and one provider", () => {
    it("leaves Y as it was, to the wei, when X loses everything", async () => {
      const { x, y } = await networkHelpers.loadFixture(twoMarkets);
      const lens = await ethers.deployContract("MarketLens");
      const readY = async () => {
        const { balances, ...books } = await ledgerOf(y);
        const { marginVault, liquidityVault } = balances;
        const shares = await y.liquidityVault.balanceOf(y.accounts.provider);
        const health = await lens.healthAt(y.marginVault, [1n, 2n], wad("2000"));
        return {
          books,
          held: { marginVault, liquidityVault },
          worth: await y.liquidityVault.convertToAssets(shares),
          health: health.map((item) => [item.equity, item.liquidationPrice]),
        };
      };
      const cashOfX = await x.liquidityVault.cash();

      const { without, afterwards } = await inTwoWorlds(y, {
        at: (await now(y)) + 1_800n,
        happening: () => ruin(x),
        read: readY,
      });

      expect((await x.marginVault.position(1n)).size, "X has nobody left").to.equal(0n);
      expect((await x.marginVault.position(2n)).size, "X has nobody left").to.equal(0n);
      expect(await x.liquidityVault.cash(), "the pool of X").to.be.below(cashOfX / 3n);
      expect(afterwards).to.deep.equal(without);
    });

    it("keeps trading Y while X is ruined", async () => {
      const { x, y } = await networkHelpers.loadFixture(twoMarkets);
      await ruin(x);
      await openPosition(y, { account: y.accounts.carol, size: wad("10"), margin: wad("2000") });
      const { provider } = y.accounts;
      await fundPool(y, provider, wad("1000"));
      expect((await y.marginVault.position(3n)).size).to.equal(wad("10"));
    });
  });
});
