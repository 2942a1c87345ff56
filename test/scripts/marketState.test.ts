import { expect } from "chai";

import { applyLogs, EMPTY_STATE } from "../../scripts/chain/marketState.ts";
import { eventLog, mandateLog } from "../fixtures/marketLogs.ts";
import { WAD } from "../fixtures/snapshots.ts";

const ACCOUNT = "0x00000000000000000000000000000000000000A1";
const OTHER = "0x00000000000000000000000000000000000000b2";

const closed = (positionId: bigint) => eventLog("marginVault", "PositionClosed", [positionId, 1n]);
const updated = (positionId: bigint, size: bigint, margin = 70n) =>
  eventLog("marginVault", "PositionUpdated", [
    positionId,
    1n,
    size,
    -60n,
    1_000n,
    2n,
    0n,
    30n,
    margin,
    50n,
    3n,
    ACCOUNT,
    -4n,
  ]);

const ORDER = [0xa1n, 90n, 5n, 80n, 1_000n, 0n, 40n, 0n, 500_000n, 2n, 4n];

const submitted = (orderId: bigint) =>
  eventLog("orderBook", "OrderSubmitted", [orderId, orderId, ACCOUNT, 1n, ORDER]);

describe("applyLogs", () => {
  it("leaves the state it is given as it is", () => {
    applyLogs(EMPTY_STATE, [updated(1n, 5n), submitted(2n)]);
    expect(EMPTY_STATE.positions.size).to.equal(0);
    expect(EMPTY_STATE.orders.size).to.equal(0);
  });

  describe("given positions", () => {
    it("keeps all that is stored of one", () => {
      expect(applyLogs(EMPTY_STATE, [updated(1n, 5n)]).positions.get(1n)).to.deep.equal({
        size: 5n,
        openNotional: -60n,
        margin: 70n,
        reserve: 50n,
        fundingIndex: -4n,
        borrowIndex: 3n,
        priceTime: 1_000n,
        cooldown: 30n,
        termsId: 2n,
      });
    });

    it("follows margin that is added and removed", () => {
      const added = eventLog("marginVault", "MarginAdded", [1n, OTHER, 2n, 5n, 75n]);
      const removed = eventLog("marginVault", "MarginRemoved", [
        1n,
        OTHER,
        3n,
        15n,
        60n,
        1_000n,
        1_000n,
      ]);
      const once = applyLogs(EMPTY_STATE, [updated(1n, 5n), added]);
      expect(once.positions.get(1n)?.margin).to.equal(75n);
      expect(applyLogs(once, [removed]).positions.get(1n)?.margin).to.equal(60n);
    });

    it("forgets one that has closed, and watches one that opens after it", () => {
      const logs = [updated(1n, 5n), closed(1n), updated(3n, -2n)];
      expect([...applyLogs(EMPTY_STATE, logs).positions.keys()]).to.deep.equal([3n]);
    });
  });

  describe("given mandates", () => {
    const book = (name: string, ...values: unknown[]) => eventLog("mandateBook", name, values);
    const rescued = (pulled: bigint) =>
      eventLog("marginVault", "PositionRescued", [
        1n,
        ACCOUNT,
        OTHER,
        2n,
        900n,
        4_000n,
        0n,
        5n,
        4n,
        pulled,
        1n,
        99n,
      ]);
    const opened = [
      updated(1n, 5n),
      updated(2n, 5n),
      mandateLog(1n, ACCOUNT),
      mandateLog(2n, ACCOUNT),
    ];
    const idsAfter = (...logs: Parameters<typeof applyLogs>[1][number][]) => [
      ...applyLogs(EMPTY_STATE, [...opened, ...logs]).mandates.keys(),
    ];

    it("keeps all that is stored of one, in WAD", () => {
      expect(applyLogs(EMPTY_STATE, opened).mandates.get(1n)).to.deep.equal({
        owner: ACCOUNT,
        capLeft: 500n,
        triggerRatio: (12n * WAD) / 10n,
        targetRatio: 2n * WAD,
        minInterval: 60n,
        rescuedAt: 7n,
        expiry: 9_000n,
        maxKeeperFee: 3n * WAD,
        round: 0n,
      });
    });

    it("takes from one what a rescue pulled, in the second of its block", () => {
      const state = applyLogs(EMPTY_STATE, opened);
      const used = applyLogs(state, [rescued(200n)], 4_005n);
      expect(used.mandates.get(1n)).to.deep.include({ capLeft: 300n, rescuedAt: 4_005n });
      expect(used.positions.get(1n)?.margin).to.equal(99n);
      expect(state.mandates.get(1n)).to.deep.include({ capLeft: 500n, rescuedAt: 7n });
    });

    it("takes the time of its price for that of a rescue in a block of which no time is known", () => {
      const used = applyLogs(applyLogs(EMPTY_STATE, opened), [rescued(200n)]);
      expect(used.mandates.get(1n)?.rescuedAt).to.equal(4_000n);
    });

    it("forgets those that are taken back, one by one and all at once", () => {
      expect(idsAfter(book("MandateRevoked", 1n, ACCOUNT, 3n))).to.deep.equal([2n]);
      expect(idsAfter(book("AllMandatesRevoked", OTHER, 3n, 1n))).to.deep.equal([1n, 2n]);
      const all = book("AllMandatesRevoked", ACCOUNT, 3n, 1n);
      expect(idsAfter(all)).to.deep.equal([]);
      expect(idsAfter(all, mandateLog(2n, ACCOUNT, 1n))).to.deep.equal([2n]);
      expect(idsAfter(mandateLog(2n, ACCOUNT, 1n), all)).to.deep.equal([2n]);
    });

    it("forgets that of a position which closes or goes to somebody else", () => {
      expect(idsAfter(closed(2n))).to.deep.equal([1n]);
      const transferred = eventLog("marginVault", "PositionTransferred", [2n, ACCOUNT, OTHER, 3n]);
      expect(idsAfter(transferred)).to.deep.equal([1n]);
      expect(idsAfter(transferred, mandateLog(2n, OTHER))).to.deep.equal([1n, 2n]);
    });
  });

  describe("given terms", () => {
    it("reads them out of their two words", () => {
      // From the lowest bit: ratios in steps of 1e-9, 32 bits each; amounts in steps of 1e-6, 48 bits; the cool-off in 16.
      const ratios = [40_000_000n, 15_000_000n, 5_000_000n, 500_000n, 1_250_000_000n];
      const [minMaintenance, minMargin] = [5_000_000n, 10_000_000n];
      const [minReserveRatio, cooldown] = [100_000_000n, 30n];
      const amounts = [1_000_000n, 500_000_000n, 50_000_000n];
      const pack = (values: readonly bigint[], bits: bigint) =>
        values.reduce((word, value, slot) => word | (value << (bits * BigInt(slot))), 0n);
      const margins = pack(ratios, 32n) | (minMaintenance << 160n) | (minMargin << 208n);
      const trades = minReserveRatio | (cooldown << 32n) | (pack(amounts, 48n) << 48n);
      const words = [margins, trades];
      const log = eventLog("marginVault", "TermsStored", [1n, 2n, ...words]);
      expect(applyLogs(EMPTY_STATE, [log]).terms.get(2n)).to.deep.equal({
        initialMarginRatio: WAD / 25n,
        maintenanceMarginRatio: (15n * WAD) / 1000n,
        liquidationFeeRatio: WAD / 200n,
        positionFeeRatio: WAD / 2000n,
        liquidationTarget: (5n * WAD) / 4n,
        minReserveRatio: WAD / 10n,
        liquidationCooldown: 30n,
        keeperFeeFloor: WAD,
        keeperFeeCap: 500n * WAD,
        minMaintenance: 5n * WAD,
        minMargin: 10n * WAD,
        minNotional: 50n * WAD,
      });
    });
  });

  describe("given orders", () => {
    it("keeps an order with the position it acts on", () => {
      expect(applyLogs(EMPTY_STATE, [submitted(2n)]).orders.get(2n)).to.deep.equal({
        orderId: 2n,
        positionId: 2n,
        account: ACCOUNT,
        subject: 0xa1n,
        acceptablePrice: 90n,
        sizeDelta: 5n,
        margin: 80n,
        submittedAt: 1_000n,
        expiry: 0n,
        reserve: 40n,
        triggerPrice: 0n,
        keeperFeeE6: 500_000n,
        termsId: 2n,
        traits: 4n,
      });
    });

    it("forgets orders that were executed or cancelled", () => {
      const logs = [
        submitted(2n),
        submitted(3n),
        submitted(4n),
        eventLog("orderBook", "OrderExecuted", [2n, OTHER, 2n, 1n, false]),
        eventLog("orderBook", "OrderCancelled", [4n, OTHER, 3n, 1n, 0n, 0n, "0x"]),
      ];
      expect([...applyLogs(EMPTY_STATE, logs).orders.keys()]).to.deep.equal([3n]);
    });
  });

  describe("given requests of the pool", () => {
    const asked = (name: string, number: bigint) =>
      eventLog("liquidityVault", name, [number, ACCOUNT, ACCOUNT, 1n, 100n]);
    const filled = (number: bigint, pending: bigint) =>
      eventLog("liquidityVault", "RedeemFulfilled", [number, ACCOUNT, 1n, 5n, 5n, 0n, pending]);

    it("keeps a redeem that was filled in part, until it is filled whole", () => {
      const part = applyLogs(EMPTY_STATE, [asked("RedeemRequested", 1n), filled(1n, 95n)]);
      expect([...part.redeems]).to.deep.equal([1n]);
      expect([...applyLogs(part, [filled(1n, 0n)]).redeems]).to.deep.equal([]);
    });

    it("forgets a deposit that was fulfilled, refunded or cancelled", () => {
      const logs = [
        asked("DepositRequested", 1n),
        asked("DepositRequested", 2n),
        asked("DepositRequested", 3n),
        asked("DepositRequested", 4n),
        eventLog("liquidityVault", "DepositFulfilled", [1n, ACCOUNT, 2n, 9n, 9n, 1n]),
        eventLog("liquidityVault", "DepositRefunded", [2n, ACCOUNT, 3n, 9n, 1n]),
        eventLog("liquidityVault", "DepositCancelled", [3n, ACCOUNT, 4n, 9n]),
      ];
      expect([...applyLogs(EMPTY_STATE, logs).deposits]).to.deep.equal([4n]);
    });
  });
});
