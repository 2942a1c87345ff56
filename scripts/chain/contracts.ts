import { type ContractRunner, Interface } from "ethers";

export type { TransactionReceipt } from "ethers";

import type {
  ILiquidityVault,
  IMandateBook,
  IMarginVault,
  IMarketCharter,
  IOracle,
  IOrderBook,
} from "../../types/ethers-contracts/contracts/interfaces/index.ts";
import { FluxAggregator__factory } from "../../types/ethers-contracts/factories/chainlink-contracts-0.6/src/v0.6/FluxAggregator__factory.ts";
import {
  IAggregatorProxy__factory,
  ILiquidityVault__factory,
  IMandateBook__factory,
  IMarginVault__factory,
  IMarketCharter__factory,
  IMarketFactory__factory,
  IOracle__factory,
  IOrderBook__factory,
} from "../../types/ethers-contracts/factories/contracts/interfaces/index.ts";
import { LiquidityVault__factory } from "../../types/ethers-contracts/factories/contracts/LiquidityVault__factory.ts";
import { RetryableError } from "../core/errors.ts";
import type { MarketConstants } from "../core/snapshot.ts";
import { toBulkheadError } from "./errors.ts";
import { WrongContractError } from "./failures.ts";
import { discoverSource, type PriceSource } from "./priceSource.ts";

/** The contracts of one market. */
export interface MarketContracts {
  readonly marginVault: IMarginVault;
  readonly charter: IMarketCharter;
  readonly orderBook: IOrderBook;
  readonly liquidityVault: ILiquidityVault;
  readonly mandateBook: IMandateBook;
  readonly oracle: IOracle;
  /** Where the oracle has its price from. */
  readonly source: PriceSource;
  readonly addresses: MarketAddresses;
  readonly constants: MarketConstants;
}

/** Where the parts of one market are. */
export interface MarketAddresses {
  readonly marginVault: string;
  readonly orderBook: string;
  readonly liquidityVault: string;
  readonly mandateBook: string;
  readonly oracle: string;
  /** What it is settled in. */
  readonly token: string;
}

/** Interfaces by the part of a market that they belong to. */
export const INTERFACES = {
  marginVault: new Interface(IMarginVault__factory.abi),
  orderBook: new Interface(IOrderBook__factory.abi),
  liquidityVault: new Interface(ILiquidityVault__factory.abi),
  mandateBook: new Interface(IMandateBook__factory.abi),
} as const;

/** A part of a market that writes numbered logs. */
export type MarketPart = keyof typeof INTERFACES;

/**
 * Find the parts of a market from its MarginVault.
 *
 * @throws WrongContractError when there is no such contract; RpcError when the node does not answer.
 */
export async function openMarket(
  runner: ContractRunner,
  marginVaultAddress: string,
): Promise<MarketContracts> {
  try {
    return await discover(runner, marginVaultAddress);
  } catch (cause) {
    const failure = toBulkheadError("reading the market", cause);
    if (failure instanceof RetryableError && !isEmptyAnswer(cause)) throw failure;
    throw new WrongContractError(marginVaultAddress, "MarginVault");
  }
}

/** Connect to one Chainlink proxy. */
export function openFeed(runner: ContractRunner, address: string) {
  return IAggregatorProxy__factory.connect(address, runner);
}

/** Connect to a pool with all that its shares can do. */
export function openPool(runner: ContractRunner, address: string) {
  return LiquidityVault__factory.connect(address, runner);
}

/** Connect to the factory that creates markets. */
export function openFactory(runner: ContractRunner, address: string) {
  return IMarketFactory__factory.connect(address, runner);
}

/** Connect to the mandate book of a market. */
export function openMandateBook(runner: ContractRunner, address: string) {
  return IMandateBook__factory.connect(address, runner);
}

/** Connect to the aggregator behind a local feed. */
export function openAggregator(runner: ContractRunner, address: string) {
  return FluxAggregator__factory.connect(address, runner);
}

async function discover(runner: ContractRunner, address: string): Promise<MarketContracts> {
  const marginVault = IMarginVault__factory.connect(address, runner);
  const charter = IMarketCharter__factory.connect(await marginVault.charter(), runner);
  const [parts, oracleAddress, curves] = await Promise.all([
    charter.addresses(),
    charter.oracle(),
    charter.curves(),
  ]);
  const orderBookAddress = parts.orderBook;
  const poolAddress = parts.liquidityVault;
  const orderBook = IOrderBook__factory.connect(orderBookAddress, runner);
  const liquidityVault = ILiquidityVault__factory.connect(poolAddress, runner);
  const oracle = IOracle__factory.connect(oracleAddress, runner);
  const mandateBook = openMandateBook(runner, parts.mandateBook);
  const pool = openPool(runner, poolAddress);
  const [token, sequencerGrace, tokenScale, source, times, requests] = await Promise.all([
    pool.asset(),
    charter.sequencerGrace(),
    charter.tokenScale(),
    discoverSource(runner, oracleAddress),
    Promise.all([
      orderBook.executionDelay(),
      orderBook.maxRoundWait(),
      orderBook.executionWindow(),
    ]),
    liquidityVault.parameters(),
  ]);
  const [executionDelay, maxRoundWait, executionWindow] = times;
  return {
    marginVault,
    orderBook,
    liquidityVault,
    mandateBook,
    oracle,
    charter,
    source,
    addresses: {
      marginVault: address,
      orderBook: orderBookAddress,
      liquidityVault: poolAddress,
      mandateBook: parts.mandateBook,
      oracle: oracleAddress,
      token,
    },
    constants: {
      executionDelay,
      maxRoundWait,
      executionWindow,
      depositDelay: requests.depositDelay,
      redeemDelay: requests.redeemDelay,
      sequencerGrace,
      tokenScale,
      skewScale: curves.skewScale,
    },
  };
}

/** An address without code answers nothing, which cannot be decoded. */
function isEmptyAnswer(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "BAD_DATA";
}
