import { owed as borrowOwed } from "./borrowMath.ts";
import { owed as fundingOwed } from "./fundingMath.ts";
import { castInt256, checkInt, checkUint, divide, max, min } from "./integers.ts";
import type { Position, Terms } from "./types.ts";
import { abs, mulDivUp, mulWadDown, mulWadFloor, mulWadUp, WAD } from "./wadMath.ts";

/**
 * Return `|s| × P`, rounded up [WAD quote] (SPEC: the box).
 *
 * @throws {ArithmeticOverflowError} When the product leaves 256 bits.
 */
export function notional(size: bigint, price: bigint): bigint {
  return mulWadUp(abs(size), price);
}

/**
 * Return what funding and borrowing have cost since they were last folded, rounded up [± WAD quote] (SPEC: accrual).
 *
 * @throws {ArithmeticOverflowError} When a step leaves 256 bits or the borrow index lies before the snapshot.
 */
export function accrued({
  position,
  fundingIndex,
  borrowIndex,
}: {
  readonly position: Pick<Position, "size" | "reserve" | "fundingIndex" | "borrowIndex">;
  readonly fundingIndex: bigint;
  readonly borrowIndex: bigint;
}): bigint {
  const funding = fundingOwed({
    size: position.size,
    fundingIndex,
    snapshot: position.fundingIndex,
  });
  const borrow = borrowOwed({
    reserve: position.reserve,
    borrowIndex,
    snapshot: position.borrowIndex,
  });
  return checkInt(funding + castInt256(borrow));
}

/**
 * Return `sP − n − owed`, rounded down; `owed` is what `accrued` gives, 0 after a fold [± WAD quote] (SPEC: the box).
 *
 * @throws {ArithmeticOverflowError} When a step leaves 256 bits.
 */
export function gain({
  position,
  price,
  owed,
}: {
  readonly position: Pick<Position, "size" | "openNotional">;
  readonly price: bigint;
  readonly owed: bigint;
}): bigint {
  const worth = mulWadFloor(position.size, castInt256(price));
  return checkInt(checkInt(worth - position.openNotional) - owed);
}

/**
 * Return `M + min(g, R)`: the box never gives more than its reserve [± WAD quote] (SPEC: the box).
 *
 * @throws {ArithmeticOverflowError} When the sum leaves 256 bits.
 */
export function equity(position: Pick<Position, "margin" | "reserve">, gain_: bigint): bigint {
  return checkInt(position.margin + min(gain_, position.reserve));
}

/**
 * Return `max((mmr + lfr) × V, minMaintenance)`, rounded up [WAD quote]; `ratio` is mmr + lfr [WAD]
 * (SPEC: requirements).
 *
 * @throws {ArithmeticOverflowError} When the product leaves 256 bits.
 */
export function maintenanceMargin({
  notional_,
  ratio,
  minMaintenance,
}: {
  readonly notional_: bigint;
  readonly ratio: bigint;
  readonly minMaintenance: bigint;
}): bigint {
  return max(mulWadUp(notional_, ratio), minMaintenance);
}

/**
 * Return `max(imr × V, liquidationTarget × maintenanceMargin(V), minMargin)`, rounded up [WAD quote]
 * (SPEC: requirements).
 *
 * @throws {ArithmeticOverflowError} When a product leaves 256 bits.
 */
export function initialMargin(notional_: bigint, terms: Terms): bigint {
  const required = mulWadUp(notional_, terms.initialMarginRatio);
  const ratio = terms.maintenanceMarginRatio + terms.liquidationFeeRatio;
  const maintenance = maintenanceMargin({
    notional_,
    ratio,
    minMaintenance: terms.minMaintenance,
  });
  const target = mulWadUp(maintenance, terms.liquidationTarget);
  return max(max(required, target), terms.minMargin);
}

/**
 * Return the size to close so that the rest is back at the target: `|s| × (k·m·V − E) / ((k·m − lfr − c)·V)`, rounded
 * up and at most `|s|` [WAD base] (SPEC: liquidation).
 *
 * Covers a fill price that is rounded by a wei against the account. `notional_` is `|s| × P` [WAD quote], `equity_` is
 * before the liquidation [± WAD quote], `targetRatio` is the target times mmr + lfr [WAD], `cost` is lfr plus the worst
 * exit impact [WAD].
 *
 * @throws {ArithmeticOverflowError} When a product leaves 256 bits.
 */
export function liquidationSize({
  size,
  notional_,
  equity_,
  targetRatio,
  cost,
}: {
  readonly size: bigint;
  readonly notional_: bigint;
  readonly equity_: bigint;
  readonly targetRatio: bigint;
  readonly cost: bigint;
}): bigint {
  const whole = abs(size);
  if (equity_ <= 0n || targetRatio <= cost) return whole;
  const target = mulWadUp(notional_, targetRatio);
  if (target <= equity_) return 0n;
  const relief = mulWadDown(notional_, targetRatio - cost);
  if (relief === 0n) return whole;
  const missing = target - equity_ + whole / WAD;
  return min(mulDivUp({ a: whole, b: missing, c: relief }), whole);
}

/**
 * Return the index price at which equity meets maintenance margin, with what has accrued so far; 0 when no price
 * liquidates a long [WAD quote per base] (SPEC: liquidation price).
 *
 * A long is liquidatable at every price below it, a short at every price above it; rounding of quote amounts can
 * extend that by the price change that is worth a few wei of the position. Where the gain reaches the reserve first,
 * it is the price from which the position is capped. `owed` is what `accrued` gives [± WAD quote], `ratio` is mmr +
 * lfr, below 1 [WAD].
 *
 * @throws {ArithmeticOverflowError} When a step leaves 256 bits or `ratio` is above 1.
 */
export function liquidationPrice({
  position,
  owed,
  ratio,
  minMaintenance,
}: {
  readonly position: Pick<Position, "size" | "openNotional" | "margin" | "reserve">;
  readonly owed: bigint;
  readonly ratio: bigint;
  readonly minMaintenance: bigint;
}): bigint {
  const size = abs(position.size);
  if (size === 0n) return 0n;
  const floor = castInt256(minMaintenance);
  const cost = checkInt(position.openNotional + owed);
  const debt = checkInt(cost - position.margin);
  const capped = checkInt(cost + position.reserve);
  if (position.size > 0n) {
    const byFloor = priceUp(checkInt(debt + floor), { size, divisor: WAD });
    const byRatio = priceUp(debt, { size, divisor: checkUint(WAD - ratio) });
    return min(max(byRatio, byFloor), priceUp(capped, { size, divisor: WAD }));
  }
  const credit = checkInt(-debt);
  const byFloor = priceDown(checkInt(credit - floor), { size, divisor: WAD });
  const byRatio = priceDown(credit, { size, divisor: checkUint(WAD + ratio) });
  return max(min(byRatio, byFloor), priceDown(checkInt(-capped), { size, divisor: WAD }));
}

interface PriceDivisor {
  readonly size: bigint;
  readonly divisor: bigint;
}

/** The price at which `size × divisor ÷ WAD` is worth `amount`, rounded up; 0 below zero. */
function priceUp(amount: bigint, { size, divisor }: PriceDivisor): bigint {
  return amount <= 0n ? 0n : mulDivUp({ a: amount, b: WAD * WAD, c: checkUint(size * divisor) });
}

/** The price at which `size × divisor ÷ WAD` is worth `amount`, rounded down; 0 below zero. */
function priceDown(amount: bigint, { size, divisor }: PriceDivisor): bigint {
  return amount <= 0n ? 0n : divide(checkUint(amount * WAD * WAD), checkUint(size * divisor));
}
