import { expect } from "chai";

import { attach } from "../../scripts/core/marketMath.ts";
import type { Market, Position } from "../../scripts/core/types.ts";
import { tellHistories } from "../../scripts/localnet/history.ts";
import type { Holdings } from "../../scripts/localnet/holdings.ts";
import { checkLaws, type Evidence, mergeLaws } from "../../scripts/localnet/laws.ts";
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
  mandates: [],
  walletPulls: 0n,
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

interface RescueReceipt {
  readonly equity: bigint;
  readonly keeperFee: bigint;
  readonly margin: bigint;
}

/**
 * A position of 100 of margin with a mandate of 50 that restores twice its maintenance margin of 24.5: at an equity of 22
 * it pulls 49 − 22 + 1 for the keeper = 28, of which 27 become margin.
 */
function rescueEvidence(
  changes: Partial<RescueReceipt> = {},
  held: Partial<Holdings["mandates"][number]> = {},
): Evidence {
  const receipt = { equity: 22n * WAD, keeperFee: WAD, margin: 127n * WAD, ...changes };
  const logs = [
    executed(1n),
    eventLog("marginVault", "PositionIncreased", [
      1n,
      ACCOUNT,
      1n,
      WAD,
      WAD,
      WAD,
      1n,
      0n,
      100n * WAD,
      50n * WAD,
    ]),
    left(100n * WAD),
    eventLog("marginVault", "PositionRescued", [
      1n,
      ACCOUNT,
      KEEPER,
      3n,
      980n * WAD,
      300n,
      0n,
      receipt.equity,
      (49n * WAD) / 2n,
      28n * WAD,
      receipt.keeperFee,
      receipt.margin,
    ]),
  ];
  const mandate = {
    positionId: 1n,
    cap: 50n * WAD,
    capLeft: 22n * WAD,
    pulled: 28n * WAD,
    targetRatio: 2n * WAD,
    ...held,
  };
  const holdings = { ...HOLDINGS, mandates: [mandate], walletPulls: 28n * WAD };
  return { holdings, state: stateOf({}), logs, histories: tellHistories(logs) };
}

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

  it("LAW-14 breaks when a rescue paid its keeper less than the floor", () => {
    expect(broken(rescueEvidence({ keeperFee: WAD - 1n }))).to.include("LAW-14");
  });

  it("RESCUE laws hold where a mandate did what it should", () => {
    expect(broken(rescueEvidence())).to.deep.equal([]);
  });

  it("RESCUE-1 breaks when a mandate pulled more than its cap, or what is left was miscounted", () => {
    // 28 were pulled.
    expect(broken(rescueEvidence({}, { cap: 28n * WAD - 1n, capLeft: -1n }))).to.include(
      "RESCUE-1",
    );
    expect(broken(rescueEvidence({}, { capLeft: 22n * WAD + 1n }))).to.deep.equal(["RESCUE-1"]);
    expect(
      broken(rescueEvidence({}, { pulled: 28n * WAD - 1n, capLeft: 22n * WAD + 1n })),
    ).to.deep.equal(["RESCUE-1"]);
  });

  it("RESCUE-1 breaks when something was pulled without a mandate", () => {
    const evidence = rescueEvidence();
    const holdings = { ...evidence.holdings, mandates: [] };
    expect(broken({ ...evidence, holdings })).to.include("RESCUE-1");
  });

  it("RESCUE-2 breaks when a rescue left its position a wei below its target", () => {
    expect(broken(rescueEvidence({ equity: 22n * WAD - 1n }))).to.deep.equal(["RESCUE-2"]);
  });

  it("RESCUE-3 breaks with one wei that left a wallet and did not arrive", () => {
    const evidence = rescueEvidence();
    const holdings = { ...evidence.holdings, walletPulls: 28n * WAD + 1n };
    expect(broken({ ...evidence, holdings })).to.deep.equal(["RESCUE-3"]);
    expect(broken(rescueEvidence({ margin: 127n * WAD - 1n }))).to.deep.equal(["RESCUE-3"]);
  });

  it("RESCUE-4 breaks when liquidations and rescues took more than margin and cap", () => {
    // Margin 100, cap 50; 1 went to the keeper of the rescue, so liquidations may have taken 149.
    const evidence = rescueEvidence();
    const taking = (seized: bigint) => ({
      ...evidence,
      histories: evidence.histories.map((history) => ({ ...history, seized })),
    });
    expect(broken(taking(149n * WAD))).to.deep.equal([]);
    expect(broken(taking(149n * WAD + 1n))).to.deep.equal(["RESCUE-4"]);
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

describe("mergeLaws", () => {
  it("lets a law hold where it holds in every market", () => {
    const law = (name: string, holds: boolean) => ({ name, says: name, holds });
    const merged = mergeLaws([
      [law("A", true), law("B", true)],
      [law("A", true), law("B", false)],
    ]);
    expect(merged.map(({ holds }) => holds)).to.deep.equal([true, false]);
  });
});
