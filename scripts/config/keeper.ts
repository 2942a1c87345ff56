import { parse } from "yaml";
import { z } from "zod";

import { FatalError } from "../core/errors.ts";
import type { KeySource } from "../core/keySource.ts";
import type { Environment } from "./environment.ts";
import {
  address,
  addresses,
  choice,
  count,
  decimal,
  flagOf,
  names,
  nodeUrls,
  optionalSockets,
  optionalUrl,
  optionalUrls,
  type Setting,
  text,
  toWad,
  variableOf,
} from "./settings.ts";

/** Thrown when the settings do not say enough to start. */
export class ConfigError extends FatalError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The keeper cannot start:\n${problems.map((line) => `- ${line}`).join("\n")}`);
    this.problems = problems;
  }
}

/** Everything that can be set. One table makes flags, environment variables, YAML and help. */
export const SETTINGS = {
  rpcUrl: nodeUrls({
    help: "nodes to read from and send to, comma between them; the first is asked first",
    what: "the node's address, such as http://127.0.0.1:8545",
    secret: true,
  }),
  markets: addresses({
    help: "MarginVault of each market, comma between them",
    what: "the MarginVault addresses, comma between them",
  }),
  fromBlock: count({ help: "first block whose logs are read", least: 0, usual: "0" }),
  keystore: text({ help: "encrypted keystore file of the key" }),
  passwordFile: text({ help: "file that holds the keystore's password" }),
  unlockedAccount: address({ help: "account that a node on this machine signs for" }),
  signerUrl: text({ help: "signer that answers eth_signTransaction", secret: true }),
  signerAccount: address({ help: "account that the signer signs for" }),
  housekeepingKeystore: text({ help: "keystore of a second key, for what may wait" }),
  housekeepingPasswordFile: text({ help: "file that holds that keystore's password" }),
  housekeepingAccount: address({ help: "second account of the node or signer, for what may wait" }),
  feeReceiver: address({ help: "who is paid; the key's own address when left out" }),
  store: text({ help: "file, :memory: or postgres:// address", usual: "bulkhead-keeper.sqlite" }),
  instance: text({ help: "name of this keeper among several", usual: "keeper" }),
  fleet: names({ help: "names of all keepers that take turns, comma between them" }),
  turnBlocks: count({ help: "blocks until the next keeper takes over", least: 1, usual: "1" }),
  lease: choice(["off", "on"], {
    help: "let only one of several keepers send at a time",
    usual: "off",
  }),
  leaseMs: count({ help: "life of a lease [ms]", least: 100, usual: "4000" }),
  pollMs: count({ help: "look for a new block after this [ms]", least: 10, usual: "500" }),
  rpcTimeoutMs: count({ help: "longest wait for one answer [ms]", least: 100, usual: "5000" }),
  resubmitMs: count({ help: "offer more after this [ms]", least: 100, usual: "6000" }),
  confirmTimeoutMs: count({
    help: "give a nonce back after this [ms]",
    least: 1000,
    usual: "60000",
  }),
  maxBumps: count({ help: "most times to offer more for one nonce", least: 0, usual: "8" }),
  maxInFlight: count({ help: "most transactions under way", least: 1, usual: "64" }),
  confirmations: count({ help: "blocks until a receipt is final", least: 0, usual: "4" }),
  feePercent: count({ help: "share of the market's gas price to offer", least: 1, usual: "100" }),
  maxFeeGwei: decimal({ help: "most to offer for gas [gwei]", usual: "500" }),
  nativePrice: text({
    help: "price of the gas token in quote, or the Chainlink proxy that tells it; profit is not asked for when left out",
  }),
  minProfit: decimal({ help: "profit to be left [quote]", usual: "0" }),
  logRange: count({ help: "blocks in one request for logs", least: 1, usual: "2000" }),
  reorgDepth: count({ help: "blocks that can be taken back exactly", least: 1, usual: "128" }),
  maxBatch: count({ help: "most items in one transaction", least: 1, usual: "20" }),
  relayUrl: optionalUrls({ help: "private relays that transactions go to first", secret: true }),
  relayPublicAfterMs: count({
    help: "send to everybody after this [ms]; 0 for never",
    least: 0,
    usual: "12000",
  }),
  streamsRestUrl: optionalUrl({ help: "REST address of Data Streams, where it is the price" }),
  streamsWsUrls: optionalSockets({
    help: "WebSocket addresses of Data Streams, comma between them",
  }),
  streamsCredentials: text({ help: "JSON file with its apiKey and userSecret" }),
  streamsTimeoutMs: count({
    help: "longest wait for one answer of Data Streams [ms]",
    least: 100,
    usual: "5000",
  }),
  streamsStaleMs: count({
    help: "a feed without a new report for this is silent [ms]",
    least: 100,
    usual: "3000",
  }),
  httpPort: count({ help: "port of metrics and health; 0 for none", least: 0, usual: "0" }),
  httpHost: text({ help: "address that they are served at", usual: "127.0.0.1" }),
  headStaleMs: count({
    help: "a chain without a new block for this is stale [ms]",
    least: 100,
    usual: "60000",
  }),
  minBalance: decimal({ help: "tell when less is left for gas [native]", usual: "0.05" }),
  alertWebhookFile: text({ help: "file with the address that alerts are posted to" }),
  alertSlackFile: text({ help: "file with the address of a Slack webhook" }),
  alertTelegramFile: text({
    help: "file with the address of a Telegram bot, https://api.telegram.org/bot and its token",
  }),
  alertTelegramChat: text({ help: "chat that the Telegram bot writes to" }),
  alertRepeatMinutes: count({ help: "tell what lasts again after this", least: 1, usual: "60" }),
  marginCallMs: count({
    help: "look for margin calls, and at what is at risk, this often [ms]; 0 for never",
    least: 0,
    usual: "30000",
  }),
  logLevel: choice(["debug", "info", "warn", "error"], { help: "least to log", usual: "info" }),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

type Name = keyof typeof SETTINGS;
type Values = { readonly [One in Name]: z.output<(typeof SETTINGS)[One]["schema"]> };

/** Everything that a keeper needs to know before it starts. */
export interface KeeperConfig extends Omit<Values, "store" | "instance" | "httpHost"> {
  readonly store: string;
  readonly instance: string;
  readonly httpHost: string;
  /** Absent in a dry run. */
  readonly key: KeySource | undefined;
  /** The key of what may wait; the same as the other when absent. */
  readonly housekeepingKey: KeySource | undefined;
  /** Absent where no market is priced by signed reports. */
  readonly streams: StreamConfig | undefined;
}

/** How to reach a Data Streams service. */
export interface StreamConfig {
  readonly restUrl: string;
  readonly wsUrls: readonly string[];
  /** JSON file with `apiKey` and `userSecret`. */
  readonly credentialsFile: string;
  /** Longest wait for one answer [ms]. */
  readonly timeoutMs: number;
  /** A feed without a new report for so long is silent [ms]. */
  readonly staleMs: number;
}

/** Texts by the names of settings. */
export type Texts = Readonly<Record<string, string | undefined>>;

/** Where settings come from besides the environment. Flags win over it, and it wins over a file. */
export interface MoreSources {
  readonly flags?: Texts;
  /** Contents of a YAML file. */
  readonly yaml?: string;
  /** Whether it goes without a key. */
  readonly keyless?: boolean;
}

const FOR_KEYS = "use BULKHEAD_KEYSTORE with BULKHEAD_PASSWORD_FILE";
const FOR_STREAMS = "use BULKHEAD_STREAMS_CREDENTIALS";
const FORBIDDEN: Readonly<Record<string, string>> = {
  BULKHEAD_PRIVATE_KEY: FOR_KEYS,
  BULKHEAD_MNEMONIC: FOR_KEYS,
  BULKHEAD_PASSWORD: FOR_KEYS,
  BULKHEAD_STREAMS_API_KEY: FOR_STREAMS,
  BULKHEAD_STREAMS_USER_SECRET: FOR_STREAMS,
};
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const NUMBER = /^\d{1,12}(\.\d{1,18})?$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/**
 * Read the keeper's settings; all problems are told at once.
 *
 * @throws ConfigError when a setting is missing, malformed or unsafe.
 */
export function keeperConfig(env: Environment, more: MoreSources = {}): KeeperConfig {
  const { texts, unknown } = gather(env, more);
  const results = Object.entries(SETTINGS).map(([name, { schema }]) => {
    const parsed = schema.safeParse(texts[name]);
    const issues = parsed.success ? [] : parsed.error.issues.map((issue) => issue.message);
    const problems = issues.map((issue) => `${variableOf(name)} ${issue}`);
    return { name, value: parsed.data as unknown, problems };
  });
  const key = keySource(texts);
  const problems = [
    ...Object.keys(FORBIDDEN)
      .filter((name) => env[name] !== undefined && env[name] !== "")
      .map(forbidden),
    ...unknown.map((name) => `"${name}" is not a setting. See --help.`),
    ...results.flatMap((result) => result.problems),
    ...(typeof key === "string" && more.keyless !== true ? [key] : []),
    ...inconsistent(texts),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  const values = Object.fromEntries(results.map(({ name, value }) => [name, value])) as Values;
  return {
    ...values,
    store: values.store ?? "bulkhead-keeper.sqlite",
    instance: values.instance ?? "keeper",
    httpHost: values.httpHost ?? "127.0.0.1",
    key: typeof key === "string" ? undefined : key,
    housekeepingKey: housekeepingKey(texts),
    streams: streamConfig(values),
  };
}

/** Return the settings in force, for people: secrets are left out. */
export function printableConfig(config: KeeperConfig): string {
  const lines = Object.entries(SETTINGS).flatMap(([name, { secret }]) => {
    const value = config[name as Name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return [];
    return [`${name}: ${secret ? "(set, not shown)" : shown(value)}`];
  });
  return `${lines.join("\n")}\n`;
}

/** Return flags with what they are for. */
export function flags(): readonly {
  readonly flag: string;
  readonly name: Name;
  readonly help: string;
}[] {
  return Object.entries(SETTINGS).map(([name, { help }]) => ({
    flag: `${flagOf(name)} <value>`,
    name: name as Name,
    help,
  }));
}

/** Read the price of the gas token, where it is a number [WAD quote]. */
export function fixedNativePrice(config: KeeperConfig): bigint | undefined {
  const { nativePrice } = config;
  return nativePrice !== undefined && NUMBER.test(nativePrice) ? toWad(nativePrice) : undefined;
}

/** Flags, then the environment, then the file; an empty text is none. */
function gather(
  env: Environment,
  { flags: given = {}, yaml }: MoreSources,
): { readonly texts: Texts; readonly unknown: readonly string[] } {
  const file = yaml === undefined ? {} : fileTexts(yaml);
  const texts = Object.fromEntries(
    Object.keys(SETTINGS).flatMap((name) => {
      const value = [given[name], env[variableOf(name)], file[name]].find(
        (one) => one !== undefined && one !== "",
      );
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return { texts, unknown: Object.keys(file).filter((name) => !(name in SETTINGS)) };
}

function fileTexts(yaml: string): Texts {
  const parsed = z.record(z.string(), z.unknown()).safeParse(contentOf(yaml));
  if (!parsed.success) throw new ConfigError(["The file must hold settings, one on each line."]);
  return Object.fromEntries(
    Object.entries(parsed.data).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : String(value),
    ]),
  );
}

function contentOf(yaml: string): unknown {
  try {
    return parse(yaml) ?? {};
  } catch (cause) {
    const [first = ""] = cause instanceof Error ? cause.message.split("\n") : [];
    throw new ConfigError([`The file is no YAML: ${first.replace(/:$/, "")}. Mend that line.`]);
  }
}

/** The key source, or what is wrong with it. */
function keySource(texts: Texts): KeySource | string {
  const { keystore, passwordFile, unlockedAccount, signerUrl, signerAccount } = texts;
  const given = [keystore, unlockedAccount, signerUrl].filter((one) => one !== undefined);
  if (given.length > 1) {
    return "More than one key is set. Keep one of BULKHEAD_KEYSTORE, BULKHEAD_UNLOCKED_ACCOUNT and BULKHEAD_SIGNER_URL.";
  }
  if (signerUrl !== undefined) {
    return signerAccount === undefined
      ? "BULKHEAD_SIGNER_ACCOUNT is missing. Set it to the account that the signer signs for."
      : { kind: "remote", url: signerUrl, account: signerAccount };
  }
  if (unlockedAccount !== undefined) {
    return isLoopback(texts.rpcUrl)
      ? { kind: "unlocked", account: unlockedAccount }
      : "BULKHEAD_UNLOCKED_ACCOUNT is for a node on this machine. Use BULKHEAD_KEYSTORE elsewhere.";
  }
  if (keystore === undefined) {
    return "No key. Set BULKHEAD_KEYSTORE to an encrypted keystore file and BULKHEAD_PASSWORD_FILE to the file with its password; on a local node, set BULKHEAD_UNLOCKED_ACCOUNT.";
  }
  return passwordFile === undefined
    ? "BULKHEAD_PASSWORD_FILE is missing. Set it to the file that holds the keystore's password."
    : { kind: "keystore", keystoreFile: keystore, passwordFile };
}

function housekeepingKey(texts: Texts): KeySource | undefined {
  const { housekeepingKeystore, housekeepingPasswordFile, housekeepingAccount, signerUrl } = texts;
  if (housekeepingKeystore !== undefined && housekeepingPasswordFile !== undefined) {
    const files = { keystoreFile: housekeepingKeystore, passwordFile: housekeepingPasswordFile };
    return { kind: "keystore", ...files };
  }
  if (housekeepingAccount === undefined) return undefined;
  return signerUrl === undefined
    ? { kind: "unlocked", account: housekeepingAccount }
    : { kind: "remote", url: signerUrl, account: housekeepingAccount };
}

/** The service of reports, where it is set. */
function streamConfig(values: Values): StreamConfig | undefined {
  const { streamsRestUrl, streamsWsUrls, streamsCredentials } = values;
  if (streamsRestUrl === undefined || streamsCredentials === undefined) return undefined;
  return {
    restUrl: streamsRestUrl,
    wsUrls: streamsWsUrls,
    credentialsFile: streamsCredentials,
    timeoutMs: values.streamsTimeoutMs,
    staleMs: values.streamsStaleMs,
  };
}

function inconsistent(texts: Texts): readonly string[] {
  const { lease, store, nativePrice, alertTelegramFile, alertTelegramChat } = texts;
  const { streamsRestUrl, streamsWsUrls, streamsCredentials } = texts;
  const streams = [streamsRestUrl, streamsWsUrls, streamsCredentials];
  const given = streams.filter((one) => one !== undefined).length;
  const isServer = /^postgres(ql)?:\/\//.test(store ?? "");
  return [
    ...(given > 0 && given < streams.length
      ? [
          "BULKHEAD_STREAMS_REST_URL, BULKHEAD_STREAMS_WS_URLS and BULKHEAD_STREAMS_CREDENTIALS belong together. Set all three, or none.",
        ]
      : []),
    ...(lease === "on" && !isServer
      ? [
          "BULKHEAD_LEASE needs a store that keepers share. Set BULKHEAD_STORE to a postgres:// address.",
        ]
      : []),
    ...(nativePrice !== undefined && !NUMBER.test(nativePrice) && !ADDRESS.test(nativePrice)
      ? ["BULKHEAD_NATIVE_PRICE must be a plain decimal number or an address."]
      : []),
    ...(alertTelegramFile !== undefined && alertTelegramChat === undefined
      ? ["BULKHEAD_ALERT_TELEGRAM_CHAT is missing. Set it to the chat that the bot writes to."]
      : []),
  ];
}

function forbidden(name: string): string {
  return `${name} is set. Secrets do not belong in the environment: unset it, and ${FORBIDDEN[name]}.`;
}

function isLoopback(list: string | undefined): boolean {
  const urls = (list ?? "").split(",").map((item) => URL.parse(item.trim()));
  return urls.every((url) => url !== null && LOOPBACK.has(url.hostname));
}

function shown(value: unknown): string {
  if (typeof value === "bigint") return `${value} # WAD`;
  if (typeof value !== "string") return JSON.stringify(value);
  // A server's address holds its password.
  return value.replace(/(:\/\/[^:/@]+:)[^@]*@/, "$1(not shown)@");
}
