import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import pino, { type Logger } from "pino";

import { environment } from "../config/environment.ts";
import {
  ConfigError,
  flags,
  type KeeperConfig,
  keeperConfig,
  printableConfig,
  type Texts,
} from "../config/keeper.ts";
import { BulkheadError, RetryableError } from "../core/errors.ts";
import { doctor } from "./commands/doctor.ts";
import { explain } from "./commands/explain.ts";
import { status } from "./commands/status.ts";
import { openParts, type Parts } from "./open.ts";
import { Service } from "./service.ts";

type Options = Texts & { readonly config?: string; readonly printConfig?: boolean };

const print = (text: string) => process.stdout.write(`${text}\n`);

/** Ends with 0 when asked to stop, 1 on a failure that stays, 2 on wrong settings. */
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    let code = 0;
    await program((result) => {
      code = result;
    }).parseAsync();
    return code;
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    process.stderr.write(`${cause.message}\n`);
    return cause instanceof ConfigError ? 2 : 1;
  }
}

function program(onDone: (code: number) => void): Command {
  const root = new Command("keeper").description(
    "Executes orders, liquidates, settles at cap and serves the pool of Bulkhead markets.",
  );
  root.option("--config <file>", "YAML file with settings");
  root.option("--print-config", "show the settings in force, and end");
  for (const { flag, help } of flags()) root.option(flag, help);
  const action =
    (run: (config: KeeperConfig, argument: string) => Promise<number>, keyless = true) =>
    async (argument: unknown) => {
      const options = root.opts<Options>();
      const config = await readConfig(options, keyless);
      if (options.printConfig === true) print(printableConfig(config).trimEnd());
      else onDone(await run(config, typeof argument === "string" ? argument : ""));
    };
  root
    .command("run", { isDefault: true })
    .description("keep the markets until told to stop")
    .action(action(run, false));
  root
    .command("dry-run")
    .description("decide everything and send nothing; needs no key")
    .action(action((config) => run({ ...config, key: undefined })));
  root
    .command("doctor")
    .description("check nodes, contracts, clock, balance and store, and say what to do")
    .action(action((config) => doctor(config, print)));
  root
    .command("explain")
    .argument("<position>", "id of a position")
    .description("tell how a position stands and what a keeper would do with it")
    .action(action((config, position) => explain(config, position, print)));
  root
    .command("status")
    .description("tell what the store knows: blocks, transactions, lease")
    .action(action((config) => status(config, print)));
  return root;
}

async function readConfig(options: Options, keyless: boolean): Promise<KeeperConfig> {
  const { config, printConfig: _, ...given } = options;
  return keeperConfig(environment(), {
    flags: given,
    keyless,
    ...(config === undefined ? {} : { yaml: await readYaml(config) }),
  });
}

async function readYaml(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    throw new ConfigError([`"${file}" cannot be read. Check its path and permissions.`]);
  }
}

async function run(config: KeeperConfig): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stop.abort());
  }
  const log = pino({ level: config.logLevel, base: null });
  const parts = await openPatiently(config, log, stop.signal);
  if (parts !== undefined) await new Service(parts).run(stop.signal);
  return 0;
}

/** A node that does not answer yet is no reason to end: whoever started this would only start it again. */
async function openPatiently(
  config: KeeperConfig,
  log: Logger,
  signal: AbortSignal,
): Promise<Parts | undefined> {
  while (!signal.aborted) {
    try {
      return await openParts(config, log);
    } catch (cause) {
      if (!(cause instanceof RetryableError)) throw cause;
      log.warn({ failure: cause.name, reason: cause.message }, "cannot start yet");
      await sleep(config.pollMs, undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}
