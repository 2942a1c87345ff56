/** Longest pause after refusals, and of what reverted on chain again and again [blocks]. */
const LONGEST = 16;
const QUARANTINE = 64;
/** Reverts on chain after which a thing is quarantined: each of them cost gas. */
const REVERTS = 2;

interface Refusal {
  readonly count: number;
  readonly reverts: number;
  readonly notBefore: number;
}

/** Remembers what was refused, so that the same question is not asked in every block. Nothing is ever given up. */
export class Backoff {
  readonly #refusals = new Map<string, Refusal>();

  /** Whether something may be tried at a block. */
  allows(what: string, blockNumber: number): boolean {
    return blockNumber >= (this.#refusals.get(what)?.notBefore ?? 0);
  }

  /** Note a refusal: the next try comes after 1, 2, 4 … blocks. Returns how many there were. */
  refused(what: string, blockNumber: number): number {
    const { count, reverts } = this.#of(what);
    const pause = Math.min(2 ** count, LONGEST);
    this.#refusals.set(what, { count: count + 1, reverts, notBefore: blockNumber + pause });
    return count + 1;
  }

  /** Note that something reverted on chain. Returns how many times it has. */
  reverted(what: string, blockNumber: number): number {
    const { count, reverts } = this.#of(what);
    const pause = reverts + 1 >= REVERTS ? QUARANTINE : 1;
    this.#refusals.set(what, {
      count,
      reverts: reverts + 1,
      notBefore: blockNumber + pause,
    });
    return reverts + 1;
  }

  /** Forget something that went through. */
  done(what: string): void {
    this.#refusals.delete(what);
  }

  /** Forget what was refused long ago. */
  forget(blockNumber: number): void {
    for (const [key, { notBefore }] of this.#refusals) {
      if (notBefore + QUARANTINE < blockNumber) this.#refusals.delete(key);
    }
  }

  /** How many things wait for their pause to end. */
  waiting(blockNumber: number): number {
    return [...this.#refusals.values()].filter(({ notBefore }) => notBefore > blockNumber).length;
  }

  #of(what: string): Refusal {
    return this.#refusals.get(what) ?? { count: 0, reverts: 0, notBefore: 0 };
  }
}
