import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { giveMandate, OUTCOME, vaultLogs } from "../../fixtures/mandates.ts";
import { type MarketFixture, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, logOf, mined } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();
const SCALE = 10n ** 12n;
const MARGIN = wad("10000");

const REFUSALS = [
  "PositionHealthy",
  "PositionCapped",
  "CoolingOff",
  "PositionNotFound",
  "RescueRefused",
] as const;

/** One step of the world: the price moves, time passes, a keeper tries. */
interface Step {
  /** Change of the price [bps]. */
  readonly move: number;
  readonly seconds: number;
  readonly action: "rescue" | "liquidate" | "both";
}

const step: fc.Arbitrary<Step> = fc.record({
  // Against a long more often than not; now and then a gap.
  move: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: -120, max: 40 }) },
    { weight: 1, arbitrary: fc.integer({ min: -1_500, max: 1_500 }) },
  ),
  seconds: fc.integer({ min: 1, max: 2_000 }),
  action: fc.constantFrom("rescue", "liquidate", "both"),
});

const life = fc.record({
  isLong: fc.boolean(),
  steps: fc.array(step, { minLength: 8, maxLength: 14 }),
  cap: fc.bigInt({ min: wad("500"), max: wad("12000") }),
  trigger: fc.integer({ min: 100, max: 200 }),
  gap: fc.integer({ min: 5, max: 100 }),
  minInterval: fc.integer({ min: 60, max: 3_000 }),
});
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

async function marketFixture() {
  return await createMarket(connection);
}

async function open(market: MarketFixture, drawn: Life): Promise<bigint> {
  const { alice } = market.accounts;
  const size = drawn.isLong ? wad("100") : -wad("100");
  const common = { account: alice, size, margin: MARGIN, reserve: wad("40000") };
  const positionId = await openPosition(market, { ...common, price: wad("2000") });
  const triggerRatio = BigInt(drawn.trigger) * 10n ** 16n;
  await giveMandate(market, alice, positionId, {
    cap: drawn.cap,
    triggerRatio,
    targetRatio: triggerRatio + BigInt(drawn.gap) * 10n ** 16n,
    minInterval: BigInt(drawn.minInterval),
  });
  return positionId;
}

/** Passes over a refusal that has a name; any other error is a failure. */
function refused(error: unknown): null {
  if (REFUSALS.some((name) => String(error).includes(name))) return null;
  throw error;
}

/** What a step took out of the owner's wallet by rescue, from receipts [WAD quote]. */
async function act(market: MarketFixture, positionId: bigint, drawn: Step): Promise<bigint> {
  const { keeper } = market.accounts;
  const vault = market.marginVault.connect(keeper);
  const names = drawn.action === "both" ? (["rescue", "liquidate"] as const) : [drawn.action];
  let pulled = 0n;
  for (const name of names) {
    const sent = await vault[name](positionId, "0x", keeper, { gasLimit: 5_000_000n }).catch(
      refused,
    );
    if (sent === null) continue;
    const receipt = await mined(sent);
    if (!vaultLogs(market, receipt).includes("PositionRescued")) continue;
    const logged = logOf(market, receipt, "PositionRescued");
    expect(logged.equity, "debt that the box forgives is nobody's to pay").to.be.above(0n);
    pulled += BigInt(logged.pulled);
  }
  return pulled;
}

/** Lives one life and asserts the law. Returns how often it was rescued and whether it ended. */
async function live(drawn: Life): Promise<{ readonly rescues: number; readonly ended: boolean }> {
  const market = await networkHelpers.loadFixture(marketFixture);
  const { token, mandateBook, marginVault, accounts } = market;
  const { alice } = accounts;
  const before = await token.balanceOf(alice);
  const positionId = await open(market, drawn);
  let price = 2_000n * 10n ** 4n;
  let pulled = 0n;
  let rescues = 0;
  for (const next of drawn.steps) {
    await networkHelpers.time.increase(next.seconds);
    price += (price * BigInt(drawn.isLong ? next.move : -next.move)) / 10_000n;
    await pushPrice(market, price * 10n ** 14n);
    const taken = await act(market, positionId, next);
    if (taken !== 0n) ++rescues;
    pulled += taken;
  }
  const { capLeft } = await mandateBook.mandateOf(positionId);
  expect(pulled, "pulled, and what is left of the cap").to.equal(drawn.cap - capLeft);
  const lost = (before - (await token.balanceOf(alice))) * SCALE;
  // The order's own keeper took 0.5.
  expect(lost, "what left the wallet").to.be.at.most(MARGIN + wad("0.5") + pulled);
  expect(lost, "at most margin and cap").to.be.at.most(MARGIN + wad("0.5") + drawn.cap);
  await expectConservation(market);
  const { size } = await marginVault.position(positionId);
  return { rescues, ended: size === 0n };
}

describe("what a rescue takes and what a liquidation takes", () => {
  it("together are never more than margin and cap, on any path of the price", async function () {
    this.timeout(600_000);
    let rescues = 0;
    let ends = 0;
    await fc.assert(
      fc.asyncProperty(life, async (drawn) => {
        const lived = await live(drawn);
        rescues += lived.rescues;
        ends += lived.ended ? 1 : 0;
      }),
      { numRuns: 40, seed: 20_261_122 },
    );
    // The paths did reach what they are about.
    expect(rescues, "rescues").to.be.at.least(20);
    expect(ends, "positions that ended").to.be.at.least(5);
  });

  it("and a rescue that happens always restores its target", async function () {
    this.timeout(600_000);
    const drop = fc.record({
      price: fc.bigInt({ min: 190_200n, max: 195_900n }),
      target: fc.integer({ min: 125, max: 500 }),
      action: fc.constantFrom("rescue" as const, "liquidate" as const),
    });
    await fc.assert(
      fc.asyncProperty(drop, async ({ price, target, action }) => {
        const market = await networkHelpers.loadFixture(marketFixture);
        const { marginVault, mandateBook, accounts } = market;
        const targetRatio = BigInt(target) * 10n ** 16n;
        const positionId = await openPosition(market, {
          account: accounts.alice,
          size: wad("100"),
          margin: MARGIN,
          reserve: wad("40000"),
          price: wad("2000"),
        });
        await giveMandate(market, accounts.alice, positionId, {
          cap: wad("100000"),
          targetRatio,
        });
        const value = price * 10n ** 16n;
        await pushPrice(market, value);
        // Not below maintenance, so nobody can liquidate: 190,100.50025 / 97.5.
        if (action === "liquidate" && value >= wad("1949.7")) return;
        const vault = marginVault.connect(accounts.keeper);
        const receipt = await mined(vault[action](positionId, "0x", accounts.keeper));
        const logged = logOf(market, receipt, "PositionRescued");
        const needed = (logged.maintenanceMargin * targetRatio) / wad("1");
        const after = BigInt(logged.equity) + BigInt(logged.pulled) - BigInt(logged.keeperFee);
        expect(after).to.be.at.least(needed);
        expect(after - needed, "and not a token unit more").to.be.at.most(SCALE);
        const again = vault.rescue(positionId, "0x", accounts.keeper);
        await expect(again)
          .to.be.revertedWithCustomError(vault, "RescueRefused")
          .withArgs(positionId, OUTCOME.NotTriggered);
        expect((await mandateBook.mandateOf(positionId)).capLeft).to.equal(
          wad("100000") - logged.pulled,
        );
      }),
      { numRuns: 30, seed: 20_261_122 },
    );
  });
});
