import { expect } from "chai";

import { ask } from "../../../scripts/chain/provider.ts";
import type { OpenPosition } from "../../../scripts/core/snapshot.ts";
import { MarketIndex } from "../../../scripts/keeper/marketIndex.ts";
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
const SEND = "eth_sendRawTransaction";

describe("faults while acting", () => {
  let world: KeeperWorld;
  let proxy: FaultProxy;
  let clean: string;
  let positions: readonly bigint[];
  let keeper: KeeperRig;

  before(async () => {
    world = await startKeeperWorld(LIFETIME_MS);
    proxy = await startFaultProxy(world.node.rpcUrl);
    // Liquidatable below 1,900, 1,890 … 1,810.
    positions = await openPositions(
      world,
      Array.from({ length: 10 }, (_, index) => longTo(1900n - BigInt(index) * 10n)),
    );
    clean = await ask<string>(world.provider, "evm_snapshot", []);
  }).timeout(30_000);

  after(async () => {
    await proxy.close();
    await world.node.stop();
  });

  beforeEach(async () => {
    await ask(world.provider, "evm_revert", [clean]);
    clean = await ask<string>(world.provider, "evm_snapshot", []);
    await ask(world.provider, "evm_setAutomine", [true]);
    keeper = await keep();
  });

  afterEach(async () => {
    await keeper.close();
  });

  function keep(settings: Readonly<Record<string, string>> = {}) {
    return openKeeper(world, { BULKHEAD_RPC_URL: proxy.url, ...settings });
  }

  async function isOpen(positionId: bigint): Promise<boolean> {
    return (await world.contracts.marginVault.position(positionId)).size !== 0n;
  }

  /** Whether positions were liquidated, in part or whole. */
  async function areServed(ids: readonly bigint[]): Promise<boolean> {
    const served = await Promise.all(
      ids.map(async (id) => (await world.contracts.marginVault.position(id)).size < 10n ** 18n),
    );
    return served.every(Boolean);
  }

  /** What the keeper believes, to be falsified. */
  function index(): MarketIndex {
    const state = keeper.parts.markets[0]?.last?.state;
    if (state instanceof MarketIndex) return state;
    throw new Error("The keeper has not looked yet.");
  }

  function change(positionId: bigint, changes: Partial<OpenPosition>): void {
    const position = index().positions.get(positionId);
    if (position !== undefined) index().positions.set(positionId, { ...position, ...changes });
  }

  const attempts = () => keeper.lines.filter((line) => line.msg === "decided");
  const metric = async (name: string) => {
    const all = await keeper.parts.metrics.registry.getMetricsAsJSON();
    const found = all.find((one) => one.name === `bulkhead_keeper_${name}`);
    return found?.values.reduce((sum, { value }) => sum + Number(value), 0) ?? 0;
  };

  for (const [name, fault] of [
    ["fails", { kind: "error", code: -32_000, message: "internal error" }],
    ["is answered with nothing", { kind: "answer", result: "0x" }],
    ["is cut off", { kind: "cut" }],
  ] as const) {
    it(`1: a position does not leave the watch when every view call ${name}`, async () => {
      await keeper.turn();
      await setPrice(world, 1895n);
      const heal = proxy.fault(on("eth_call", fault));
      for (let turns = 0; turns < 3; turns += 1) await keeper.turn();
      expect(await metric("failures_total")).to.be.greaterThan(0);
      expect([...keeper.open()].sort()).to.deep.equal([...positions].sort());
      heal();
      await keeper.until(() => areServed(positions.slice(0, 1)));
    });
  }

  it("1: health that cannot be worked out here is asked of the contract, and counted", async () => {
    await keeper.turn();
    await setPrice(world, 1895n);
    // As if the log that published the terms had never been seen.
    index().terms.clear();
    index().positions.setTerms(1n, undefined);
    await keeper.turn();
    expect(await metric("unknown_state")).to.equal(positions.length);
    await keeper.until(() => areServed(positions.slice(0, 1)));
  });

  it("7: a node that forgets its filters changes nothing, for there are none", async () => {
    await keeper.turn();
    await setPrice(world, 1895n);
    await keeper.until(() => areServed(positions.slice(0, 1)));
    const methods = new Set(proxy.calls.map(({ method }) => method));
    for (const method of ["eth_newFilter", "eth_getFilterChanges", "eth_subscribe"]) {
      expect(methods.has(method)).to.equal(false);
    }
  });

  it("16: what does not pay waits, says so, and is done once it pays", async () => {
    await keeper.close();
    // A liquidation takes some 350,000 gas and pays 9.
    keeper = await keep({ BULKHEAD_NATIVE_PRICE: "2000" });
    await keeper.turn();
    await ask(world.provider, "anvil_setNextBlockBaseFeePerGas", ["0x174876e800"]);
    await setPrice(world, 1895n);
    // The price of gas falls by an eighth with each empty block; 100 gwei cost 60.
    await keeper.turn();
    expect(attempts().at(-1)).to.deep.include({ outcome: "held" });
    expect(await metric("held_unprofitable")).to.equal(1);
    expect(await metric("alerts_total")).to.equal(1);
    expect(await areServed(positions.slice(0, 1))).to.equal(false);
    for (let blocks = 0; blocks < 60; blocks += 1) await mineAt(world.provider);
    await keeper.until(() => areServed(positions.slice(0, 1)));
    await keeper.turn();
    expect(await metric("held_unprofitable")).to.equal(0);
  });

  it("17: nobody else's gas oracle is asked", async () => {
    await keeper.turn();
    await setPrice(world, 1895n);
    await keeper.until(() => areServed(positions.slice(0, 1)));
    const methods = proxy.calls.map(({ method }) => method);
    expect(methods).to.include("eth_feeHistory").and.not.include("eth_gasPrice");
  });

  it("18: an item that only looks liquidatable is found by halves, and paid for by nobody", async () => {
    await keeper.turn();
    await setPrice(world, 1845n);
    const healthy = positions[9] ?? 0n;
    // As if margin had been added in a log that was never seen.
    change(healthy, { margin: 1n });
    await keeper.until(() => areServed(positions.slice(0, 5)));
    for (let blocks = 0; blocks < 5; blocks += 1) {
      await mineAt(world.provider);
      await keeper.turn();
    }
    expect(await isOpen(healthy)).to.equal(true);
    const sent = attempts().filter(({ outcome }) => outcome === "sent");
    expect(
      sent.some(({ subject }) => String(subject).split(",").includes(String(healthy))),
    ).to.equal(false);
    const refused = attempts().filter(
      ({ outcome, subject }) => outcome === "refused" && subject === String(healthy),
    );
    // At once, and after pauses of 1, 2, 4 and 8 blocks.
    expect(refused.length).to.be.within(1, 5);
  });

  it("19: an item that throws while it is looked at leaves the others alone", async () => {
    await keeper.turn();
    await setPrice(world, 1895n);
    // A size that no product of 256 bits can hold together with the price.
    const bad = positions[9] ?? 0n;
    change(bad, { fundingIndex: -(2n ** 95n), size: 2n ** 95n - 1n });
    await keeper.until(() => areServed(positions.slice(0, 1)));
    expect(await isOpen(bad)).to.equal(true);
  });

  it("20: however often sending fails, nothing is given up", async () => {
    await keeper.turn();
    await setPrice(world, 1895n);
    const heal = proxy.fault(on(SEND, { kind: "status", status: 503 }));
    for (let turns = 0; turns < 12; turns += 1) {
      await mineAt(world.provider);
      await keeper.turn();
    }
    expect(await areServed(positions.slice(0, 1))).to.equal(false);
    heal();
    await keeper.until(() => areServed(positions.slice(0, 1)));
  });

  it("21: a first simulation that fails is repeated at the next look, not after an hour", async () => {
    await keeper.turn();
    await setPrice(world, 1895n);
    const heal = proxy.fault(on("eth_estimateGas", { kind: "cut" }, 1));
    await keeper.turn();
    heal();
    await keeper.until(() => areServed(positions.slice(0, 1)), 4);
  });

  it("21: an empty answer at the start is a failure, not an empty market", async () => {
    await keeper.close();
    keeper = await keep();
    const heal = proxy.fault(on("eth_getLogs", { kind: "answer", result: [] }));
    await keeper.turn();
    expect(await metric("failures_total")).to.be.greaterThan(0);
    heal();
    await keeper.turn();
    expect(keeper.open()).to.have.length(positions.length);
  });

  it("22: nothing stays locked after a failure at every request of a look", async () => {
    await keeper.turn();
    await setPrice(world, 1895n);
    for (let step = 0; step < 25; step += 1) {
      let seen = 0;
      const heal = proxy.fault(({ method }) => {
        // Anvil signs for the test; a signer's failure is another matter.
        if (method === "eth_signTransaction") return undefined;
        seen += 1;
        return seen === step + 1 ? { kind: "cut" } : undefined;
      });
      await keeper.turn();
      heal();
    }
    await mineAt(world.provider);
    await keeper.until(() => areServed(positions.slice(0, 1)));
    await mineAt(world.provider);
    await keeper.turn();
    await keeper.turn();
    expect(keeper.parts.lanes?.urgent.nonces).to.deep.equal({ open: [], gaps: [] });
    expect(await metric("in_flight")).to.equal(0);
  });

  it("24: looks that overlap send nothing twice", async () => {
    await keeper.turn();
    await setPrice(world, 1845n);
    await ask(world.provider, "evm_setAutomine", [false]);
    const heal = proxy.fault(on("eth_call", { kind: "delay", ms: 30 }));
    await Promise.all(Array.from({ length: 5 }, () => keeper.turn()));
    await keeper.turn();
    heal();
    const sent = attempts().filter(({ outcome }) => outcome === "sent");
    const subjects = sent.flatMap(({ subject }) => String(subject).split(","));
    expect(new Set(subjects).size).to.equal(subjects.length);
    expect(subjects).to.have.length(6);
  });

  it("25: a receipt that does not come holds up nobody, and the largest risk goes first", async () => {
    await keeper.close();
    keeper = await keep({ BULKHEAD_MAX_BATCH: "1" });
    await keeper.turn();
    await setPrice(world, 1805n);
    await ask(world.provider, "evm_setAutomine", [false]);
    const heal = proxy.fault(on("eth_getTransactionReceipt", { kind: "hang" }));
    const began = performance.now();
    await keeper.turn();
    const took = performance.now() - began;
    heal();
    const sent = attempts().filter(({ outcome }) => outcome === "sent");
    expect(sent).to.have.length(positions.length);
    expect(took).to.be.lessThan(2_000);
    const byNonce = [...sent].sort((a, b) => Number(a.nonce) - Number(b.nonce));
    // Four go side by side; the one that lacks most is among the first.
    expect(byNonce.slice(0, 4).map(({ subject }) => subject)).to.include(String(positions[0]));
    await ask(world.provider, "evm_setAutomine", [true]);
  });
});
