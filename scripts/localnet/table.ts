import { CsvError, parse } from "csv-parse/sync";
import { FatalError } from "../core/errors.ts";
import { parseDecimal } from "../core/units.ts";
import {
  PriceFormatUnknownError,
  PriceLineMalformedError,
  PriceNotPositiveError,
} from "./errors.ts";

/** One line of a file: its fields by the names of the header, and its number. */
export interface Row {
  readonly line: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** A file with a header. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

interface ParsedRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Read comma-separated text with a header; empty lines count but hold nothing.
 *
 * @throws {PriceFormatUnknownError} When there is no header.
 * @throws {PriceLineMalformedError} When a line has another number of fields than the header, or an open quote.
 */
export function readTable(text: string): Table {
  const [header, ...records] = parseRecords(text);
  if (header === undefined) throw new PriceFormatUnknownError("");
  const columns = header.record;
  const rows = records.map(({ record, info }) => ({
    line: info.lines,
    fields: Object.fromEntries(columns.map((column, index) => [column, record[index] ?? ""])),
  }));
  return { columns, rows };
}

/**
 * Read a whole number of a row.
 *
 * @throws {PriceLineMalformedError} When it is none.
 */
export function wholeOf(row: Row, field: string): bigint {
  const text = textOf(row, field);
  if (!/^\d+$/.test(text)) {
    throw new PriceLineMalformedError(row.line, `${field} "${text}" is not a whole number.`);
  }
  return BigInt(text);
}

/**
 * Read a price of a row with `decimals` digits [feed units].
 *
 * @throws {PriceLineMalformedError} When it is no plain decimal number of that precision.
 * @throws {PriceNotPositiveError} When it is zero or negative.
 */
export function priceOf(row: Row, field: string, decimals: number): bigint {
  const value = textOf(row, field);
  const price = decimalOf(row, { field, value, decimals });
  if (price <= 0n) throw new PriceNotPositiveError(row.line, { field, value });
  return price;
}

function decimalOf(
  row: Row,
  at: { readonly field: string; readonly value: string; readonly decimals: number },
): bigint {
  try {
    return parseDecimal(at.value, at.decimals);
  } catch (error) {
    if (!(error instanceof FatalError)) throw error;
    const reason = `${at.field} "${at.value}" is not a price with at most ${at.decimals} decimals.`;
    throw new PriceLineMalformedError(row.line, reason, error);
  }
}

function textOf(row: Row, field: string): string {
  return (row.fields[field] ?? "").trim();
}

function parseRecords(text: string): readonly ParsedRecord[] {
  try {
    const options = { bom: true, info: true, skip_empty_lines: true, trim: true } as const;
    return parse(text, options) as unknown as readonly ParsedRecord[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === "number" ? error.lines : 1;
    throw new PriceLineMalformedError(line, `${error.message}.`, error);
  }
}
