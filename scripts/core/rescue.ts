import { castInt256, checkInt, checkUint } from "./integers.ts";
import { ceilToToken } from "./tokenScale.ts";
import { mulWadUp } from "./wadMath.ts";

/** What an owner lets a market pull from its wallet to save one position (DESIGN §8). */
export interface RescueMandate {
  /** What may still be pulled [WAD quote]. */
  readonly capLeft: bigint;
  /** Multiple of the maintenance margin that a rescue restores [WAD]. */
  readonly targetRatio: bigint;
  /** Multiple of the maintenance margin below which `rescue` may act [WAD]. */
  readonly triggerRatio: bigint;
}

/** Why nothing is pulled. */
export type RescueRefusal = "healthy" | "debtForgiven" | "capTooSmall";

/** What a rescue pulls, or why it pulls nothing. Amounts are WAD quote. */
export type RescuePreview =
  | { readonly kind: "refused"; readonly reason: RescueRefusal }
  | {
      readonly kind: "rescued";
      /** Pulled from the owner's wallet, in whole token units. */
      readonly pulled: bigint;
      /** What of it the keeper gets. */
      readonly keeperFee: bigint;
      /** What of it becomes margin. */
      readonly added: bigint;
      readonly capLeft: bigint;
    };

/**
 * Return what a rescue pulls: just enough to bring equity to `targetRatio × maintenanceMargin`, and the keeper's fee; or
 * nothing where equity is used up, for debt that the box forgives is nobody's to pay, or where the cap does not suffice.
 *
 * `trigger` is the multiple of maintenance below which this call may act: `triggerRatio` for `rescue`, 1 for `liquidate`
 * [WAD]. Allowance and balance are taken to suffice.
 *
 * @throws {ArithmeticOverflowError} When a step leaves 256 bits.
 */
export function previewRescue({
  mandate,
  equity,
  maintenanceMargin,
  keeperFee,
  trigger,
  scale,
}: {
  readonly mandate: RescueMandate;
  readonly equity: bigint;
  readonly maintenanceMargin: bigint;
  readonly keeperFee: bigint;
  readonly trigger: bigint;
  readonly scale: bigint;
}): RescuePreview {
  if (equity >= castInt256(mulWadUp(maintenanceMargin, trigger))) return refused("healthy");
  if (equity <= 0n) return refused("debtForgiven");
  const target = castInt256(mulWadUp(maintenanceMargin, mandate.targetRatio));
  const missing = checkUint(checkInt(target - equity));
  const pulled = ceilToToken(checkUint(missing + keeperFee), scale);
  if (pulled > mandate.capLeft) return refused("capTooSmall");
  return {
    kind: "rescued",
    pulled,
    keeperFee,
    added: pulled - keeperFee,
    capLeft: mandate.capLeft - pulled,
  };
}

function refused(reason: RescueRefusal): RescuePreview {
  return { kind: "refused", reason };
}
