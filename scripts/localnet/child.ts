import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { Environment } from "../config/environment.ts";

/** A program that ends with this process at the latest. */
export interface GuardedChild {
  /** Resolves with the exit code; 128 when a signal ended it. */
  readonly exited: Promise<number>;
  readonly hasExited: () => boolean;
  /** The last lines it wrote to its standard error. */
  readonly complaints: () => string;
  /** Ask it to end. */
  readonly stop: () => Promise<number>;
  /** End it without asking. */
  readonly kill: () => Promise<number>;
}

/** What to run. */
export interface GuardedProgram {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Environment;
  /** Longest life [ms]. */
  readonly lifetimeMs: number;
  /** Told every line of its standard output. */
  readonly onLine?: (line: string) => void;
}

const GUARD = fileURLToPath(new URL("./guard.mjs", import.meta.url));
const KEPT_LINES = 40;
const STOP_PATIENCE_MS = 5000;

/** Start a program behind a guard that kills it when this process is gone, however it went. */
export function startGuarded(what: GuardedProgram): GuardedChild {
  const guard = spawn(
    process.execPath,
    [GUARD, String(what.lifetimeMs), what.program, ...what.args],
    {
      stdio: ["pipe", "pipe", "pipe"],
      ...(what.env === undefined ? {} : { env: { ...what.env } }),
    },
  );
  const complaints: string[] = [];
  createInterface({ input: guard.stdout }).on("line", (line) => what.onLine?.(line));
  createInterface({ input: guard.stderr }).on("line", (line) => {
    complaints.push(line);
    if (complaints.length > KEPT_LINES) complaints.shift();
  });
  // Writing to a guard that is gone already is not a failure.
  guard.stdin.on("error", () => {});
  const exited = new Promise<number>((resolve) => {
    guard.once("exit", (code) => resolve(code ?? 128));
    guard.once("error", () => resolve(127));
  });
  const say = (word: string) => {
    if (guard.exitCode === null) guard.stdin.write(`${word}\n`);
    return exited;
  };
  return {
    exited,
    hasExited: () => guard.exitCode !== null || guard.signalCode !== null,
    complaints: () => complaints.join("\n"),
    kill: () => say("kill"),
    stop: async () => {
      const timer = setTimeout(() => void say("kill"), STOP_PATIENCE_MS);
      await say("stop");
      clearTimeout(timer);
      return exited;
    },
  };
}
