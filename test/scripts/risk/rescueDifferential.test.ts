import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { accrue } from "../../../scripts/core/marketMath.ts";
import { lastingMandate, previewRescue, type RescueMandate } from "../../../scripts/core/rescue.ts";
import { type Books, rescueIn } from "../../../scripts/risk/books.ts";
import { deployMarket, type MarketFixture, pushPrice } from "../../fixtures/market.ts";
import { plain } from "../../fixtures/structs.ts";
import { openPosition } from "../../fixtures/trading.ts";

const WAD = 10n ** 18n;
const CAP = 500n * WAD;
/** Numbers of `RescueOutcome`. */
const OUTCOMES = [
  "NoMandate",
  "rescued",
  "Expired",
  "NotTriggered",
  "Insolvent",
  "TooSoon",
  "FeeTooHigh",
  "CapTooSmall",
] as const;

async function mandateOf(market: MarketFixture, id: bigint): Promise<RescueMandate> {
  const stored = await market.mandateBook.mandateOf(id);
  return {
    capLeft: stored.capLeft,
    targetRatio: stored.targetRatioE6 * 10n ** 12n,
    triggerRatio: stored.triggerRatioE6 * 10n ** 12n,
    minInterval: stored.minInterval,
    rescuedAt: stored.rescuedAt,
    expiry: stored.expiry,
    maxKeeperFee: stored.maxKeeperFeeE6 * 10n ** 12n,
  };
}

async function booksOf(market: MarketFixture, id: bigint): Promise<Books> {
  return {
    market: { ...plain(await market.marginVault.market()), sequence: 0n },
    cash: await market.liquidityVault.cash(),
    reserved: await market.liquidityVault.reserved(),
    positions: new Map([[id, plain(await market.marginVault.position(id))]]),
  };
}

function accruedTo(books: Books, now: bigint): Books {
  return { ...books, market: accrue(books.market, now) };
}

describe("previewRescue against MandateBook", () => {
  let market: MarketFixture;
  let id = 0n;
  let expiry = 0n;

  before(async () => {
    market = await deployMarket(await network.create());
    const { alice } = market.accounts;
    await market.token.connect(alice).approve(market.mandateBook, 10n ** 30n);
    // 20,000 of notional: initial margin 800, maintenance 2.5% = 500.
    id = await openPosition(market, { account: alice, size: 10n * WAD, margin: 900n * WAD });
    expiry = BigInt(await market.connection.networkHelpers.time.latest()) + 1_000_000n;
    await market.mandateBook.connect(alice).setMandate({
      positionId: id,
      cap: CAP,
      triggerRatio: (12n * WAD) / 10n,
      targetRatio: (3n * WAD) / 2n,
      minInterval: 60n,
      expiry,
      maxKeeperFee: 5n * WAD,
    });
  });

  it("pulls the same, or refuses for the same reason, for any numbers", async () => {
    const mandate = await mandateOf(market, id);
    const now = BigInt(await market.connection.networkHelpers.time.latest());
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt({ min: -100n * WAD, max: 800n * WAD }),
        fc.bigInt({ min: 5n * WAD, max: 900n * WAD }),
        fc.bigInt({ min: 0n, max: 7n * WAD }),
        fc.boolean(),
        async (equity, maintenanceMargin, keeperFee, early) => {
          // `liquidate` never asks for a position that holds its maintenance margin.
          fc.pre(early || equity < maintenanceMargin);
          const [pulled, outcome] = await market.mandateBook.preview(
            id,
            equity,
            maintenanceMargin,
            keeperFee,
            early,
          );
          const scale = market.tokenScale;
          const found = previewRescue({
            ...{ mandate, equity, maintenanceMargin, keeperFee, early, now, scale },
          });
          const name = found.kind === "rescued" ? "rescued" : found.reason;
          seen.add(name);
          expect(name).to.equal(OUTCOMES[Number(outcome)]);
          expect(found.kind === "rescued" ? found.pulled : 0n).to.equal(pulled);
        },
      ),
      { numRuns: 150, seed: 7 },
    );
    expect([...seen].sort()).to.deep.equal(
      ["CapTooSmall", "FeeTooHigh", "Insolvent", "NotTriggered", "rescued"].sort(),
    );
  });

  it("moves the books as rescue and liquidate do, and then says that it is too soon", async () => {
    const { networkHelpers } = market.connection;
    const { keeper } = market.accounts;
    const vault = market.marginVault.connect(keeper);
    const rules = {
      terms: plain(await market.charter.terms(1n)),
      curves: plain(await market.charter.curves()),
      protocolFeeShare: WAD / 10n,
      scale: market.tokenScale,
    };
    let observedAt = BigInt(await networkHelpers.time.latest()) + 100n;
    // At 1,970 equity is 900 − 10 − 300 = 590 less the impact, below 1.2 × 492.5 = 591. A rescue leaves 738.75, of which
    // 30 further down 438.75 are left: below 2.5% of 19,400 = 485.
    for (const [price, call] of [
      [1_970n, "rescue"],
      [1_940n, "liquidate"],
    ] as const) {
      await pushPrice(market, price * WAD, observedAt);
      const moment = { price: price * WAD, observedAt, now: observedAt + 12n };
      const before = await booksOf(market, id);
      const mandate = await mandateOf(market, id);
      const model = rescueIn(before, { id, moment, rules, mandate });
      await networkHelpers.time.setNextBlockTimestamp(moment.now);
      await vault[call](id, "0x", keeper);
      const after = await booksOf(market, id);
      // `liquidate` stores what has accrued, `rescue` leaves that to whoever changes a size: the same from here on.
      expect(model && accruedTo(model.books, moment.now)).to.deep.equal(
        accruedTo(after, moment.now),
      );
      expect(model?.rescue.mandate).to.deep.equal(await mandateOf(market, id));
      observedAt += 100n;
    }
    const used = await mandateOf(market, id);
    const now = BigInt(await networkHelpers.time.latest());
    const call = { equity: WAD, maintenanceMargin: 2n * WAD, keeperFee: WAD, early: false };
    expect(previewRescue({ ...call, mandate: used, now, scale: market.tokenScale })).to.deep.equal({
      kind: "refused",
      reason: "TooSoon",
    });
    const [, outcome] = await market.mandateBook.preview(id, WAD, 2n * WAD, WAD, false);
    expect(OUTCOMES[Number(outcome)]).to.equal("TooSoon");
  });

  it("starts from a mandate as one that lasts", async () => {
    const { capLeft, targetRatio, triggerRatio, minInterval } = await mandateOf(market, id);
    expect(lastingMandate({ capLeft, targetRatio, triggerRatio }).minInterval).to.equal(
      minInterval,
    );
  });
});
