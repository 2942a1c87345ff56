import { type Action, subjectOf } from "./action.ts";

/** Longest pause after refusals [blocks]. Nothing is ever given up: only the chain ends what is due. */
const LONGEST = 16;

interface Refusal {
  readonly count: number;
  readonly notBefore: number;
}

/** Remembers what was refused, so that the same question is not asked in every block. */
export class Backoff {
  readonly #refusals = new Map<string, Refusal>();

  /** Whether an action may be tried at a block. */
  allows(action: Action, blockNumber: number): boolean {
    return blockNumber >= (this.#refusals.get(keyOf(action))?.notBefore ?? 0);
  }

  /** Note a refusal: the next try comes after 1, 2, 4 … blocks. Returns how many there were. */
  refused(action: Action, blockNumber: number): number {
    const key = keyOf(action);
    const count = (this.#refusals.get(key)?.count ?? 0) + 1;
    const pause = Math.min(2 ** (count - 1), LONGEST);
    this.#refusals.set(key, { count, notBefore: blockNumber + pause });
    return count;
  }

  /** Forget an action that went through, and what was refused long ago. */
  done(action: Action, blockNumber: number): void {
    this.#refusals.delete(keyOf(action));
    for (const [key, { notBefore }] of this.#refusals) {
      if (notBefore + LONGEST < blockNumber) this.#refusals.delete(key);
    }
  }
}

function keyOf(action: Action): string {
  return `${action.kind}:${subjectOf(action)}`;
}
