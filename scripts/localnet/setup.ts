import type { OrderRequestStruct } from "../../types/ethers-contracts/contracts/interfaces/IOrderBook.ts";
import { readHead } from "../chain/blocks.ts";
import { openPool } from "../chain/contracts.ts";
import { calling } from "../chain/errors.ts";
import { encodeMint } from "../chain/token.ts";
import { OrderKind } from "../core/orderMath.ts";
import { type BookLimits, exitAtAnyPrice, type PlannedPosition } from "./book.ts";
import type { Settler } from "./settle.ts";
import { sumOf } from "./stats.ts";
import { approve, mineAt, transact, type World, writeIndex, writeRound } from "./world.ts";

/** Prices of the moment, in the feeds' own units. */
export interface Answers {
  readonly index: bigint;
  readonly quote: bigint;
}

/** How much of the pool each provider brings [percent]. */
export const PROVIDER_SHARES = [40n, 30n, 20n, 10n] as const;

const WAD = 10n ** 18n;
/** Cash of the pool as a multiple of all reserves [percent]: room under the utilization limit. */
const COVER = 250n;
/** Trigger orders of the demo outlive it [s]. */
const EXPIRY = 30n * 86_400n;
/** Orders that are sent between two rounds. */
const GROUP = 16;

/**
 * Read what a book must fit from the market itself.
 *
 * @throws RpcError when the node does not answer.
 */
export async function readLimits(world: World, answers: Answers): Promise<BookLimits> {
  const { charter, constants } = world.contracts;
  return calling("the market's limits", async () => {
    const [maxOpenInterest, termsId] = await Promise.all([
      charter.maxOpenInterest(),
      charter.latestTermsId(),
    ]);
    const terms = await charter.terms(termsId);
    return {
      price: (answers.index * WAD) / answers.quote,
      maxOpenInterest,
      skewScale: constants.skewScale,
      initialMarginRatio: terms.initialMarginRatio,
      maintenanceRatio: terms.maintenanceMarginRatio + terms.liquidationFeeRatio,
      liquidationTarget: terms.liquidationTarget,
      positionFeeRatio: terms.positionFeeRatio,
      minReserveRatio: terms.minReserveRatio,
      keeperFeeFloor: terms.keeperFeeFloor,
      minMargin: terms.minMargin,
      minNotional: terms.minNotional,
      tokenScale: world.tokenScale,
    };
  });
}

/** Give every account what it needs and let the market pull it. */
export async function fund(world: World, book: readonly PlannedPosition[]): Promise<void> {
  const { marginVault } = world.contracts.addresses;
  for (const position of book) {
    const account = accountOf(world, position);
    // Margin, as much again to add by hand, what a mandate may pull, and the keeper's fees.
    const amount = 3n * position.margin + (position.mandate?.cap ?? 0n);
    await mint(world, account, amount / world.tokenScale + 1000n * 10n ** 6n);
    await approve(world, account, marginVault);
  }
}

/** Let the providers ask for shares of the pool, wait until their requests are due, and claim. */
export async function fillPool(
  world: World,
  stage: { readonly book: readonly PlannedPosition[]; readonly answers: Answers },
  settler: Settler,
): Promise<void> {
  const { contracts, provider, cast } = world;
  const pool = openPool(provider, contracts.addresses.liquidityVault);
  const reserves = sumOf(stage.book.map((position) => position.reserve));
  const wanted = (reserves * COVER) / 100n / world.tokenScale;
  for (const [index, share] of PROVIDER_SHARES.entries()) {
    const owner = cast.providers[index] ?? "";
    const assets = (wanted * share) / 100n;
    await mint(world, owner, assets);
    await approve(world, owner, contracts.addresses.liquidityVault);
    const data = pool.interface.encodeFunctionData("requestDeposit", [assets, owner, owner]);
    await transact(provider, owner, { to: contracts.addresses.liquidityVault, data });
  }
  const { timestamp } = await readHead(provider);
  await quotePrices(world, stage.answers, timestamp + Number(contracts.constants.depositDelay));
  await settler.settle();
  for (const owner of cast.providers) {
    const claimable = await calling("maxDeposit", () => pool.maxDeposit(owner));
    const data = pool.interface.encodeFunctionData("deposit(uint256,address)", [claimable, owner]);
    await transact(provider, owner, { to: contracts.addresses.liquidityVault, data });
  }
}

/** A market and the book that opens in it. */
export interface OpeningBook {
  readonly world: World;
  readonly settler: Settler;
  readonly book: readonly PlannedPosition[];
}

/** Send the whole books in groups, side by side, each group followed by the round that prices it in every market. */
export async function openBooks(books: readonly OpeningBook[], answers: Answers): Promise<void> {
  const longest = Math.max(...books.map(({ book }) => book.length));
  for (let start = 0; start < longest; start += GROUP) {
    for (const { world, book } of books) {
      for (const position of book.slice(start, start + GROUP)) {
        await submitPosition(world, position);
      }
    }
    await priceGroup(books, answers);
  }
}

async function priceGroup(books: readonly OpeningBook[], answers: Answers): Promise<void> {
  const [first] = books;
  if (first === undefined) return;
  const { provider, contracts } = first.world;
  const { timestamp } = await readHead(provider);
  await quotePrices(first.world, answers, timestamp + Number(contracts.constants.executionDelay));
  for (const { settler } of books) await settler.settle();
}

/** Let quote and index have a price from `time` [s], and let the second pass. */
export async function quotePrices(world: World, answers: Answers, time: number): Promise<void> {
  await writeRound(world, {
    aggregator: world.quoteAggregator,
    answer: answers.quote,
    time,
  });
  await writeIndex(world, { answer: answers.index, time: time + 1 });
  await mineAt(world.provider);
}

/** The account that a planned position belongs to. */
export function accountOf(world: World, position: PlannedPosition): string {
  return world.cast.accounts[position.accountIndex] ?? "";
}

/** Open a position; its exits go along in the same transaction. */
async function submitPosition(world: World, position: PlannedPosition): Promise<void> {
  const { orderBook, charter, addresses } = world.contracts;
  const [newest, keeperFee, termsId, head] = await calling("the order book", () =>
    Promise.all([
      orderBook.orderCount(),
      orderBook.minKeeperFee(),
      charter.latestTermsId(),
      readHead(world.provider),
    ]),
  );
  const open: OrderRequestStruct = {
    positionId: 0n,
    kind: OrderKind.Market,
    reduceOnly: false,
    feeFromMargin: false,
    termsId,
    sizeDelta: position.size,
    margin: position.margin,
    reserve: position.reserve,
    acceptablePrice: position.acceptablePrice,
    triggerPrice: 0n,
    keeperFee,
    expiry: 0n,
  };
  const exit = (kind: bigint, triggerPrice: bigint): OrderRequestStruct => ({
    ...open,
    positionId: newest + 1n,
    kind,
    reduceOnly: true,
    feeFromMargin: true,
    sizeDelta: -position.size,
    margin: 0n,
    reserve: 0n,
    acceptablePrice: exitAtAnyPrice(position.size),
    triggerPrice,
    expiry: BigInt(head.timestamp) + EXPIRY,
  });
  const { stopPrice, profitPrice } = position;
  const requests = [
    open,
    ...(stopPrice === undefined ? [] : [exit(OrderKind.Stop, stopPrice)]),
    ...(profitPrice === undefined ? [] : [exit(OrderKind.Limit, profitPrice)]),
  ];
  const calls = requests.map((request) =>
    orderBook.interface.encodeFunctionData("submit", [request]),
  );
  const data =
    calls.length === 1
      ? (calls[0] ?? "0x")
      : orderBook.interface.encodeFunctionData("multicall", [calls]);
  await transact(world.provider, accountOf(world, position), { to: addresses.orderBook, data });
}

async function mint(world: World, account: string, amountToken: bigint): Promise<void> {
  const data = encodeMint(account, amountToken);
  await transact(world.provider, world.cast.deployer, { to: world.token, data });
}
