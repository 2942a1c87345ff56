import { CommanderError } from "commander";

import { BulkheadError } from "../core/errors.ts";
import { EXIT_CODES, exitCodeOf } from "./exitCodes.ts";
import type { CliIo } from "./io.ts";
import { createProgram } from "./program.ts";

/** Run one command line, and return its exit code. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  try {
    await createProgram(io).parseAsync([...args], { from: "user" });
    return EXIT_CODES.done.code;
  } catch (cause) {
    if (cause instanceof CommanderError) {
      return cause.exitCode === 0 ? EXIT_CODES.done.code : EXIT_CODES.settings.code;
    }
    if (!(cause instanceof BulkheadError)) throw cause;
    io.note(cause.message);
    return exitCodeOf(cause);
  }
}
