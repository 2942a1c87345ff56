import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";

import { BulkheadError } from "../core/errors.ts";
import { parseUnsignedWad } from "../core/units.ts";
import { pricesEvery } from "./pricePath.ts";
import { parseMoment, readPriceFile } from "./prices.ts";
import { Progress } from "./progress.ts";
import type { ReplayRound } from "./replay.ts";
import { writeReport } from "./report.ts";
import type { DemoResult } from "./result.ts";
import { runDemo } from "./run.ts";
import { summaryOf, tellStory } from "./story.ts";
import { DEFAULT_NETWORK } from "./streamNetwork.ts";

interface Options {
  readonly prices: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: string;
  readonly report: string;
  readonly seed: number;
  readonly killKeeper?: number;
  readonly oracle: "push" | "stream";
  readonly every: number;
  readonly signers: number;
  readonly faulty: number;
  readonly cadence: number;
  readonly spread: bigint;
  readonly fee: bigint;
}

const FIXTURE = fileURLToPath(
  new URL("../../test/fixtures/data/crash-2020-03.csv", import.meta.url),
);

const program = new Command("demo")
  .description(
    "Replay a crash against a market on a local chain, with a keeper, and tell the story.",
  )
  .option("--prices <file>", "CSV of Chainlink rounds or of OHLC bars", FIXTURE)
  .option("--from <time>", "first moment, such as 2023-08-17T20:00:00Z")
  .option("--to <time>", "last moment")
  .option("--json <file>", "write the result for machines")
  .option("--report <file>", "write the report", "out/demo.html")
  .option("--seed <number>", "draw another book", parseWhole, 1)
  .option("--kill-keeper <round>", "kill the keeper at this round and start another", parseWhole)
  .addOption(
    new Option("--oracle <kind>", "price the market by a push feed or by Data Streams reports")
      .choices(["push", "stream"])
      .default("push"),
  )
  .option("--every <seconds>", "stream: time from one price to the next", parseCount, 30)
  .option("--signers <number>", "stream: oracles", parseWhole, DEFAULT_NETWORK.signers)
  .option(
    "--faulty <number>",
    "stream: oracles that may be faulty",
    parseWhole,
    DEFAULT_NETWORK.faulty,
  )
  .option("--cadence <seconds>", "stream: least time between two reports", parseCount, 1)
  .option("--spread <ratio>", "stream: (ask - bid) / price", parseAmount, DEFAULT_NETWORK.spread)
  .option("--fee <ether>", "stream: what verifying a report costs", parseAmount, 0n);

process.exitCode = await main(program.parse().opts<Options>());

/** Ends with 0 when every law holds and the keeper did all that was due, else with 1. */
async function main(options: Options): Promise<number> {
  try {
    const rounds = await loadRounds(options);
    const result = await runWithProgress(rounds, options);
    print(`${tellStory(result)}\n`);
    await save(options.report, writeReport(result));
    print(`The report is in "${resolve(options.report)}".\n`);
    if (options.json !== undefined) {
      await save(options.json, `${JSON.stringify(summaryOf(result), undefined, 2)}\n`);
    }
    return result.ok ? 0 : 1;
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    process.stderr.write(`\n${cause.message}\n`);
    return 1;
  }
}

/** Rounds as a push feed would write them, or the price of every few seconds. */
async function loadRounds(options: Options): Promise<readonly ReplayRound[]> {
  const { prices, from, to, oracle, every } = options;
  const { rounds, moments } = await readPriceFile(prices, {
    from: from === undefined ? undefined : parseMoment(from),
    to: to === undefined ? undefined : parseMoment(to),
  });
  if (oracle === "stream") {
    const points = pricesEvery(moments, BigInt(every));
    return points.map(({ price, time }) => ({ answer: price, time: Number(time) }));
  }
  return rounds.map(({ answer, updatedAt }) => ({ answer, time: Number(updatedAt) }));
}

async function runWithProgress(
  rounds: readonly ReplayRound[],
  options: Options,
): Promise<DemoResult> {
  const { seed, killKeeper, oracle, signers, faulty, cadence, spread, fee } = options;
  const started = performance.now();
  const progress = new Progress(rounds.length, print);
  return runDemo({
    rounds,
    seed,
    ...(killKeeper === undefined ? {} : { killKeeperAt: killKeeper }),
    ...(oracle === "push" ? {} : { network: { signers, faulty, cadence, spread, nativeFee: fee } }),
    onStage: (text) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(0).padStart(3);
      print(`${seconds} s  ${text}\n`);
    },
    onRound: (index, logs) => progress.round(index, logs),
  });
}

async function save(file: string, text: string): Promise<void> {
  await mkdir(dirname(resolve(file)), { recursive: true });
  await writeFile(file, text);
}

function print(text: string): void {
  process.stdout.write(text);
}

function parseWhole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
  return Number(text);
}

function parseCount(text: string): number {
  const count = parseWhole(text);
  if (count === 0) throw new InvalidArgumentError("Give a number above zero.");
  return count;
}

function parseAmount(text: string): bigint {
  try {
    return parseUnsignedWad(text);
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    throw new InvalidArgumentError(cause.message);
  }
}
