import { expect } from "chai";
import fc from "fast-check";

import {
  liquidatablePositions,
  positionsAtCap,
  reachedTriggers,
} from "../../../scripts/core/dueWork.ts";
import { OrderTable } from "../../../scripts/core/orderTable.ts";
import { PositionTable } from "../../../scripts/core/positionTable.ts";
import {
  POSITION_BYTES,
  packPosition,
  unpackPosition,
} from "../../../scripts/core/positionWords.ts";
import type { SearchScene } from "../../../scripts/core/searchBounds.ts";
import type { OpenPosition, Snapshot } from "../../../scripts/core/snapshot.ts";
import {
  CONSTANTS,
  orderOf,
  positionOf,
  snapshotOf,
  stateOf,
  TERMS,
  WAD,
} from "../../fixtures/snapshots.ts";

const MAX_UINT96 = 2n ** 96n - 1n;
const MAX_INT96 = 2n ** 95n - 1n;

/** Any position that its slots can hold. */
const anyPosition: fc.Arbitrary<OpenPosition> = fc.record({
  size: fc.bigInt({ min: -MAX_INT96, max: MAX_INT96 }),
  openNotional: fc.bigInt({ min: -MAX_INT96, max: MAX_INT96 }),
  margin: fc.bigInt({ min: 0n, max: MAX_UINT96 }),
  reserve: fc.bigInt({ min: 0n, max: MAX_UINT96 }),
  fundingIndex: fc.bigInt({ min: -MAX_INT96, max: MAX_INT96 }),
  borrowIndex: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  priceTime: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
  cooldown: fc.bigInt({ min: 0n, max: 65_535n }),
  termsId: fc.bigInt({ min: 0n, max: 65_535n }),
});

/** A position whose margin sits within a few wei of what decides, either side. */
const atTheEdge = fc
  .record({
    long: fc.boolean(),
    size: fc.bigInt({ min: 1n, max: 10n ** 25n }),
    price: fc.bigInt({ min: 1n, max: 10n ** 24n }),
    entry: fc.bigInt({ min: 1n, max: 10n ** 24n }),
    offset: fc.bigInt({ min: -3n, max: 3n }),
    reserve: fc.bigInt({ min: 0n, max: 10n ** 26n }),
    fundingNow: fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }),
    fundingThen: fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }),
    borrowThen: fc.bigInt({ min: 0n, max: 10n ** 17n }),
    borrowGrowth: fc.bigInt({ min: 0n, max: 10n ** 17n }),
    skew: fc.bigInt({ min: -(10n ** 23n), max: 10n ** 23n }),
    cap: fc.boolean(),
  })
  .map((drawn) => {
    const skewScale = 10n ** 27n;
    const size = drawn.long ? drawn.size : -drawn.size;
    const openNotional = (size * drawn.entry) / WAD;
    const borrowNow = drawn.borrowThen + drawn.borrowGrowth;
    const owed =
      (size * (drawn.fundingNow - drawn.fundingThen) + drawn.reserve * drawn.borrowGrowth) / WAD;
    const gain = (size * drawn.price) / WAD - openNotional - owed;
    const fill = (drawn.price * (skewScale + drawn.skew - size / 2n)) / skewScale;
    const gainAtFill = (size * fill) / WAD - openNotional - owed;
    const worth = (drawn.size * drawn.price) / WAD;
    const needed = (worth * 25n) / 1000n > 5n * WAD ? (worth * 25n) / 1000n : 5n * WAD;
    const margin = needed - gain + drawn.offset;
    const position = positionOf({
      size,
      openNotional,
      fundingIndex: drawn.fundingThen,
      borrowIndex: drawn.borrowThen,
      margin: margin < 0n ? 0n : margin,
      reserve: drawn.cap && gainAtFill > 3n ? gainAtFill + drawn.offset : drawn.reserve,
    });
    return {
      position,
      price: drawn.price,
      fundingNow: drawn.fundingNow,
      borrowNow,
      skew: drawn.skew,
      skewScale,
    };
  });

const byId = (a: readonly [bigint, unknown], b: readonly [bigint, unknown]) => Number(a[0] - b[0]);

function sceneOf(snapshot: Snapshot, price: bigint): SearchScene {
  const { skew, fundingIndex, borrowIndex } = snapshot.market;
  return { price, skew, fundingIndex, borrowIndex, skewScale: snapshot.constants.skewScale };
}

/** Millionths, well within what bounds allow. */
const anyDrift = fc.integer({ min: -180, max: 180 });

function tableOf(positions: readonly (readonly [bigint, OpenPosition])[]): PositionTable {
  const table = new PositionTable();
  table.setTerms(1n, TERMS);
  for (const [id, position] of positions) table.set(id, position);
  return table;
}

describe("PositionTable", () => {
  it("gives back what it was given, to the wei", () => {
    fc.assert(
      fc.property(anyPosition, (position) => {
        const packed = packPosition(position);
        expect(packed).to.have.length(POSITION_BYTES);
        expect(unpackPosition(packed)).to.deep.equal(position);
        const table = new PositionTable();
        table.setPacked(7n, packed);
        expect(table.get(7n)).to.deep.equal(position);
      }),
    );
  });

  it("holds what a map holds after any sequence of writes", () => {
    const step = fc.record({
      id: fc.bigInt({ min: 1n, max: 200n }),
      drop: fc.boolean(),
      position: anyPosition,
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const table = new PositionTable();
        const model = new Map<bigint, OpenPosition>();
        for (const { id, drop, position } of steps) {
          if (drop) expect(table.delete(id)).to.equal(model.delete(id));
          else {
            table.set(id, position);
            model.set(id, position);
          }
        }
        expect(table.size).to.equal(model.size);
        expect([...table].sort(byId)).to.deep.equal([...model].sort(byId));
      }),
      { numRuns: 30 },
    );
  });

  it("never misses a position that the exact rule names, within wei of the edge", () => {
    let named = 0;
    fc.assert(
      fc.property(atTheEdge, anyDrift, anyDrift, (drawn, drift, tilt) => {
        const { position, price, fundingNow, borrowNow, skew, skewScale } = drawn;
        const snapshot = snapshotOf({
          constants: { ...CONSTANTS, skewScale },
          state: stateOf({ positions: [[1n, position]] }),
          market: { skew, fundingIndex: fundingNow, borrowIndex: borrowNow, clock: 0n },
          spot: { price, observedAt: 9_995n },
        });
        const due = liquidatablePositions(snapshot).length + positionsAtCap(snapshot).length;
        const table = tableOf([[1n, position]]);
        const scene = sceneOf(snapshot, price);
        // Bounds worked out at another moment must hold here, too.
        table.prepare({
          ...scene,
          fundingIndex: fundingNow + (price * BigInt(drift)) / 1_000_000n,
          borrowIndex: borrowNow + BigInt(drift) * 10n ** 12n,
          skew: skew + (skewScale * BigInt(tilt)) / 1_000_000n,
        });
        const found = table.candidates(scene);
        if (due === 0) return;
        named += 1;
        expect(found).to.deep.equal([1n]);
      }),
      { numRuns: 5_000 },
    );
    // The edge is drawn so that many are.
    expect(named).to.be.greaterThan(1_000);
  });

  it("never misses one among positions of any kind", () => {
    fc.assert(
      fc.property(
        fc.array(anyPosition, { minLength: 1, maxLength: 50 }),
        fc.bigInt({ min: 1n, max: 10n ** 28n }),
        (drawn, price) => {
          const positions = drawn.map(
            (position, index) => [BigInt(index), { ...position, termsId: 1n }] as const,
          );
          const open = positions.filter(([, position]) => position.size !== 0n);
          const snapshot = snapshotOf({
            state: stateOf({ positions: open }),
            market: { skew: 0n, fundingIndex: 0n, borrowIndex: 2n ** 64n - 1n, clock: 0n },
            spot: { price, observedAt: 9_995n },
          });
          const found = new Set(tableOf(open).candidates(sceneOf(snapshot, price)));
          const due = [
            ...liquidatablePositions(snapshot).map(({ positionId }) => positionId),
            ...positionsAtCap(snapshot),
          ];
          for (const id of due) expect(found.has(id)).to.equal(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("leaves out positions that are plainly healthy", () => {
    const table = tableOf([[1n, positionOf()]]);
    expect(table.candidates(sceneOf(snapshotOf(), 1000n * WAD))).to.deep.equal([]);
    // Equity 100 − 76 is below 2.5% of 924 plus a fortieth: 23.1.
    expect(table.candidates(sceneOf(snapshotOf(), 922n * WAD))).to.deep.equal([1n]);
    // 100 − 70 is above 23.25, and below twice that.
    const thin = [...table.thin(sceneOf(snapshotOf(), 930n * WAD), 2)];
    expect(thin.map(({ positionId }) => positionId)).to.deep.equal([1n]);
  });

  it("names a position whose terms are unknown until they are known", () => {
    const table = new PositionTable();
    table.set(1n, positionOf());
    const scene = sceneOf(snapshotOf(), 1000n * WAD);
    expect(table.candidates(scene)).to.deep.equal([1n]);
    table.setTerms(1n, TERMS);
    expect(table.candidates(scene)).to.deep.equal([]);
    table.setTerms(1n, undefined);
    expect(table.candidates(scene)).to.deep.equal([1n]);
  });
});

describe("OrderTable", () => {
  it("never misses an order that a price releases, and names no other once numbers differ", () => {
    const drawn = fc.record({
      kind: fc.constantFrom(1n, 2n),
      buys: fc.boolean(),
      trigger: fc.bigInt({ min: 990n * WAD, max: 1010n * WAD }),
    });
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 100 }), (orders) => {
        const waiting = orders.map(({ kind, buys, trigger }, index) =>
          orderOf(BigInt(index + 1), {
            traits: kind + 4n,
            triggerPrice: trigger,
            sizeDelta: buys ? WAD : -WAD,
            expiry: 20_000n,
          }),
        );
        const table = new OrderTable();
        for (const order of waiting) table.set(order.orderId, order);
        for (const order of waiting.filter((_, index) => index % 3 === 0))
          table.delete(order.orderId);
        const left = waiting.filter((_, index) => index % 3 !== 0);
        const spot = { price: 1000n * WAD, observedAt: 9_995n };
        const snapshot = snapshotOf({ state: stateOf({ orders: left }), spot });
        const due = reachedTriggers(snapshot);
        const found = table.reached(spot.price).map((order) => order.orderId);
        expect([...found].sort()).to.deep.equal([...due].sort());
      }),
    );
  });

  it("keeps market orders apart", () => {
    const table = new OrderTable();
    table.set(1n, orderOf(1n));
    table.set(2n, orderOf(2n, { traits: 5n, triggerPrice: WAD }));
    expect(table.marketOrders().map((order) => order.orderId)).to.deep.equal([1n]);
    expect(table.size).to.equal(2);
    table.delete(1n);
    expect(table.marketOrders()).to.deep.equal([]);
  });
});
