import { type Closing, closePart, closingDelta, fold, takeFromMargin } from "./box.ts";
import { min } from "./integers.ts";
import { accrue, skew } from "./marketMath.ts";
import { equity, gain, initialMargin, notional } from "./positionMath.ts";
import type { Scene } from "./quote.ts";
import { fillPrice } from "./skewMath.ts";
import { floorToToken } from "./tokenScale.ts";
import type { Position, Terms } from "./types.ts";
import { abs, mulWadUp } from "./wadMath.ts";

/** An order that closes a position or a part of it. */
export interface ClosingOrder {
  readonly position: Position;
  /** Size to close, unsigned [WAD base]; more than there is closes all. */
  readonly closed: bigint;
  /** What the keeper takes from the margin [WAD quote]; 0 where the fee is escrowed. */
  readonly keeperFeeFromMargin: bigint;
  /** WAD units in one token unit. */
  readonly scale: bigint;
}

/** What a closing order does. Amounts are WAD quote. */
export interface ClosePreview {
  readonly fillPrice: bigint;
  /** Size that is closed, unsigned [WAD base]: all of it where the rest would be too small to keep. */
  readonly closed: bigint;
  readonly fee: bigint;
  /** Gain or loss of the part as its box bounds it [±]. */
  readonly realizedPnl: bigint;
  /** What goes to the owner, in whole token units; 0 where a part stays. */
  readonly paidOut: bigint;
  readonly shortfall: bigint;
  /** The position afterwards; of size zero when all is closed. */
  readonly position: Position;
  /** Whether the position would be less healthy afterwards while below initial margin: the market refuses that. */
  readonly worse: boolean;
}

interface Part {
  readonly fill: bigint;
  readonly closing: Closing;
  readonly fee: bigint;
  readonly rest: Position;
}

/**
 * Return what an order that closes does at this price (SPEC: the box, fees).
 *
 * @throws {SkewBeyondScaleError} When the skew leaves no price above zero.
 * @throws {ArithmeticOverflowError} When a number leaves the range of its type.
 */
export function previewClose(order: ClosingOrder, scene: Scene): ClosePreview {
  const market = accrue(scene.market, scene.now);
  const folded = fold(order.position, market);
  const whole = abs(folded.size);
  const before = standingOf(folded, scene.price);
  const close = (closed: bigint) =>
    partOf({ folded, closed, order, scene, skewBefore: skew(market) });
  const asked = min(order.closed, whole);
  const kept = asked < whole && isKept(close(asked).rest, scene);
  const closed = kept ? asked : whole;
  const { fill, closing, fee, rest } = close(closed);
  const isFull = rest.size === 0n;
  return {
    fillPrice: fill,
    closed,
    fee,
    realizedPnl: closing.gain - closing.loss,
    paidOut: isFull ? floorToToken(rest.margin, order.scale) : 0n,
    shortfall: closing.shortfall,
    position: rest,
    worse: !isFull && isWorse(before, standingOf(rest, scene.price), scene.terms),
  };
}

function partOf({
  folded,
  closed,
  order,
  scene,
  skewBefore,
}: {
  readonly folded: Position;
  readonly closed: bigint;
  readonly order: ClosingOrder;
  readonly scene: Scene;
  readonly skewBefore: bigint;
}): Part {
  const fill = fillPrice({
    price: scene.price,
    skew: skewBefore,
    sizeDelta: closingDelta(folded, closed),
    skewScale: scene.curves.skewScale,
  });
  const closing = closePart({ position: folded, closed, fillPrice: fill, scale: order.scale });
  const due = mulWadUp(mulWadUp(closed, fill), scene.terms.positionFeeRatio);
  const charged = takeFromMargin(closing.rest, due);
  const { rest } = takeFromMargin(charged.rest, order.keeperFeeFromMargin);
  return { fill, closing, fee: charged.taken, rest };
}

interface Standing {
  readonly equity: bigint;
  readonly notional: bigint;
}

function standingOf(position: Position, price: bigint): Standing {
  return {
    equity: equity(position, gain({ position, price, owed: 0n })),
    notional: notional(position.size, price),
  };
}

function isKept(rest: Position, { price, terms }: Scene): boolean {
  const { equity: held, notional: worth } = standingOf(rest, price);
  return (
    worth >= terms.minNotional && held >= terms.minMargin && rest.reserve >= terms.keeperFeeFloor
  );
}

function isWorse(before: Standing, after: Standing, terms: Terms): boolean {
  if (after.equity >= initialMargin(after.notional, terms)) return false;
  return after.equity * before.notional < before.equity * after.notional;
}
