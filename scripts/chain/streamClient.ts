import { BulkheadError, RetryableError } from "../core/errors.ts";
import type { Gap, ServedReport } from "../core/reportBuffer.ts";
import { newestAt } from "../core/reportBuffer.ts";
import type { ReportFault, ReportRules } from "../core/reportChecks.ts";
import { readStreamMessage, type StreamApi } from "./streamApi.ts";
import { authHeaders, type StreamCredentials } from "./streamAuth.ts";
import { NoReportError, StreamRefusedError, StreamServiceError } from "./streamFailures.ts";
import { type FeedMemory, StreamFeed } from "./streamFeed.ts";
import type { SocketOpener, StreamSocket } from "./streamSocket.ts";

/** Time, as an argument. */
export interface Clock {
  /** Never runs backwards [ms]. */
  readonly elapsed: () => number;
  /** Time of this machine [ms]. */
  readonly now: () => number;
  /** Call after a time [ms]; returns how to take that back. */
  readonly after: (ms: number, act: () => void) => () => void;
}

/** When to give a connection up, and how much to keep. */
export interface StreamPolicy {
  /** A feed without a new report for so long is silent [ms]. */
  readonly staleMs: number;
  /** A connection that is not there after this is given up [ms]. */
  readonly connectMs: number;
  /** Pause after the first failure; it doubles with each further one [ms]. */
  readonly leastPauseMs: number;
  /** Longest pause [ms]. */
  readonly mostPauseMs: number;
  /** Reports in one request for missed ones. */
  readonly pageLimit: number;
  readonly memory: FeedMemory;
}

/** What a client needs. */
export interface StreamClientOptions {
  /** Origins of the service, such as wss://ws.dataengine.chain.link; each failure moves on to the next. */
  readonly wsUrls: readonly string[];
  readonly credentials: StreamCredentials;
  readonly feeds: readonly ReportRules[];
  readonly api: StreamApi;
  readonly openSocket: SocketOpener;
  readonly clock: Clock;
  readonly policy: StreamPolicy;
  /** Told every report that is new and sound. */
  readonly onReport?: (report: ServedReport) => void;
  /** Told whatever goes wrong; the client goes on by itself. */
  readonly onTrouble?: (trouble: BulkheadError) => void;
}

/** How a client fares. */
export interface StreamHealth {
  readonly connected: boolean;
  /** Connections that came about since the start. */
  readonly opened: number;
  /** Messages and reports that were thrown away. */
  readonly rejected: number;
  /** How long the feed that has been silent longest has had no new report [ms]. */
  readonly silentMs: number;
}

/** Thrown when a report is not what the market's oracle takes. */
export class ReportRejectedError extends RetryableError {
  readonly fault: ReportFault;

  constructor(fault: ReportFault, { feedId, observedAt }: ServedReport) {
    super(`A report of feed "${feedId}" for second "${observedAt}" was rejected: ${fault}.`);
    this.fault = fault;
  }
}

/** What suits the real service, which reports every second. */
export const DEFAULT_POLICY: StreamPolicy = {
  staleMs: 3_000,
  connectMs: 5_000,
  leastPauseMs: 250,
  mostPauseMs: 10_000,
  pageLimit: 100,
  memory: { keepSeconds: 60n, maxCount: 600 },
};

type Phase = "stopped" | "connecting" | "open" | "waiting";

/**
 * Follows feeds of the Data Streams service, and fills in what its connection missed.
 *
 * One watchdog, one connection and one pending retry at a time: whatever comes of an earlier connection is not heard.
 */
export class StreamClient {
  readonly #options: StreamClientOptions;
  readonly #feeds: ReadonlyMap<string, StreamFeed>;
  #phase: Phase = "stopped";
  #socket: StreamSocket | undefined;
  #phaseSince = 0;
  #failures = 0;
  #attempts = 0;
  /** Number of the attempt that is listened to; 0 for none. */
  #current = 0;
  #opened = 0;
  #rejected = 0;
  readonly #filling = new Set<StreamFeed>();
  #cancelRetry: () => void = () => {};
  #cancelWatch: () => void = () => {};

  constructor(options: StreamClientOptions) {
    this.#options = options;
    this.#feeds = new Map(
      options.feeds.map((rules) => [
        rules.feedId.toLowerCase(),
        new StreamFeed(rules, options.policy.memory),
      ]),
    );
  }

  get health(): StreamHealth {
    const now = this.#options.clock.elapsed();
    const silences = [...this.#feeds.values()].map(({ heardAt }) => now - heardAt);
    return {
      connected: this.#phase === "open",
      opened: this.#opened,
      rejected: this.#rejected,
      silentMs: Math.max(0, ...silences),
    };
  }

  /** Begin to listen. */
  start(): void {
    if (this.#phase !== "stopped") return;
    const now = this.#options.clock.elapsed();
    for (const feed of this.#feeds.values()) feed.heardAt = now;
    this.#connect();
    this.#watch();
  }

  /** End for good; nothing is left running. */
  stop(): void {
    this.#enter("stopped");
    this.#cancelWatch();
    this.#cancelRetry();
    this.#socket?.close();
    this.#current = 0;
  }

  /** The reports of a feed's last moments, the oldest first. */
  reports(feedId: string): readonly ServedReport[] {
    return this.#feedOf(feedId).reports;
  }

  /**
   * Return the newest report that was observed no later than `time` [s].
   *
   * While the stream is silent the service is asked; when that fails, what is known has to do.
   */
  async newest(feedId: string, time: bigint): Promise<ServedReport | undefined> {
    const feed = this.#feedOf(feedId);
    if (this.#isSilent(feed)) {
      const asked = await this.#quietly(() => this.#options.api.latest(feedId));
      if (asked !== undefined) this.#note(feed.hear(asked), asked);
    }
    return newestAt(feed.reports, time);
  }

  /**
   * Return the report that speaks for a second [s]: from the last moments, or else from the service.
   *
   * `undefined` while there is none, and while the service does not say.
   */
  async covering(feedId: string, time: bigint): Promise<ServedReport | undefined> {
    const feed = this.#feedOf(feedId);
    const known = feed.covering(time);
    if (known !== undefined) return known;
    if (feed.isAhead(time) && !this.#isSilent(feed)) return undefined;
    const asked = await this.#quietly(() => this.#options.api.at(feedId, time));
    if (asked === undefined || !this.#note(feed.take(asked), asked)) return undefined;
    feed.keep(asked);
    return feed.covering(time);
  }

  #connect(): void {
    const { wsUrls, credentials, clock, openSocket } = this.#options;
    const origin = wsUrls[this.#attempts % wsUrls.length] ?? "";
    this.#attempts += 1;
    this.#enter("connecting");
    const path = `/api/v1/ws?feedIDs=${[...this.#feeds.keys()].join(",")}`;
    const signed = { method: "GET", path, timestamp: clock.now() } as const;
    const attempt = this.#attempts;
    this.#current = attempt;
    // Late words of a connection that was given up must not reach its successor.
    const ifCurrent = (act: () => void) => {
      if (this.#current === attempt) act();
    };
    this.#socket = openSocket({
      url: new URL(path, origin).href,
      headers: authHeaders(signed, credentials),
      onOpen: () => ifCurrent(() => this.#onOpen()),
      onMessage: (text) => ifCurrent(() => this.#onMessage(text)),
      onEnd: (cause) => ifCurrent(() => this.#onEnd(cause)),
    });
  }

  #onOpen(): void {
    this.#enter("open");
    this.#opened += 1;
  }

  #onMessage(text: string): void {
    try {
      const report = readStreamMessage(text);
      const feed = this.#feeds.get(report.feedId.toLowerCase());
      if (feed === undefined) this.#note("feed", report);
      else this.#hear(feed, report);
    } catch (cause) {
      if (!(cause instanceof StreamServiceError)) throw cause;
      this.#rejected += 1;
      this.#tell(cause);
    }
  }

  #hear(feed: StreamFeed, report: ServedReport): void {
    const reception = feed.hear(report);
    if (!this.#note(reception, report)) return;
    // The same report over and over is silence too.
    if (reception === "known") return;
    feed.heardAt = this.#options.clock.elapsed();
    feed.silences = 0;
    this.#failures = 0;
    void this.#fill(feed);
  }

  #onEnd(cause: StreamServiceError | StreamRefusedError): void {
    this.#tell(cause);
    this.#current = 0;
    this.#failures += 1;
    this.#enter("waiting");
    const { policy, clock } = this.#options;
    const refused = cause instanceof StreamRefusedError;
    const pause = refused ? policy.mostPauseMs : this.#pauseAfter(this.#failures);
    this.#cancelRetry = clock.after(pause, () => this.#connect());
  }

  #reconnect(): void {
    this.#socket?.close();
    this.#connect();
  }

  /** Looks around a few times in the time that makes a feed silent. */
  #watch(): void {
    const { clock, policy } = this.#options;
    this.#cancelWatch = clock.after(Math.ceil(policy.staleMs / 4), () => {
      this.#watch();
      this.#look();
    });
  }

  #look(): void {
    for (const feed of this.#feeds.values()) void this.#fill(feed);
    if (this.#phase === "open") this.#requireHeard();
    if (this.#phase === "connecting") this.#requireConnected();
  }

  /** Each silence in a row is borne for longer, so that one dead feed does not keep tearing the others down. */
  #requireHeard(): void {
    const now = this.#options.clock.elapsed();
    const { staleMs } = this.#options.policy;
    const silent = [...this.#feeds.values()].filter(({ heardAt, silences }) => {
      const since = Math.max(heardAt, this.#phaseSince);
      return now - since > staleMs + this.#pauseAfter(silences);
    });
    if (silent.length === 0) return;
    for (const feed of silent) feed.silences += 1;
    const names = silent.map(({ rules }) => rules.feedId).join(", ");
    this.#tell(new StreamServiceError(`new reports of ${names}`));
    this.#reconnect();
  }

  #requireConnected(): void {
    const { clock, policy } = this.#options;
    if (clock.elapsed() - this.#phaseSince <= policy.connectMs) return;
    this.#socket?.close();
    this.#onEnd(new StreamServiceError("a connection in time"));
  }

  /** Asks for what the stream left out. What fails is asked again at the next look. */
  async #fill(feed: StreamFeed): Promise<void> {
    if (this.#filling.has(feed)) return;
    this.#filling.add(feed);
    try {
      feed.forgetOldGaps();
      for (const gap of feed.gaps) {
        const filled = await this.#quietly(() => this.#fillGap(feed, gap));
        if (filled === true) feed.closeGap(gap);
      }
    } finally {
      this.#filling.delete(feed);
    }
  }

  async #fillGap(feed: StreamFeed, gap: Gap): Promise<true> {
    const { api, policy } = this.#options;
    const { feedId } = feed.rules;
    for (let from = gap.from; from <= gap.to; ) {
      const reports = await api.page({ feedId, from, limit: policy.pageLimit });
      for (const report of reports) this.#note(feed.take(report), report);
      const last = reports.at(-1)?.observedAt;
      if (reports.length < policy.pageLimit || last === undefined || last < from) return true;
      // A second with more reports than a page holds would come again for ever.
      from = last === from ? last + 1n : last;
    }
    return true;
  }

  /** Counts and tells what became of a report. Returns whether it is sound. */
  #note(reception: ReturnType<StreamFeed["take"]>, report: ServedReport): boolean {
    if (reception === "new") this.#options.onReport?.(report);
    if (reception === "new" || reception === "known") return true;
    this.#rejected += 1;
    this.#tell(new ReportRejectedError(reception, report));
    return false;
  }

  /** A failure of the service is told, and leaves nothing. */
  async #quietly<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (cause) {
      if (!(cause instanceof BulkheadError)) throw cause;
      if (!(cause instanceof NoReportError)) this.#tell(cause);
      return undefined;
    }
  }

  #isSilent(feed: StreamFeed): boolean {
    if (this.#phase !== "open" || feed.reports.length === 0) return true;
    return this.#options.clock.elapsed() - feed.heardAt > this.#options.policy.staleMs;
  }

  /** 0 after none. */
  #pauseAfter(failures: number): number {
    const { leastPauseMs, mostPauseMs } = this.#options.policy;
    return failures === 0 ? 0 : Math.min(leastPauseMs * 2 ** (failures - 1), mostPauseMs);
  }

  #feedOf(feedId: string): StreamFeed {
    const feed = this.#feeds.get(feedId.toLowerCase());
    if (feed === undefined) throw new StreamRefusedError(`feed ${feedId}`, 0);
    return feed;
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#phaseSince = this.#options.clock.elapsed();
  }

  #tell(trouble: BulkheadError): void {
    this.#options.onTrouble?.(trouble);
  }
}
