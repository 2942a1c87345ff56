import { FetchRequest, getAddress, JsonRpcProvider, Network } from "ethers";

import { calling } from "./errors.ts";

/** A connection to a node. */
export type Node = JsonRpcProvider;

/** How to reach a node. */
export interface NodeAddress {
  readonly rpcUrl: string;
  /** Longest wait for one answer [ms]. */
  readonly timeoutMs: number;
}

/** A signer that takes longer is no help [ms]. */
const SIGNER_TIMEOUT_MS = 5_000;

/**
 * Connect to a node over JSON-RPC.
 *
 * One request is one HTTP call with a deadline, never batched, cached or repeated behind the caller's back.
 *
 * @throws RpcError when the node does not answer.
 */
export async function connectNode(node: NodeAddress): Promise<JsonRpcProvider> {
  const probe = openProvider(node, undefined);
  try {
    const chainId = BigInt(await ask<string>(probe, "eth_chainId", []));
    return openProvider(node, Network.from(chainId));
  } finally {
    probe.destroy();
  }
}

/**
 * Send one raw request.
 *
 * @throws RpcError, NonceError or ContractError, by what went wrong.
 */
export async function ask<T>(
  provider: JsonRpcProvider,
  method: string,
  params: readonly unknown[],
): Promise<T> {
  return calling(method, async () => (await provider.send(method, [...params])) as T);
}

/** Hide everything of a node's address but its host: paths and queries carry API keys. */
export function hostOf(rpcUrl: string): string {
  return URL.parse(rpcUrl)?.host ?? "unknown";
}

/** Open a connection to a signer of a known chain. */
export function openRemote(rpcUrl: string, chainId: bigint): JsonRpcProvider {
  return openProvider({ rpcUrl, timeoutMs: SIGNER_TIMEOUT_MS }, Network.from(chainId));
}

function openProvider(node: NodeAddress, network: Network | undefined): JsonRpcProvider {
  const request = new FetchRequest(node.rpcUrl);
  request.timeout = node.timeoutMs;
  request.setThrottleParams({ maxAttempts: 1 });
  return new JsonRpcProvider(request, network ?? Network.from(1), {
    staticNetwork: network ?? Network.from(1),
    batchMaxCount: 1,
    cacheTimeout: -1,
  });
}

/**
 * Ask a local node for the accounts that it signs for, spelled as logs spell them.
 *
 * @throws RpcError when the node does not answer.
 */
export async function unlockedAccounts(provider: Node): Promise<readonly string[]> {
  return (await ask<string[]>(provider, "eth_accounts", [])).map((address) => getAddress(address));
}
