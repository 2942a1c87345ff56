import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";

import { DeclinedError, InputError } from "../errors.ts";
import type { CliIo } from "../io.ts";

interface DeployOptions {
  readonly parameters: string;
  readonly network?: string;
  readonly yes?: boolean;
}

const KEEPER = fileURLToPath(new URL("../../keeper/main.ts", import.meta.url));
const HARDHAT = fileURLToPath(new URL("../../../node_modules/.bin/hardhat", import.meta.url));
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const NAME = /^\w[\w-]*$/;

/** Add `keeper`: the keeper program, with whatever is asked of it. */
export function registerKeeper(program: Command): void {
  program
    .command("keeper")
    .description(
      "run the keeper program: all that follows is given to it; settings come from the environment",
    )
    .argument("[arguments...]", "what the keeper is told")
    .allowUnknownOption()
    .helpOption(false)
    .passThroughOptions()
    .action(async (args: readonly string[]) => {
      process.exitCode = await run(process.execPath, [
        "--import",
        import.meta.resolve("tsx"),
        KEEPER,
        ...args,
      ]);
    });
}

/** Add `deploy`: an Ignition module with a file of parameters. */
export function registerDeploy(program: Command, io: CliIo): void {
  program
    .command("deploy")
    .description("deploy an Ignition module of deploy/modules with a file of parameters")
    .argument("<module>", "its name, such as Market or Factory")
    .requiredOption("--parameters <file>", "values for the module, as in deploy/parameters")
    .option(
      "--network <name>",
      "network of hardhat.config.ts; its keys are those of Hardhat's keystore",
    )
    .option("--yes", "deploy without asking")
    .action(async (name: string, options: DeployOptions) => {
      if (!NAME.test(name)) throw new InputError(`"${name}" is no name of a module.`);
      await io.readText(options.parameters);
      const network = options.network === undefined ? [] : ["--network", options.network];
      const what = ["ignition", "deploy", `deploy/modules/${name}.ts`];
      const args = [...what, "--parameters", options.parameters, ...network];
      io.note(`hardhat ${args.join(" ")}`);
      await confirm(io, options);
      process.exitCode = await run(HARDHAT, args, ROOT);
    });
}

async function confirm(io: CliIo, { yes }: DeployOptions): Promise<void> {
  if (yes === true) return;
  if (!io.canAsk) throw new DeclinedError("Nobody can be asked here. Give --yes to deploy.");
  const answer = await io.ask("Deploy? [y/N] ");
  if (!/^y(es)?$/i.test(answer.trim())) throw new DeclinedError("Nothing was deployed.");
}

/** Run a program in our place; a signal to the terminal reaches it too. */
function run(file: string, args: readonly string[], cwd?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: "inherit", ...(cwd === undefined ? {} : { cwd }) });
    const ignore = () => {};
    process.on("SIGINT", ignore);
    child.once("error", reject);
    child.once("exit", (code) => {
      process.off("SIGINT", ignore);
      resolve(code ?? 1);
    });
  });
}
