import type { Block, JsonRpcProvider } from "ethers";

import { calling } from "./errors.ts";
import { RpcError } from "./failures.ts";

/** A block, as far as a reader cares. */
export interface Head {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  /** [s] */
  readonly timestamp: number;
  /** Gas that all its transactions together may take; known of blocks just read. */
  readonly gasLimit?: bigint;
}

/**
 * Ask for the newest block.
 *
 * @throws RpcError when the node does not answer.
 */
export async function readHead(provider: JsonRpcProvider): Promise<Head> {
  return toHead(await calling("eth_getBlockByNumber", () => provider.getBlock("latest")));
}

/**
 * Ask for the block with a number.
 *
 * @throws RpcError when the node does not answer or has no such block.
 */
export async function readBlock(provider: JsonRpcProvider, number: number): Promise<Head> {
  return toHead(await calling("eth_getBlockByNumber", () => provider.getBlock(number)));
}

function toHead(block: Block | null): Head {
  if (block?.hash == null) throw new RpcError("eth_getBlockByNumber with a block that exists");
  const { number, hash, parentHash, timestamp, gasLimit } = block;
  return { number, hash, parentHash, timestamp, gasLimit };
}
