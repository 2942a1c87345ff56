import type { Head } from "../../chain/blocks.ts";
import type { Sequences } from "../../chain/logs.ts";
import {
  type Change,
  changesFromText,
  changesToText,
  fromText,
  type TableName,
  toText,
} from "./codec.ts";
import { type Database, upsert } from "./database.ts";
import { type Page, pageOf, readPage, writePage } from "./pages.ts";

/** Up to where logs were read, and the numbers they stood at. */
export interface Tip {
  readonly head: Head;
  readonly sequences: Sequences;
}

/** One step of an index: what its logs changed, and where they left it. */
export interface Entry {
  readonly tip: Tip;
  /** Where the index stood before; absent at its first step. */
  readonly before: Tip | undefined;
  readonly changes: readonly Change[];
}

/** One stored value. */
export interface Item {
  readonly table: TableName;
  readonly key: bigint;
  readonly value: Uint8Array;
}

/** What a restart begins with. */
export interface StoredIndex {
  readonly generation: number;
  readonly tip: Tip | undefined;
  /** The newest steps, oldest first: those that can be taken back. */
  readonly journal: readonly Entry[];
}

const ROWS_AT_ONCE = 20_000;
const PAGES_AT_ONCE = 500;

/** Keeps the index of one market. A generation is one history; another is built beside it and takes over whole. */
export class IndexStore {
  readonly #database: Database;
  readonly #scope: string;

  constructor(database: Database, scope: string) {
    this.#database = database;
    this.#scope = scope;
  }

  /** Read where the index stands. */
  async open(): Promise<StoredIndex> {
    const [row] = await this.#database.query("SELECT * FROM tips WHERE scope = $1", [this.#scope]);
    if (row === undefined) return { generation: 0, tip: undefined, journal: [] };
    const generation = Number(row.generation);
    const rows = await this.#database.query(
      "SELECT entry FROM journal WHERE scope = $1 AND generation = $2 ORDER BY number",
      [this.#scope, generation],
    );
    const journal = rows.map((one) => entryFromText(String(one.entry)));
    return { generation, tip: fromText(String(row.tip)) as Tip, journal };
  }

  /** Read every stored value, a page at a time. */
  async *items(generation: number, table: TableName): AsyncIterableIterator<readonly Item[]> {
    let after = -1;
    for (;;) {
      const rows = await this.#database.query(
        `SELECT key, value FROM items WHERE scope = $1 AND generation = $2 AND kind = $3 AND key > $4 ORDER BY key LIMIT ${ROWS_AT_ONCE}`,
        [this.#scope, generation, table, after],
      );
      yield rows.flatMap(({ key, value }) => itemsOf(table, Number(key), value as Uint8Array));
      if (rows.length < ROWS_AT_ONCE) return;
      after = Number(rows.at(-1)?.key);
    }
  }

  /**
   * Store one step, and forget steps of blocks below `keepFrom`.
   *
   * `active` tells whether the generation is the one in use, or one that is being built.
   */
  async commit(
    entry: Entry,
    into: { readonly generation: number; readonly keepFrom: number; readonly active: boolean },
  ): Promise<void> {
    const { generation, keepFrom, active } = into;
    await this.#database.transaction(async (inside) => {
      await this.#write(inside, generation, entry.changes);
      await upsert(inside, {
        table: "journal",
        keys: ["scope", "generation", "number"],
        columns: ["scope", "generation", "number", "entry"],
        rows: [[this.#scope, generation, entry.tip.head.number, entryToText(entry)]],
      });
      await inside.query(
        "DELETE FROM journal WHERE scope = $1 AND generation = $2 AND number < $3",
        [this.#scope, generation, keepFrom],
      );
      if (active) await this.#setTip(inside, generation, entry.tip);
    });
  }

  /** Take steps back, newest first, and stand at `tip` again. */
  async revert(entries: readonly Entry[], generation: number, tip: Tip): Promise<void> {
    await this.#database.transaction(async (inside) => {
      for (const entry of entries) {
        await this.#write(inside, generation, reversed(entry.changes));
      }
      await inside.query(
        "DELETE FROM journal WHERE scope = $1 AND generation = $2 AND number > $3",
        [this.#scope, generation, tip.head.number],
      );
      await this.#setTip(inside, generation, tip);
    });
  }

  /** Use another generation from now on, and forget all others. */
  async activate(generation: number, tip: Tip): Promise<void> {
    await this.#database.transaction(async (inside) => {
      await this.#setTip(inside, generation, tip);
      for (const table of ["items", "journal"]) {
        await inside.query(`DELETE FROM ${table} WHERE scope = $1 AND generation <> $2`, [
          this.#scope,
          generation,
        ]);
      }
    });
  }

  /** Forget a generation that was not finished. */
  async discard(generation: number): Promise<void> {
    await this.#database.transaction((inside) => this.#drop(inside, generation));
  }

  /** Forget everything, to begin again. */
  async reset(generation: number): Promise<void> {
    await this.#database.transaction(async (inside) => {
      await this.#drop(inside, generation);
      await inside.query("DELETE FROM tips WHERE scope = $1", [this.#scope]);
    });
  }

  async #drop(inside: Database, generation: number): Promise<void> {
    for (const table of ["items", "journal"]) {
      await inside.query(`DELETE FROM ${table} WHERE scope = $1 AND generation = $2`, [
        this.#scope,
        generation,
      ]);
    }
  }

  async #write(inside: Database, generation: number, changes: readonly Change[]): Promise<void> {
    const last = new Map(changes.map((change) => [`${change.table}/${change.key}`, change]));
    const all = [...last.values()];
    const singles = all.filter(({ table }) => table !== "positions");
    const paged = all.filter(({ table }) => table === "positions");
    const writes = [
      ...singles.map(({ table, key, after }) => ({ table, key: Number(key), after })),
      ...(await this.#pages(inside, generation, paged)),
    ];
    const rows = writes.flatMap(({ table, key, after }) =>
      after === undefined ? [] : [[this.#scope, generation, table, key, after]],
    );
    await upsert(inside, {
      table: "items",
      keys: ["scope", "generation", "kind", "key"],
      columns: ["scope", "generation", "kind", "key", "value"],
      rows,
    });
    for (const { table, key, after } of writes) {
      if (after !== undefined) continue;
      await inside.query(
        "DELETE FROM items WHERE scope = $1 AND generation = $2 AND kind = $3 AND key = $4",
        [this.#scope, generation, table, key],
      );
    }
  }

  /** Positions are stored by pages: a restart reads fewer and longer rows. */
  async #pages(
    inside: Database,
    generation: number,
    changes: readonly Change[],
  ): Promise<readonly { table: TableName; key: number; after: Uint8Array | undefined }[]> {
    const byPage = new Map<number, Change[]>();
    for (const change of changes) {
      const number = pageOf(change.key);
      const inPage = byPage.get(number);
      if (inPage === undefined) byPage.set(number, [change]);
      else inPage.push(change);
    }
    const numbers = [...byPage.keys()];
    const pages = new Map<number, Page>();
    for (let start = 0; start < numbers.length; start += PAGES_AT_ONCE) {
      const part = numbers.slice(start, start + PAGES_AT_ONCE);
      const marks = part.map((_, index) => `$${index + 3}`).join(", ");
      const rows = await inside.query(
        `SELECT key, value FROM items WHERE scope = $1 AND generation = $2 AND kind = 'positions' AND key IN (${marks})`,
        [this.#scope, generation, ...part],
      );
      for (const { key, value } of rows) {
        pages.set(Number(key), readPage(Number(key), value as Uint8Array));
      }
    }
    return [...byPage].map(([number, inPage]) => {
      const page = pages.get(number) ?? new Map();
      for (const { key, after } of inPage) {
        if (after === undefined) page.delete(key);
        else page.set(key, after);
      }
      return { table: "positions", key: number, after: writePage(page) };
    });
  }

  async #setTip(inside: Database, generation: number, tip: Tip): Promise<void> {
    await upsert(inside, {
      table: "tips",
      keys: ["scope"],
      columns: ["scope", "generation", "tip"],
      rows: [[this.#scope, generation, toText(tip)]],
    });
  }
}

/** Return the changes that take others back. */
export function reversed(changes: readonly Change[]): readonly Change[] {
  return changes
    .map(({ table, key, before, after }) => ({ table, key, before: after, after: before }))
    .reverse();
}

function entryToText({ tip, before, changes }: Entry): string {
  return toText({ tip, before, changes: changesToText(changes) });
}

function entryFromText(text: string): Entry {
  const { tip, before, changes } = fromText(text) as {
    readonly tip: Tip;
    readonly before: Tip | undefined;
    readonly changes: string;
  };
  return { tip, before, changes: changesFromText(changes) };
}

function itemsOf(table: TableName, key: number, value: Uint8Array): readonly Item[] {
  if (table !== "positions") return [{ table, key: BigInt(key), value }];
  return [...readPage(key, value)].map(([id, packed]) => ({ table, key: id, value: packed }));
}
