import { readFile } from "node:fs/promises";
import {
  DEFAULT_RULES,
  type FeedRules,
  type PricedMoment,
  pathOfBars,
  readBars,
  roundsOfBars,
} from "./bars.ts";
import {
  MomentMalformedError,
  PriceFileUnreadableError,
  PriceFormatUnknownError,
  PriceGapError,
  PriceSpanEmptyError,
  PriceTimeNotAscendingError,
} from "./errors.ts";
import type { PriceRound } from "./round.ts";
import { priceOf, type Row, readTable, type Table, wholeOf } from "./table.ts";

const BAR_COLUMNS = ["timestamp", "open", "high", "low", "close"];
const ROUND_COLUMNS = [
  "roundId",
  "phaseId",
  "aggregatorRoundId",
  "answer",
  "startedAt",
  "updatedAt",
  "answeredInRound",
];
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?$/;
const HAS_ZONE = /(?:Z|[+-]\d{2}:\d{2})$/;

/** What part of a file to read, and how a feed would have seen its bars. */
export interface PriceOptions {
  /** First second [s]. */
  readonly from?: bigint | undefined;
  /** Last second [s]. */
  readonly to?: bigint | undefined;
  readonly rules?: FeedRules | undefined;
}

/** Rounds to replay, in the order of their times. */
export interface PriceHistory {
  readonly format: "rounds" | "bars";
  readonly rounds: readonly PriceRound[];
  /** The moments between which the price runs straight; those of rounds are the rounds. */
  readonly moments: readonly PricedMoment[];
}

interface FeedRound extends PriceRound {
  readonly phase: bigint;
  readonly ownRound: bigint;
}

/**
 * Read a file of Chainlink rounds or OHLC bars.
 *
 * @throws {PriceFileUnreadableError} When the file cannot be read.
 * @throws {PriceLineError} When a line is bad; see {@link readPrices}.
 */
export async function readPriceFile(
  path: string,
  options: PriceOptions = {},
): Promise<PriceHistory> {
  return readPrices(await readText(path), options);
}

/**
 * Read the text of such a file. All of it is checked, whatever span is asked for.
 *
 * Rounds are replayed as they are. The round of a phase that has no answer, its number 0, is passed over. Where phases
 * overlap in time, the older one ends with the first round of the newer.
 *
 * @throws {PriceFormatUnknownError} When the header is of neither format.
 * @throws {PriceLineMalformedError} When a line does not have the fields of its format.
 * @throws {PriceNotPositiveError} When a price is zero or negative.
 * @throws {PriceTimeNotAscendingError} When a line is older than the one before.
 * @throws {PriceGapError} When a bar or a round is missing.
 * @throws {PriceSpanEmptyError} When nothing lies in the span.
 */
export function readPrices(text: string, options: PriceOptions = {}): PriceHistory {
  const table = readTable(text);
  const format = formatOf(table);
  const { from, to } = options;
  const within = (time: bigint) =>
    (from === undefined || time >= from) && (to === undefined || time <= to);
  if (format === "rounds") {
    const rounds = readRounds(table).filter(({ updatedAt }) => within(updatedAt));
    if (rounds.length === 0) throw new PriceSpanEmptyError({ from, to });
    const moments = rounds.map(({ updatedAt: time, answer: price, line }) => ({
      time,
      price,
      line,
    }));
    return { format, rounds, moments };
  }
  const bars = readBars(table).filter(({ time }) => within(time));
  const rounds = roundsOfBars(bars, options.rules ?? DEFAULT_RULES).filter(({ updatedAt }) =>
    within(updatedAt),
  );
  if (rounds.length === 0) throw new PriceSpanEmptyError({ from, to });
  return { format, rounds, moments: pathOfBars(bars).filter(({ time }) => within(time)) };
}

/**
 * Read a moment as ISO 8601, in UTC where it names no zone [s].
 *
 * @throws {MomentMalformedError} When it is none.
 */
export function parseMoment(text: string): bigint {
  const moment = text.trim();
  const zoned = HAS_ZONE.test(moment) || !moment.includes(":") ? moment : `${moment}Z`;
  const milliseconds = MOMENT.test(moment) ? Date.parse(zoned.replace(" ", "T")) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new MomentMalformedError(text);
  return BigInt(milliseconds / 1_000);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new PriceFileUnreadableError(path, error);
  }
}

function formatOf(table: Table): "rounds" | "bars" {
  const has = (columns: readonly string[]) =>
    columns.every((column) => table.columns.includes(column));
  if (has(ROUND_COLUMNS)) return "rounds";
  if (has(BAR_COLUMNS)) return "bars";
  throw new PriceFormatUnknownError(table.columns.join(","));
}

function readRounds(table: Table): readonly PriceRound[] {
  const rounds: FeedRound[] = [];
  for (const row of table.rows) {
    if (isZeroRound(row)) continue;
    const round = toRound(row);
    const previous = rounds.at(-1);
    if (previous !== undefined) requireNext(previous, round);
    if (previous !== undefined && previous.phase !== round.phase) endPhases(rounds, round);
    rounds.push(round);
  }
  return rounds.map(({ answer, updatedAt, line }) => ({ answer, updatedAt, line }));
}

function isZeroRound(row: Row): boolean {
  return wholeOf(row, "aggregatorRoundId") === 0n && row.fields.answer === "0";
}

function toRound(row: Row): FeedRound {
  return {
    line: row.line,
    phase: wholeOf(row, "phaseId"),
    ownRound: wholeOf(row, "aggregatorRoundId"),
    answer: priceOf(row, "answer", 0),
    updatedAt: wholeOf(row, "updatedAt"),
  };
}

function requireNext(previous: FeedRound, round: FeedRound): void {
  const { line } = round;
  if (round.phase < previous.phase) {
    throw new PriceTimeNotAscendingError(line, { time: round.phase, previous: previous.phase });
  }
  if (round.phase > previous.phase) return;
  const expected = previous.ownRound + 1n;
  if (round.ownRound !== expected) {
    throw new PriceGapError(line, { what: "round", expected, found: round.ownRound });
  }
  // Two rounds may share a second.
  if (round.updatedAt < previous.updatedAt) {
    const { updatedAt: time } = round;
    throw new PriceTimeNotAscendingError(line, { time, previous: previous.updatedAt });
  }
}

/** Drops what older phases went on to write after a newer one had begun. */
function endPhases(rounds: FeedRound[], first: FeedRound): void {
  while ((rounds.at(-1)?.updatedAt ?? -1n) >= first.updatedAt) rounds.pop();
}
