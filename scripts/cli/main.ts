import { EXIT_CODES } from "./exitCodes.ts";
import { terminal } from "./io.ts";
import { runCli } from "./run.ts";

process.once("SIGINT", () => {
  process.stderr.write("\nInterrupted. What was sent stays sent: `bulkhead orders` finds it.\n");
  process.exit(EXIT_CODES.interrupted.code);
});

const code = await runCli(process.argv.slice(2), terminal());
// A program that was started in our place has its own code.
process.exitCode ??= code;
