import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readHead } from "../scripts/chain/blocks.ts";
import type { OpenPosition } from "../scripts/core/snapshot.ts";
import { MarketIndex } from "../scripts/keeper/marketIndex.ts";
import { type FaultProxy, startFaultProxy } from "../test/fixtures/faultProxy.ts";
import { type KeeperRig, keystoreSettings, openKeeper } from "../test/fixtures/keeperRig.ts";
import {
  type KeeperWorld,
  longTo,
  openPositions,
  setPrice,
  startKeeperWorld,
} from "../test/fixtures/keeperWorld.ts";

/** How fast a new price becomes a transaction, beside a scan by view calls. Times are milliseconds. */
export interface Reaction {
  readonly positions: number;
  readonly rounds: number;
  /** From the answer that shows the block to the transaction handed to the node. */
  readonly p50: number;
  readonly p99: number;
  readonly scan: {
    /** One view call a position, eight at a time, as most public bots do. */
    readonly sample: number;
    readonly msPerPosition: number;
    readonly extrapolatedTo: number;
    readonly extrapolatedMs: number;
  };
}

const POSITIONS = 100_000;
const ROUNDS = 110;
const WARM_UP = 10;
const TOP = 1950n;
const WAD = 10n ** 18n;
const LIFETIME_MS = 180_000;
const SAMPLE = 1_000;
const SIDE_BY_SIDE = 8;
const MILLION = 1_000_000;

/** Measure on a local chain, through a proxy that sees when requests come. */
export async function measureReaction(): Promise<Reaction> {
  const world = await startKeeperWorld(LIFETIME_MS);
  const proxy = await startFaultProxy(world.node.rpcUrl);
  const folder = await mkdtemp(join(tmpdir(), "bulkhead-bench-"));
  try {
    const ladder = Array.from({ length: ROUNDS }, (_, index) => longTo(TOP - BigInt(index)));
    const ids = await openPositions(world, ladder);
    const key = await keystoreSettings(world, folder);
    const keeper = await openKeeper(world, { BULKHEAD_RPC_URL: proxy.url, ...key });
    await keeper.turn();
    await keeper.turn();
    addBystanders(keeper);
    const times = await play(world, proxy, keeper);
    const scan = await measureScan(world, ids);
    await keeper.close();
    const sorted = times.slice(WARM_UP).sort((a, b) => a - b);
    return {
      positions: POSITIONS,
      rounds: sorted.length,
      p50: sorted[Math.floor(sorted.length / 2)] ?? 0,
      p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      scan,
    };
  } finally {
    await proxy.close();
    await world.node.stop();
    await rm(folder, { recursive: true });
  }
}

/** Positions that no price of this bench touches, but every search has to pass. */
function addBystanders(keeper: KeeperRig): void {
  const state = keeper.parts.markets[0]?.last?.state;
  if (!(state instanceof MarketIndex)) throw new Error("The keeper has not looked yet.");
  const safe: OpenPosition = {
    size: WAD,
    openNotional: 2000n * WAD,
    margin: 1500n * WAD,
    reserve: 2000n * WAD,
    fundingIndex: 0n,
    borrowIndex: 0n,
    priceTime: 1n,
    cooldown: 0n,
    termsId: 1n,
  };
  for (let index = 1; index <= POSITIONS; index += 1) {
    state.positions.set(BigInt(10_000_000 + index), safe);
  }
}

/** Each round lowers the price by one, which makes one more position liquidatable. */
async function play(world: KeeperWorld, proxy: FaultProxy, keeper: KeeperRig): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await setPrice(world, TOP - BigInt(round) - 1n);
    proxy.calls.length = 0;
    await keeper.turn();
    const send = proxy.calls.find(({ method }) => method === "eth_sendRawTransaction");
    const afterHead = proxy.calls[1];
    if (send !== undefined && afterHead !== undefined) times.push(send.at - afterHead.at);
    // The receipt, and what it leaves.
    await keeper.turn();
    await keeper.turn();
  }
  return times;
}

async function measureScan(world: KeeperWorld, ids: readonly bigint[]): Promise<Reaction["scan"]> {
  const { marginVault } = world.contracts;
  const head = await readHead(world.provider);
  const began = performance.now();
  for (let start = 0; start < SAMPLE; start += SIDE_BY_SIDE) {
    const part = Array.from(
      { length: SIDE_BY_SIDE },
      (_, index) => ids[(start + index) % ids.length],
    );
    await Promise.all(part.map((id) => marginVault.position(id ?? 0n, { blockTag: head.number })));
  }
  const msPerPosition = (performance.now() - began) / SAMPLE;
  return {
    sample: SAMPLE,
    msPerPosition,
    extrapolatedTo: MILLION,
    extrapolatedMs: msPerPosition * MILLION,
  };
}
