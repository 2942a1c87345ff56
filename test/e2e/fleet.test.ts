import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

import { ask } from "../../scripts/chain/provider.ts";
import { Lease } from "../../scripts/keeper/lease.ts";
import { openPostgres } from "../../scripts/keeper/store/postgres.ts";
import { mineAt } from "../../scripts/localnet/world.ts";
import { type FaultProxy, on, startFaultProxy } from "../fixtures/faultProxy.ts";
import { type KeeperRig, keystoreSettings, openKeeper } from "../fixtures/keeperRig.ts";
import {
  type KeeperWorld,
  longTo,
  openPositions,
  setPrice,
  startKeeperWorld,
} from "../fixtures/keeperWorld.ts";
import { startPostgres, type TestServer } from "../fixtures/postgres.ts";

const LIFETIME_MS = 300_000;
/** Much longer than what is done under it takes on a busy machine; the tests wait for its end. */
const LEASE_MS = 4_000;

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("several keepers", () => {
  let server: TestServer;
  let world: KeeperWorld;
  let proxy: FaultProxy;
  let folder: string;
  let positions: readonly bigint[];
  let next = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bulkhead-fleet-"));
    server = await startPostgres();
    world = await startKeeperWorld(LIFETIME_MS);
    proxy = await startFaultProxy(world.node.rpcUrl);
    positions = await openPositions(
      world,
      Array.from({ length: 6 }, (_, index) => longTo(1900n - BigInt(index) * 10n)),
    );
  }).timeout(60_000);

  after(async () => {
    await proxy.close();
    await world.node.stop();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function keep(
    instance: string,
    settings: Readonly<Record<string, string>>,
  ): Promise<KeeperRig> {
    return openKeeper(world, {
      ...(await keystoreSettings(world, folder)),
      BULKHEAD_RPC_URL: world.node.rpcUrl,
      BULKHEAD_INSTANCE: instance,
      ...settings,
    });
  }

  const leased = {
    BULKHEAD_LEASE: "on",
    BULKHEAD_LEASE_MS: String(LEASE_MS),
  };

  async function isServed(positionId: bigint): Promise<boolean> {
    return (await world.contracts.marginVault.position(positionId)).size < 10n ** 18n;
  }

  /** Liquidations of a position so far, and those that did nothing. */
  async function receiptsOf(positionId: bigint): Promise<number> {
    const { marginVault } = world.contracts;
    const filter = marginVault.filters.PositionLiquidated(positionId);
    return (await marginVault.queryFilter(filter, 0)).length;
  }

  const hasSent = (keeper: KeeperRig) => keeper.lines.some(({ outcome }) => outcome === "sent");

  const nextPosition = () => {
    const id = positions[next] ?? 0n;
    next += 1;
    return { id, price: 1895n - BigInt(next - 1) * 10n };
  };

  describe("Lease", () => {
    it("28: is one keeper's until it runs out, and its epoch tells the old one", async () => {
      const database = await openPostgres({ url: server.url, timeoutMs: 2_000 });
      const open = (holder: string) =>
        new Lease({ database, name: "test", holder, lifeMs: LEASE_MS });
      const [first, second] = [open("first"), open("second")];
      expect(await first.renew()).to.equal(true);
      expect(await second.renew()).to.equal(false);
      expect(await first.confirm()).to.equal(true);
      // The first one sleeps through its end.
      await pass(LEASE_MS + 50);
      expect(await first.confirm()).to.equal(false);
      expect(await second.renew()).to.equal(true);
      expect(await first.confirm()).to.equal(false);
      expect(await first.renew()).to.equal(false);
      await second.release();
      expect(await first.renew()).to.equal(true);
      expect(await second.confirm()).to.equal(false);
      await database.close();
    });

    it("28: does not let a keeper send that cannot ask", async () => {
      const database = await openPostgres({ url: server.url, timeoutMs: 2_000 });
      const lease = new Lease({ database, name: "cut", holder: "me", lifeMs: 60_000 });
      await lease.renew();
      expect(await lease.confirm()).to.equal(true);
      await database.close();
      expect(await lease.confirm()).to.equal(false);
    });
  });

  describe("given a lease", () => {
    it("27: another acts within two blocks when the leader dies while it sends", async () => {
      const store = { BULKHEAD_STORE: server.url, ...leased };
      const leader = await keep("leader", { ...store, BULKHEAD_RPC_URL: proxy.url });
      const other = await keep("other", store);
      await leader.parts.lease?.renew();
      await other.parts.lease?.renew();
      expect([leader.parts.lease?.held, other.parts.lease?.held]).to.deep.equal([true, false]);
      await leader.turn();
      await other.turn();
      const { id, price } = nextPosition();
      await setPrice(world, price);
      // It signs and stores, and dies before a node has it.
      const heal = proxy.fault(on("eth_sendRawTransaction", { kind: "cut" }));
      await leader.turn();
      await leader.close();
      heal();
      await other.turn();
      expect(await isServed(id)).to.equal(false);
      const died = await world.provider.getBlockNumber();
      await pass(LEASE_MS + 50);
      await mineAt(world.provider);
      await other.parts.lease?.renew();
      await other.turn();
      expect(await isServed(id)).to.equal(true);
      expect(await world.provider.getBlockNumber()).to.be.at.most(died + 2);
      expect(await receiptsOf(id)).to.equal(1);
      await other.parts.lease?.release();
      await other.close();
    });

    it("28: one that wakes up after its lease was taken sends nothing", async () => {
      const store = { BULKHEAD_STORE: server.url, ...leased };
      const sleeper = await keep("sleeper", store);
      const awake = await keep("awake", store);
      expect(await sleeper.parts.lease?.renew()).to.equal(true);
      await sleeper.turn();
      await awake.turn();
      await pass(LEASE_MS + 50);
      await awake.parts.lease?.renew();
      const { id, price } = nextPosition();
      await setPrice(world, price);
      // It still believes that it leads.
      expect(sleeper.parts.lease?.held).to.equal(true);
      await sleeper.turn();
      const sent = sleeper.lines.filter(({ outcome }) => outcome === "sent");
      expect(sent).to.deep.equal([]);
      expect(await isServed(id)).to.equal(false);
      await awake.turn();
      expect(await isServed(id)).to.equal(true);
      await Promise.all([sleeper.close(), awake.close()]);
    });
  });

  describe("given turns and no lease", () => {
    it("27: the next in turn acts when the first does not, and nothing is done twice", async () => {
      const fleet = { BULKHEAD_FLEET: "one,two,three", BULKHEAD_TURN_BLOCKS: "1" };
      const keepers = await Promise.all(
        ["one", "two", "three"].map((instance) => keep(instance, fleet)),
      );
      await Promise.all(keepers.map((keeper) => keeper.turn()));
      const { id, price } = nextPosition();
      await setPrice(world, price);
      const began = await world.provider.getBlockNumber();
      await ask(world.provider, "evm_setAutomine", [false]);
      for (const keeper of keepers) await keeper.turn();
      const alive = keepers.filter((keeper) => !hasSent(keeper));
      // The first in turn acted, and dies with what it sent.
      expect(alive).to.have.length(2);
      await ask(world.provider, "anvil_dropAllTransactions", []);
      await ask(world.provider, "evm_setAutomine", [true]);
      for (let blocks = 0; blocks < 2; blocks += 1) {
        await mineAt(world.provider);
        for (const keeper of alive) await keeper.turn();
      }
      expect(await isServed(id)).to.equal(true);
      expect(await receiptsOf(id)).to.equal(1);
      expect((await world.provider.getBlockNumber()) - began).to.be.at.most(3);
      await Promise.all(keepers.map((keeper) => keeper.close()));
    });
  });
});
