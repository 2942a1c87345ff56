import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type CliIo, terminal } from "../../../scripts/cli/io.ts";
import { runCli } from "../../../scripts/cli/run.ts";
import type { Environment } from "../../../scripts/config/environment.ts";

/** What a command did. */
export interface Ran {
  readonly code: number;
  readonly printed: string;
  readonly noted: string;
  readonly asked: readonly string[];
}

/** How a person behaves. */
export interface Person {
  readonly env?: Environment;
  /** Answers in order; nobody can be asked when left out. */
  readonly answers?: readonly string[];
}

/** Runs one command line in this process, with a person of our own. */
export async function runAs(person: Person, ...args: readonly string[]): Promise<Ran> {
  const printed: string[] = [];
  const noted: string[] = [];
  const asked: string[] = [];
  const answers = [...(person.answers ?? [])];
  const ask = async (question: string) => {
    asked.push(question);
    return answers.shift() ?? "";
  };
  const io: CliIo = {
    ...terminal(),
    print: (text) => printed.push(text),
    note: (text) => noted.push(text),
    canAsk: person.answers !== undefined,
    ask,
    askSecret: ask,
    env: person.env ?? { HOME: "/nowhere" },
    sleep: async () => {
      await pause(5);
    },
  };
  const code = await runCli(args, io);
  return { code, printed: printed.join("\n"), noted: noted.join("\n"), asked };
}

/** Makes a folder of its own. */
export function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "bulkhead-cli-"));
}
