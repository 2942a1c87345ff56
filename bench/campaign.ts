import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Command } from "commander";
import { Interface, type InterfaceAbi } from "ethers";

import { environment } from "../scripts/config/environment.ts";
import {
  addSummaries,
  callsOf,
  functionsIn,
  readSummary,
  type Summary,
  table,
} from "../test/fixtures/campaignSummary.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = "test/invariant";
/** The campaign with tokens of three sizes, and the laws that are played in courses of their own. */
const FILES = ["Campaign", "Accrual", "Hands", "Powers", "Profit"];
/** How often each function must have succeeded, or refused everybody, in a whole campaign. */
const LEAST = 100;
const CONFIG = "hardhat.deep.config.ts";

interface Chunk {
  readonly number: number;
  readonly seed: string;
  readonly calls: number;
  readonly seconds: number;
}

/** What is written after each chunk, and read to go on. */
interface Progress {
  readonly master: string;
  /** Markets of each size of token in a chunk. */
  readonly lives: number;
  readonly chunks: readonly Chunk[];
  readonly summary: Summary;
}

interface Options {
  readonly calls: string;
  readonly lives: string;
  readonly progress: string;
  readonly seed?: string;
  readonly replay?: string;
}

const program = new Command("campaign")
  .description(
    "The laws of the protocol under random calls, chunk by chunk; goes on where it stopped.",
  )
  .option("--calls <count>", "calls of the contracts to make in all", "1000000")
  .option("--lives <count>", "markets of each size of token in a chunk, for a new campaign", "10")
  .option("--progress <folder>", "where to keep what was done", "out/campaign")
  .option("--seed <number>", "master seed of a new campaign; another one each time without it")
  .option("--replay <chunk>", "play one chunk again, and nothing else")
  .action(main);
await program.parseAsync();

async function main(options: Options): Promise<void> {
  const file = join(options.progress, "progress.json");
  let progress = load(file, options);
  if (options.replay !== undefined) {
    const { output, failed } = await play(progress, Number(options.replay));
    process.stdout.write(output);
    process.exitCode = failed ? 1 : 0;
    return;
  }
  say(`Master seed ${progress.master}, ${progress.chunks.length} chunks done, ${file}`);
  for (;;) {
    const done = progress.chunks.reduce((sum, chunk) => sum + chunk.calls, 0);
    if (done >= Number(options.calls)) break;
    const number = progress.chunks.length;
    const started = Date.now();
    const { output, failed } = await play(progress, number);
    if (failed) {
      process.stdout.write(output);
      say(`Chunk ${number} failed. ${replayLine(options, progress, number)}`);
      process.exitCode = 1;
      return;
    }
    const summary = readSummary(output);
    const chunk = {
      number,
      seed: seedOf(progress, number),
      calls: callsOf(summary),
      seconds: Math.round((Date.now() - started) / 1000),
    };
    const chunks = [...progress.chunks, chunk];
    progress = { ...progress, chunks, summary: addSummaries(progress.summary, summary) };
    save(file, progress);
    say(
      `${new Date().toISOString()} chunk ${number}: ${chunk.calls} calls in ${chunk.seconds} s, ` +
        `${done + chunk.calls} of ${options.calls}. ${replayLine(options, progress, number)}`,
    );
  }
  say(table(progress.summary, errorNames()));
  const neglected = neglectedIn(progress.summary);
  if (neglected.length > 0) {
    say(`Hardly ever played: ${neglected.join(", ")}`);
    process.exitCode = 1;
  }
  say(`${callsOf(progress.summary)} calls in ${progress.chunks.length} chunks, no law broken.`);
}

/** Runs one chunk in a process of its own; a chunk without a summary has failed. */
async function play(
  progress: Progress,
  number: number,
): Promise<{ readonly output: string; readonly failed: boolean }> {
  const hardhat = join(
    dirname(createRequire(import.meta.url).resolve("hardhat/package.json")),
    "dist/src/cli.js",
  );
  const files = FILES.map((name) => `${FOLDER}/${name}.t.sol`);
  const seed = seedOf(progress, number);
  const child = spawn(
    process.execPath,
    [hardhat, "test", "solidity", "--no-compile", "--config", CONFIG, ...files],
    {
      cwd: ROOT,
      env: {
        ...environment(),
        NO_COLOR: "1",
        BULKHEAD_FUZZ_SEED: `0x${BigInt(seed).toString(16).padStart(64, "0")}`,
        BULKHEAD_CAMPAIGN_SEED: seed,
        BULKHEAD_CAMPAIGN_LIVES: String(progress.lives),
        BULKHEAD_CAMPAIGN_CHECK_EVERY: "30",
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  return { output, failed: code !== 0 || callsOf(readSummary(output)) === 0 };
}

/** Functions that no law was tried against often; those of sister contracts only refuse. */
function neglectedIn(summary: Summary): readonly string[] {
  const open = functionsIn("open").filter((name) => (summary[name]?.succeeded ?? 0) < LEAST);
  const guarded = functionsIn("guarded").filter((name) => (summary[name]?.called ?? 0) < LEAST);
  return [...open, ...guarded];
}

function load(file: string, options: Options): Progress {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Progress;
  return {
    master: options.seed ?? String(randomBytes(6).readUIntBE(0, 6)),
    lives: Number(options.lives),
    chunks: [],
    summary: {},
  };
}

/** Never half a file: a stop in the middle leaves the one before. */
function save(file: string, progress: Progress): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(progress, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** Seed of a chunk, of 48 bits, from the master's. */
function seedOf({ master }: Progress, number: number): string {
  const digest = createHash("sha256").update(`${master}/${number}`).digest();
  return String(digest.readUIntBE(0, 6));
}

function replayLine(options: Options, progress: Progress, number: number): string {
  const folder = options.progress;
  return `Again: npm run test:deep -- --progress ${folder} --seed ${progress.master} --lives ${progress.lives} --replay ${number}`;
}

/** Names of all custom errors of the contracts and of the doubles, by selector. */
function errorNames(): ReadonlyMap<string, string> {
  const names = new Map<string, string>([["0x00000000", "(no word)"]]);
  const folder = join(ROOT, "artifacts");
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".json") || name.includes("build-info")) continue;
    const { abi } = JSON.parse(readFileSync(join(folder, name), "utf8")) as { abi?: InterfaceAbi };
    if (abi === undefined) continue;
    new Interface(abi).forEachError((error) => {
      names.set(error.selector, error.name);
    });
  }
  return names;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
