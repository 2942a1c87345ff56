import { BulkheadError, FatalError } from "../core/errors.ts";

/** Thrown when an input of a risk calculation makes no sense. */
export class RiskInputError extends FatalError {
  readonly input: string;

  constructor(
    input: string,
    { found, needed }: { readonly found: unknown; readonly needed: string },
  ) {
    super(`${input} "${String(found)}" is not ${needed}. Correct it.`);
    this.input = input;
  }
}

/** Thrown when a history is too short for what is asked of it. */
export class HistoryTooShortError extends FatalError {
  constructor({
    found,
    needed,
    what,
  }: { readonly found: number; readonly needed: number; readonly what: string }) {
    super(
      `The history holds "${found}" ${what}, at least "${needed}" are needed. Name a longer one.`,
    );
  }
}

/** Thrown when a file is none of the known formats of prices. */
export class HistoryFormatError extends FatalError {
  constructor(path: string, found: string) {
    super(
      `Price file "${path}" is of no known format: ${found}. Use Chainlink rounds (…,answer,…,updatedAt,…) or bars (timestamp,open,high,low,close), also as Binance, Coinbase or Kraken write them.`,
    );
  }
}

/** Thrown when a file of prices has lines that cannot be used. */
export class HistoryDefectsError extends FatalError {
  readonly defects: readonly HistoryDefect[];

  constructor(path: string, defects: readonly HistoryDefect[]) {
    const shown = defects.slice(0, 20).map(({ line, problem }) => `  line ${line}: ${problem}`);
    const more = defects.length > 20 ? [`  and ${defects.length - 20} more`] : [];
    super(
      [
        `Price file "${path}" has "${defects.length}" bad lines. Correct or remove them:`,
        ...shown,
        ...more,
      ].join("\n"),
    );
    this.defects = defects;
  }
}

/** What is wrong with a line of a history. */
export interface HistoryDefect {
  /** The header, or the first line where there is none, being 1. */
  readonly line: number;
  readonly problem: string;
}

/** Thrown when a position cannot be opened as planned. */
export class PositionRefusedError extends FatalError {
  readonly reason: string;

  constructor(reason: string, values: Readonly<Record<string, string>>) {
    const list = Object.entries(values).map(([name, value]) => `${name} "${value}"`);
    super(`The market would refuse the position: ${reason} (${list.join(", ")}). Change the plan.`);
    this.reason = reason;
  }
}

/** Thrown when no answer exists within the bounds of the market. */
export class NoSolutionError extends FatalError {}

/** Thrown when a file of work already done belongs to another simulation. */
export class CheckpointMismatchError extends FatalError {
  constructor(path: string) {
    super(`Folder "${path}" holds the work of another simulation. Name another one or remove it.`);
  }
}

/** Thrown when a worker of a simulation fails. */
export class WorkerError extends BulkheadError {
  constructor(cause: unknown) {
    super(`A worker failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/**
 * Return `value` if it is finite and within bounds.
 *
 * @throws {RiskInputError} When it is not.
 */
export function within(
  input: string,
  value: number,
  { above, below, least, most }: Bounds,
): number {
  const fits =
    Number.isFinite(value) &&
    (above === undefined || value > above) &&
    (below === undefined || value < below) &&
    (least === undefined || value >= least) &&
    (most === undefined || value <= most);
  if (fits) return value;
  const parts = [
    above === undefined ? "" : `above ${above}`,
    least === undefined ? "" : `at least ${least}`,
    below === undefined ? "" : `below ${below}`,
    most === undefined ? "" : `at most ${most}`,
  ].filter((part) => part !== "");
  throw new RiskInputError(input, {
    found: value,
    needed: `a number ${parts.join(" and ")}`.trim(),
  });
}

interface Bounds {
  readonly above?: number;
  readonly below?: number;
  readonly least?: number;
  readonly most?: number;
}
