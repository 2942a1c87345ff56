import { POSITION_BYTES } from "../../core/positionWords.ts";

/** Packed positions of neighbouring ids. */
export type Page = Map<bigint, Uint8Array>;

const IDS = 64n;
/** One byte for the place of an id on its page. */
const RECORD = 1 + POSITION_BYTES;

/** Return the number of the page that holds an id. */
export function pageOf(id: bigint): number {
  return Number(id / IDS);
}

/** Read a page; what it holds are views of its bytes. */
export function readPage(number: number, bytes: Uint8Array): Page {
  const page: Page = new Map();
  const first = BigInt(number) * IDS;
  for (let at = 0; at < bytes.length; at += RECORD) {
    page.set(first + BigInt(bytes[at] ?? 0), bytes.subarray(at + 1, at + RECORD));
  }
  return page;
}

/** Write a page; nothing when it holds nothing. */
export function writePage(page: Page): Uint8Array | undefined {
  if (page.size === 0) return undefined;
  const bytes = new Uint8Array(page.size * RECORD);
  let at = 0;
  for (const [id, packed] of page) {
    bytes[at] = Number(id % IDS);
    bytes.set(packed, at + 1);
    at += RECORD;
  }
  return bytes;
}
