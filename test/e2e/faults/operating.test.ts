import { once } from "node:events";
import { createServer } from "node:net";
import { expect } from "chai";

import { ask } from "../../../scripts/chain/provider.ts";
import { mineAt } from "../../../scripts/localnet/world.ts";
import { type FaultProxy, on, startFaultProxy } from "../../fixtures/faultProxy.ts";
import { type KeeperRig, openKeeper } from "../../fixtures/keeperRig.ts";
import {
  type KeeperWorld,
  longTo,
  openPositions,
  setPrice,
  startKeeperWorld,
} from "../../fixtures/keeperWorld.ts";

const LIFETIME_MS = 120_000;
const POLL_MS = 50;

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Wait until something holds; fails after a while. */
async function eventually(holds: () => Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`It did not hold within "${withinMs}" ms.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a running keeper", () => {
  let world: KeeperWorld;
  let proxy: FaultProxy;
  let keeper: KeeperRig;
  let stop: AbortController;
  let running: Promise<void>;
  let positions: readonly bigint[];

  before(async () => {
    world = await startKeeperWorld(LIFETIME_MS);
    proxy = await startFaultProxy(world.node.rpcUrl);
    positions = await openPositions(world, [longTo(1900n), longTo(1850n)]);
    keeper = await openKeeper(world, {
      BULKHEAD_RPC_URL: proxy.url,
      BULKHEAD_POLL_MS: String(POLL_MS),
      BULKHEAD_HEAD_STALE_MS: "1500",
      BULKHEAD_HTTP_PORT: String(await freePort()),
    });
    stop = new AbortController();
    running = keeper.service.run(stop.signal);
    await eventually(async () => keeper.service.opsPort !== undefined, 5_000);
  }).timeout(30_000);

  after(async () => {
    stop.abort();
    await running;
    await proxy.close();
    await world.node.stop();
  });

  async function get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`http://127.0.0.1:${keeper.service.opsPort}${path}`);
    return { status: response.status, text: await response.text() };
  }

  const isReady = async () => {
    await mineAt(world.provider);
    return (await get("/readyz")).status === 200;
  };

  it("is live and ready, and tells what it measures", async () => {
    await eventually(isReady, 5_000);
    expect((await get("/livez")).status).to.equal(200);
    const { text } = await get("/metrics");
    for (const name of ["positions_open", "oracle_age_seconds", "liquidation_lag_blocks"]) {
      expect(text).to.include(`bulkhead_keeper_${name}`);
    }
    expect(text).to.match(/positions_open\{market="0x[0-9a-fA-F]{40}"\} 2/);
    // Addresses of nodes may carry keys.
    expect(text).to.not.include(proxy.url);
    expect(JSON.parse((await get("/status")).text)).to.have.property("markets");
    expect((await get("/nothing")).status).to.equal(404);
  });

  it("6: a head that stands still turns it red, and a moving one green again", async () => {
    await eventually(isReady, 5_000);
    await eventually(async () => (await get("/readyz")).status === 503, 4_000);
    expect((await get("/readyz")).text).to.include('"head"');
    await eventually(isReady, 5_000);
  });

  it("23: looks that all fail turn it red within three periods, while it stays live", async () => {
    await eventually(isReady, 5_000);
    const heal = proxy.fault(on("eth_call", { kind: "error", code: -32_000, message: "broken" }));
    const began = performance.now();
    await eventually(async () => {
      await mineAt(world.provider);
      return (await get("/readyz")).status === 503;
    }, 6_000);
    // Three periods of a second, and one look.
    expect(performance.now() - began).to.be.lessThan(4_500);
    expect((await get("/livez")).status).to.equal(200);
    heal();
    await eventually(isReady, 6_000);
  });

  it("23: a price that is gone turns it red although every request is answered", async () => {
    await eventually(isReady, 5_000);
    const latest = world.contracts.oracle.interface.getFunction("latest").selector;
    const heal = proxy.fault(({ method, params }) => {
      const [call] = params as readonly { readonly data?: string }[];
      const isPrice = method === "eth_call" && call?.data?.startsWith(latest) === true;
      return isPrice ? { kind: "error", code: 3, message: "execution reverted" } : undefined;
    });
    await eventually(async () => {
      await mineAt(world.provider);
      return (await get("/readyz")).status === 503;
    }, 6_000);
    heal();
    await eventually(isReady, 6_000);
  });

  it("liquidates by itself, and counts how long that took", async () => {
    await setPrice(world, 1895n);
    await eventually(async () => {
      await mineAt(world.provider);
      const position = await world.contracts.marginVault.position(positions[0] ?? 0n);
      return position.size < 10n ** 18n;
    }, 6_000);
    await eventually(async () => {
      const { text } = await get("/metrics");
      return /liquidation_lag_blocks_count\{market="0x[0-9a-fA-F]{40}"\} [1-9]/.test(text);
    }, 3_000);
    await ask(world.provider, "evm_mine", []);
  });
});
