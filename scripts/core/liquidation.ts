import { type Closing, closePart, closingDelta, fold, takeFromMargin } from "./box.ts";
import { max, min } from "./integers.ts";
import { accrue, skew } from "./marketMath.ts";
import { equity, gain, liquidationSize, maintenanceMargin, notional } from "./positionMath.ts";
import type { Scene } from "./quote.ts";
import { fillPrice, worstExitImpact } from "./skewMath.ts";
import { ceilToToken, floorToToken } from "./tokenScale.ts";
import type { Market, Position, Terms } from "./types.ts";
import { abs, mulWadUp } from "./wadMath.ts";

/** Why a position cannot be liquidated: the contract's error and its values. */
export type LiquidationRefusal =
  | { readonly kind: "refused"; readonly error: "PositionNotFound" }
  | {
      readonly kind: "refused";
      readonly error: "PositionCapped";
      readonly gain: bigint;
      readonly reserve: bigint;
    }
  | {
      readonly kind: "refused";
      readonly error: "PositionHealthy";
      readonly equity: bigint;
      readonly maintenanceMargin: bigint;
    }
  | { readonly kind: "refused"; readonly error: "CoolingOff"; readonly until: bigint };

/** What a liquidation does. Amounts are WAD quote. */
export interface LiquidationOutcome {
  readonly kind: "partial" | "full";
  /** Equity before [±]. */
  readonly equity: bigint;
  readonly maintenanceMargin: bigint;
  /** Size that is closed, unsigned [WAD base]. */
  readonly closed: bigint;
  /** Price at which it is closed [WAD quote per base]. */
  readonly fillPrice: bigint;
  /** What margin and reserve pay as fee. */
  readonly fee: bigint;
  /** The keeper's part of it; the excess goes to the pool. */
  readonly keeperFee: bigint;
  /** What goes to the owner, in whole token units; 0 after a partial liquidation. */
  readonly paidOut: bigint;
  /** Loss that the margin could not pay; nobody's debt. */
  readonly shortfall: bigint;
  /** The position afterwards; after a full liquidation its size is zero and its margin what goes to the owner. */
  readonly rest: Position;
}

/** What `liquidate` of a position would do. */
export type LiquidationPreview = LiquidationRefusal | LiquidationOutcome;

/** Covers the few wei by which equity rounds over a partial liquidation [WAD quote]. */
const ROUNDING_SLACK = 16n;

interface Assessment {
  readonly equity: bigint;
  readonly maintenanceMargin: bigint;
  readonly notional: bigint;
  readonly ratio: bigint;
  readonly skew: bigint;
}

/** A liquidation under way: the folded position and what it is worth. */
interface Liquidation {
  readonly position: Position;
  readonly assessment: Assessment;
  readonly scene: Scene;
  /** WAD units in one token unit. */
  readonly scale: bigint;
}

/**
 * Return what `liquidate` does to a position without a rescue mandate, when every transfer succeeds (SPEC: liquidation).
 * `scale` is WAD units in one token unit.
 *
 * @throws {SkewBeyondScaleError} When the skew leaves no price above zero.
 * @throws {ArithmeticOverflowError} When a number leaves the range of its type.
 */
export function previewLiquidation(
  position: Position,
  { scale, ...scene }: Scene & { readonly scale: bigint },
): LiquidationPreview {
  if (position.size === 0n) return { kind: "refused", error: "PositionNotFound" };
  const market = accrue(scene.market, scene.now);
  const folded = fold(position, market);
  const assessment = assess({ folded, market, scene });
  const refusal = refuse({ position, folded, assessment, scene });
  if (refusal !== undefined) return refusal;
  return settle({ position: folded, assessment, scene, scale });
}

function assess({
  folded,
  market,
  scene: { price, terms },
}: {
  readonly folded: Position;
  readonly market: Market;
  readonly scene: Scene;
}): Assessment {
  const worth = notional(folded.size, price);
  const ratio = terms.maintenanceMarginRatio + terms.liquidationFeeRatio;
  const { minMaintenance } = terms;
  return {
    equity: equity(folded, gain({ position: folded, price, owed: 0n })),
    maintenanceMargin: maintenanceMargin({ notional_: worth, ratio, minMaintenance }),
    notional: worth,
    ratio,
    skew: skew(market),
  };
}

function refuse({
  position,
  folded,
  assessment,
  scene: { price, now },
}: {
  readonly position: Position;
  readonly folded: Position;
  readonly assessment: Assessment;
  readonly scene: Scene;
}): LiquidationRefusal | undefined {
  const kind = "refused";
  const atIndex = gain({ position: folded, price, owed: 0n });
  if (atIndex >= folded.reserve) {
    return { kind, error: "PositionCapped", gain: atIndex, reserve: folded.reserve };
  }
  const { equity: held, maintenanceMargin: required } = assessment;
  if (held >= required) {
    return { kind, error: "PositionHealthy", equity: held, maintenanceMargin: required };
  }
  const until = position.cooldown === 0n ? 0n : position.priceTime + position.cooldown;
  if (now < until && 2n * held >= required) return { kind, error: "CoolingOff", until };
  return undefined;
}

function settle(liquidation: Liquidation): LiquidationOutcome {
  const { position, assessment, scene, scale } = liquidation;
  const { terms, price } = scene;
  const closed = partialSize(liquidation);
  const fill = exitPrice(liquidation, closed);
  const closing = closePart({ position, closed, fillPrice: fill, scale });
  const isFull = closing.rest.size === 0n;
  const extra = isFull ? feeFromReserve(closing, { terms, scale }) : 0n;
  const charged = takeFromMargin(closing.rest, liquidationFee(closed, { price, terms }));
  const fee = charged.taken + extra;
  return {
    kind: isFull ? "full" : "partial",
    equity: assessment.equity,
    maintenanceMargin: assessment.maintenanceMargin,
    closed,
    fillPrice: fill,
    fee,
    keeperFee: min(fee, terms.keeperFeeCap),
    paidOut: isFull ? floorToToken(charged.rest.margin, scale) : 0n,
    shortfall: closing.shortfall,
    rest: charged.rest,
  };
}

/** The part to close, or the whole where the rest could not be kept at its target. */
function partialSize(liquidation: Liquidation): bigint {
  const { position, assessment, scene, scale } = liquidation;
  const { terms, price, curves } = scene;
  const { skewScale } = curves;
  const impact = worstExitImpact({ size: position.size, skew: assessment.skew, skewScale });
  const closed = liquidationSize({
    size: position.size,
    notional_: assessment.notional,
    equity_: assessment.equity - ROUNDING_SLACK - scale,
    targetRatio: mulWadUp(assessment.ratio, terms.liquidationTarget),
    cost: terms.liquidationFeeRatio + impact,
  });
  const whole = abs(position.size);
  if (closed === whole) return whole;
  const fill = exitPrice(liquidation, closed);
  const { rest } = closePart({ position, closed, fillPrice: fill, scale });
  const fee = liquidationFee(closed, { price, terms });
  if (fee === terms.keeperFeeFloor || rest.margin < fee) return whole;
  return isKeepable(takeFromMargin(rest, fee).rest, { assessment, scene }) ? closed : whole;
}

/** Whether what a partial liquidation leaves stands at its target and is worth keeping. */
function isKeepable(
  rest: Position,
  {
    assessment,
    scene: { price, terms },
  }: { readonly assessment: Assessment; readonly scene: Scene },
): boolean {
  const worth = notional(rest.size, price);
  const required = mulWadUp(worth, assessment.ratio);
  const held = equity(rest, gain({ position: rest, price, owed: 0n }));
  return (
    required >= terms.minMaintenance &&
    worth >= terms.minNotional &&
    rest.reserve >= terms.keeperFeeFloor &&
    held >= terms.minMargin &&
    held >= mulWadUp(required, terms.liquidationTarget)
  );
}

function exitPrice({ position, assessment, scene }: Liquidation, closed: bigint): bigint {
  return fillPrice({
    price: scene.price,
    skew: assessment.skew,
    sizeDelta: closingDelta(position, closed),
    skewScale: scene.curves.skewScale,
  });
}

/** `max(lfr × closed notional, keeperFeeFloor)` [WAD quote]. */
function liquidationFee(
  closed: bigint,
  { price, terms }: { readonly price: bigint; readonly terms: Terms },
): bigint {
  return max(mulWadUp(mulWadUp(closed, price), terms.liquidationFeeRatio), terms.keeperFeeFloor);
}

/** What the released reserve adds when the margin cannot pay the keeper's floor [WAD quote]. */
function feeFromReserve(
  { rest, released, gain: paid }: Closing,
  { terms, scale }: { readonly terms: Terms; readonly scale: bigint },
): bigint {
  if (rest.margin >= terms.keeperFeeFloor) return 0n;
  const missing = ceilToToken(terms.keeperFeeFloor - rest.margin, scale);
  return min(missing, floorToToken(released - paid, scale));
}
