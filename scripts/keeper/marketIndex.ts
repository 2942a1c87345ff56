import type { MarketLog } from "../chain/logs.ts";
import {
  type MandatesTable,
  type MarketTables,
  type Table,
  type Tables,
  writeLogs,
} from "../chain/marketState.ts";
import { MandateTable } from "../core/mandateTable.ts";
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
  readonly mandates = new MandateTable();
  /** Positions with mandates once more, to be found when they fall below their triggers. */
  readonly #watched = new PositionTable();
  readonly #deposits = new Map<bigint, true>();
  readonly #redeems = new Map<bigint, true>();

  get deposits(): ReadonlySet<bigint> {
    return new Set(this.#deposits.keys());
  }

  get redeems(): ReadonlySet<bigint> {
    return new Set(this.#redeems.keys());
  }

  /**
   * Write what logs change, and return it with what stood there before.
   *
   * `time` is that of their block, where they are of one [s].
   */
  apply(logs: readonly MarketLog[], time?: bigint): readonly Change[] {
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
      mandates: { ...recording("mandates"), ofOwner: (owner) => this.mandates.ofOwner(owner) },
      deposits: recording("deposits"),
      redeems: recording("redeems"),
    };
    writeLogs(tables, logs, time);
    return changes;
  }

  /** Make changes that were recorded before. */
  write(changes: readonly Pick<Change, "table" | "key" | "after">[]): void {
    for (const { table, key, after } of changes) this.#put(table, key, after);
  }

  /**
   * Return the ids of positions that may be below the triggers of their mandates, those in most danger first; all that are
   * below, but that no more than `most` are named, and none that `isAllowed` does not let pass.
   */
  endangered(
    scene: SearchScene,
    bounds: { readonly most: number; readonly isAllowed: (positionId: bigint) => boolean },
  ): readonly bigint[] {
    return this.#watched.worst(scene, bounds);
  }

  /** Prepare for searches around a scene, while nobody waits. */
  prepare(scene: SearchScene): void {
    this.positions.prepare(scene);
    this.#watched.prepare(scene);
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
      this.#watch(key);
      return;
    }
    const table = this.#table(name) as Table<unknown>;
    if (after === undefined) table.delete(key);
    else table.set(key, decodeValue(name, after));
  }

  #table<Name extends TableName>(name: Name): Table<Tables[Name]> {
    const tables: MarketTables = {
      positions: this.#positionsTable(),
      orders: this.orders as Table<WaitingOrder>,
      terms: this.#termsTable(),
      mandates: this.#mandatesTable(),
      deposits: this.#deposits,
      redeems: this.#redeems,
    };
    return tables[name] as Table<Tables[Name]>;
  }

  #positionsTable(): Table<OpenPosition> {
    return {
      get: (positionId) => this.positions.get(positionId),
      set: (positionId, position) => {
        this.positions.set(positionId, position);
        this.#watch(positionId);
      },
      delete: (positionId) => {
        this.positions.delete(positionId);
        this.#watch(positionId);
      },
    };
  }

  #mandatesTable(): MandatesTable {
    return {
      get: (positionId) => this.mandates.get(positionId),
      ofOwner: (owner) => this.mandates.ofOwner(owner),
      set: (positionId, mandate) => {
        this.mandates.set(positionId, mandate);
        this.#watch(positionId);
      },
      delete: (positionId) => {
        this.mandates.delete(positionId);
        this.#watch(positionId);
      },
    };
  }

  /** Keep what is watched in step with positions and mandates. */
  #watch(positionId: bigint): void {
    const mandate = this.mandates.get(positionId);
    const position = mandate === undefined ? undefined : this.positions.get(positionId);
    if (mandate === undefined || position === undefined) {
      this.#watched.delete(positionId);
      return;
    }
    this.#watched.set(positionId, position);
    this.#watched.setWeight(positionId, mandate.triggerRatio);
  }

  /** Terms change what positions are held to. */
  #termsTable(): Table<Terms> {
    return {
      get: (termsId) => this.terms.get(termsId),
      set: (termsId, terms) => {
        this.terms.set(termsId, terms);
        this.positions.setTerms(termsId, terms);
        this.#watched.setTerms(termsId, terms);
      },
      delete: (termsId) => {
        this.terms.delete(termsId);
        this.positions.setTerms(termsId, undefined);
        this.#watched.setTerms(termsId, undefined);
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
