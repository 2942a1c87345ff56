import { InvalidArgumentError } from "commander";

import { WAD } from "../core/wadMath.ts";
import { parseShare } from "../risk/parse.ts";

/** Read the number of a position, order or request. */
export function parseId(text: string): bigint {
  if (!/^[1-9]\d{0,18}$/.test(text)) {
    throw new InvalidArgumentError('Give a number such as "12".');
  }
  return BigInt(text);
}

/** Read a share, such as "0.5%" [WAD]. */
export function parseRatio(text: string): bigint {
  return BigInt(Math.round(parseShare(text) * 1e9)) * (WAD / 10n ** 9n);
}
