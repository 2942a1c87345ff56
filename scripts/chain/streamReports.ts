import { AbiCoder, concat, keccak256, recoverAddress, Signature, type SigningKey } from "ethers";

import type { ServedReport } from "../core/reportBuffer.ts";
import {
  contextWords,
  decodeReportData,
  decodeSignedReport,
  encodeReportData,
  encodeSignedReport,
  type ReportContext,
  type SignedReport,
  type StreamReport,
} from "../core/streamReport.ts";

/** First of the two values that Ethereum gives a signature's parity. */
const PARITY_BASE = 27n;

/**
 * Read what a signed report says from its bytes: they are what is signed.
 *
 * @throws MalformedReportError when they are no report of a schema that is known.
 */
export function readServedReport(fullReport: string): ServedReport {
  return { ...decodeReportData(decodeSignedReport(fullReport).reportData), fullReport };
}

/** Return the digest of a report that its oracles sign, without a prefix. */
export function reportDigest({
  context,
  reportData,
}: Pick<SignedReport, "context" | "reportData">): string {
  return keccak256(concat([keccak256(reportData), ...contextWords(context)]));
}

/** Sign a report with the key of each oracle and return the service's `fullReport`. */
export function signReport(
  report: StreamReport,
  { context, keys }: { readonly context: ReportContext; readonly keys: readonly SigningKey[] },
): string {
  const reportData = encodeReportData(report);
  const digest = reportDigest({ context, reportData });
  const signatures = keys.map((key) => {
    const { r, s, yParity } = key.sign(digest);
    return { r, s, parity: BigInt(yParity) };
  });
  return encodeSignedReport({ context, reportData, signatures });
}

/** Return the addresses of the oracles that signed a report, in the order of its signatures. */
export function recoverSigners(report: SignedReport): readonly string[] {
  const digest = reportDigest(report);
  return report.signatures.map(({ r, s, parity }) =>
    recoverAddress(digest, Signature.from({ r, s, v: parity + PARITY_BASE })),
  );
}

/**
 * Encode the proof that a `ChainlinkStreamOracle` takes.
 *
 * `quoteRoundId` is that of the quote feed's round for an order, zero for spot or without a quote feed.
 */
export function encodeStreamProof(fullReport: string, quoteRoundId: bigint): string {
  return AbiCoder.defaultAbiCoder().encode(["bytes", "uint256"], [fullReport, quoteRoundId]);
}
