import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../fixtures/conservation.ts";
import { pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { giveMandate, ledgerOf } from "../fixtures/scenario.ts";
import { openPosition } from "../fixtures/trading.ts";
import { calmMarket, logOf, mined, openLong } from "../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();
const CAP = wad("3000");
/** Dollars of the token as WAD. */
const SCALE = 10n ** 12n;

/** Alice's position A with a mandate of 3,000, her position B beside it, and Bob's short. */
async function twoPositionsAndAMandate() {
  const market = await createMarket(connection);
  const { alice, bob } = market.accounts;
  const { positionId: a } = await openLong(market);
  const b = await openPosition(market, { account: alice, size: wad("50"), margin: wad("40000") });
  const other = await openPosition(market, { account: bob, size: -wad("20"), margin: wad("9000") });
  await giveMandate(market, alice, { positionId: a, cap: CAP });
  await market.marginVault.sweepDues();
  const vault = market.marginVault.connect(market.accounts.keeper);
  return { market, ...market, vault, alice, a, b, other };
}

describe("scenario 01: isolated margin", () => {
  describe("given a position with a mandate, and a crash in two steps", () => {
    it("is rescued from the wallet first, in the same call that would have liquidated it", async () => {
      const { market, vault, alice, a, accounts, token } =
        await networkHelpers.loadFixture(twoPositionsAndAMandate);
      const wallet = await token.balanceOf(alice);
      // Equity 9,899.99975 − 5,500.5 = 4,399.49975 of 4,862.5; back to 1.5 × 4,862.5 = 7,293.75, and 1 for the keeper.
      await pushPrice(market, wad("1945"));
      const receipt = await mined(vault.liquidate(a, "0x", accounts.keeper));
      const { pulled, keeperFee } = logOf(market, receipt, "PositionRescued");
      expect(pulled).to.be.closeTo(wad("2895.25025"), wad("0.000002"));
      expect(keeperFee).to.equal(wad("1"));
      expect((wallet - (await token.balanceOf(alice))) * SCALE).to.equal(pulled);
      expect((await vault.position(a)).size).to.equal(wad("100"));
      await expectConservation(market);
    });

    it("costs, once insolvent, its margin and the mandate, and nothing else of anybody's", async () => {
      const { market, vault, alice, a, b, other, accounts, token } =
        await networkHelpers.loadFixture(twoPositionsAndAMandate);
      const wallet = await token.balanceOf(alice);
      const before = await ledgerOf(market);

      await pushPrice(market, wad("1945"));
      await vault.liquidate(a, "0x", accounts.keeper);
      await pushPrice(market, wad("1500"));
      const receipt = await mined(vault.liquidate(a, "0x", accounts.keeper));

      const { equity, paidOut } = logOf(market, receipt, "PositionLiquidated");
      expect(equity).to.be.below(0n);
      expect(paidOut).to.equal(0n);
      const after = await ledgerOf(market);
      const withoutA = (items: readonly unknown[]) =>
        items.filter((_, index) => BigInt(index + 1) !== a);
      expect(withoutA(after.positions), "every other position").to.deep.equal(
        withoutA(before.positions),
      );
      expect(withoutA(after.mandates), "every other mandate").to.deep.equal(
        withoutA(before.mandates),
      );
      expect(after.orders, "every order").to.deep.equal(before.orders);
      expect(after.claimable, "what waits for anybody").to.deep.equal(before.claimable);
      for (const name of ["bob", "carol", "provider", "stranger"]) {
        expect(after.balances[name], `the wallet of ${name}`).to.equal(before.balances[name]);
      }
      const taken = (wallet - (await token.balanceOf(alice))) * SCALE;
      expect(taken, "the wallet beyond the mandate's cap").to.be.at.most(CAP);
      const { capLeft } = await market.mandateBook.mandateOf(a);
      expect(taken + capLeft).to.equal(CAP);
      expect((await vault.position(b)).size).to.equal(wad("50"));
      expect((await vault.position(other)).size).to.equal(-wad("20"));
      await expectConservation(market);
    });

    it("asks the wallet for nothing once the debt is one that the box forgives", async () => {
      const { market, vault, alice, a, accounts, token } =
        await networkHelpers.loadFixture(twoPositionsAndAMandate);
      // A cap that would suffice.
      await giveMandate(market, alice, { positionId: a, cap: wad("100000") });
      const wallet = await token.balanceOf(alice);
      await pushPrice(market, wad("1500"));
      const receipt = await mined(vault.liquidate(a, "0x", accounts.keeper));
      // RescueOutcome.Insolvent.
      expect(logOf(market, receipt, "PositionLiquidated").rescue).to.equal(4n);
      expect(await token.balanceOf(alice)).to.equal(wallet);
      await expectConservation(market);
    });
  });

  it("given no mandate, liquidates only a part, and leaves the rest at its target", async () => {
    const market = await networkHelpers.loadFixture(unattended);
    const vault = market.marginVault.connect(market.accounts.keeper);
    await pushPrice(market, wad("1945"));
    await vault.liquidate(market.a, "0x", market.accounts.keeper);
    const { size } = await vault.position(market.a);
    expect(size).to.be.above(0n);
    expect(size).to.be.below(wad("100"));
    const lens = await connection.ethers.deployContract("MarketLens");
    const [rest] = await lens.healthAt(vault, [market.a], wad("1945"));
    // 1.25 times maintenance.
    expect(rest?.equity).to.be.at.least(((rest?.maintenanceMargin ?? 0n) * 5n) / 4n);
    await expectConservation(market);
  });
});

async function unattended() {
  const market = await createMarket(connection);
  const { positionId: a } = await openLong(market);
  return { ...market, a };
}
