import { TooManyDecimalsError } from "./errors.ts";
import { checkUint, divide } from "./integers.ts";

/**
 * Return how many WAD units are in one token unit.
 *
 * @throws {TooManyDecimalsError} When the token has more than 18 decimals.
 */
export function scaleOf(decimals: bigint): bigint {
  if (decimals > 18n) throw new TooManyDecimalsError(decimals);
  return 10n ** (18n - decimals);
}

/**
 * Convert token units to WAD, exactly.
 *
 * @throws {ArithmeticOverflowError} When the amount leaves 256 bits.
 */
export function toWad(amountToken: bigint, scale: bigint): bigint {
  return checkUint(amountToken * scale);
}

/**
 * Convert WAD to token units, rounding down [token].
 *
 * @throws {DivisionByZeroError} When `scale` is zero.
 */
export function toTokenDown(amount: bigint, scale: bigint): bigint {
  return divide(amount, scale);
}

/**
 * Return the largest WAD amount up to `amount` that is a whole number of token units.
 *
 * @throws {DivisionByZeroError} When `scale` is zero.
 */
export function floorToToken(amount: bigint, scale: bigint): bigint {
  return divide(amount, scale) * scale;
}

/**
 * Return the smallest WAD amount from `amount` that is a whole number of token units.
 *
 * @throws {ArithmeticOverflowError} When it leaves 256 bits.
 * @throws {DivisionByZeroError} When `scale` is zero.
 */
export function ceilToToken(amount: bigint, scale: bigint): bigint {
  return floorToToken(checkUint(checkUint(amount + scale) - 1n), scale);
}
