import { z } from "zod";

import { FatalError } from "../core/errors.ts";
import type { KeySource } from "../core/keySource.ts";
import type { Environment } from "./environment.ts";

/** Everything a keeper needs to know before it starts. */
export interface KeeperConfig {
  readonly rpcUrl: string;
  /** MarginVault of each market to serve. */
  readonly markets: readonly string[];
  /** First block whose logs are read. */
  readonly fromBlock: number;
  readonly key: KeySource;
  /** Who is paid; the keeper's own address when absent. */
  readonly feeReceiver: string | undefined;
  readonly pollMs: number;
  readonly rpcTimeoutMs: number;
  readonly confirmTimeoutMs: number;
  /** Blocks in one request for logs. */
  readonly logRange: number;
  /** Most items in one transaction. */
  readonly maxBatch: number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
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

/** Thrown when the environment does not say enough to start. */
export class ConfigError extends FatalError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The keeper cannot start:\n${problems.map((line) => `- ${line}`).join("\n")}`);
    this.problems = problems;
  }
}

const FORBIDDEN: Readonly<Record<string, string>> = {
  BULKHEAD_PRIVATE_KEY: "use BULKHEAD_KEYSTORE with BULKHEAD_PASSWORD_FILE",
  BULKHEAD_MNEMONIC: "use BULKHEAD_KEYSTORE with BULKHEAD_PASSWORD_FILE",
  BULKHEAD_PASSWORD: "use BULKHEAD_KEYSTORE with BULKHEAD_PASSWORD_FILE",
  BULKHEAD_STREAMS_API_KEY: "use BULKHEAD_STREAMS_CREDENTIALS",
  BULKHEAD_STREAMS_USER_SECRET: "use BULKHEAD_STREAMS_CREDENTIALS",
};
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

const address = (name: string) =>
  z.string().regex(ADDRESS, `${name} must be an address: 0x and 40 hexadecimal digits.`);

const count = (name: string, range: { readonly least: number; readonly usual: number }) =>
  z
    .string()
    .regex(/^\d{1,12}$/, `${name} must be a whole number, such as ${range.usual}.`)
    .default(String(range.usual))
    .transform(Number)
    .refine((value) => value >= range.least, `${name} must be at least ${range.least}.`);

const required = (name: string, what: string) =>
  z.string({ error: `${name} is missing. Set it to ${what}.` });

const schema = z.object({
  BULKHEAD_RPC_URL: required(
    "BULKHEAD_RPC_URL",
    "the node's address, such as http://127.0.0.1:8545",
  ).refine(isHttp, "BULKHEAD_RPC_URL must be an http:// or https:// address."),
  BULKHEAD_MARKETS: required("BULKHEAD_MARKETS", "the MarginVault addresses, comma between them")
    .transform((text) => text.split(",").map((item) => item.trim()))
    .pipe(z.array(address("Each of BULKHEAD_MARKETS")).min(1)),
  BULKHEAD_FROM_BLOCK: count("BULKHEAD_FROM_BLOCK", { least: 0, usual: 0 }),
  BULKHEAD_KEYSTORE: z.string().optional(),
  BULKHEAD_PASSWORD_FILE: z.string().optional(),
  BULKHEAD_UNLOCKED_ACCOUNT: address("BULKHEAD_UNLOCKED_ACCOUNT").optional(),
  BULKHEAD_FEE_RECEIVER: address("BULKHEAD_FEE_RECEIVER").optional(),
  BULKHEAD_POLL_MS: count("BULKHEAD_POLL_MS", { least: 10, usual: 500 }),
  BULKHEAD_RPC_TIMEOUT_MS: count("BULKHEAD_RPC_TIMEOUT_MS", { least: 100, usual: 5000 }),
  BULKHEAD_CONFIRM_TIMEOUT_MS: count("BULKHEAD_CONFIRM_TIMEOUT_MS", { least: 1000, usual: 60_000 }),
  BULKHEAD_LOG_RANGE: count("BULKHEAD_LOG_RANGE", { least: 1, usual: 2000 }),
  BULKHEAD_MAX_BATCH: count("BULKHEAD_MAX_BATCH", { least: 1, usual: 20 }),
  BULKHEAD_LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error"], {
      error: "BULKHEAD_LOG_LEVEL must be debug, info, warn or error.",
    })
    .default("info"),
  BULKHEAD_STREAMS_REST_URL: z
    .string()
    .refine(isHttp, "BULKHEAD_STREAMS_REST_URL must be an http:// or https:// address.")
    .optional(),
  BULKHEAD_STREAMS_WS_URLS: z
    .string()
    .transform((text) => text.split(",").map((item) => item.trim()))
    .pipe(
      z.array(
        z
          .string()
          .refine(isWs, "Each of BULKHEAD_STREAMS_WS_URLS must be a ws:// or wss:// address."),
      ),
    )
    .optional(),
  BULKHEAD_STREAMS_CREDENTIALS: z.string().optional(),
  BULKHEAD_STREAMS_TIMEOUT_MS: count("BULKHEAD_STREAMS_TIMEOUT_MS", { least: 100, usual: 5000 }),
  BULKHEAD_STREAMS_STALE_MS: count("BULKHEAD_STREAMS_STALE_MS", { least: 100, usual: 3000 }),
});

/**
 * Read the keeper's settings; all problems are told at once.
 *
 * @throws ConfigError when a setting is missing, malformed or unsafe.
 */
export function keeperConfig(env: Environment): KeeperConfig {
  const present = Object.fromEntries(
    Object.entries(env).filter(([name, text]) => name.startsWith("BULKHEAD_") && text !== ""),
  );
  const parsed = schema.safeParse(present);
  const key = keySource(present);
  const streams = parsed.success ? streamConfig(parsed.data) : undefined;
  const problems = [
    ...Object.keys(FORBIDDEN)
      .filter((name) => present[name] !== undefined)
      .map(forbidden),
    ...(parsed.success ? [] : parsed.error.issues.map((issue) => issue.message)),
    ...[key, streams].filter((part) => typeof part === "string"),
  ];
  if (
    !parsed.success ||
    typeof key === "string" ||
    typeof streams === "string" ||
    problems.length > 0
  ) {
    throw new ConfigError(problems);
  }
  const values = parsed.data;
  return {
    rpcUrl: values.BULKHEAD_RPC_URL,
    markets: values.BULKHEAD_MARKETS,
    fromBlock: values.BULKHEAD_FROM_BLOCK,
    key,
    feeReceiver: values.BULKHEAD_FEE_RECEIVER,
    pollMs: values.BULKHEAD_POLL_MS,
    rpcTimeoutMs: values.BULKHEAD_RPC_TIMEOUT_MS,
    confirmTimeoutMs: values.BULKHEAD_CONFIRM_TIMEOUT_MS,
    logRange: values.BULKHEAD_LOG_RANGE,
    maxBatch: values.BULKHEAD_MAX_BATCH,
    logLevel: values.BULKHEAD_LOG_LEVEL,
    streams,
  };
}

/** The service of reports, none, or what is wrong with it. */
function streamConfig(values: z.infer<typeof schema>): StreamConfig | string | undefined {
  const restUrl = values.BULKHEAD_STREAMS_REST_URL;
  const wsUrls = values.BULKHEAD_STREAMS_WS_URLS;
  const credentialsFile = values.BULKHEAD_STREAMS_CREDENTIALS;
  if (restUrl !== undefined && wsUrls !== undefined && credentialsFile !== undefined) {
    const timeoutMs = values.BULKHEAD_STREAMS_TIMEOUT_MS;
    return {
      restUrl,
      wsUrls,
      credentialsFile,
      timeoutMs,
      staleMs: values.BULKHEAD_STREAMS_STALE_MS,
    };
  }
  return restUrl === undefined && wsUrls === undefined && credentialsFile === undefined
    ? undefined
    : "BULKHEAD_STREAMS_REST_URL, BULKHEAD_STREAMS_WS_URLS and BULKHEAD_STREAMS_CREDENTIALS belong together. Set all three, or none.";
}

/** The key source, or what is wrong with it. */
function keySource(env: Environment): KeySource | string {
  const keystoreFile = env.BULKHEAD_KEYSTORE;
  const passwordFile = env.BULKHEAD_PASSWORD_FILE;
  const account = env.BULKHEAD_UNLOCKED_ACCOUNT;
  if (account !== undefined) {
    if (keystoreFile !== undefined) {
      return "BULKHEAD_KEYSTORE and BULKHEAD_UNLOCKED_ACCOUNT are both set. Keep one.";
    }
    return isLoopback(env.BULKHEAD_RPC_URL)
      ? { kind: "unlocked", account }
      : "BULKHEAD_UNLOCKED_ACCOUNT is for a node on this machine. Use BULKHEAD_KEYSTORE elsewhere.";
  }
  if (keystoreFile === undefined) {
    return "No key. Set BULKHEAD_KEYSTORE to an encrypted keystore file and BULKHEAD_PASSWORD_FILE to the file with its password; on a local node, set BULKHEAD_UNLOCKED_ACCOUNT.";
  }
  return passwordFile === undefined
    ? "BULKHEAD_PASSWORD_FILE is missing. Set it to the file that holds the keystore's password."
    : { kind: "keystore", keystoreFile, passwordFile };
}

function forbidden(name: string): string {
  return `${name} is set. Secrets do not belong in the environment: unset it, and ${FORBIDDEN[name]}.`;
}

function isHttp(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:");
}

function isWs(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "ws:" || url.protocol === "wss:");
}

function isLoopback(text: string | undefined): boolean {
  const url = text === undefined ? null : URL.parse(text);
  return url !== null && LOOPBACK.has(url.hostname);
}
