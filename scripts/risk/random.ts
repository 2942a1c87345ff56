import { at } from "./numbers.ts";

// Every path has a generator of its own, whose state is a pure function of (seed, stream, path). So it does not matter
// which worker draws a path, nor in what order: the same seed gives the same bytes.

/** Draws for one path. */
export interface Draws {
  /** A whole number of 32 bits. */
  readonly bits: () => number;
  /** A number of at least 0 and below 1, with 32 bits. */
  readonly uniform: () => number;
  /** A standard normal number (ziggurat, Marsaglia and Tsang 2000). */
  readonly normal: () => number;
  /** Begin another path. */
  readonly start: (path: number) => void;
}

/** Which numbers to draw. */
export interface DrawsInput {
  readonly seed: number;
  /** Kind of numbers; streams of one seed are independent. */
  readonly stream: number;
}

const LAYERS = 128;
const EDGE = 3.442_619_855_899;
const AREA = 9.912_563_035_262_17e-3;
const SCALE = 2 ** 31;

const { limits, widths, heights } = layers();

/** Make a generator (sfc32) that is started anew for each path. */
export function drawsOf({ seed, stream }: DrawsInput): Draws {
  let a = 0;
  let b = 0;
  let c = 0;
  let counter = 0;

  const bits = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum;
  };
  const uniform = () => (bits() >>> 0) / 2 ** 32;
  // Above zero, so that its logarithm is finite.
  const positive = () => ((bits() >>> 0) + 0.5) / 2 ** 32;
  const normal = (): number => {
    const word = bits();
    const layer = word & (LAYERS - 1);
    if (Math.abs(word) < at(limits, layer)) return word * at(widths, layer);
    return outside({ word, layer }) ?? normal();
  };
  /** The rare draw beyond a layer's core: the tail, or a wedge that is kept or drawn anew. */
  const outside = ({ word, layer }: { readonly word: number; readonly layer: number }) => {
    if (layer === 0) return word > 0 ? tail(positive) : -tail(positive);
    const x = word * at(widths, layer);
    const bottom = at(heights, layer);
    const height = bottom + positive() * (at(heights, layer - 1) - bottom);
    return height < Math.exp(-0.5 * x * x) ? x : undefined;
  };
  const start = (path: number): void => {
    a = mix(seed ^ 0x9e37_79b9);
    b = mix(a ^ stream);
    c = mix(b ^ path);
    a = mix(a ^ Math.floor(path / 2 ** 32) ^ c);
    counter = 1;
    for (let round = 0; round < 12; round += 1) bits();
  };
  start(0);
  return { bits, uniform, normal, start };
}

/** Scrambles 32 bits so that near inputs give far outputs (the finaliser of murmur3). */
function mix(value: number): number {
  let word = (value + 0x6d2b_79f5) | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2_ae35);
  return word ^ (word >>> 16);
}

function tail(positive: () => number): number {
  for (;;) {
    const x = -Math.log(positive()) / EDGE;
    const y = -Math.log(positive());
    if (y + y >= x * x) return EDGE + x;
  }
}

function layers() {
  const limits = new Float64Array(LAYERS);
  const widths = new Float64Array(LAYERS);
  const heights = new Float64Array(LAYERS);
  const foot = AREA / Math.exp(-0.5 * EDGE * EDGE);
  limits[0] = (EDGE / foot) * SCALE;
  widths[0] = foot / SCALE;
  heights[0] = 1;
  let x = EDGE;
  let outer = EDGE;
  widths[LAYERS - 1] = x / SCALE;
  heights[LAYERS - 1] = Math.exp(-0.5 * x * x);
  for (let layer = LAYERS - 2; layer >= 1; layer -= 1) {
    x = Math.sqrt(-2 * Math.log(AREA / x + Math.exp(-0.5 * x * x)));
    limits[layer + 1] = (x / outer) * SCALE;
    outer = x;
    heights[layer] = Math.exp(-0.5 * x * x);
    widths[layer] = x / SCALE;
  }
  limits[1] = 0;
  return { limits, widths, heights };
}
