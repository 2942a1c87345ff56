import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { CheckpointMismatchError } from "../errors.ts";
import type { CellResult } from "./chunk.ts";
import { packCells, specId, unpackCells } from "./codec.ts";
import type { SimulationSpec } from "./spec.ts";

/** Work that was done before. */
export interface Progress {
  /** Chunks from the first on that are merged. */
  readonly next: number;
  readonly cells: readonly CellResult[];
}

interface Stored {
  readonly id: string;
  readonly next: number;
  readonly cells: Uint8Array;
}

/** Keeps the merged work of one simulation in a folder, so that it goes on where it was stopped. */
export class Checkpoint {
  readonly #file: string;
  readonly #id: string;

  constructor(folder: string, spec: SimulationSpec) {
    mkdirSync(folder, { recursive: true });
    this.#file = join(folder, "progress.bin");
    this.#id = specId(spec);
  }

  /**
   * Return what was done before; nothing the first time.
   *
   * @throws {CheckpointMismatchError} When the folder is another simulation's.
   */
  load(): Progress | undefined {
    if (!existsSync(this.#file)) return undefined;
    const stored = deserialize(readFileSync(this.#file)) as Stored;
    if (stored.id !== this.#id) throw new CheckpointMismatchError(this.#file);
    return { next: stored.next, cells: unpackCells(stored.cells) };
  }

  /** Keep what is done, whole or not at all. */
  save({ next, cells }: Progress): void {
    const stored: Stored = { id: this.#id, next, cells: packCells(cells) };
    const draft = `${this.#file}.new`;
    writeFileSync(draft, serialize(stored));
    renameSync(draft, this.#file);
  }
}
