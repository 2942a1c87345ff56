import { type Command, Option } from "commander";
import type { Side } from "../barrier.ts";
import { type ExcursionTable, measureExcursions } from "../excursions.ts";
import type { History } from "../history.ts";
import { drawTable, type RiskIo, toJson } from "../io.ts";
import { fromWad } from "../market/rules.ts";
import { parseAmount, parseChance, parseSide } from "../parse.ts";
import { leverageOf, type MarginAnswer, marginFor } from "../sizing.ts";
import { ewmaVolatility } from "../volatility.ts";
import { duration, money, percent, times } from "../words.ts";
import {
  type HistoryOptions,
  loadHistory,
  loadMarket,
  type MarketOptions,
  need,
  volatilityOf,
  withHistory,
  withHorizon,
  withMarket,
} from "./shared.ts";

/** Options of the commands that size something for given odds. */
export interface SizingOptions extends MarketOptions, HistoryOptions {
  readonly p: number;
  readonly horizon: number;
  readonly side: Side;
}

interface Options extends SizingOptions {
  readonly notional?: bigint;
}

/** Add the options that all of them share. */
export function withSizing(command: Command): Command {
  const odds = new Option("--p <share>", "chance that is accepted, such as 1%").argParser(
    parseChance,
  );
  const side = new Option("--side <long|short>", "which way the position goes").argParser(
    parseSide,
  );
  return withHorizon(
    withHistory(
      withMarket(command.addOption(odds.default(0.01, "1%")).addOption(side.default("long"))),
    ),
  );
}

/** A history and what can be learned from it about one horizon. */
export interface SizingBasis {
  readonly sigma: number;
  readonly table: ExcursionTable | undefined;
}

/** Read the history, where one is named, and the volatility. */
export async function loadBasis(options: SizingOptions, io: RiskIo): Promise<SizingBasis> {
  const history = options.history === undefined ? undefined : await loadHistory(options, io);
  return { sigma: volatilityOf(options, history), table: tableOf(history, options.horizon) };
}

function tableOf(history: History | undefined, horizon: number): ExcursionTable | undefined {
  if (history === undefined) return undefined;
  return measureExcursions(history, { horizon, volatility: ewmaVolatility(history) });
}

/** Add `margin-for`: the margin that holds the chance of liquidation to a number. */
export function registerMarginFor(program: Command, io: RiskIo): void {
  const command = program
    .command("margin-for")
    .description("margin that holds the chance of liquidation within a horizon to a number")
    .option("--notional <amount>", "size × price, to tell amounts [quote]", parseAmount);
  withSizing(command).action(async (options: Options) => {
    const { rules } = await loadMarket(options, io);
    const basis = await loadBasis(options, io);
    const answer = marginFor({ ...options, ...basis, terms: rules.terms });
    if (options.json === true) io.print(toJson({ ...answer, sigma: basis.sigma }));
    else io.print(describeMargin(answer, { ...options, sigma: basis.sigma }));
  });
}

/** Tell a margin in words and a table. */
export function describeMargin(
  answer: MarginAnswer,
  { p, horizon, side, sigma, notional }: Options & { readonly sigma: number },
): string {
  const value = notional === undefined ? undefined : fromWad(need(notional, "--notional"));
  const row = (name: string, ratio: number | undefined): readonly string[] => {
    if (ratio === undefined) return [name, "–", "–", ""];
    const amount = value === undefined ? "" : money(ratio * value);
    return [name, percent(ratio), times(leverageOf(ratio)), amount];
  };
  return [
    `${side}, liquidated within ${duration(horizon)} with a chance of ${percent(p)}, at a volatility of ${percent(sigma, 1)} a year`,
    drawTable(
      ["", "margin", "leverage", "amount"],
      [
        row(`from the past (n = ${answer.n})`, answer.empirical),
        row("closed form", answer.closedForm),
        row("least that the market takes", answer.required),
        row("advised, opening fee included", answer.advised),
      ],
    ),
  ].join("\n");
}
