import {
  FetchRequest,
  type JsonRpcError,
  type JsonRpcPayload,
  JsonRpcProvider,
  type JsonRpcResult,
  Network,
} from "ethers";

import { FatalError } from "../core/errors.ts";
import { RpcError } from "./failures.ts";
import { ask, connectNode, hostOf } from "./provider.ts";

/** Which nodes to read from, the best first. */
export interface NodePoolOptions {
  readonly rpcUrls: readonly string[];
  /** Longest wait for one answer [ms]. */
  readonly timeoutMs: number;
}

/** Thrown when two nodes serve different chains. */
export class MixedChainsError extends FatalError {
  constructor(rpcUrl: string, expected: bigint, actual: bigint) {
    super(
      `The node at "${hostOf(rpcUrl)}" serves chain "${actual}", the first one "${expected}". Use nodes of one chain.`,
    );
  }
}

/** Several nodes of one chain: reads go to one of them, and to the next when it fails. */
export interface NodePool {
  readonly reader: JsonRpcProvider;
  /** Ask another node first from now on: this one answers, but not with everything. */
  readonly distrust: () => void;
  /** Each node by itself, to send to all of them or to compare what they say. */
  readonly nodes: readonly JsonRpcProvider[];
  readonly chainId: bigint;
}

/** What tells of the state of an account or contract, and nothing about the node that says so. */
const ABOUT_THE_STATE =
  /nonce|underpriced|already known|known transaction|already imported|insufficient funds|revert|gas required exceeds|out of gas/i;

/**
 * Connect to all nodes of a chain. One that does not answer yet is asked again later.
 *
 * @throws RpcError when none answers; MixedChainsError when they serve different chains.
 */
export async function connectPool({ rpcUrls, timeoutMs }: NodePoolOptions): Promise<NodePool> {
  const answers = await Promise.allSettled(
    rpcUrls.map((rpcUrl) => connectNode({ rpcUrl, timeoutMs })),
  );
  const first = answers.find((answer) => answer.status === "fulfilled");
  if (first === undefined) throw new RpcError("eth_chainId", answers.map(reasonOf));
  const { chainId } = await first.value.getNetwork();
  for (const [index, answer] of answers.entries()) {
    if (answer.status === "rejected") continue;
    const own = (await answer.value.getNetwork()).chainId;
    if (own !== chainId) throw new MixedChainsError(rpcUrls[index] ?? "", chainId, own);
  }
  const network = Network.from(chainId);
  const nodes = rpcUrls.map((url) => new FailoverProvider([url], timeoutMs, network));
  const reader = new FailoverProvider(rpcUrls, timeoutMs, network);
  return { reader, distrust: () => reader.distrust(), nodes, chainId };
}

/**
 * Ask every node whether a block is part of its chain; more than half must say so.
 *
 * @returns Whether they do; a node that does not answer does not agree.
 */
export async function mostAgree(
  nodes: readonly JsonRpcProvider[],
  block: { readonly number: number; readonly hash: string },
): Promise<boolean> {
  const tag = `0x${block.number.toString(16)}`;
  const answers = await Promise.allSettled(
    nodes.map((node) =>
      ask<{ readonly hash: string } | null>(node, "eth_getBlockByNumber", [tag, false]),
    ),
  );
  const agreeing = answers.filter(
    (answer) => answer.status === "fulfilled" && answer.value?.hash === block.hash,
  );
  return agreeing.length * 2 > nodes.length;
}

/** One request goes to one node at a time; the one that answered last is asked first. */
class FailoverProvider extends JsonRpcProvider {
  readonly #urls: readonly string[];
  readonly #timeoutMs: number;
  #preferred = 0;

  constructor(urls: readonly string[], timeoutMs: number, network: Network) {
    super(urls[0], network, { staticNetwork: network, batchMaxCount: 1, cacheTimeout: -1 });
    this.#urls = urls;
    this.#timeoutMs = timeoutMs;
  }

  distrust(): void {
    this.#preferred = (this.#preferred + 1) % this.#urls.length;
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    let failure: unknown;
    for (let tried = 0; tried < this.#urls.length; tried += 1) {
      const at = (this.#preferred + tried) % this.#urls.length;
      try {
        const results = await this.#sendTo(this.#urls[at] ?? "", payload);
        const isLast = tried === this.#urls.length - 1;
        if (isLast || !results.some(blamesNode)) {
          this.#preferred = at;
          // Errors are told from results further up, whatever this type says.
          return results as JsonRpcResult[];
        }
      } catch (cause) {
        failure = cause;
      }
    }
    throw failure;
  }

  async #sendTo(
    url: string,
    payload: JsonRpcPayload | JsonRpcPayload[],
  ): Promise<(JsonRpcResult | JsonRpcError)[]> {
    const request = new FetchRequest(url);
    request.timeout = this.#timeoutMs;
    request.setThrottleParams({ maxAttempts: 1 });
    request.body = JSON.stringify(payload);
    request.setHeader("content-type", "application/json");
    const response = await request.send();
    response.assertOk();
    const body = response.bodyJson as JsonRpcResult | JsonRpcResult[];
    return Array.isArray(body) ? body : [body];
  }
}

function blamesNode(result: JsonRpcResult | JsonRpcError): boolean {
  return "error" in result && !ABOUT_THE_STATE.test(result.error.message ?? "");
}

function reasonOf(answer: PromiseSettledResult<unknown>): unknown {
  return answer.status === "rejected" ? answer.reason : undefined;
}
