import type { GasRow } from "./gas.ts";

/** Gas of each operation, by its name. */
export type GasSnapshot = Readonly<Record<string, number>>;

/**
 * Growth up to which a figure passes. The same contracts cost the same gas on every run and machine, so this is no
 * tolerance of measurement: it spares a change of a few opcodes the noise of a new snapshot.
 */
const MAX_GROWTH_PER_MILLE = 5;

/** Marks the figures of signed reports: by the second they are shown in they meet a fresh slot of marks, or one in use. */
const VARIES = "(stream";

/** Return the figures of a run that are the same in every run, in their order. */
export function snapshotOf(rows: readonly GasRow[]): GasSnapshot {
  const fixed = rows.filter(({ operation }) => !operation.includes(VARIES));
  return Object.fromEntries(fixed.map(({ operation, gas }) => [operation, gas]));
}

/** Say which figures grew by more than 0.5%, appeared or vanished since a snapshot; nothing when none did. */
export function complaints(before: GasSnapshot, rows: readonly GasRow[]): readonly string[] {
  const now = snapshotOf(rows);
  const found: string[] = [];
  for (const [operation, gas] of Object.entries(before)) {
    const measured = now[operation];
    if (measured === undefined) found.push(`"${operation}" is no longer measured`);
    else if ((measured - gas) * 1_000 > gas * MAX_GROWTH_PER_MILLE) {
      const growth = ((measured / gas - 1) * 100).toFixed(2);
      found.push(`"${operation}" grew by ${growth}%, from ${gas} to ${measured}`);
    }
  }
  for (const operation of Object.keys(now)) {
    if (before[operation] === undefined) found.push(`"${operation}" is not in the snapshot`);
  }
  return found;
}
