import type { Rules } from "../books.ts";
import { HistoryTooShortError, RiskInputError, within } from "../errors.ts";
import type { History } from "../history.ts";
import type { RiskIo } from "../io.ts";
import type { BootstrapSource, JumpSource, Source } from "../market/path.ts";
import type { Cohort, SimulationSpec } from "../market/spec.ts";
import { at } from "../numbers.ts";
import { loadHistory, type MarketOptions } from "./shared.ts";

/** What `simulate` is asked, its whereabouts apart. */
export interface SimulateOptions extends MarketOptions {
  readonly paths: number;
  readonly seed: number;
  readonly horizon: number;
  readonly step?: number;
  readonly source?: "jump" | "bootstrap" | "both";
  readonly history?: string;
  readonly block: number;
  readonly sigma: number;
  readonly mu: number;
  readonly jumps: number;
  readonly jumpMean: number;
  readonly jumpDeviation: number;
  readonly price: number;
  readonly cash: number;
  readonly book?: readonly Cohort[];
  readonly reserveRatio: number;
  readonly maintenance: readonly number[];
  readonly caps: readonly number[];
  readonly latency: readonly number[];
  readonly mandates: readonly number[];
  readonly mandateCap: number;
  readonly mandateTarget: number;
}

/** Paths in one part of the work. */
const CHUNK = 500;
/** Time between two prices where no history tells [s]. */
const STEP = 60;

/** More longs than shorts, from careful to bold, 5 and 3 million in all [quote]. */
const BOOK: readonly Cohort[] = [
  { side: "long", leverage: 3, demand: 1_500_000 },
  { side: "long", leverage: 5, demand: 1_500_000 },
  { side: "long", leverage: 10, demand: 1_500_000 },
  { side: "long", leverage: 18, demand: 500_000 },
  { side: "short", leverage: 3, demand: 1_000_000 },
  { side: "short", leverage: 5, demand: 1_000_000 },
  { side: "short", leverage: 10, demand: 700_000 },
  { side: "short", leverage: 18, demand: 300_000 },
];

/**
 * Work out a simulation from what was asked.
 *
 * @throws {RiskInputError} When something makes no sense.
 */
export async function specOf(
  options: SimulateOptions,
  { io, rules }: { readonly io: RiskIo; readonly rules: Rules },
): Promise<SimulationSpec> {
  const history = options.history === undefined ? undefined : await loadHistory(options, io);
  const step =
    options.step ?? (history === undefined || history.period === 0 ? STEP : history.period);
  const { paths, seed, horizon, price, cash, reserveRatio, maintenance, caps, latency } = options;
  check(options, step);
  return {
    seed,
    paths,
    chunk: CHUNK,
    horizon,
    step,
    sources: sourcesOf(options, { history, step }),
    price,
    cash,
    cohorts: options.book ?? BOOK,
    reserveRatio,
    mandate: { cap: options.mandateCap, target: options.mandateTarget, trigger: 1 },
    grid: { maintenance, caps, latency, mandateShare: options.mandates },
    rules,
  };
}

function check(
  { paths, horizon, seed, latency, mandates, maintenance, reserveRatio, ...rest }: SimulateOptions,
  step: number,
): void {
  within("--paths", paths, { least: 1, most: 1e9 });
  within("--seed", seed, { least: 0, below: 2 ** 32 });
  within("--block", rest.block, { least: 1 });
  within("--jumps", rest.jumps, { least: 0 });
  within("--jump-deviation", rest.jumpDeviation, { least: 0 });
  within("--reserve-ratio", reserveRatio, { above: 0, most: 1 });
  within("--mandate-target", rest.mandateTarget, { above: 1 });
  for (const share of mandates) within("--mandates", share, { least: 0, most: 1 });
  for (const ratio of maintenance) within("--maintenance", ratio, { above: 0, below: 0.5 });
  for (const seconds of [...latency, step]) {
    if (!Number.isInteger(seconds)) {
      throw new RiskInputError("Duration", { found: seconds, needed: "a whole number of seconds" });
    }
  }
  if (!Number.isInteger(horizon / step)) {
    throw new RiskInputError("--horizon", {
      found: horizon,
      needed: `a multiple of the step of ${step} s`,
    });
  }
}

function sourcesOf(
  options: SimulateOptions,
  { history, step }: { readonly history: History | undefined; readonly step: number },
): readonly Source[] {
  const {
    source = history === undefined ? "jump" : "both",
    sigma,
    mu,
    jumps,
    jumpMean,
    jumpDeviation,
  } = options;
  const jump: JumpSource = {
    kind: "jump",
    sigma,
    mu,
    jumpsPerYear: jumps,
    jumpMean,
    jumpDeviation,
  };
  if (source === "jump") return [jump];
  const bootstrap = bootstrapOf(history, { step, block: options.block });
  return source === "bootstrap" ? [bootstrap] : [bootstrap, jump];
}

function bootstrapOf(
  history: History | undefined,
  { step, block }: { readonly step: number; readonly block: number },
): BootstrapSource {
  if (history === undefined || history.period === 0) {
    throw new RiskInputError("--history", {
      found: history?.format ?? "",
      needed: "a file of bars, to draw returns from",
    });
  }
  if (history.period !== step) {
    throw new RiskInputError("--step", {
      found: step,
      needed: `the period of the bars, ${history.period} s`,
    });
  }
  const returns: number[] = [];
  for (let index = 1; index < history.close.length; index += 1) {
    // A return over a gap is longer than a step.
    if (at(history.times, index) - at(history.times, index - 1) !== step) continue;
    returns.push(Math.log(at(history.close, index) / at(history.close, index - 1)));
  }
  if (returns.length < block)
    throw new HistoryTooShortError({ found: returns.length, needed: block, what: "returns" });
  return { kind: "bootstrap", returns, block };
}
