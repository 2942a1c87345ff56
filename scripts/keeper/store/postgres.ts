import pg from "pg";

import { type Cell, type Database, migrate, type Row, StoreError } from "./database.ts";

/** How to reach a server. */
export interface PostgresAddress {
  readonly url: string;
  /** Longest wait for one answer [ms]. */
  readonly timeoutMs: number;
}

/** Keepers that start together must not create the same table twice. */
const MIGRATION_LOCK = 7_216_551;
const CONNECTIONS = 4;

/** Open a store on a PostgreSQL server, for several keepers together. */
export async function openPostgres({ url, timeoutMs }: PostgresAddress): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    keepAlive: true,
    types: { getTypeParser },
  });
  // A connection that dies while idle is replaced; what was under way on it fails by itself.
  pool.on("error", () => {});
  const database = poolDatabase(pool);
  await database.transaction(async (inside) => {
    await inside.query(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    await migrate(inside);
  });
  return database;
}

function poolDatabase(pool: pg.Pool): Database {
  return {
    query: (sql, parameters = []) => run(pool, sql, parameters),
    transaction: async (work) => {
      const client = await connected(pool);
      let failure: Error | undefined;
      try {
        await client.query("BEGIN");
        const result = await work(clientDatabase(client));
        await client.query("COMMIT");
        return result;
      } catch (cause) {
        failure = await rolledBack(client);
        throw cause;
      } finally {
        client.release(failure);
      }
    },
    close: () => pool.end(),
  };
}

async function connected(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw new StoreError(cause);
  }
}

function clientDatabase(client: pg.PoolClient): Database {
  const database: Database = {
    query: (sql, parameters = []) => run(client, sql, parameters),
    transaction: (work) => work(database),
    close: async () => {},
  };
  return database;
}

/** A connection that cannot even roll back is not used again. */
async function rolledBack(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query("ROLLBACK");
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
}

async function run(
  on: pg.Pool | pg.PoolClient,
  sql: string,
  parameters: readonly Cell[],
): Promise<readonly Row[]> {
  const values = parameters.map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell) : cell));
  try {
    const { rows } = await on.query<Row>(sql.replaceAll("BLOB", "BYTEA"), values);
    return rows;
  } catch (cause) {
    throw new StoreError(cause);
  }
}

/** Counts and times stay far below what a double holds exactly. */
function getTypeParser(oid: number, format?: string) {
  if (oid === pg.types.builtins.INT8) return Number;
  return pg.types.getTypeParser(oid, format === "binary" ? "binary" : "text");
}
