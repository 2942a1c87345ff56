import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Environment } from "../config/environment.ts";
import { pointsOf } from "./indexPrice.ts";
import { pathThrough } from "./pricePath.ts";
import type { ReplayRound } from "./replay.ts";
import { DEFAULT_NETWORK, OracleNetwork } from "./streamNetwork.ts";
import { startStreamServer } from "./streamServer.ts";

/** What an oracle network of a demo is made of; the rest is as usual. */
export interface NetworkShape {
  readonly signers: number;
  readonly faulty: number;
  /** Least time between two reports [s]. */
  readonly cadence: number;
  /** (ask − bid) / price [WAD]. */
  readonly spread: bigint;
  /** What verifying a report costs [wei]. */
  readonly nativeFee: bigint;
}

/** A network within reach of a keeper. */
export interface LocalStreams {
  /** What a keeper must be told to find it. */
  readonly settings: Environment;
  readonly stop: () => Promise<void>;
}

/** A made-up feed of schema v3. */
const FEED_ID = `0x0003${"b1".repeat(30)}`;

/** Make a network whose prices run straight through the rounds of a replay, from a moment on [s]. */
export function networkFor(
  rounds: readonly ReplayRound[],
  { from, shape }: { readonly from: number; readonly shape: NetworkShape },
): OracleNetwork {
  return new OracleNetwork({
    ...DEFAULT_NETWORK,
    feedId: FEED_ID,
    path: pathThrough(pointsOf(rounds)),
    signers: shape.signers,
    faulty: shape.faulty,
    cadence: BigInt(shape.cadence),
    spread: shape.spread,
    nativeFee: shape.nativeFee,
    from: BigInt(from),
  });
}

/** Serve a network under a new key, which only a file knows. */
export async function serveStreams(
  network: OracleNetwork,
  lifetimeMs: number,
): Promise<LocalStreams> {
  const credentials = { apiKey: randomUUID(), userSecret: randomBytes(32).toString("hex") };
  const folder = await mkdtemp(join(tmpdir(), "bulkhead-"));
  const file = join(folder, "streams.json");
  await writeFile(file, JSON.stringify(credentials), { mode: 0o600 });
  const server = await startStreamServer({
    network,
    credentials,
    now: () => Date.now(),
    lifetimeMs,
  });
  return {
    settings: {
      BULKHEAD_STREAMS_REST_URL: server.restUrl,
      BULKHEAD_STREAMS_WS_URLS: server.wsUrl,
      BULKHEAD_STREAMS_CREDENTIALS: file,
    },
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
