import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition } from "../fixtures/trading.ts";
import { calmMarket, logOf, mined, openLong } from "../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();
/** Bytecode that reverts whatever it is asked. */
const ALWAYS_REVERTS = "0x5f5ffd";

/** Alice's long of 100, a profitable short of Bob's, and then nothing left but vaults, token, oracle and feeds. */
async function deadSurroundings() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const winner = await openPosition(market, {
    account: market.accounts.bob,
    size: -wad("100"),
    margin: wad("20000"),
  });
  const lens = await ethers.deployContract("MarketLens");
  await market.marginVault.sweepDues();
  const outside = [market.factory, market.charter, market.mandateBook, lens];
  for (const contract of outside) {
    await networkHelpers.setCode(await contract.getAddress(), ALWAYS_REVERTS);
  }
  return { market, ...market, positionId, winner };
}

describe("scenario 03: liquidity interdependency", () => {
  describe("given that every contract but the vaults, the order book, the token and the feeds reverts", () => {
    it("still liquidates, in part and whole, out of the market's own pool", async () => {
      const { market, marginVault, accounts, positionId } =
        await networkHelpers.loadFixture(deadSurroundings);
      const { keeper } = accounts;
      await expect(market.charter.terms(1n)).to.revert(ethers);

      await pushPrice(market, wad("1945"));
      const part = await mined(marginVault.connect(keeper).liquidate(positionId, "0x", keeper));
      expect(logOf(market, part, "PositionLiquidated").size).to.be.above(0n);
      await pushPrice(market, wad("1850"));
      const whole = await mined(marginVault.connect(keeper).liquidate(positionId, "0x", keeper));
      expect(logOf(market, whole, "PositionLiquidated").size).to.equal(0n);
      expect(logOf(market, whole, "PositionLiquidated").keeperFee).to.be.at.least(wad("1"));
    });

    it("still pays who has won, at the cap", async () => {
      const { market, orderBook, accounts, token, winner } =
        await networkHelpers.loadFixture(deadSurroundings);
      const { bob, keeper } = accounts;
      const before = await token.balanceOf(bob);
      const { margin, reserve } = await market.marginVault.position(winner);
      await pushPrice(market, wad("1500"));
      await orderBook.connect(keeper).settleAtCap(winner, "0x", keeper);
      // Margin and reserve less the keeper's 1, in whole token units.
      const paid = (margin + reserve - wad("1")) / 10n ** 12n;
      expect((await token.balanceOf(bob)) - before).to.equal(paid);
      await expectConservation(market);
    });

    it("needs no liquidity but what was locked before the position opened", async () => {
      const { market, marginVault, liquidityVault, accounts, positionId } =
        await networkHelpers.loadFixture(deadSurroundings);
      const { keeper } = accounts;
      const free = (await liquidityVault.cash()) - (await liquidityVault.reserved());
      await pushPrice(market, wad("1850"));
      await marginVault.connect(keeper).liquidate(positionId, "0x", keeper);
      const freeAfter = (await liquidityVault.cash()) - (await liquidityVault.reserved());
      expect(freeAfter, "free liquidity of the pool").to.be.at.least(free);
      await expectConservation(market);
    });
  });
});
