import type { JsonRpcProvider } from "ethers";

import { max, min } from "../core/integers.ts";
import { ask } from "./provider.ts";

/** What a transaction offers for its gas [wei]. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** What the chain asks for gas now [wei]. */
export interface GasMarket extends Fees {
  /** Of the next block. */
  readonly baseFee: bigint;
}

interface FeeHistory {
  readonly baseFeePerGas: readonly string[];
  readonly reward?: readonly (readonly string[])[];
}

const BLOCKS = 5;
const PERCENTILE = 60;
const LEAST_TIP = 1n;
/** Pools refuse a replacement that offers less than a tenth more; an eighth more passes everywhere. */
const BUMP = { numerator: 9n, denominator: 8n } as const;

/**
 * Work out what to offer from the node's own blocks, never from somebody else's oracle.
 *
 * @throws RpcError when the node does not answer.
 */
export async function readGasMarket(provider: JsonRpcProvider): Promise<GasMarket> {
  const history = await ask<FeeHistory>(provider, "eth_feeHistory", [
    `0x${BLOCKS.toString(16)}`,
    "latest",
    [PERCENTILE],
  ]);
  const baseFee = BigInt(history.baseFeePerGas.at(-1) ?? "0x0");
  const tips = (history.reward ?? []).map(([tip]) => BigInt(tip ?? "0x0")).sort(byValue);
  const median = tips[Math.floor(tips.length / 2)] ?? LEAST_TIP;
  const maxPriorityFeePerGas = max(median, LEAST_TIP);
  return { baseFee, maxPriorityFeePerGas, maxFeePerGas: 2n * baseFee + maxPriorityFeePerGas };
}

/**
 * Return what a replacement must offer: at least an eighth more, and what the market asks.
 *
 * @returns `undefined` when that is above `cap` [wei].
 */
export function bumpedFees(fees: Fees, market: Fees, cap: bigint): Fees | undefined {
  const maxFeePerGas = max(raised(fees.maxFeePerGas), market.maxFeePerGas);
  const tip = max(raised(fees.maxPriorityFeePerGas), market.maxPriorityFeePerGas);
  const least = raised(fees.maxFeePerGas);
  const capped = maxFeePerGas > cap && least <= cap ? cap : maxFeePerGas;
  if (capped > cap) return undefined;
  return { maxFeePerGas: capped, maxPriorityFeePerGas: min(tip, capped) };
}

function raised(fee: bigint): bigint {
  return (fee * BUMP.numerator) / BUMP.denominator + 1n;
}

function byValue(a: bigint, b: bigint): number {
  return a < b ? -1 : 1;
}
