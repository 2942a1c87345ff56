import { readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";

import { type Environment, environment } from "../config/environment.ts";
import { InputError } from "./errors.ts";

/** What commands may do to the world. */
export interface CliIo {
  /** The result: alone on the standard output. */
  readonly print: (text: string) => void;
  /** Everything else: on the standard error. */
  readonly note: (text: string) => void;
  /** Whether somebody can be asked. */
  readonly canAsk: boolean;
  readonly ask: (question: string) => Promise<string>;
  /** Ask without showing the answer. */
  readonly askSecret: (question: string) => Promise<string>;
  readonly readText: (path: string) => Promise<string>;
  readonly writeText: (path: string, text: string) => Promise<void>;
  readonly env: Environment;
  /** This machine's clock [ms]. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** The terminal and the file system. */
export function terminal(): CliIo {
  return {
    print: (text) => process.stdout.write(`${text}\n`),
    note: (text) => process.stderr.write(`${text}\n`),
    canAsk: process.stdin.isTTY === true,
    ask: (question) => askOn(process.stderr, question),
    askSecret,
    readText,
    writeText: (path, text) => writeFile(path, text),
    env: environment(),
    now: () => Date.now(),
    sleep: async (ms) => {
      await pause(ms);
    },
  };
}

async function askOn(output: NodeJS.WritableStream, question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  // Swallows what the terminal would echo.
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await askOn(silence, "");
  process.stderr.write("\n");
  return answer;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new InputError(`"${path}" cannot be read. Check the path.`, { cause });
  }
}
