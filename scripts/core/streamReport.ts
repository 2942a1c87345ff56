import { FatalError } from "./errors.ts";

/** What a Data Streams report of schema v3 says. */
export interface StreamReport {
  /** 32 bytes, the first two of which name the schema. */
  readonly feedId: string;
  /** First second that the report speaks for [s]. */
  readonly validFrom: bigint;
  /** When the network observed the price [s]. */
  readonly observedAt: bigint;
  /** Cost of verifying it on chain [wei]. */
  readonly nativeFee: bigint;
  /** Cost of verifying it on chain [1e-18 LINK]. */
  readonly linkFee: bigint;
  /** Last second in which it may be verified [s]. */
  readonly expiresAt: bigint;
  /** Benchmark price [WAD quote per base]. */
  readonly price: bigint;
  /** [WAD quote per base] */
  readonly bid: bigint;
  /** [WAD quote per base] */
  readonly ask: bigint;
}

/** Which configuration of oracles signed a report, and when in their protocol. */
export interface ReportContext {
  readonly configDigest: string;
  readonly epoch: bigint;
  readonly round: bigint;
  readonly extraHash: string;
}

/** One oracle's signature of a report. */
export interface ReportSignature {
  readonly r: string;
  readonly s: string;
  /** 0 or 1; what Ethereum calls v, less 27. */
  readonly parity: bigint;
}

/** A report as the service hands it out, whatever its schema. */
export interface SignedReport {
  readonly context: ReportContext;
  readonly reportData: string;
  readonly signatures: readonly ReportSignature[];
}

/** Schema of the reports that carry a benchmark price between a bid and an ask. */
export const PRICE_SCHEMA = 3n;
/** Bytes of a report of schema v3. */
export const REPORT_BYTES = 288;

const DIGITS = 64;
const WORD = 32;
const FIELDS = 9;
const HEAD_WORDS = 7;
const ROUND_BITS = 8n;
const CONTEXT_BITS = 40;

/** Thrown when bytes are not a report of the expected form. */
export class MalformedReportError extends FatalError {
  readonly what: string;

  constructor(what: string) {
    super(`The report's ${what}. Ask the service for the whole report of a v3 feed.`);
    this.what = what;
  }
}

/** Return the schema that a feed's reports follow. */
export function schemaOf(feedId: string): bigint {
  return BigInt(feedId.slice(0, 6));
}

/**
 * Encode what a report says, as oracles sign it: `0x` and hex digits.
 *
 * @throws MalformedReportError when a field does not fit its type.
 */
export function encodeReportData(report: StreamReport): string {
  return join([
    digits(report.feedId),
    unsigned("validFrom", report.validFrom, 32),
    unsigned("observedAt", report.observedAt, 32),
    unsigned("nativeFee", report.nativeFee, 192),
    unsigned("linkFee", report.linkFee, 192),
    unsigned("expiresAt", report.expiresAt, 32),
    signed("price", report.price),
    signed("bid", report.bid),
    signed("ask", report.ask),
  ]);
}

/**
 * Decode what a report of schema v3 says.
 *
 * @throws MalformedReportError when the bytes are none.
 */
export function decodeReportData(reportData: string): StreamReport {
  const words = wordsOf(reportData);
  const [feedId, validFrom, observedAt, nativeFee, linkFee, expiresAt, price, bid, ask] = words;
  if (words.length !== FIELDS || ask === undefined) throw new MalformedReportError("length is off");
  const report = {
    feedId: `0x${feedId}`,
    validFrom: toUnsigned(validFrom),
    observedAt: toUnsigned(observedAt),
    nativeFee: toUnsigned(nativeFee),
    linkFee: toUnsigned(linkFee),
    expiresAt: toUnsigned(expiresAt),
    price: toSigned(price),
    bid: toSigned(bid),
    ask: toSigned(ask),
  };
  if (schemaOf(report.feedId) !== PRICE_SCHEMA) throw new MalformedReportError("schema is not v3");
  // Encoding checks that every field fits its type.
  encodeReportData(report);
  return report;
}

/** Return the three words of a report's context, which oracles sign together with its data. */
export function contextWords(context: ReportContext): readonly [string, string, string] {
  const protocol = (context.epoch << ROUND_BITS) | context.round;
  return [
    `0x${digits(context.configDigest)}`,
    `0x${unsigned("context", protocol, CONTEXT_BITS)}`,
    `0x${digits(context.extraHash)}`,
  ];
}

/** Encode a signed report as the service's `fullReport`: `0x` and hex digits. */
export function encodeSignedReport({ context, reportData, signatures }: SignedReport): string {
  const data = digits(reportData);
  const count = unsigned("signatures", BigInt(signatures.length), 32);
  const dataAt = HEAD_WORDS * WORD;
  const rsAt = dataAt + WORD + Math.ceil(data.length / DIGITS) * WORD;
  const ssAt = rsAt + WORD + signatures.length * WORD;
  const parities = signatures.map(({ parity }) => parity.toString(16).padStart(2, "0")).join("");
  return join([
    ...contextWords(context).map(digits),
    ...[dataAt, rsAt, ssAt].map((at) => unsigned("offset", BigInt(at), 32)),
    parities.padEnd(DIGITS, "0"),
    unsigned("length", BigInt(data.length / 2), 32),
    data.padEnd(Math.ceil(data.length / DIGITS) * DIGITS, "0"),
    count,
    ...signatures.map(({ r }) => digits(r)),
    count,
    ...signatures.map(({ s }) => digits(s)),
  ]);
}

/**
 * Decode a service's `fullReport`.
 *
 * @throws MalformedReportError when the bytes are none.
 */
export function decodeSignedReport(fullReport: string): SignedReport {
  const bytes = digits(fullReport);
  const wordAt = (offset: number): string => {
    const found = bytes.slice(offset * 2, offset * 2 + DIGITS);
    if (found.length !== DIGITS) throw new MalformedReportError("end is missing");
    return found;
  };
  const pointerAt = (index: number): number => Number(BigInt(`0x${wordAt(index * WORD)}`));
  const listAt = (offset: number): readonly string[] => {
    const length = Number(BigInt(`0x${wordAt(offset)}`));
    // A byte of `rawVs` for each signature: there cannot be more than fit a word.
    if (length > WORD) throw new MalformedReportError("number of signatures is too large");
    return Array.from({ length }, (_, index) => wordAt(offset + WORD * (index + 1)));
  };
  const dataAt = pointerAt(3);
  const dataDigits = Number(BigInt(`0x${wordAt(dataAt)}`)) * 2;
  const data = bytes.slice((dataAt + WORD) * 2, (dataAt + WORD) * 2 + dataDigits);
  if (data.length !== dataDigits) throw new MalformedReportError("end is missing");
  const ss = listAt(pointerAt(5));
  const parities = wordAt(6 * WORD);
  const protocol = BigInt(`0x${wordAt(WORD)}`);
  return {
    context: {
      configDigest: `0x${wordAt(0)}`,
      epoch: protocol >> ROUND_BITS,
      round: BigInt.asUintN(Number(ROUND_BITS), protocol),
      extraHash: `0x${wordAt(2 * WORD)}`,
    },
    reportData: `0x${data}`,
    signatures: listAt(pointerAt(4)).map((r, index) => ({
      r: `0x${r}`,
      s: `0x${ss[index] ?? ""}`,
      parity: BigInt(`0x${parities.slice(index * 2, index * 2 + 2)}`),
    })),
  };
}

function digits(bytes: string): string {
  if (!/^0x([0-9a-fA-F]{2})*$/.test(bytes)) throw new MalformedReportError("bytes are not hex");
  return bytes.slice(2).toLowerCase();
}

function wordsOf(bytes: string): readonly string[] {
  return digits(bytes).match(/.{1,64}/g) ?? [];
}

function unsigned(name: string, value: bigint, bits: number): string {
  if (BigInt.asUintN(bits, value) !== value) throw new MalformedReportError(`${name} does not fit`);
  return value.toString(16).padStart(DIGITS, "0");
}

function signed(name: string, value: bigint): string {
  if (BigInt.asIntN(192, value) !== value) throw new MalformedReportError(`${name} does not fit`);
  return BigInt.asUintN(256, value).toString(16).padStart(DIGITS, "0");
}

function toUnsigned(word: string | undefined): bigint {
  return BigInt(`0x${word}`);
}

function toSigned(word: string | undefined): bigint {
  return BigInt.asIntN(256, toUnsigned(word));
}

function join(words: readonly string[]): string {
  return `0x${words.join("")}`;
}
