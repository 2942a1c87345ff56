/** How long something was due until it was done. */
export interface Lag {
  readonly blocks: number;
  readonly ms: number;
}

/** Blocks after which what is not seen any more is forgotten. */
const FORGOTTEN_AFTER = 256;

interface Sighting {
  readonly block: number;
  readonly at: number;
  newest: number;
}

/** Remembers when things were first seen to be due. */
export class Lags {
  readonly #sightings = new Map<string, Sighting>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Note that something is due at a block, and return the block at which it was first. */
  seen(item: string, block: number): number {
    const known = this.#sightings.get(item);
    if (known === undefined) {
      this.#sightings.set(item, { block, at: this.#now(), newest: block });
      return block;
    }
    known.newest = block;
    return known.block;
  }

  /** Note that something was done at a block. */
  end(item: string, block: number): Lag | undefined {
    const known = this.#sightings.get(item);
    if (known === undefined) return undefined;
    this.#sightings.delete(item);
    return { blocks: Math.max(0, block - known.block), ms: this.#now() - known.at };
  }

  /** Forget what was not due any more for a while. */
  keepOnly(block: number): void {
    for (const [item, { newest }] of this.#sightings) {
      if (block - newest > FORGOTTEN_AFTER) this.#sightings.delete(item);
    }
  }
}
