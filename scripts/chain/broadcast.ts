import type { JsonRpcProvider } from "ethers";

import { BulkheadError } from "../core/errors.ts";

/** How nodes take a raw transaction. */
export type Reception =
  /** At least one node has it. */
  | "accepted"
  /** The nonce was used already. */
  | "nonceUsed"
  /** What it offers is too little to be taken, or to replace what is there. */
  | "underpriced"
  /** The account cannot pay. */
  | "unfunded"
  /** Every node says that it can never be mined. */
  | "rejected"
  /** Nobody says anything about it; it may have arrived all the same. */
  | "unknown";

/** What one or several nodes said. */
export interface BroadcastResult {
  readonly reception: Reception;
  /** In the words of a node. */
  readonly reason: string;
}

/** What weighs more when nodes differ comes first. */
const RANK: readonly Reception[] = [
  "accepted",
  "nonceUsed",
  "unknown",
  "underpriced",
  "unfunded",
  "rejected",
];

const SAYINGS: readonly (readonly [RegExp, Reception])[] = [
  [/already known|known transaction|already imported|already exists/i, "accepted"],
  [/nonce too low|nonce is too low|nonce has already been used|old nonce/i, "nonceUsed"],
  [/underpriced|fee too low|max fee per gas less than|below base fee|feecap/i, "underpriced"],
  [/insufficient funds|insufficient balance/i, "unfunded"],
  [/intrinsic gas|exceeds block gas|invalid sender|oversized|invalid chain|gas limit/i, "rejected"],
];

/**
 * Hand a raw transaction to all nodes at once, and return as soon as one has it.
 *
 * Never throws: what nodes say about the transaction is the result.
 */
export async function broadcast(
  nodes: readonly JsonRpcProvider[],
  raw: string,
): Promise<BroadcastResult> {
  const receptions = nodes.map((node) => hand(node, raw));
  const accepted = receptions.map(async (one) => {
    const result = await one;
    if (result.reception !== "accepted") throw new NotTakenError(result.reason);
    return result;
  });
  try {
    return await Promise.any(accepted);
  } catch {
    const all = await Promise.all(receptions);
    const sorted = all.toSorted((a, b) => RANK.indexOf(a.reception) - RANK.indexOf(b.reception));
    return sorted[0] ?? { reception: "unknown", reason: "there is no node to send to" };
  }
}

/** Tell from a node's words what became of a transaction. */
export function receptionOf(saying: string): Reception {
  return SAYINGS.find(([pattern]) => pattern.test(saying))?.[1] ?? "unknown";
}

class NotTakenError extends BulkheadError {}

async function hand(node: JsonRpcProvider, raw: string): Promise<BroadcastResult> {
  try {
    await node.send("eth_sendRawTransaction", [raw]);
    return { reception: "accepted", reason: "" };
  } catch (cause) {
    const reason = sayingOf(cause);
    return { reception: receptionOf(reason), reason };
  }
}

/** ethers wraps what a node says in errors of its own, which quote it. */
function sayingOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { info, error } = cause as { info?: { error?: unknown }; error?: unknown };
  const inner = [info?.error, error].map((one) =>
    typeof one === "object" && one !== null && "message" in one ? String(one.message) : "",
  );
  return inner.find((text) => text !== "") ?? cause.message;
}
