import type { HistoryDefect } from "./errors.ts";
import type { Line } from "./lines.ts";

/** One price of a history, or one bar of them [quote per base]. */
export interface Sample {
  readonly line: number;
  /** A bar's beginning, or when a round was written [s]. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Where a known format keeps its fields. */
export interface Format {
  readonly name: "bars" | "binance" | "coinbase" | "kraken" | "rounds";
  readonly columns: Readonly<Record<"time" | "open" | "high" | "low" | "close", number>>;
  /** How many fields a line has. */
  readonly width: number;
  /** Lines before the first that holds a price. */
  readonly skip: number;
  /** Chainlink rounds: the answer has 8 decimals. */
  readonly isRounds: boolean;
}

const TIME_NAMES = ["timestamp", "unix", "unix timestamp", "time", "open_time", "open time"];
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const ANSWER_SCALE = 1e8;
/** Later than any sensible second, so in milliseconds; later than any of those, so in microseconds. */
const MILLISECONDS_FROM = 1e11;
const MICROSECONDS_FROM = 1e14;

/** Tell the format of a file from its first lines; `undefined` where it is none of the known ones. */
export function detectFormat(lines: readonly Line[]): Format | undefined {
  const header = lines
    .slice(0, 2)
    .findIndex(({ fields }) => fields.length > 3 && !isNumber(fields[0]));
  if (header >= 0) return formatOfHeader(lines[header]?.fields ?? [], header + 1);
  return formatOfWidth(lines[0]?.fields.length ?? 0);
}

/** Read one line, or tell what is wrong with it; "empty" for a round of a phase that has no answer. */
export function readSample(line: Line, format: Format): Sample | HistoryDefect | "empty" {
  const problem = (text: string): HistoryDefect => ({ line: line.line, problem: text });
  if (line.fields.length !== format.width) {
    return problem(`${line.fields.length} fields where ${format.width} are needed`);
  }
  const read = (name: keyof Format["columns"]) => line.fields[format.columns[name]] ?? "";
  const names = ["time", "open", "high", "low", "close"] as const;
  const bad = names.find((name) => !isNumber(read(name)));
  if (bad !== undefined) return problem(`${bad} ${JSON.stringify(read(bad))} is not a number`);
  const scale = format.isRounds ? ANSWER_SCALE : 1;
  const at = (name: keyof Format["columns"]) => Number(read(name)) / scale;
  const time = secondsOf(Number(read("time")));
  if (format.isRounds && time === 0) return "empty";
  const sample = {
    line: line.line,
    time,
    open: at("open"),
    high: at("high"),
    low: at("low"),
    close: at("close"),
  };
  const fault = faultOf(sample);
  return fault === undefined ? sample : problem(fault);
}

function faultOf({ time, open, high, low, close }: Sample): string | undefined {
  if (!(time > 0) || !Number.isFinite(time)) return `time "${time}" is not a moment`;
  const dead = [open, high, low, close].find((price) => !(price > 0) || !Number.isFinite(price));
  if (dead !== undefined) return `price "${dead}" is not above zero`;
  if (high < Math.max(open, close)) return `high "${high}" is below open or close`;
  if (low > Math.min(open, close)) return `low "${low}" is above open or close`;
  return undefined;
}

function formatOfHeader(header: readonly string[], skip: number): Format | undefined {
  const names = header.map((name) => name.trim().toLowerCase());
  if (names.includes("answer") && names.includes("updatedat")) {
    const answer = names.indexOf("answer");
    const columns = {
      time: names.indexOf("updatedat"),
      open: answer,
      high: answer,
      low: answer,
      close: answer,
    };
    return { name: "rounds", columns, width: names.length, skip, isRounds: true };
  }
  const time = names.findIndex((name) => TIME_NAMES.includes(name));
  const [open, high, low, close] = ["open", "high", "low", "close"].map((name) =>
    names.indexOf(name),
  ) as [number, number, number, number];
  if ([time, open, high, low, close].some((column) => column < 0)) return undefined;
  const name = bookOf(names, low, high);
  return {
    name,
    columns: { time, open, high, low, close },
    width: names.length,
    skip,
    isRounds: false,
  };
}

function bookOf(names: readonly string[], low: number, high: number): Format["name"] {
  if (names.some((name) => name.startsWith("taker_buy") || name.startsWith("quote asset")))
    return "binance";
  if (low < high || names.includes("unix")) return "coinbase";
  return names.includes("vwap") || names.includes("trades") ? "kraken" : "bars";
}

/** Files without a header: Binance writes 12 fields a line, Kraken 7. */
function formatOfWidth(width: number): Format | undefined {
  if (width !== 12 && width !== 7) return undefined;
  const columns = { time: 0, open: 1, high: 2, low: 3, close: 4 };
  return { name: width === 12 ? "binance" : "kraken", columns, width, skip: 0, isRounds: false };
}

function secondsOf(time: number): number {
  if (time >= MICROSECONDS_FROM) return Math.floor(time / 1e6);
  return time >= MILLISECONDS_FROM ? Math.floor(time / 1e3) : time;
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && NUMBER.test(text.trim());
}
