import { Command } from "commander";
import { BulkheadError, RetryableError } from "../core/errors.ts";
import { registerAllocate } from "./commands/allocate.ts";
import { registerKelly, registerLatency } from "./commands/kelly.ts";
import { registerMarginFor } from "./commands/marginFor.ts";
import { registerOdds } from "./commands/odds.ts";
import { registerReplay } from "./commands/replay.ts";
import { registerReserveFor } from "./commands/reserveFor.ts";
import { registerSimulate, registerWork } from "./commands/simulate.ts";
import { registerSizeFor } from "./commands/sizeFor.ts";
import { registerTimeToLiquidation } from "./commands/timeToLiquidation.ts";
import { terminalIo } from "./io.ts";

/** Ends with 0, 1 on a failure that stays, 3 on one that may pass. */
process.exitCode = await main();

async function main(): Promise<number> {
  const program = new Command("risk").description("Know the odds before you sign.");
  const io = terminalIo();
  const commands = [
    registerOdds,
    registerMarginFor,
    registerSizeFor,
    registerReserveFor,
    registerTimeToLiquidation,
    registerAllocate,
    registerReplay,
    registerKelly,
    registerLatency,
    registerSimulate,
    registerWork,
  ];
  for (const register of commands) register(program, io);
  try {
    await program.parseAsync();
    return 0;
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    io.note(cause.message);
    return cause instanceof RetryableError ? 3 : 1;
  }
}
