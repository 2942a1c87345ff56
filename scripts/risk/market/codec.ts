import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import { gunzipSync, gzipSync } from "node:zlib";
import type { CellResult } from "./chunk.ts";
import type { SimulationSpec } from "./spec.ts";

/** Name a simulation by all that its result depends on. */
export function specId(spec: SimulationSpec): string {
  const text = JSON.stringify(spec, (_key, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Pack results of cells for a file or a database. */
export function packCells(cells: readonly CellResult[]): Buffer {
  return gzipSync(serialize(cells), { level: 1 });
}

/** Unpack them. */
export function unpackCells(packed: Uint8Array): readonly CellResult[] {
  return deserialize(gunzipSync(packed)) as readonly CellResult[];
}

/** Pack a simulation for a database. */
export function packSpec(spec: SimulationSpec): Buffer {
  return gzipSync(serialize(spec), { level: 1 });
}

/** Unpack it. */
export function unpackSpec(packed: Uint8Array): SimulationSpec {
  return deserialize(gunzipSync(packed)) as SimulationSpec;
}
