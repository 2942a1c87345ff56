import { SkewBeyondScaleError } from "./errors.ts";
import { castInt256, checkInt, checkUint, divide } from "./integers.ts";
import { abs, mulDivUp, mulWadUp, WAD } from "./wadMath.ts";

/**
 * Return the price at which a size change fills: `P × (1 + (skew + Δ/2) / skewScale)`, up for a buy and down for a sale
 * [WAD quote per base] (SPEC: fill price).
 *
 * @throws {SkewBeyondScaleError} When the skew leaves no price above zero.
 */
export function fillPrice({
  price,
  skew,
  sizeDelta,
  skewScale,
}: {
  readonly price: bigint;
  readonly skew: bigint;
  readonly sizeDelta: bigint;
  readonly skewScale: bigint;
}): bigint {
  const doubled = checkInt(2n * checkInt(castInt256(skewScale) + skew));
  const numerator = checkInt(doubled + sizeDelta);
  if (numerator <= 0n) throw new SkewBeyondScaleError(skew + sizeDelta / 2n, skewScale);
  const scale = checkUint(2n * skewScale);
  return sizeDelta > 0n
    ? mulDivUp({ a: price, b: numerator, c: scale })
    : divide(checkUint(price * numerator), scale);
}

/**
 * Return what the market as a whole could get back by closing: `P × skew² / (2 × skewScale)`, rounded up, a liability
 * of the pool [WAD quote] (SPEC: fill price).
 *
 * @throws {DivisionByZeroError} When `skewScale` is zero and the skew is not.
 */
export function premium({
  price,
  skew,
  skewScale,
}: {
  readonly price: bigint;
  readonly skew: bigint;
  readonly skewScale: bigint;
}): bigint {
  const depth = abs(skew);
  return mulDivUp({ a: mulWadUp(price, depth), b: depth, c: checkUint(2n * skewScale) });
}

/**
 * Return the impact of closing a whole position at once, where it costs: `max(0, (|s|/2 − skew·sign(s)) / skewScale)`,
 * rounded up [WAD] (SPEC: liquidation).
 *
 * @throws {DivisionByZeroError} When `skewScale` is zero and the exit costs.
 */
export function worstExitImpact({
  size,
  skew,
  skewScale,
}: {
  readonly size: bigint;
  readonly skew: bigint;
  readonly skewScale: bigint;
}): bigint {
  const aligned = size > 0n ? skew : checkInt(-skew);
  const doubled = checkInt(abs(size) - checkInt(2n * aligned));
  return doubled <= 0n ? 0n : mulDivUp({ a: doubled, b: WAD, c: checkUint(2n * skewScale) });
}
