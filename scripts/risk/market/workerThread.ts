import { parentPort, workerData } from "node:worker_threads";
import { chunkRunner } from "./chunk.ts";
import type { SimulationSpec } from "./spec.ts";

// A worker: gets a simulation once, then numbers of chunks, and answers each with its cells.

const run = chunkRunner(workerData as SimulationSpec);

parentPort?.on("message", (chunk: number) => {
  parentPort?.postMessage({ chunk, cells: run(chunk) });
});
