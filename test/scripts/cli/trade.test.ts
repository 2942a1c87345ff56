import { spawn } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { network } from "hardhat";
import { environment } from "../../../scripts/config/environment.ts";
import { deployMarket, type MarketFixture, pushPrice } from "../../fixtures/market.ts";
import { type RpcServer, serveRpc } from "../../fixtures/rpcServer.ts";
import { executeOrder, openPosition } from "../../fixtures/trading.ts";
import { newFolder, runAs } from "./fakeIo.ts";

const WAD = 10n ** 18n;
const PROGRAM = fileURLToPath(new URL("../../../bin/bulkhead.mjs", import.meta.url));
const OPEN = ["open", "--side", "long", "--size", "10", "--margin", "1000", "--reserve", "5000"];

describe("trading commands", () => {
  let market: MarketFixture;
  let server: RpcServer;
  let folder: string;
  let env: Record<string, string>;

  before(async () => {
    market = await deployMarket(await network.create());
    server = await serveRpc(market.connection);
    folder = await newFolder();
    const { alice, bob } = market.accounts;
    const settings = {
      network: "test",
      key: "alice",
      networks: {
        test: { rpcUrl: server.url, markets: { eth: String(market.marginVault.target) } },
        wrong: { rpcUrl: server.url, chainId: 5, markets: {} },
      },
      sigma: 0.6,
      keys: { alice: { unlocked: alice.address }, bob: { unlocked: bob.address } },
    };
    const config = join(folder, "config.json");
    await writeFile(config, JSON.stringify(settings));
    env = { BULKHEAD_CONFIG: config };
  });

  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  const sent = () => market.connection.ethers.provider.getTransactionCount(market.accounts.alice);
  const run = (...args: readonly string[]) => runAs({ env }, ...args);

  it("refuses a node on another chain than the settings say", async () => {
    const { code, noted } = await run("market", "ls", "--network", "wrong");
    expect(code).to.equal(2);
    expect(noted).to.include('on chain "31337", the settings say "5"');
  });

  it("says what the market would refuse, and what to do, before anything is sent", async () => {
    const before = await sent();
    // 20,000 × 4% = 800 are needed; 500 less the fee of 10 are there.
    const small = [...OPEN.slice(0, 5), "--margin", "500", "--reserve", "5000", "--yes"];
    const { code, noted } = await run(...small);
    expect(code).to.equal(4);
    expect(noted).to.match(/InitialMarginNotMet: equity "489\.99\d+", required "800".*Add margin/);
    expect(await sent()).to.equal(before);
  });

  it("shows everything and sends nothing on a dry run", async () => {
    const before = await sent();
    const { code, printed, asked } = await run(...OPEN, "--dry-run");
    expect(code).to.equal(0);
    expect(printed).to.match(/│ margin +│ – +│ 989\.99/);
    // (20,000 − 990) ÷ (10 × 0.975) = 1949.74, and a little impact.
    expect(printed).to.match(/│ liquidation price +│ – +│ 1949\.74/);
    expect(printed).to.match(/liquidated within 24 h +│ – +│ \d+\.\d\d%/);
    expect(printed).to.include("the most you can lose by it: 1000.5 USDC");
    expect(asked).to.deep.equal([]);
    expect(await sent()).to.equal(before);
  });

  it("sends nothing where nobody can be asked, or the answer is no", async () => {
    const before = await sent();
    expect((await run(...OPEN)).code).to.equal(5);
    const { code, asked } = await runAs({ env, answers: ["no"] }, ...OPEN);
    expect(code).to.equal(5);
    expect(asked).to.deep.equal(["Send this transaction? [y/N] "]);
    expect(await sent()).to.equal(before);
  });

  it("sends once the answer is yes; the order is found again, and its end told", async () => {
    const { code, printed } = await runAs({ env, answers: ["y"] }, ...OPEN, "--no-wait", "--json");
    expect(code).to.equal(0);
    const { order, plan } = JSON.parse(printed) as {
      order: { orderId: string };
      plan: { changes: readonly { name: string; after: string }[] };
    };
    const foreseen = plan.changes.find(({ name }) => name === "liquidation price")?.after;
    const listed = JSON.parse((await run("orders", "--json")).printed) as {
      orders: readonly { orderId: string; margin: string }[];
    };
    expect(listed.orders.map(({ orderId }) => orderId)).to.deep.equal([order.orderId]);
    const orderId = BigInt(order.orderId);
    const { timestamp } = (await market.connection.ethers.provider.getBlock("latest")) ?? {
      timestamp: 0,
    };
    await executeOrder(market, { orderId, submittedAt: BigInt(timestamp) });
    const waited = await run("orders", "wait", order.orderId);
    expect(waited.code).to.equal(0);
    expect(waited.printed).to.include(`Filled: position ${orderId} grew by 10 at 2000`);
    const shown = await run("positions");
    expect(shown.printed).to.include(foreseen);
    expect(shown.printed).to.include("989.99");
  });

  it("ends with 130 on Ctrl-C while it waits, and the order is found again", async () => {
    const args = [PROGRAM, ...OPEN, "--yes"];
    const child = spawn(process.execPath, args, { env: { ...environment(), ...env } });
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes("waits for its price")) break;
    }
    const code = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    expect(await code).to.equal(130);
    const orderId = await market.orderBook.orderCount();
    expect((await run("orders")).printed).to.match(
      new RegExp(`│ ${orderId} +│ ${orderId} +│ market`),
    );
    const { timestamp } = (await market.connection.ethers.provider.getBlock("latest")) ?? {
      timestamp: 0,
    };
    await executeOrder(market, { orderId, submittedAt: BigInt(timestamp) }, 2_100n * WAD);
    await pushPrice(market, 2_000n * WAD);
  }).timeout(60_000);

  it("tells that an order was cancelled, why, and ends with 6", async () => {
    await run(...OPEN, "--no-wait", "--yes", "--acceptable-price", "2000.1");
    const orderId = await market.orderBook.orderCount();
    const { timestamp } = (await market.connection.ethers.provider.getBlock("latest")) ?? {
      timestamp: 0,
    };
    await executeOrder(market, { orderId, submittedAt: BigInt(timestamp) }, 2_010n * WAD);
    const { code, noted } = await run("orders", "wait", String(orderId));
    expect(code).to.equal(6);
    expect(noted).to.match(/PriceNotAcceptable.*Refunded 1000, keeper's fee 0\.5/);
    await pushPrice(market, 2_000n * WAD);
  });

  it("lets nobody take margin out of a position of somebody else, nor too much of one's own", async () => {
    const id = await openPosition(market, {
      account: market.accounts.alice,
      size: 10n * WAD,
      margin: 1_000n * WAD,
    });
    const theirs = await run("margin", "remove", String(id), "10", "--key", "bob", "--yes");
    expect(theirs.code).to.equal(2);
    expect(theirs.noted).to.include(market.accounts.alice.address);
    const { code, noted } = await run("margin", "remove", String(id), "500", "--yes");
    expect(code).to.equal(4);
    // 990 of equity less 800, and less the impact of a second 10 on top of 10: 20,000 × 15 ÷ 20,000,000 = 0.015.
    expect(noted).to.match(/Take out at most "189\.98/);
  });

  it("writes the history of the account, and of nobody else", async () => {
    const file = join(folder, "history.csv");
    expect((await run("history", "--csv", file)).code).to.equal(0);
    const [head, ...lines] = (await readFile(file, "utf8")).trim().split("\n");
    expect(head).to.match(/^block,event,position,size,price,fee/);
    expect(lines.filter((line) => line.includes("PositionIncreased"))).to.have.length(2);
    expect((await run("history", "--key", "bob")).printed).to.equal("Nothing happened yet.");
  });

  it("foresees a liquidation in words", async () => {
    const { printed } = await run("explain", "1", "--price", "1945");
    expect(printed).to.include(
      "It can be liquidated now in part; a rescue is not possible: there is no mandate.",
    );
    expect((await run("explain", "99")).code).to.equal(2);
  });

  it("sets a mandate and says what it may cost", async () => {
    const { code, printed } = await run("mandate", "set", "1", "--cap", "300", "--yes");
    expect(code).to.equal(0);
    expect(printed).to.match(/most you can lose +│ 989\.99\d+ +│ 1289\.99/);
    const stored = await market.mandateBook.mandateOf(1n);
    expect(stored.capLeft).to.equal(300n * WAD);
    const after = await run("explain", "1", "--price", "1945");
    expect(after.printed).to.include("Whoever liquidates it now rescues it instead");
    expect((await run("mandate", "revoke", "1", "--yes")).code).to.equal(0);
    expect((await market.mandateBook.mandateOf(1n)).capLeft).to.equal(0n);
  });

  it("asks the pool for shares, and refuses too little", async () => {
    expect((await run("pool", "deposit", "1", "--yes")).code).to.equal(4);
    expect((await run("pool", "deposit", "1000", "--yes")).code).to.equal(0);
    const { printed } = await run("pool", "show", "--key", "alice");
    expect(printed).to.match(/deposits that wait +│ 1000 USDC/);
  });

  it("finds everything in order", async () => {
    const { printed } = await run("doctor");
    expect(printed).to.match(/contracts +│ eth: bhETH\/USDC +│ ok/);
  });
});
