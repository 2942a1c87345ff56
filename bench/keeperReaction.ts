import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readHead } from "../scripts/chain/blocks.ts";
import type { Node } from "../scripts/chain/provider.ts";
import type { OpenPosition } from "../scripts/core/snapshot.ts";
import { MarketIndex } from "../scripts/keeper/marketIndex.ts";
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

/** Measure on a local chain, with a key of the keeper's own. */
export async function measureReaction(): Promise<Reaction> {
  const world = await startKeeperWorld(LIFETIME_MS);
  const folder = await mkdtemp(join(tmpdir(), "bulkhead-bench-"));
  try {
    const ladder = Array.from({ length: ROUNDS }, (_, index) => longTo(TOP - BigInt(index)));
    const ids = await openPositions(world, ladder);
    const key = await keystoreSettings(world, folder);
    const keeper = await openKeeper(world, { BULKHEAD_RPC_URL: world.node.rpcUrl, ...key });
    await keeper.turn();
    await keeper.turn();
    addBystanders(keeper);
    const times = await play(world, keeper);
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
async function play(world: KeeperWorld, keeper: KeeperRig): Promise<number[]> {
  const { reader, nodes } = keeper.parts.pool;
  const times: number[] = [];
  let seenAt = 0;
  let handedAt = 0;
  watch(reader, "eth_getBlockByNumber", { after: () => (seenAt ||= performance.now()) });
  for (const node of nodes) {
    watch(node, "eth_sendRawTransaction", { before: () => (handedAt ||= performance.now()) });
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    await setPrice(world, TOP - BigInt(round) - 1n);
    [seenAt, handedAt] = [0, 0];
    await keeper.turn();
    if (handedAt > 0) times.push(handedAt - seenAt);
    // The receipt, and what it leaves.
    await keeper.turn();
    await keeper.turn();
  }
  return times;
}

/** Be told when a node is asked something, or has answered it. */
function watch(
  node: Node,
  method: string,
  { before, after }: { readonly before?: () => void; readonly after?: () => void },
): void {
  const send = node.send.bind(node);
  node.send = async (asked, params) => {
    if (asked === method) before?.();
    const answer: unknown = await send(asked, params);
    if (asked === method) after?.();
    return answer;
  };
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
