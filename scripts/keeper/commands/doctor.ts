import { readHead } from "../../chain/blocks.ts";
import { openMarket } from "../../chain/contracts.ts";
import { calling } from "../../chain/errors.ts";
import { connectNode, hostOf, type Node } from "../../chain/provider.ts";
import { openSigner } from "../../chain/signer.ts";
import type { KeeperConfig } from "../../config/keeper.ts";
import { BulkheadError } from "../../core/errors.ts";
import { openStore } from "../store/open.ts";
import { priceNow } from "./priceNow.ts";

/** Thrown by a check that does not hold, with what to do. */
class Complaint extends BulkheadError {}

interface Check {
  readonly name: string;
  /** Returns what is well. */
  readonly run: () => Promise<string>;
}

const LARGEST_SKEW_S = 30;
/** Older than after any ordinary halt of a chain: such a node does not follow it. */
const OLDEST_BLOCK_S = 600;
/** Chains of a developer's own live in a time of their own. */
const LOCAL_CHAINS: readonly bigint[] = [1337n, 31_337n];

/** Check everything that a keeper needs, and tell what to do about what is missing. Returns the exit code. */
export async function doctor(
  config: KeeperConfig,
  print: (text: string) => unknown,
): Promise<number> {
  let failures = 0;
  for (const { name, run } of checksOf(config)) {
    try {
      print(`ok    ${name}: ${await run()}`);
    } catch (cause) {
      failures += 1;
      print(`FAIL  ${name}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  print(failures === 0 ? "All is well." : `${failures} of the checks failed.`);
  return failures === 0 ? 0 : 1;
}

function checksOf(config: KeeperConfig): readonly Check[] {
  const { rpcUrl, rpcTimeoutMs, markets } = config;
  const connect = (url: string) => connectNode({ rpcUrl: url, timeoutMs: rpcTimeoutMs });
  const first = () => connect(rpcUrl[0] ?? "");
  return [
    ...rpcUrl.map((url) => ({
      name: `node ${hostOf(url)}`,
      run: async () => checkNode(await connect(url)),
    })),
    { name: "chains", run: async () => checkChains(await Promise.all(rpcUrl.map(connect))) },
    { name: "clock", run: async () => checkClock(await first()) },
    ...markets.flatMap((market) => [
      { name: `market ${market}`, run: async () => checkMarket(await first(), market) },
      { name: `price of ${market}`, run: async () => checkPrice(await first(), market, config) },
    ]),
    { name: "key", run: async () => checkKey(await first(), config) },
    { name: "profit", run: async () => checkProfit(config) },
    { name: "store", run: () => checkStore(config) },
  ];
}

async function checkNode(node: Node): Promise<string> {
  const [{ number, timestamp }, { chainId }] = await Promise.all([
    readHead(node),
    node.getNetwork(),
  ]);
  const age = secondsSince(timestamp);
  if (age > OLDEST_BLOCK_S && !LOCAL_CHAINS.includes(chainId)) {
    throw new Complaint(
      `Its newest block "${number}" is "${age}" s old. Wait until it follows the chain, or use another node.`,
    );
  }
  return `block ${number}`;
}

async function checkChains(nodes: readonly Node[]): Promise<string> {
  const ids = await Promise.all(nodes.map(async (node) => (await node.getNetwork()).chainId));
  const [id] = ids;
  if (ids.some((one) => one !== id)) {
    throw new Complaint(`The nodes serve different chains: "${ids}". Use nodes of one chain.`);
  }
  return `chain ${id}, ${ids.length} node(s)`;
}

async function checkClock(node: Node): Promise<string> {
  const { timestamp } = await readHead(node);
  const behind = secondsSince(timestamp);
  if (behind < -LARGEST_SKEW_S) {
    throw new Complaint(`This machine's clock is "${-behind}" s behind the chain. Set it right.`);
  }
  return `the newest block is ${behind} s old`;
}

function secondsSince(timestamp: number): number {
  return Math.round(Date.now() / 1000) - timestamp;
}

async function checkMarket(node: Node, market: string): Promise<string> {
  const { addresses } = await openMarket(node, market);
  return `order book ${addresses.orderBook}, pool ${addresses.liquidityVault}`;
}

async function checkPrice(node: Node, market: string, config: KeeperConfig): Promise<string> {
  const [contracts, head] = await Promise.all([openMarket(node, market), readHead(node)]);
  const { spot, spotRefusal } = await priceNow(config, { node, contracts, head });
  if (spot === undefined) throw new Complaint(String(spotRefusal));
  return `${spot.price} (WAD), observed at ${spot.observedAt}`;
}

async function checkKey(node: Node, config: KeeperConfig): Promise<string> {
  if (config.key === undefined) throw new Complaint("There is none. Only a dry run goes without.");
  const { address } = await openSigner(node, config.key);
  const balance = await calling("eth_getBalance", () => node.getBalance(address));
  if (balance < config.minBalance) {
    throw new Complaint(
      `"${address}" has "${balance}" wei, less than "${config.minBalance}". Send it more.`,
    );
  }
  return `${address} has ${balance} wei; it pulls no token, so it needs no allowance`;
}

async function checkProfit({ nativePrice }: KeeperConfig): Promise<string> {
  return nativePrice === undefined
    ? "not asked for; set BULKHEAD_NATIVE_PRICE to send only what pays"
    : `gas is priced by ${nativePrice}`;
}

async function checkStore({ store, rpcTimeoutMs }: KeeperConfig): Promise<string> {
  const database = await openStore(store, rpcTimeoutMs);
  try {
    const key = ["doctor", "probe"];
    await database.query(
      "INSERT INTO notes (scope, key, value) VALUES ($1, $2, 'x') ON CONFLICT (scope, key) DO UPDATE SET value = 'x'",
      key,
    );
    await database.query("DELETE FROM notes WHERE scope = $1 AND key = $2", key);
    return "can be written";
  } finally {
    await database.close();
  }
}
