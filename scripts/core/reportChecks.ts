import type { StreamReport } from "./streamReport.ts";

/** What the oracle of a market accepts. */
export interface ReportRules {
  readonly feedId: string;
  /** Largest (ask − bid) / price [WAD]. */
  readonly maxSpread: bigint;
}

/** What is wrong with a report, in the order in which it is looked for. */
export type ReportFault = "feed" | "times" | "prices" | "spread";

const WAD = 10n ** 18n;

/**
 * Return what makes a report useless at any time, or `undefined`.
 *
 * Twin of what the oracle checks beyond signatures: a report that fails here is never sent.
 */
export function faultOf(report: StreamReport, rules: ReportRules): ReportFault | undefined {
  const { price, bid, ask } = report;
  if (report.feedId.toLowerCase() !== rules.feedId.toLowerCase()) return "feed";
  if (report.validFrom > report.observedAt || report.observedAt > report.expiresAt) return "times";
  if (bid <= 0n || bid > price || price > ask) return "prices";
  return (ask - bid) * WAD > rules.maxSpread * price ? "spread" : undefined;
}

/** Return whether a report can be verified in a block of time `now` [s] and for `budget` seconds after it. */
export function isVerifiable(
  { observedAt, expiresAt }: StreamReport,
  now: bigint,
  budget: bigint,
): boolean {
  return observedAt <= now && now + budget <= expiresAt;
}
