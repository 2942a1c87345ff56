import { z } from "zod";
import type { ServedReport } from "../core/reportBuffer.ts";
import { MalformedReportError } from "../core/streamReport.ts";
import { authHeaders, type StreamCredentials } from "./streamAuth.ts";
import { NoReportError, StreamRefusedError, StreamServiceError } from "./streamFailures.ts";
import { readServedReport } from "./streamReports.ts";

/** How to reach the service over REST. */
export interface StreamApiOptions {
  /** Such as https://api.dataengine.chain.link. */
  readonly restUrl: string;
  readonly credentials: StreamCredentials;
  /** Longest wait for one answer [ms]. */
  readonly timeoutMs: number;
  /** Time of this machine [ms]. */
  readonly now: () => number;
}

/** Asks the Data Streams service for reports, as Chainlink's REST interface describes. */
export interface StreamApi {
  /** Ids of the feeds that the account may read. */
  readonly feeds: () => Promise<readonly string[]>;
  readonly latest: (feedId: string) => Promise<ServedReport>;
  /** The report that speaks for a second [s]. */
  readonly at: (feedId: string, time: bigint) => Promise<ServedReport>;
  /** One report of each feed for a second [s]; feeds without one are left out. */
  readonly bulk: (feedIds: readonly string[], time: bigint) => Promise<readonly ServedReport[]>;
  /** Reports in the order of their times, from a second on [s]. */
  readonly page: (page: PageRequest) => Promise<readonly ServedReport[]>;
}

/** Which reports to list. */
export interface PageRequest {
  readonly feedId: string;
  /** [s] */
  readonly from: bigint;
  readonly limit: number;
}

const seconds = z.number().int().nonnegative();

const servedReport = z.object({
  feedID: z.string().regex(/^0x[0-9a-fA-F]{64}$/),
  fullReport: z.string().regex(/^0x([0-9a-fA-F]{2})+$/),
  // The two times are also inside the report, which is what counts.
  validFromTimestamp: seconds.optional(),
  observationsTimestamp: seconds.optional(),
});

const oneReport = z.object({ report: servedReport });
const manyReports = z.object({ reports: z.array(servedReport) });
const feedList = z.object({ feeds: z.array(z.object({ feedID: z.string() })) });

const NOT_FOUND = 404;
const TOO_MANY = 429;
const FIRST_REFUSAL = 400;
const FIRST_FAULT = 500;

/** Open the service's REST interface. Every request is signed, has a deadline, and is made once. */
export function openStreamApi(options: StreamApiOptions): StreamApi {
  const ask = async <T>(path: string, schema: z.ZodType<T>): Promise<T> =>
    parseAnswer(pathOnly(path), await request(options, path), schema);
  return {
    feeds: async () => (await ask("/api/v1/feeds", feedList)).feeds.map(({ feedID }) => feedID),
    latest: async (feedId) =>
      decode((await ask(`/api/v1/reports/latest?feedID=${feedId}`, oneReport)).report),
    at: async (feedId, time) =>
      decode((await ask(`/api/v1/reports?feedID=${feedId}&timestamp=${time}`, oneReport)).report),
    bulk: async (feedIds, time) => {
      const path = `/api/v1/reports/bulk?feedIDs=${feedIds.join(",")}&timestamp=${time}`;
      return (await ask(path, manyReports)).reports.map(decode);
    },
    page: async ({ feedId, from, limit }) => {
      const query = `feedID=${feedId}&startTimestamp=${from}&limit=${limit}`;
      return (await ask(`/api/v1/reports/page?${query}`, manyReports)).reports.map(decode);
    },
  };
}

/**
 * Read one message of the service's WebSocket.
 *
 * @throws StreamServiceError when it is not a report of a schema that is known.
 */
export function readStreamMessage(text: string): ServedReport {
  return decode(parseAnswer("a message", text, oneReport).report);
}

function decode(served: z.infer<typeof servedReport>): ServedReport {
  try {
    return readServedReport(served.fullReport);
  } catch (cause) {
    if (!(cause instanceof MalformedReportError)) throw cause;
    throw new StreamServiceError(`a report of feed ${served.feedID}`, cause);
  }
}

async function request(options: StreamApiOptions, path: string): Promise<string> {
  const what = pathOnly(path);
  const signed = { method: "GET", path, timestamp: options.now() } as const;
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(path, options.restUrl), {
      headers: authHeaders(signed, options.credentials),
      signal: AbortSignal.timeout(options.timeoutMs),
      redirect: "error",
    });
    text = await response.text();
  } catch (cause) {
    throw new StreamServiceError(what, cause);
  }
  requireAnswered(path, response.status);
  return text;
}

/** Faults of the service and its limits pass; refusals do not. */
function requireAnswered(path: string, status: number): void {
  if (status === NOT_FOUND) throw new NoReportError(path);
  if (status >= FIRST_FAULT || status === TOO_MANY) {
    throw new StreamServiceError(`${pathOnly(path)}: status ${status}`);
  }
  if (status >= FIRST_REFUSAL) throw new StreamRefusedError(pathOnly(path), status);
}

function parseAnswer<T>(what: string, text: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new StreamServiceError(`${what} with JSON`, cause);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new StreamServiceError(`${what} with a report`, parsed.error);
  return parsed.data;
}

function pathOnly(path: string): string {
  return path.split("?")[0] ?? path;
}
