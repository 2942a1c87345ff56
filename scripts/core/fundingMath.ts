import { castInt256, checkInt } from "./integers.ts";
import { clamp, divFloor, mulWadCeil, mulWadFloor, WAD } from "./wadMath.ts";

/**
 * Return the growth of the funding index: `maxFundingRate × clamp(skew / fundingScale, −1, 1) × price`; + means longs
 * pay [± WAD quote per base per s] (SPEC: accrual).
 *
 * @throws {DivisionByZeroError} When `fundingScale` is zero.
 */
export function velocity({
  price,
  skew,
  maxFundingRate,
  fundingScale,
}: {
  readonly price: bigint;
  readonly skew: bigint;
  readonly maxFundingRate: bigint;
  readonly fundingScale: bigint;
}): bigint {
  const share = divFloor(checkInt(skew * WAD), castInt256(fundingScale));
  const ratio = clamp({ a: share, lower: -WAD, upper: WAD });
  return mulWadFloor(mulWadFloor(castInt256(maxFundingRate), ratio), castInt256(price));
}

/**
 * Return what a position owes since its snapshot: `s × (F − F₀)`, rounded up; + means the position pays [± WAD quote]
 * (SPEC: accrual).
 *
 * @throws {ArithmeticOverflowError} When a step leaves 256 bits.
 */
export function owed({
  size,
  fundingIndex,
  snapshot,
}: {
  readonly size: bigint;
  readonly fundingIndex: bigint;
  readonly snapshot: bigint;
}): bigint {
  return mulWadCeil(size, checkInt(fundingIndex - snapshot));
}
