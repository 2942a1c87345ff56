import type { PayoutDeferredEvent } from "../../types/ethers-contracts/contracts/interfaces/IMarginVault.ts";
import { calling } from "../chain/errors.ts";
import type { MarketLog } from "../chain/logs.ts";
import { toMarket, toPosition } from "../chain/structs.ts";
import { balanceOf, tokenFlow, transfersTo } from "../chain/token.ts";
import { type Order, takesFeeFromMargin } from "../core/orderMath.ts";
import type { MarketState } from "../core/snapshot.ts";
import type { Market, Position } from "../core/types.ts";
import { type HeldMandate, readMandates } from "./mandates.ts";
import { sumOf } from "./stats.ts";
import type { World } from "./world.ts";

/** What the contracts of a market hold and owe, read from the chain. Amounts are WAD. */
export interface Holdings {
  readonly market: Market;
  readonly positions: readonly Position[];
  readonly orderCount: bigint;
  /** Orders that the order book still stores. */
  readonly storedOrders: ReadonlySet<bigint>;
  readonly vault: Tokens & {
    readonly escrows: bigint;
    readonly claimable: bigint;
  };
  readonly pool: Tokens & {
    readonly cash: bigint;
    readonly reserved: bigint;
    /** Pending deposits and everything claimable. */
    readonly owed: bigint;
  };
  readonly mandates: readonly HeldMandate[];
  /** What owners' wallets sent to the MarginVault in transactions that rescued. */
  readonly walletPulls: bigint;
}

/** Tokens of one contract: what it has, and what came and went since the chain began. */
export interface Tokens {
  readonly balance: bigint;
  readonly received: bigint;
  readonly sent: bigint;
}

const FEE_STEP = 10n ** 12n;

/**
 * Read what a market holds and owes.
 *
 * @throws RpcError when the node does not answer.
 */
export async function readHoldings(
  world: World,
  state: MarketState,
  logs: readonly MarketLog[],
): Promise<Holdings> {
  const { marginVault, liquidityVault, orderBook, addresses } = world.contracts;
  return calling("what the market holds", async () => {
    const orderCount = await orderBook.orderCount();
    const ids = Array.from({ length: Number(orderCount) }, (_, index) => BigInt(index + 1));
    const orders = await inTurn(ids, (id) => orderBook.order(id));
    const [cash, reserved, owedToken] = await Promise.all([
      liquidityVault.cash(),
      liquidityVault.reserved(),
      liquidityVault.owedToken(),
    ]);
    return {
      market: toMarket(await marginVault.market()),
      positions: await inTurn([...state.positions.keys()], async (id) =>
        toPosition(await marginVault.position(id)),
      ),
      orderCount,
      storedOrders: new Set(ids.filter((_, index) => orders[index]?.submittedAt !== 0n)),
      vault: {
        ...(await tokensOf(world, addresses.marginVault)),
        escrows: sumOf(orders.map(escrowOf)),
        claimable: await claimable(world, logs),
      },
      pool: {
        ...(await tokensOf(world, addresses.liquidityVault)),
        cash,
        reserved,
        owed: owedToken * world.tokenScale,
      },
      mandates: await readMandates(world),
      walletPulls: await walletPulls(world, logs),
    };
  });
}

async function tokensOf({ provider, token, tokenScale }: World, holder: string): Promise<Tokens> {
  const [balance, flow] = await Promise.all([
    balanceOf(provider, token, holder),
    tokenFlow(provider, token, holder),
  ]);
  return {
    balance: balance * tokenScale,
    received: flow.received * tokenScale,
    sent: flow.sent * tokenScale,
  };
}

/** Margin and keeper's fee that are held for an order; nothing for one that has ended. */
function escrowOf(order: Pick<Order, "margin" | "keeperFeeE6" | "traits">): bigint {
  return order.margin + (takesFeeFromMargin(order) ? 0n : order.keeperFeeE6 * FEE_STEP);
}

/** Payouts that the token refused; only accounts that a log names have any. */
async function claimable(world: World, logs: readonly MarketLog[]): Promise<bigint> {
  const { marginVault } = world.contracts;
  const deferred = logs
    .filter((log) => log.part === "marginVault" && log.name === "PayoutDeferred")
    .map((log) => (log.args as unknown as PayoutDeferredEvent.OutputObject).account);
  const amounts = await inTurn([...new Set(deferred)], (account) => marginVault.claimable(account));
  return sumOf(amounts) * world.tokenScale;
}

/** Told by the token alone: who was rescued, and in which transactions, is all that the market's logs add. */
async function walletPulls(world: World, logs: readonly MarketLog[]): Promise<bigint> {
  const { provider, token, tokenScale, contracts } = world;
  const rescues = logs.filter(({ name }) => name === "PositionRescued");
  const hashes = new Set(rescues.map(({ transactionHash }) => transactionHash));
  const owners = new Set(rescues.map(({ args }) => String(args.account)));
  const transfers = await transfersTo(provider, token, contracts.addresses.marginVault);
  const pulls = transfers.filter(
    ({ sender, transactionHash }) => owners.has(sender) && hashes.has(transactionHash),
  );
  return sumOf(pulls.map(({ amount }) => amount)) * tokenScale;
}

/** One question after the other: hundreds at once would only queue in the node. */
async function inTurn<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (const item of items) answers.push(await ask(item));
  return answers;
}
