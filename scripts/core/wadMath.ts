import { castInt256, checkInt, checkUint, divide } from "./integers.ts";

// Twins of contracts/libraries carry the names they have in Solidity. A function of more than two parameters takes
// them as one object, whose fields have the Solidity names in the Solidity order.

/** 1.0 [WAD]. */
export const WAD = 10n ** 18n;

/**
 * Multiply unsigned numbers, rounding down [WAD].
 *
 * @throws {ArithmeticOverflowError} When the product leaves 256 bits.
 */
export function mulWadDown(a: bigint, b: bigint): bigint {
  return checkUint(a * b) / WAD;
}

/**
 * Multiply unsigned numbers, rounding up [WAD].
 *
 * @throws {ArithmeticOverflowError} When the product leaves 256 bits.
 */
export function mulWadUp(a: bigint, b: bigint): bigint {
  return mulDivUp({ a, b, c: WAD });
}

/**
 * Divide unsigned numbers, rounding down [WAD].
 *
 * @throws {ArithmeticOverflowError} When the scaled dividend leaves 256 bits.
 * @throws {DivisionByZeroError} When `b` is zero.
 */
export function divWadDown(a: bigint, b: bigint): bigint {
  return divide(checkUint(a * WAD), b);
}

/**
 * Divide unsigned numbers, rounding up [WAD].
 *
 * @throws {ArithmeticOverflowError} When the scaled dividend leaves 256 bits.
 * @throws {DivisionByZeroError} When `b` is zero.
 */
export function divWadUp(a: bigint, b: bigint): bigint {
  return mulDivUp({ a, b: WAD, c: b });
}

/**
 * Compute `a × b ÷ c` of unsigned numbers, rounding up.
 *
 * @throws {ArithmeticOverflowError} When the product leaves 256 bits.
 * @throws {DivisionByZeroError} When `c` is zero.
 */
export function mulDivUp({
  a,
  b,
  c,
}: {
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
}): bigint {
  const product = checkUint(a * b);
  return product === 0n ? 0n : checkUint(divide(product - 1n, c) + 1n);
}

/**
 * Multiply signed numbers, rounding toward −∞ [WAD].
 *
 * @throws {ArithmeticOverflowError} When the product leaves 256 bits.
 */
export function mulWadFloor(a: bigint, b: bigint): bigint {
  return divFloor(checkInt(a * b), WAD);
}

/**
 * Multiply signed numbers, rounding toward +∞ [WAD].
 *
 * @throws {ArithmeticOverflowError} When the product leaves 256 bits.
 */
export function mulWadCeil(a: bigint, b: bigint): bigint {
  return -divFloor(checkInt(-checkInt(a * b)), WAD);
}

/**
 * Divide signed numbers, rounding toward −∞; `b` must be positive.
 *
 * @throws {DivisionByZeroError} When `b` is zero.
 */
export function divFloor(a: bigint, b: bigint): bigint {
  const quotient = castInt256(divide(a, b));
  return a < 0n && a % b !== 0n ? checkInt(quotient - 1n) : quotient;
}

/**
 * Return the absolute value of `a`.
 *
 * @throws {ArithmeticOverflowError} When `a` is the least integer of 256 bits.
 */
export function abs(a: bigint): bigint {
  return a < 0n ? checkInt(-a) : a;
}

/** Bring `a` into `[lower, upper]`. */
export function clamp({
  a,
  lower,
  upper,
}: {
  readonly a: bigint;
  readonly lower: bigint;
  readonly upper: bigint;
}): bigint {
  if (a < lower) return lower;
  return a > upper ? upper : a;
}
