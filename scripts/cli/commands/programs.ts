import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";

import type { Environment } from "../../config/environment.ts";
import { DeclinedError, InputError } from "../errors.ts";
import type { CliIo } from "../io.ts";

interface DeployOptions {
  readonly parameters: string;
  readonly network?: string;
  readonly deployment?: string;
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
    .option(
      "--deployment <name>",
      "its record under deploy/deployments: the same name goes on where it stopped; the chain's id when left out",
    )
    .option("--yes", "deploy without asking")
    .action(async (name: string, options: DeployOptions) => {
      if (!NAME.test(name)) throw new InputError(`"${name}" is no name of a module.`);
      await io.readText(options.parameters);
      const args = [
        // What was built and tested is what is deployed.
        ...["--build-profile", "default", "ignition", "deploy", `deploy/modules/${name}.ts`],
        ...["--parameters", resolve(options.parameters)],
        ...(options.network === undefined ? [] : ["--network", options.network]),
        ...(options.deployment === undefined ? [] : ["--deployment-id", options.deployment]),
      ];
      io.note(`hardhat ${args.join(" ")}`);
      await confirm(io, options);
      process.exitCode = await run(HARDHAT, args, {
        cwd: ROOT,
        env: { ...io.env, HARDHAT_IGNITION_CONFIRM_DEPLOYMENT: "true" },
      });
    });
}

async function confirm(io: CliIo, { yes }: DeployOptions): Promise<void> {
  if (yes === true) return;
  if (!io.canAsk) throw new DeclinedError("Nobody can be asked here. Give --yes to deploy.");
  const answer = await io.ask("Deploy? [y/N] ");
  if (!/^y(es)?$/i.test(answer.trim())) throw new DeclinedError("Nothing was deployed.");
}

/** Run a program in our place; a signal to the terminal reaches it too. */
function run(
  file: string,
  args: readonly string[],
  where: { readonly cwd?: string; readonly env?: Environment } = {},
): Promise<number> {
  return new Promise((settle, reject) => {
    const child = spawn(file, args, { stdio: "inherit", ...where });
    const ignore = () => {};
    process.on("SIGINT", ignore);
    child.once("error", reject);
    child.once("exit", (code) => {
      process.off("SIGINT", ignore);
      settle(code ?? 1);
    });
  });
}
