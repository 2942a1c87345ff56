import { fold } from "./box.ts";
import { castInt256, checkInt, checkUint, max, min } from "./integers.ts";
import { accrue, skew } from "./marketMath.ts";
import {
  accrued,
  equity,
  gain,
  initialMargin,
  liquidationPrice,
  maintenanceMargin,
  notional,
} from "./positionMath.ts";
import { fillPrice } from "./skewMath.ts";
import type { CurveParameters, Market, Position, Terms } from "./types.ts";
import { abs, mulWadCeil, mulWadDown, mulWadUp, WAD } from "./wadMath.ts";

/** A market at a price and a moment, with the terms of the position in question. */
export interface Scene {
  /** The sums as stored; every function here accrues them to `now` itself. */
  readonly market: Market;
  readonly curves: Pick<CurveParameters, "skewScale">;
  readonly terms: Terms;
  /** Index price [WAD quote per base]. */
  readonly price: bigint;
  /** Chain time [s]. */
  readonly now: bigint;
}

/** Where a position stands. Amounts are WAD quote; twin of `PositionHealth` in `interfaces/IMarketLens.sol`. */
export interface Health {
  /** Unrealized PnL less what is owed [±]. */
  readonly gain: bigint;
  /** Margin plus gain, bounded by the reserve [±]. */
  readonly equity: bigint;
  readonly notional: bigint;
  readonly maintenanceMargin: bigint;
  readonly initialMargin: bigint;
  /** Index price at which equity meets maintenance margin [WAD quote per base]. */
  readonly liquidationPrice: bigint;
  /** Funding and borrow fees since they were last folded; + means the position pays [±]. */
  readonly owed: bigint;
  /** Whether equity is below maintenance margin and the gain below the reserve. A cool-off is not looked at. */
  readonly liquidatable: boolean;
  /** Whether the gain at the fill price of a full close has reached the reserve. */
  readonly capped: boolean;
  /** Until when a partial liquidation must wait [s]; 0 when none was. */
  readonly coolingUntil: bigint;
}

/**
 * Return the health of an open position as `MarketLens` does (SPEC: requirements, liquidation).
 *
 * @throws {ArithmeticOverflowError} When a number leaves the range of its type.
 */
export function health(position: Position, scene: Scene): Health {
  const market = accrue(scene.market, scene.now);
  const { price, terms } = scene;
  const { fundingIndex, borrowIndex } = market;
  const owed = accrued({ position, fundingIndex, borrowIndex });
  const atIndex = gain({ position, price, owed });
  const held = equity(position, atIndex);
  const worth = notional(position.size, price);
  const { minMaintenance } = terms;
  const ratio = maintenanceRatio(terms);
  const required = maintenanceMargin({ notional_: worth, ratio, minMaintenance });
  const exit = fillPrice({
    price,
    skew: skew(market),
    sizeDelta: -position.size,
    skewScale: scene.curves.skewScale,
  });
  return {
    gain: atIndex,
    equity: held,
    notional: worth,
    maintenanceMargin: required,
    initialMargin: initialMargin(worth, terms),
    liquidationPrice: liquidationPrice({ position, owed, ratio, minMaintenance }),
    owed,
    liquidatable: atIndex < position.reserve && held < required,
    capped: gain({ position, price: exit, owed }) >= position.reserve,
    coolingUntil: position.cooldown === 0n ? 0n : position.priceTime + position.cooldown,
  };
}

/** An order that opens a position or lets it grow. */
export interface Opening {
  /** The position as stored, or one of size zero when it opens. */
  readonly position: Position;
  /** Signed size change [± WAD base]. */
  readonly sizeDelta: bigint;
  /** Margin to add [WAD quote]. */
  readonly margin: bigint;
  /** Reserve to lock [WAD quote]. */
  readonly reserve: bigint;
  /** Extra spread when no price came in time [WAD]; none by default. */
  readonly spread?: bigint;
  /**
   * Whether it goes through at the next price instead of on a trigger; no by default. A market order for an open position
   * must bring what an opening would, whatever the position has to spare. For one that opens it makes no difference.
   */
  readonly isMarket?: boolean;
}

/** Why an order would be cancelled: the contract's error and its values. */
export type OpenRefusal =
  | { readonly error: "PositionAtCap"; readonly gain: bigint; readonly reserve: bigint }
  | {
      readonly error: "ReserveOutOfBounds";
      readonly reserve: bigint;
      readonly lower: bigint;
      readonly upper: bigint;
    }
  | { readonly error: "MarginBelowFees"; readonly margin: bigint; readonly fees: bigint }
  | { readonly error: "NotionalTooSmall"; readonly notional: bigint; readonly minNotional: bigint }
  | { readonly error: "InitialMarginNotMet"; readonly equity: bigint; readonly required: bigint };

/** What an opening order does. Amounts are WAD quote. */
export interface OpenPreview {
  /** Price at which it fills [WAD quote per base]. */
  readonly fillPrice: bigint;
  readonly fee: bigint;
  /** The position afterwards, accruals folded, `margin` less the fee. */
  readonly position: Position;
  /** Equity afterwards, at the index price [±]. */
  readonly equity: bigint;
  readonly notional: bigint;
  readonly initialMargin: bigint;
  /** Index price at which the position would be liquidated [WAD quote per base]. */
  readonly liquidationPrice: bigint;
  /** Open interest of its side afterwards, to hold against the market's cap [WAD base]. */
  readonly openInterest: bigint;
  /** Least and largest reserve that the order may add. */
  readonly reserveBounds: { readonly lower: bigint; readonly upper: bigint };
  /** Why the market would refuse, its caps on open interest and utilization apart. */
  readonly refusal: OpenRefusal | undefined;
}

/**
 * Return what an order that opens or increases does at this price, refused or not (SPEC: fill price, requirements).
 *
 * @throws {SkewBeyondScaleError} When the skew leaves no price above zero.
 * @throws {ArithmeticOverflowError} When a number leaves the range of its type.
 */
export function previewOpen(opening: Opening, scene: Scene): OpenPreview {
  const market = accrue(scene.market, scene.now);
  const { price, terms } = scene;
  const { sizeDelta } = opening;
  const before = fold(opening.position, market);
  const fill = fillPrice({
    price: spreadPrice(price, opening),
    skew: skew(market),
    sizeDelta,
    skewScale: scene.curves.skewScale,
  });
  const fee = mulWadUp(mulWadUp(abs(sizeDelta), fill), terms.positionFeeRatio);
  const position = grow(before, opening, { fill, fee });
  const worth = notional(position.size, price);
  // What decides whether it fills: the whole, or what a market order adds to an open position.
  const base = opening.isMarket ? emptied(before) : before;
  const held = grow(base, opening, { fill, fee });
  const reserveBounds = boundReserve({ before: base, sizeDelta, fill, scene });
  return {
    fillPrice: fill,
    fee,
    position,
    equity: equityAt(position, price),
    notional: worth,
    initialMargin: initialMargin(worth, terms),
    liquidationPrice: liquidationPrice({
      position,
      owed: 0n,
      ratio: maintenanceRatio(terms),
      minMaintenance: terms.minMaintenance,
    }),
    openInterest: sideOf(market, sizeDelta) + abs(sizeDelta),
    reserveBounds,
    refusal: [
      refuseAtCap(before, price),
      // Equity above zero is all that is asked of the position beside it.
      base === before ? undefined : refusePoor(equityAt(before, price), 1n),
      refuseReserve(opening.reserve, reserveBounds),
      refuseFee(base.margin + opening.margin, fee),
      refuseSmall(notional(held.size, price), terms.minNotional),
      refusePoor(equityAt(held, price), initialMargin(notional(held.size, price), terms)),
    ].find((refusal) => refusal !== undefined),
  };
}

/** A position with what an order adds. */
function grow(
  before: Position,
  { sizeDelta, margin, reserve }: Opening,
  { fill, fee }: { readonly fill: bigint; readonly fee: bigint },
): Position {
  return {
    ...before,
    size: checkInt(before.size + sizeDelta, 96),
    openNotional: checkInt(before.openNotional + mulWadCeil(sizeDelta, castInt256(fill)), 96),
    reserve: checkUint(before.reserve + reserve, 96),
    margin: checkUint(max(before.margin + margin - fee, 0n), 96),
  };
}

/** An empty box beside an open position; what is not open is empty already. */
function emptied(position: Position): Position {
  if (position.size === 0n) return position;
  return { ...position, size: 0n, openNotional: 0n, margin: 0n, reserve: 0n };
}

/** Equity of a folded position. */
function equityAt(position: Position, price: bigint): bigint {
  return equity(position, gain({ position, price, owed: 0n }));
}

function maintenanceRatio(terms: Terms): bigint {
  return terms.maintenanceMarginRatio + terms.liquidationFeeRatio;
}

function spreadPrice(price: bigint, { sizeDelta, spread = 0n }: Opening): bigint {
  if (spread === 0n) return price;
  return sizeDelta > 0n
    ? mulWadUp(price, WAD + spread)
    : mulWadDown(price, checkUint(WAD - spread));
}

function sideOf(market: Market, sizeDelta: bigint): bigint {
  return sizeDelta > 0n ? market.longOpenInterest : market.shortOpenInterest;
}

/** What is added must bring its own reserve: bounded below, and above by the most it could win. */
function boundReserve({
  before,
  sizeDelta,
  fill,
  scene: { price, terms },
}: {
  readonly before: Position;
  readonly sizeDelta: bigint;
  readonly fill: bigint;
  readonly scene: Scene;
}): { readonly lower: bigint; readonly upper: bigint } {
  const added = notional(sizeDelta, price);
  const share = mulWadUp(added, terms.minReserveRatio);
  const short = before.reserve + share < terms.keeperFeeFloor;
  return {
    lower: short ? terms.keeperFeeFloor - before.reserve : share,
    upper: sizeDelta < 0n ? min(added, mulWadDown(abs(sizeDelta), fill)) : added,
  };
}

function refuseAtCap(before: Position, price: bigint): OpenRefusal | undefined {
  const atIndex = gain({ position: before, price, owed: 0n });
  if (before.size === 0n || atIndex < before.reserve) return undefined;
  return { error: "PositionAtCap", gain: atIndex, reserve: before.reserve };
}

function refuseReserve(
  reserve: bigint,
  { lower, upper }: { readonly lower: bigint; readonly upper: bigint },
): OpenRefusal | undefined {
  if (reserve >= lower && reserve <= upper) return undefined;
  return { error: "ReserveOutOfBounds", reserve, lower, upper };
}

function refuseFee(margin: bigint, fees: bigint): OpenRefusal | undefined {
  return margin < fees ? { error: "MarginBelowFees", margin, fees } : undefined;
}

function refusePoor(held: bigint, required: bigint): OpenRefusal | undefined {
  return held < required ? { error: "InitialMarginNotMet", equity: held, required } : undefined;
}

function refuseSmall(worth: bigint, minNotional: bigint): OpenRefusal | undefined {
  return worth < minNotional
    ? { error: "NotionalTooSmall", notional: worth, minNotional }
    : undefined;
}
