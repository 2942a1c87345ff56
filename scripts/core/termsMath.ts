import type { Terms } from "./types.ts";

const RATIO_STEP = 10n ** 9n;
const AMOUNT_STEP = 10n ** 12n;

/** Terms as the vault stores and logs them. */
export interface TermsWords {
  readonly margins: bigint;
  readonly trades: bigint;
}

/** Read terms out of their two words, as `TermsMath.unpack` does [WAD; the cool-off in s]. */
export function unpackTerms({ margins, trades }: TermsWords): Terms {
  const ratio = (word: bigint, shift: bigint) => BigInt.asUintN(32, word >> shift) * RATIO_STEP;
  const amount = (word: bigint, shift: bigint) => BigInt.asUintN(48, word >> shift) * AMOUNT_STEP;
  return {
    initialMarginRatio: ratio(margins, 0n),
    maintenanceMarginRatio: ratio(margins, 32n),
    liquidationFeeRatio: ratio(margins, 64n),
    positionFeeRatio: ratio(margins, 96n),
    liquidationTarget: ratio(margins, 128n),
    minMaintenance: amount(margins, 160n),
    minMargin: amount(margins, 208n),
    minReserveRatio: ratio(trades, 0n),
    liquidationCooldown: BigInt.asUintN(16, trades >> 32n),
    keeperFeeFloor: amount(trades, 48n),
    keeperFeeCap: amount(trades, 96n),
    minNotional: amount(trades, 144n),
  };
}
