import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import pino from "pino";

import type { MarketContracts } from "../../../scripts/chain/contracts.ts";
import { KeyError } from "../../../scripts/chain/failures.ts";
import type { PriceSource } from "../../../scripts/chain/priceSource.ts";
import type { StreamClient } from "../../../scripts/chain/streamClient.ts";
import { ConfigError } from "../../../scripts/config/keeper.ts";
import { openReports, priceMarkOf } from "../../../scripts/keeper/reports.ts";
import { CREDENTIALS, FEED, OTHER_FEED, served, WAD } from "../../fixtures/streamService.ts";

const log = pino({ level: "silent" });
const ADDRESS = `0x${"ab".repeat(20)}`;

const PUSH: PriceSource = { kind: "push", indexFeed: ADDRESS, quoteFeed: undefined };
const streamOf = (feedId: string, maxSpread = WAD / 100n) =>
  ({
    kind: "stream",
    oracle: ADDRESS,
    verifierProxy: ADDRESS,
    feedId,
    maxSpread,
    quoteFeed: undefined,
  }) as const;

/** Of a market nothing but its source is looked at. */
const marketOn = (source: PriceSource) => ({ source }) as unknown as MarketContracts;

describe("openReports", () => {
  let folder: string;

  const configWith = (credentialsFile: string) => ({
    restUrl: "http://127.0.0.1:1",
    wsUrls: ["ws://127.0.0.1:1"],
    credentialsFile,
    timeoutMs: 1_000,
    staleMs: 1_000,
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bulkhead-"));
    await writeFile(join(folder, "streams.json"), JSON.stringify(CREDENTIALS));
  });

  after(async () => {
    await rm(folder, { recursive: true });
  });

  it("listens to nothing where no market is on reports", async () => {
    const markets = [marketOn(PUSH), marketOn({ kind: "bounded", primary: PUSH })];
    expect(await openReports({ config: undefined, markets, log })).to.equal(undefined);
  });

  it("refuses to start where a market is on reports and nobody says where they come from", async () => {
    const markets = [marketOn(PUSH), marketOn({ kind: "bounded", primary: streamOf(FEED) })];
    const failure = await openReports({ config: undefined, markets, log }).catch((cause) => cause);
    expect(failure).to.be.instanceOf(ConfigError);
    expect(String(failure)).to.include("BULKHEAD_STREAMS_CREDENTIALS");
  });

  it("refuses to start without the file of its credentials", async () => {
    const config = configWith(join(folder, "none.json"));
    const markets = [marketOn(streamOf(FEED))];
    const failure = await openReports({ config, markets, log }).catch((cause) => cause);
    expect(failure).to.be.instanceOf(KeyError);
  });

  it("listens to each feed, and goes on while the service is away", async () => {
    const config = configWith(join(folder, "streams.json"));
    const markets = [streamOf(FEED), streamOf(FEED), streamOf(OTHER_FEED)].map(marketOn);
    const client = await openReports({ config, markets, log });
    expect(client?.reports(FEED)).to.deep.equal([]);
    expect(client?.reports(OTHER_FEED)).to.deep.equal([]);
    client?.stop();
  });
});

describe("priceMarkOf", () => {
  const reports = [served(100n), served(101n)];
  const client = { reports: () => reports } as unknown as StreamClient;

  it("names the newest report that is not of the future", () => {
    const mark = priceMarkOf(marketOn(streamOf(FEED)), client);
    expect([99n, 100n, 200n].map(mark)).to.deep.equal([
      "",
      reports[0]?.fullReport,
      reports[1]?.fullReport,
    ]);
  });

  it("is always the same for push feeds, whose prices come with blocks", () => {
    expect(priceMarkOf(marketOn(PUSH), client)(200n)).to.equal("");
  });
});
