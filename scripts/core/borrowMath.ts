import { checkUint } from "./integers.ts";
import type { CurveParameters } from "./types.ts";
import { divWadUp, mulDivUp, mulWadUp, WAD } from "./wadMath.ts";

/**
 * Return `reserved ÷ cash`, rounded up and at most 1 [WAD].
 *
 * @throws {ArithmeticOverflowError} When the scaled reserve leaves 256 bits.
 */
export function utilization(reserved: bigint, cash: bigint): bigint {
  if (reserved === 0n) return 0n;
  return reserved >= cash ? WAD : divWadUp(reserved, cash);
}

/**
 * Return the kinked borrow rate at a utilization, rounded up [WAD per s] (SPEC: accrual).
 *
 * @throws {ArithmeticOverflowError} When the curve's rates are out of order.
 */
export function borrowRate(used: bigint, curves: CurveParameters): bigint {
  const kink = curves.kinkUtilization;
  if (used <= kink) {
    const slope = checkUint(curves.kinkBorrowRate - curves.minBorrowRate);
    return checkUint(curves.minBorrowRate + mulDivUp({ a: slope, b: used, c: kink }));
  }
  const steep = checkUint(curves.maxBorrowRate - curves.kinkBorrowRate);
  const above = mulDivUp({ a: steep, b: used - kink, c: checkUint(WAD - kink) });
  return checkUint(curves.kinkBorrowRate + above);
}

/**
 * Return what a position owes for its reserve since its snapshot: `R × (B − B₀)`, rounded up [WAD quote]
 * (SPEC: accrual).
 *
 * @throws {ArithmeticOverflowError} When the index lies before the snapshot.
 */
export function owed({
  reserve,
  borrowIndex,
  snapshot,
}: {
  readonly reserve: bigint;
  readonly borrowIndex: bigint;
  readonly snapshot: bigint;
}): bigint {
  return mulWadUp(reserve, checkUint(borrowIndex - snapshot));
}
