import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";

import { NO_LOGS } from "../scripts/chain/logs.ts";
import { liquidatablePositions, positionsAtCap } from "../scripts/core/dueWork.ts";
import { PositionTable } from "../scripts/core/positionTable.ts";
import { packPosition } from "../scripts/core/positionWords.ts";
import type { OpenPosition, Snapshot } from "../scripts/core/snapshot.ts";
import type { Terms } from "../scripts/core/types.ts";
import { Follower, type FollowerOptions } from "../scripts/keeper/follower.ts";
import { MarketIndex } from "../scripts/keeper/marketIndex.ts";
import { encodeValue } from "../scripts/keeper/store/codec.ts";
import { IndexStore } from "../scripts/keeper/store/indexStore.ts";
import { openStore } from "../scripts/keeper/store/open.ts";
import { measureReaction, type Reaction } from "./keeperReaction.ts";
import { randomFrom } from "./random.ts";

/** What the keeper's bench found. Times are milliseconds. */
export interface KeeperReport {
  readonly search: {
    readonly positions: number;
    readonly prices: number;
    readonly p50: number;
    readonly p99: number;
    readonly worst: number;
    /** Searches that had to work out all bounds anew. */
    readonly recentred: number;
    readonly falseNegatives: number;
    readonly checkedExactly: number;
    readonly bytesInColumns: number;
    readonly bytesInProcess: number;
    /** One search at the price of a crash, which names very many. */
    readonly crash: { readonly named: number; readonly ms: number };
  };
  /** Mandates against their triggers: those in most danger of all that are below. */
  readonly rescues: { readonly mandates: number; readonly p50: number; readonly p99: number };
  readonly restart: { readonly positions: number; readonly ms: number };
  readonly reaction: Reaction;
  /** Processes that wanted a core while this ran, on average; above the count of cores, times are inflated. */
  readonly load: { readonly average: number; readonly cores: number };
  readonly withinBudget: boolean;
}

const WAD = 10n ** 18n;
const POSITIONS = 1_000_000;
const PRICES = 1_000;
const MANDATES = 100_000;
/** As many as a keeper examines in one look. */
const EXAMINED = 256;
/** One of a calm day, and one of a crash. */
const EXACT_PRICES = [1993, 1700];
const SEED = 7;
const BUDGET = { searchP99: 10, restart: 10_000, reactionP99: 50 };

const TERMS: Terms = {
  initialMarginRatio: (4n * WAD) / 100n,
  maintenanceMarginRatio: (2n * WAD) / 100n,
  liquidationFeeRatio: (5n * WAD) / 1000n,
  positionFeeRatio: WAD / 2000n,
  liquidationTarget: (125n * WAD) / 100n,
  minReserveRatio: WAD / 10n,
  liquidationCooldown: 30n,
  keeperFeeFloor: WAD,
  keeperFeeCap: 500n * WAD,
  minMaintenance: 5n * WAD,
  minMargin: 10n * WAD,
  minNotional: 50n * WAD,
};

/** Measure search, restart and reaction; `tell` hears what is being done. */
export async function measureKeeper(tell: (text: string) => void): Promise<KeeperReport> {
  tell(`Searching ${POSITIONS.toLocaleString("en")} positions at ${PRICES} prices`);
  const search = measureSearch();
  tell(`Searching ${MANDATES.toLocaleString("en")} mandates for triggers`);
  const rescues = measureRescues();
  tell(`Restarting with ${POSITIONS.toLocaleString("en")} positions`);
  const restart = await measureRestart();
  tell("Reacting on a local chain with 100,000 positions, and scanning by view calls");
  const reaction = await measureReaction();
  const withinBudget =
    search.p99 <= BUDGET.searchP99 &&
    search.falseNegatives === 0 &&
    restart.ms <= BUDGET.restart &&
    reaction.p99 <= BUDGET.reactionP99;
  const load = { average: loadavg()[0] ?? 0, cores: cpus().length };
  return { search, rescues, restart, reaction, load, withinBudget };
}

/** Longs and shorts around 2,000 with 4% to 50% of margin; none is due before the price moves. */
function* drawPositions(count: number): IterableIterator<readonly [bigint, OpenPosition]> {
  const random = randomFrom(SEED);
  for (let id = 1; id <= count; id += 1) {
    const quantity = BigInt(Math.round((0.1 + random() * 10) * 1e6)) * 10n ** 12n;
    const entry = BigInt(Math.round((1900 + random() * 200) * 1e6)) * 10n ** 12n;
    const size = random() < 0.5 ? quantity : -quantity;
    const openNotional = (size * entry) / WAD;
    // At least 4.5% of what the position is worth at 2,000, on top of what it has lost.
    const loss = openNotional - size * 2000n;
    const share = BigInt(Math.round((0.045 + random() * 0.455) * 1e6));
    const margin = (quantity * 2000n * share) / 1_000_000n + (loss > 0n ? loss : 0n);
    yield [
      BigInt(id),
      {
        size,
        openNotional,
        margin,
        reserve: quantity * 1000n,
        fundingIndex: BigInt(Math.round(random() * 1e6)) * 10n ** 10n,
        borrowIndex: BigInt(Math.round(random() * 1e6)) * 10n ** 8n,
        priceTime: 1_700_000_000n,
        cooldown: 0n,
        termsId: 1n,
      },
    ];
  }
}

function measureSearch(): KeeperReport["search"] {
  const before = residentBytes();
  const table = new PositionTable();
  table.setTerms(1n, TERMS);
  for (const [id, position] of drawPositions(POSITIONS)) table.set(id, position);
  const bytesInProcess = (residentBytes() - before) / POSITIONS;
  const random = randomFrom(SEED + 1);
  const times: number[] = [];
  let recentred = 0;
  let price = 2000;
  table.prepare(sceneAt(price, 0));
  for (let step = 0; step < PRICES; step += 1) {
    // A wild second of a feed, around where it began: up to three tenths of a percent.
    price = 2000 + (price - 2000) * 0.98 + (random() - 0.5) * 12;
    const scene = sceneAt(price, step);
    const began = performance.now();
    table.candidates(scene);
    times.push(performance.now() - began);
    // What a keeper does while nobody waits.
    table.prepare(scene);
  }
  const worst = Math.max(...times);
  recentred = times.filter((time) => time > 10 * quantile(times, 0.5)).length;
  const crash = timeAt(table, EXACT_PRICES.at(-1) ?? 0);
  const falseNegatives = EXACT_PRICES.reduce((sum, at) => sum + missedAt(table, at), 0);
  return {
    positions: POSITIONS,
    prices: PRICES,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    worst,
    recentred,
    falseNegatives,
    checkedExactly: EXACT_PRICES.length * POSITIONS,
    bytesInColumns: table.bytes / POSITIONS,
    bytesInProcess,
    crash,
  };
}

/** One search far from the price that bounds were worked out around; its indices are near, so that they hold. */
function timeAt(
  table: PositionTable,
  price: number,
): { readonly named: number; readonly ms: number } {
  const scene = sceneAt(price, PRICES);
  const began = performance.now();
  const named = table.candidates(scene).length;
  return { named, ms: performance.now() - began };
}

/** Triggers of 1.2 to 2 times maintenance: at each price some hundreds of positions are below theirs. */
function measureRescues(): KeeperReport["rescues"] {
  const table = new PositionTable();
  table.setTerms(1n, TERMS);
  const random = randomFrom(SEED + 2);
  for (const [id, position] of drawPositions(MANDATES)) {
    table.set(id, position);
    table.setWeight(id, BigInt(Math.round((1.2 + random() * 0.8) * 1e6)) * 10n ** 12n);
  }
  table.prepare(sceneAt(2000, 0));
  const times: number[] = [];
  let price = 2000;
  for (let step = 0; step < PRICES; step += 1) {
    price = 2000 + (price - 2000) * 0.98 + (random() - 0.5) * 12;
    const scene = sceneAt(price, step);
    const began = performance.now();
    table.worst(scene, { most: EXAMINED, isAllowed: () => true });
    times.push(performance.now() - began);
    table.prepare(scene);
  }
  return { mandates: MANDATES, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** How many positions the exact rule names and the search does not. */
function missedAt(table: PositionTable, price: number): number {
  const scene = sceneAt(price, PRICES);
  const found = new Set(table.candidates(scene));
  let missed = 0;
  for (const [id, position] of table) {
    if (found.has(id)) continue;
    const snapshot = snapshotAt(scene, id, position);
    missed += liquidatablePositions(snapshot).length + positionsAtCap(snapshot).length;
  }
  return missed;
}

function sceneAt(price: number, step: number) {
  return {
    price: BigInt(Math.round(price * 1e6)) * 10n ** 12n,
    // Indices grow as they do at the steepest allowed rates.
    fundingIndex: BigInt(step) * 6n * 10n ** 13n + 10n ** 16n,
    borrowIndex: BigInt(step) * 3n * 10n ** 10n + 10n ** 14n,
    skew: 1000n * WAD,
    skewScale: 20_000_000n * WAD,
  };
}

function snapshotAt(
  scene: ReturnType<typeof sceneAt>,
  id: bigint,
  position: OpenPosition,
): Snapshot {
  const { skew, fundingIndex, borrowIndex, price, skewScale } = scene;
  return {
    blockNumber: 1,
    now: 1_700_000_000n,
    constants: {
      executionDelay: 2n,
      maxRoundWait: 60n,
      executionWindow: 60n,
      depositDelay: 300n,
      redeemDelay: 300n,
      sequencerGrace: 600n,
      tokenScale: 10n ** 12n,
      skewScale,
    },
    state: {
      positions: new Map([[id, position]]),
      orders: new Map(),
      terms: new Map([[1n, TERMS]]),
      mandates: new Map(),
      deposits: new Set(),
      redeems: new Set(),
    },
    market: { skew, fundingIndex, borrowIndex, clock: 0n },
    spot: { price, observedAt: 1_700_000_000n },
    spotRefusal: undefined,
    upSince: 0n,
    indexRounds: [],
    quoteRounds: [],
    hasQuoteFeed: false,
    depositDueAt: undefined,
    redeemDueAt: undefined,
  };
}

/** Store all positions, forget them, and read them back until a search could begin. */
async function measureRestart(): Promise<KeeperReport["restart"]> {
  const folder = await mkdtemp(join(tmpdir(), "bulkhead-bench-"));
  const file = join(folder, "keeper.sqlite");
  try {
    await fill(file);
    const began = performance.now();
    const database = await openStore(file, 10_000);
    const store = new IndexStore(database, "bench");
    const follower = new Follower({ store, log: pino({ level: "silent" }) } as FollowerOptions);
    await follower.open();
    follower.index.shortlist(sceneAt(2000, 0));
    const ms = performance.now() - began;
    const positions = follower.index.positions.size;
    await database.close();
    return { positions, ms };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(file: string): Promise<void> {
  const database = await openStore(file, 10_000);
  const store = new IndexStore(database, "bench");
  const step = 50_000;
  const index = new MarketIndex();
  index.terms.set(1n, TERMS);
  const head = { number: 1, hash: "0x1", parentHash: "0x0", timestamp: 1 };
  const tip = { head, sequences: NO_LOGS };
  const terms = {
    table: "terms" as const,
    key: 1n,
    before: undefined,
    after: encodeValue("terms", TERMS),
  };
  let changes: Parameters<IndexStore["commit"]>[0]["changes"][number][] = [terms];
  const flush = async () => {
    await store.commit({ tip, before: undefined, changes }, FILL);
    // What was undone is no part of a restart.
    await database.query("DELETE FROM journal");
    changes = [];
  };
  for (const [key, position] of drawPositions(POSITIONS)) {
    changes.push({ table: "positions", key, before: undefined, after: packPosition(position) });
    if (changes.length >= step) await flush();
  }
  await flush();
  await database.close();
}

const FILL = { generation: 0, keepFrom: 0, active: true };

function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function residentBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss;
}
