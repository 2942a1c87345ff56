import {
  type HistoryDefect,
  HistoryDefectsError,
  HistoryFormatError,
  HistoryTooShortError,
} from "./errors.ts";
import { detectFormat, type Format, readSample, type Sample } from "./historyFormats.ts";
import { readLines } from "./lines.ts";

/** Prices in the order of their times, one field to a list [quote per base]. */
export interface History {
  readonly format: Format["name"];
  /** When each price was known: the end of a bar, or when a round was written [s]. */
  readonly times: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** Time between two bars [s]; 0 for rounds, which come when they come. */
  readonly period: number;
  /** What is missing; estimates pass over it. */
  readonly gaps: readonly HistoryDefect[];
}

/** Rounds further apart than this are told as a gap [s]; the slowest heartbeat of a price feed is a day. */
const LONGEST_HEARTBEAT = 90_000;

/**
 * Read Chainlink rounds or the OHLC bars of this project, Binance, Coinbase or Kraken. All lines are checked.
 *
 * Bars may be missing (Kraken leaves out those without a trade): they are told as gaps, not refused. Lines may run
 * backwards, as Coinbase writes them. Where phases of rounds overlap in time, the newest answer by time stands.
 *
 * @throws {HistoryFormatError} When the format is none of these.
 * @throws {HistoryDefectsError} When lines are wrong: each is named, with what is wrong.
 * @throws {HistoryTooShortError} When fewer than two prices are left.
 */
export function readHistory(text: string, path: string): History {
  const lines = readLines(text, path);
  const format = detectFormat(lines);
  if (format === undefined) {
    throw new HistoryFormatError(path, `its first line is "${lines[0]?.fields.join(",") ?? ""}"`);
  }
  const samples: Sample[] = [];
  const defects: HistoryDefect[] = [];
  for (const line of lines.slice(format.skip)) {
    const read = readSample(line, format);
    if (read === "empty") continue;
    if ("problem" in read) defects.push(read);
    else samples.push(read);
  }
  const ordered = inOrder(samples, format);
  defects.push(...disorder(ordered, format));
  if (defects.length > 0) throw new HistoryDefectsError(path, defects);
  if (ordered.length < 2)
    throw new HistoryTooShortError({ found: ordered.length, needed: 2, what: "prices" });
  return toHistory(ordered, format);
}

function inOrder(samples: readonly Sample[], format: Format): readonly Sample[] {
  if (format.isRounds) return [...samples].sort((a, b) => a.time - b.time || a.line - b.line);
  const [first, last] = [samples[0], samples.at(-1)];
  return first !== undefined && last !== undefined && first.time > last.time
    ? [...samples].reverse()
    : samples;
}

/** Bars that do not come after the one before; rounds may share a second. */
function disorder(samples: readonly Sample[], { isRounds }: Format): readonly HistoryDefect[] {
  if (isRounds) return [];
  return samples.flatMap((sample, index) => {
    const previous = samples[index - 1];
    if (previous === undefined || sample.time > previous.time) return [];
    const what = sample.time === previous.time ? "is there twice" : "is out of order";
    return [{ line: sample.line, problem: `the bar at ${sample.time} ${what}` }];
  });
}

function toHistory(samples: readonly Sample[], format: Format): History {
  const period = format.isRounds ? 0 : periodOf(samples);
  const list = (read: (sample: Sample) => number) => Float64Array.from(samples, read);
  return {
    format: format.name,
    times: list(({ time }) => time + period),
    open: list(({ open }) => open),
    high: list(({ high }) => high),
    low: list(({ low }) => low),
    close: list(({ close }) => close),
    period,
    gaps: gapsOf(samples, period),
  };
}

/** The most frequent step: gaps are longer, and rare. */
function periodOf(samples: readonly Sample[]): number {
  const counts = new Map<number, number>();
  for (const [index, sample] of samples.entries()) {
    const previous = samples[index - 1];
    if (previous === undefined) continue;
    const step = sample.time - previous.time;
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return ranked[0]?.[0] ?? 0;
}

function gapsOf(samples: readonly Sample[], period: number): readonly HistoryDefect[] {
  return samples.flatMap((sample, index) => {
    const previous = samples[index - 1];
    if (previous === undefined) return [];
    const step = sample.time - previous.time;
    if (period === 0) {
      if (step <= LONGEST_HEARTBEAT) return [];
      return [{ line: sample.line, problem: `no round for ${step} s before it` }];
    }
    if (step === period) return [];
    const missing = step / period - 1;
    const count = Number.isInteger(missing)
      ? `${missing} bars are missing`
      : `a step of ${step} s, not of ${period} s,`;
    return [{ line: sample.line, problem: `${count} before it` }];
  });
}
