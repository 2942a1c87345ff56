import {
  POSITION_BYTES,
  pack,
  signed96,
  TERMS_WORD,
  unpack,
  unsigned64,
  unsigned96,
  WORDS,
} from "./positionWords.ts";
import {
  ABSOLUTE_SLACK,
  type Envelope,
  envelopeAround,
  equityAt,
  type Figures,
  isInside,
  isSafe,
  pointOf,
  type SearchPoint,
  type SearchScene,
  SLACK,
  safePrices,
} from "./searchBounds.ts";
import type { Lookup, OpenPosition } from "./snapshot.ts";
import type { Terms } from "./types.ts";

/** A position with little left, in figures for people. */
export interface Thin {
  readonly positionId: bigint;
  /** [± quote] */
  readonly equity: number;
  /** Maintenance margin [quote]. */
  readonly required: number;
}

/** What terms ask for at least. */
interface Limits {
  /** Maintenance margin as a share of notional, liquidation fee included. */
  readonly ratio: number;
  /** [quote] */
  readonly least: number;
}

/** Terms that are not known leave health unknown, which is not healthy. */
const UNKNOWN: Limits = { ratio: Number.POSITIVE_INFINITY, least: 0 };

const FIRST_CAPACITY = 64;
/** Slots that are looked at together. */
const BLOCK = 64;
const UNIT = 1e18;
/** More than half a unit in the last place of a 32-bit float. */
const HALF_ULP = 1.2e-7;

/**
 * Open positions of a market: exact numbers packed into words, beside floating-point columns that a search runs over.
 *
 * What a search does not name is certainly neither liquidatable nor at its cap; what it names is yet to be checked.
 */
export class PositionTable implements Lookup<bigint, OpenPosition> {
  readonly #slots = new Map<number, number>();
  readonly #limits = new Map<number, Limits>();
  /** Multiples of maintenance margin to look for, where that is not one. */
  readonly #weights = new Map<number, number>();
  #capacity = FIRST_CAPACITY;
  #ids = new Float64Array(FIRST_CAPACITY);
  #exact = new Uint32Array(FIRST_CAPACITY * WORDS);
  #exactBytes = new Uint8Array(this.#exact.buffer);
  /** Signed size [base]. */
  #size = new Float64Array(FIRST_CAPACITY);
  #reserve = new Float64Array(FIRST_CAPACITY);
  /** Margin less open notional, plus what accrued before the snapshots [quote]. */
  #basis = new Float64Array(FIRST_CAPACITY);
  /** Margin plus reserve, rounded down: equity at the cap [quote]. */
  #cap = new Float32Array(FIRST_CAPACITY);
  /** Maintenance ratio times size, rounded up [base]. */
  #held = new Float32Array(FIRST_CAPACITY);
  /** Least maintenance margin, rounded up [quote]. */
  #least = new Float32Array(FIRST_CAPACITY);
  /** Prices strictly between these two leave a position alone, anywhere in the envelope. */
  #lower = new Float32Array(FIRST_CAPACITY);
  #upper = new Float32Array(FIRST_CAPACITY);
  /** The narrowest of both in each block of slots, or narrower: a block that a price clears needs no look. */
  #blockLower = new Float32Array(FIRST_CAPACITY / BLOCK).fill(Number.NEGATIVE_INFINITY);
  #blockUpper = new Float32Array(FIRST_CAPACITY / BLOCK).fill(Number.POSITIVE_INFINITY);
  /** How far doubles may be off for each position [quote]. */
  #slack = new Float32Array(FIRST_CAPACITY);
  #envelope: Envelope = envelopeAround({
    price: 1,
    funding: 0,
    borrow: 0,
    skew: 0,
    scale: 1,
  });

  get size(): number {
    return this.#slots.size;
  }

  /** Bytes of all columns. */
  get bytes(): number {
    return this.#capacity * (POSITION_BYTES + 4 * 8 + 6 * 4) + (this.#capacity / BLOCK) * 8;
  }

  has(positionId: bigint): boolean {
    return this.#slots.has(Number(positionId));
  }

  get(positionId: bigint): OpenPosition | undefined {
    const slot = this.#slots.get(Number(positionId));
    return slot === undefined ? undefined : this.#read(slot);
  }

  /** Add or replace a position. */
  set(positionId: bigint, position: OpenPosition): void {
    const slot = this.#slotFor(Number(positionId));
    pack(this.#exact.subarray(slot * WORDS, (slot + 1) * WORDS), position);
    this.#derive(slot);
  }

  /** Add or replace a position in its packed form. */
  setPacked(positionId: bigint, packed: Uint8Array): void {
    const slot = this.#slotFor(Number(positionId));
    this.#exactBytes.set(packed, slot * POSITION_BYTES);
    this.#derive(slot);
  }

  delete(positionId: bigint): boolean {
    const id = Number(positionId);
    const slot = this.#slots.get(id);
    if (slot === undefined) return false;
    this.#slots.delete(id);
    this.#weights.delete(id);
    const last = this.#slots.size;
    if (slot !== last) this.#move(last, slot);
    return true;
  }

  /**
   * From now on name a position when its equity is below `weight` times maintenance margin [WAD].
   *
   * It must be in the table; when it leaves, so does its weight.
   */
  setWeight(positionId: bigint, weight: bigint): void {
    const id = Number(positionId);
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#weights.set(id, Number(weight) / UNIT);
    this.#derive(slot);
  }

  /** Take in terms; positions that were waiting for them are looked at anew. */
  setTerms(termsId: bigint, terms: Terms | undefined): void {
    if (terms === undefined) this.#limits.delete(Number(termsId));
    else this.#limits.set(Number(termsId), limitsOf(terms));
    for (let slot = 0; slot < this.size; slot += 1) {
      if (this.#exact[slot * WORDS + TERMS_WORD] === Number(termsId)) this.#derive(slot);
    }
  }

  *keys(): IterableIterator<bigint> {
    for (const id of this.#slots.keys()) yield BigInt(id);
  }

  *values(): IterableIterator<OpenPosition> {
    for (const slot of this.#slots.values()) yield this.#read(slot);
  }

  *[Symbol.iterator](): IterableIterator<[bigint, OpenPosition]> {
    for (const [id, slot] of this.#slots) yield [BigInt(id), this.#read(slot)];
  }

  /**
   * Return the ids of all positions that may be liquidatable or at their cap; never misses one that is.
   */
  candidates(scene: SearchScene): bigint[] {
    return this.#unsafe(pointOf(scene)).map((slot) => BigInt(this.#ids[slot] as number));
  }

  /**
   * As `candidates`, the one with least equity for its requirement first; at most `most` of those that `isAllowed` lets
   * pass.
   */
  worst(
    scene: SearchScene,
    { most, isAllowed }: { readonly most: number; readonly isAllowed: (id: bigint) => boolean },
  ): bigint[] {
    const point = pointOf(scene);
    return this.#unsafe(point)
      .map((slot) => ({ id: BigInt(this.#ids[slot] as number), share: this.#shareOf(slot, point) }))
      .filter(({ id }) => isAllowed(id))
      .sort((a, b) => a.share - b.share)
      .slice(0, most)
      .map(({ id }) => id);
  }

  #unsafe(point: SearchPoint): number[] {
    if (!isInside(this.#envelope, point)) this.#centre(point);
    const near: number[] = [];
    const { price } = point;
    const [lower, upper] = [this.#blockLower, this.#blockUpper];
    const blocks = Math.ceil(this.size / BLOCK);
    for (let block = 0; block < blocks; block += 1) {
      // Stated so that a number that is none counts as near.
      if (price > (lower[block] as number) && price < (upper[block] as number)) continue;
      this.#findNear(block, price, near);
    }
    return near.filter((slot) => !isSafe(this.#figures(slot), point));
  }

  /** Equity for each unit that is required; what cannot be told comes first. */
  #shareOf(slot: number, point: SearchPoint): number {
    const figures = this.#figures(slot);
    const required = Math.max(figures.held * point.price, figures.least);
    const share = equityAt(figures, point) / required;
    return Number.isNaN(share) ? Number.NEGATIVE_INFINITY : share;
  }

  /** Prepare for searches around a scene. Worth doing while nobody waits: a search that strays far does it itself. */
  prepare(scene: SearchScene): void {
    const point = pointOf(scene);
    if (!isInside(this.#envelope, point, 0.5)) this.#centre(point);
  }

  /** Return positions whose equity is below `buffer` times maintenance margin, give or take a rounding. */
  *thin(scene: SearchScene, buffer: number): IterableIterator<Thin> {
    const point = pointOf(scene);
    for (let slot = 0; slot < this.size; slot += 1) {
      const figures = this.#figures(slot);
      const required = Math.max(figures.held * point.price, figures.least);
      const equity = Math.min(equityAt(figures, point), figures.cap);
      if (equity >= required * buffer) continue;
      yield { positionId: BigInt(this.#ids[slot] as number), equity, required };
    }
  }

  #findNear(block: number, price: number, near: number[]): void {
    const [lower, upper] = [this.#lower, this.#upper];
    const end = Math.min(this.size, (block + 1) * BLOCK);
    for (let slot = block * BLOCK; slot < end; slot += 1) {
      if (!(price > (lower[slot] as number) && price < (upper[slot] as number))) near.push(slot);
    }
  }

  #slotFor(id: number): number {
    const known = this.#slots.get(id);
    if (known !== undefined) return known;
    const slot = this.#slots.size;
    if (slot === this.#capacity) this.#grow();
    this.#slots.set(id, slot);
    this.#ids[slot] = id;
    return slot;
  }

  #read(slot: number): OpenPosition {
    return unpack(this.#exact.subarray(slot * WORDS, (slot + 1) * WORDS));
  }

  /** Work out the columns of a slot from its words. */
  #derive(slot: number): void {
    const words = this.#exact;
    const at = slot * WORDS;
    const size = signed96(words, at) / UNIT;
    const notional = signed96(words, at + 3) / UNIT;
    const margin = unsigned96(words, at + 6) / UNIT;
    const reserve = unsigned96(words, at + 9) / UNIT;
    const funding = size * (signed96(words, at + 12) / UNIT);
    const borrow = reserve * (unsigned64(words, at + 15) / UNIT);
    this.#size[slot] = size;
    this.#reserve[slot] = reserve;
    this.#basis[slot] = margin - notional + funding + borrow;
    const magnitude = margin + Math.abs(notional) + Math.abs(funding) + borrow + reserve;
    this.#slack[slot] = (magnitude * SLACK + ABSOLUTE_SLACK) * (1 + HALF_ULP);
    this.#cap[slot] = (margin + reserve) * (1 - HALF_ULP);
    const terms = this.#limits.get(words[at + TERMS_WORD] as number) ?? UNKNOWN;
    const weight = this.#weightOf(slot) * (1 + HALF_ULP);
    this.#held[slot] = Math.abs(size) * terms.ratio * weight;
    this.#least[slot] = terms.least * weight;
    this.#bound(slot);
  }

  #weightOf(slot: number): number {
    if (this.#weights.size === 0) return 1;
    return this.#weights.get(this.#ids[slot] as number) ?? 1;
  }

  #figures(slot: number): Figures {
    return {
      size: this.#size[slot] as number,
      reserve: this.#reserve[slot] as number,
      basis: this.#basis[slot] as number,
      cap: this.#cap[slot] as number,
      held: this.#held[slot] as number,
      least: this.#least[slot] as number,
      slack: this.#slack[slot] as number,
    };
  }

  #bound(slot: number): void {
    const { lower, upper } = safePrices(this.#figures(slot), this.#envelope);
    this.#setBounds(slot, lower, upper);
  }

  /** A block's bounds only grow narrower here; they are worked out anew when the envelope moves. */
  #setBounds(slot: number, lower: number, upper: number): void {
    this.#lower[slot] = lower;
    this.#upper[slot] = upper;
    const block = Math.floor(slot / BLOCK);
    if (slot % BLOCK === 0 && slot >= this.size - 1) {
      this.#blockLower[block] = lower;
      this.#blockUpper[block] = upper;
      return;
    }
    this.#blockLower[block] = Math.max(this.#blockLower[block] as number, lower);
    this.#blockUpper[block] = Math.min(this.#blockUpper[block] as number, upper);
  }

  #centre(point: SearchPoint): void {
    this.#envelope = envelopeAround(point);
    this.#blockLower.fill(Number.NEGATIVE_INFINITY);
    this.#blockUpper.fill(Number.POSITIVE_INFINITY);
    for (let slot = 0; slot < this.size; slot += 1) this.#bound(slot);
  }

  #move(from: number, to: number): void {
    const id = this.#ids[from] as number;
    this.#slots.set(id, to);
    this.#exact.copyWithin(to * WORDS, from * WORDS, (from + 1) * WORDS);
    for (const column of this.#columns()) column[to] = column[from] as number;
    this.#setBounds(to, this.#lower[to] as number, this.#upper[to] as number);
  }

  #columns() {
    return [
      this.#ids,
      this.#size,
      this.#reserve,
      this.#basis,
      this.#cap,
      this.#held,
      this.#least,
      this.#slack,
      this.#lower,
      this.#upper,
    ] as const;
  }

  #grow(): void {
    this.#capacity *= 2;
    const wide = (old: Float64Array) => {
      const column = new Float64Array(this.#capacity);
      column.set(old);
      return column;
    };
    const narrow = (old: Float32Array) => {
      const column = new Float32Array(this.#capacity);
      column.set(old);
      return column;
    };
    const blocks = (old: Float32Array, empty: number) => {
      const column = new Float32Array(this.#capacity / BLOCK).fill(empty);
      column.set(old);
      return column;
    };
    this.#blockLower = blocks(this.#blockLower, Number.NEGATIVE_INFINITY);
    this.#blockUpper = blocks(this.#blockUpper, Number.POSITIVE_INFINITY);
    const exact = new Uint32Array(this.#capacity * WORDS);
    exact.set(this.#exact);
    this.#exact = exact;
    this.#exactBytes = new Uint8Array(exact.buffer);
    this.#ids = wide(this.#ids);
    this.#size = wide(this.#size);
    this.#reserve = wide(this.#reserve);
    this.#basis = wide(this.#basis);
    this.#cap = narrow(this.#cap);
    this.#held = narrow(this.#held);
    this.#least = narrow(this.#least);
    this.#slack = narrow(this.#slack);
    this.#lower = narrow(this.#lower);
    this.#upper = narrow(this.#upper);
  }
}

function limitsOf(terms: Terms): Limits {
  const ratio = Number(terms.maintenanceMarginRatio + terms.liquidationFeeRatio) / UNIT;
  return { ratio, least: Number(terms.minMaintenance) / UNIT };
}
