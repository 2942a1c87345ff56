import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import Table from "cli-table3";
import { RiskInputError } from "./errors.ts";

/** What commands may do to the world. */
export interface RiskIo {
  readonly print: (text: string) => void;
  /** For progress and warnings: never part of the result. */
  readonly note: (text: string) => void;
  readonly readText: (path: string) => Promise<string>;
  readonly writeText: (path: string, text: string) => Promise<void>;
  /** Processors that may be used. */
  readonly processors: number;
  /** Whether somebody watches: progress is drawn only then. */
  readonly isTerminal: boolean;
}

/** The terminal and the file system. */
export function terminalIo(): RiskIo {
  return {
    print: (text) => process.stdout.write(`${text}\n`),
    note: (text) => process.stderr.write(`${text}\n`),
    readText,
    writeText: (path, text) => writeFile(path, text),
    processors: availableParallelism(),
    isTerminal: process.stderr.isTTY === true,
  };
}

/** Draw a table for the terminal. */
export function drawTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

/** Write a result as JSON; whole numbers of any size become text. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => {
      if (typeof item === "bigint") return item.toString();
      if (item instanceof Float64Array || item instanceof Int32Array) return [...item];
      if (typeof item === "number" && !Number.isFinite(item)) return String(item);
      return item;
    },
    2,
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const needed = `a file that can be read (${cause instanceof Error ? cause.message : String(cause)})`;
    throw new RiskInputError("File", { found: path, needed });
  }
}
