/** Price at a second, in the unit of its points; before the first and after the last that is known, that one's. */
export type PricePath = (time: bigint) => bigint;

/** A price at a moment. */
export interface PricePoint {
  /** [s] */
  readonly time: bigint;
  readonly price: bigint;
}

/** Let the price run straight from each point to the next. Points are in the order of their times. */
export function pathThrough(points: readonly PricePoint[]): PricePath {
  return (time) => {
    const after = firstAfter(points, time);
    const from = points[after - 1];
    const to = points[after];
    if (from === undefined || to === undefined) return (from ?? to)?.price ?? 0n;
    return from.price + ((to.price - from.price) * (time - from.time)) / (to.time - from.time);
  };
}

/** Index of the first point after a time, by halving. */
function firstAfter(points: readonly PricePoint[], time: bigint): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const point = points[middle];
    if (point !== undefined && point.time <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Return the price of every `every` seconds from the first point to the last, whatever their unit. */
export function pricesEvery(points: readonly PricePoint[], every: bigint): readonly PricePoint[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return [];
  const path = pathThrough(points);
  const count = Number((last.time - first.time) / every) + 1;
  return Array.from({ length: count }, (_, index) => {
    const time = first.time + BigInt(index) * every;
    return { time, price: path(time) };
  });
}
