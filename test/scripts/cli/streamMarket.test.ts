import { rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { network } from "hardhat";
import { type RpcServer, serveRpc } from "../../fixtures/rpcServer.ts";
import {
  deployStreamMarket,
  executeStreamOrder,
  type StreamMarket,
  submitStreamOrder,
} from "../../fixtures/streamMarket.ts";
import { chargeFees, reportAt, sign } from "../../fixtures/streams.ts";
import { newFolder, runAs } from "./fakeIo.ts";

const WAD = 10n ** 18n;

describe("margin remove in a market that is priced by signed reports", () => {
  let market: StreamMarket;
  let node: RpcServer;
  let service: Server;
  let folder: string;
  let env: Record<string, string>;
  let served: string[];

  before(async () => {
    market = await deployStreamMarket(await network.create());
    node = await serveRpc(market.connection);
    folder = await newFolder();
    served = [];
    service = createServer(async (request, response) => {
      served.push(`${request.url} ${request.headers.authorization}`);
      const report = { feedID: reportAt(0n).feedId, fullReport: await newestReport() };
      response.end(JSON.stringify({ report }));
    });
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    const { port } = service.address() as AddressInfo;
    const shared = { rpcUrl: node.url, markets: { eth: String(market.marginVault.target) } };
    const streams = { restUrl: `http://127.0.0.1:${port}`, credentials: "streams.json" };
    const settings = {
      network: "served",
      key: "alice",
      networks: { served: { ...shared, streams }, alone: shared },
      sigma: 0.6,
      keys: { alice: { unlocked: market.accounts.alice.address } },
    };
    const config = join(folder, "config.json");
    await writeFile(config, JSON.stringify(settings));
    await writeFile(
      join(folder, "streams.json"),
      JSON.stringify({ apiKey: "reader", userSecret: "a secret of the tests" }),
    );
    env = { BULKHEAD_CONFIG: config };

    const submitted = await submitStreamOrder(market, market.accounts.alice, {
      sizeDelta: 10n * WAD,
      margin: 2_000n * WAD,
      reserve: 10_000n * WAD,
    });
    await executeStreamOrder(market, submitted);
    await chargeFees(market.streams);
  });

  after(async () => {
    await node.stop();
    service.closeAllConnections();
    await new Promise((resolve) => service.close(resolve));
    await rm(folder, { recursive: true });
  });

  const newestReport = async () =>
    sign(market.streams, reportAt(BigInt(await market.connection.networkHelpers.time.latest())));
  const marginOf = async () => (await market.marginVault.position(1n)).margin;
  const etherOf = () => market.connection.ethers.provider.getBalance(market.oracle);
  const remove = (...args: readonly string[]) =>
    runAs({ env }, "margin", "remove", "1", "100", "--yes", ...args);

  it("shows the newest report of the service, and pays what its verification costs", async () => {
    const before = await marginOf();
    const { code, noted } = await remove();
    expect(code, noted).to.equal(0);
    expect(await marginOf()).to.equal(before - 100n * WAD);
    expect(served).to.deep.equal([`/api/v1/reports/latest?feedID=${reportAt(0n).feedId} reader`]);
    expect(await etherOf()).to.equal(0n);
  });

  it("takes a report from a file", async () => {
    const before = await marginOf();
    const file = join(folder, "report.hex");
    await writeFile(file, `${await newestReport()}\n`);
    const { code, noted } = await remove("--network", "alone", "--proof", file);
    expect(code, noted).to.equal(0);
    expect(await marginOf()).to.equal(before - 100n * WAD);
  });

  it("says what is missing where neither is there", async () => {
    const { code, noted } = await remove("--network", "alone");
    expect(code).to.equal(2);
    expect(noted).to.include('Set `streams` of network "alone"');
  });

  for (const [name, text] of [
    ["nothing of a report", "hello"],
    ["half a report", "0x0006"],
  ] as const) {
    it(`refuses a file with ${name}, and sends nothing`, async () => {
      const before = await marginOf();
      const file = join(folder, "broken.hex");
      await writeFile(file, text);
      const { code, noted } = await remove("--proof", file);
      expect(code).to.equal(2);
      expect(noted).to.include("holds no signed report");
      expect(await marginOf()).to.equal(before);
    });
  }
});
