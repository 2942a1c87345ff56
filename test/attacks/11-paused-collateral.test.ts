import { expect } from "chai";
import { hostileArena } from "../fixtures/arena.ts";
import { expectNoProfit, wealthOf } from "../fixtures/attack.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";

async function tokenOf(market: MarketFixture) {
  return await market.connection.ethers.getContractAt("HostileToken", String(market.token.target));
}

/**
 * The issuer pauses the token, so that no margin can be added, while liquidators go on. The attacker is a liquidator who
 * counts on its victims having no way out.
 * Units: test/contracts/tokens.test.ts, test/contracts/MarginVault/rescue.tokens.test.ts.
 */
describe("attack 11: liquidating while the collateral is paused", () => {
  it("meets owners who can close without moving a token, out of margin (BH-16, BH-59, LAW-12)", async () => {
    const market = await hostileArena();
    const { marginVault, orderBook, accounts } = market;
    const { alice, bob, carol } = accounts;
    const token = await tokenOf(market);
    const long = { account: bob, size: wad("100"), margin: wad("10000") };
    const id = await openPosition(market, long);
    await expectNoProfit(market, [carol], async () => {
      await token.setPaused(true);
      await pushPrice(market, wad("1960"));
      await expect(
        marginVault.connect(bob).addMargin(id, 1_000_000n),
      ).to.be.revertedWithCustomError(token, "TokenPaused");
      // A stop above the price of now, whose keeper is paid out of margin: no token moves when it is sent or filled.
      const { orderId } = await submitOrder(market, bob, {
        positionId: id,
        kind: 2n,
        reduceOnly: true,
        feeFromMargin: true,
        sizeDelta: -wad("100"),
        triggerPrice: wad("3000"),
        expiry: 4_000_000_000n,
      });
      await market.connection.networkHelpers.time.increase(2n);
      await pushPrice(market, wad("1955"));
      await orderBook.connect(alice).execute([orderId], "0x", alice);
      await pushPrice(market, wad("1900"));
      await expect(
        marginVault.connect(carol).liquidate(id, "0x", carol),
      ).to.be.revertedWithCustomError(marginVault, "PositionNotFound");
    });
    // 10,000 less 4,500 and fees of 100.00025, 97.75 and 0.5.
    expect((await wealthOf(market, [bob])).claimable).to.be.closeTo(wad("5301.74"), wad("0.1"));
    await expectConservation(market);
  });

  it("brings the liquidator a claim and no token before the owner can act again", async () => {
    const market = await hostileArena();
    const { marginVault, accounts } = market;
    const { bob, carol } = accounts;
    const token = await tokenOf(market);
    const id = await openPosition(market, { account: bob, size: wad("100"), margin: wad("10000") });
    const before = (await wealthOf(market, [carol])).tokens;
    await token.setPaused(true);
    await pushPrice(market, wad("1800"));
    await marginVault.connect(carol).liquidate(id, "0x", carol);
    const { tokens, claimable } = await wealthOf(market, [carol]);
    expect(tokens - before <= 0n, "no token has moved").to.equal(true);
    expect(claimable).to.equal(wad("1"));
    await expect(marginVault.connect(carol).claim(carol)).to.be.revertedWithCustomError(
      marginVault,
      "TransferRefused",
    );
  });
});
