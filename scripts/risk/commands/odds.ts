import type { Command } from "commander";
import { drawTable, type RiskIo, toJson } from "../io.ts";
import { type HorizonOdds, type OddsQuote, quoteOdds } from "../odds.ts";
import { listOf, parseDuration } from "../parse.ts";
import { duration, money, percent, times, wadText } from "../words.ts";
import {
  type HistoryOptions,
  loadHistory,
  loadPosition,
  type MarketOptions,
  type PositionOptions,
  withHistory,
  withMarket,
  withPosition,
} from "./shared.ts";

interface Options extends MarketOptions, HistoryOptions, PositionOptions {
  readonly horizons?: readonly number[];
  readonly heartbeat?: number;
}

/** Add `odds`: the chances that a position is liquidated. */
export function registerOdds(program: Command, io: RiskIo): void {
  const command = program
    .command("odds")
    .description(
      "chances that a planned or open position is liquidated, from the past and in closed form",
    )
    .option("--horizons <list>", "durations, such as 1h,24h,7d", listOf(parseDuration))
    .option("--heartbeat <duration>", "time between two prices of the oracle", parseDuration);
  withPosition(withHistory(withMarket(command))).action(async (options: Options) => {
    const history = await loadHistory(options, io);
    const { position, scene } = await loadPosition(options, { io, history });
    const quote = quoteOdds({
      position,
      scene,
      history,
      ...(options.mandateCap === undefined ? {} : { mandateCap: options.mandateCap }),
      ...(options.horizons === undefined ? {} : { horizons: options.horizons }),
      ...(options.heartbeat === undefined ? {} : { heartbeat: options.heartbeat }),
      ...(options.sigma === undefined ? {} : { sigma: options.sigma }),
    });
    io.print(options.json === true ? toJson(quote) : describeOdds(quote));
  });
}

/** Tell odds in words and a table. */
export function describeOdds(quote: OddsQuote): string {
  const { side, leverage, price, liquidationPrice, sigma, carry } = quote;
  const level = liquidationPrice === 0n ? "none" : wadText(liquidationPrice);
  return [
    `${side}, ${times(leverage)}, price ${wadText(price)}, liquidation price ${level} (${percent(Math.expm1(quote.distance))} away)`,
    `volatility ${percent(sigma, 1)} a year, funding and borrow fee ${percent(carry, 1)} of notional a year`,
    `most you can lose: ${wadText(quote.mostToLose)}; most you can win: ${wadText(quote.mostToWin)}`,
    drawTable(
      ["within", "from the past", "95% interval", "hit / windows", "came back", "closed form"],
      quote.horizons.map(rowOf),
    ),
    ...quote.horizons.flatMap(noteOf),
  ].join("\n");
}

function rowOf({ horizon, empirical, recovery, closedForm }: HorizonOdds): readonly string[] {
  const last = percent(closedForm);
  if (empirical === undefined) return [duration(horizon), "–", "–", "–", "–", last];
  const share =
    recovery === undefined || recovery.hits === 0
      ? "–"
      : percent(recovery.recovered / recovery.hits, 0);
  return [
    duration(horizon),
    percent(empirical.p),
    `${percent(empirical.low)} – ${percent(empirical.high)}`,
    `${money(empirical.hits).replace(".00", "")} / ${empirical.n}`,
    share,
    last,
  ];
}

function noteOf({ horizon, empirical, missing, recovery }: HorizonOdds): readonly string[] {
  if (missing !== undefined) return [`${duration(horizon)}: ${missing}`];
  if (empirical?.hits === 0) {
    return [
      `${duration(horizon)}: no past window was hit; the number is a floor of 0.5 ÷ (n + 1), biased upward.`,
    ];
  }
  if (recovery === undefined || recovery.hits === 0) return [];
  const share = percent(recovery.recovered / recovery.hits, 0);
  return [
    `of positions like yours liquidated in ${duration(horizon)}, ${share} would have recovered by its end`,
  ];
}
