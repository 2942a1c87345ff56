import { ArithmeticOverflowError, DivisionByZeroError } from "./errors.ts";

/**
 * Return `value` if an unsigned integer of `bits` holds it, as checked Solidity arithmetic does.
 *
 * @throws {ArithmeticOverflowError} When it does not fit.
 */
export function checkUint(value: bigint, bits = 256): bigint {
  if (BigInt.asUintN(bits, value) !== value) {
    throw new ArithmeticOverflowError(value, `uint${bits}`);
  }
  return value;
}

/**
 * Return `value` if a signed integer of `bits` holds it, as checked Solidity arithmetic does.
 *
 * @throws {ArithmeticOverflowError} When it does not fit.
 */
export function checkInt(value: bigint, bits = 256): bigint {
  if (BigInt.asIntN(bits, value) !== value) {
    throw new ArithmeticOverflowError(value, `int${bits}`);
  }
  return value;
}

/**
 * Divide, rounding toward zero as Solidity does.
 *
 * @throws {DivisionByZeroError} When `divisor` is zero.
 */
export function divide(dividend: bigint, divisor: bigint): bigint {
  if (divisor === 0n) throw new DivisionByZeroError(dividend);
  return dividend / divisor;
}

/** Reinterpret an unsigned 256-bit word as signed, as the unchecked cast `int256(x)` does. */
export function castInt256(value: bigint): bigint {
  return BigInt.asIntN(256, value);
}

/** Return the smaller of two numbers. */
export function min(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** Return the larger of two numbers. */
export function max(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}
