import type { Database } from "./store/database.ts";

/** Who holds a lease, and which one it is. */
export interface LeaseOptions {
  readonly database: Database;
  /** What is leased. */
  readonly name: string;
  readonly holder: string;
  /** Life of a lease that is not renewed [ms]. */
  readonly lifeMs: number;
}

/** The server's clock: keepers' own need not agree [ms since 1970]. */
const CLOCK = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/**
 * A lease that one of several keepers holds, on a shared PostgreSQL.
 *
 * Its epoch grows with every change of holder, so that a keeper that slept through its end finds out before it sends.
 */
export class Lease {
  readonly #options: LeaseOptions;
  #epoch: number | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Whether this keeper held it when it asked last. */
  get held(): boolean {
    return this.#epoch !== undefined;
  }

  /** Take the lease when it is free or over, or make it last longer. Returns whether it is held now. */
  async renew(): Promise<boolean> {
    const { database, name, holder, lifeMs } = this.#options;
    const rows = await database.query(
      `INSERT INTO leases (name, holder, epoch, until_ms) VALUES ($1, $2, 1, ${CLOCK} + $3)
       ON CONFLICT (name) DO UPDATE SET
         holder = $2,
         epoch = leases.epoch + CASE WHEN leases.holder = $2 AND leases.until_ms > ${CLOCK} THEN 0 ELSE 1 END,
         until_ms = ${CLOCK} + $3
       WHERE leases.holder = $2 OR leases.until_ms <= ${CLOCK}
       RETURNING epoch`,
      [name, holder, lifeMs],
    );
    const [row] = rows;
    this.#epoch = row === undefined ? undefined : Number(row.epoch);
    return this.held;
  }

  /** Ask, right before something is sent, whether it is still this keeper's. One that cannot tell does not send. */
  async confirm(): Promise<boolean> {
    const { database, name, holder } = this.#options;
    if (this.#epoch === undefined) return false;
    try {
      const rows = await database.query(
        `SELECT 1 AS mine FROM leases WHERE name = $1 AND holder = $2 AND epoch = $3 AND until_ms > ${CLOCK}`,
        [name, holder, this.#epoch],
      );
      if (rows.length === 0) this.#epoch = undefined;
      return rows.length > 0;
    } catch {
      return false;
    }
  }

  /** Give it back, so that nobody has to wait for its end. */
  async release(): Promise<void> {
    const { database, name, holder } = this.#options;
    this.#epoch = undefined;
    await database.query("UPDATE leases SET until_ms = 0 WHERE name = $1 AND holder = $2", [
      name,
      holder,
    ]);
  }
}
