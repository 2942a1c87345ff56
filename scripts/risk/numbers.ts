/** Return one number of a list; not a number beyond its ends, so that a slip poisons the result instead of passing for a zero. */
export function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN;
}

/** Return the index of the first value that is at least `bound` in an ascending list. */
export function lowerBound(values: Float64Array, bound: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(values, middle) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Add numbers up in their order, so that the last digit does not depend on who adds. */
export function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
