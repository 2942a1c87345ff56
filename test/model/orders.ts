import { equityOf, gainOf, initialOf, notionalOf, payOut, pull, stamp } from "./box.ts";
import { type Rational, ZERO } from "./rational.ts";
import { type Fill, fillOrder, requireNewEnough } from "./trade.ts";
import {
  accrue,
  below,
  boxOf,
  copyOf,
  type Order,
  type Player,
  type Price,
  Refusal,
  type World,
} from "./world.ts";

/** How a call ended, and the names that the contracts may give as its reason. */
export interface Outcome {
  readonly kind: "done" | "cancelled" | "reverted";
  /** What was done, or why it was not: any of these. */
  readonly names: readonly string[];
  /** Why a mandate did not help in a liquidation: any of these. */
  readonly rescue?: readonly string[];
}

/** An order as its account asks for it. */
export type Wish = Omit<Order, "submittedAt" | "opens">;

/** Who pays for a keeper's work and gets its fee. */
const KEEPER: Player = "keeper";

export function done(name: string): Outcome {
  return { kind: "done", names: [name] };
}

/** BH-58 to BH-62: takes an order and its escrow. */
export function submit(world: World, wish: Wish): Outcome {
  const reasons = malformations(world, wish);
  if (reasons.length > 0) throw new Refusal(reasons);
  if (world.blocked.has("marginVault")) throw new Refusal(["ReceiverBlocked"]);
  const escrow = wish.margin.plus(wish.feeFromMargin ? ZERO : wish.keeperFee);
  if (!pull(world, wish.account, escrow)) throw new Refusal(["ERC20InsufficientBalance"]);
  world.orders.set(world.nextOrder, {
    ...wish,
    opens: wish.positionId === 0n,
    submittedAt: world.now,
  });
  world.nextOrder += 1n;
  return done("submitted");
}

function malformations(world: World, wish: Wish): readonly string[] {
  const reasons: string[] = [];
  const trigger = wish.kind !== "market";
  if (wish.reduceOnly && (wish.margin.sign() !== 0n || wish.reserve.sign() !== 0n)) {
    reasons.push("OrderMalformed");
  }
  if (wish.feeFromMargin && !(wish.reduceOnly && trigger)) reasons.push("OrderMalformed");
  if (wish.keeperFee.isBelow(world.rules.minKeeperFee)) reasons.push("KeeperFeeTooSmall");
  if (trigger && wish.expiry < world.now) reasons.push("ExpiryInPast");
  if (wish.positionId !== 0n) reasons.push(...ownership(world, wish));
  // BH-240.
  if (!trigger && hasPendingMarketOrder(world, wish.positionId)) reasons.push("MarketOrderPending");
  return reasons;
}

/** BH-61, BH-62. */
function ownership(world: World, wish: Wish): readonly string[] {
  const box = world.positions.get(wish.positionId);
  if (box === undefined) {
    const opening = world.orders.get(wish.positionId);
    const awaited = wish.feeFromMargin && opening?.opens === true;
    if (!awaited) return ["PositionNotFound"];
    const fits = opening.sizeDelta.sign() === -wish.sizeDelta.sign();
    return [
      ...(opening.account === wish.account ? [] : ["NotAuthorized"]),
      ...(fits ? [] : ["OrderMalformed"]),
    ];
  }
  const opposes = box.size.sign() === -wish.sizeDelta.sign();
  return [
    ...(box.owner === wish.account ? [] : ["NotAuthorized"]),
    ...(wish.reduceOnly && !opposes ? ["OrderMalformed"] : []),
  ];
}

/** BH-64 to BH-82: a batch of one. */
export function execute(world: World, orderId: bigint): Outcome {
  const order = world.orders.get(orderId);
  if (order === undefined) throw new Refusal(["OrderNotFound", "NothingExecuted"]);
  const late = requirePrice(world, order);
  if (!order.opens && !world.positions.has(order.positionId)) {
    return endDead(world, orderId, order);
  }
  if (order.kind !== "market") stamp(world, world.price);
  world.orders.delete(orderId);
  const trial = copyOf(world);
  const spread = late ? world.rules.latencySpread : ZERO;
  const fill: Fill = { orderId, order, price: world.price, spread };
  try {
    const { outcome, feeFromMargin } = fillOrder(trial, fill);
    payOut(trial, KEEPER, order.feeFromMargin ? feeFromMargin : order.keeperFee);
    Object.assign(world, trial);
    return done(outcome);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    payOut(world, order.account, order.margin);
    if (!order.feeFromMargin) payOut(world, KEEPER, order.keeperFee);
    return { kind: "cancelled", names: error.reasons };
  }
}

/** The position of an order is gone, or still waits to be opened. */
function endDead(world: World, orderId: bigint, order: Order): Outcome {
  if (world.orders.has(order.positionId))
    throw new Refusal(["PositionNotFound", "NothingExecuted"]);
  if (order.kind !== "market") stamp(world, world.price);
  world.orders.delete(orderId);
  refundAll(world, order);
  return { kind: "cancelled", names: ["PositionNotFound", "NothingToReduce"] };
}

function refundAll(world: World, order: Order): void {
  payOut(world, order.account, order.margin.plus(order.feeFromMargin ? ZERO : order.keeperFee));
}

/** Whether the price serves the order late. @throws Refusal where it does not serve it. */
function requirePrice(world: World, order: Order): boolean {
  const from = order.submittedAt + world.rules.executionDelay;
  if (order.kind === "market") return requireOwnPrice(world, from);
  requireNewEnough(world, world.price);
  const reasons: string[] = [];
  if (world.price.validFrom < from) reasons.push("PriceDoesNotCover");
  if (world.now > order.expiry) reasons.push("OrderExpired");
  if (!isTriggered(order, world.price)) reasons.push("TriggerNotReached");
  // BH-241.
  if (!order.opens && hasPendingMarketOrder(world, order.positionId)) {
    reasons.push("MarketOrderPending");
  }
  if (reasons.length > 0) throw new Refusal(reasons);
  return false;
}

/** BH-64 to BH-67. */
function requireOwnPrice(world: World, from: bigint): boolean {
  const { validFrom, observedAt, validUntil } = world.price;
  const { maxRoundWait, executionWindow } = world.rules;
  const until = from + maxRoundWait;
  const covers = validFrom <= from && from <= observedAt && observedAt <= until;
  const late = observedAt < from && validUntil >= until;
  if (!covers && !late) throw new Refusal(["PriceDoesNotCover"]);
  const start = late ? until : observedAt;
  const deadline = later(start, world.upSince) + executionWindow;
  if (world.now > deadline) throw new Refusal(["ExecutionWindowPassed"]);
  return late;
}

/** The greater of two times. */
export function later(one: bigint, other: bigint): bigint {
  if (one < other) return other;
  return one;
}

/** BH-72. */
function isTriggered({ kind, sizeDelta, triggerPrice }: Order, { value }: Price): boolean {
  const difference = value.compare(triggerPrice);
  const fromAbove = (kind === "limit") === sizeDelta.sign() > 0n;
  return fromAbove ? difference <= 0n : difference >= 0n;
}

/** BH-69, BH-70, BH-74. */
export function cancel(world: World, orderId: bigint, caller: Player): Outcome {
  const order = world.orders.get(orderId);
  if (order === undefined) throw new Refusal(["OrderNotFound"]);
  if (order.kind === "market") return lapse(world, orderId, order);
  const gone =
    !order.opens && !world.positions.has(order.positionId) && !world.orders.has(order.positionId);
  const anybody = world.now > order.expiry || gone;
  if (caller !== order.account && !anybody) throw new Refusal(["NotAuthorized"]);
  world.orders.delete(orderId);
  refundAll(world, order);
  return done("cancelled");
}

function lapse(world: World, orderId: bigint, order: Order): Outcome {
  const { executionDelay, maxRoundWait, executionWindow } = world.rules;
  const until = order.submittedAt + executionDelay + maxRoundWait;
  const start = later(until, world.upSince);
  if (world.now <= start + executionWindow) throw new Refusal(["CancelTooEarly"]);
  world.orders.delete(orderId);
  payOut(world, order.account, order.margin);
  world.poolDue = world.poolDue.plus(order.keeperFee);
  return done("forfeited");
}

/** A movement of margin by a player. */
export interface MarginMove {
  readonly player: Player;
  readonly positionId: bigint;
  readonly amount: Rational;
}

/** BH-54. */
export function addMargin(world: World, { player, positionId, amount }: MarginMove): Outcome {
  if (amount.sign() === 0n) throw new Refusal(["ZeroAmount"]);
  const box = boxOf(world, positionId);
  if (world.blocked.has("marginVault")) throw new Refusal(["ReceiverBlocked"]);
  if (!pull(world, player, amount)) throw new Refusal(["ERC20InsufficientBalance"]);
  box.margin = box.margin.plus(amount);
  return done("added");
}

/** BH-55 to BH-57. */
export function removeMargin(world: World, { player, positionId, amount }: MarginMove): Outcome {
  const reasons: string[] = [];
  if (amount.sign() === 0n) reasons.push("ZeroAmount");
  const box = boxOf(world, positionId);
  if (box.owner !== player) reasons.push("NotAuthorized");
  if (hasPendingMarketOrder(world, positionId)) reasons.push("MarketOrderPending");
  if (world.price.observedAt < world.clock) reasons.push("PriceNotNewEnough");
  if (box.margin.isBelow(amount)) reasons.push("MarginExceeded");
  accrue(world);
  const { value } = world.price;
  box.margin = box.margin.minus(amount);
  const initial = initialOf(world, notionalOf(box, value));
  if (below(world, equityOf(world, box, value), initial, "initial margin of a removal")) {
    reasons.push("InitialMarginNotMet");
  }
  if (reasons.length > 0) throw new Refusal(reasons);
  stamp(world, world.price);
  payOut(world, player, amount);
  return done("removed");
}

function hasPendingMarketOrder(world: World, positionId: bigint): boolean {
  return [...world.orders.values()].some(
    (order) => !order.opens && order.kind === "market" && order.positionId === positionId,
  );
}

/** Whether a position stands at its cap at the present price. */
export function isCapped(world: World, positionId: bigint): boolean {
  const box = boxOf(world, positionId);
  return gainOf(world, box, world.price.value).isAtLeast(box.reserve);
}
