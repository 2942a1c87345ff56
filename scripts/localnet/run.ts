import { readHead } from "../chain/blocks.ts";
import type { MarketLog } from "../chain/logs.ts";
import { MarketReader } from "../chain/marketReader.ts";
import { connectNode } from "../chain/provider.ts";
import { gainAt } from "../core/dueWork.ts";
import { FatalError } from "../core/errors.ts";
import { equity } from "../core/positionMath.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { accountsNeeded } from "./archetypes.ts";
import { drawBook, type PlannedPosition, withoutMandates } from "./book.ts";
import { compareBooks } from "./compare.ts";
import { deployMarket } from "./deployMarket.ts";
import { type History, tellHistories } from "./history.ts";
import { readHoldings } from "./holdings.ts";
import { reportsOf } from "./indexPrice.ts";
import { KeeperProcess, type KeeperProgram } from "./keeperProcess.ts";
import { LagTracker } from "./lag.ts";
import { checkLaws, type LawResult, mergeLaws } from "./laws.ts";
import { type LocalStreams, type NetworkShape, networkFor, serveStreams } from "./localStreams.ts";
import { giveMandates } from "./mandates.ts";
import { startNode } from "./node.ts";
import { type PoolValue, readPoolValue } from "./poolValue.ts";
import { Owners } from "./reactions.ts";
import { type ReplayRound, replay } from "./replay.ts";
import type { DemoResult, TracedPosition } from "./result.ts";
import { Settler } from "./settle.ts";
import {
  accountOf,
  fillPool,
  fund,
  openBooks,
  PROVIDER_SHARES,
  quotePrices,
  readLimits,
} from "./setup.ts";
import { spreadOf } from "./stats.ts";
import { createTwin } from "./twin.ts";
import { tickBySeconds, type World } from "./world.ts";

/** What to replay, and whom to tell. */
export interface DemoInput {
  readonly rounds: readonly ReplayRound[];
  readonly seed: number;
  /** Kill the keeper as soon as a round with one of these indices is written, and start another. */
  readonly killKeeperAt?: number | readonly number[];
  /** Store of the keeper, which those that follow it share; none by default. */
  readonly keeperStore?: string;
  /** Prices the market by a network's signed reports; a push feed writes the rounds where it is absent. */
  readonly network?: NetworkShape;
  /** Told what begins. */
  readonly onStage: (text: string) => void;
  /** Told each round with what has happened since the one before. */
  readonly onRound: (index: number, logs: readonly MarketLog[]) => void;
}

/** Time before the first round for deployment, the grace period and the pool's delays [s]. */
const LEAD = 21_600;
/** The book opens this long before the first round [s]. */
const OPENING = 900;
/** No part of the demo lives longer than this, and this for each round [ms]. */
const LIFETIME = { base: 180_000, round: 250, report: 20 };
const RPC_TIMEOUT_MS = 10_000;
const QUOTE_ANSWER = 100_000_000n;
const QUOTE_EVERY = 3600;
const BOUNDS = { pollMs: 10, idleMs: 400, deadlineMs: 12_000 };

/**
 * Replay rounds against two new markets on a new chain, with a keeper as a process of its own: one book with rescue
 * mandates, and the same book without.
 *
 * @throws BulkheadError when a part of it does not come about; everything that was started is stopped all the same.
 */
export async function runDemo(input: DemoInput): Promise<DemoResult> {
  const first = input.rounds[0]?.time ?? 0;
  const perRound = input.network === undefined ? LIFETIME.round : LIFETIME.report;
  const lifetimeMs = LIFETIME.base + perRound * input.rounds.length;
  input.onStage("Starting a local chain");
  const node = await startNode({
    timestamp: first - LEAD,
    accounts: accountsNeeded() + PROVIDER_SHARES.length + 2,
    lifetimeMs,
  });
  try {
    const provider = await connectNode({ rpcUrl: node.rpcUrl, timeoutMs: RPC_TIMEOUT_MS });
    await tickBySeconds(provider);
    input.onStage("Deploying feeds, token and two markets");
    const network =
      input.network === undefined
        ? undefined
        : networkFor(input.rounds, { from: first - LEAD, shape: input.network });
    const world = await deployMarket(provider, { providers: PROVIDER_SHARES.length, network });
    const twin = await createTwin(world);
    const program = {
      rpcUrl: node.rpcUrl,
      markets: [world, twin].map(({ contracts }) => contracts.addresses.marginVault),
      account: world.cast.keeper,
      lifetimeMs,
      ...(input.keeperStore === undefined ? {} : { store: input.keeperStore }),
    };
    return await withStreams({ world, lifetimeMs }, (streams) =>
      withKeeper({ ...program, ...streams }, (keeper) => tell(input, [world, twin], keeper)),
    );
  } finally {
    await node.stop();
  }
}

/** A market on signed reports needs their service as long as its keeper runs. */
async function withStreams<T>(
  { world, lifetimeMs }: { readonly world: World; readonly lifetimeMs: number },
  use: (streams: Partial<Pick<LocalStreams, "settings">>) => Promise<T>,
): Promise<T> {
  if (world.index.kind === "push") return use({});
  const { settings, stop } = await serveStreams(world.index.network, lifetimeMs);
  try {
    return await use({ settings });
  } finally {
    await stop();
  }
}

async function withKeeper<T>(
  program: KeeperProgram,
  use: (keeper: KeeperProcess) => Promise<T>,
): Promise<T> {
  const keeper = new KeeperProcess(program);
  try {
    return await use(keeper);
  } finally {
    await keeper.stop();
  }
}

/** One of the demo's markets. */
interface Side {
  readonly world: World;
  readonly scribe: Scribe;
  readonly reader: MarketReader;
  readonly settler: Settler;
}

/** A market with the book that opened in it. */
interface OpenSide extends Side {
  readonly book: readonly PlannedPosition[];
  readonly opened: readonly TracedPosition[];
  readonly before: PoolValue;
}

/** The first market's book has mandates; its twin's is the same without. */
async function tell(
  input: DemoInput,
  worlds: readonly [World, World],
  keeper: KeeperProcess,
): Promise<DemoResult> {
  const { rounds } = input;
  const sides = await openMarketDay(input, [sideOf(worlds[0]), sideOf(worlds[1])]);
  const [first, twin] = sides;

  const pricedBy = input.network === undefined ? "rounds" : "reports";
  input.onStage(`Replaying ${rounds.length} ${pricedBy}`);
  first.scribe.takeFresh();
  const onRound = (index: number) => {
    keeper.requireAlive();
    input.onRound(index, first.scribe.takeFresh());
  };
  const onWritten = async (index: number) => {
    if ([input.killKeeperAt ?? []].flat().includes(index)) await keeper.replace();
  };
  const parties = sides.map(({ world, reader, settler, scribe, opened }) => ({
    world,
    reader,
    settler,
    owners: new Owners(world, opened),
    lag: scribe.lag,
  }));
  const feed = { quoteAnswer: QUOTE_ANSWER, quoteEvery: QUOTE_EVERY };
  const ends = await replay({ world: first.world, parties, onWritten, onRound, ...feed }, rounds);

  input.onStage("Checking the laws against the chain");
  const told = await conclude(first, ends[0]);
  const toldOfTwin = await conclude(twin, ends[1]);
  const laws = mergeLaws([told.laws, toldOfTwin.laws]);
  const overdue = [...first.settler.overdue, ...twin.settler.overdue];
  const { lags } = first.scribe.lag;
  return {
    rounds,
    pricedBy,
    positions: told.positions,
    refused: first.book.length - first.opened.length,
    pool: { before: first.before, after: told.after },
    lag: spreadOf(lags),
    liquidations: lags.length,
    mandates: compareBooks({ mandated: told.positions, plain: toldOfTwin.positions }),
    laws,
    overdue,
    keeperTransactions: keeper.transactions,
    ok: laws.every((law) => law.holds) && overdue.length === 0,
  };
}

function sideOf(world: World): Side {
  const scribe = new Scribe();
  const { provider, contracts } = world;
  const onLogs = (logs: readonly MarketLog[]) => scribe.note(logs);
  const reports = reportsOf(world.index);
  const reading = { provider, contracts, fromBlock: 0, logRange: 2000 };
  const reader = new MarketReader({ ...reading, reports, onLogs });
  return { world, scribe, reader, settler: new Settler(world, reader, BOUNDS) };
}

/** What a market's end comes to. */
async function conclude(
  { world, book, reader, scribe }: OpenSide,
  end: Snapshot | undefined,
): Promise<{
  readonly positions: readonly TracedPosition[];
  readonly after: PoolValue;
  readonly laws: readonly LawResult[];
}> {
  const histories = scribe.histories();
  const holdings = await readHoldings(world, reader.state, scribe.logs);
  return {
    positions: openedOf(world, book, { histories, end }),
    after: await readPoolValue(world),
    laws: checkLaws({ holdings, state: reader.state, logs: scribe.logs, histories }),
  };
}

/** Everything before the first round: the pools fill, the books open, and mandates are given. */
async function openMarketDay(
  input: DemoInput,
  [first, twin]: readonly [Side, Side],
): Promise<readonly [OpenSide, OpenSide]> {
  const round = input.rounds[0];
  if (round === undefined) throw new FatalError("There are no rounds to replay.");
  const { world } = first;
  const answers = { index: round.answer, quote: QUOTE_ANSWER };
  const { timestamp } = await readHead(world.provider);
  await quotePrices(world, answers, timestamp + world.graceSeconds);
  const book = drawBook(input.seed, await readLimits(world, answers));
  const books = [
    { ...first, book },
    { ...twin, book: withoutMandates(book) },
  ] as const;
  input.onStage("Providers fill the pools");
  for (const side of books) {
    await fund(side.world, side.book);
    await fillPool(side.world, { book: side.book, answers }, side.settler);
  }
  input.onStage(`${book.length} accounts open positions in two markets`);
  await quotePrices(world, answers, round.time - OPENING);
  await openBooks(books, answers);
  const opened = [await asOpened(books[0]), await asOpened(books[1])] as const;
  const mandated = opened[0].opened.filter(({ plan }) => plan.mandate !== undefined);
  input.onStage(`${mandated.length} of them give rescue mandates in the first`);
  await giveMandates(world, mandated);
  return opened;
}

async function asOpened(
  side: Side & { readonly book: readonly PlannedPosition[] },
): Promise<OpenSide> {
  const histories = side.scribe.histories();
  const opened = openedOf(side.world, side.book, { histories, end: undefined });
  return { ...side, opened, before: await readPoolValue(side.world) };
}

/** Planned positions with what became of them; each account has one. */
function openedOf(
  world: World,
  book: readonly PlannedPosition[],
  told: { readonly histories: readonly History[]; readonly end: Snapshot | undefined },
): readonly TracedPosition[] {
  const byAccount = new Map(told.histories.map((history) => [history.account, history]));
  return book.flatMap((plan) => {
    const history = byAccount.get(accountOf(world, plan));
    return history === undefined ? [] : [{ plan, history, worth: worthAt(history, told.end) }];
  });
}

function worthAt({ positionId }: History, end: Snapshot | undefined): bigint {
  const position = end?.state.positions.get(positionId);
  if (end?.spot === undefined || position === undefined) return 0n;
  const worth = equity(position, gainAt(end, position, end.spot.price));
  return worth > 0n ? worth : 0n;
}

/** Keeps every log of the market, and what follows from them. */
class Scribe {
  readonly logs: MarketLog[] = [];
  readonly lag = new LagTracker();
  #taken = 0;

  note(logs: readonly MarketLog[]): void {
    this.logs.push(...logs);
    this.lag.record(logs);
  }

  /** The logs since it was asked last. */
  takeFresh(): readonly MarketLog[] {
    const fresh = this.logs.slice(this.#taken);
    this.#taken = this.logs.length;
    return fresh;
  }

  histories(): readonly History[] {
    return tellHistories(this.logs);
  }
}
