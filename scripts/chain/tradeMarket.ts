import type { ContractRunner, JsonRpcProvider } from "ethers";
import type { OrderRequestStruct } from "../../types/ethers-contracts/contracts/interfaces/IOrderBook.ts";
import type {
  IMandateBook,
  IOrderBook,
} from "../../types/ethers-contracts/contracts/interfaces/index.ts";
import type { LiquidityVault } from "../../types/ethers-contracts/contracts/LiquidityVault.ts";
import {
  IMandateBook__factory,
  IMarketFactory__factory,
} from "../../types/ethers-contracts/factories/contracts/interfaces/index.ts";
import { LiquidityVault__factory } from "../../types/ethers-contracts/factories/contracts/LiquidityVault__factory.ts";
import type { Scene } from "../core/quote.ts";
import type { RescueMandate } from "../core/rescue.ts";
import type { CurveParameters, Position, Terms } from "../core/types.ts";
import { type Head, readHead } from "./blocks.ts";
import { type MarketContracts, openMarket } from "./contracts.ts";
import { calling } from "./errors.ts";
import { toCurves, toMarket, toPosition, toTerms } from "./structs.ts";
import { readToken, type TokenFacts } from "./token.ts";

/** What an account asks the order book for. */
export type OrderRequest = Required<OrderRequestStruct>;

/** Any contract of a market that calls can be encoded for. */
export type Encoder = Pick<IOrderBook, "interface">;

/** A market with all that people use of it. */
export interface TradeMarket extends MarketContracts {
  readonly provider: JsonRpcProvider;
  readonly mandateBook: IMandateBook;
  readonly pool: LiquidityVault;
  readonly token: TokenFacts;
  /** Of the pool's share. */
  readonly share: TokenFacts;
  readonly mandateBookAddress: string;
  readonly charterAddress: string;
}

/** A market at its newest block. */
export interface MarketScene {
  readonly head: Head;
  readonly market: Scene["market"];
  readonly curves: CurveParameters;
  /** Index price [WAD quote per base] and when it was observed [s]; absent while the oracle refuses. */
  readonly price: bigint;
  readonly observedAt: bigint;
}

/** The pool of a market at its newest block. */
export interface PoolFacts {
  /** [WAD quote] */
  readonly cash: bigint;
  /** [WAD quote] */
  readonly reserved: bigint;
  /** [token] */
  readonly totalAssets: bigint;
  readonly totalSupply: bigint;
  /** Worth of one whole share [token]. */
  readonly sharePriceToken: bigint;
  /** [WAD] */
  readonly maxUtilization: bigint;
  readonly minRequestToken: bigint;
  readonly requestFeeToken: bigint;
}

const UNIT_OF_SHARE = 10n;

/**
 * Find all parts of a market from its MarginVault.
 *
 * @throws WrongContractError when there is none; RpcError when the node does not answer.
 */
export async function openTradeMarket(
  provider: JsonRpcProvider,
  marginVault: string,
): Promise<TradeMarket> {
  const contracts = await openMarket(provider, marginVault);
  const { charter, addresses } = contracts;
  const [parts, collateral] = await calling("the market's parts", () =>
    Promise.all([charter.addresses(), charter.collateralToken()]),
  );
  const pool = LiquidityVault__factory.connect(addresses.liquidityVault, provider);
  const [token, share] = await Promise.all([
    readToken(provider, collateral),
    readToken(provider, addresses.liquidityVault),
  ]);
  return {
    ...contracts,
    provider,
    mandateBook: IMandateBook__factory.connect(parts.mandateBook, provider),
    pool,
    token,
    share,
    mandateBookAddress: parts.mandateBook,
    charterAddress: parts.charter,
  };
}

/**
 * Read the sums, curves and price of a market at the newest block.
 *
 * @throws ContractError when the oracle refuses; RpcError when the node does not answer.
 */
export async function readScene(market: TradeMarket): Promise<MarketScene> {
  const head = await readHead(market.provider);
  const at = { blockTag: head.number };
  const [sums, curves, latest] = await calling("the market", () =>
    Promise.all([
      market.marginVault.market(at),
      market.charter.curves(at),
      market.oracle.latest(at),
    ]),
  );
  return {
    head,
    market: toMarket(sums),
    curves: toCurves(curves),
    price: latest.price,
    observedAt: latest.observedAt,
  };
}

/** Read terms by their number; the newest where none is given. */
export async function readTerms(
  { charter }: TradeMarket,
  termsId?: bigint,
): Promise<{ readonly termsId: bigint; readonly terms: Terms }> {
  return calling("terms", async () => {
    const id = termsId ?? (await charter.latestTermsId());
    return { termsId: id, terms: toTerms(await charter.terms(id)) };
  });
}

/** Read a position; of size zero where it is not open. */
export async function readPosition({ marginVault }: TradeMarket, id: bigint): Promise<Position> {
  return toPosition(await calling("position", () => marginVault.position(id)));
}

/** Read a position's mandate; `undefined` where none stands for its owner. */
export async function readMandate(
  { mandateBook }: TradeMarket,
  id: bigint,
  { owner, traits }: Pick<Position, "owner" | "traits">,
): Promise<RescueMandate | undefined> {
  if ((traits & 1n) === 0n) return undefined;
  const [stored, round] = await calling("mandateOf", () =>
    Promise.all([mandateBook.mandateOf(id), mandateBook.roundOf(owner)]),
  );
  if (stored.owner !== owner || stored.round !== round) return undefined;
  return {
    capLeft: stored.capLeft,
    targetRatio: stored.targetRatioE6 * 10n ** 12n,
    triggerRatio: stored.triggerRatioE6 * 10n ** 12n,
    minInterval: stored.minInterval,
    rescuedAt: stored.rescuedAt,
    expiry: stored.expiry,
    maxKeeperFee: stored.maxKeeperFeeE6 * 10n ** 12n,
  };
}

/** Read the pool's books. */
export async function readPool({ pool, share }: TradeMarket): Promise<PoolFacts> {
  return calling("the pool", async () => {
    const [cash, reserved, totalAssets, totalSupply, sharePriceToken, limits] = await Promise.all([
      pool.cash(),
      pool.reserved(),
      pool.totalAssets(),
      pool.totalSupply(),
      pool.convertToAssets(UNIT_OF_SHARE ** BigInt(share.decimals)),
      pool.parameters(),
    ]);
    const { maxUtilization, minRequestToken, requestFeeToken } = limits;
    return {
      cash,
      reserved,
      totalAssets,
      totalSupply,
      sharePriceToken,
      maxUtilization,
      minRequestToken,
      requestFeeToken,
    };
  });
}

/** List the MarginVaults that a factory created. */
export async function listMarkets(
  runner: ContractRunner,
  factory: string,
): Promise<readonly string[]> {
  const contract = IMarketFactory__factory.connect(factory, runner);
  return calling("the factory's markets", async () => {
    const count = Number(await contract.marketCount());
    const ids = Array.from({ length: count }, (_, index) => BigInt(index + 1));
    const markets = await Promise.all(ids.map((id) => contract.marketOf(id)));
    return markets.map(({ marginVault }) => marginVault);
  });
}
