import { checkUint } from "./integers.ts";
import { ceilToToken } from "./tokenScale.ts";
import { mulWadUp } from "./wadMath.ts";

/** What an owner lets a market pull from its wallet to save one position; twin of `Mandate` in `types/Mandate.sol`. */
export interface RescueMandate {
  /** What may still be pulled [WAD quote]. */
  readonly capLeft: bigint;
  /** Multiple of the maintenance margin that a rescue restores [WAD]. */
  readonly targetRatio: bigint;
  /** Multiple of the maintenance margin below which `rescue` may act [WAD]. */
  readonly triggerRatio: bigint;
  /** Least pause between two rescues [s]. */
  readonly minInterval: bigint;
  /** When it was last used [s]; 0 before. */
  readonly rescuedAt: bigint;
  /** Last second in which it counts [s]. */
  readonly expiry: bigint;
  /** The most that one rescue may pay its keeper [WAD quote]. */
  readonly maxKeeperFee: bigint;
}

/** A mandate with whose it is, as its market's logs tell it. */
export interface GivenMandate extends RescueMandate {
  /** Who gave it. */
  readonly owner: string;
  /** Round of the owner in which it was given: a later one voids it. */
  readonly round: bigint;
}

/** Why nothing is pulled; names of `RescueOutcome` in `interfaces/IMandateBook.sol`. */
export type RescueRefusal =
  | "Expired"
  | "Insolvent"
  | "NotTriggered"
  | "TooSoon"
  | "FeeTooHigh"
  | "CapTooSmall";

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
      /** The mandate afterwards. */
      readonly mandate: RescueMandate;
    };

/** A position below its requirement, and who asks. */
export interface RescueCall {
  readonly mandate: RescueMandate;
  /** [± WAD quote] */
  readonly equity: bigint;
  /** [WAD quote] */
  readonly maintenanceMargin: bigint;
  /** What the keeper gets: the floor of the position's terms [WAD quote]. */
  readonly keeperFee: bigint;
  /** Whether `rescue` asks, which the mandate's trigger bounds; `liquidate` asks below maintenance margin alone. */
  readonly early: boolean;
  /** Chain time [s]. */
  readonly now: bigint;
  /** WAD units in one token unit. */
  readonly scale: bigint;
}

/** Least pause between two rescues that a mandate may set [s]. */
const MIN_INTERVAL = 60n;

/** Return a mandate that was never used, does not expire, and pauses no longer than it must. */
export function lastingMandate({
  capLeft,
  targetRatio,
  triggerRatio,
}: Pick<RescueMandate, "capLeft" | "targetRatio" | "triggerRatio">): RescueMandate {
  return {
    capLeft,
    targetRatio,
    triggerRatio,
    minInterval: MIN_INTERVAL,
    rescuedAt: 0n,
    expiry: 2n ** 40n - 1n,
    maxKeeperFee: capLeft,
  };
}

/**
 * Return what a rescue pulls: just enough to bring equity to `targetRatio × maintenanceMargin`, and the keeper's fee; or
 * nothing where equity is used up, for debt that the box forgives is nobody's to pay, or where the mandate does not
 * allow it (SPEC: rescue). Allowance and balance are taken to suffice.
 *
 * @throws {ArithmeticOverflowError} When a step leaves 256 bits, or equity is beyond the target.
 */
export function previewRescue(call: RescueCall): RescuePreview {
  const { mandate, equity, maintenanceMargin, keeperFee, now } = call;
  const reason = refusalOf(call);
  if (reason !== undefined) return { kind: "refused", reason };
  const target = mulWadUp(maintenanceMargin, mandate.targetRatio);
  const missing = checkUint(target - equity);
  const pulled = ceilToToken(checkUint(missing + keeperFee), call.scale);
  if (pulled > mandate.capLeft) return { kind: "refused", reason: "CapTooSmall" };
  return {
    kind: "rescued",
    pulled,
    keeperFee,
    added: pulled - keeperFee,
    mandate: { ...mandate, capLeft: mandate.capLeft - pulled, rescuedAt: now },
  };
}

/** In the order of the contract, so that both give the same reason. */
function refusalOf(call: RescueCall): RescueRefusal | undefined {
  const { mandate, equity, maintenanceMargin, now } = call;
  if (now > mandate.expiry) return "Expired";
  if (equity <= 0n) return "Insolvent";
  const trigger = mulWadUp(maintenanceMargin, mandate.triggerRatio);
  if (call.early && equity >= trigger) return "NotTriggered";
  if (now < mandate.rescuedAt + mandate.minInterval) return "TooSoon";
  return call.keeperFee > mandate.maxKeeperFee ? "FeeTooHigh" : undefined;
}
