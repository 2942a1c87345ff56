import { expect } from "chai";
import fc from "fast-check";

import { ARCHETYPES, accountsNeeded } from "../../scripts/localnet/archetypes.ts";
import { type BookLimits, drawBook, withoutMandates } from "../../scripts/localnet/book.ts";
import { TERMS, WAD } from "../fixtures/snapshots.ts";

const LIMITS: BookLimits = {
  price: 195n * WAD,
  maxOpenInterest: 20_000n * WAD,
  skewScale: 20_000_000n * WAD,
  initialMarginRatio: TERMS.initialMarginRatio,
  maintenanceRatio: TERMS.maintenanceMarginRatio + TERMS.liquidationFeeRatio,
  liquidationTarget: TERMS.liquidationTarget,
  positionFeeRatio: TERMS.positionFeeRatio,
  minReserveRatio: TERMS.minReserveRatio,
  keeperFeeFloor: TERMS.keeperFeeFloor,
  minMargin: TERMS.minMargin,
  minNotional: TERMS.minNotional,
  tokenScale: 10n ** 12n,
};

const seeds = fc.nat(2 ** 31);
const prices = fc.bigInt({ min: WAD, max: 100_000n * WAD });
const caps = fc.bigInt({ min: 1000n * WAD, max: 10n ** 6n * WAD });

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

describe("drawBook", () => {
  it("draws at least 60 positions of both sides, from 2x to 25x, each with an account", () => {
    const book = drawBook(1, LIMITS);
    expect(book).to.have.length(accountsNeeded()).and.length.at.least(60);
    const leverages = ARCHETYPES.map((archetype) => archetype.leverage);
    expect(Math.min(...leverages)).to.equal(2);
    expect(Math.max(...leverages)).to.equal(25);
    expect(new Set(book.map((position) => position.accountIndex)).size).to.equal(book.length);
    expect(new Set(book.map((position) => position.size > 0n))).to.deep.equal(
      new Set([true, false]),
    );
  });

  it("draws the same book from the same seed, and another from another", () => {
    expect(drawBook(7, LIMITS)).to.deep.equal(drawBook(7, LIMITS));
    expect(drawBook(7, LIMITS)).to.not.deep.equal(drawBook(8, LIMITS));
  });

  it("keeps either side within the cap on open interest", () => {
    fc.assert(
      fc.property(seeds, caps, (seed, maxOpenInterest) => {
        const book = drawBook(seed, { ...LIMITS, maxOpenInterest });
        for (const sign of [1n, -1n]) {
          const side = book.filter(({ size }) => size * sign > 0n);
          const interest = side.reduce((sum, { size }) => sum + abs(size), 0n);
          expect(interest <= maxOpenInterest).to.equal(true);
        }
      }),
    );
  });

  it("gives each enough margin for its initial margin after fees and impact, at any price", () => {
    fc.assert(
      fc.property(seeds, prices, (seed, price) => {
        for (const position of drawBook(seed, { ...LIMITS, price })) {
          const notional = (abs(position.size) * price) / WAD;
          // 20,000 of 20,000,000: at worst a fill 0.1% off, then a fee of 0.05%.
          const costs = notional / 1000n + (notional * 1001n) / 2_000_000n;
          const equity = position.margin - costs;
          // Initial margin 4%, or 1.25 × 2.5%, or 10.
          expect(equity * 100n >= notional * 4n).to.equal(true);
          expect(equity >= 10n * WAD).to.equal(true);
          expect(position.margin % LIMITS.tokenScale).to.equal(0n);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("keeps reserves within what their notional allows", () => {
    fc.assert(
      fc.property(seeds, prices, (seed, price) => {
        for (const { size, reserve } of drawBook(seed, { ...LIMITS, price })) {
          const notional = (abs(size) * price) / WAD;
          expect(reserve * 10n >= notional).to.equal(true);
          expect(reserve < notional).to.equal(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("puts stops where a position loses and take-profits where it wins", () => {
    for (const { size, stopPrice, profitPrice } of drawBook(1, LIMITS)) {
      const sign = size > 0n ? 1n : -1n;
      if (stopPrice !== undefined) expect((LIMITS.price - stopPrice) * sign > 0n).to.equal(true);
      if (profitPrice !== undefined)
        expect((profitPrice - LIMITS.price) * sign > 0n).to.equal(true);
    }
  });

  it("gives mandates to at least 20 positions of both sides, with different caps, within the bounds", () => {
    const book = drawBook(1, LIMITS);
    const given = book.filter(({ mandate }) => mandate !== undefined);
    expect(given).to.have.length.at.least(20);
    expect(given.length).to.be.lessThan(book.length - 20);
    expect(new Set(given.map(({ size }) => size > 0n))).to.deep.equal(new Set([true, false]));
    for (const { margin, mandate } of given) {
      if (mandate === undefined) continue;
      // 1, 2.5 or 5 times the margin, less than a token unit off.
      const percent = (mandate.cap + LIMITS.tokenScale) * 100n;
      expect([100n, 250n, 500n]).to.include(percent / margin);
      expect(mandate.cap % LIMITS.tokenScale).to.equal(0n);
      expect(mandate.cap > mandate.maxKeeperFee).to.equal(true);
      expect(mandate.triggerRatio >= WAD).to.equal(true);
      expect(mandate.targetRatio * 100n >= mandate.triggerRatio * 100n + 5n * WAD).to.equal(true);
      expect(mandate.minInterval >= 60n).to.equal(true);
      expect(mandate.maxKeeperFee >= LIMITS.keeperFeeFloor).to.equal(true);
    }
  });

  it("draws a twin that differs in nothing but its mandates", () => {
    const book = drawBook(3, LIMITS);
    const twin = withoutMandates(book);
    expect(twin.some(({ mandate }) => mandate !== undefined)).to.equal(false);
    const bare = book.map(({ mandate: _mandate, ...position }) => position);
    expect(twin.map(({ mandate: _mandate, ...position }) => position)).to.deep.equal(bare);
  });
});
