import type {
  DepositRequestedEvent,
  RedeemFulfilledEvent,
} from "../../types/ethers-contracts/contracts/interfaces/ILiquidityVault.ts";
import type {
  AllMandatesRevokedEvent,
  MandateSetEvent,
} from "../../types/ethers-contracts/contracts/interfaces/IMandateBook.ts";
import type {
  MarginAddedEvent,
  PositionClosedEvent,
  PositionRescuedEvent,
  PositionUpdatedEvent,
  TermsStoredEvent,
} from "../../types/ethers-contracts/contracts/interfaces/IMarginVault.ts";
import type { OrderSubmittedEvent } from "../../types/ethers-contracts/contracts/interfaces/IOrderBook.ts";
import { MandateTable } from "../core/mandateTable.ts";
import type { GivenMandate } from "../core/rescue.ts";
import type { MarketState, OpenPosition, WaitingOrder } from "../core/snapshot.ts";
import { unpackTerms } from "../core/termsMath.ts";
import type { Terms } from "../core/types.ts";
import type { MarketLog } from "./logs.ts";

/** Mandates store ratios and their keeper's fee in millionths. */
const E6_TO_WAD = 10n ** 12n;

/** A market before its first log. */
export const EMPTY_STATE: MarketState = {
  positions: new Map(),
  orders: new Map(),
  terms: new Map(),
  mandates: new Map(),
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
  readonly mandates: GivenMandate;
  readonly deposits: true;
  readonly redeems: true;
}

/** Everything of one market that logs tell, open to writes. */
export type MarketTables = { readonly [Name in keyof Tables]: Table<Tables[Name]> } & {
  readonly mandates: MandatesTable;
};

/** Mandates can be found by who gave them. */
export interface MandatesTable extends Table<GivenMandate> {
  readonly ofOwner: (owner: string) => readonly bigint[];
}

type Draft = MarketTables;

type OrderEnd = Pick<OrderSubmittedEvent.OutputObject, "orderId">;
type PositionEnd = Pick<MarginAddedEvent.OutputObject, "positionId">;
type RequestEnd = Pick<DepositRequestedEvent.OutputObject, "requestNumber">;

/** What each log changes; logs that are not listed change nothing that is kept. */
interface Handled {
  readonly PositionUpdated: PositionUpdatedEvent.OutputObject;
  readonly PositionClosed: PositionClosedEvent.OutputObject;
  readonly MarginAdded: MarginAddedEvent.OutputObject;
  readonly MarginRemoved: MarginAddedEvent.OutputObject;
  readonly PositionRescued: PositionRescuedEvent.OutputObject;
  readonly PositionTransferred: PositionEnd;
  readonly MandateSet: MandateSetEvent.OutputObject;
  readonly MandateRevoked: PositionEnd;
  readonly AllMandatesRevoked: AllMandatesRevokedEvent.OutputObject;
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
  readonly [Name in keyof Handled]: (
    draft: Draft,
    args: Handled[Name],
    time: bigint | undefined,
  ) => void;
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

const endMandate = (draft: Draft, { positionId }: PositionEnd) => {
  draft.mandates.delete(positionId);
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
  PositionClosed: (draft, { positionId }) => {
    draft.positions.delete(positionId);
    draft.mandates.delete(positionId);
  },
  MarginAdded: setMargin,
  MarginRemoved: setMargin,
  PositionRescued: (draft, args, time) => {
    setMargin(draft, args);
    useMandate(draft, args, time);
  },
  // It was given by the one who leaves.
  PositionTransferred: endMandate,
  MandateSet: (draft, { positionId, mandate }) => {
    draft.mandates.set(positionId, toMandate(mandate));
  },
  MandateRevoked: endMandate,
  AllMandatesRevoked: (draft, { account, round }) => {
    for (const positionId of draft.mandates.ofOwner(account)) {
      const mandate = draft.mandates.get(positionId);
      if (mandate !== undefined && mandate.round < round) draft.mandates.delete(positionId);
    }
  },
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

/**
 * Fold logs, in the order of the chain, into what they leave; `state` itself stays as it is.
 *
 * `time` is that of their block [s]; absent where they are of several.
 */
export function applyLogs(
  state: MarketState,
  logs: readonly MarketLog[],
  time?: bigint,
): MarketState {
  if (logs.length === 0) return state;
  const next = {
    positions: new Map(state.positions),
    orders: new Map(state.orders),
    terms: new Map(state.terms),
    mandates: new MandateTable(state.mandates),
    deposits: new Set(state.deposits),
    redeems: new Set(state.redeems),
  };
  writeLogs(
    { ...next, deposits: numbersTable(next.deposits), redeems: numbersTable(next.redeems) },
    logs,
    time,
  );
  return next;
}

/** Write what logs change, in the order of the chain; `time` is that of their block, where they are of one [s]. */
export function writeLogs(
  tables: MarketTables,
  logs: readonly MarketLog[],
  time: bigint | undefined,
): void {
  for (const log of logs) {
    if (isHandled(log.name)) apply(tables, log.name, { args: log.args, time });
  }
}

function numbersTable(numbers: Set<bigint>): Table<true> {
  return {
    get: (key) => numbers.has(key) || undefined,
    set: (key) => numbers.add(key),
    delete: (key) => numbers.delete(key),
  };
}

function apply<Name extends keyof Handled>(
  draft: Draft,
  name: Name,
  { args, time }: Pick<MarketLog, "args"> & { readonly time: bigint | undefined },
): void {
  // The log was decoded by the interface that declares these arguments.
  HANDLERS[name](draft, args as unknown as Handled[Name], time);
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

/** The price was observed before the block: where that is not known, its time bounds the pause from below. */
function useMandate(
  draft: Draft,
  args: PositionRescuedEvent.OutputObject,
  time: bigint | undefined,
): void {
  const mandate = draft.mandates.get(args.positionId);
  if (mandate === undefined) return;
  const rescuedAt = time ?? args.observedAt;
  draft.mandates.set(args.positionId, {
    ...mandate,
    capLeft: mandate.capLeft - args.pulled,
    rescuedAt,
  });
}

/** A mandate as it is stored, in WAD. */
function toMandate(stored: MandateSetEvent.OutputObject["mandate"]): GivenMandate {
  return {
    owner: stored.owner,
    capLeft: stored.capLeft,
    triggerRatio: stored.triggerRatioE6 * E6_TO_WAD,
    targetRatio: stored.targetRatioE6 * E6_TO_WAD,
    minInterval: stored.minInterval,
    rescuedAt: stored.rescuedAt,
    expiry: stored.expiry,
    maxKeeperFee: stored.maxKeeperFeeE6 * E6_TO_WAD,
    round: stored.round,
  };
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
