import type { Terms } from "./types.ts";

const RATIO_STEP = 10n ** 9n;
const AMOUNT_STEP = 10n ** 12n;

/** Terms as the vault stores and logs them. */
export interface TermsWords {
  readonly ratios: bigint;
  readonly amounts: bigint;
}

/** Read terms out of their two words, as `TermsMath.unpack` does [WAD; the cool-off in s]. */
export function unpackTerms({ ratios, amounts }: TermsWords): Terms {
  const ratio = (slot: bigint) => BigInt.asUintN(32, ratios >> (32n * slot)) * RATIO_STEP;
  const amount = (slot: bigint) => BigInt.asUintN(48, amounts >> (48n * slot)) * AMOUNT_STEP;
  return {
    initialMarginRatio: ratio(0n),
    maintenanceMarginRatio: ratio(1n),
    liquidationFeeRatio: ratio(2n),
    positionFeeRatio: ratio(3n),
    liquidationTarget: ratio(4n),
    minReserveRatio: ratio(5n),
    liquidationCooldown: BigInt.asUintN(16, ratios >> 192n),
    keeperFeeFloor: amount(0n),
    keeperFeeCap: amount(1n),
    minMaintenance: amount(2n),
    minMargin: amount(3n),
    minNotional: amount(4n),
  };
}
