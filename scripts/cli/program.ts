import { Command } from "commander";

import { registerAllocate } from "../risk/commands/allocate.ts";
import { registerKelly, registerLatency } from "../risk/commands/kelly.ts";
import { registerMarginFor } from "../risk/commands/marginFor.ts";
import { registerOdds } from "../risk/commands/odds.ts";
import { registerReplay } from "../risk/commands/replay.ts";
import { registerReserveFor } from "../risk/commands/reserveFor.ts";
import { registerSimulate, registerWork } from "../risk/commands/simulate.ts";
import { registerSizeFor } from "../risk/commands/sizeFor.ts";
import { registerTimeToLiquidation } from "../risk/commands/timeToLiquidation.ts";
import { terminalIo } from "../risk/io.ts";
import { registerClose } from "./commands/close.ts";
import { registerCompletion } from "./commands/completion.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerExplain } from "./commands/explain.ts";
import { registerHistory } from "./commands/history.ts";
import { registerMandate } from "./commands/mandate.ts";
import { registerMargin } from "./commands/margin.ts";
import { registerMarket } from "./commands/market.ts";
import {
  registerBroadcast,
  registerBuildTx,
  registerKey,
  registerSign,
} from "./commands/offline.ts";
import { registerIncrease, registerOpen, registerQuote } from "./commands/open.ts";
import { registerOrders } from "./commands/orders.ts";
import { registerPool } from "./commands/pool.ts";
import { registerPositions } from "./commands/positions.ts";
import { registerDeploy, registerKeeper } from "./commands/programs.ts";
import type { CliIo } from "./io.ts";

/** Put the whole command line together. */
export function createProgram(io: CliIo): Command {
  const program = new Command("bulkhead")
    .description("Trade, provide, keep and look: Bulkhead from a terminal.")
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => io.print(text.trimEnd()),
      writeErr: (text) => io.note(text.trimEnd()),
    })
    .exitOverride();
  const commands = [
    registerMarket,
    registerQuote,
    registerOpen,
    registerIncrease,
    registerClose,
    registerMargin,
    registerMandate,
    registerOrders,
    registerPositions,
    registerHistory,
    registerExplain,
    registerPool,
    registerDoctor,
    registerKey,
  ];
  for (const register of commands) register(program, io);
  registerBuildTx(program, io, () => createProgram(io));
  registerSign(program, io);
  registerBroadcast(program, io);
  registerRisk(program);
  registerKeeper(program);
  registerDeploy(program, io);
  registerCompletion(program, io);
  return program;
}

/** Return all commands below one. */
export function descendants(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}

function registerRisk(program: Command): void {
  const group = program
    .command("risk")
    .description("know the odds before you sign; see docs/risk.md");
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
  for (const register of commands) register(group, io);
}
