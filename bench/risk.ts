import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { type Calibration, calibrate } from "../scripts/risk/calibration.ts";
import { specOf } from "../scripts/risk/commands/simulateSpec.ts";
import { readHistory } from "../scripts/risk/history.ts";
import { terminalIo } from "../scripts/risk/io.ts";
import { simulate } from "../scripts/risk/market/simulate.ts";
import { cellsOf } from "../scripts/risk/market/spec.ts";
import { readMarketFile } from "../scripts/risk/marketFile.ts";
import { drawExtremes, shareBeyond } from "../scripts/risk/paths.ts";

/** How fast the risk tools are on this machine. */
export interface RiskSpeed {
  /** Steps of paths drawn in a second of processor time, on one thread. */
  readonly stepsPerSecond: number;
  /** Positions answered in a second of processor time against paths that are drawn, on one thread. */
  readonly positionsPerSecond: number;
  /** The simulation of a market, by number of threads, by the clock on the wall. */
  readonly simulation: readonly {
    readonly workers: number;
    readonly seconds: number;
    /** Positions followed along a path, a second. */
    readonly fatesPerSecond: number;
    readonly speedUp: number;
  }[];
  readonly processors: number;
  /** Whether every number of threads found the same bytes. */
  readonly same: boolean;
}

/** What `npm run bench -- risk` found. */
export interface RiskReport {
  readonly speed: RiskSpeed;
  /** Absent without a history. */
  readonly calibration: (Calibration & { readonly history: string }) | undefined;
}

const PATHS = 100_000;
const STEPS = 288;
const POSITIONS = 1_000_000;
const DAY = 86_400;
const MARKET = new URL("../deploy/parameters/local.json", import.meta.url);

/** Measures the risk tools, and scores both estimates on a history where one is named. */
export async function measureRisk(history: string | undefined): Promise<RiskReport> {
  const speed = await measureSpeed();
  if (history === undefined) return { speed, calibration: undefined };
  const read = readHistory(readFileSync(history, "utf8"), history);
  return { speed, calibration: { ...calibrate(read), history } };
}

async function measureSpeed(): Promise<RiskSpeed> {
  const input = { sigma: 0.6, horizon: DAY, seed: 1, continuous: false, steps: STEPS };
  drawExtremes({ ...input, paths: 2_000 });
  const [paths, drawSeconds] = timed(() => drawExtremes({ ...input, paths: PATHS }));
  const [, answerSeconds] = timed(() => {
    let sum = 0;
    for (let index = 0; index < POSITIONS; index += 1) {
      sum += shareBeyond(paths, ((index % 2 === 0 ? -1 : 1) * (index + 1)) / POSITIONS / 5).p;
    }
    return sum;
  });
  return {
    stepsPerSecond: Math.round((PATHS * STEPS) / drawSeconds),
    positionsPerSecond: Math.round(POSITIONS / answerSeconds),
    ...(await measureWorkers()),
    processors: availableParallelism(),
  };
}

async function measureWorkers(): Promise<Pick<RiskSpeed, "simulation" | "same">> {
  const { rules } = readMarketFile(readFileSync(MARKET, "utf8"), "local.json");
  const options = {
    market: "",
    paths: 40_000,
    seed: 1,
    horizon: DAY,
    step: 300,
    block: 1,
    sigma: 0.8,
    mu: 0,
    jumps: 12,
    jumpMean: -0.08,
    jumpDeviation: 0.08,
    price: 2_000,
    cash: 10_000_000,
    reserveRatio: 0.3,
    maintenance: [0.01, 0.02, 0.03],
    caps: [1_000, 2_000],
    latency: [60, 3_600],
    mandates: [0, 0.5],
    mandateCap: 0.5,
    mandateTarget: 2,
  };
  const spec = await specOf(options, { io: terminalIo(), rules });
  const fates = spec.paths * spec.cohorts.length * cellsOf(spec).length;
  const runs: { workers: number; seconds: number; text: string }[] = [];
  for (const workers of workerCounts()) {
    const began = performance.now();
    const { cells } = await simulate({ spec, workers });
    runs.push({
      workers,
      seconds: (performance.now() - began) / 1_000,
      text: JSON.stringify(cells),
    });
  }
  const alone = runs[0]?.seconds ?? 0;
  return {
    simulation: runs.map(({ workers, seconds }) => ({
      workers,
      seconds,
      fatesPerSecond: Math.round(fates / seconds),
      speedUp: alone / seconds,
    })),
    same: runs.every(({ text }) => text === runs[0]?.text),
  };
}

/** One, then twice as many each time, up to all processors. */
function workerCounts(): readonly number[] {
  const counts: number[] = [];
  for (let count = 1; count < availableParallelism(); count *= 2) counts.push(count);
  return [...counts, availableParallelism()];
}

/** Seconds of processor time: what one thread can do, whatever else the machine is busy with. */
function timed<T>(act: () => T): readonly [T, number] {
  const began = process.cpuUsage();
  const result = act();
  const { user, system } = process.cpuUsage(began);
  return [result, (user + system) / 1e6];
}
