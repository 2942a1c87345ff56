import type { Command } from "commander";
import { latencyBuffer, marginRatioFor } from "../barrier.ts";
import { drawTable, type RiskIo, toJson } from "../io.ts";
import { drawdownProbability, growthTable, kellyLeverage } from "../kelly.ts";
import { parseNumber, parsePositive } from "../parse.ts";
import { percent, times } from "../words.ts";
import { withHorizon } from "./shared.ts";

interface Options {
  readonly mu: number;
  readonly standardError: number;
  readonly sigma: number;
  readonly riskFree: number;
  readonly maintenance: number;
  readonly horizon: number;
  readonly json?: boolean;
}

/** Add `kelly`: growth by leverage, for an expectation that only you can have. */
export function registerKelly(program: Command, io: RiskIo): void {
  const command = program
    .command("kelly")
    .description("growth by leverage for the return you expect; no tool can know that return")
    .requiredOption("--mu <number>", "return you expect, such as 0.2 a year", parseNumber)
    .requiredOption("--standard-error <number>", "how unsure you are of it", parseNumber)
    .requiredOption("--sigma <number>", "volatility a year", parsePositive)
    .option("--risk-free <number>", "return without risk a year", parseNumber, 0)
    .option(
      "--maintenance <number>",
      "maintenance margin as a share of notional",
      parseNumber,
      0.025,
    )
    .option("--json", "write the result for machines");
  withHorizon(command).action((options: Options) => {
    const { sigma, maintenance, horizon } = options;
    const full = kellyLeverage(options);
    const cap = 1 / marginRatioFor({ p: 0.01, sigma, horizon, maintenance, side: "long" });
    const rows = growthTable(
      options,
      [0.25, 0.5, 0.75, 1, 1.5, 2].map((part) => part * full),
    );
    const halved = [1, 0.5].map((fraction) => drawdownProbability({ fraction, share: 0.5 }));
    const [fullDrawdown = 0, halfDrawdown = 0] = halved;
    if (options.json === true) {
      io.print(toJson({ full, half: full / 2, cap, rows, fullDrawdown, halfDrawdown }));
      return;
    }
    io.print(
      `Kelly ${times(full)}, half of it ${times(full / 2)}; 1% a horizon allows ${times(cap)} at most`,
    );
    io.print(
      `ever falling to half the start: ${percent(fullDrawdown)} at Kelly, ${percent(halfDrawdown)} at half of it`,
    );
    io.print(
      drawTable(
        ["leverage", "growth, a standard error below", "as expected", "above"],
        rows.map(({ leverage, low, expected, high }) => [
          times(leverage),
          percent(low),
          percent(expected),
          percent(high),
        ]),
      ),
    );
  });
}

/** Add `latency`: the maintenance margin that a slow keeper costs. */
export function registerLatency(program: Command, io: RiskIo): void {
  program
    .command("latency")
    .description(
      "maintenance margin that a keeper's delay needs, lest the price be beyond bankruptcy",
    )
    .requiredOption("--sigma <number>", "volatility a year, of a crisis", parsePositive)
    .option("--q <number>", "chance that is accepted", parsePositive, 0.001)
    .option("--json", "write the result for machines")
    .action(
      ({
        sigma,
        q,
        json,
      }: {
        readonly sigma: number;
        readonly q: number;
        readonly json?: boolean;
      }) => {
        const delays = [12, 60, 600, 3_600].map((latency) => ({
          latency,
          buffer: latencyBuffer({ sigma, latency, q }),
        }));
        if (json === true) io.print(toJson(delays));
        else
          io.print(
            drawTable(
              ["delay [s]", "buffer"],
              delays.map(({ latency, buffer }) => [String(latency), percent(buffer)]),
            ),
          );
      },
    );
}
