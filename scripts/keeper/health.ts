/** What was last useful, and whether that is long ago. */
export interface HealthReport {
  readonly ready: boolean;
  /** What is too old, with its age [ms]. */
  readonly stale: readonly { readonly name: string; readonly ageMs: number }[];
}

/**
 * Health by the age of results that were of use. That a process runs, answers and logs proves nothing.
 */
export class Health {
  readonly #results = new Map<string, { at: number; readonly maxAgeMs: number }>();
  readonly #now: () => number;

  /** `now` counts milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Expect a result at least this often [ms]; until the first one comes, it counts as missing. */
  expect(name: string, maxAgeMs: number): void {
    this.#results.set(name, { at: Number.NEGATIVE_INFINITY, maxAgeMs });
  }

  /** Note a useful result. */
  useful(name: string): void {
    const result = this.#results.get(name);
    if (result !== undefined) result.at = this.#now();
  }

  /** Tell what is missing. */
  report(): HealthReport {
    const stale = [...this.#results]
      .map(([name, { at, maxAgeMs }]) => ({ name, ageMs: this.#now() - at, maxAgeMs }))
      .filter(({ ageMs, maxAgeMs }) => ageMs > maxAgeMs)
      .map(({ name, ageMs }) => ({ name, ageMs }));
    return { ready: this.#results.size > 0 && stale.length === 0, stale };
  }
}
