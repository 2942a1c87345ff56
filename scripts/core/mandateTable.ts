import type { GivenMandate } from "./rescue.ts";
import type { Lookup } from "./snapshot.ts";

/** Mandates by position, and by the owner who may take all of them back at once. */
export class MandateTable implements Lookup<bigint, GivenMandate> {
  readonly #mandates = new Map<bigint, GivenMandate>();
  readonly #byOwner = new Map<string, Set<bigint>>();

  constructor(mandates: Iterable<readonly [bigint, GivenMandate]> = []) {
    for (const [positionId, mandate] of mandates) this.set(positionId, mandate);
  }

  get size(): number {
    return this.#mandates.size;
  }

  has(positionId: bigint): boolean {
    return this.#mandates.has(positionId);
  }

  get(positionId: bigint): GivenMandate | undefined {
    return this.#mandates.get(positionId);
  }

  /** Positions for which an owner has given mandates. */
  ofOwner(owner: string): readonly bigint[] {
    return [...(this.#byOwner.get(owner) ?? [])];
  }

  set(positionId: bigint, mandate: GivenMandate): void {
    this.delete(positionId);
    this.#mandates.set(positionId, mandate);
    const own = this.#byOwner.get(mandate.owner);
    if (own === undefined) this.#byOwner.set(mandate.owner, new Set([positionId]));
    else own.add(positionId);
  }

  delete(positionId: bigint): boolean {
    const owner = this.#mandates.get(positionId)?.owner;
    if (owner === undefined) return false;
    const own = this.#byOwner.get(owner);
    own?.delete(positionId);
    if (own?.size === 0) this.#byOwner.delete(owner);
    return this.#mandates.delete(positionId);
  }

  keys(): IterableIterator<bigint> {
    return this.#mandates.keys();
  }

  values(): IterableIterator<GivenMandate> {
    return this.#mandates.values();
  }

  [Symbol.iterator](): IterableIterator<[bigint, GivenMandate]> {
    return this.#mandates[Symbol.iterator]();
  }
}
