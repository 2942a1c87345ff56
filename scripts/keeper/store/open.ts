import type { Database } from "./database.ts";
import { openPostgres } from "./postgres.ts";
import { openSqlite } from "./sqlite.ts";

/**
 * Open the store that a text names: a `postgres://` address, or a file.
 *
 * @throws Error when the server does not answer or the file cannot be opened.
 */
export function openStore(store: string, timeoutMs: number): Promise<Database> {
  return isServer(store) ? openPostgres({ url: store, timeoutMs }) : openSqlite(store);
}

/** Whether a store is one that several keepers can share. */
export function isServer(store: string): boolean {
  return /^postgres(ql)?:\/\//.test(store);
}
