/** Draws numbers; the same seed draws the same ones. */
export interface Random {
  /** A number of at least 0 and below 1. */
  readonly next: () => number;
}

/** Start a generator of pseudo-random numbers (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return {
    next: () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
