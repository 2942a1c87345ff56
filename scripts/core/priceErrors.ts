import { FatalError } from "./errors.ts";

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
