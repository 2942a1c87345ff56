import { once } from "node:events";
import { expect } from "chai";
import { WebSocket } from "ws";

import { openStreamApi, type StreamApi } from "../../../scripts/chain/streamApi.ts";
import { authHeaders } from "../../../scripts/chain/streamAuth.ts";
import {
  NoReportError,
  StreamRefusedError,
  StreamServiceError,
} from "../../../scripts/chain/streamFailures.ts";
import { recoverSigners } from "../../../scripts/chain/streamReports.ts";
import { decodeSignedReport } from "../../../scripts/core/streamReport.ts";
import { pathThrough } from "../../../scripts/localnet/pricePath.ts";
import {
  DEFAULT_NETWORK,
  NetworkTooSmallError,
  OracleNetwork,
} from "../../../scripts/localnet/streamNetwork.ts";
import { type StreamServer, startStreamServer } from "../../../scripts/localnet/streamServer.ts";
import { CREDENTIALS, FEED, OTHER_FEED, saying, WAD } from "../../fixtures/streamService.ts";

const START = 1_700_000_000n;
const NOW = 1_790_000_000_000;

/** From 2,000 up to 2,100 within 100 s: one a second. */
const path = pathThrough([
  { time: START, price: 2_000n * WAD },
  { time: START + 100n, price: 2_100n * WAD },
]);

function networkOf(changes: Partial<ConstructorParameters<typeof OracleNetwork>[0]> = {}) {
  return new OracleNetwork({ ...DEFAULT_NETWORK, feedId: FEED, path, from: START, ...changes });
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error("It did not fail."),
    (cause: unknown) => cause,
  );
}

describe("OracleNetwork", () => {
  for (const [signers, faulty] of [
    [3, 1],
    [6, 2],
    [4, 0],
  ] as const) {
    it(`refuses ${signers} oracles of which ${faulty} may be faulty`, () => {
      expect(() => networkOf({ signers, faulty })).to.throw(NetworkTooSmallError);
    });
  }

  it("reports every second that passes, in windows that meet", () => {
    const network = networkOf();
    network.advanceTo(START + 2n);
    network.advanceTo(START + 3n);
    network.advanceTo(START + 10n);
    const windows = network.reports.map(({ validFrom, observedAt }) => [
      validFrom - START,
      observedAt - START,
    ]);
    // The first report speaks for what passed before the clock was first told the time.
    expect(windows).to.deep.equal([
      [0n, 2n],
      [3n, 3n],
      [4n, 10n],
    ]);
  });

  it("reports within a minute, however far the clock jumps", () => {
    const network = networkOf();
    network.advanceTo(START + 150n);
    // Second −1 + 60, + 60, and the rest.
    expect(network.reports.map(({ observedAt }) => observedAt - START)).to.deep.equal([
      59n,
      119n,
      150n,
    ]);
  });

  it("waits for its cadence", () => {
    const network = networkOf({ cadence: 5n });
    for (let second = 0n; second < 11n; second += 1n) network.advanceTo(START + second);
    expect(network.reports.map(({ observedAt }) => observedAt - START)).to.deep.equal([4n, 9n]);
  });

  it("puts bid and ask around the price of its second", () => {
    // 0.02% of 2,010 is 0.402, half of it 0.201.
    const network = networkOf();
    network.advanceTo(START + 10n);
    expect(network.reports[0]).to.include({
      price: 2_010n * WAD,
      bid: 2_009_799n * 10n ** 15n,
      ask: 2_010_201n * 10n ** 15n,
      expiresAt: START + 10n + 86_400n,
    });
  });

  it("signs each report with f + 1 of its oracles, in turn", () => {
    const network = networkOf({ signers: 7, faulty: 2 });
    network.advanceTo(START);
    network.advanceTo(START + 1n);
    const addresses = network.signers.map(({ address }) => address);
    const signers = network.reports.map(({ fullReport }) =>
      recoverSigners(decodeSignedReport(fullReport)).map((address) => addresses.indexOf(address)),
    );
    expect(signers).to.deep.equal([
      [0, 1, 2],
      [1, 2, 3],
    ]);
  });
});

describe("a served network", () => {
  let network: OracleNetwork;
  let server: StreamServer;
  let api: StreamApi;

  const open = (changes: { readonly userSecret?: string; readonly now?: number } = {}) =>
    openStreamApi({
      restUrl: server.restUrl,
      credentials: { ...CREDENTIALS, userSecret: changes.userSecret ?? CREDENTIALS.userSecret },
      timeoutMs: 5_000,
      now: () => changes.now ?? NOW,
    });

  beforeEach(async () => {
    network = networkOf();
    for (const second of [0n, 1n, 5n, 6n]) network.advanceTo(START + second);
    server = await startStreamServer({
      network,
      credentials: CREDENTIALS,
      now: () => NOW,
      lifetimeMs: 60_000,
    });
    api = open();
  });

  afterEach(async () => {
    await server.stop();
  });

  describe("when authentication fails", () => {
    it("answers 401 to a wrong secret", async () => {
      const failure = await failureOf(open({ userSecret: "wrong" }).latest(FEED));
      expect(failure).to.be.instanceOf(StreamRefusedError).with.property("status", 401);
    });

    it("answers 401 to a clock that is more than 5 s off, and not to 5 s", async () => {
      const failure = await failureOf(open({ now: NOW + 5_001 }).feeds());
      expect(failure).to.be.instanceOf(StreamRefusedError).with.property("status", 401);
      expect(await open({ now: NOW - 5_000 }).feeds()).to.deep.equal([FEED]);
    });

    it("answers 400 where headers are missing", async () => {
      const response = await fetch(`${server.restUrl}/api/v1/feeds`);
      expect(response.status).to.equal(400);
    });

    it("answers 401 to another key beside a right signature", async () => {
      const signed = { method: "GET", path: "/api/v1/feeds", timestamp: NOW } as const;
      const headers = { ...authHeaders(signed, CREDENTIALS), Authorization: "another" };
      expect((await fetch(`${server.restUrl}/api/v1/feeds`, { headers })).status).to.equal(401);
    });

    it("answers 401 to a signature of another path", async () => {
      const signed = { method: "GET", path: "/api/v1/feeds", timestamp: NOW } as const;
      const headers = authHeaders(signed, CREDENTIALS);
      const target = `${server.restUrl}/api/v1/reports/latest?feedID=${FEED}`;
      expect((await fetch(target, { headers })).status).to.equal(401);
    });
  });

  it("answers 401 to a feed that does not exist, and 400 to what is none", async () => {
    const unknown = await failureOf(api.latest(OTHER_FEED));
    expect(unknown).to.be.instanceOf(StreamRefusedError).with.property("status", 401);
    const malformed = await failureOf(api.latest("0x12"));
    expect(malformed).to.be.instanceOf(StreamRefusedError).with.property("status", 400);
  });

  it("lists its feeds", async () => {
    expect(await api.feeds()).to.deep.equal([FEED]);
  });

  it("hands the latest report out as it was signed", async () => {
    expect(await api.latest(FEED)).to.deep.equal(network.reports.at(-1));
  });

  it("finds the report that speaks for a second", async () => {
    expect((await api.at(FEED, START + 3n)).observedAt).to.equal(START + 5n);
    expect(await failureOf(api.at(FEED, START + 7n))).to.be.instanceOf(NoReportError);
  });

  it("answers for many feeds at once, and leaves out those without a report", async () => {
    expect(await api.bulk([FEED], START + 1n)).to.deep.equal([network.reports[1]]);
    expect(await api.bulk([FEED], START + 7n)).to.deep.equal([]);
  });

  it("pages through reports from a second on", async () => {
    const reports = await api.page({ feedId: FEED, from: START + 1n, limit: 2 });
    expect(reports.map(({ observedAt }) => observedAt - START)).to.deep.equal([1n, 5n]);
  });

  it("answers 404 elsewhere, which to a client is no report", async () => {
    const path = "/api/v2/feeds";
    const headers = authHeaders({ method: "GET", path, timestamp: NOW }, CREDENTIALS);
    expect((await fetch(`${server.restUrl}${path}`, { headers })).status).to.equal(404);
  });

  it("is out of reach once it has stopped", async () => {
    await server.stop();
    expect(await failureOf(api.feeds())).to.be.instanceOf(StreamServiceError);
  });

  describe("over a socket", () => {
    function listen(feedIds: string, userSecret: string = CREDENTIALS.userSecret): WebSocket {
      const path = `/api/v1/ws?feedIDs=${feedIds}`;
      const signed = { method: "GET", path, timestamp: NOW } as const;
      const headers = authHeaders(signed, { ...CREDENTIALS, userSecret });
      return new WebSocket(`${server.wsUrl}${path}`, { headers: { ...headers } });
    }

    async function statusOf(socket: WebSocket): Promise<number> {
      const [, response] = (await once(socket, "unexpected-response")) as [
        unknown,
        { statusCode: number },
      ];
      socket.on("error", () => {});
      socket.terminate();
      return response.statusCode;
    }

    it("refuses a wrong secret and an unknown feed with 401, no feed with 400", async () => {
      expect(await statusOf(listen(FEED, "wrong"))).to.equal(401);
      expect(await statusOf(listen(OTHER_FEED))).to.equal(401);
      expect(await statusOf(listen(""))).to.equal(400);
    });

    it("tells every report as it is made", async () => {
      const socket = listen(FEED);
      await once(socket, "open");
      const message = once(socket, "message");
      const report = network.publish(saying(START + 9n));
      const [data] = (await message) as [Buffer];
      expect(JSON.parse(String(data))).to.deep.equal({
        report: {
          feedID: FEED,
          fullReport: report.fullReport,
          validFromTimestamp: 1_700_000_009,
          observationsTimestamp: 1_700_000_009,
        },
      });
      socket.terminate();
    });
  });
});
