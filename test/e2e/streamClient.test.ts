import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";

import { openStreamApi } from "../../scripts/chain/streamApi.ts";
import {
  type Clock,
  DEFAULT_POLICY,
  StreamClient,
  type StreamClientOptions,
} from "../../scripts/chain/streamClient.ts";
import { StreamRefusedError } from "../../scripts/chain/streamFailures.ts";
import { openStreamSocket } from "../../scripts/chain/streamSocket.ts";
import type { BulkheadError } from "../../scripts/core/errors.ts";
import { pathThrough } from "../../scripts/localnet/pricePath.ts";
import { DEFAULT_NETWORK, OracleNetwork } from "../../scripts/localnet/streamNetwork.ts";
import { type StreamServer, startStreamServer } from "../../scripts/localnet/streamServer.ts";
import { CREDENTIALS, FEED, OTHER_FEED, WAD } from "../fixtures/streamService.ts";

const START = 1_700_000_000n;
const LIFETIME_MS = 30_000;
const RULES = { feedId: FEED, maxSpread: WAD / 100n };

const clock: Clock = {
  elapsed: () => performance.now(),
  now: () => Date.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** Real sockets, and patience short enough for a test. */
const policy = {
  ...DEFAULT_POLICY,
  staleMs: 1_000,
  connectMs: 1_000,
  leastPauseMs: 20,
  mostPauseMs: 200,
};

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + LIFETIME_MS; !holds(); await sleep(5)) {
    if (performance.now() > deadline) throw new Error("It did not come about.");
  }
}

describe("StreamClient on a local network", () => {
  let network: OracleNetwork;
  let server: StreamServer;
  let client: StreamClient;
  let troubles: BulkheadError[];

  const serve = (port?: number) =>
    startStreamServer({
      network,
      credentials: CREDENTIALS,
      now: () => Date.now(),
      lifetimeMs: LIFETIME_MS,
      ...(port === undefined ? {} : { port }),
    });

  function listen(changes: Partial<StreamClientOptions> = {}): StreamClient {
    const credentials = changes.credentials ?? CREDENTIALS;
    const { restUrl, wsUrl } = server;
    client = new StreamClient({
      wsUrls: [wsUrl],
      credentials,
      feeds: [RULES],
      api: openStreamApi({ restUrl, credentials, timeoutMs: 1_000, now: clock.now }),
      openSocket: openStreamSocket,
      clock,
      policy,
      onTrouble: (trouble) => troubles.push(trouble),
      ...changes,
    });
    client.start();
    return client;
  }

  const heard = () => client.reports(FEED).map(({ observedAt }) => observedAt - START);

  beforeEach(async () => {
    troubles = [];
    const path = pathThrough([{ time: START, price: 2_000n * WAD }]);
    network = new OracleNetwork({ ...DEFAULT_NETWORK, feedId: FEED, path, from: START });
    server = await serve();
  });

  afterEach(async () => {
    client.stop();
    await server.stop();
  });

  it("hears what is reported, byte for byte", async () => {
    listen();
    await until(() => server.listeners() === 1 && client.health.connected);
    network.advanceTo(START);
    network.advanceTo(START + 1n);
    await until(() => heard().length === 2);
    expect(client.reports(FEED)).to.deep.equal(network.reports);
    expect(troubles).to.deep.equal([]);
  });

  it("comes back after an outage of the whole service, and lacks nothing", async () => {
    listen();
    await until(() => client.health.connected);
    network.advanceTo(START);
    await until(() => heard().length === 1);
    const { port } = server;
    await server.stop();
    for (const second of [1n, 2n, 3n]) network.advanceTo(START + second);
    await until(() => troubles.length >= 3);
    server = await serve(port);
    await until(() => client.health.connected);
    network.advanceTo(START + 4n);
    await until(() => heard().length === 5);
    expect(heard()).to.deep.equal([0n, 1n, 2n, 3n, 4n]);
    expect(client.health.opened).to.equal(2);
  });

  it("gives up a service that is silent, and listens anew", async () => {
    listen();
    await until(() => client.health.opened >= 2);
    expect(troubles[0]?.message).to.include(FEED);
    // One listener at a time: the old connection was ended.
    await until(() => server.listeners() === 1);
  });

  it("hears from another origin when the first is gone", async () => {
    listen({ wsUrls: ["ws://127.0.0.1:1", server.wsUrl] });
    await until(() => client.health.connected);
    network.advanceTo(START);
    await until(() => heard().length === 1);
  });

  for (const [what, changes] of [
    ["a wrong secret", { credentials: { ...CREDENTIALS, userSecret: "wrong" } }],
    ["a feed that does not exist", { feeds: [{ ...RULES, feedId: OTHER_FEED }] }],
  ] as const) {
    it(`says that it is refused for ${what}`, async () => {
      listen(changes);
      await until(() => troubles.length > 0);
      expect(troubles[0]).to.be.instanceOf(StreamRefusedError).with.property("status", 401);
      expect(troubles[0]?.message).not.to.include("wrong");
      expect(client.health.connected).to.equal(false);
    });
  }
});
