import { expect } from "chai";
import { network } from "hardhat";
import { deployMarket, INITIAL_PRICE, marketWith, POOL_SEED } from "../fixtures/market.ts";
import { readParameters } from "../fixtures/parameters.ts";
import { openPosition } from "../fixtures/trading.ts";

const WAD = 10n ** 18n;

const { ethers, networkHelpers } = await network.create();
const { loadFixture } = networkHelpers;

describe("deploy", () => {
  const markets = {
    "the local market": deployMarket,
    "a market on a single feed": marketWith({ composite: false }),
    "a market in a proxied token": marketWith({ token: "proxied" }),
    "a market in a token with 8 decimals": marketWith({ decimals: 8 }),
    "a market in a token with 18 decimals": marketWith({ decimals: 18 }),
    "a market in a token that is hostile later": marketWith({ token: "hostile" }),
  };
  for (const [name, fixture] of Object.entries(markets)) {
    it(`creates ${name}, in which orders fill`, async () => {
      const market = await loadFixture(fixture);
      const positionId = await openPosition(market, {
        account: market.accounts.alice,
        size: 5n * WAD,
        margin: 1_000n * WAD,
      });

      const { owner, size } = await market.marginVault.position(positionId);
      expect([owner, size]).to.deep.equal([market.accounts.alice.address, 5n * WAD]);
      expect((await market.oracle.latest()).price).to.equal(INITIAL_PRICE);
      // The request's fee of 0.5 goes to the keeper.
      expect(await market.liquidityVault.cash()).to.equal(POOL_SEED - WAD / 2n);
    });
  }

  for (const file of ["arbitrum-one.json5", "base.json5"]) {
    describe(`given ${file}`, () => {
      const { ChainlinkFeedOracle: oracle = {}, Market: market = {} } = readParameters(file);

      it("names addresses with valid checksums", () => {
        const { index, quote, sequencerFeed } = oracle;
        const proxies = [index, quote].map((side) => (side as { proxy: string }).proxy);
        for (const address of [...proxies, sequencerFeed, market.collateralToken]) {
          expect(ethers.getAddress(String(address))).to.equal(address);
        }
      });

      it("creates a market when local contracts stand in for those of the network", async () => {
        const { index, quote, deviationThreshold } = oracle;
        const { collateralToken: _, ...terms } = market;
        const withoutProxy = (side: unknown) => {
          const { proxy: __, ...rest } = side as { proxy: string };
          return rest;
        };
        const sides = { index: withoutProxy(index), quote: withoutProxy(quote) };
        const created = await loadFixture(
          marketWith({
            unseeded: true,
            parameters: {
              ChainlinkFeedOracle: { ...sides, deviationThreshold: deviationThreshold ?? 0n },
              Market: terms,
            },
          }),
        );

        expect(await created.oracle.deviationThreshold()).to.equal(deviationThreshold);
        expect(await created.factory.marketCount()).to.equal(1n);
      });
    });
  }
});
