import { expect } from "chai";
import { arm, deployAttacker, expectNoProfit, GREETING, runSteps } from "../fixtures/attack.ts";
import { calmStage, connection } from "../fixtures/attackStage.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { giveMandate } from "../fixtures/mandates.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openLong } from "../fixtures/vault.ts";

// Elsewhere a donation sets off an automatic balancing of reserves, whose keeper is paid out of them. Nothing here
// balances, and balances are tracked (BH-15); the only automatic top-up is a rescue, which its owner has bounded by a
// trigger, a pause and a cap (BH-231 to BH-236), and which margin that is given away only puts off. See also
// test/contracts/MarginVault/rescue.attacks.test.ts (44).

const { networkHelpers } = connection;
/** A thousand [token]. */
const GIFT = 1_000_000_000n;

async function marketFixture() {
  const market = await calmStage();
  const { positionId } = await openLong(market);
  await giveMandate(market, market.accounts.alice, positionId, { minInterval: 60n });
  return { ...market, market, positionId };
}

/** Tries everything that might pay a keeper. */
async function askForFees(market: MarketFixture, positionId: bigint): Promise<void> {
  const { marginVault, liquidityVault, orderBook, accounts } = market;
  const { carol } = accounts;
  for (const call of [
    () => marginVault.connect(carol).rescue(positionId, "0x", carol),
    () => marginVault.connect(carol).liquidate(positionId, "0x", carol),
    () => orderBook.connect(carol).settleAtCap(positionId, "0x", carol),
    () => liquidityVault.connect(carol).fulfillDeposits(9n, "0x", carol),
    () => liquidityVault.connect(carol).fulfillRedeems(9n, "0x", carol),
    () => marginVault.connect(carol).sweepDues(),
  ]) {
    await call().catch(() => "there was nothing to do");
  }
}

/** Falls in twenty steps with a gift of margin in each, and tries for fees in between. Returns all that was given. */
async function fallWithGifts(
  { market, marginVault, accounts, positionId }: Awaited<ReturnType<typeof marketFixture>>,
  gift: bigint,
): Promise<bigint> {
  let given = 0n;
  for (let step = 0n; step < 20n; step += 1n) {
    await networkHelpers.time.increase(61n);
    await pushPrice(market, wad("1960") - step * wad("1.5"));
    if (gift !== 0n) await marginVault.connect(accounts.carol).addMargin(positionId, gift);
    given += gift;
    await askForFees(market, positionId);
  }
  return given;
}

describe("attack 44: donations that set off what a keeper is paid for", () => {
  it("bring back nothing of themselves, given to whichever contract", async () => {
    const {
      market,
      token,
      marginVault,
      liquidityVault,
      orderBook,
      mandateBook,
      accounts,
      positionId,
    } = await marketFixture();
    const { carol } = accounts;
    const assets = await liquidityVault.totalAssets();
    const profit = await expectNoProfit(market, [carol], async () => {
      for (const target of [marginVault, liquidityVault, orderBook, mandateBook]) {
        await token.connect(carol).transfer(target, GIFT);
        await askForFees(market, positionId);
      }
    });
    expect(profit).to.equal(-wad("4000"));
    expect(await liquidityVault.totalAssets()).to.equal(assets);
  });

  it("of ether that are forced in fail no keeper that sends none and takes none", async () => {
    const { market, marginVault, positionId } = await marketFixture();
    const keeper = await deployAttacker(market);
    await arm(keeper, GREETING.refuses);
    await networkHelpers.setBalance(String(marginVault.target), 1n);
    await pushPrice(market, wad("1700"));
    const data = marginVault.interface.encodeFunctionData("liquidate", [
      positionId,
      "0x",
      String(keeper.target),
    ]);
    await runSteps(keeper, [{ target: marginVault, data }]);
    expect((await marginVault.position(positionId)).size).to.equal(0n);
  });

  it("of margin put rescues off: over a fall in twenty steps a keeper earns less for each that it gives", async () => {
    const earned = [];
    for (const gift of [0n, 20_000_000n, 200_000_000n]) {
      const world = await marketFixture();
      const { alice, carol } = world.accounts;
      const wallet = await world.token.balanceOf(alice);
      const before = await world.token.balanceOf(carol);
      const given = await fallWithGifts(world, gift);
      const profit = (await world.token.balanceOf(carol)) - before;
      if (gift !== 0n) expect(profit).to.be.below(0n);
      earned.push(profit + given);
      // Never more than one rescue in a pause, and never more than the cap.
      expect(wallet - (await world.token.balanceOf(alice))).to.be.at.most(5_000_000_000n);
      await expectConservation(world.market);
    }
    expect(earned[0]).to.be.above(0n);
    expect(earned[1]).to.be.at.most(earned[0] ?? 0n);
    expect(earned[2]).to.equal(0n);
  });
});
