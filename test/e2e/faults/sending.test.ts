import { expect } from "chai";

import { RpcError } from "../../../scripts/chain/failures.ts";
import { ask, connectNode, type Node, unlockedAccounts } from "../../../scripts/chain/provider.ts";
import { NotLeadingError } from "../../../scripts/keeper/sending/laneOptions.ts";
import type { Database } from "../../../scripts/keeper/store/database.ts";
import { openSqlite } from "../../../scripts/keeper/store/sqlite.ts";
import { type LocalNode, startNode } from "../../../scripts/localnet/node.ts";
import { type FaultProxy, on, startFaultProxy } from "../../fixtures/faultProxy.ts";
import { failureOf } from "../../fixtures/following.ts";
import { openLane, POLICY, type TestLaneOptions, transferIntent } from "../../fixtures/lanes.ts";

const LIFETIME_MS = 90_000;
const SEND = "eth_sendRawTransaction";

interface Pending {
  readonly nonce: string;
  readonly maxFeePerGas: string;
}

describe("faults of sending", () => {
  let node: LocalNode;
  let provider: Node;
  let proxy: FaultProxy;
  let database: Database;
  let account: string;
  let accounts: readonly string[];
  let used = 0;

  before(async () => {
    node = await startNode({ timestamp: 1_700_000_000, accounts: 30, lifetimeMs: LIFETIME_MS });
    provider = await connectNode({ rpcUrl: node.rpcUrl, timeoutMs: 5_000 });
    accounts = await unlockedAccounts(provider);
    proxy = await startFaultProxy(node.rpcUrl);
  }).timeout(20_000);

  after(async () => {
    await proxy.close();
    await node.stop();
  });

  beforeEach(async () => {
    used += 1;
    account = accounts[used] ?? "";
    database = await openSqlite(":memory:");
    await ask(provider, "evm_setAutomine", [true]);
  });

  afterEach(async () => {
    await database.close();
  });

  function lane(changes: Partial<TestLaneOptions> = {}) {
    return openLane({ rpcUrls: [proxy.url], signing: provider, account, database, ...changes });
  }

  const mine = () => ask(provider, "evm_mine", []);
  const nonceOf = () => provider.getTransactionCount(account, "latest");

  /** A local chain mines a moment after it has answered. */
  async function minedUpTo(nonce: number): Promise<void> {
    for (let looks = 0; looks < 200 && (await nonceOf()) < nonce; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await nonceOf()).to.equal(nonce);
  }

  /** What the pool holds of the account, by nonce. */
  async function pool(): Promise<readonly Pending[]> {
    const content = await ask<{ pending: Record<string, Record<string, Pending>> }>(
      provider,
      "txpool_content",
      [],
    );
    const own = Object.entries(content.pending).find(
      ([address]) => address.toLowerCase() === account.toLowerCase(),
    );
    return Object.values(own?.[1] ?? {});
  }

  for (const [name, fault] of [
    ["429", { kind: "status", status: 429 }],
    ["403", { kind: "status", status: 403 }],
    ["a timeout", { kind: "hang" }],
    ["an answer that is lost", { kind: "lose" }],
  ] as const) {
    it(`10: ${name} on sending leaves no gap, and heals in one look`, async () => {
      const { lane: urgent, events } = await lane();
      const heal = proxy.fault(on(SEND, fault));
      const handed = await urgent.send(transferIntent("a"));
      expect(handed.kind).to.equal("unknown");
      heal();
      const next = await urgent.send(transferIntent("b"));
      expect(next).to.deep.include({ kind: "sent", nonce: 1 });
      await urgent.poll();
      await minedUpTo(2);
      await urgent.poll();
      await urgent.poll();
      expect(events.map(({ kind, intent }) => `${intent.name} ${kind}`)).to.deep.equal([
        "a mined",
        "b mined",
      ]);
    });
  }

  it("10: a nonce whose transaction every node refuses is used by the next", async () => {
    const { lane: urgent } = await lane();
    const heal = proxy.fault(
      on(SEND, { kind: "error", code: -32_000, message: "intrinsic gas too low" }),
    );
    expect((await urgent.send(transferIntent("a"))).kind).to.equal("refused");
    heal();
    expect(await urgent.send(transferIntent("b"))).to.deep.include({ kind: "sent", nonce: 0 });
  });

  it("10: a number given back below others is filled, so that they are mined", async () => {
    const { lane: urgent } = await lane();
    let refusals = 1;
    const heal = proxy.fault(({ method }) => {
      if (method !== SEND || refusals === 0) return undefined;
      refusals -= 1;
      return { kind: "error", code: -32_000, message: "intrinsic gas too low" };
    });
    await Promise.all([urgent.send(transferIntent("a")), urgent.send(transferIntent("b"))]);
    heal();
    for (let looks = 0; looks < 3; looks += 1) await urgent.poll();
    await minedUpTo(2);
    expect(urgent.nonces).to.deep.equal({ open: [], gaps: [] });
  });

  it("11: fifty at once take strictly rising nonces, and none is lost", async () => {
    await ask(provider, "evm_setAutomine", [false]);
    const { lane: urgent, events } = await lane();
    const names = Array.from({ length: 50 }, (_, index) => `item ${index}`);
    const handed = await Promise.all(names.map((name) => urgent.send(transferIntent(name))));
    const nonces = handed.map((one) => ("nonce" in one ? one.nonce : -1));
    expect([...nonces].sort((a, b) => a - b)).to.deep.equal(names.map((_, index) => index));
    await mine();
    await urgent.poll();
    expect(events.map(({ intent }) => intent.name).sort()).to.deep.equal([...names].sort());
  });

  it('12: "nonce too low" blames no node, and is held against the chain', async () => {
    const { lane: urgent, events } = await lane();
    const heal = proxy.fault(
      on(SEND, { kind: "error", code: -32_603, message: "nonce too low" }, 1),
    );
    await urgent.send(transferIntent("a"));
    heal();
    expect(await urgent.send(transferIntent("b"))).to.deep.include({ kind: "sent", nonce: 1 });
    await urgent.poll();
    await minedUpTo(2);
    await urgent.poll();
    await urgent.poll();
    expect(events.map(({ kind }) => kind)).to.deep.equal(["mined", "mined"]);
  });

  it("12: a nonce that somebody else used is given up, and the next one is right", async () => {
    const { lane: urgent, events } = await lane();
    const foreign = { from: account, to: account, value: "0x0" };
    await ask(provider, "eth_sendTransaction", [foreign]);
    await urgent.send(transferIntent("a"));
    for (let looks = 0; looks < 4; looks += 1) await urgent.poll();
    expect(events.map(({ kind }) => kind)).to.deep.equal(["superseded"]);
    expect(await urgent.send(transferIntent("a"))).to.deep.include({ kind: "sent", nonce: 1 });
  });

  it("12: a stored nonce that is too high does not outlive what the chain says", async () => {
    await ask(provider, "evm_setAutomine", [false]);
    const first = await lane();
    await first.lane.send(transferIntent("a"));
    await ask(provider, "anvil_dropAllTransactions", []);
    const second = await lane();
    await ask(provider, "evm_setAutomine", [true]);
    await second.lane.poll();
    await minedUpTo(1);
    await second.lane.poll();
    expect(second.events.map(({ intent, kind }) => `${intent.name} ${kind}`)).to.deep.equal([
      "a mined",
    ]);
    await minedUpTo(1);
  });

  it("13: a transaction that is replaced, dropped or never mined frees its slot", async () => {
    await ask(provider, "evm_setAutomine", [false]);
    const { lane: urgent, events, wait } = await lane();
    await urgent.send(transferIntent("a"));
    await ask(provider, "anvil_dropAllTransactions", []);
    wait(POLICY.resubmitMs);
    await urgent.poll();
    expect(await pool()).to.have.length(1);
    // Never mined: at its deadline the nonce is given back by a transfer to oneself.
    wait(POLICY.deadlineMs);
    await urgent.poll();
    await mine();
    await urgent.poll();
    await mine();
    await urgent.poll();
    expect(events.map(({ kind }) => kind)).to.deep.equal(["late", "mined"]);
    expect(events[1]).to.deep.include({ cancelled: true });
    expect(urgent.nonces).to.deep.equal({ open: [], gaps: [] });
  });

  it("14: what blocks the way of urgent transactions is offered as much as they are", async () => {
    await ask(provider, "evm_setAutomine", [false]);
    const { lane: urgent } = await lane();
    await urgent.send(transferIntent("sweep", { feeCap: 2_000_000_000n }));
    const rich = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n, baseFee: 10n ** 9n };
    const dear = await lane({ options: { gasMarket: async () => rich } });
    await dear.lane.send(transferIntent("liquidate"));
    await dear.lane.poll();
    const held = await pool();
    // The sweep may offer no more than its cap, and is at it.
    expect(held.map((one) => BigInt(one.maxFeePerGas))).to.deep.equal([2_000_000_000n, 10n ** 11n]);
    await ask(provider, "anvil_dropAllTransactions", []);
  });

  it("14: a blocker with room under its cap is raised at once", async () => {
    await ask(provider, "evm_setAutomine", [false]);
    let market = { maxFeePerGas: 2n * 10n ** 9n, maxPriorityFeePerGas: 1n, baseFee: 10n ** 9n };
    const { lane: urgent } = await lane({ options: { gasMarket: async () => market } });
    await urgent.send(transferIntent("sweep"));
    market = { ...market, maxFeePerGas: 10n ** 11n };
    await urgent.send(transferIntent("liquidate"));
    market = { ...market, maxFeePerGas: 2n * 10n ** 9n };
    await urgent.poll();
    const held = await pool();
    expect(held.map((one) => BigInt(one.maxFeePerGas))).to.deep.equal([10n ** 11n, 10n ** 11n]);
    await ask(provider, "anvil_dropAllTransactions", []);
  });

  it("15: replacements keep their nonce, offer a tenth more at least, and are bounded", async () => {
    await ask(provider, "evm_setAutomine", [false]);
    const { lane: urgent, wait } = await lane();
    await urgent.send(transferIntent("a"));
    let refusals = 2;
    proxy.calls.length = 0;
    const heal = proxy.fault(({ method }) => {
      if (method !== SEND || refusals === 0) return undefined;
      refusals -= 1;
      return { kind: "error", code: -32_000, message: "replacement transaction underpriced" };
    });
    const offers: bigint[] = [BigInt((await pool())[0]?.maxFeePerGas ?? 0)];
    for (let looks = 0; looks < 12; looks += 1) {
      wait(POLICY.resubmitMs);
      await urgent.poll();
      const [only, ...others] = await pool();
      expect(others).to.deep.equal([]);
      expect(Number(only?.nonce)).to.equal(0);
      offers.push(BigInt(only?.maxFeePerGas ?? 0));
    }
    heal();
    const raises = offers.flatMap((offer, index) => {
      const before = offers[index - 1] ?? offer;
      return offer === before ? [] : [{ before, offer }];
    });
    for (const { before, offer } of raises) expect(offer * 10n >= before * 11n).to.equal(true);
    // Six replacements were signed, two of which the node refused.
    const raws = proxy.calls.filter(({ method }) => method === SEND).map(({ params }) => params[0]);
    expect(new Set(raws).size).to.equal(POLICY.maxBumps);
    await ask(provider, "anvil_dropAllTransactions", []);
  });

  it("22: no slot is left over after failures at every step", async () => {
    const steps = [
      { method: SEND, times: 1 },
      { method: "eth_getTransactionCount", times: 1 },
      { method: "eth_getTransactionReceipt", times: 1 },
      { method: "eth_blockNumber", times: 1 },
    ];
    let mayBroadcast = true;
    const { lane: urgent, wait } = await lane({
      options: { mayBroadcast: async () => mayBroadcast },
    });
    for (const { method, times } of steps) {
      const heal = proxy.fault(on(method, { kind: "cut" }, times));
      await urgent.send(transferIntent(`fails at ${method}`)).catch(() => {});
      await urgent.poll().catch((cause: unknown) => expect(cause).to.be.instanceOf(RpcError));
      heal();
    }
    mayBroadcast = false;
    expect(await failureOf(urgent.send(transferIntent("not led")))).to.be.instanceOf(
      NotLeadingError,
    );
    mayBroadcast = true;
    for (let looks = 0; looks < 4; looks += 1) {
      wait(POLICY.resubmitMs);
      await mine();
      await urgent.poll();
    }
    expect(urgent.nonces).to.deep.equal({ open: [], gaps: [] });
    await minedUpTo(steps.length);
  });

  it("stores a transaction before it is sent, and follows it after a restart", async () => {
    await ask(provider, "evm_setAutomine", [false]);
    const first = await lane();
    const heal = proxy.fault(on(SEND, { kind: "cut" }));
    await first.lane.send(transferIntent("a"));
    heal();
    expect(await pool()).to.deep.equal([]);
    const second = await lane();
    expect(second.lane.intents.map(({ name }) => name)).to.deep.equal(["a"]);
    await second.lane.poll();
    expect(await pool()).to.have.length(1);
    await mine();
    await second.lane.poll();
    expect(second.events.map(({ kind }) => kind)).to.deep.equal(["mined"]);
  });

  it("cancels what is pending and nobody here knows, once it had its time", async () => {
    await ask(provider, "evm_setAutomine", [false]);
    await ask(provider, "eth_sendTransaction", [{ from: account, to: account, value: "0x1" }]);
    const { lane: urgent, wait } = await lane();
    expect(await urgent.send(transferIntent("a"))).to.deep.include({ nonce: 1 });
    await urgent.poll();
    wait(POLICY.resubmitMs);
    await urgent.poll();
    await mine();
    await minedUpTo(2);
  });

  it("32: sends through a private relay first, and to everybody once its time is over", async () => {
    const relay = await startFaultProxy(node.rpcUrl);
    const swallow = relay.fault(on(SEND, { kind: "answer", result: `0x${"0".repeat(64)}` }));
    const pooled = await connectNode({ rpcUrl: relay.url, timeoutMs: 500 });
    const { lane: urgent, wait } = await lane({
      options: { relay: { nodes: [pooled], publicAfterMs: 3_000 } },
    });
    proxy.calls.length = 0;
    await urgent.send(transferIntent("a"));
    await urgent.poll();
    expect(proxy.calls.some(({ method }) => method === SEND)).to.equal(false);
    wait(3_000);
    await urgent.poll();
    expect(proxy.calls.some(({ method }) => method === SEND)).to.equal(true);
    await minedUpTo(1);
    swallow();
    await relay.close();
  });
});
