/** Hands out the nonces of one account: strictly rising, and those that were given back first. */
export class Nonces {
  #next = 0;
  #chain = 0;
  readonly #returned = new Set<number>();

  /** The number that the next new transaction gets when nothing was given back. */
  get next(): number {
    return this.#next;
  }

  /** Numbers below the next that nobody holds: transactions above them wait for nothing. */
  get gaps(): readonly number[] {
    return [...this.#returned].sort((a, b) => a - b);
  }

  /**
   * Take in what the chain has used, and what is held. Both ways: what is stored here never outlives what the chain
   * says, and a node that lags never takes back what is held.
   */
  reconcile(used: number, held: readonly number[]): void {
    this.#chain = used;
    const top = held.reduce((highest, nonce) => Math.max(highest, nonce + 1), used);
    this.#next = top;
    this.#returned.clear();
    const taken = new Set(held);
    for (let nonce = used; nonce < top; nonce += 1) {
      if (!taken.has(nonce)) this.#returned.add(nonce);
    }
  }

  /** Take the next number. */
  reserve(): number {
    const [gap] = this.gaps;
    if (gap !== undefined) {
      this.#returned.delete(gap);
      return gap;
    }
    this.#next += 1;
    return this.#next - 1;
  }

  /** Give a number back that was never used. */
  release(nonce: number): void {
    if (nonce < this.#chain) return;
    this.#returned.add(nonce);
    while (this.#next > this.#chain && this.#returned.delete(this.#next - 1)) this.#next -= 1;
  }
}
