import { isMarket, isTriggered } from "./orderMath.ts";
import type { Lookup, WaitingOrder } from "./snapshot.ts";

/** Orders of a market that wait, those on a trigger sorted out by price. */
export class OrderTable implements Lookup<bigint, WaitingOrder> {
  readonly #orders = new Map<bigint, WaitingOrder>();
  readonly #market = new Map<bigint, WaitingOrder>();
  readonly #slots = new Map<bigint, number>();
  readonly #triggers: WaitingOrder[] = [];
  /** Trigger prices as doubles: rounding never swaps two numbers, so comparing them misses nothing. */
  #prices = new Float64Array(64);
  /** 1 where a price at or below the trigger releases the order, −1 where one at or above does. */
  #sides = new Int8Array(64);

  get size(): number {
    return this.#orders.size;
  }

  has(orderId: bigint): boolean {
    return this.#orders.has(orderId);
  }

  get(orderId: bigint): WaitingOrder | undefined {
    return this.#orders.get(orderId);
  }

  /** Add or replace an order. */
  set(orderId: bigint, order: WaitingOrder): void {
    this.delete(orderId);
    this.#orders.set(orderId, order);
    if (isMarket(order)) this.#market.set(orderId, order);
    else this.#addTrigger(order);
  }

  delete(orderId: bigint): boolean {
    if (!this.#orders.delete(orderId)) return false;
    this.#market.delete(orderId);
    const slot = this.#slots.get(orderId);
    if (slot !== undefined) this.#dropTrigger(orderId, slot);
    return true;
  }

  keys(): IterableIterator<bigint> {
    return this.#orders.keys();
  }

  values(): IterableIterator<WaitingOrder> {
    return this.#orders.values();
  }

  [Symbol.iterator](): IterableIterator<[bigint, WaitingOrder]> {
    return this.#orders[Symbol.iterator]();
  }

  /** Return the orders that fill at a price of their own. */
  marketOrders(): readonly WaitingOrder[] {
    return [...this.#market.values()];
  }

  /** Return the orders that a price [WAD quote per base] may release; never misses one that it does. */
  reached(price: bigint): readonly WaitingOrder[] {
    const found: WaitingOrder[] = [];
    const now = Number(price);
    for (let slot = 0; slot < this.#triggers.length; slot += 1) {
      const side = this.#sides[slot] as number;
      if (side * now > side * (this.#prices[slot] as number)) continue;
      const order = this.#triggers[slot];
      if (order !== undefined) found.push(order);
    }
    return found;
  }

  #addTrigger(order: WaitingOrder): void {
    const slot = this.#triggers.push(order) - 1;
    if (slot === this.#prices.length) this.#grow();
    this.#slots.set(order.orderId, slot);
    this.#put(slot, order);
  }

  #put(slot: number, order: WaitingOrder): void {
    this.#triggers[slot] = order;
    this.#prices[slot] = Number(order.triggerPrice);
    // Whether a price of zero releases it tells the side.
    const byFall = isTriggered({ ...order, triggerPrice: 1n }, 0n);
    this.#sides[slot] = byFall ? 1 : -1;
  }

  #dropTrigger(orderId: bigint, slot: number): void {
    this.#slots.delete(orderId);
    const last = this.#triggers.pop();
    if (last === undefined || slot === this.#triggers.length) return;
    this.#slots.set(last.orderId, slot);
    this.#put(slot, last);
  }

  #grow(): void {
    const [prices, sides] = [this.#prices, this.#sides];
    this.#prices = new Float64Array(prices.length * 2);
    this.#sides = new Int8Array(prices.length * 2);
    this.#prices.set(prices);
    this.#sides.set(sides);
  }
}
