import type { MarketLog } from "../chain/logs.ts";
import { type MarketTables, type Table, type Tables, writeLogs } from "../chain/marketState.ts";
import { OrderTable } from "../core/orderTable.ts";
import { PositionTable } from "../core/positionTable.ts";
import type { SearchScene } from "../core/searchBounds.ts";
import type { MarketState, OpenPosition, Shortlist, WaitingOrder } from "../core/snapshot.ts";
import type { Terms } from "../core/types.ts";
import { type Change, decodeValue, encodeValue, type TableName } from "./store/codec.ts";

/** Everything of one market that logs tell, in memory and ready to be searched. */
export class MarketIndex implements MarketState {
  readonly positions = new PositionTable();
  readonly orders = new OrderTable();
  readonly terms = new Map<bigint, Terms>();
  readonly #deposits = new Map<bigint, true>();
  readonly #redeems = new Map<bigint, true>();

  get deposits(): ReadonlySet<bigint> {
    return new Set(this.#deposits.keys());
  }

  get redeems(): ReadonlySet<bigint> {
    return new Set(this.#redeems.keys());
  }

  /** Write what logs change, and return it with what stood there before. */
  apply(logs: readonly MarketLog[]): readonly Change[] {
    const changes: Change[] = [];
    const recording = <Name extends TableName>(name: Name): Table<Tables[Name]> => {
      const table = this.#table(name);
      const note = (key: bigint, after: Tables[Name] | undefined) => {
        const before = table.get(key);
        if (before === undefined && after === undefined) return;
        changes.push({ table: name, key, before: bytes(name, before), after: bytes(name, after) });
      };
      return {
        get: (key) => table.get(key),
        set: (key, value) => {
          note(key, value);
          table.set(key, value);
        },
        delete: (key) => {
          note(key, undefined);
          table.delete(key);
        },
      };
    };
    const tables: MarketTables = {
      positions: recording("positions"),
      orders: recording("orders"),
      terms: recording("terms"),
      deposits: recording("deposits"),
      redeems: recording("redeems"),
    };
    writeLogs(tables, logs);
    return changes;
  }

  /** Make changes that were recorded before. */
  write(changes: readonly Pick<Change, "table" | "key" | "after">[]): void {
    for (const { table, key, after } of changes) this.#put(table, key, after);
  }

  /** What a decision at a price has to look at one by one. */
  shortlist(scene: SearchScene | undefined): Shortlist {
    const marketOrders = this.orders.marketOrders();
    if (scene === undefined) return { positions: [], marketOrders, triggerOrders: [] };
    const positions = this.positions.candidates(scene).flatMap((positionId) => {
      const position = this.positions.get(positionId);
      return position === undefined ? [] : [[positionId, position] as [bigint, OpenPosition]];
    });
    return { positions, marketOrders, triggerOrders: this.orders.reached(scene.price) };
  }

  #put(name: TableName, key: bigint, after: Uint8Array | undefined): void {
    if (name === "positions" && after !== undefined) {
      this.positions.setPacked(key, after);
      return;
    }
    const table = this.#table(name) as Table<unknown>;
    if (after === undefined) table.delete(key);
    else table.set(key, decodeValue(name, after));
  }

  #table<Name extends TableName>(name: Name): Table<Tables[Name]> {
    const tables: MarketTables = {
      positions: this.positions as Table<OpenPosition>,
      orders: this.orders as Table<WaitingOrder>,
      terms: this.#termsTable(),
      deposits: this.#deposits,
      redeems: this.#redeems,
    };
    return tables[name] as Table<Tables[Name]>;
  }

  /** Terms change what positions are held to. */
  #termsTable(): Table<Terms> {
    return {
      get: (termsId) => this.terms.get(termsId),
      set: (termsId, terms) => {
        this.terms.set(termsId, terms);
        this.positions.setTerms(termsId, terms);
      },
      delete: (termsId) => {
        this.terms.delete(termsId);
        this.positions.setTerms(termsId, undefined);
      },
    };
  }
}

function bytes<Name extends TableName>(
  table: Name,
  value: Tables[Name] | undefined,
): Uint8Array | undefined {
  return value === undefined ? undefined : encodeValue(table, value);
}
