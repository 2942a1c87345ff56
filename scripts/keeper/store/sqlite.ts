import { DatabaseSync, type StatementSync } from "node:sqlite";

import { type Cell, type Database, migrate, type Row, StoreError } from "./database.ts";

const PRAGMAS = [
  "PRAGMA journal_mode = WAL",
  // What was committed survives a killed process; after a power cut the chain tells what is missing.
  "PRAGMA synchronous = NORMAL",
  "PRAGMA busy_timeout = 5000",
];
/** Statements of any length are kept prepared, up to so many. */
const KEPT_STATEMENTS = 100;

/** Open a store in a file that needs no server; `:memory:` keeps it nowhere. */
export async function openSqlite(file: string): Promise<Database> {
  const connection = new DatabaseSync(file);
  for (const pragma of PRAGMAS) connection.exec(pragma);
  const database = new SqliteDatabase(connection);
  await migrate(database);
  return database;
}

class SqliteDatabase implements Database {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  query(sql: string, parameters: readonly Cell[] = []): Promise<readonly Row[]> {
    return this.#inTurn(() => Promise.resolve(this.#execute(sql, parameters)));
  }

  transaction<T>(work: (inside: Database) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      this.#execute("BEGIN IMMEDIATE", []);
      try {
        const result = await work(this.#inside());
        this.#execute("COMMIT", []);
        return result;
      } catch (cause) {
        // What fills the disk is rolled back by itself.
        if (this.#connection.isTransaction) this.#execute("ROLLBACK", []);
        throw cause;
      }
    });
  }

  async close(): Promise<void> {
    await this.#queue;
    this.#connection.close();
  }

  /** Within a transaction nobody waits for its end. */
  #inside(): Database {
    const inside: Database = {
      query: async (sql, parameters = []) => this.#execute(sql, parameters),
      transaction: (work) => work(inside),
      close: async () => {},
    };
    return inside;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work, work);
    this.#queue = turn.catch(() => {});
    return turn;
  }

  #execute(sql: string, parameters: readonly Cell[]): readonly Row[] {
    const order: Cell[] = [];
    const positional = sql.replaceAll(/\$(\d+)/g, (_, digits: string) => {
      order.push(parameters[Number(digits) - 1] ?? null);
      return "?";
    });
    try {
      return this.#prepare(positional).all(...order) as unknown as readonly Row[];
    } catch (cause) {
      throw new StoreError(cause);
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(sql);
    if (this.#statements.size < KEPT_STATEMENTS) this.#statements.set(sql, statement);
    return statement;
  }
}
