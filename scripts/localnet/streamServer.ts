import { timingSafeEqual } from "node:crypto";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

import { AUTH_HEADERS, type StreamCredentials, signRequest } from "../chain/streamAuth.ts";
import type { ServedReport } from "../core/reportBuffer.ts";
import type { OracleNetwork } from "./streamNetwork.ts";

/** How a local network is served. */
export interface StreamServerOptions {
  readonly network: OracleNetwork;
  readonly credentials: StreamCredentials;
  /** Time of this machine [ms]. */
  readonly now: () => number;
  /** Longest life [ms]. */
  readonly lifetimeMs: number;
  /** A free one when absent. */
  readonly port?: number;
}

/** A local network within reach of clients. */
export interface StreamServer {
  readonly restUrl: string;
  readonly wsUrl: string;
  readonly port: number;
  /** Listeners at the moment. */
  readonly listeners: () => number;
  readonly stop: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Ask = (network: OracleNetwork, query: URLSearchParams) => Answer;

const HOST = "127.0.0.1";
/** The service bears this much difference between two clocks [ms]. */
const CLOCK_SKEW_MS = 5_000;
const PAGE_LIMIT = 10;
const MOST_IN_PAGE = 500;
const FEED_ID = /^0x[0-9a-fA-F]{64}$/;
const WHOLE = /^\d{1,10}$/;

const OK = 200;
const PARTIAL = 206;
const BAD_REQUEST = 400;
const UNAUTHORIZED = 401;
const NOT_FOUND = 404;

const ROUTES: Readonly<Record<string, Ask>> = {
  "/api/v1/feeds": ({ feedId }) => ({ status: OK, body: { feeds: [{ feedID: feedId }] } }),
  "/api/v1/reports/latest": (network, query) =>
    forFeed(network, query, () => oneReport(network.reports.at(-1))),
  "/api/v1/reports": (network, query) =>
    forFeed(network, query, () => {
      const time = wholeOf(query, "timestamp");
      return time === undefined
        ? refusal(BAD_REQUEST, "timestamp is missing or malformed")
        : oneReport(network.covering(time));
    }),
  "/api/v1/reports/bulk": answerBulk,
  "/api/v1/reports/page": (network, query) =>
    forFeed(network, query, () => answerPage(network, query)),
};

/**
 * Serve a local network as Chainlink serves Data Streams: reports over REST and a WebSocket, with HMAC authentication.
 *
 * Statuses are those of the service's documentation: 400 for what is missing or malformed, 401 for a wrong signature or
 * an unknown feed. 404 for a moment without a report is not documented there.
 */
export async function startStreamServer(options: StreamServerOptions): Promise<StreamServer> {
  const { network } = options;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createServer((request, response) => respond(options, request, response));
  server.on("upgrade", (request, socket, head) => {
    const failed = refuseUpgrade(options, request);
    if (failed !== undefined) return turnAway(socket, failed.status);
    sockets.handleUpgrade(request, socket, head, (listener) => {
      // A listener that goes away without a word is no failure of the server.
      listener.on("error", () => listener.terminate());
    });
  });
  const unlisten = network.listen((report) => tellAll(sockets.clients, report));
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, HOST, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  const stop = async () => {
    clearTimeout(timer);
    unlisten();
    for (const listener of sockets.clients) listener.terminate();
    server.closeAllConnections();
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  const timer = setTimeout(() => void stop(), options.lifetimeMs);
  timer.unref();
  return {
    restUrl: `http://${HOST}:${port}`,
    wsUrl: `ws://${HOST}:${port}`,
    port,
    listeners: () => sockets.clients.size,
    stop,
  };
}

function respond(
  options: StreamServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { status, body } = answer(options, request);
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function answer(options: StreamServerOptions, request: IncomingMessage): Answer {
  const failed = authenticate(options, request);
  if (failed !== undefined) return failed;
  const { pathname, searchParams } = urlOf(request);
  const ask = Object.hasOwn(ROUTES, pathname) ? ROUTES[pathname] : undefined;
  if (ask === undefined || request.method !== "GET") return refusal(NOT_FOUND, "no such endpoint");
  return ask(options.network, searchParams);
}

/** What is wrong with the headers of a request, or `undefined`. */
function authenticate(
  { credentials, now }: StreamServerOptions,
  { headers, url = "" }: IncomingMessage,
): Answer | undefined {
  const key = headerOf(headers, AUTH_HEADERS.key);
  const timestamp = headerOf(headers, AUTH_HEADERS.timestamp);
  const signature = headerOf(headers, AUTH_HEADERS.signature);
  if (key === undefined || signature === undefined || !/^\d{1,16}$/.test(timestamp ?? "")) {
    return refusal(BAD_REQUEST, "authentication headers are missing or malformed");
  }
  const sentAt = Number(timestamp);
  const expected = signRequest({ method: "GET", path: url, timestamp: sentAt }, credentials);
  const fresh = Math.abs(now() - sentAt) <= CLOCK_SKEW_MS;
  if (!fresh || key !== credentials.apiKey || !isSame(signature, expected)) {
    return refusal(UNAUTHORIZED, "authentication failed");
  }
  return undefined;
}

function refuseUpgrade(options: StreamServerOptions, request: IncomingMessage): Answer | undefined {
  const failed = authenticate(options, request);
  if (failed !== undefined) return failed;
  const { pathname, searchParams } = urlOf(request);
  if (pathname !== "/api/v1/ws") return refusal(NOT_FOUND, "no such endpoint");
  return refuseFeeds(options.network, feedsOf(searchParams));
}

/** The handshake fails as an HTTP answer. */
function turnAway(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
}

function tellAll(listeners: ReadonlySet<WebSocket>, report: ServedReport): void {
  const message = JSON.stringify({ report: wireOf(report) });
  for (const listener of listeners) {
    if (listener.readyState === listener.OPEN) listener.send(message);
  }
}

function forFeed(network: OracleNetwork, query: URLSearchParams, ask: () => Answer): Answer {
  return refuseFeeds(network, [query.get("feedID") ?? ""]) ?? ask();
}

function refuseFeeds(network: OracleNetwork, feedIds: readonly string[]): Answer | undefined {
  if (!feedIds.every((feedId) => FEED_ID.test(feedId))) {
    return refusal(BAD_REQUEST, "a feed id is missing or malformed");
  }
  const known = feedIds.every((id) => id.toLowerCase() === network.feedId.toLowerCase());
  return known ? undefined : refusal(UNAUTHORIZED, "a feed does not exist or is not permitted");
}

function answerBulk(network: OracleNetwork, query: URLSearchParams): Answer {
  const feedIds = feedsOf(query);
  const failed = refuseFeeds(network, feedIds);
  if (failed !== undefined) return failed;
  const time = wholeOf(query, "timestamp");
  if (time === undefined) return refusal(BAD_REQUEST, "timestamp is missing or malformed");
  const found = network.covering(time);
  const reports = found === undefined ? [] : [wireOf(found)];
  return { status: reports.length === 0 ? PARTIAL : OK, body: { reports } };
}

function answerPage(network: OracleNetwork, query: URLSearchParams): Answer {
  const from = wholeOf(query, "startTimestamp");
  const limit = query.has("limit") ? wholeOf(query, "limit") : BigInt(PAGE_LIMIT);
  if (from === undefined || limit === undefined) {
    return refusal(BAD_REQUEST, "startTimestamp or limit is missing or malformed");
  }
  const count = Math.min(Number(limit), MOST_IN_PAGE);
  const first = network.reports.findIndex(({ observedAt }) => observedAt >= from);
  const found = first < 0 ? [] : network.reports.slice(first, first + count);
  return { status: OK, body: { reports: found.map(wireOf) } };
}

function oneReport(report: ServedReport | undefined): Answer {
  return report === undefined
    ? refusal(NOT_FOUND, "no report for this moment")
    : { status: OK, body: { report: wireOf(report) } };
}

function wireOf({ feedId, fullReport, validFrom, observedAt }: ServedReport) {
  return {
    feedID: feedId,
    fullReport,
    validFromTimestamp: Number(validFrom),
    observationsTimestamp: Number(observedAt),
  };
}

function refusal(status: number, error: string): Answer {
  return { status, body: { error } };
}

function feedsOf(query: URLSearchParams): readonly string[] {
  return (query.get("feedIDs") ?? "").split(",");
}

function wholeOf(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name) ?? "";
  return WHOLE.test(text) ? BigInt(text) : undefined;
}

/** What is no address asks for nothing that exists. */
function urlOf({ url = "" }: IncomingMessage): Pick<URL, "pathname" | "searchParams"> {
  const parsed = URL.parse(url, `http://${HOST}`);
  return parsed ?? { pathname: "", searchParams: new URLSearchParams() };
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isSame(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
