import type { Logger } from "pino";

import type { MarketContracts } from "../chain/contracts.ts";
import { provingSource } from "../chain/priceSource.ts";
import { openStreamApi } from "../chain/streamApi.ts";
import { readStreamCredentials } from "../chain/streamAuth.ts";
import { type Clock, DEFAULT_POLICY, StreamClient } from "../chain/streamClient.ts";
import { openStreamSocket } from "../chain/streamSocket.ts";
import { ConfigError, type StreamConfig } from "../config/keeper.ts";
import { newestAt } from "../core/reportBuffer.ts";
import type { ReportRules } from "../core/reportChecks.ts";

/** What a keeper must be told before it can serve markets on signed reports. */
export interface ReportsInput {
  readonly config: StreamConfig | undefined;
  readonly markets: readonly MarketContracts[];
  readonly log: Logger;
}

/** This machine's time. */
const SYSTEM_CLOCK: Clock = {
  elapsed: () => performance.now(),
  now: () => Date.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Listen to the feeds of all markets that are priced by signed reports; `undefined` where none is.
 *
 * @throws ConfigError when such a market is served and the service is not set; KeyError when the credentials cannot be
 * read.
 */
export async function openReports(input: ReportsInput): Promise<StreamClient | undefined> {
  const { config, log } = input;
  const feeds = feedsOf(input.markets);
  if (feeds.length === 0) return undefined;
  if (config === undefined) {
    throw new ConfigError([
      "A market is priced by Data Streams. Set BULKHEAD_STREAMS_REST_URL, BULKHEAD_STREAMS_WS_URLS and BULKHEAD_STREAMS_CREDENTIALS.",
    ]);
  }
  const { restUrl, timeoutMs, staleMs } = config;
  const credentials = await readStreamCredentials(config.credentialsFile);
  const client = new StreamClient({
    wsUrls: config.wsUrls,
    credentials,
    feeds,
    api: openStreamApi({ restUrl, credentials, timeoutMs, now: SYSTEM_CLOCK.now }),
    openSocket: openStreamSocket,
    clock: SYSTEM_CLOCK,
    policy: { ...DEFAULT_POLICY, staleMs },
    onTrouble: (trouble) => {
      log.warn({ failure: trouble.name, reason: trouble.message }, "stream of reports");
    },
  });
  client.start();
  log.info({ feeds: feeds.map(({ feedId }) => feedId) }, "listening to reports");
  return client;
}

/** Name the newest price that a market has at a time [s] and that came without asking; push feeds speak in blocks. */
export function priceMarkOf(
  { source }: MarketContracts,
  client: StreamClient | undefined,
): (time: bigint) => string {
  const proving = provingSource(source);
  if (proving.kind !== "stream" || client === undefined) return () => "";
  return (time) => newestAt(client.reports(proving.feedId), time)?.fullReport ?? "";
}

/** Each feed once; where two oracles differ in what they accept, the stricter would hide reports from the other. */
function feedsOf(markets: readonly MarketContracts[]): readonly ReportRules[] {
  const feeds = new Map<string, ReportRules>();
  for (const { source } of markets) {
    const proving = provingSource(source);
    if (proving.kind !== "stream") continue;
    const { feedId, maxSpread } = proving;
    const known = feeds.get(feedId);
    if (known === undefined || known.maxSpread < maxSpread)
      feeds.set(feedId, { feedId, maxSpread });
  }
  return [...feeds.values()];
}
