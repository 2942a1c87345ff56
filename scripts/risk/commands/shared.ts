import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import type { Scene } from "../../core/quote.ts";
import type { Position } from "../../core/types.ts";
import { mulWadDown, mulWadUp, WAD } from "../../core/wadMath.ts";
import type { Side } from "../barrier.ts";
import { type Books, emptyBooks, openIn, positionOf, type Rules, sceneOf } from "../books.ts";
import { RiskInputError } from "../errors.ts";
import { type History, readHistory } from "../history.ts";
import type { RiskIo } from "../io.ts";
import { toWad } from "../market/spec.ts";
import { type MarketFile, readMarketFile } from "../marketFile.ts";
import { readOpenPosition } from "../onchain.ts";
import {
  parseAmount,
  parseDuration,
  parseNumber,
  parsePositive,
  parseSide,
  parseWhole,
} from "../parse.ts";
import { requireAccepted } from "../replay.ts";
import { requiredRatio } from "../sizing.ts";
import { ewmaVolatility } from "../volatility.ts";

const LOCAL_MARKET = fileURLToPath(
  new URL("../../../deploy/parameters/local.json", import.meta.url),
);

/** Options of every command about a market. */
export interface MarketOptions {
  readonly market: string;
  readonly json?: boolean;
}

/** Add them. */
export function withMarket(command: Command): Command {
  return command
    .option("--market <file>", "parameters of the market, as in deploy/parameters", LOCAL_MARKET)
    .option("--json", "write the result for machines");
}

/** Options of a command that looks at past prices. */
export interface HistoryOptions {
  readonly history?: string;
  readonly sigma?: number;
}

/** Add them. */
export function withHistory(command: Command): Command {
  return command
    .option(
      "--history <file>",
      "CSV of past prices: Chainlink rounds, or bars of Binance, Coinbase or Kraken",
    )
    .option(
      "--sigma <number>",
      "volatility a year, such as 0.6, instead of the history's newest",
      parsePositive,
    );
}

/** Options that plan a position, or name an open one. */
export interface PositionOptions {
  readonly side?: Side;
  readonly size?: bigint;
  readonly margin?: bigint;
  readonly reserve?: bigint;
  readonly price?: bigint;
  readonly mandateCap?: bigint;
  readonly utilization?: number;
  readonly skew?: number;
  readonly rpc?: string;
  readonly vault?: string;
  readonly id?: number;
}

/** Add them. */
export function withPosition(command: Command): Command {
  return command
    .option("--side <long|short>", "which way a planned position goes", parseSide)
    .option("--size <amount>", "its size [base]", parseAmount)
    .option("--margin <amount>", "its margin [quote]", parseAmount)
    .option(
      "--reserve <amount>",
      "its reserve, the most it can win [quote]; half its notional when left out",
      parseAmount,
    )
    .option(
      "--price <amount>",
      "price of now [quote per base]; the history's last when left out",
      parseAmount,
    )
    .option(
      "--mandate-cap <amount>",
      "what the market may pull from the wallet to rescue it [quote]",
      parseAmount,
    )
    .addOption(
      new Option("--utilization <share>", "share of the pool's cash that others reserve")
        .argParser(parseNumber)
        .default(0.5),
    )
    .addOption(
      new Option("--skew <amount>", "long minus short open interest of others [base]")
        .argParser(parseNumber)
        .default(0),
    )
    .option("--rpc <url>", "node to read an open position from, instead of planning one")
    .option("--vault <address>", "its MarginVault")
    .option("--id <number>", "its number", parseWhole);
}

/** A position and where it stands. */
export interface LoadedPosition {
  readonly position: Position;
  readonly scene: Scene;
  /** The opening fee of a planned one [WAD quote]; 0 of an open one. */
  readonly fee: bigint;
}

/** How to add a horizon. */
export function withHorizon(command: Command): Command {
  return command.addOption(
    new Option("--horizon <duration>", "how long it must last, such as 24h or 7d")
      .argParser(parseDuration)
      .default(86_400, "24h"),
  );
}

/** Read the parameters of a market. */
export async function loadMarket({ market }: MarketOptions, io: RiskIo): Promise<MarketFile> {
  return readMarketFile(await io.readText(market), market);
}

/**
 * Read a history and tell what is missing in it.
 *
 * @throws {RiskInputError} When none is named.
 */
export async function loadHistory({ history }: HistoryOptions, io: RiskIo): Promise<History> {
  if (history === undefined)
    throw new RiskInputError("--history", { found: "", needed: "the name of a file" });
  const read = readHistory(await io.readText(history), history);
  for (const { line, problem } of read.gaps.slice(0, 5)) io.note(`line ${line}: ${problem}`);
  if (read.gaps.length > 5) io.note(`and ${read.gaps.length - 5} more gaps`);
  return read;
}

/**
 * Return the volatility to reckon with: as asked for, or the history's newest [per √year].
 *
 * @throws {RiskInputError} When neither is there.
 */
export function volatilityOf({ sigma }: HistoryOptions, history: History | undefined): number {
  const found = sigma ?? (history === undefined ? undefined : ewmaVolatility(history).at(-1));
  if (found !== undefined && found > 0) return found;
  throw new RiskInputError("--sigma", {
    found: found ?? "",
    needed: "given, nor a --history of more than ten days",
  });
}

/**
 * Plan a position, or read an open one from a node.
 *
 * @throws {RiskInputError} When something is not given.
 * @throws {PositionRefusedError} When the market would not open it.
 */
export async function loadPosition(
  options: PositionOptions & MarketOptions,
  { io, history }: { readonly io: RiskIo; readonly history: History | undefined },
): Promise<LoadedPosition> {
  const { rpc, vault, id } = options;
  if (rpc !== undefined) {
    const found = { vault: need(vault, "--vault"), id: BigInt(need(id, "--id")) };
    return { ...(await readOpenPosition({ rpcUrl: rpc, ...found })), fee: 0n };
  }
  const { rules } = await loadMarket(options, io);
  const last = history?.close.at(-1);
  const price = options.price ?? (last === undefined ? undefined : toWad(last));
  return planPosition({ ...options, price: need(price, "--price") }, rules);
}

function planPosition(
  options: PositionOptions & { readonly price: bigint },
  rules: Rules,
): LoadedPosition {
  const { price, utilization = 0, skew = 0 } = options;
  const size = need(options.size, "--size");
  const isLong = need(options.side, "--side") === "long";
  const moment = { price, observedAt: 0n, now: 0n };
  const opening = {
    sizeDelta: isLong ? size : -size,
    margin: need(options.margin, "--margin"),
    reserve: options.reserve ?? mulWadDown(size, price) / 2n,
  };
  const opened = openIn(crowdedBooks({ utilization, skew }), { id: 1n, moment, rules, opening });
  requireAccepted(opened.preview);
  return {
    position: positionOf(opened.books, 1n),
    scene: sceneOf(opened.books, rules, moment),
    fee: opened.preview.fee,
  };
}

/** Return what a position must have at least, as a share of notional [WAD]. */
export function leastMargin(rules: Rules, notional: bigint): bigint {
  return mulWadUp(notional, requiredRatio(rules.terms) + rules.terms.positionFeeRatio);
}

/**
 * Return an option's value.
 *
 * @throws {RiskInputError} When it was not given.
 */
export function need<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new RiskInputError(name, { found: "", needed: "given" });
  return value;
}

/** A market in which others already are: rates then run as they would. The pool is large beside any plan. */
export function crowdedBooks({
  utilization,
  skew,
}: {
  readonly utilization: number;
  readonly skew: number;
}): Books {
  if (!(utilization >= 0 && utilization < 1)) {
    throw new RiskInputError("--utilization", { found: utilization, needed: "a share below 1" });
  }
  const cash = 1_000_000_000n * WAD;
  const books = emptyBooks(cash, 0n);
  const others = toWad(skew);
  return {
    ...books,
    reserved: (cash * toWad(utilization)) / WAD,
    market: {
      ...books.market,
      longOpenInterest: others > 0n ? others : 0n,
      shortOpenInterest: others < 0n ? -others : 0n,
    },
  };
}
