import type { StreamReport } from "./streamReport.ts";

/** A report as it was served: what it says, and the bytes that prove it. */
export interface ServedReport extends StreamReport {
  /** `0x` and hex digits, as the service's `fullReport`. */
  readonly fullReport: string;
}

/** How much a buffer keeps. */
export interface BufferLimits {
  /** Older reports than this before the newest are dropped [s]. */
  readonly keepSeconds: bigint;
  /** Most reports, however young: a network gone wild fills no memory. */
  readonly maxCount: number;
}

/** Seconds that no report is known to speak for, both ends included. */
export interface Gap {
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * The reports of one feed's last moments, in the order of their times.
 *
 * A report is known by its bytes: two of one second are two reports.
 */
export class ReportBuffer {
  readonly #limits: BufferLimits;
  #reports: readonly ServedReport[] = [];

  constructor(limits: BufferLimits) {
    this.#limits = limits;
  }

  /** All that is kept, the oldest first. */
  get reports(): readonly ServedReport[] {
    return this.#reports;
  }

  /** Keep a report. Returns whether it was new and young enough. */
  add(report: ServedReport): boolean {
    const horizon = this.#horizon(report);
    if (report.observedAt < horizon) return false;
    if (this.#reports.some(({ fullReport }) => fullReport === report.fullReport)) return false;
    const after = this.#reports.findLastIndex((other) => !isLater(other, report)) + 1;
    this.#reports = this.#reports
      .toSpliced(after, 0, report)
      .filter(({ observedAt }) => observedAt >= horizon)
      .slice(-this.#limits.maxCount);
    return true;
  }

  /** The seconds between the newest report and one that comes after it; `undefined` where they meet. */
  gapBefore(report: StreamReport): Gap | undefined {
    const newest = this.#reports.at(-1);
    if (newest === undefined || report.validFrom <= newest.observedAt + 1n) return undefined;
    const from = newest.observedAt + 1n;
    const oldest = report.observedAt - this.#limits.keepSeconds;
    return { from: from < oldest ? oldest : from, to: report.validFrom - 1n };
  }

  /** What is dropped once a report has come: everything before this [s]. */
  #horizon(report: StreamReport): bigint {
    const newest = this.#reports.at(-1)?.observedAt ?? 0n;
    const latest = newest > report.observedAt ? newest : report.observedAt;
    return latest - this.#limits.keepSeconds;
  }
}

/** Return the newest report that was observed no later than `time` [s]. */
export function newestAt(reports: readonly ServedReport[], time: bigint): ServedReport | undefined {
  return reports.findLast(({ observedAt }) => observedAt <= time);
}

/** Return the report that speaks for a second [s]; of several, the first that was observed. */
export function reportCovering(
  reports: readonly ServedReport[],
  time: bigint,
): ServedReport | undefined {
  return reports.find(({ validFrom, observedAt }) => validFrom <= time && time <= observedAt);
}

function isLater(a: StreamReport, b: StreamReport): boolean {
  return a.observedAt === b.observedAt ? a.validFrom > b.validFrom : a.observedAt > b.observedAt;
}
