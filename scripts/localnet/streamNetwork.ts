import { signReport } from "../chain/streamReports.ts";
import { configDigestOf, type OracleSigner, oracleSigners } from "../chain/streamSigners.ts";
import { FatalError } from "../core/errors.ts";
import { newestAt, reportCovering, type ServedReport } from "../core/reportBuffer.ts";
import type { StreamReport } from "../core/streamReport.ts";
import type { PricePath } from "./pricePath.ts";

/** What a local oracle network is made of. */
export interface NetworkOptions {
  readonly feedId: string;
  /** Price at every second [WAD]. */
  readonly path: PricePath;
  /** Oracles. */
  readonly signers: number;
  /** Oracles that may be faulty; one more than these sign each report. */
  readonly faulty: number;
  /** Least time between two reports [s]. */
  readonly cadence: bigint;
  /** (ask − bid) / price [WAD]. */
  readonly spread: bigint;
  /** How long a report can be verified [s]. */
  readonly lifetime: bigint;
  /** Price of verifying a report [wei]. */
  readonly nativeFee: bigint;
  /** The first report speaks for this second [s]. */
  readonly from: bigint;
}

/** Thrown when a network could not agree on anything. */
export class NetworkTooSmallError extends FatalError {
  constructor({ signers, faulty }: Pick<NetworkOptions, "signers" | "faulty">) {
    super(
      `"${signers}" oracles do not bear "${faulty}" faulty ones. Take at least "${3 * Math.max(faulty, 1) + 1}", and one faulty or more.`,
    );
  }
}

/** What suits a replay: as many oracles as the smallest network has, a report a second at most. */
export const DEFAULT_NETWORK = {
  signers: 4,
  faulty: 1,
  cadence: 1n,
  // 0.02%.
  spread: 200_000_000_000_000n,
  lifetime: 86_400n,
  nativeFee: 0n,
} as const;

const WAD = 10n ** 18n;
/** A window as wide as the longest jump of a clock that still makes one report [s]. */
const WIDEST = 60n;
const NO_HASH = `0x${"0".repeat(64)}`;
const NAME = "bulkhead local oracle";

/**
 * An oracle network for one feed, whose clock is told the time.
 *
 * Windows meet without a gap: one that the clock jumped over is as wide as the jump, as where a real network misses a
 * second.
 */
export class OracleNetwork {
  readonly feedId: string;
  readonly configDigest = configDigestOf(NAME);
  readonly signers: readonly OracleSigner[];
  readonly #options: NetworkOptions;
  readonly #reports: ServedReport[] = [];
  readonly #listeners = new Set<(report: ServedReport) => void>();
  #observedAt: bigint;

  /** @throws NetworkTooSmallError unless n ≥ 3f + 1 and f ≥ 1. */
  constructor(options: NetworkOptions) {
    const { signers, faulty } = options;
    if (faulty < 1 || signers < 3 * faulty + 1) throw new NetworkTooSmallError(options);
    this.#options = options;
    this.feedId = options.feedId;
    this.signers = oracleSigners(NAME, signers);
    this.#observedAt = options.from - 1n;
  }

  /** Oracles that may be faulty. */
  get faulty(): number {
    return this.#options.faulty;
  }

  /** Price of verifying a report [wei]. */
  get nativeFee(): bigint {
    return this.#options.nativeFee;
  }

  /** All reports so far, the oldest first. */
  get reports(): readonly ServedReport[] {
    return this.#reports;
  }

  /** Be told every report from now on; returns how to end that. */
  listen(listener: (report: ServedReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Let time pass up to a second [s], and report. */
  advanceTo(time: bigint): void {
    while (time - this.#observedAt >= this.#options.cadence) {
      const widest = this.#observedAt + WIDEST;
      this.publish(this.#observe(time < widest ? time : widest));
    }
  }

  /** Sign a report, whatever it says, and hand it out. */
  publish(report: StreamReport): ServedReport {
    const served = { ...report, fullReport: this.#sign(report) };
    this.#reports.push(served);
    if (report.observedAt > this.#observedAt) this.#observedAt = report.observedAt;
    for (const listener of this.#listeners) listener(served);
    return served;
  }

  /** The newest report observed no later than a second [s]. */
  newestAt(time: bigint): ServedReport | undefined {
    return newestAt(this.#reports, time);
  }

  /** The report that speaks for a second [s]. */
  covering(time: bigint): ServedReport | undefined {
    return reportCovering(this.#reports, time);
  }

  #observe(observedAt: bigint): StreamReport {
    const { feedId, path, spread, lifetime, nativeFee } = this.#options;
    const price = path(observedAt);
    const half = (price * spread) / WAD / 2n;
    return {
      feedId,
      validFrom: this.#observedAt + 1n,
      observedAt,
      nativeFee,
      linkFee: 0n,
      expiresAt: observedAt + lifetime,
      price,
      bid: price - half,
      ask: price + half,
    };
  }

  /** One oracle more than may be faulty, in turn. */
  #sign(report: StreamReport): string {
    const number = this.#reports.length;
    const keys = Array.from({ length: this.#options.faulty + 1 }, (_, index) => {
      const signer = this.signers[(number + index) % this.signers.length];
      if (signer === undefined) throw new NetworkTooSmallError(this.#options);
      return signer.key;
    });
    const { configDigest } = this;
    const context = { configDigest, epoch: BigInt(number), round: 1n, extraHash: NO_HASH };
    return signReport(report, { context, keys });
  }
}
