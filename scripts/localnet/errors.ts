import { FatalError } from "../core/errors.ts";
import { PriceLineError } from "../core/priceErrors.ts";

/** Thrown when a file of prices cannot be read. */
export class PriceFileUnreadableError extends FatalError {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`Price file "${path}" cannot be read. Name a file that exists.`, { cause });
    this.path = path;
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
