import {
  closePart,
  equityOf,
  fillPriceOf,
  fold,
  gainOf,
  initialOf,
  isLargeEnough,
  notionalOf,
  payOut,
  stamp,
  takeFee,
} from "./box.ts";
import { least, most, type Rational, ZERO } from "./rational.ts";
import {
  type Box,
  below,
  boxOf,
  copyOf,
  type Order,
  openInterest,
  type Price,
  Refusal,
  reservedOf,
  updateBorrowRate,
  updateFunding,
  type World,
} from "./world.ts";

/** A fill of an order: the order, its price and what is added to it for want of a price in time. */
export interface Fill {
  readonly orderId: bigint;
  readonly order: Order;
  readonly price: Price;
  readonly spread: Rational;
}

/** How an order changed a position; the keeper's fee is what came out of the margin. */
export interface Filled {
  readonly outcome: "opened" | "increased" | "decreased" | "closed";
  readonly feeFromMargin: Rational;
}

const LATEST_TERMS = 1n;

/** Fills an order. @throws Refusal with every check that fails; then the world is not to be used. */
export function fillOrder(world: World, fill: Fill): Filled {
  const { order, orderId } = fill;
  if (order.opens) {
    world.positions.set(orderId, newBox(world, order));
    increase(world, boxOf(world, orderId), fill);
    return { outcome: "opened", feeFromMargin: ZERO };
  }
  const box = boxOf(world, order.positionId);
  const grows = box.size.sign() === order.sizeDelta.sign();
  if (grows && order.reduceOnly) throw new Refusal(["NothingToReduce"]);
  if (!grows) return decrease(world, box, fill);
  increase(world, box, fill);
  return { outcome: "increased", feeFromMargin: ZERO };
}

function newBox(world: World, order: Order): Box {
  return {
    owner: order.account,
    size: ZERO,
    openNotional: ZERO,
    margin: ZERO,
    reserve: ZERO,
    fundingIndex: world.fundingIndex,
    borrowIndex: world.borrowIndex,
    priceTime: 0n,
    coolUntil: 0n,
  };
}

/** What decides whether an order fills: the whole box, or what a market order adds to an open one (BH-239). */
function heldOf(world: World, box: Box, { order }: Fill): Box {
  if (order.kind !== "market" || order.opens) return box;
  return { ...newBox(world, order), owner: box.owner };
}

function put(box: Box, order: Order, fillPrice: Rational): void {
  box.margin = box.margin.plus(order.margin);
  box.size = box.size.plus(order.sizeDelta);
  box.openNotional = box.openNotional.plus(order.sizeDelta.times(fillPrice));
  box.reserve = box.reserve.plus(order.reserve);
}

/** BH-25, BH-27, BH-35, BH-39, BH-43, BH-47, BH-48. */
function increase(world: World, box: Box, fill: Fill): void {
  const { order, price, spread } = fill;
  const { positionFee } = world.rules.terms;
  const reasons: string[] = [];
  fold(world, box);
  const grows = box.size.sign() !== 0n;
  if (grows && !below(world, gainOf(world, box, price.value), box.reserve, "cap of an increase")) {
    reasons.push("PositionAtCap");
  }
  if (order.termsId !== LATEST_TERMS) reasons.push("TermsNotOffered");
  const fillPrice = fillPriceOf(world, price.value, order.sizeDelta, spread);
  if (!below(world, ZERO, fillPrice, "skew beyond its scale")) reasons.push("SkewBeyondScale");
  reasons.push(...priceReasons(world, order, fillPrice));
  const held = heldOf(world, box, fill);
  const alone = held !== box;
  // Equity above zero is all that is asked of the position beside it.
  if (
    alone &&
    !below(world, ZERO, equityOf(world, box, price.value), "equity beside an increase")
  ) {
    reasons.push("InitialMarginNotMet");
  }
  reasons.push(...reserveReasons(world, held, fill, fillPrice));

  const fee = order.sizeDelta.magnitude().times(fillPrice).times(positionFee);
  put(box, order, fillPrice);
  if (alone) put(held, order, fillPrice);
  if (below(world, held.margin, fee, "fee of an increase")) reasons.push("MarginBelowFees");
  takeFee(world, box, fee);
  if (alone) held.margin = held.margin.minus(fee);
  box.coolUntil = 0n;
  reasons.push(...limitReasons(world, held, price.value));
  if (reasons.length > 0) throw new Refusal(reasons);
  stamp(world, price, box);
  updateFunding(world);
  updateBorrowRate(world);
}

/** BH-80. */
function priceReasons(world: World, order: Order, fillPrice: Rational): readonly string[] {
  const buys = order.sizeDelta.sign() > 0n;
  const [lesser, greater] = buys
    ? [order.acceptablePrice, fillPrice]
    : [fillPrice, order.acceptablePrice];
  return below(world, lesser, greater, "acceptable price") ? ["PriceNotAcceptable"] : [];
}

/** BH-25. */
function reserveReasons(
  world: World,
  box: Box,
  { order, price }: Fill,
  fillPrice: Rational,
): readonly string[] {
  const { minReserveRatio, feeFloor } = world.rules.terms;
  const added = order.sizeDelta.magnitude();
  const atIndex = added.times(price.value);
  const lower = most(minReserveRatio.times(atIndex), feeFloor.minus(box.reserve));
  const sells = order.sizeDelta.sign() < 0n;
  const upper = sells ? least(atIndex, added.times(fillPrice)) : atIndex;
  const outside =
    below(world, order.reserve, lower, "least reserve") ||
    below(world, upper, order.reserve, "largest reserve");
  return outside ? ["ReserveOutOfBounds"] : [];
}

/** BH-47. */
function limitReasons(world: World, box: Box, price: Rational): readonly string[] {
  const { terms, maxOpenInterest, maxUtilization } = world.rules;
  const notional = notionalOf(box, price);
  const equity = equityOf(world, box, price);
  const initial = initialOf(world, notional);
  const side = openInterest(world, box.size.sign());
  const failed: [boolean, string][] = [
    [below(world, equity, initial, "initial margin"), "InitialMarginNotMet"],
    [below(world, notional, terms.minNotional, "minNotional"), "NotionalTooSmall"],
    [maxOpenInterest.isBelow(side), "OpenInterestExceeded"],
    [
      below(world, world.cash.times(maxUtilization), reservedOf(world), "utilization"),
      "UtilizationExceeded",
    ],
  ];
  return failed.filter(([fails]) => fails).map(([, reason]) => reason);
}

/** BH-28, BH-43, BH-49 to BH-52. */
function decrease(world: World, box: Box, fill: Fill): Filled {
  const { order } = fill;
  const over = order.sizeDelta.magnitude().minus(box.size.magnitude());
  if (over.sign() > 0n && !order.reduceOnly) throw new Refusal(["SignFlips"]);
  box.margin = box.margin.plus(order.margin);
  fold(world, box);
  if (over.sign() < 0n) {
    const trial = copyOf(world);
    const part = closeSome(trial, fill, order.sizeDelta.magnitude());
    if (part !== undefined) {
      Object.assign(world, trial);
      return part;
    }
  }
  return closeAll(world, box, fill);
}

/** Closes a part, or answers nothing where the rest would be too small. */
function closeSome(world: World, fill: Fill, closed: Rational): Filled | undefined {
  const { order, price, spread } = fill;
  const box = boxOf(world, order.positionId);
  const before = {
    equity: equityOf(world, box, price.value),
    notional: notionalOf(box, price.value),
  };
  const fillPrice = fillPriceOf(world, price.value, order.sizeDelta, spread);
  const reasons = [...priceReasons(world, order, fillPrice)];
  closePart(world, box, closed, fillPrice);
  takeFee(world, box, closed.times(fillPrice).times(world.rules.terms.positionFee));
  const feeFromMargin = takeKeeperFee(box, order);
  box.coolUntil = 0n;
  if (!isLargeEnough(world, box, price.value)) return undefined;
  const equity = equityOf(world, box, price.value);
  const notional = notionalOf(box, price.value);
  const unhealthy = below(world, equity, initialOf(world, notional), "initial margin after");
  const falls = below(
    world,
    equity.times(before.notional).over(notional),
    before.equity,
    "margin ratio",
  );
  if (unhealthy && falls) reasons.push("MarginRatioFalls");
  if (reasons.length > 0) throw new Refusal(reasons);
  stamp(world, price, box);
  updateFunding(world);
  updateBorrowRate(world);
  return { outcome: "decreased", feeFromMargin };
}

function closeAll(world: World, box: Box, fill: Fill): Filled {
  const { order, price, spread } = fill;
  const size = box.size.magnitude();
  const fillPrice = fillPriceOf(world, price.value, box.size.negated(), spread);
  const reasons = priceReasons(world, order, fillPrice);
  if (reasons.length > 0) throw new Refusal(reasons);
  closePart(world, box, size, fillPrice);
  takeFee(world, box, size.times(fillPrice).times(world.rules.terms.positionFee));
  const feeFromMargin = takeKeeperFee(box, order);
  stamp(world, price, box);
  end(world, order.positionId);
  return { outcome: "closed", feeFromMargin };
}

/** BH-82: a fee from margin, as far as that reaches. */
function takeKeeperFee(box: Box, order: Order): Rational {
  if (!order.feeFromMargin) return ZERO;
  const fee = least(order.keeperFee, box.margin);
  box.margin = box.margin.minus(fee);
  return fee;
}

/** Pays what is left of a closed position to its owner and forgets it, its mandate with it (BH-237). */
export function end(world: World, positionId: bigint): void {
  const box = boxOf(world, positionId);
  payOut(world, box.owner, box.margin);
  world.positions.delete(positionId);
  world.mandates.delete(positionId);
  updateFunding(world);
  updateBorrowRate(world);
}

/** BH-94: closes a position whose gain at the fill price has reached its reserve. Returns the keeper's part. */
export function settleAtCap(world: World, positionId: bigint, price: Price): Rational {
  requireNewEnough(world, price);
  const box = boxOf(world, positionId);
  const { feeFloor } = world.rules.terms;
  fold(world, box);
  const fillPrice = fillPriceOf(world, price.value, box.size.negated());
  const gain = box.size.times(fillPrice).minus(box.openNotional);
  if (below(world, gain, box.reserve, "cap")) throw new Refusal(["CapNotReached"]);
  closePart(world, box, box.size.magnitude(), fillPrice);
  const fee = least(feeFloor, box.margin);
  box.margin = box.margin.minus(fee);
  stamp(world, price, box);
  end(world, positionId);
  return fee;
}

/** BH-83. */
export function requireNewEnough(world: World, price: Price): void {
  if (price.observedAt < world.clock) throw new Refusal(["PriceNotNewEnough"]);
}
