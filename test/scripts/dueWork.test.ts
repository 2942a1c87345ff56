import { expect } from "chai";

import {
  dueMarketOrders,
  dueRequests,
  liquidatablePositions,
  positionsAtCap,
  reachedTriggers,
  triggersBehindLapsed,
} from "../../scripts/core/dueWork.ts";
import type { PriceProof } from "../../scripts/core/priceProof.ts";
import type { Round } from "../../scripts/core/rounds.ts";
import type { Snapshot, WaitingOrder } from "../../scripts/core/snapshot.ts";
import { NOW, orderOf, positionOf, snapshotOf, stateOf, WAD } from "../fixtures/snapshots.ts";

const LIMIT = 1n;
const STOP = 2n;
const REDUCE_ONLY = 8n;
const FEE_FROM_MARGIN = 16n;

const round = (roundId: bigint, updatedAt: bigint): Round => ({
  roundId,
  answer: 1n,
  updatedAt,
});

const rounds = (index: bigint, quote = 0n): PriceProof => ({ kind: "rounds", index, quote });

/** Position 1 open, and orders waiting. */
const withOrders = (...orders: WaitingOrder[]) =>
  stateOf({ positions: [[1n, positionOf()]], orders });

/** A stop-loss of position 1 at 990. */
const exit = (changes: Partial<WaitingOrder>): WaitingOrder =>
  orderOf(8n, {
    positionId: 1n,
    subject: 1n,
    sizeDelta: -WAD,
    triggerPrice: 990n * WAD,
    expiry: 20_000n,
    traits: STOP | REDUCE_ONLY | FEE_FROM_MARGIN,
    ...changes,
  });

describe("dueMarketOrders", () => {
  // Submitted at 9,988, so T = 9,990; served by rounds up to 10,050; the window is 60 s.
  const state = withOrders(orderOf(7n));

  it("waits while no round has come", () => {
    const indexRounds = [round(1n, 9_900n)];
    expect(dueMarketOrders(snapshotOf({ state, indexRounds }))).to.deep.equal([]);
  });

  it("waits until the second of the round is over", () => {
    const indexRounds = [round(1n, 9_900n), round(2n, NOW)];
    expect(dueMarketOrders(snapshotOf({ state, indexRounds }))).to.deep.equal([]);
    const later = snapshotOf({ state, indexRounds, now: NOW + 1n });
    expect(dueMarketOrders(later)).to.have.length(1);
  });

  it("takes the first round at or after T, and of one second the last", () => {
    const indexRounds = [
      round(1n, 9_989n),
      round(2n, 9_990n),
      round(3n, 9_990n),
      round(4n, 9_995n),
    ];
    expect(dueMarketOrders(snapshotOf({ state, indexRounds }))).to.deep.equal([
      { proof: rounds(3n), orderIds: [7n] },
    ]);
  });

  it("leaves an order alone once its window has passed", () => {
    const indexRounds = [round(1n, 9_900n), round(2n, 9_990n)];
    const last = snapshotOf({ state, indexRounds, now: 10_050n });
    expect(dueMarketOrders(last)).to.have.length(1);
    const after = snapshotOf({ state, indexRounds, now: 10_051n });
    expect(dueMarketOrders(after)).to.deep.equal([]);
  });

  it("lets the window begin anew when the sequencer was down", () => {
    const indexRounds = [round(1n, 9_900n), round(2n, 9_990n)];
    const snapshot = snapshotOf({ state, indexRounds, now: 10_100n, upSince: 10_080n });
    expect(dueMarketOrders(snapshot)).to.have.length(1);
  });

  it("does nothing while the sequencer is down", () => {
    const indexRounds = [round(1n, 9_900n), round(2n, 9_990n)];
    expect(dueMarketOrders(snapshotOf({ state, indexRounds, upSince: undefined }))).to.be.empty;
  });

  describe("given no round within the wait", () => {
    const indexRounds = [round(1n, 9_900n)];

    it("takes the round in force, from the second after the wait on", () => {
      expect(dueMarketOrders(snapshotOf({ state, indexRounds, now: 10_050n }))).to.be.empty;
      expect(dueMarketOrders(snapshotOf({ state, indexRounds, now: 10_051n }))).to.deep.equal([
        { proof: rounds(1n), orderIds: [7n] },
      ]);
    });

    it("takes it even when a round has come after the wait", () => {
      const more = [...indexRounds, round(2n, 10_060n)];
      const snapshot = snapshotOf({ state, indexRounds: more, now: 10_061n });
      expect(dueMarketOrders(snapshot)[0]?.proof).to.deep.equal(rounds(1n));
    });

    it("knows no price where the quote changed within the wait", () => {
      const quoteRounds = [round(50n, 9_800n), round(51n, 10_000n)];
      const input = { state, indexRounds, quoteRounds, hasQuoteFeed: true };
      expect(dueMarketOrders(snapshotOf({ ...input, now: 10_051n }))).to.be.empty;
    });
  });

  it("proves the quote that was in force at the index round", () => {
    const indexRounds = [round(1n, 9_900n), round(2n, 9_992n)];
    const quoteRounds = [round(50n, 9_800n), round(51n, 9_992n), round(52n, 9_993n)];
    const snapshot = snapshotOf({ state, indexRounds, quoteRounds, hasQuoteFeed: true });
    expect(dueMarketOrders(snapshot)[0]?.proof).to.deep.equal(rounds(2n, 51n));
  });

  it("batches orders by round, in the order of their ids", () => {
    const indexRounds = [round(1n, 9_900n), round(2n, 9_991n), round(3n, 9_997n)];
    const orders = [
      orderOf(9n),
      orderOf(8n, { submittedAt: 9_994n }),
      orderOf(7n, { submittedAt: 9_987n }),
    ];
    const snapshot = snapshotOf({ state: withOrders(...orders), indexRounds });
    expect(dueMarketOrders(snapshot)).to.deep.equal([
      { proof: rounds(2n), orderIds: [7n, 9n] },
      { proof: rounds(3n), orderIds: [8n] },
    ]);
  });

  it("leaves an order alone whose position is gone", () => {
    const indexRounds = [round(1n, 9_900n), round(2n, 9_992n)];
    const close = orderOf(8n, { positionId: 3n, subject: 3n, traits: REDUCE_ONLY });
    expect(dueMarketOrders(snapshotOf({ state: withOrders(close), indexRounds }))).to.be.empty;
  });
});

describe("reachedTriggers", () => {
  const at = (price: bigint, order: WaitingOrder, observedAt = 9_995n) =>
    reachedTriggers(
      snapshotOf({ state: withOrders(order), spot: { price: price * WAD, observedAt } }),
    );

  it("releases a stop that sells at or below its trigger", () => {
    expect(at(991n, exit({}))).to.be.empty;
    expect(at(990n, exit({}))).to.deep.equal([8n]);
    expect(at(500n, exit({}))).to.deep.equal([8n]);
  });

  it("releases a limit that sells at or above its trigger", () => {
    const profit = exit({ traits: LIMIT | REDUCE_ONLY | FEE_FROM_MARGIN });
    expect(at(989n, profit)).to.be.empty;
    expect(at(990n, profit)).to.deep.equal([8n]);
  });

  it("mirrors both for an order that buys", () => {
    expect(at(991n, exit({ sizeDelta: WAD }))).to.deep.equal([8n]);
    expect(at(989n, exit({ sizeDelta: WAD }))).to.be.empty;
    expect(at(989n, exit({ sizeDelta: WAD, traits: LIMIT }))).to.deep.equal([8n]);
  });

  it("waits for a price that is newer than the order", () => {
    expect(at(900n, exit({}), 9_989n)).to.be.empty;
    expect(at(900n, exit({}), 9_990n)).to.deep.equal([8n]);
  });

  it("leaves an expired order alone", () => {
    expect(at(900n, exit({ expiry: NOW }))).to.deep.equal([8n]);
    expect(at(900n, exit({ expiry: NOW - 1n }))).to.be.empty;
  });

  it("leaves an exit alone whose position still waits to open, or is gone", () => {
    expect(at(900n, exit({ positionId: 3n }))).to.be.empty;
    const opener = orderOf(3n);
    const spot = { price: 900n * WAD, observedAt: 9_995n };
    const state = withOrders(opener, exit({ positionId: 3n }));
    expect(reachedTriggers(snapshotOf({ state, spot }))).to.be.empty;
  });

  it("leaves one alone while a market order of its position waits", () => {
    const spot = { price: 900n * WAD, observedAt: 9_995n };
    const ofAnother = orderOf(6n, { positionId: 2n, subject: 2n, traits: 0n });
    const opening = orderOf(5n);
    const waiting = withOrders(opening, ofAnother, exit({}));
    expect(reachedTriggers(snapshotOf({ state: waiting, spot }))).to.deep.equal([8n]);
    const held = withOrders(orderOf(7n, { positionId: 1n, subject: 1n, traits: 0n }), exit({}));
    expect(reachedTriggers(snapshotOf({ state: held, spot }))).to.be.empty;
  });

  it("does nothing without a price, or with one older than the market's clock", () => {
    const state = withOrders(exit({ triggerPrice: 2000n * WAD }));
    expect(reachedTriggers(snapshotOf({ state, spot: undefined }))).to.be.empty;
    const spot = { price: WAD, observedAt: 8_999n };
    expect(reachedTriggers(snapshotOf({ state, spot }))).to.be.empty;
  });
});

describe("triggersBehindLapsed", () => {
  // A market order of time T lapses at T + 2 + 60 + 60, and can be cancelled a second later.
  const spot = { price: 900n * WAD, observedAt: 9_995n };
  const holder = (submittedAt: bigint) =>
    orderOf(7n, { positionId: 1n, subject: 1n, traits: 0n, submittedAt });
  const behind = (order: WaitingOrder, changes: Partial<Snapshot> = {}) =>
    triggersBehindLapsed(snapshotOf({ state: withOrders(order, exit({})), spot, ...changes }));

  it("names a stop with the market order that has lapsed before it", () => {
    expect(behind(holder(NOW - 123n))).to.deep.equal([{ orderId: 8n, lapsedOrderId: 7n }]);
    const state = withOrders(holder(NOW - 123n), exit({}));
    expect(reachedTriggers(snapshotOf({ state, spot }))).to.be.empty;
  });

  it("waits as long as that order could still fill", () => {
    expect(behind(holder(NOW - 122n))).to.be.empty;
  });

  it("counts the window from when the sequencer came back, and waits while it is down", () => {
    expect(behind(holder(9_000n), { upSince: NOW - 60n })).to.be.empty;
    expect(behind(holder(9_000n), { upSince: NOW - 61n })).to.have.length(1);
    expect(behind(holder(9_000n), { upSince: undefined })).to.be.empty;
  });

  it("names none whose price has not come", () => {
    const far = { price: 1000n * WAD, observedAt: 9_995n };
    expect(behind(holder(9_000n), { spot: far })).to.be.empty;
  });
});

describe("liquidatablePositions", () => {
  const at = (price: bigint, changes: Parameters<typeof positionOf>[0] = {}) =>
    liquidatablePositions(
      snapshotOf({
        state: stateOf({ positions: [[1n, positionOf(changes)]] }),
        spot: { price, observedAt: 9_995n },
      }),
    );

  // Equity 100 + P − 1000 meets 0.025 P at P = 900 / 0.975 = 923.0769230769230769 (23 more).
  const EDGE = 923_076_923_076_923_076_924n;

  it("finds a position one wei below its liquidation price, and not at it", () => {
    expect(at(EDGE)).to.be.empty;
    expect(at(EDGE - 2n).map((item) => item.positionId)).to.deep.equal([1n]);
  });

  it("tells what it lacks", () => {
    // At 920: equity 20, maintenance 23.
    expect(at(920n * WAD)).to.deep.equal([{ positionId: 1n, lack: 3n * WAD }]);
  });

  it("counts what funding and borrowing have cost", () => {
    // Funding 0.5 a unit of 1, and 0.002 of a reserve of 500: 1.5 in all.
    const market = {
      skew: 0n,
      fundingIndex: WAD / 2n,
      borrowIndex: WAD / 500n,
      clock: 0n,
    };
    const state = stateOf({ positions: [[1n, positionOf()]] });
    // At 924: equity 100 − 76 − 1.5 = 22.5, maintenance 23.1.
    const spot = { price: 924n * WAD, observedAt: 9_995n };
    expect(liquidatablePositions(snapshotOf({ state, market, spot }))).to.deep.equal([
      { positionId: 1n, lack: (6n * WAD) / 10n },
    ]);
  });

  it("leaves a position at its cap to be settled", () => {
    // A gain of 100 reaches the reserve of 100; with no margin equity is 100 and maintenance 27.5 of 1,100.
    expect(at(1100n * WAD, { reserve: 100n * WAD, margin: 0n })).to.be.empty;
  });

  it("waits for the cool-off, unless equity is below half of what it must be", () => {
    const cooling = { priceTime: 9_995n, cooldown: 30n };
    // At 920 equity 20 ≥ 11.5; at 910 equity 10 < 11.375.
    expect(at(920n * WAD, cooling)).to.be.empty;
    expect(at(910n * WAD, cooling)).to.have.length(1);
    expect(at(920n * WAD, { priceTime: 9_970n, cooldown: 30n })).to.have.length(1);
  });

  it("puts the one that lacks most first", () => {
    const state = stateOf({
      positions: [
        [1n, positionOf()],
        [2n, positionOf({ margin: 50n * WAD })],
        [3n, positionOf({ margin: 90n * WAD })],
      ],
    });
    const spot = { price: 920n * WAD, observedAt: 9_995n };
    const found = liquidatablePositions(snapshotOf({ state, spot }));
    expect(found.map((item) => item.positionId)).to.deep.equal([2n, 3n, 1n]);
  });

  it("takes a position whose health cannot be worked out for one to ask about, not for healthy", () => {
    const state = stateOf({
      positions: [
        [1n, positionOf({ termsId: 9n })],
        [2n, positionOf({ borrowIndex: 1n })],
        [3n, positionOf()],
      ],
    });
    const spot = { price: 920n * WAD, observedAt: 9_995n };
    expect(liquidatablePositions(snapshotOf({ state, spot }))).to.deep.equal([
      { positionId: 3n, lack: 3n * WAD },
      { positionId: 1n, lack: undefined },
      { positionId: 2n, lack: undefined },
    ]);
  });

  it("knows nothing without a price or a sequencer", () => {
    const state = stateOf({ positions: [[1n, positionOf({ margin: 0n })]] });
    const spot = { price: 1n, observedAt: 9_995n };
    expect(liquidatablePositions(snapshotOf({ state, spot: undefined }))).to.be.empty;
    expect(liquidatablePositions(snapshotOf({ state, spot, upSince: undefined }))).to.be.empty;
  });
});

describe("positionsAtCap", () => {
  it("measures the gain at the fill price of a full close", () => {
    const state = stateOf({ positions: [[1n, positionOf({ reserve: 100n * WAD })]] });
    // Closing 1 at a skew of +1 in 1,000,000 fills at P × (1 + 0.5e-6): at 1,100 that is 1,100.00055.
    const at = (price: bigint, skew: bigint) =>
      positionsAtCap(
        snapshotOf({
          state,
          spot: { price, observedAt: 9_995n },
          market: { skew, fundingIndex: 0n, borrowIndex: 0n, clock: 0n },
        }),
      );
    expect(at(1100n * WAD, WAD)).to.deep.equal([1n]);
    // With shorts in balance the close pushes the price down by half a unit of skew: not there yet.
    expect(at(1100n * WAD, 0n)).to.be.empty;
    expect(at(1101n * WAD, 0n)).to.deep.equal([1n]);
  });
});

describe("dueRequests", () => {
  it("finds a queue whose first request is due, and needs a price for it", () => {
    const due = { depositDueAt: NOW, redeemDueAt: NOW + 1n };
    expect(dueRequests(snapshotOf(due))).to.deep.equal({ deposits: true, redeems: false });
    expect(dueRequests(snapshotOf({ ...due, spot: undefined }))).to.deep.equal({
      deposits: false,
      redeems: false,
    });
  });
});
