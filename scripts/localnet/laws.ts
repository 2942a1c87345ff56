import type {
  PositionLiquidatedEvent,
  PositionRescuedEvent,
  PositionUpdatedEvent,
} from "../../types/ethers-contracts/contracts/interfaces/IMarginVault.ts";
import type { PositionSettledEvent } from "../../types/ethers-contracts/contracts/interfaces/IOrderBook.ts";
import type { MarketLog } from "../chain/logs.ts";
import { attach } from "../core/marketMath.ts";
import { equity, gain, maintenanceMargin, notional } from "../core/positionMath.ts";
import type { MarketState } from "../core/snapshot.ts";
import type { Market } from "../core/types.ts";
import { mulWadUp } from "../core/wadMath.ts";
import type { History } from "./history.ts";
import type { Holdings } from "./holdings.ts";
import { sumOf } from "./stats.ts";

/** A law of the protocol and whether the chain keeps it. */
export interface LawResult {
  readonly name: string;
  readonly says: string;
  readonly holds: boolean;
}

/** What laws are checked against. */
export interface Evidence {
  readonly holdings: Holdings;
  readonly state: MarketState;
  readonly logs: readonly MarketLog[];
  readonly histories: readonly History[];
}

type Law = Omit<LawResult, "holds"> & { readonly check: (evidence: Evidence) => boolean };

/** Logs that tell the margin a position then holds. */
const MARGIN_LOGS = new Set(["PositionUpdated", "MarginAdded", "MarginRemoved", "PositionRescued"]);

/** Logs of what earns a keeper a fee out of a box. */
const PAID = new Set(["PositionLiquidated", "PositionRescued", "PositionSettled"]);

const LAWS: readonly Law[] = [
  {
    name: "LAW-1",
    says: "MarginVault holds at least all margins, escrows and claims",
    check: ({ holdings: { market, vault } }) =>
      vault.balance >= market.totalMargin + vault.escrows + vault.claimable,
  },
  {
    name: "LAW-2",
    says: "LiquidityVault holds at least all reserves, pending deposits and claims",
    check: ({ holdings: { pool } }) => pool.balance >= pool.reserved + pool.owed,
  },
  {
    name: "LAW-3",
    says: "tokens in = tokens out + tokens held, and every wei held belongs to somebody",
    check: conserves,
  },
  {
    name: "LAW-4",
    says: "stored sums equal the sums over all positions",
    check: ({ holdings }) => sumsMatch(holdings),
  },
  {
    name: "LAW-6",
    says: "only unhealthy positions were liquidated; what was left stood at its target",
    check: liquidationsWereDue,
  },
  {
    name: "LAW-7",
    says: "no position was paid more than it paid in and its reserve",
    check: ({ histories }) =>
      histories.every((one) => one.paidOut <= one.paidIn + one.reserveAdded),
  },
  {
    name: "LAW-14",
    says: "every liquidation, rescue and cap paid its keeper at least the floor",
    check: keepersWerePaid,
  },
  {
    name: "LAW-15",
    says: "every order ended once or still waits",
    check: ordersEnded,
  },
  {
    name: "LAW-16",
    says: "spot prices never went back in time",
    check: ({ logs }) =>
      spotTimes(logs).every((time, index, all) => time >= (all[index - 1] ?? 0n)),
  },
  {
    name: "RESCUE-1",
    says: "no mandate pulled more than its cap; what is left of each is stored to the wei",
    check: capsHold,
  },
  {
    name: "RESCUE-2",
    says: "every rescue left its position at its target or above",
    check: rescuesReachedTarget,
  },
  {
    name: "RESCUE-3",
    says: "what mandates pulled is what the token moved out of wallets, and all of it is margin or keepers' fees",
    check: pullsAreConserved,
  },
  {
    name: "RESCUE-4",
    says: "rescues and liquidations together took no more of a position than its margin and its cap",
    check: lossesAreBounded,
  },
];

/** Put what several markets show together: a law holds where it holds in each of them. */
export function mergeLaws(results: readonly (readonly LawResult[])[]): readonly LawResult[] {
  const [first = []] = results;
  return first.map((law, index) => ({
    ...law,
    holds: results.every((laws) => laws[index]?.holds === true),
  }));
}

/** Check every law that a finished replay can show. */
export function checkLaws(evidence: Evidence): readonly LawResult[] {
  return LAWS.map(({ name, says, check }) => ({ name, says, holds: check(evidence) }));
}

function conserves({ holdings: { market, vault, pool } }: Evidence): boolean {
  const vaultOwes =
    market.totalMargin + vault.escrows + vault.claimable + market.poolDue + market.protocolDue;
  return (
    vault.received === vault.sent + vault.balance &&
    pool.received === pool.sent + pool.balance &&
    vault.balance === vaultOwes &&
    pool.balance === pool.cash + pool.owed
  );
}

function sumsMatch({ market, positions, pool }: Holdings): boolean {
  const empty: Market = {
    ...market,
    longOpenInterest: 0n,
    shortOpenInterest: 0n,
    netBasis: 0n,
    totalMargin: 0n,
  };
  const summed = positions.reduce(attach, empty);
  const reserves = sumOf(positions.map((position) => position.reserve));
  return (
    reserves === pool.reserved &&
    summed.longOpenInterest === market.longOpenInterest &&
    summed.shortOpenInterest === market.shortOpenInterest &&
    summed.netBasis === market.netBasis &&
    summed.totalMargin === market.totalMargin
  );
}

/** A receipt comes right before the log of what is left of its position. */
function liquidationsWereDue({ logs, state }: Evidence): boolean {
  return logs.every((log, index) => {
    if (log.name !== "PositionLiquidated") return true;
    const receipt = log.args as unknown as PositionLiquidatedEvent.OutputObject;
    const shrank = receipt.size > 0n ? receipt.sizeDelta < 0n : receipt.sizeDelta > 0n;
    if (receipt.equity >= receipt.maintenanceMargin) return false;
    if (receipt.size === 0n) return true;
    const rest = logs.slice(index + 1).find((next) => next.name === "PositionUpdated");
    return shrank && rest !== undefined && isAtTarget(receipt.price, rest, state);
  });
}

function isAtTarget(price: bigint, rest: MarketLog, state: MarketState): boolean {
  const left = rest.args as unknown as PositionUpdatedEvent.OutputObject;
  const terms = state.terms.get(left.termsId);
  if (terms === undefined) return false;
  const required = maintenanceMargin({
    notional_: notional(left.size, price),
    ratio: terms.maintenanceMarginRatio + terms.liquidationFeeRatio,
    minMaintenance: terms.minMaintenance,
  });
  // Folded in this very call: nothing is owed.
  const held = equity(left, gain({ position: left, price, owed: 0n }));
  return held >= mulWadUp(required, terms.liquidationTarget);
}

function capsHold({ holdings, histories }: Evidence): boolean {
  const pulled = new Map(histories.map((history) => [history.positionId, history.pulled]));
  const mandated = new Set(holdings.mandates.map(({ positionId }) => positionId));
  return (
    histories.every((history) => history.pulled === 0n || mandated.has(history.positionId)) &&
    holdings.mandates.every(
      (mandate) =>
        mandate.pulled <= mandate.cap &&
        mandate.capLeft === mandate.cap - mandate.pulled &&
        mandate.pulled === (pulled.get(mandate.positionId) ?? 0n),
    )
  );
}

function rescuesReachedTarget({ holdings, logs }: Evidence): boolean {
  const targets = new Map(holdings.mandates.map((one) => [one.positionId, one.targetRatio]));
  return rescuesOf(logs).every((receipt) => {
    const ratio = targets.get(receipt.positionId);
    if (ratio === undefined) return false;
    const restored = receipt.equity + receipt.pulled - receipt.keeperFee;
    return restored >= mulWadUp(receipt.maintenanceMargin, ratio);
  });
}

/** Margin that came in by a rescue shows in what the position then held. */
function pullsAreConserved({ holdings, logs, histories }: Evidence): boolean {
  const receipts = rescuesOf(logs);
  const pulled = sumOf(receipts.map((receipt) => receipt.pulled));
  const fees = sumOf(receipts.map((receipt) => receipt.keeperFee));
  const told = sumOf(histories.map((history) => history.pulled - history.rescueFees));
  return pulled === holdings.walletPulls && told === pulled - fees && marginsGrewByPulls(logs);
}

function marginsGrewByPulls(logs: readonly MarketLog[]): boolean {
  const margins = new Map<bigint, bigint>();
  return logs.every(({ name, args }) => {
    if (!MARGIN_LOGS.has(name)) return true;
    const before = margins.get(BigInt(args.positionId));
    margins.set(BigInt(args.positionId), BigInt(args.margin));
    const grown = BigInt(args.margin) - (before ?? 0n);
    return name !== "PositionRescued" || grown === BigInt(args.pulled) - BigInt(args.keeperFee);
  });
}

function lossesAreBounded({ holdings, histories }: Evidence): boolean {
  const caps = new Map(holdings.mandates.map(({ positionId, cap }) => [positionId, cap]));
  return histories.every((one) => {
    const cap = caps.get(one.positionId) ?? 0n;
    const ownMargin = one.paidIn + one.rescueFees - one.pulled;
    return one.seized + one.rescueFees <= ownMargin + cap;
  });
}

function rescuesOf(logs: readonly MarketLog[]): readonly PositionRescuedEvent.OutputObject[] {
  return logs
    .filter((log) => log.name === "PositionRescued")
    .map((log) => log.args as unknown as PositionRescuedEvent.OutputObject);
}

function keepersWerePaid({ logs, state }: Evidence): boolean {
  const floor = [...state.terms.values()].reduce<bigint | undefined>(
    (least, terms) =>
      least === undefined || terms.keeperFeeFloor < least ? terms.keeperFeeFloor : least,
    undefined,
  );
  return logs
    .filter(({ name }) => PAID.has(name))
    .map((log) => log.args as unknown as PositionSettledEvent.OutputObject)
    .every((args) => floor !== undefined && args.keeperFee >= floor);
}

function ordersEnded({ holdings, logs }: Evidence): boolean {
  const ends = logs
    .filter((log) => log.name === "OrderExecuted" || log.name === "OrderCancelled")
    .map((log) => BigInt(log.args.orderId));
  const ended = new Set(ends);
  const stored = holdings.storedOrders;
  const total = BigInt(ended.size + stored.size);
  return ends.length === ended.size && total === holdings.orderCount && disjoint(ended, stored);
}

function disjoint(a: ReadonlySet<bigint>, b: ReadonlySet<bigint>): boolean {
  return [...a].every((id) => !b.has(id));
}

/** Observation times of every price that was used as the price of now, in the order of the chain. */
function spotTimes(logs: readonly MarketLog[]): readonly bigint[] {
  const spot = new Set(["PositionLiquidated", "PositionRescued", "RequestsPriced"]);
  return logs.filter((log) => spot.has(log.name)).map((log) => BigInt(log.args.observedAt));
}
