import { Worker } from "node:worker_threads";
import { WorkerError, within } from "../errors.ts";
import type { CellResult } from "./chunk.ts";
import type { SimulationSpec } from "./spec.ts";

/** What to compute, and whom to tell. */
export interface WorkersInput {
  readonly spec: SimulationSpec;
  /** Numbers of the chunks that are missing. */
  readonly chunks: readonly number[];
  readonly workers: number;
  readonly onChunk: (chunk: number, cells: readonly CellResult[]) => void;
  /** Stops between two chunks. */
  readonly signal?: AbortSignal;
}

interface Answer {
  readonly chunk: number;
  readonly cells: readonly CellResult[];
}

/**
 * Compute chunks on worker threads, each taking the next one when it is done.
 *
 * @throws {WorkerError} When one fails.
 */
export async function computeChunks(input: WorkersInput): Promise<void> {
  const { spec, chunks } = input;
  within("workers", input.workers, { least: 1, most: 1_024 });
  const queue = [...chunks];
  const threads = Array.from({ length: Math.min(input.workers, queue.length) }, () => {
    return new Worker(new URL("./workerThread.ts", import.meta.url), { workerData: spec });
  });
  try {
    await Promise.all(threads.map((thread) => serve(thread, queue, input)));
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

function serve(thread: Worker, queue: number[], { onChunk, signal }: WorkersInput): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveNext = (): void => {
      const chunk = signal?.aborted === true ? undefined : queue.shift();
      if (chunk === undefined) resolve();
      else thread.postMessage(chunk);
    };
    thread.on("error", (cause) => reject(new WorkerError(cause)));
    thread.on("exit", (code) => reject(new WorkerError(`exit code ${code}`)));
    thread.on("message", ({ chunk, cells }: Answer) => {
      try {
        onChunk(chunk, cells);
        giveNext();
      } catch (cause) {
        reject(cause instanceof Error ? cause : new WorkerError(cause));
      }
    });
    giveNext();
  });
}
