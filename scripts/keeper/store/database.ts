import { RetryableError } from "../../core/errors.ts";

/** Thrown when a store cannot do what it should: its disk is full, or its server gone. It is asked again. */
export class StoreError extends RetryableError {
  constructor(cause: unknown) {
    const saying = cause instanceof Error ? cause.message : String(cause);
    super(`The store failed: "${saying}". Make room for it, or see that its server runs.`, {
      cause,
    });
  }
}

/** What a column holds. */
export type Cell = string | number | Uint8Array | null;

/** One row by column names. */
export type Row = Readonly<Record<string, Cell>>;

/** The little of SQL that a keeper needs, the same on every engine. Parameters are written `$1`, `$2` … */
export interface Database {
  readonly query: (sql: string, parameters?: readonly Cell[]) => Promise<readonly Row[]>;
  /** All or nothing; transactions of one connection wait for each other. */
  readonly transaction: <T>(work: (inside: Database) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** Rows of one table to add or replace. */
export interface Upsert {
  readonly table: string;
  readonly keys: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Engines allow some ten thousand parameters in one statement. */
const ROWS_AT_ONCE = 500;

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS tips (
    scope TEXT PRIMARY KEY, generation BIGINT NOT NULL, tip TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS items (
    scope TEXT NOT NULL, generation BIGINT NOT NULL, kind TEXT NOT NULL, key BIGINT NOT NULL,
    value BLOB NOT NULL, PRIMARY KEY (scope, generation, kind, key))`,
  `CREATE TABLE IF NOT EXISTS journal (
    scope TEXT NOT NULL, generation BIGINT NOT NULL, number BIGINT NOT NULL, entry TEXT NOT NULL,
    PRIMARY KEY (scope, generation, number))`,
  `CREATE TABLE IF NOT EXISTS slots (
    lane TEXT NOT NULL, nonce BIGINT NOT NULL, state TEXT NOT NULL, intent TEXT NOT NULL,
    PRIMARY KEY (lane, nonce))`,
  `CREATE TABLE IF NOT EXISTS transactions (
    hash TEXT PRIMARY KEY, lane TEXT NOT NULL, nonce BIGINT NOT NULL, raw TEXT NOT NULL,
    fees TEXT NOT NULL, created_at BIGINT NOT NULL)`,
  "CREATE INDEX IF NOT EXISTS transactions_by_slot ON transactions (lane, nonce)",
  `CREATE TABLE IF NOT EXISTS leases (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, epoch BIGINT NOT NULL, until_ms BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS notes (
    scope TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (scope, key))`,
];

/** Create what is missing. */
export async function migrate(database: Database): Promise<void> {
  for (const statement of SCHEMA) await database.query(statement);
}

/** Add rows, or replace those with the same keys. */
export async function upsert(database: Database, what: Upsert): Promise<void> {
  const { table, keys, columns, rows } = what;
  const rest = columns.filter((column) => !keys.includes(column));
  const updates = rest.map((column) => `${column} = excluded.${column}`).join(", ");
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    const part = rows.slice(start, start + ROWS_AT_ONCE);
    const values = part.map((_, row) => `(${placeholders(columns.length, row)})`).join(", ");
    await database.query(
      `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${values} ON CONFLICT (${keys.join(", ")}) DO UPDATE SET ${updates}`,
      part.flat(),
    );
  }
}

function placeholders(count: number, row: number): string {
  return Array.from({ length: count }, (_, index) => `$${row * count + index + 1}`).join(", ");
}
