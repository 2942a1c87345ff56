/** The middle and the largest of a list of counts. */
export interface Spread {
  readonly p50: number;
  readonly max: number;
}

/** Return the middle (nearest rank) and the largest; both 0 for an empty list. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.max(0, Math.ceil(sorted.length / 2) - 1);
  return { p50: sorted[middle] ?? 0, max: sorted.at(-1) ?? 0 };
}

/** Add amounts up. */
export function sumOf(amounts: Iterable<bigint>): bigint {
  let sum = 0n;
  for (const amount of amounts) sum += amount;
  return sum;
}

/** Put items into groups by a key, in the order in which the keys first appear. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
