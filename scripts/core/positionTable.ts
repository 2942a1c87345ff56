import {
  type Envelope,
  envelopeAround,
  equityAt,
  type Figures,
  isInside,
  isSafe,
  pointOf,
  type SearchPoint,
  type SearchScene,
  safePrices,
} from "./searchBounds.ts";
import type { Lookup, OpenPosition } from "./snapshot.ts";
import type { Terms } from "./types.ts";
import { WAD } from "./wadMath.ts";

/** A position with little left, in figures for people. */
export interface Thin {
  readonly positionId: bigint;
  /** [± quote] */
  readonly equity: number;
  /** Maintenance margin [quote]. */
  readonly required: number;
}

/** Bytes that one position takes in its exact form. */
export const POSITION_BYTES = 80;

const WORDS = POSITION_BYTES / 4;
const FIRST_CAPACITY = 64;
const LOW_32 = 0xffffffffn;
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
  readonly #terms = new Map<number, Terms>();
  #capacity = FIRST_CAPACITY;
  #ids = new Float64Array(FIRST_CAPACITY);
  #exact = new Uint32Array(FIRST_CAPACITY * WORDS);
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
    return this.#capacity * (POSITION_BYTES + 4 * 8 + 5 * 4);
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
    this.#derive(slot, position);
  }

  /** Add or replace a position in its packed form. */
  setPacked(positionId: bigint, packed: Uint8Array): void {
    const words = new Uint32Array(WORDS);
    new Uint8Array(words.buffer).set(packed.subarray(0, POSITION_BYTES));
    const slot = this.#slotFor(Number(positionId));
    this.#exact.set(words, slot * WORDS);
    this.#derive(slot, unpack(words));
  }

  delete(positionId: bigint): boolean {
    const id = Number(positionId);
    const slot = this.#slots.get(id);
    if (slot === undefined) return false;
    this.#slots.delete(id);
    const last = this.#slots.size;
    if (slot !== last) this.#move(last, slot);
    return true;
  }

  /** Take in terms; positions that were waiting for them are looked at anew. */
  setTerms(termsId: bigint, terms: Terms | undefined): void {
    if (terms === undefined) this.#terms.delete(Number(termsId));
    else this.#terms.set(Number(termsId), terms);
    for (let slot = 0; slot < this.size; slot += 1) {
      if (this.#exact[slot * WORDS + 19] === Number(termsId)) this.#derive(slot, this.#read(slot));
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
    const point = pointOf(scene);
    if (!isInside(this.#envelope, point)) this.#centre(point);
    const [lower, upper, price] = [this.#lower, this.#upper, point.price];
    const near: number[] = [];
    const count = this.size;
    for (let slot = 0; slot < count; slot += 1) {
      // Stated so that a number that is none counts as near.
      if (!(price > (lower[slot] as number) && price < (upper[slot] as number))) near.push(slot);
    }
    return near
      .filter((slot) => !isSafe(this.#figures(slot), point))
      .map((slot) => BigInt(this.#ids[slot] as number));
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

  #derive(slot: number, position: OpenPosition): void {
    const { size, reserve, margin } = position;
    const accrued = size * position.fundingIndex + reserve * position.borrowIndex;
    const quantity = Number(size) / UNIT;
    const terms = this.#terms.get(Number(position.termsId));
    this.#size[slot] = quantity;
    this.#reserve[slot] = Number(reserve) / UNIT;
    this.#basis[slot] = Number((margin - position.openNotional) * WAD + accrued) / (UNIT * UNIT);
    this.#cap[slot] = (Number(margin + reserve) / UNIT) * (1 - HALF_ULP);
    // Terms that are not known leave health unknown, which is not healthy.
    const ratio =
      terms === undefined
        ? Number.POSITIVE_INFINITY
        : Number(terms.maintenanceMarginRatio + terms.liquidationFeeRatio) / UNIT;
    this.#held[slot] = Math.abs(quantity) * ratio * (1 + HALF_ULP);
    this.#least[slot] = (Number(terms?.minMaintenance ?? 0n) / UNIT) * (1 + HALF_ULP);
    this.#bound(slot);
  }

  #figures(slot: number): Figures {
    return {
      size: this.#size[slot] as number,
      reserve: this.#reserve[slot] as number,
      basis: this.#basis[slot] as number,
      cap: this.#cap[slot] as number,
      held: this.#held[slot] as number,
      least: this.#least[slot] as number,
    };
  }

  #bound(slot: number): void {
    const { lower, upper } = safePrices(this.#figures(slot), this.#envelope);
    this.#lower[slot] = lower;
    this.#upper[slot] = upper;
  }

  #centre(point: SearchPoint): void {
    this.#envelope = envelopeAround(point);
    for (let slot = 0; slot < this.size; slot += 1) this.#bound(slot);
  }

  #move(from: number, to: number): void {
    const id = this.#ids[from] as number;
    this.#slots.set(id, to);
    this.#exact.copyWithin(to * WORDS, from * WORDS, (from + 1) * WORDS);
    for (const column of this.#columns()) column[to] = column[from] as number;
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
    const exact = new Uint32Array(this.#capacity * WORDS);
    exact.set(this.#exact);
    this.#exact = exact;
    this.#ids = wide(this.#ids);
    this.#size = wide(this.#size);
    this.#reserve = wide(this.#reserve);
    this.#basis = wide(this.#basis);
    this.#cap = narrow(this.#cap);
    this.#held = narrow(this.#held);
    this.#least = narrow(this.#least);
    this.#lower = narrow(this.#lower);
    this.#upper = narrow(this.#upper);
  }
}

/** Return the exact numbers of a position as bytes of fixed length. */
export function packPosition(position: OpenPosition): Uint8Array {
  const words = new Uint32Array(WORDS);
  pack(words, position);
  return new Uint8Array(words.buffer);
}

/** Return the position that `packPosition` packed. */
export function unpackPosition(packed: Uint8Array): OpenPosition {
  const words = new Uint32Array(WORDS);
  new Uint8Array(words.buffer).set(packed.subarray(0, POSITION_BYTES));
  return unpack(words);
}

function pack(words: Uint32Array, position: OpenPosition): void {
  put96(words, 0, position.size);
  put96(words, 3, position.openNotional);
  put96(words, 6, position.margin);
  put96(words, 9, position.reserve);
  put96(words, 12, position.fundingIndex);
  words[15] = Number(position.borrowIndex & LOW_32);
  words[16] = Number(position.borrowIndex >> 32n);
  words[17] = Number(position.priceTime & LOW_32);
  words[18] = Number(position.priceTime >> 32n) * 65_536 + Number(position.cooldown);
  words[19] = Number(position.termsId);
}

function unpack(words: Uint32Array): OpenPosition {
  const high = words[18] as number;
  return {
    size: BigInt.asIntN(96, get96(words, 0)),
    openNotional: BigInt.asIntN(96, get96(words, 3)),
    margin: get96(words, 6),
    reserve: get96(words, 9),
    fundingIndex: BigInt.asIntN(96, get96(words, 12)),
    borrowIndex: BigInt(words[15] as number) | (BigInt(words[16] as number) << 32n),
    priceTime: BigInt(words[17] as number) | (BigInt(high >>> 16) << 32n),
    cooldown: BigInt(high & 0xffff),
    termsId: BigInt(words[19] as number),
  };
}

function put96(words: Uint32Array, at: number, value: bigint): void {
  const bits = BigInt.asUintN(96, value);
  words[at] = Number(bits & LOW_32);
  words[at + 1] = Number((bits >> 32n) & LOW_32);
  words[at + 2] = Number(bits >> 64n);
}

function get96(words: Uint32Array, at: number): bigint {
  const [low, middle, high] = [words[at], words[at + 1], words[at + 2]] as [number, number, number];
  return (BigInt(high) << 64n) | (BigInt(middle) << 32n) | BigInt(low);
}
