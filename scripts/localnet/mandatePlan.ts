import { WAD } from "../core/wadMath.ts";
import type { Archetype } from "./archetypes.ts";

/** A rescue mandate that an owner of the demo gives. Ratios are WAD multiples of maintenance margin. */
export interface PlannedMandate {
  /** What mandates of this kind have in common, for tables. */
  readonly label: string;
  /** The most that may leave the wallet [WAD quote, whole token units]. */
  readonly cap: bigint;
  readonly triggerRatio: bigint;
  readonly targetRatio: bigint;
  /** Least pause between two rescues [s]. */
  readonly minInterval: bigint;
  /** [WAD quote] */
  readonly maxKeeperFee: bigint;
}

interface Attitude extends Omit<PlannedMandate, "cap" | "maxKeeperFee"> {
  /** Cap as a multiple of the margin the position opens with [percent]. */
  readonly capPercent: bigint;
}

const HUNDREDTH = WAD / 100n;

/** A cautious owner, one in between, one who wants the position kept; the fourth of a kind gives no mandate. */
const ATTITUDES: readonly (Attitude | undefined)[] = [
  {
    label: "cap 1× margin, restores 2× maintenance",
    capPercent: 100n,
    triggerRatio: 110n * HUNDREDTH,
    targetRatio: 200n * HUNDREDTH,
    minInterval: 90n,
  },
  {
    label: "cap 2.5× margin, restores 4× maintenance",
    capPercent: 250n,
    triggerRatio: 120n * HUNDREDTH,
    targetRatio: 400n * HUNDREDTH,
    minInterval: 330n,
  },
  {
    label: "cap 5× margin, restores 6× maintenance",
    capPercent: 500n,
    triggerRatio: 150n * HUNDREDTH,
    targetRatio: 600n * HUNDREDTH,
    minInterval: 90n,
  },
  undefined,
];

/** Return the mandate of the `index`-th position of a kind, or `undefined` where its owner gives none. */
export function planMandate({
  archetype,
  index,
  margin,
  limits,
}: {
  readonly archetype: Archetype;
  readonly index: number;
  readonly margin: bigint;
  readonly limits: { readonly keeperFeeFloor: bigint; readonly tokenScale: bigint };
}): PlannedMandate | undefined {
  const attitude = ATTITUDES[index % ATTITUDES.length];
  if (archetype.mandated !== true || attitude === undefined) return undefined;
  const { capPercent, ...rest } = attitude;
  const asked = (margin * capPercent) / 100n;
  return {
    ...rest,
    cap: asked - (asked % limits.tokenScale),
    maxKeeperFee: 2n * limits.keeperFeeFloor,
  };
}
