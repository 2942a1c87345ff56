/** What transactions are under way act on: nothing else may, until the index has seen what they did. */
export class InFlight {
  readonly #until = new Map<string, number>();

  get size(): number {
    return this.#until.size;
  }

  isFree(item: string): boolean {
    return !this.#until.has(item);
  }

  /** Take things, until they are given back. */
  take(items: readonly string[]): void {
    for (const item of items) this.#until.set(item, Number.POSITIVE_INFINITY);
  }

  /** Give things back at once: nothing will happen to them. */
  release(items: readonly string[]): void {
    for (const item of items) this.#until.delete(item);
  }

  /** Give things back once the index has reached a block. */
  releaseAt(items: readonly string[], blockNumber: number): void {
    for (const item of items) this.#until.set(item, blockNumber);
  }

  /** Give back what a block that was read shows. */
  reached(blockNumber: number): void {
    for (const [item, until] of this.#until) {
      if (until <= blockNumber) this.#until.delete(item);
    }
  }
}
