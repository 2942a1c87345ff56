import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { PgBoss } from "pg-boss";
import { BulkheadError, RetryableError } from "../../core/errors.ts";
import { type CellResult, chunkCount, chunkRunner } from "./chunk.ts";
import { packCells, packSpec, specId, unpackCells, unpackSpec } from "./codec.ts";
import { type CellSummary, Merger } from "./merge.ts";
import type { SimulationSpec } from "./spec.ts";

// Many machines: one puts chunks on a queue in PostgreSQL and merges what comes back, any number of others compute them.
// Results are rows of a table, so that nothing is computed twice and a coordinator that was stopped goes on.

/** Thrown when the database does not answer or refuses. */
export class QueueError extends RetryableError {}

/** Thrown when every worker gave up on a part of a simulation. */
export class ChunkFailedError extends BulkheadError {}

const QUEUE = "bulkhead-risk";
const RETRIES = 3;
/** Longest that a worker may take for one chunk before another gets it [s]. */
const EXPIRE = 3_600;
/** Longest wait for a chunk under way when a worker is told to stop [ms]. */
const STOP_MS = 60_000;
/** Under a lock: two that create the same table at once trip over each other, whether it exists or not. */
const TABLES = `
  BEGIN;
  SELECT pg_advisory_xact_lock(7238940);
  CREATE TABLE IF NOT EXISTS bulkhead_risk_run (id text PRIMARY KEY, spec bytea NOT NULL);
  CREATE TABLE IF NOT EXISTS bulkhead_risk_chunk (
    run text NOT NULL REFERENCES bulkhead_risk_run (id) ON DELETE CASCADE,
    chunk integer NOT NULL,
    cells bytea NOT NULL,
    PRIMARY KEY (run, chunk)
  );
  COMMIT;`;

interface Job {
  readonly run: string;
  readonly chunk: number;
}

/** A connection to the queue. */
interface Link {
  readonly boss: PgBoss;
  readonly client: Client;
}

/** What the coordinator does. */
export interface CoordinateInput {
  /** Of PostgreSQL, such as postgres://host/database; the rest from the usual PG variables. */
  readonly url: string;
  readonly spec: SimulationSpec;
  readonly onProgress?: (done: number, all: number) => void;
  readonly pollMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Put the missing chunks of a simulation on the queue, wait for workers, and merge what they find in order.
 *
 * @throws {QueueError} When the database does not answer.
 * @throws {ChunkFailedError} When workers gave up on a chunk.
 */
export async function coordinate(input: CoordinateInput): Promise<readonly CellSummary[]> {
  const { url, spec, onProgress, pollMs = 500, signal } = input;
  return withLink(url, async (link) => {
    const run = specId(spec);
    await link.client.query(
      "INSERT INTO bulkhead_risk_run (id, spec) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [run, packSpec(spec)],
    );
    await submit(link, { run, spec });
    const merger = new Merger(spec);
    const all = chunkCount(spec);
    while (merger.next < all) {
      signal?.throwIfAborted();
      const found = await takeNext(link, { run, chunk: merger.next });
      if (found === undefined) {
        await requireAlive(link, { run, chunk: merger.next });
        await sleep(pollMs);
        continue;
      }
      merger.add(merger.next, found);
      onProgress?.(merger.next, all);
    }
    return merger.summarize();
  });
}

/** What a worker does. */
export interface WorkInput {
  readonly url: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly onChunk?: (run: string, chunk: number) => void;
  readonly pollSeconds?: number;
}

/**
 * Compute chunks from the queue until told to stop.
 *
 * @throws {QueueError} When the database does not answer.
 */
export async function work({ url, signal, onChunk, pollSeconds = 2 }: WorkInput): Promise<void> {
  await withLink(url, async ({ boss, client }) => {
    const runners = new Map<string, (chunk: number) => readonly CellResult[]>();
    await boss.work<Job>(
      QUEUE,
      { batchSize: 1, pollingIntervalSeconds: pollSeconds },
      async (jobs) => {
        for (const { data } of jobs) {
          const runner = runners.get(data.run) ?? (await openRun(client, data.run));
          runners.set(data.run, runner);
          await client.query(
            "INSERT INTO bulkhead_risk_chunk (run, chunk, cells) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            [data.run, data.chunk, packCells(runner(data.chunk))],
          );
          onChunk?.(data.run, data.chunk);
        }
      },
    );
    await aborted(signal);
  });
}

async function submit(
  { boss, client }: Link,
  { run, spec }: { readonly run: string; readonly spec: SimulationSpec },
): Promise<void> {
  const { rows } = await client.query<{ readonly chunk: number }>(
    "SELECT chunk FROM bulkhead_risk_chunk WHERE run = $1",
    [run],
  );
  const done = new Set(rows.map(({ chunk }) => chunk));
  const missing = Array.from({ length: chunkCount(spec) }, (_, chunk) => chunk).filter(
    (chunk) => !done.has(chunk),
  );
  // A chunk that is on the queue already is not put there twice.
  await boss.insert(
    QUEUE,
    missing.map((chunk) => ({
      data: { run, chunk },
      singletonKey: `${run}/${chunk}`,
      retryLimit: RETRIES,
      expireInSeconds: EXPIRE,
    })),
  );
}

async function takeNext(
  { client }: Link,
  { run, chunk }: Job,
): Promise<readonly CellResult[] | undefined> {
  const { rows } = await client.query<{ readonly cells: Buffer }>(
    "SELECT cells FROM bulkhead_risk_chunk WHERE run = $1 AND chunk = $2",
    [run, chunk],
  );
  const [row] = rows;
  return row === undefined ? undefined : unpackCells(row.cells);
}

/** A chunk that failed as often as it may will never come. */
async function requireAlive({ boss }: Link, { run, chunk }: Job): Promise<void> {
  const jobs = await boss.findJobs<Job>(QUEUE, { key: `${run}/${chunk}` });
  if (jobs.length > 0 && jobs.every(({ state }) => state === "failed")) {
    throw new ChunkFailedError(
      `Chunk "${chunk}" failed "${RETRIES + 1}" times. Look at the workers' notes.`,
    );
  }
}

async function openRun(
  client: Client,
  run: string,
): Promise<(chunk: number) => readonly CellResult[]> {
  const { rows } = await client.query<{ readonly spec: Buffer }>(
    "SELECT spec FROM bulkhead_risk_run WHERE id = $1",
    [run],
  );
  const [row] = rows;
  if (row === undefined)
    throw new QueueError(`Simulation "${run}" is not in the database. Submit it again.`);
  return chunkRunner(unpackSpec(row.spec));
}

async function withLink<T>(url: string, act: (link: Link) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  const boss = new PgBoss({ connectionString: url, max: 4 });
  let broken: unknown;
  // Without a listener a lost connection would end the process; the next query tells.
  boss.on("error", (cause) => {
    broken = cause;
  });
  client.on("error", (cause) => {
    broken = cause;
  });
  try {
    await client.connect();
    await boss.start();
    await client.query(TABLES);
    await boss.createQueue(QUEUE, { policy: "short" });
    return await act({ boss, client });
  } catch (cause) {
    if (cause instanceof BulkheadError) throw cause;
    const why = cause instanceof Error ? cause.message : String(broken ?? cause);
    throw new QueueError(`The queue failed: ${why}. Check the address of the database.`, { cause });
  } finally {
    await boss.stop({ graceful: true, timeout: STOP_MS });
    await client.end();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
