import { AmountTooPreciseError, MalformedAmountError, NegativeAmountError } from "./errors.ts";
import { checkInt } from "./integers.ts";

/** Digits after the point of a WAD. */
export const WAD_DECIMALS = 18;

/** Optional minus, no leading zeros, at most one point with digits on both sides. ASCII digits only. */
const PLAIN_DECIMAL = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

/** Longest text worth reading: 78 digits before the point, 77 after it, a sign and the point fit a 256-bit number. */
const MAX_LENGTH = 160;

/**
 * Parse a plain decimal text into a signed amount with `decimals` digits after the point, exactly.
 *
 * @throws {MalformedAmountError} When the text is not a plain decimal: no exponent, separator, blank, or bare sign.
 * @throws {AmountTooPreciseError} When it has more digits after the point than `decimals`, trailing zeros apart.
 * @throws {ArithmeticOverflowError} When the amount does not fit 256 bits.
 */
export function parseDecimal(text: string, decimals: number): bigint {
  const match = text.length > MAX_LENGTH ? null : PLAIN_DECIMAL.exec(text);
  if (match === null) throw new MalformedAmountError(text);
  const [, sign = "", whole = "", fraction = ""] = match;
  const digits = fraction.replace(/0+$/, "");
  if (digits.length > decimals) throw new AmountTooPreciseError(text, decimals);
  const magnitude = BigInt(whole + digits.padEnd(decimals, "0"));
  return checkInt(sign === "-" ? -magnitude : magnitude);
}

/**
 * Format an amount with `decimals` digits after the point as the shortest exact decimal text.
 *
 * With `maxFraction`, digits beyond it are cut off, toward zero.
 */
export function formatDecimal(
  amount: bigint,
  {
    decimals,
    maxFraction = decimals,
  }: { readonly decimals: number; readonly maxFraction?: number },
): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  const fraction = digits.slice(point, point + maxFraction).replace(/0+$/, "");
  const text = fraction === "" ? digits.slice(0, point) : `${digits.slice(0, point)}.${fraction}`;
  return amount < 0n && /[1-9]/.test(text) ? `-${text}` : text;
}

/**
 * Parse a decimal text into a signed WAD [± WAD].
 *
 * @throws {MalformedAmountError} When the text is not a plain decimal.
 * @throws {AmountTooPreciseError} When it has more than 18 digits after the point.
 */
export function parseWad(text: string): bigint {
  return parseDecimal(text, WAD_DECIMALS);
}

/**
 * Parse a decimal text into a WAD that is not negative [WAD].
 *
 * @throws {MalformedAmountError} When the text is not a plain decimal.
 * @throws {AmountTooPreciseError} When it has more than 18 digits after the point.
 * @throws {NegativeAmountError} When it is negative.
 */
export function parseUnsignedWad(text: string): bigint {
  return unsigned(text, parseWad(text));
}

/** Format a WAD as the shortest exact decimal text, or cut toward zero to `maxFraction` digits after the point. */
export function formatWad(amount: bigint, maxFraction = WAD_DECIMALS): string {
  return formatDecimal(amount, { decimals: WAD_DECIMALS, maxFraction });
}

/**
 * Parse a decimal text into token units [token].
 *
 * @throws {MalformedAmountError} When the text is not a plain decimal.
 * @throws {AmountTooPreciseError} When it has more digits after the point than the token.
 * @throws {NegativeAmountError} When it is negative.
 */
export function parseToken(text: string, decimals: number): bigint {
  return unsigned(text, parseDecimal(text, decimals));
}

/** Format token units as the shortest exact decimal text. */
export function formatToken(amountToken: bigint, decimals: number): string {
  return formatDecimal(amountToken, { decimals });
}

function unsigned(text: string, amount: bigint): bigint {
  if (amount < 0n) throw new NegativeAmountError(text);
  return amount;
}
