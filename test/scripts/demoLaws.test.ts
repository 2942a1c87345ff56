import { expect } from "chai";

import { attach } from "../../scripts/core/marketMath.ts";
import type { Market, Position } from "../../scripts/core/types.ts";
import { tellHistories } from "../../scripts/localnet/history.ts";
import type { Holdings } from "../../scripts/localnet/holdings.ts";
import { checkLaws, type Evidence } from "../../scripts/localnet/laws.ts";
import { eventLog } from "../fixtures/marketLogs.ts";
import { stateOf, WAD } from "../fixtures/snapshots.ts";

const ACCOUNT = "0x00000000000000000000000000000000000000A1";
const KEEPER = "0x00000000000000000000000000000000000000b2";

/** A long of 2 at 2,000 in all; 500 of margin and 300 of reserve. */
const POSITION: Position = {
  size: 2n * WAD,
  openNotional: 2000n * WAD,
  priceTime: 100n,
  termsId: 1n,
  traits: 0n,
  cooldown: 0n,
  margin: 500n * WAD,
  reserve: 300n * WAD,
  borrowIndex: 5n,
  owner: ACCOUNT,
  fundingIndex: -7n,
};

const EMPTY: Market = {
  longOpenInterest: 0n,
  shortOpenInterest: 0n,
  clock: 0n,
  fundingIndex: 0n,
  borrowIndex: 0n,
  accruedAt: 0n,
  fundingVelocity: 0n,
  borrowRate: 0n,
  referencePrice: 0n,
  netBasis: 0n,
  totalMargin: 0n,
  lastPrice: 0n,
  sequence: 0n,
  poolDue: 20n,
  protocolDue: 3n,
};

/** 500 of margin, 40 + 10 of escrow and claims, 20 + 3 due: 500 WAD and 73 wei. */
const HOLDINGS: Holdings = {
  market: attach(EMPTY, POSITION),
  positions: [POSITION],
  orderCount: 2n,
  storedOrders: new Set([2n]),
  vault: {
    balance: 500n * WAD + 73n,
    received: 600n * WAD + 73n,
    sent: 100n * WAD,
    escrows: 40n,
    claimable: 10n,
  },
  pool: {
    balance: 1000n * WAD,
    received: 1500n * WAD,
    sent: 500n * WAD,
    cash: 900n * WAD,
    reserved: 300n * WAD,
    owed: 100n * WAD,
  },
};

const executed = (orderId: bigint) =>
  eventLog("orderBook", "OrderExecuted", [orderId, KEEPER, 1n, 1n, false]);

interface Receipt {
  readonly observedAt: bigint;
  readonly equity: bigint;
  readonly keeperFee: bigint;
}

/** Half of a long of 2 at 1,000 each is liquidated at 980. */
const liquidated = (changes: Partial<Receipt> = {}) => {
  const receipt = { observedAt: 300n, equity: 40n * WAD, keeperFee: 2n * WAD, ...changes };
  return eventLog("marginVault", "PositionLiquidated", [
    1n,
    ACCOUNT,
    KEEPER,
    1n,
    980n * WAD,
    receipt.observedAt,
    0n,
    receipt.equity,
    49n * WAD,
    -WAD,
    WAD,
    980n * WAD,
    3n * WAD,
    receipt.keeperFee,
    0n,
    0n,
    0n,
  ]);
};

/** What is left: 1 at 1,000, so equity is `margin` − 20 at 980. */
const left = (margin: bigint) =>
  eventLog("marginVault", "PositionUpdated", [
    1n,
    2n,
    WAD,
    1000n * WAD,
    300n,
    1n,
    0n,
    30n,
    margin,
    150n * WAD,
    0n,
    ACCOUNT,
    0n,
  ]);

// Maintenance of 980 is 24.5, the target 1.25 times that: 30.625.
const AT_TARGET = (50_625n * WAD) / 1000n;

const EVIDENCE: Evidence = {
  holdings: HOLDINGS,
  state: stateOf({}),
  logs: [executed(1n), liquidated(), left(AT_TARGET)],
  histories: [],
};

function broken(evidence: Partial<Evidence>): readonly string[] {
  return checkLaws({ ...EVIDENCE, ...evidence })
    .filter((law) => !law.holds)
    .map((law) => law.name);
}

const holding = (changes: Partial<Holdings>) => ({ holdings: { ...HOLDINGS, ...changes } });
const vault = (changes: Partial<Holdings["vault"]>) =>
  holding({ vault: { ...HOLDINGS.vault, ...changes } });
const pool = (changes: Partial<Holdings["pool"]>) =>
  holding({ pool: { ...HOLDINGS.pool, ...changes } });

describe("checkLaws", () => {
  it("finds nothing where all is well", () => {
    expect(broken({})).to.deep.equal([]);
  });

  it("LAW-1 breaks when margins, escrows and claims are not covered", () => {
    // 50 wei of escrow and claims, beside the margins.
    expect(broken(vault({ balance: 500n * WAD + 49n }))).to.include("LAW-1");
    expect(broken(vault({ balance: 500n * WAD + 50n }))).to.not.include("LAW-1");
  });

  it("LAW-2 breaks when reserves and pending deposits are not covered", () => {
    expect(broken(pool({ balance: 400n * WAD - 1n }))).to.include("LAW-2");
    expect(broken(pool({ balance: 400n * WAD }))).to.not.include("LAW-2");
  });

  it("LAW-3 breaks with one wei, wherever it is", () => {
    expect(broken(vault({ balance: 500n * WAD + 74n }))).to.deep.equal(["LAW-3"]);
    expect(broken(vault({ received: 600n * WAD }))).to.deep.equal(["LAW-3"]);
    expect(broken(vault({ escrows: 39n }))).to.deep.equal(["LAW-3"]);
    expect(broken(pool({ sent: 500n * WAD + 1n }))).to.deep.equal(["LAW-3"]);
    expect(broken(pool({ cash: 900n * WAD + 1n }))).to.deep.equal(["LAW-3"]);
  });

  it("LAW-4 breaks with every sum that is off by one", () => {
    const { market } = HOLDINGS;
    for (const key of ["longOpenInterest", "shortOpenInterest", "netBasis"] as const) {
      const off = { ...market, [key]: market[key] + 1n };
      expect(broken(holding({ market: off })), key).to.deep.equal(["LAW-4"]);
    }
    expect(broken(pool({ reserved: 300n * WAD - 1n }))).to.deep.equal(["LAW-4"]);
    expect(broken(holding({ positions: [] }))).to.deep.equal(["LAW-4"]);
  });

  it("LAW-6 breaks when a healthy position was liquidated", () => {
    const logs = [executed(1n), liquidated({ equity: 49n * WAD }), left(AT_TARGET)];
    expect(broken({ logs })).to.deep.equal(["LAW-6"]);
  });

  it("LAW-6 breaks when what was left is a wei below its target", () => {
    const logs = [executed(1n), liquidated(), left(AT_TARGET - 1n)];
    expect(broken({ logs })).to.deep.equal(["LAW-6"]);
  });

  it("LAW-7 breaks when a position was paid more than its box held", () => {
    const increased = eventLog("marginVault", "PositionIncreased", [
      1n,
      ACCOUNT,
      1n,
      WAD,
      WAD,
      WAD,
      1n,
      0n,
      100n,
      50n,
    ]);
    const paid = (amount: bigint) =>
      eventLog("marginVault", "PositionDecreased", [
        1n,
        ACCOUNT,
        1n,
        -WAD,
        WAD,
        WAD,
        2n,
        0n,
        0n,
        amount,
      ]);
    expect(broken({ histories: tellHistories([increased, paid(150n)]) })).to.deep.equal([]);
    expect(broken({ histories: tellHistories([increased, paid(151n)]) })).to.deep.equal(["LAW-7"]);
  });

  it("LAW-14 breaks when a keeper was paid less than the floor", () => {
    const logs = [executed(1n), liquidated({ keeperFee: WAD - 1n }), left(AT_TARGET)];
    expect(broken({ logs })).to.deep.equal(["LAW-14"]);
  });

  it("LAW-15 breaks when an order ended twice, never, or is still stored", () => {
    const rest = [liquidated(), left(AT_TARGET)];
    expect(broken({ logs: rest })).to.deep.equal(["LAW-15"]);
    expect(broken({ logs: [executed(1n), executed(1n), ...rest] })).to.deep.equal(["LAW-15"]);
    expect(broken({ logs: [executed(1n), executed(2n), ...rest] })).to.deep.equal(["LAW-15"]);
  });

  it("LAW-16 breaks when a price of now was older than one before it", () => {
    const older = [liquidated({ observedAt: 299n }), left(AT_TARGET)];
    expect(broken({ logs: [...EVIDENCE.logs, ...older] })).to.deep.equal(["LAW-16"]);
  });
});
