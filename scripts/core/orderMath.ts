/** An order as stored; amounts are WAD. */
export interface Order {
  /** Account that opens a position, or the id of the position that the order changes. */
  readonly subject: bigint;
  readonly acceptablePrice: bigint;
  readonly sizeDelta: bigint;
  readonly margin: bigint;
  /** [s] */
  readonly submittedAt: bigint;
  /** [s]; 0 for a market order. */
  readonly expiry: bigint;
  readonly reserve: bigint;
  readonly triggerPrice: bigint;
  /** [1e-6 quote] */
  readonly keeperFeeE6: bigint;
  readonly termsId: bigint;
  readonly traits: bigint;
}

/** When an order fills; the numbers of the contract's enumeration. */
export const OrderKind = { Market: 0n, Limit: 1n, Stop: 2n } as const;

const KIND = 3n;
const OPENS = 4n;
const REDUCE_ONLY = 8n;
const FEE_FROM_MARGIN = 16n;

type Traits = Pick<Order, "traits">;

/** Return the kind of an order, one of `OrderKind`. */
export function kindOf(order: Traits): bigint {
  return order.traits & KIND;
}

/** Return whether an order fills at a price of its own instead of on a trigger. */
export function isMarket(order: Traits): boolean {
  return kindOf(order) === OrderKind.Market;
}

/** Return whether an order opens a position. */
export function opensPosition(order: Traits): boolean {
  return (order.traits & OPENS) !== 0n;
}

/** Return whether an order only shrinks its position. */
export function isReduceOnly(order: Traits): boolean {
  return (order.traits & REDUCE_ONLY) !== 0n;
}

/** Return whether the keeper is paid from the position's margin. */
export function takesFeeFromMargin(order: Traits): boolean {
  return (order.traits & FEE_FROM_MARGIN) !== 0n;
}

/** Return whether a price [WAD quote per base] releases a trigger order; one beyond the trigger does too. */
export function isTriggered(
  order: Pick<Order, "traits" | "sizeDelta" | "triggerPrice">,
  price: bigint,
): boolean {
  const buys = order.sizeDelta > 0n;
  const limit = kindOf(order) === OrderKind.Limit;
  return buys === limit ? price <= order.triggerPrice : price >= order.triggerPrice;
}

/** Return the end of an execution window, whose seconds do not run while the sequencer is down [s]. */
export function deadlineOf({
  start,
  upSince,
  window,
}: {
  readonly start: bigint;
  readonly upSince: bigint;
  readonly window: bigint;
}): bigint {
  return (start > upSince ? start : upSince) + window;
}
