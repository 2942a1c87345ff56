import type { Tables } from "../../chain/marketState.ts";
import { packPosition, unpackPosition } from "../../core/positionWords.ts";

/** Names of all tables that logs fill. */
export const TABLE_NAMES = [
  "positions",
  "orders",
  "terms",
  "mandates",
  "deposits",
  "redeems",
] as const;

/** What one table holds. */
export type TableName = keyof Tables;

/** One write, with what stood there before; absent values mean that there was, or is, nothing. */
export interface Change {
  readonly table: TableName;
  readonly key: bigint;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

const BIGINT = /^-?\d+n$/;

/** Write a value as bytes. Positions have a form of fixed length. */
export function encodeValue<Name extends TableName>(table: Name, value: Tables[Name]): Uint8Array {
  if (table === "positions") return packPosition(value as Tables["positions"]);
  return Buffer.from(toText(value));
}

/** Read what `encodeValue` wrote. */
export function decodeValue<Name extends TableName>(table: Name, bytes: Uint8Array): Tables[Name] {
  const value = table === "positions" ? unpackPosition(bytes) : fromText(textOf(bytes));
  return value as Tables[Name];
}

/** Write plain data as text; bigints become digits with an `n` behind. */
export function toText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint" ? `${item}n` : item,
  );
}

/** Read what `toText` wrote. */
export function fromText(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown) =>
    typeof item === "string" && BIGINT.test(item) ? BigInt(item.slice(0, -1)) : item,
  );
}

/** Write changes as text. */
export function changesToText(changes: readonly Change[]): string {
  return JSON.stringify(
    changes.map(({ table, key, before, after }) => [
      table,
      String(key),
      base64(before),
      base64(after),
    ]),
  );
}

/** Read what `changesToText` wrote. */
export function changesFromText(text: string): readonly Change[] {
  const rows = JSON.parse(text) as [TableName, string, string | null, string | null][];
  return rows.map(([table, key, before, after]) => ({
    table,
    key: BigInt(key),
    before: bytesOf(before),
    after: bytesOf(after),
  }));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

function base64(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Buffer.from(bytes).toString("base64");
}

function bytesOf(text: string | null): Uint8Array | undefined {
  return text === null ? undefined : Buffer.from(text, "base64");
}
