import { readHead } from "../chain/blocks.ts";
import type { MarketLog } from "../chain/logs.ts";
import { MarketReader } from "../chain/marketReader.ts";
import { connectNode } from "../chain/provider.ts";
import { gainAt } from "../core/dueWork.ts";
import { FatalError } from "../core/errors.ts";
import { equity } from "../core/positionMath.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { accountsNeeded } from "./archetypes.ts";
import { drawBook, type PlannedPosition } from "./book.ts";
import { deployMarket } from "./deployMarket.ts";
import { type History, tellHistories } from "./history.ts";
import { readHoldings } from "./holdings.ts";
import { reportsOf } from "./indexPrice.ts";
import { KeeperProcess, type KeeperProgram } from "./keeperProcess.ts";
import { LagTracker } from "./lag.ts";
import { checkLaws } from "./laws.ts";
import { type LocalStreams, type NetworkShape, networkFor, serveStreams } from "./localStreams.ts";
import { startNode } from "./node.ts";
import { readPoolValue } from "./poolValue.ts";
import { Owners } from "./reactions.ts";
import { type ReplayRound, replay } from "./replay.ts";
import type { DemoResult, TracedPosition } from "./result.ts";
import { Settler } from "./settle.ts";
import {
  accountOf,
  fillPool,
  fund,
  openBook,
  PROVIDER_SHARES,
  quotePrices,
  readLimits,
} from "./setup.ts";
import { spreadOf } from "./stats.ts";
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
const BOUNDS = { pollMs: 10, idleMs: 400, deadlineMs: 8_000 };

/**
 * Replay rounds against a new market on a new chain, with a keeper as a process of its own.
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
    input.onStage("Deploying feeds, token and market");
    const network =
      input.network === undefined
        ? undefined
        : networkFor(input.rounds, { from: first - LEAD, shape: input.network });
    const world = await deployMarket(provider, { providers: PROVIDER_SHARES.length, network });
    const program = {
      rpcUrl: node.rpcUrl,
      marginVault: world.contracts.addresses.marginVault,
      account: world.cast.keeper,
      lifetimeMs,
      ...(input.keeperStore === undefined ? {} : { store: input.keeperStore }),
    };
    return await withStreams({ world, lifetimeMs }, (streams) =>
      withKeeper({ ...program, ...streams }, (keeper) => tell(input, world, keeper)),
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

async function tell(input: DemoInput, world: World, keeper: KeeperProcess): Promise<DemoResult> {
  const { rounds } = input;
  const scribe = new Scribe();
  const { provider, contracts } = world;
  const onLogs = (logs: readonly MarketLog[]) => scribe.note(logs);
  const reports = reportsOf(world.index);
  const reading = { provider, contracts, fromBlock: 0, logRange: 2000 };
  const reader = new MarketReader({ ...reading, reports, onLogs });
  const settler = new Settler(world, reader, BOUNDS);
  const book = await openMarketDay(input, world, settler);
  const opened = openedOf(world, book, { histories: scribe.histories(), end: undefined });
  const before = await readPoolValue(world);

  const pricedBy = input.network === undefined ? "rounds" : "reports";
  input.onStage(`Replaying ${rounds.length} ${pricedBy}`);
  scribe.takeFresh();
  const owners = new Owners(world, opened);
  const onRound = (index: number) => {
    keeper.requireAlive();
    input.onRound(index, scribe.takeFresh());
  };
  const killed = new Set([input.killKeeperAt ?? []].flat());
  const onWritten = async (index: number) => {
    if (killed.has(index)) await keeper.replace();
  };
  const feed = { quoteAnswer: QUOTE_ANSWER, quoteEvery: QUOTE_EVERY };
  const told = { lag: scribe.lag, onWritten, onRound };
  const end = await replay({ world, reader, settler, owners, ...told, ...feed }, rounds);

  input.onStage("Checking the laws against the chain");
  const after = await readPoolValue(world);
  const histories = scribe.histories();
  const holdings = await readHoldings(world, reader.state, scribe.logs);
  const laws = checkLaws({ holdings, state: reader.state, logs: scribe.logs, histories });
  const { lags } = scribe.lag;
  return {
    rounds,
    pricedBy,
    positions: openedOf(world, book, { histories, end }),
    refused: book.length - opened.length,
    pool: { before, after },
    lag: spreadOf(lags),
    liquidations: lags.length,
    laws,
    overdue: settler.overdue,
    keeperTransactions: keeper.transactions,
    ok: laws.every((law) => law.holds) && settler.overdue.length === 0,
  };
}

/** Everything before the first round: the pool fills, and the book opens. */
async function openMarketDay(
  input: DemoInput,
  world: World,
  settler: Settler,
): Promise<readonly PlannedPosition[]> {
  const first = input.rounds[0];
  if (first === undefined) throw new FatalError("There are no rounds to replay.");
  const answers = { index: first.answer, quote: QUOTE_ANSWER };
  const { timestamp } = await readHead(world.provider);
  await quotePrices(world, answers, timestamp + world.graceSeconds);
  const book = drawBook(input.seed, await readLimits(world, answers));
  const stage = { book, answers };
  input.onStage("Providers fill the pool");
  await fund(world, book);
  await fillPool(world, stage, settler);
  input.onStage(`${book.length} accounts open positions`);
  await quotePrices(world, answers, first.time - OPENING);
  await openBook(world, stage, settler);
  return book;
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
