import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { SingleBar } from "cli-progress";
import { type Command, InvalidArgumentError } from "commander";
import type { RiskIo } from "../io.ts";
import { drawTable } from "../io.ts";
import { specId } from "../market/codec.ts";
import type { CellSummary } from "../market/merge.ts";
import { toCsv, toResultJson } from "../market/output.ts";
import { simulate } from "../market/simulate.ts";
import type { Cohort, SimulationSpec } from "../market/spec.ts";
import {
  listOf,
  parseDuration,
  parseNumber,
  parsePositive,
  parseShare,
  parseSide,
  parseWhole,
} from "../parse.ts";
import { duration, percent } from "../words.ts";
import { loadMarket, withMarket } from "./shared.ts";
import { type SimulateOptions, specOf } from "./simulateSpec.ts";

interface Options extends SimulateOptions {
  readonly workers: number;
  readonly out: string;
  readonly queue?: string;
}

/** Add `simulate`: a market's parameters at scale. */
export function registerSimulate(program: Command, io: RiskIo): void {
  const command = program
    .command("simulate")
    .description(
      "what a market's parameters lead to, over many paths; the same seed gives the same bytes",
    )
    .option("--paths <number>", "paths of each source", parseWhole, 100_000)
    .option("--seed <number>", "draw other paths", parseWhole, 1)
    .option("--horizon <duration>", "length of a path", parseDuration, 86_400)
    .option(
      "--step <duration>",
      "time between two prices; the history's where one is given",
      parseDuration,
    )
    .option(
      "--source <jump|bootstrap|both>",
      "where paths come from; both with a history, else jump",
      parseSource,
    )
    .option("--history <file>", "CSV of bars whose returns are drawn in blocks")
    .option("--block <number>", "returns that stay together", parseWhole, 24)
    .option("--sigma <number>", "volatility a year of the jump diffusion", parsePositive, 0.8)
    .option("--mu <number>", "its drift a year", parseNumber, 0)
    .option("--jumps <number>", "its jumps a year", parseNumber, 12)
    .option("--jump-mean <number>", "mean log of a jump", parseNumber, -0.08)
    .option("--jump-deviation <number>", "standard deviation of that", parseNumber, 0.08)
    .option("--price <number>", "price at the beginning", parsePositive, 2_000)
    .option("--cash <number>", "the pool's cash [quote]", parsePositive, 10_000_000)
    .option("--book <list>", "side:leverage:demand, several by commas [quote]", listOf(parseCohort))
    .option("--reserve-ratio <share>", "reserve ÷ notional", parseShare, 0.3)
    .option(
      "--maintenance <list>",
      "maintenance margin ratios to try",
      listOf(parseShare),
      [0.01, 0.02, 0.03],
    )
    .option(
      "--caps <list>",
      "caps on a side's open interest to try [base]",
      listOf(parsePositive),
      [1_000, 2_000],
    )
    .option(
      "--latency <list>",
      "delays of the keeper to try",
      listOf(parseDuration),
      [60, 600, 3_600],
    )
    .option(
      "--mandates <list>",
      "shares of positions with a mandate to try",
      listOf(parseShare),
      [0, 0.5],
    )
    .option(
      "--mandate-cap <number>",
      "what a mandate may pull, as a multiple of margin",
      parsePositive,
      0.5,
    )
    .option(
      "--mandate-target <number>",
      "multiple of maintenance that a rescue restores",
      parsePositive,
      2,
    )
    .option("--workers <number>", "threads on this machine", parseWhole, io.processors)
    .option("--queue <url>", "PostgreSQL to share the work by; start others with `work`")
    .option("--out <folder>", "where results and progress are kept", "out/simulation");
  withMarket(command).action(async (options: Options) => {
    const { rules } = await loadMarket(options, io);
    const spec = await specOf(options, { io, rules });
    const cells = await run(spec, options, io);
    if (cells === undefined) {
      io.note(`Stopped. Run the same command again to go on; what is done is in "${options.out}".`);
      return;
    }
    await mkdir(options.out, { recursive: true });
    await io.writeText(join(options.out, "result.json"), toResultJson(spec, cells));
    await io.writeText(join(options.out, "result.csv"), toCsv(cells));
    // Plots and queues are large packages: who does not ask for them does not wait for them.
    const { writeSimulationReport } = await import("../market/report.ts");
    await io.writeText(join(options.out, "report.html"), writeSimulationReport(spec, cells));
    io.print(options.json === true ? toResultJson(spec, cells).trimEnd() : describeCells(cells));
    io.note(`result.json, result.csv and report.html are in "${options.out}".`);
  });
}

/** Add `work`: compute parts of simulations that others submit. */
export function registerWork(program: Command, io: RiskIo): void {
  program
    .command("work")
    .description("compute parts of simulations from a queue, until stopped by Ctrl-C")
    .requiredOption("--queue <url>", "PostgreSQL that `simulate --queue` shares its work by")
    .action(async ({ queue }: { readonly queue: string }) => {
      const signal = stopSignal();
      io.note("Waiting for work.");
      const { work } = await import("../market/queue.ts");
      await work({ url: queue, signal, onChunk: (id, chunk) => io.note(`${id} chunk ${chunk}`) });
    });
}

/** Tell cells in a table. */
export function describeCells(cells: readonly CellSummary[]): string {
  return drawTable(
    [
      "paths",
      "maintenance",
      "cap",
      "delay",
      "mandates",
      "liquidated",
      "came back",
      "rescued",
      "at cap",
      "shortfall ES99",
      "pool",
      "pool ES99",
    ],
    cells.map((cell) => [
      cell.source,
      percent(cell.maintenance, 1),
      String(cell.cap),
      duration(cell.latency),
      percent(cell.mandateShare, 0),
      percent(cell.liquidated),
      percent(cell.premature, 1),
      percent(cell.rescued),
      percent(cell.capHits),
      percent(cell.shortfallEs99, 3),
      percent(cell.poolReturn, 3),
      percent(cell.poolEs99, 3),
    ]),
  );
}

/** The cells, or nothing where it was stopped. */
async function run(
  spec: SimulationSpec,
  options: Options,
  io: RiskIo,
): Promise<readonly CellSummary[] | undefined> {
  const bar = io.isTerminal
    ? new SingleBar({
        format: "{bar} {percentage}% | {value}/{total} parts | {eta_formatted} left",
      })
    : undefined;
  let begun = false;
  const onProgress = (done: number, all: number): void => {
    if (!begun) bar?.start(all, done);
    begun = true;
    bar?.update(done);
  };
  const signal = stopSignal();
  try {
    if (options.queue !== undefined) {
      io.note(`Simulation ${specId(spec)}: waiting for workers (\`work --queue …\`).`);
      const { coordinate } = await import("../market/queue.ts");
      return await coordinate({ url: options.queue, spec, onProgress, signal });
    }
    const found = await simulate({
      spec,
      workers: options.workers,
      folder: options.out,
      onProgress,
      signal,
    });
    return found.whole ? found.cells : undefined;
  } catch (cause) {
    if (signal.aborted) return undefined;
    throw cause;
  } finally {
    bar?.stop();
  }
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  return stop.signal;
}

function parseSource(text: string): "jump" | "bootstrap" | "both" {
  if (text === "jump" || text === "bootstrap" || text === "both") return text;
  throw new InvalidArgumentError('Say "jump", "bootstrap" or "both".');
}

function parseCohort(text: string): Cohort {
  const [side = "", leverage = "", demand = ""] = text.split(":");
  return {
    side: parseSide(side),
    leverage: parsePositive(leverage),
    demand: parsePositive(demand),
  };
}
