import { Checkpoint } from "./checkpoint.ts";
import { chunkCount } from "./chunk.ts";
import { type CellSummary, Merger } from "./merge.ts";
import type { SimulationSpec } from "./spec.ts";
import { computeChunks } from "./workers.ts";

/** How to run a simulation on this machine. */
export interface SimulateInput {
  readonly spec: SimulationSpec;
  readonly workers: number;
  /** Folder to keep progress in; none is kept when left out. */
  readonly folder?: string;
  /** Told how many chunks are merged, of how many. */
  readonly onProgress?: (done: number, all: number) => void;
  /** Stops it; what is merged is kept. */
  readonly signal?: AbortSignal;
}

/** What a simulation found; whole unless it was stopped. */
export interface Simulated {
  readonly whole: boolean;
  readonly cells: readonly CellSummary[];
}

/** Chunks between two writes to the folder. */
const SAVE_EVERY = 8;

/**
 * Run a simulation on worker threads. The result depends on the specification alone: not on the number of workers, nor on
 * where it was stopped and taken up again.
 *
 * @throws {CheckpointMismatchError} When the folder is another simulation's.
 * @throws {WorkerError} When a worker fails.
 */
export async function simulate(input: SimulateInput): Promise<Simulated> {
  const { spec, folder, workers, signal, onProgress } = input;
  const checkpoint = folder === undefined ? undefined : new Checkpoint(folder, spec);
  const merger = new Merger(spec, checkpoint?.load());
  const all = chunkCount(spec);
  const missing = Array.from({ length: all - merger.next }, (_, index) => merger.next + index);
  onProgress?.(merger.next, all);
  const save = () => checkpoint?.save({ next: merger.next, cells: merger.cells });
  let saved = merger.next;
  await computeChunks({
    spec,
    chunks: missing,
    workers,
    ...(signal === undefined ? {} : { signal }),
    onChunk: (chunk, cells) => {
      merger.add(chunk, cells);
      if (merger.next >= saved + SAVE_EVERY) {
        save();
        saved = merger.next;
      }
      onProgress?.(merger.next, all);
    },
  });
  save();
  return { whole: merger.next === all, cells: merger.summarize() };
}
