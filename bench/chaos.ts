import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readHead } from "../scripts/chain/blocks.ts";
import { MarketReader } from "../scripts/chain/marketReader.ts";
import { ask } from "../scripts/chain/provider.ts";
import { KeeperProcess } from "../scripts/localnet/keeperProcess.ts";
import { patiently } from "../scripts/localnet/patience.ts";
import { dueWork } from "../scripts/localnet/settle.ts";
import { mineAt } from "../scripts/localnet/world.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "../test/fixtures/faultProxy.ts";
import {
  exitRequest,
  type KeeperWorld,
  longTo,
  openPositions,
  setPrice,
  startKeeperWorld,
  submitAll,
} from "../test/fixtures/keeperWorld.ts";
import { randomFrom } from "./random.ts";

/** No part of this lives longer [ms]. */
const LIFETIME_MS = 175_000;
const STORM_MS = 90_000;
const CALM_MS = 45_000;
const POSITIONS = 120;
const STEPS = 20;
const FAULT_SHARE = 0.06;
/** Lines of the keeper's log that are shown when something was lost. */
const KEPT_LINES = 40;
const KILLS = new Set([4, 8, 12, 16]);
const REORGS = new Set([3, 6, 10, 14, 18]);
const WAD = 10n ** 18n;

const FAULTS: readonly Fault[] = [
  { kind: "status", status: 429 },
  { kind: "status", status: 503 },
  { kind: "error", code: -32_603, message: "internal error" },
  { kind: "error", code: -32_603, message: "nonce too low" },
  { kind: "cut" },
  { kind: "lose" },
  { kind: "delay", ms: 150 },
];

process.exitCode = await main();

/** A crash of the price under a crash of everything else. Ends with 0 when nothing was lost. */
async function main(): Promise<number> {
  const seed = Number(process.argv[2] ?? Date.now() % 1_000_000);
  say(`Seed ${seed}: run it again with "npm run test:chaos -- ${seed}"`);
  const folder = await mkdtemp(join(tmpdir(), "bulkhead-chaos-"));
  const world = await startKeeperWorld(LIFETIME_MS);
  const proxy = await startFaultProxy(world.node.rpcUrl);
  try {
    return await storm(world, proxy, { seed, store: join(folder, "keeper.sqlite") });
  } finally {
    await proxy.close();
    await world.node.stop();
    await rm(folder, { recursive: true });
  }
}

async function storm(
  world: KeeperWorld,
  proxy: FaultProxy,
  { seed, store }: { readonly seed: number; readonly store: string },
): Promise<number> {
  const random = randomFrom(seed);
  const ladder = Array.from({ length: POSITIONS }, (_, index) => longTo(1960n - BigInt(index * 2)));
  const ids = await openPositions(world, ladder);
  await placeStops(world, ids);
  const lines: string[] = [];
  const keeper = new KeeperProcess({
    rpcUrl: proxy.url,
    markets: [world.contracts.addresses.marginVault],
    account: world.cast.keeper,
    lifetimeMs: LIFETIME_MS,
    store,
    onLine: (line) => {
      lines.push(line);
    },
    settings: {
      BULKHEAD_RPC_TIMEOUT_MS: "1000",
      BULKHEAD_RESUBMIT_MS: "1000",
      BULKHEAD_CONFIRM_TIMEOUT_MS: "8000",
      BULKHEAD_CONFIRMATIONS: "2",
    },
  });
  try {
    say(`${POSITIONS} positions; the price falls from 2,000 to 1,720 while requests fail`);
    const calm = proxy.fault(stormRule(random));
    await fall(world, { keeper, proxy }, random);
    calm();
    say("Calm again: what is left?");
    const code = await settle(world, keeper);
    if (code !== 0) say(`The keeper's last words:\n${lines.slice(-KEPT_LINES).join("\n")}`);
    return code;
  } finally {
    await keeper.stop();
  }
}

/** One request in sixteen fails, and lists of logs lose their ends: hardly a look goes through undisturbed. */
function stormRule(random: () => number) {
  return ({ method }: { readonly method: string }): Fault | undefined => {
    if (random() >= FAULT_SHARE) return undefined;
    if (method === "eth_getLogs" && random() < 0.5) {
      return { kind: "edit", edit: (logs) => (Array.isArray(logs) ? logs.slice(0, -1) : logs) };
    }
    return FAULTS[Math.floor(random() * FAULTS.length)];
  };
}

/** The price falls step by step, blocks are taken back, and the keeper is killed. */
async function fall(
  world: KeeperWorld,
  { keeper, proxy }: { readonly keeper: KeeperProcess; readonly proxy: FaultProxy },
  random: () => number,
): Promise<void> {
  const deadline = performance.now() + STORM_MS;
  for (let step = 1; step <= STEPS && performance.now() < deadline; step += 1) {
    if (REORGS.has(step)) await reorganise(world, proxy, { step, random });
    await setPriceAt(world, step);
    if (KILLS.has(step)) {
      await keeper.replace();
      say(`  step ${step}: the keeper is killed`);
    }
    await pause(300 + random() * 700);
    await mineAt(world.provider);
  }
}

/** The keeper acts on blocks that are then replaced by others, longer by one. */
async function reorganise(
  world: KeeperWorld,
  proxy: FaultProxy,
  { step, random }: { readonly step: number; readonly random: () => number },
): Promise<void> {
  const { provider } = world;
  const fork = await ask<string>(provider, "evm_snapshot", []);
  const from = (await readHead(provider)).number;
  await setPriceAt(world, step);
  await pause(200 + random() * 600);
  // The local chain loses logs when it is reverted while it mines: for that moment nobody may ask it anything.
  const speak = proxy.fault(() => ({ kind: "cut" }));
  await pause(200);
  const { number } = await readHead(provider);
  await ask(provider, "evm_revert", [fork]);
  for (let block = from; block <= number; block += 1) await mineAt(provider);
  speak();
  say(`  step ${step}: ${number - from} blocks are replaced`);
}

/** The keeper's transactions mine blocks of their own, so that the time of the next one may have passed meanwhile. */
function setPriceAt(world: KeeperWorld, step: number): Promise<void> {
  return patiently(() => setPrice(world, priceAt(step)));
}

function priceAt(step: number): bigint {
  return 2000n - BigInt(step * 14);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Mine until nothing is due any more, and hold what is left against what must hold. */
async function settle(world: KeeperWorld, keeper: KeeperProcess): Promise<number> {
  const { provider, contracts, cast } = world;
  const reader = new MarketReader({ provider, contracts, fromBlock: 0, logRange: 10_000 });
  const deadline = performance.now() + CALM_MS;
  let due: readonly string[] = [];
  for (;;) {
    keeper.requireAlive();
    await mineAt(provider);
    const head = await readHead(provider);
    // A node that mines may answer with parts of two blocks; logs that stay away end this all the same.
    const snapshot = await patiently(async () => {
      await reader.advance(head);
      return reader.snapshot(head);
    });
    due = dueWork(snapshot);
    const [used, pending] = await Promise.all([
      provider.getTransactionCount(cast.keeper, "latest"),
      provider.getTransactionCount(cast.keeper, "pending"),
    ]);
    // Without the last price nobody could tell what is due.
    const isPriced = snapshot.spot?.price === priceAt(STEPS) * WAD;
    if (isPriced && due.length === 0 && used === pending) {
      say(`Nothing is due; ${snapshot.state.positions.size} positions are open and healthy`);
      say(`${used} transactions, every nonce used, ${keeper.transactions} seen as mined`);
      return 0;
    }
    if (performance.now() > deadline) break;
    await pause(500);
  }
  say(`FAILED: still due after the calm: ${due.join(", ") || "nobody can tell without a price"}`);
  return 1;
}

/** Every tenth position has a stop-loss. */
async function placeStops(world: KeeperWorld, ids: readonly bigint[]): Promise<void> {
  const chosen = ids.filter((_, index) => index % 10 === 0);
  const requests = await Promise.all(
    chosen.map((id, index) =>
      exitRequest(world, id, { kind: 2n, price: (1975n - BigInt(index * 15)) * WAD }),
    ),
  );
  await submitAll(world, requests);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
