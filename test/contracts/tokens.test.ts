import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { calmMarket, change, openLong } from "../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;

/**
 * The life of Alice's long of 100 (see {@link openLong}: N 200,000.5, M 9,899.99975): 40 are closed at 2,100, the rest at
 * 1,990, in a market where the reserve owes 1 wei a second for each unit.
 *
 * First: 40 × 2,100.0084 − 80,000.2 = 4,000.136, fee 42.000168. M 13,858.135582.
 * Then: fill 1,990 × (1 + 30 / 20,000,000) = 1,990.002985; 119,400.1791 − 120,000.3 = −600.1209, fee 59.70008955.
 * M 13,198.31459245, and all fees and losses less gains go to the pool and the protocol.
 */
const PAID_OUT = wad("13198.31459245");
/** 100.00025 + 42.000168 + 59.70008955. */
const FEES = wad("201.70050755");
/** 4,000.136 − 600.1209. */
const WON = wad("3400.0151");

describe("tokens", () => {
  for (const [decimals, token] of [
    [6, "plain"],
    [8, "plain"],
    [18, "plain"],
    [6, "proxied"],
    [6, "hostile"],
  ] as const) {
    describe(`given a ${token} token with ${decimals} decimals`, () => {
      const createMarket = calmMarket({ decimals, token });
      const marketFixture = () => createMarket(connection);
      const scale = 10n ** BigInt(18 - decimals);

      it("pays out, over a position's life, what went in and was won, to the token unit", async () => {
        const market = await networkHelpers.loadFixture(marketFixture);
        const { marginVault, liquidityVault, accounts } = market;
        const account = accounts.alice;
        const start = await market.token.balanceOf(account);
        const cash = await liquidityVault.cash();
        const { positionId } = await openLong(market);
        await expectConservation(market);
        await change(market, { account, positionId, sizeDelta: -wad("40"), price: wad("2100") });
        await expectConservation(market);
        await change(market, { account, positionId, sizeDelta: -wad("60"), price: wad("1990") });
        await expectConservation(market);

        // Three orders at 0.5 each. Rounding down, and the borrow fee of a few seconds, cost less than two units of a
        // coarse token, and less than 1e-9 of a fine one.
        const spent = start - (await market.token.balanceOf(account));
        const expected = (wad("10000") + wad("1.5") - PAID_OUT) / scale;
        const slack = scale > 10n ** 9n ? 2n : 10n ** 9n / scale;
        expect(spent - expected).to.be.at.least(0n);
        expect(spent - expected).to.be.at.most(slack);

        await marginVault.sweepDues();
        const { poolDue, protocolDue } = await marginVault.market();
        expect(poolDue).to.be.below(scale);
        const kept = (await liquidityVault.cash()) - cash + poolDue + protocolDue;
        expect(kept, "all that was spent but the keeper's 1.5").to.equal(
          spent * scale - wad("1.5"),
        );
        expect(kept).to.be.closeTo(FEES - WON, (slack + 1n) * scale);
        await expectConservation(market);
      });

      it("takes margin in and out by single units", async () => {
        const market = await networkHelpers.loadFixture(marketFixture);
        const { marginVault, accounts } = market;
        const { positionId } = await openLong(market);
        const vault = marginVault.connect(accounts.alice);
        await vault.addMargin(positionId, 1n);
        expect((await vault.position(positionId)).margin).to.equal(wad("9899.99975") + scale);
        await pushPrice(market, wad("2000"));
        await vault.removeMargin(positionId, 1n, accounts.alice, "0x");
        expect((await vault.position(positionId)).margin).to.equal(wad("9899.99975"));
        await expectConservation(market);
      });

      it("pays a keeper's floor in whole units out of a bankrupt position", async () => {
        const market = await networkHelpers.loadFixture(marketFixture);
        const { marginVault, accounts } = market;
        const { keeper } = accounts;
        const { positionId } = await openLong(market);
        await pushPrice(market, wad("1890"));
        const before = await market.token.balanceOf(keeper);
        await marginVault.connect(keeper).liquidate(positionId, "0x", keeper);
        expect(((await market.token.balanceOf(keeper)) - before) * scale).to.equal(wad("1"));
        await expectConservation(market);
      });
    });
  }
});
