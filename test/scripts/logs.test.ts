import { expect } from "chai";
import fc from "fast-check";

import { LogGapError } from "../../scripts/chain/failures.ts";
import { blockRanges, checkSequences, type MarketLog, NO_LOGS } from "../../scripts/chain/logs.ts";
import { eventLog } from "../fixtures/marketLogs.ts";

const ADDRESSES = {
  marginVault: "0xaa",
  orderBook: "0xbb",
  liquidityVault: "0xcc",
  mandateBook: "0xdd",
};

const added = (sequence: bigint): MarketLog =>
  eventLog("marginVault", "MarginAdded", [1n, ADDRESSES.marginVault, sequence, 5n, 6n]);
const executed = (sequence: bigint): MarketLog =>
  eventLog("orderBook", "OrderExecuted", [1n, ADDRESSES.orderBook, sequence, 1n, false]);
const settled = (sequence: bigint): MarketLog =>
  eventLog("orderBook", "PositionSettled", [1n, ADDRESSES.orderBook, sequence, 1n, 1n]);
const ended = (sequence: bigint): MarketLog =>
  eventLog("orderBook", "OrderCancelled", [1n, ADDRESSES.orderBook, sequence, 1n, 0n, 0n, "0x"]);

describe("blockRanges", () => {
  it("gives nothing where the end lies before the beginning", () => {
    expect(blockRanges({ from: 5, to: 4 }, 10)).to.deep.equal([]);
  });

  it("covers the whole range without overlap, whatever the step", () => {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.nat(3000),
        fc.integer({ min: 1, max: 700 }),
        (from, length, step) => {
          const ranges = blockRanges({ from, to: from + length }, step);
          let next = from;
          for (const range of ranges) {
            expect(range.from).to.equal(next);
            expect(range.to - range.from).to.be.within(0, step - 1);
            next = range.to + 1;
          }
          expect(next).to.equal(from + length + 1);
        },
      ),
    );
  });
});

describe("checkSequences", () => {
  it("throws with both numbers when a log is missing in the middle", () => {
    expect(() => checkSequences(NO_LOGS, [added(1n), added(3n)], ADDRESSES))
      .to.throw(LogGapError)
      .that.deep.includes({ address: "0xaa", expected: 2n, actual: 3n });
  });

  it("throws when the first log since the last reading is missing", () => {
    const before = { ...NO_LOGS, orderBook: 7n };
    expect(() => checkSequences(before, [ended(9n)], ADDRESSES)).to.throw(LogGapError);
  });

  it("throws when a log comes twice", () => {
    expect(() => checkSequences(NO_LOGS, [added(1n), added(1n)], ADDRESSES)).to.throw(LogGapError);
  });

  it("counts what the order book tells of trades among the vault's logs", () => {
    const logs = [added(1n), executed(2n), ended(1n), added(3n), settled(4n)];
    expect(checkSequences(NO_LOGS, logs, ADDRESSES)).to.deep.include({
      marginVault: 4n,
      orderBook: 1n,
    });
  });

  it("throws when what the order book tells of a trade is missing, and names the vault", () => {
    const before = { ...NO_LOGS, marginVault: 4n };
    expect(() => checkSequences(before, [executed(6n)], ADDRESSES))
      .to.throw(LogGapError)
      .that.deep.includes({ address: "0xaa", expected: 5n, actual: 6n });
  });

  it("counts each contract by itself and passes over logs without a number", () => {
    const transfer = eventLog("liquidityVault", "OperatorSet", [
      ADDRESSES.marginVault,
      ADDRESSES.orderBook,
      true,
    ]);
    const logs = [added(1n), ended(1n), transfer, added(2n)];
    expect(checkSequences(NO_LOGS, logs, ADDRESSES)).to.deep.equal({
      marginVault: 2n,
      orderBook: 1n,
      liquidityVault: 0n,
      mandateBook: 0n,
      orders: 0n,
    });
  });
});
