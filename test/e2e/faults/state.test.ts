import { expect } from "chai";
import fc from "fast-check";

import { readHead } from "../../../scripts/chain/blocks.ts";
import {
  DeepReorgError,
  LaggingNodeError,
  LogGapError,
  RpcError,
} from "../../../scripts/chain/failures.ts";
import { blockRanges } from "../../../scripts/chain/logs.ts";
import { ask } from "../../../scripts/chain/provider.ts";
import type { Follower } from "../../../scripts/keeper/follower.ts";
import type { Database } from "../../../scripts/keeper/store/database.ts";
import { openSqlite } from "../../../scripts/keeper/store/sqlite.ts";
import { mineAt, transact } from "../../../scripts/localnet/world.ts";
import { type FaultProxy, on, startFaultProxy } from "../../fixtures/faultProxy.ts";
import { failureOf, follow } from "../../fixtures/following.ts";
import {
  type KeeperWorld,
  longTo,
  openPositions,
  openRequest,
  startKeeperWorld,
  submitAll,
} from "../../fixtures/keeperWorld.ts";

const LIFETIME_MS = 90_000;
const DEPTH = 8;

describe("faults of the state", () => {
  let world: KeeperWorld;
  let proxy: FaultProxy;
  let database: Database;
  let positions: readonly bigint[];
  let clean: string;
  let scopes = 0;

  before(async () => {
    world = await startKeeperWorld(LIFETIME_MS);
    proxy = await startFaultProxy(world.node.rpcUrl);
    database = await openSqlite(":memory:");
    positions = await openPositions(world, [longTo(1900n), longTo(1850n), longTo(1800n)]);
    clean = await ask<string>(world.provider, "evm_snapshot", []);
  }).timeout(30_000);

  after(async () => {
    await proxy.close();
    await database.close();
    await world.node.stop();
  });

  beforeEach(async () => {
    scopes += 1;
    await ask(world.provider, "evm_revert", [clean]);
    clean = await ask<string>(world.provider, "evm_snapshot", []);
  });

  /** A follower through the proxy, of a scope of its own. */
  function following(changes: Partial<Parameters<typeof follow>[1]> = {}) {
    const scope = `test ${scopes}`;
    return follow(world, { rpcUrl: proxy.url, database, scope, depth: DEPTH, ...changes });
  }

  /** All that a follower knows, to compare. */
  function known({ index }: Follower) {
    const positionsById = [...index.positions].sort((a, b) => Number(a[0] - b[0]));
    const ordersById = [...index.orders].sort((a, b) => Number(a[0] - b[0]));
    return { positions: positionsById, orders: ordersById, terms: [...index.terms] };
  }

  /** What somebody knows who reads the chain for the first time. */
  async function knownFresh() {
    const fresh = await follow(world, {
      rpcUrl: world.node.rpcUrl,
      database: await openSqlite(":memory:"),
      scope: "fresh",
      depth: DEPTH,
    });
    await fresh.advance();
    return known(fresh.follower);
  }

  /** Writes a log of the vault. */
  async function addMargin(positionId = positions[0] ?? 0n): Promise<void> {
    const { marginVault, addresses } = world.contracts;
    const data = marginVault.interface.encodeFunctionData("addMargin", [positionId, 1_000_000n]);
    await transact(world.provider, world.account, { to: addresses.marginVault, data });
  }

  const aRequest = () =>
    openRequest({ size: 10n ** 18n, margin: 200n * 10n ** 18n, reserve: 500n * 10n ** 18n });

  it("2: a position that is closed and another that is opened are both seen, scan after scan", async () => {
    const { follower, advance } = await following();
    await advance();
    const closing = { ...aRequest(), positionId: positions[0] ?? 0n, reduceOnly: true };
    for (let round = 0; round < 3; round += 1) {
      await submitAll(world, [
        { ...closing, sizeDelta: -(10n ** 18n) / 4n, margin: 0n, reserve: 0n, acceptablePrice: 1n },
      ]);
      await openPositions(world, [longTo(1700n)]);
      await advance();
      expect(known(follower)).to.deep.equal(await knownFresh());
    }
    expect(follower.index.positions.size).to.equal(6);
    expect(follower.index.orders.size).to.equal(0);
  });

  it("3: a chunk that fails three times leaves the cursor before it, and a restart resumes there", async () => {
    const { follower, advance } = await following({ logRange: 5 });
    const head = await readHead(world.provider);
    let served = 0;
    const heal = proxy.fault(({ method }) => {
      if (method !== "eth_getLogs") return undefined;
      served += 1;
      return served > 2 ? { kind: "error", code: -32_000, message: "internal" } : undefined;
    });
    for (let tries = 0; tries < 3; tries += 1) {
      expect(await failureOf(advance())).to.be.instanceOf(RpcError);
      // Two ranges of five blocks from 0 on.
      expect(follower.tip?.number).to.equal(9);
    }
    const restarted = await following({ logRange: 5 });
    expect(restarted.follower.tip?.number).to.equal(9);
    heal();
    await restarted.advance();
    expect(restarted.follower.tip?.hash).to.equal(head.hash);
    expect(known(restarted.follower)).to.deep.equal(await knownFresh());
  });

  it("4: ranges of any length cover every block once", () => {
    fc.assert(
      fc.property(
        fc.nat(3_000),
        fc.nat(3_000),
        fc.integer({ min: 1, max: 400 }),
        (from, more, step) => {
          const to = from + more;
          const blocks = blockRanges({ from, to }, step).flatMap((range) =>
            Array.from({ length: range.to - range.from + 1 }, (_, index) => range.from + index),
          );
          expect(blocks).to.deep.equal(
            Array.from({ length: more + 1 }, (_, index) => from + index),
          );
        },
      ),
    );
  });

  it("5: logs that a node leaves out are noticed, and read again", async () => {
    const { follower, advance } = await following();
    await advance();
    await addMargin();
    await submitAll(world, [aRequest()]);
    const heal = proxy.fault(on("eth_getLogs", { kind: "answer", result: [] }));
    expect(await failureOf(advance())).to.be.instanceOf(LogGapError);
    heal();
    await advance();
    expect(known(follower)).to.deep.equal(await knownFresh());
    expect(follower.index.orders.size).to.equal(1);
  });

  it("5: logs that were left out of a range long read are found by the numbers of later ones", async () => {
    for (let blocks = 0; blocks < DEPTH + 6; blocks += 1) await addMargin();
    const { follower, advance } = await following({ logRange: 4 });
    let served = 0;
    const heal = proxy.fault(({ method }) => {
      if (method !== "eth_getLogs") return undefined;
      served += 1;
      const tail = (result: unknown) => (Array.isArray(result) ? result.slice(0, -1) : result);
      return served === 4 ? { kind: "edit", edit: tail } : undefined;
    });
    const failures: unknown[] = [];
    for (
      let tries = 0;
      tries < 4 && follower.tip?.hash !== (await readHead(world.provider)).hash;
      tries += 1
    ) {
      await advance().catch((cause: unknown) => failures.push(cause));
    }
    heal();
    await advance();
    expect(failures.every((cause) => cause instanceof LogGapError)).to.equal(true);
    expect(known(follower)).to.deep.equal(await knownFresh());
  });

  it("5: the end of a block's list that was left out is found, and that block is read again", async () => {
    const { follower, advance } = await following();
    await advance();
    await submitAll(world, [aRequest(), aRequest()]);
    await addMargin();
    await submitAll(world, [aRequest()]);
    let cut = 0;
    const heal = proxy.fault(({ method }) => {
      if (method !== "eth_getLogs") return undefined;
      const shorten = (logs: unknown) => {
        if (cut > 0 || !Array.isArray(logs) || logs.length < 2) return logs;
        cut += 1;
        return logs.slice(0, -1);
      };
      return { kind: "edit", edit: shorten };
    });
    // The list of the first block, which has two, loses one; those of the others are whole.
    expect(await failureOf(advance())).to.be.instanceOf(LogGapError);
    expect(cut).to.equal(1);
    await advance();
    heal();
    expect(known(follower)).to.deep.equal(await knownFresh());
    expect(follower.index.orders.size).to.equal(3);
  });

  it("6: blocks that come all at once after a silence are read once each, without a gap", async () => {
    const { follower, advance } = await following();
    await advance();
    const before = follower.tip?.number ?? 0;
    const frozen = await readHead(world.provider);
    const asked = `0x${frozen.number.toString(16)}`;
    const still = await ask<unknown>(world.provider, "eth_getBlockByNumber", [asked, false]);
    const heal = proxy.fault(({ method, params }) =>
      method === "eth_getBlockByNumber" && params[0] === "latest"
        ? { kind: "answer", result: still }
        : undefined,
    );
    for (let blocks = 0; blocks < 5; blocks += 1) await addMargin();
    await advance();
    expect(follower.tip?.number).to.equal(before);
    heal();
    proxy.calls.length = 0;
    await advance();
    expect(known(follower)).to.deep.equal(await knownFresh());
    const reads = proxy.calls.filter(({ method }) => method === "eth_getLogs");
    expect(reads).to.have.length(5);
  });

  for (const depth of [1, DEPTH - 1, DEPTH]) {
    it(`8: a reorganisation of ${depth} blocks is taken back exactly`, async () => {
      for (let blocks = 0; blocks < 2; blocks += 1) await mineAt(world.provider);
      const { follower, advance } = await following({ agreed: async () => false });
      await advance();
      const fork = await ask<string>(world.provider, "evm_snapshot", []);
      for (let blocks = 0; blocks < depth; blocks += 1) await addMargin();
      await advance();
      await ask(world.provider, "evm_revert", [fork]);
      await submitAll(world, [aRequest()]);
      for (let blocks = 0; blocks < depth; blocks += 1) await mineAt(world.provider);
      await advance();
      expect(known(follower)).to.deep.equal(await knownFresh());
      const restarted = await following();
      expect(known(restarted.follower)).to.deep.equal(known(follower));
    });
  }

  it("8: a deeper one freezes until nodes agree, then another history takes over whole", async () => {
    let agree = false;
    const { follower, advance } = await following({ agreed: async () => agree });
    await advance();
    const fork = await ask<string>(world.provider, "evm_snapshot", []);
    for (let blocks = 0; blocks < DEPTH + 1; blocks += 1) await addMargin();
    await advance();
    const before = known(follower);
    await ask(world.provider, "evm_revert", [fork]);
    for (let blocks = 0; blocks < DEPTH + 3; blocks += 1) await mineAt(world.provider);
    expect(await failureOf(advance())).to.be.instanceOf(DeepReorgError);
    expect(follower.frozen).to.equal(true);
    expect(known(follower)).to.deep.equal(before);
    expect(known((await following()).follower)).to.deep.equal(before);
    agree = true;
    await advance();
    expect(follower.frozen).to.equal(false);
    expect(known(follower)).to.deep.equal(await knownFresh());
    expect(known((await following()).follower)).to.deep.equal(await knownFresh());
  });

  it("8: a node that syncs from far back changes nothing that was stored", async () => {
    const { follower, advance } = await following();
    await advance();
    const before = known(follower);
    const old = await ask<unknown>(world.provider, "eth_getBlockByNumber", ["0x3", false]);
    const heal = proxy.fault(({ method, params }) =>
      method === "eth_getBlockByNumber" && params[0] === "latest"
        ? { kind: "answer", result: old }
        : undefined,
    );
    for (let looks = 0; looks < 5; looks += 1) {
      expect(await failureOf(advance())).to.be.instanceOf(LaggingNodeError);
    }
    expect(known(follower)).to.deep.equal(before);
    expect(known((await following()).follower)).to.deep.equal(before);
    heal();
    await advance();
  });

  it("9: a head that swings back and forth delivers nothing twice", async () => {
    const { follower, advance } = await following();
    await advance();
    for (let blocks = 0; blocks < 6; blocks += 1) await addMargin();
    const top = (await readHead(world.provider)).number;
    for (const back of [4, 2, 5, 1, 3, 0, 2, 0]) {
      const asked = `0x${(top - back).toString(16)}`;
      const block = await ask<unknown>(world.provider, "eth_getBlockByNumber", [asked, false]);
      const heal = proxy.fault(({ method, params }) =>
        method === "eth_getBlockByNumber" && params[0] === "latest"
          ? { kind: "answer", result: block }
          : undefined,
      );
      await advance().catch((cause: unknown) => {
        expect(cause).to.be.instanceOf(LaggingNodeError);
      });
      heal();
    }
    expect(known(follower)).to.deep.equal(await knownFresh());
  });
});
