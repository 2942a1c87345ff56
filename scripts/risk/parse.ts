import { InvalidArgumentError } from "commander";
import { parseUnsignedWad } from "../core/units.ts";
import type { Side } from "./barrier.ts";

const DURATION = /^(\d+(?:\.\d+)?)\s*(s|m|min|h|d|w)$/;
const SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  min: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
};
const NUMBER = /^-?\d+(?:\.\d+)?(?:e-?\d+)?$/i;

/** Read a duration such as "24h", "7d", "90s" or "5m" [s]. */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text.trim());
  const seconds = Number(match?.[1]) * (SECONDS[match?.[2] ?? ""] ?? Number.NaN);
  if (!(seconds > 0))
    throw new InvalidArgumentError('Write a duration such as "24h", "7d", "5m" or "90s".');
  return seconds;
}

/** Read a number above zero. */
export function parsePositive(text: string): number {
  const value = parseNumber(text);
  if (!(value > 0)) throw new InvalidArgumentError("Give a number above zero.");
  return value;
}

/** Read any plain number. */
export function parseNumber(text: string): number {
  if (!NUMBER.test(text.trim()))
    throw new InvalidArgumentError('Write a plain number such as "0.5".');
  return Number(text);
}

/** Read a share, such as "1%" or "0.01". */
export function parseShare(text: string): number {
  const trimmed = text.trim();
  return trimmed.endsWith("%") ? parseNumber(trimmed.slice(0, -1)) / 100 : parseNumber(trimmed);
}

/** Read a chance that is neither none nor certain, such as "1%" or "0.01". */
export function parseChance(text: string): number {
  const value = parseShare(text);
  if (!(value > 0 && value < 1)) {
    throw new InvalidArgumentError('Give a chance above 0 and below 100%, such as "1%".');
  }
  return value;
}

/** Read a whole number that is not negative. */
export function parseWhole(text: string): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw new InvalidArgumentError("Give a whole number.");
  }
  return Number(text);
}

/** Read an amount [WAD]. */
export function parseAmount(text: string): bigint {
  try {
    return parseUnsignedWad(text);
  } catch (cause) {
    throw new InvalidArgumentError(cause instanceof Error ? cause.message : String(cause));
  }
}

/** Read which way a position goes. */
export function parseSide(text: string): Side {
  if (text !== "long" && text !== "short") throw new InvalidArgumentError('Say "long" or "short".');
  return text;
}

/** Make a reader of lists, separated by commas. */
export function listOf<T>(parse: (text: string) => T): (text: string) => readonly T[] {
  return (text) => text.split(",").map((part) => parse(part.trim()));
}
