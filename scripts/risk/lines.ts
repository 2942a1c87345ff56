import { CsvError, parse } from "csv-parse/sync";
import { HistoryFormatError } from "./errors.ts";

/** The fields of one line, whatever they mean. */
export interface Line {
  /** Number of the line, the first being 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

interface ParsedRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Read comma-separated text line by line, with or without a header; lines may differ in their number of fields.
 *
 * @throws {HistoryFormatError} When a quote is left open.
 */
export function readLines(text: string, path: string): readonly Line[] {
  const options = {
    bom: true,
    info: true,
    skip_empty_lines: true,
    trim: true,
    relax_column_count: true,
  } as const;
  try {
    const records = parse(text, options) as unknown as readonly ParsedRecord[];
    return records.map(({ record, info }) => ({ line: info.lines, fields: record }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new HistoryFormatError(path, cause.message);
  }
}
