import type { Mutant } from "./mutants.ts";

/** A sample that takes the same share of each file, drawn by a seed; all when there are no more. */
export function drawn(mutants: readonly Mutant[], sample: number, seed: number): readonly Mutant[] {
  if (sample >= mutants.length) return mutants;
  const sizes = new Map<string, number>();
  for (const { file } of mutants) sizes.set(file, (sizes.get(file) ?? 0) + 1);
  const taken = new Map<string, number>();
  return [...mutants]
    .sort((a, b) => rank(a, seed) - rank(b, seed))
    .filter(({ file }) => {
      const count = taken.get(file) ?? 0;
      if (count >= Math.ceil(((sizes.get(file) ?? 0) * sample) / mutants.length)) return false;
      taken.set(file, count + 1);
      return true;
    });
}

/** A place in the draw that a mutant keeps whatever happens to others. */
function rank({ id }: Mutant, seed: number): number {
  const mixed = Math.imul(Number.parseInt(id.slice(0, 7), 16) ^ seed, 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
