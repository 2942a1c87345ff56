import { FatalError } from "../core/errors.ts";

/** Thrown when a file of prices cannot be read. */
export class PriceFileUnreadableError extends FatalError {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`Price file "${path}" cannot be read. Name a file that exists.`, { cause });
    this.path = path;
  }
}

/** Thrown when the first line of a file of prices is neither of the two known headers. */
export class PriceFormatUnknownError extends FatalError {
  readonly header: string;

  constructor(header: string) {
    super(
      `Header "${header}" in line 1 is unknown. Use bars (timestamp,open,high,low,close) or rounds (roundId,phaseId,aggregatorRoundId,answer,startedAt,updatedAt,answeredInRound).`,
    );
    this.header = header;
  }
}

/** Base of every failure that one line of a file of prices causes. */
export class PriceLineError extends FatalError {
  /** Number of the line, the header being 1. */
  readonly line: number;

  constructor(line: number, what: string, cause?: unknown) {
    super(`Line ${line}: ${what}`, cause === undefined ? undefined : { cause });
    this.line = line;
  }
}

/** Thrown when a line does not have the fields of its format. */
export class PriceLineMalformedError extends PriceLineError {
  constructor(line: number, reason: string, cause?: unknown) {
    super(line, `${reason} Correct the line.`, cause);
  }
}

/** Thrown when a price is zero or negative. */
export class PriceNotPositiveError extends PriceLineError {
  readonly field: string;
  readonly value: string;

  constructor(line: number, { field, value }: { readonly field: string; readonly value: string }) {
    super(line, `${field} "${value}" is not above zero. Remove or correct the line.`);
    this.field = field;
    this.value = value;
  }
}

/** Thrown when a line is older than the one before it. */
export class PriceTimeNotAscendingError extends PriceLineError {
  readonly time: bigint;
  readonly previous: bigint;

  constructor(
    line: number,
    { time, previous }: { readonly time: bigint; readonly previous: bigint },
  ) {
    super(line, `time "${time}" does not follow "${previous}" of the line before. Sort the file.`);
    this.time = time;
    this.previous = previous;
  }
}

/** Thrown when a bar or a round is missing before a line. */
export class PriceGapError extends PriceLineError {
  readonly expected: bigint;
  readonly found: bigint;

  constructor(
    line: number,
    {
      what,
      expected,
      found,
    }: { readonly what: string; readonly expected: bigint; readonly found: bigint },
  ) {
    super(line, `a gap: ${what} "${expected}" was expected, "${found}" found. Fill the gap.`);
    this.expected = expected;
    this.found = found;
  }
}

/** Thrown when no price of a file lies in the span that was asked for. */
export class PriceSpanEmptyError extends FatalError {
  constructor({
    from,
    to,
  }: { readonly from: bigint | undefined; readonly to: bigint | undefined }) {
    super(
      `No price lies from "${from ?? "the beginning"}" to "${to ?? "the end"}". Choose another span or file.`,
    );
  }
}

/** Thrown when a moment is not written as ISO 8601. */
export class MomentMalformedError extends FatalError {
  readonly text: string;

  constructor(text: string) {
    super(`Moment "${text}" is not ISO 8601. Write it such as "2020-03-12T00:00Z".`);
    this.text = text;
  }
}
