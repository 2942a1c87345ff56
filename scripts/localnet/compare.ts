import type { TracedPosition } from "./result.ts";
import { groupBy, sumOf } from "./stats.ts";

/** What became of some positions. Amounts are WAD quote. */
export interface Fate {
  readonly positions: number;
  /** Not liquidated whole. */
  readonly kept: number;
  /** Never liquidated, not even in part. */
  readonly untouched: number;
  /** Margin that liquidations took and did not give back. */
  readonly marginSeized: bigint;
  /** What mandates pulled, keepers' fees included. */
  readonly capUsed: bigint;
  readonly rescues: number;
  /** Those before a liquidation was due. */
  readonly earlyRescues: number;
  /** What came out and is still inside, less all that was paid in. */
  readonly result: bigint;
}

/** The same positions twice, on the same prices. */
export interface Pair {
  readonly with: Fate;
  readonly without: Fate;
}

/** Mandates of one kind. */
export interface AttitudeRow extends Pair {
  readonly label: string;
  /** What they allowed together [WAD quote]. */
  readonly capGiven: bigint;
}

/** One book in two markets that differ in nothing but its mandates. */
export interface MandateComparison extends Omit<AttitudeRow, "label"> {
  /** By how much they allow, the least first. */
  readonly attitudes: readonly AttitudeRow[];
  /** Positions without a mandate in either market. */
  readonly others: Pair;
}

interface Twins {
  readonly first: TracedPosition;
  readonly second: TracedPosition;
}

/**
 * Compare a book with its twin, in which nobody gave a mandate.
 *
 * Positions are matched by their accounts; one that opened in a single market is left out.
 */
export function compareBooks({
  mandated,
  plain,
}: {
  readonly mandated: readonly TracedPosition[];
  readonly plain: readonly TracedPosition[];
}): MandateComparison {
  const byAccount = new Map(plain.map((position) => [position.plan.accountIndex, position]));
  const twins = mandated.flatMap((first) => {
    const second = byAccount.get(first.plan.accountIndex);
    return second === undefined ? [] : [{ first, second }];
  });
  const given = twins.filter(({ first }) => first.plan.mandate !== undefined);
  const others = twins.filter(({ first }) => first.plan.mandate === undefined);
  const groups = [...groupBy(given, ({ first }) => first.plan.mandate?.label ?? "")];
  return {
    ...pairOf(given),
    capGiven: capOf(given),
    attitudes: groups
      .map(([label, group]) => ({ label, ...pairOf(group), capGiven: capOf(group) }))
      .sort((a, b) => a.label.localeCompare(b.label, "en", { numeric: true })),
    others: pairOf(others),
  };
}

/** Return what became of some positions. */
export function fateOf(positions: readonly TracedPosition[]): Fate {
  const histories = positions.map(({ history }) => history);
  const isLiquidation = (kind: string) =>
    kind === "liquidatedPartially" || kind === "liquidatedFully";
  const paid = sumOf(histories.map(({ paidIn, rescueFees }) => paidIn + rescueFees));
  const held = sumOf(positions.map(({ history, worth }) => history.paidOut + worth));
  return {
    positions: positions.length,
    kept: histories.filter(({ outcome }) => outcome !== "liquidatedFully").length,
    untouched: histories.filter(
      ({ incidents }) => !incidents.some((one) => isLiquidation(one.kind)),
    ).length,
    marginSeized: sumOf(histories.map(({ seized }) => seized)),
    capUsed: sumOf(histories.map(({ pulled }) => pulled)),
    rescues: histories.reduce((sum, { rescues }) => sum + rescues, 0),
    earlyRescues: histories.reduce((sum, { earlyRescues }) => sum + earlyRescues, 0),
    result: held - paid,
  };
}

function pairOf(twins: readonly Twins[]): Pair {
  return {
    with: fateOf(twins.map(({ first }) => first)),
    without: fateOf(twins.map(({ second }) => second)),
  };
}

function capOf(twins: readonly Twins[]): bigint {
  return sumOf(twins.map(({ first }) => first.plan.mandate?.cap ?? 0n));
}
