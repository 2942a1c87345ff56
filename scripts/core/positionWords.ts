import type { OpenPosition } from "./snapshot.ts";

/** Bytes that one position takes in its exact form. */
export const POSITION_BYTES = 80;

/** The same in words of 32 bits. */
export const WORDS = POSITION_BYTES / 4;

/** Where the id of a position's terms is among its words. */
export const TERMS_WORD = 19;

const LOW_32 = 0xffffffffn;
/** Two to the 32nd. */
const WORD = 4_294_967_296;

/** Return the exact numbers of a position as bytes of fixed length. */
export function packPosition(position: OpenPosition): Uint8Array {
  const words = new Uint32Array(WORDS);
  pack(words, position);
  return new Uint8Array(words.buffer);
}

/** Return the position that `packPosition` packed. */
export function unpackPosition(packed: Uint8Array): OpenPosition {
  const words = new Uint32Array(WORDS);
  new Uint8Array(words.buffer).set(packed.subarray(0, POSITION_BYTES));
  return unpack(words);
}

/** Write a position's words. */
export function pack(words: Uint32Array, position: OpenPosition): void {
  put96(words, 0, position.size);
  put96(words, 3, position.openNotional);
  put96(words, 6, position.margin);
  put96(words, 9, position.reserve);
  put96(words, 12, position.fundingIndex);
  words[15] = Number(position.borrowIndex & LOW_32);
  words[16] = Number(position.borrowIndex >> 32n);
  words[17] = Number(position.priceTime & LOW_32);
  words[18] = Number(position.priceTime >> 32n) * 65_536 + Number(position.cooldown);
  words[19] = Number(position.termsId);
}

/** Read a position from its words. */
export function unpack(words: Uint32Array): OpenPosition {
  const high = words[18] as number;
  return {
    size: BigInt.asIntN(96, get96(words, 0)),
    openNotional: BigInt.asIntN(96, get96(words, 3)),
    margin: get96(words, 6),
    reserve: get96(words, 9),
    fundingIndex: BigInt.asIntN(96, get96(words, 12)),
    borrowIndex: BigInt(words[15] as number) | (BigInt(words[16] as number) << 32n),
    priceTime: BigInt(words[17] as number) | (BigInt(high >>> 16) << 32n),
    cooldown: BigInt(high & 0xffff),
    termsId: BigInt(words[19] as number),
  };
}

function put96(words: Uint32Array, at: number, value: bigint): void {
  const bits = BigInt.asUintN(96, value);
  words[at] = Number(bits & LOW_32);
  words[at + 1] = Number((bits >> 32n) & LOW_32);
  words[at + 2] = Number(bits >> 64n);
}

function get96(words: Uint32Array, at: number): bigint {
  const [low, middle, high] = [words[at], words[at + 1], words[at + 2]] as [number, number, number];
  return (BigInt(high) << 64n) | (BigInt(middle) << 32n) | BigInt(low);
}

/** Read a signed number of 96 bits as the nearest double or one beside it. */
export function signed96(words: Uint32Array, at: number): number {
  const high = (words[at + 2] as number) | 0;
  return (high * WORD + (words[at + 1] as number)) * WORD + (words[at] as number);
}

/** Read a number of 96 bits as the nearest double or one beside it. */
export function unsigned96(words: Uint32Array, at: number): number {
  return unsigned64(words, at + 1) * WORD + (words[at] as number);
}

/** Read a number of 64 bits as the nearest double or one beside it. */
export function unsigned64(words: Uint32Array, at: number): number {
  return (words[at + 1] as number) * WORD + (words[at] as number);
}
