import { expect } from "chai";
import { calmArena, largest, localArena } from "../fixtures/arena.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { freshRounds } from "../fixtures/powers.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";

/**
 * Takes out all that the market gives, found by halving, less what a second may cost [token], and then more, which it must
 * refuse. Returns what came out.
 */
async function drain(market: MarketFixture, id: bigint, second = 0n): Promise<bigint> {
  const { marginVault, accounts, tokenScale } = market;
  const { alice } = accounts;
  const vault = marginVault.connect(alice);
  const limit = (await marginVault.position(id)).margin / tokenScale + 1n;
  const given = await largest(limit, (amount) =>
    vault.removeMargin.staticCall(id, amount, alice, "0x"),
  );
  await vault.removeMargin(id, given - second, alice, "0x");
  await expect(vault.removeMargin(id, second + 2n, alice, "0x")).to.be.revertedWithCustomError(
    marginVault,
    "InitialMarginNotMet",
  );
  return given - second;
}

/**
 * The attacker takes its margin out as if its loss, its fees or its pending close were not there, and walks away.
 * Units: test/contracts/MarginVault/removeMargin.test.ts.
 */
describe("attack 04: withdrawing margin that is already lost", () => {
  it("leaves the loss covered: what comes out was the attacker's (BH-55)", async () => {
    const market = await calmArena();
    const { alice, keeper } = market.accounts;
    const id = await openPosition(market, {
      account: alice,
      size: wad("100"),
      margin: wad("20000"),
    });
    await pushPrice(market, wad("1900"));
    await expectNoProfit(market, [alice, keeper], async () => {
      // 20,000 − 100.00025 − 0.5 − 10,000 are left of equity, 4% of 190,000 must stay: less a borrow fee of wei.
      expect(await drain(market, id)).to.be.closeTo(2_299_499_750n, 1n);
    });
  });

  it("counts a month of fees that nobody has accrued (BH-23, BH-33)", async () => {
    const market = await localArena();
    const { alice, keeper } = market.accounts;
    const id = await openPosition(market, {
      account: alice,
      size: wad("10000"),
      margin: wad("2400000"),
    });
    await market.connection.networkHelpers.time.increase(30n * 86_400n);
    await freshRounds(market, wad("2000"));
    await expectNoProfit(market, [alice, keeper], async () => {
      // Funding at half of 100% a year for thirty days is 822,000 of 20,000,000; 800,000 must stay.
      expect(await drain(market, id, 1_000_000n)).to.be.below(790_000_000_000n);
    });
  });

  it("is refused while a close waits, whatever its price will be (BH-56 †)", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { alice, keeper } = accounts;
    const id = await openPosition(market, {
      account: alice,
      size: wad("100"),
      margin: wad("20000"),
    });
    await expectNoProfit(market, [alice, keeper], async () => {
      await submitOrder(market, alice, { positionId: id, sizeDelta: -wad("100") });
      await expect(
        marginVault.connect(alice).removeMargin(id, 1n, alice, "0x"),
      ).to.be.revertedWithCustomError(marginVault, "MarketOrderPending");
    });
  });
});
