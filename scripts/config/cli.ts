import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

import { FatalError } from "../core/errors.ts";
import type { PersonKey } from "../core/keySource.ts";
import type { Environment } from "./environment.ts";

/** Thrown when the command line, its file or the environment do not say enough. */
export class CliConfigError extends FatalError {}

/** A chain and the markets on it. */
export interface CliNetwork {
  readonly name: string;
  readonly rpcUrl: string;
  /** Refused when the node is on another chain. */
  readonly chainId: bigint | undefined;
  /** First block whose logs are read. */
  readonly fromBlock: number;
  /** Blocks in one request for logs. */
  readonly logRange: number;
  /** MarginVaults by name. */
  readonly markets: Readonly<Record<string, string>>;
  /** A MarketFactory whose markets are listed too. */
  readonly factory: string | undefined;
  /** The Data Streams service, for markets that are priced by signed reports. */
  readonly streams: { readonly restUrl: string; readonly credentials: string } | undefined;
}

/** Settings that a command was given. */
export interface CliChoice {
  readonly config?: string;
  readonly network?: string;
  readonly rpcUrl?: string;
  readonly market?: string;
  readonly key?: string;
}

/** What a person has set: by option, then environment, then file. */
export interface CliConfig {
  /** The file that was read; absent where there is none. */
  readonly file: string | undefined;
  readonly network: CliNetwork;
  /** Name or MarginVault of the market; absent where none is chosen. */
  readonly market: { readonly name: string; readonly address: string } | undefined;
  /** Absent where none is chosen: then nothing can be sent. */
  readonly key: { readonly name: string; readonly source: PersonKey } | undefined;
  /** CSV of past prices, for odds. */
  readonly history: string | undefined;
  /** Volatility, for odds without a history [per √year]. */
  readonly sigma: number | undefined;
}

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const address = z.string().regex(ADDRESS, "is not an address: 0x and 40 hexadecimal digits");
const http = z.string().regex(/^https?:\/\//, "is not an http:// or https:// address");

const keySchema = z.union([
  z.strictObject({ keystore: z.string(), passwordFile: z.string().optional() }),
  z.strictObject({ unlocked: address }),
  z.strictObject({ remote: http, account: address }),
]);

const schema = z.strictObject({
  network: z.string().optional(),
  key: z.string().optional(),
  history: z.string().optional(),
  sigma: z.number().positive().optional(),
  networks: z
    .record(
      z.string(),
      z.strictObject({
        rpcUrl: http,
        chainId: z.number().int().positive().optional(),
        fromBlock: z.number().int().nonnegative().default(0),
        logRange: z.number().int().positive().default(2000),
        market: z.string().optional(),
        markets: z.record(z.string(), address).default({}),
        factory: address.optional(),
        streams: z.strictObject({ restUrl: http, credentials: z.string() }).optional(),
      }),
    )
    .default({}),
  keys: z.record(z.string(), keySchema).default({}),
});

type File = z.infer<typeof schema>;

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const SECRETS = ["BULKHEAD_PRIVATE_KEY", "BULKHEAD_MNEMONIC", "BULKHEAD_PASSWORD"] as const;

/**
 * Read what a person has set: an option goes before the environment, that before the file.
 *
 * @throws CliConfigError when something is missing, malformed or unsafe.
 */
export async function cliConfig(choice: CliChoice, env: Environment): Promise<CliConfig> {
  const secret = SECRETS.find((name) => env[name] !== undefined);
  if (secret !== undefined) {
    throw new CliConfigError(
      `${secret} is set. Secrets do not belong in the environment: unset it, and use a keystore.`,
    );
  }
  const file = await findFile(choice, env);
  const settings = file === undefined ? schema.parse({}) : await readSettings(file);
  const network = networkOf(choice, { env, settings, file });
  return {
    file,
    network,
    market: marketOf(choice.market ?? env.BULKHEAD_MARKET, { network, settings }),
    key: keyOf(choice, { env, settings, network, file }),
    history: settings.history === undefined ? undefined : beside(file, settings.history),
    sigma: settings.sigma,
  };
}

/**
 * Read the keys that a person has set, for commands that need no network.
 *
 * @throws CliConfigError when the key is not set.
 */
export async function cliKey(
  choice: Pick<CliChoice, "config" | "key">,
  env: Environment,
): Promise<{ readonly name: string; readonly source: PersonKey }> {
  const file = await findFile(choice, env);
  const settings = file === undefined ? schema.parse({}) : await readSettings(file);
  const key = keyOf(choice, { env, settings, network: undefined, file });
  if (key === undefined) throw new CliConfigError(noKey(settings));
  return key;
}

/** Return where the settings of a person lie. */
export function defaultFiles(env: Environment): readonly string[] {
  const base = env.XDG_CONFIG_HOME ?? join(env.HOME ?? ".", ".config");
  return ["yaml", "yml", "json"].map((ending) => join(base, "bulkhead", `config.${ending}`));
}

/** Say what to do about a missing key. */
export function noKey({ keys }: Pick<File, "keys">): string {
  const names = Object.keys(keys);
  return names.length === 0
    ? "There is no key to sign with. Make one with `bulkhead key new`, and name it under `keys` of the settings, or set BULKHEAD_KEYSTORE."
    : `No key is chosen. Give --key with one of ${names.map((name) => `"${name}"`).join(", ")}.`;
}

async function findFile(
  { config }: Pick<CliChoice, "config">,
  env: Environment,
): Promise<string | undefined> {
  const named = config ?? env.BULKHEAD_CONFIG;
  if (named !== undefined) return named;
  for (const file of defaultFiles(env)) {
    if ((await textOf(file)) !== undefined) return file;
  }
  return undefined;
}

async function readSettings(file: string): Promise<File> {
  const text = await textOf(file);
  if (text === undefined) {
    throw new CliConfigError(`The settings "${file}" cannot be read. Check the path.`);
  }
  let read: unknown;
  try {
    // JSON is YAML.
    read = parse(text) ?? {};
  } catch (cause) {
    throw new CliConfigError(`The settings "${file}" are neither YAML nor JSON.`, { cause });
  }
  const parsed = schema.safeParse(read);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `- ${path.join(".")} ${message}`);
  throw new CliConfigError(`The settings "${file}" are off:\n${lines.join("\n")}`);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return undefined;
  }
}

function networkOf(
  choice: CliChoice,
  {
    env,
    settings,
    file,
  }: { readonly env: Environment; readonly settings: File; readonly file: string | undefined },
): CliNetwork {
  const rpcUrl = choice.rpcUrl ?? env.BULKHEAD_RPC_URL;
  const name = networkName(choice, { env, settings });
  const found = name === undefined ? undefined : settings.networks[name];
  if (name !== undefined && found === undefined && rpcUrl === undefined) {
    const known = Object.keys(settings.networks).join(", ") || "none";
    throw new CliConfigError(`There is no network "${name}" in the settings. They have ${known}.`);
  }
  const usual = { fromBlock: 0, logRange: 2000, markets: {}, ...found };
  return {
    name: name ?? "custom",
    rpcUrl: requireUrl(rpcUrl ?? found?.rpcUrl),
    chainId: found?.chainId === undefined ? undefined : BigInt(found.chainId),
    fromBlock: usual.fromBlock,
    logRange: usual.logRange,
    markets: usual.markets,
    factory: found?.factory,
    streams: found?.streams && {
      restUrl: found.streams.restUrl,
      credentials: beside(file, found.streams.credentials),
    },
  };
}

function networkName(
  choice: CliChoice,
  { env, settings }: { readonly env: Environment; readonly settings: File },
): string | undefined {
  const names = Object.keys(settings.networks);
  const asked = choice.network ?? env.BULKHEAD_NETWORK ?? settings.network;
  return asked ?? (names.length === 1 ? names[0] : undefined);
}

function requireUrl(url: string | undefined): string {
  if (url === undefined) {
    throw new CliConfigError(
      "There is no node to ask. Give --rpc-url, set BULKHEAD_RPC_URL, or list a network in the settings.",
    );
  }
  if (URL.parse(url) === null) throw new CliConfigError(`"${url}" is no address of a node.`);
  return url;
}

function marketOf(
  asked: string | undefined,
  { network, settings }: { readonly network: CliNetwork; readonly settings: File },
): CliConfig["market"] {
  const names = Object.keys(network.markets);
  const usual = settings.networks[network.name]?.market;
  const name = asked ?? usual ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) return undefined;
  const known = network.markets[name];
  if (known !== undefined) return { name, address: known };
  if (ADDRESS.test(name)) return { name, address: name };
  throw new CliConfigError(
    `There is no market "${name}" on "${network.name}". The settings have ${names.join(", ") || "none"}; an address of a MarginVault does too.`,
  );
}

function keyOf(
  choice: Pick<CliChoice, "key">,
  {
    env,
    settings,
    network,
    file,
  }: {
    readonly env: Environment;
    readonly settings: File;
    readonly network: CliNetwork | undefined;
    readonly file: string | undefined;
  },
): CliConfig["key"] {
  const names = Object.keys(settings.keys);
  const fromEnvironment = keyOfEnvironment(env);
  const asked = choice.key ?? env.BULKHEAD_KEY;
  if (asked === undefined && fromEnvironment !== undefined) {
    return { name: "environment", source: guarded(fromEnvironment, network) };
  }
  const name = asked ?? settings.key ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) return undefined;
  const found = settings.keys[name];
  if (found === undefined) {
    throw new CliConfigError(
      `There is no key "${name}" in the settings. They have ${names.join(", ") || "none"}.`,
    );
  }
  return { name, source: guarded(sourceOf(found, file), network) };
}

function keyOfEnvironment(env: Environment): PersonKey | undefined {
  const keystoreFile = env.BULKHEAD_KEYSTORE;
  const passwordFile = env.BULKHEAD_PASSWORD_FILE;
  const account = env.BULKHEAD_UNLOCKED_ACCOUNT;
  if (keystoreFile === undefined) {
    return account === undefined ? undefined : { kind: "unlocked", account };
  }
  return passwordFile === undefined
    ? { kind: "prompted", keystoreFile }
    : { kind: "keystore", keystoreFile, passwordFile };
}

function sourceOf(found: z.infer<typeof keySchema>, file: string | undefined): PersonKey {
  if ("unlocked" in found) return { kind: "unlocked", account: found.unlocked };
  if ("remote" in found) return { kind: "remote", url: found.remote, account: found.account };
  const keystoreFile = beside(file, found.keystore);
  const passwordFile =
    found.passwordFile === undefined ? undefined : beside(file, found.passwordFile);
  return passwordFile === undefined
    ? { kind: "prompted", keystoreFile }
    : { kind: "keystore", keystoreFile, passwordFile };
}

/** A node elsewhere that holds a key would let everybody who reaches it spend. */
function guarded(source: PersonKey, network: CliNetwork | undefined): PersonKey {
  const host = network === undefined ? undefined : URL.parse(network.rpcUrl)?.hostname;
  if (source.kind === "unlocked" && host !== undefined && !LOOPBACK.has(host)) {
    throw new CliConfigError(
      "An unlocked account is for a node on this machine. Use a keystore elsewhere.",
    );
  }
  return source;
}

/** Paths in the settings begin where the settings lie. */
/** Paths in the settings begin where these lie. */
function beside(file: string | undefined, path: string): string {
  return file === undefined || isAbsolute(path) ? path : join(dirname(file), path);
}
