import { type Gap, ReportBuffer, reportCovering, type ServedReport } from "../core/reportBuffer.ts";
import { faultOf, type ReportFault, type ReportRules } from "../core/reportChecks.ts";

/** How much of a feed's past is kept. */
export interface FeedMemory {
  /** Reports of the stream [s]. */
  readonly keepSeconds: bigint;
  /** Most reports of the stream, and most that were asked for one by one. */
  readonly maxCount: number;
}

/** What became of a report. */
export type Reception = "new" | "known" | ReportFault;

/** What is known of one feed. Does no I/O. */
export class StreamFeed {
  readonly rules: ReportRules;
  readonly #memory: FeedMemory;
  readonly #buffer: ReportBuffer;
  readonly #asked = new Map<string, ServedReport>();
  /** Seconds that the stream left out and that are still to be asked for. */
  #gaps: readonly Gap[] = [];
  /** When a new report came last, or the client was started [ms]. */
  heardAt = 0;
  /** How often in a row the feed was silent for too long. */
  silences = 0;

  constructor(rules: ReportRules, memory: FeedMemory) {
    this.rules = rules;
    this.#memory = memory;
    this.#buffer = new ReportBuffer(memory);
  }

  /** The reports of the last moments, the oldest first. */
  get reports(): readonly ServedReport[] {
    return this.#buffer.reports;
  }

  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  /** Take the newest report, noting what came before it and was missed. */
  hear(report: ServedReport): Reception {
    const gap = this.#buffer.gapBefore(report);
    const reception = this.take(report);
    if (reception === "new" && gap !== undefined) this.#gaps = [...this.#gaps, gap];
    return reception;
  }

  /** Take a report of the past. */
  take(report: ServedReport): Reception {
    const fault = faultOf(report, this.rules);
    if (fault !== undefined) return fault;
    return this.#buffer.add(report) ? "new" : "known";
  }

  /** Remember a report of the past that an order needs. */
  keep(report: ServedReport): void {
    this.#asked.set(report.fullReport, report);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > this.#memory.maxCount && oldest !== undefined) {
      this.#asked.delete(oldest);
    }
  }

  /** The report that speaks for a second [s], if it is known. */
  covering(time: bigint): ServedReport | undefined {
    return reportCovering(this.reports, time) ?? reportCovering([...this.#asked.values()], time);
  }

  /** Whether the stream has not come to a second yet [s]. */
  isAhead(time: bigint): boolean {
    const newest = this.reports.at(-1);
    return newest !== undefined && newest.observedAt < time;
  }

  /** A gap is closed, or so long ago that nobody asks for it any more. */
  closeGap(gap: Gap): void {
    this.#gaps = this.#gaps.filter((other) => other !== gap);
  }

  /** Forget gaps from before what is kept. */
  forgetOldGaps(): void {
    const newest = this.reports.at(-1)?.observedAt ?? 0n;
    const horizon = newest - this.#memory.keepSeconds;
    this.#gaps = this.#gaps.filter(({ to }) => to >= horizon);
  }
}
