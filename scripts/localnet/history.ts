import type {
  MarginAddedEvent,
  PositionClosedEvent,
  PositionDecreasedEvent,
  PositionIncreasedEvent,
  PositionLiquidatedEvent,
  PositionRescuedEvent,
  PositionUpdatedEvent,
  ShortfallRecordedEvent,
} from "../../types/ethers-contracts/contracts/interfaces/IMarginVault.ts";
import type {
  OrderExecutedEvent,
  OrderSubmittedEvent,
  PositionSettledEvent,
} from "../../types/ethers-contracts/contracts/interfaces/IOrderBook.ts";
import type { MarketLog } from "../chain/logs.ts";
import { isMarket } from "../core/orderMath.ts";

/** How a position ended, or that it did not. */
export type Outcome =
  | "open"
  | "closed"
  | "stopped"
  | "liquidatedPartially"
  | "liquidatedFully"
  | "cappedOut";

/** Something that happened to a position, at an index price. */
export interface Incident {
  readonly kind: Exclude<Outcome, "open"> | "opened" | "rescued";
  /** When its price was observed [s]. */
  readonly time: number;
  /** [WAD quote per base] */
  readonly price: bigint;
  /** Equity before a liquidation or a rescue [± WAD quote]. */
  readonly equity: bigint | undefined;
}

/** The life of one position, as its market's logs tell it. Amounts are WAD quote. */
export interface History {
  readonly positionId: bigint;
  readonly account: string;
  readonly outcome: Outcome;
  readonly incidents: readonly Incident[];
  /** What went into its margin, rescues included. */
  readonly paidIn: bigint;
  readonly reserveAdded: bigint;
  readonly paidOut: bigint;
  readonly shortfall: bigint;
  readonly positionFees: bigint;
  /** Taken for liquidations, the keeper's part included. */
  readonly liquidationFees: bigint;
  /** What liquidations, rescues and caps paid to keepers. */
  readonly keeperFees: bigint;
  /** How often its mandate restored it. */
  readonly rescues: number;
  /** How often it did before a liquidation was due. */
  readonly earlyRescues: number;
  /** What its mandate pulled from the wallet, keepers' fees included. */
  readonly pulled: bigint;
  /** What of that went to keepers. */
  readonly rescueFees: bigint;
  /** Margin that liquidations took and did not give back. */
  readonly seized: bigint;
}

type Draft = {
  -readonly [Key in keyof History]: Key extends "incidents" ? Incident[] : History[Key];
};

interface Fold {
  readonly histories: Map<bigint, Draft>;
  readonly sizes: Map<bigint, bigint>;
  readonly margins: Map<bigint, bigint>;
  /** What a liquidation paid out, until the log of what is left of its position comes. */
  readonly payouts: Map<bigint, bigint>;
  readonly marketOrders: Map<bigint, boolean>;
  /** Which position each order acts on. */
  readonly positionOf: Map<bigint, bigint>;
}

type Handler = (fold: Fold, args: never) => void;

const HANDLERS: Readonly<Record<string, Handler>> = {
  OrderSubmitted: noteOrder,
  OrderExecuted: concludeOrder,
  PositionIncreased: increase,
  PositionDecreased: decrease,
  PositionUpdated: update,
  PositionClosed: close,
  PositionLiquidated: liquidate,
  PositionRescued: rescue,
  PositionSettled: settle,
  MarginAdded: addMargin,
  ShortfallRecorded: recordShortfall,
};

/** Tell the life of every position from its market's logs alone, in the order of their ids. */
export function tellHistories(logs: readonly MarketLog[]): readonly History[] {
  const fold: Fold = {
    histories: new Map(),
    sizes: new Map(),
    margins: new Map(),
    payouts: new Map(),
    marketOrders: new Map(),
    positionOf: new Map(),
  };
  for (const log of logs) {
    const handler = Object.hasOwn(HANDLERS, log.name) ? HANDLERS[log.name] : undefined;
    // The log was decoded by the interface that declares these arguments.
    handler?.(fold, log.args as unknown as never);
  }
  return [...fold.histories.values()].sort((a, b) => (a.positionId < b.positionId ? -1 : 1));
}

function noteOrder(fold: Fold, args: OrderSubmittedEvent.OutputObject): void {
  fold.marketOrders.set(args.orderId, isMarket(args.order));
  fold.positionOf.set(args.orderId, args.positionId);
}

/** The position's own logs come before its order's: by now its size is known. */
function concludeOrder(fold: Fold, { orderId }: OrderExecutedEvent.OutputObject): void {
  const positionId = fold.positionOf.get(orderId) ?? 0n;
  const history = fold.histories.get(positionId);
  const last = history?.incidents.at(-1);
  if (history === undefined || last?.kind !== "closed") return;
  const kind = fold.marketOrders.get(orderId) === true ? "closed" : "stopped";
  history.incidents[history.incidents.length - 1] = { ...last, kind };
  if (fold.sizes.get(positionId) === 0n) history.outcome = kind;
}

function increase(fold: Fold, args: PositionIncreasedEvent.OutputObject): void {
  const history = historyOf(fold, args.positionId, args.account);
  history.paidIn += args.marginAdded;
  history.reserveAdded += args.reserveAdded;
  history.positionFees += args.fee;
  addIncident(history, "opened", args);
}

function decrease(fold: Fold, args: PositionDecreasedEvent.OutputObject): void {
  const history = historyOf(fold, args.positionId, args.account);
  history.paidOut += args.paidOut;
  history.positionFees += args.fee;
  addIncident(history, "closed", args);
}

function liquidate(fold: Fold, args: PositionLiquidatedEvent.OutputObject): void {
  const history = historyOf(fold, args.positionId, args.account);
  const kind = args.size === 0n ? "liquidatedFully" : "liquidatedPartially";
  history.outcome = kind;
  history.paidOut += args.paidOut;
  history.liquidationFees += args.fee;
  history.keeperFees += args.keeperFee;
  fold.payouts.set(args.positionId, args.paidOut);
  addIncident(history, kind, args);
}

function rescue(fold: Fold, args: PositionRescuedEvent.OutputObject): void {
  const history = historyOf(fold, args.positionId, args.account);
  history.rescues += 1;
  if (args.equity >= args.maintenanceMargin) history.earlyRescues += 1;
  history.pulled += args.pulled;
  history.rescueFees += args.keeperFee;
  history.keeperFees += args.keeperFee;
  history.paidIn += args.pulled - args.keeperFee;
  fold.margins.set(args.positionId, args.margin);
  addIncident(history, "rescued", args);
}

/** The position's own log of its decrease came before. */
function settle(fold: Fold, args: PositionSettledEvent.OutputObject): void {
  const history = fold.histories.get(args.positionId);
  const last = history?.incidents.at(-1);
  if (history === undefined || last === undefined) return;
  history.outcome = "cappedOut";
  history.keeperFees += args.keeperFee;
  history.incidents[history.incidents.length - 1] = { ...last, kind: "cappedOut" };
}

function addMargin(fold: Fold, args: MarginAddedEvent.OutputObject): void {
  const history = fold.histories.get(args.positionId);
  if (history !== undefined) history.paidIn += args.amount;
  fold.margins.set(args.positionId, args.margin);
}

function recordShortfall(fold: Fold, args: ShortfallRecordedEvent.OutputObject): void {
  const history = fold.histories.get(args.positionId);
  if (history !== undefined) history.shortfall += args.shortfall;
}

/** What is left of a position; right after a liquidation, what that took follows from it. */
function update(
  fold: Fold,
  {
    positionId,
    size,
    margin,
  }: Pick<PositionUpdatedEvent.OutputObject, "positionId" | "size" | "margin">,
): void {
  const history = fold.histories.get(positionId);
  const paidOut = fold.payouts.get(positionId);
  if (history !== undefined && paidOut !== undefined) {
    const before = fold.margins.get(positionId) ?? 0n;
    history.seized += before - paidOut - margin;
    fold.payouts.delete(positionId);
  }
  fold.sizes.set(positionId, size);
  fold.margins.set(positionId, margin);
}

function close(fold: Fold, { positionId }: PositionClosedEvent.OutputObject): void {
  update(fold, { positionId, size: 0n, margin: 0n });
}

function addIncident(
  history: Draft,
  kind: Incident["kind"],
  args: { readonly price: bigint; readonly observedAt: bigint; readonly equity?: bigint },
): void {
  const { price, observedAt, equity } = args;
  history.incidents.push({ kind, price, time: Number(observedAt), equity });
}

function historyOf(fold: Fold, positionId: bigint, account: string): Draft {
  const known = fold.histories.get(positionId);
  if (known !== undefined) return known;
  const history: Draft = {
    positionId,
    account,
    outcome: "open",
    incidents: [],
    paidIn: 0n,
    reserveAdded: 0n,
    paidOut: 0n,
    shortfall: 0n,
    positionFees: 0n,
    liquidationFees: 0n,
    keeperFees: 0n,
    rescues: 0,
    earlyRescues: 0,
    pulled: 0n,
    rescueFees: 0n,
    seized: 0n,
  };
  fold.histories.set(positionId, history);
  return history;
}
