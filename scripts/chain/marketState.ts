import type {
  DepositRequestedEvent,
  RedeemFulfilledEvent,
} from "../../types/ethers-contracts/contracts/interfaces/ILiquidityVault.ts";
import type {
  MarginAddedEvent,
  PositionClosedEvent,
  PositionUpdatedEvent,
  TermsStoredEvent,
} from "../../types/ethers-contracts/contracts/interfaces/IMarginVault.ts";
import type { OrderSubmittedEvent } from "../../types/ethers-contracts/contracts/interfaces/IOrderBook.ts";
import type { MarketState, OpenPosition, WaitingOrder } from "../core/snapshot.ts";
import { unpackTerms } from "../core/termsMath.ts";
import type { Terms } from "../core/types.ts";
import type { MarketLog } from "./logs.ts";

/** A market before its first log. */
export const EMPTY_STATE: MarketState = {
  positions: new Map(),
  orders: new Map(),
  terms: new Map(),
  deposits: new Set(),
  redeems: new Set(),
};

/** What handlers write to, however it is stored. */
export interface Table<Value> {
  readonly get: (key: bigint) => Value | undefined;
  readonly set: (key: bigint, value: Value) => unknown;
  readonly delete: (key: bigint) => unknown;
}

/** What each table holds, by its name. */
export interface Tables {
  readonly positions: OpenPosition;
  readonly orders: WaitingOrder;
  readonly terms: Terms;
  readonly deposits: true;
  readonly redeems: true;
}

/** Everything of one market that logs tell, open to writes. */
export type MarketTables = { readonly [Name in keyof Tables]: Table<Tables[Name]> };

type Draft = MarketTables;

type OrderEnd = Pick<OrderSubmittedEvent.OutputObject, "orderId">;
type RequestEnd = Pick<DepositRequestedEvent.OutputObject, "requestNumber">;

/** What each log changes; logs that are not listed change nothing that is kept. */
interface Handled {
  readonly PositionUpdated: PositionUpdatedEvent.OutputObject;
  readonly PositionClosed: PositionClosedEvent.OutputObject;
  readonly MarginAdded: MarginAddedEvent.OutputObject;
  readonly MarginRemoved: MarginAddedEvent.OutputObject;
  readonly PositionRescued: MarginAddedEvent.OutputObject;
  readonly TermsStored: TermsStoredEvent.OutputObject;
  readonly OrderSubmitted: OrderSubmittedEvent.OutputObject;
  readonly OrderExecuted: OrderEnd;
  readonly OrderCancelled: OrderEnd;
  readonly DepositRequested: RequestEnd;
  readonly DepositCancelled: RequestEnd;
  readonly DepositFulfilled: RequestEnd;
  readonly DepositRefunded: RequestEnd;
  readonly RedeemRequested: RequestEnd;
  readonly RedeemCancelled: RequestEnd;
  readonly RedeemReturned: RequestEnd;
  readonly RedeemFulfilled: RedeemFulfilledEvent.OutputObject;
}

type Handlers = {
  readonly [Name in keyof Handled]: (draft: Draft, args: Handled[Name]) => void;
};

const endOrder = (draft: Draft, { orderId }: OrderEnd) => {
  draft.orders.delete(orderId);
};

const endDeposit = (draft: Draft, { requestNumber }: RequestEnd) => {
  draft.deposits.delete(requestNumber);
};

const endRedeem = (draft: Draft, { requestNumber }: RequestEnd) => {
  draft.redeems.delete(requestNumber);
};

const setMargin = (
  draft: Draft,
  { positionId, margin }: Pick<MarginAddedEvent.OutputObject, "positionId" | "margin">,
) => {
  const position = draft.positions.get(positionId);
  if (position !== undefined) draft.positions.set(positionId, { ...position, margin });
};

const HANDLERS: Handlers = {
  PositionUpdated: updatePosition,
  PositionClosed: (draft, { positionId }) => draft.positions.delete(positionId),
  MarginAdded: setMargin,
  MarginRemoved: setMargin,
  PositionRescued: setMargin,
  TermsStored: storeTerms,
  OrderSubmitted: submitOrder,
  OrderExecuted: endOrder,
  OrderCancelled: endOrder,
  DepositRequested: (draft, { requestNumber }) => draft.deposits.set(requestNumber, true),
  DepositCancelled: endDeposit,
  DepositFulfilled: endDeposit,
  DepositRefunded: endDeposit,
  RedeemRequested: (draft, { requestNumber }) => draft.redeems.set(requestNumber, true),
  RedeemCancelled: endRedeem,
  RedeemReturned: endRedeem,
  RedeemFulfilled: (draft, args) => {
    // A redeem that was filled in part keeps its place.
    if (args.sharesPending === 0n) draft.redeems.delete(args.requestNumber);
  },
};

/** Fold logs, in the order of the chain, into what they leave; `state` itself stays as it is. */
export function applyLogs(state: MarketState, logs: readonly MarketLog[]): MarketState {
  if (logs.length === 0) return state;
  const next = {
    positions: new Map(state.positions),
    orders: new Map(state.orders),
    terms: new Map(state.terms),
    deposits: new Set(state.deposits),
    redeems: new Set(state.redeems),
  };
  writeLogs(
    { ...next, deposits: numbersTable(next.deposits), redeems: numbersTable(next.redeems) },
    logs,
  );
  return next;
}

/** Write what logs change, in the order of the chain. */
export function writeLogs(tables: MarketTables, logs: readonly MarketLog[]): void {
  for (const log of logs) {
    if (isHandled(log.name)) apply(tables, log.name, log);
  }
}

function numbersTable(numbers: Set<bigint>): Table<true> {
  return {
    get: (key) => numbers.has(key) || undefined,
    set: (key) => numbers.add(key),
    delete: (key) => numbers.delete(key),
  };
}

function apply<Name extends keyof Handled>(draft: Draft, name: Name, log: MarketLog): void {
  // The log was decoded by the interface that declares these arguments.
  HANDLERS[name](draft, log.args as unknown as Handled[Name]);
}

function isHandled(name: string): name is keyof Handled {
  return Object.hasOwn(HANDLERS, name);
}

function updatePosition(draft: Draft, args: PositionUpdatedEvent.OutputObject): void {
  draft.positions.set(args.positionId, {
    size: args.size,
    openNotional: args.openNotional,
    margin: args.margin,
    reserve: args.reserve,
    fundingIndex: args.fundingIndex,
    borrowIndex: args.borrowIndex,
    priceTime: args.priceTime,
    cooldown: args.cooldown,
    termsId: args.termsId,
  });
}

function storeTerms(draft: Draft, args: TermsStoredEvent.OutputObject): void {
  draft.terms.set(args.termsId, unpackTerms(args));
}

function submitOrder(draft: Draft, args: OrderSubmittedEvent.OutputObject): void {
  const { order } = args;
  draft.orders.set(args.orderId, {
    orderId: args.orderId,
    positionId: args.positionId,
    account: args.account,
    subject: order.subject,
    acceptablePrice: order.acceptablePrice,
    sizeDelta: order.sizeDelta,
    margin: order.margin,
    submittedAt: order.submittedAt,
    expiry: order.expiry,
    reserve: order.reserve,
    triggerPrice: order.triggerPrice,
    keeperFeeE6: order.keeperFeeE6,
    termsId: order.termsId,
    traits: order.traits,
  });
}
