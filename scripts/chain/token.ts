import {
  type BlockTag,
  Contract,
  type ContractRunner,
  dataSlice,
  getAddress,
  Interface,
  type JsonRpcProvider,
  type Log,
  MaxUint256,
  zeroPadValue,
} from "ethers";

import type { Wallet } from "../core/dueRescues.ts";
import { scaleOf } from "../core/tokenScale.ts";
import { calling } from "./errors.ts";
import { ContractError } from "./failures.ts";

/** What is used of an ERC-20 token. */
const TOKEN_INTERFACE = new Interface([
  "function balanceOf(address account) view returns (uint256)",
  "function decimals() view returns (uint8)",
  "function symbol() view returns (string)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function approve(address spender, uint256 amount) returns (bool)",
  "function mint(address account, uint256 amount)",
  "event Transfer(address indexed from, address indexed receiver, uint256 amount)",
]);

/** Encode the permission for `spender` to pull any amount. */
export function encodeApproval(spender: string): string {
  return TOKEN_INTERFACE.encodeFunctionData("approve", [spender, MaxUint256]);
}

/** Encode the permission for `spender` to pull up to an amount [token]. */
export function encodeAllowance(spender: string, amountToken: bigint): string {
  return TOKEN_INTERFACE.encodeFunctionData("approve", [spender, amountToken]);
}

/** Encode the minting of a test token [token]. */
export function encodeMint(account: string, amountToken: bigint): string {
  return TOKEN_INTERFACE.encodeFunctionData("mint", [account, amountToken]);
}

/**
 * Read a balance [token].
 *
 * @throws RpcError when the node does not answer.
 */
export async function balanceOf(
  runner: ContractRunner,
  token: string,
  account: string,
): Promise<bigint> {
  const data = TOKEN_INTERFACE.encodeFunctionData("balanceOf", [account]);
  const answer = await calling("balanceOf", async () => runner.call?.({ to: token, data }));
  return BigInt(TOKEN_INTERFACE.decodeFunctionResult("balanceOf", answer ?? "0x")[0]);
}

/**
 * Read what an account holds and lets another pull.
 *
 * A token that refuses to answer lets nothing be pulled either.
 *
 * @throws RpcError when the node does not answer.
 */
export async function readWallet(
  runner: ContractRunner,
  asked: {
    readonly token: string;
    readonly owner: string;
    readonly spender: string;
    readonly blockTag: BlockTag;
  },
): Promise<Wallet> {
  const { token, owner, spender, blockTag } = asked;
  const read = async (name: string, args: readonly string[]) => {
    const data = TOKEN_INTERFACE.encodeFunctionData(name, args);
    const answer = await calling(name, async () => runner.call?.({ to: token, data, blockTag }));
    return BigInt(TOKEN_INTERFACE.decodeFunctionResult(name, answer ?? "0x")[0]);
  };
  try {
    const [balanceToken, allowanceToken] = await Promise.all([
      read("balanceOf", [owner]),
      read("allowance", [owner, spender]),
    ]);
    return { balanceToken, allowanceToken };
  } catch (cause) {
    if (!(cause instanceof ContractError)) throw cause;
    return { balanceToken: 0n, allowanceToken: 0n };
  }
}

/** What a token says of itself. */
export interface TokenFacts {
  readonly address: string;
  readonly symbol: string;
  readonly decimals: number;
  /** WAD units in one token unit. */
  readonly scale: bigint;
}

/**
 * Read what a token says of itself.
 *
 * @throws RpcError when the node does not answer; ContractError when the token refuses.
 */
export async function readToken(runner: ContractRunner, address: string): Promise<TokenFacts> {
  const token = new Contract(address, TOKEN_INTERFACE, runner);
  const [symbol, decimals] = await calling("the token", () =>
    Promise.all([token.getFunction("symbol")(), token.getFunction("decimals")()]),
  );
  const scale = Number(decimals) > 18 ? 1n : scaleOf(BigInt(decimals));
  return { address, symbol: String(symbol), decimals: Number(decimals), scale };
}

/**
 * Read what `spender` may still pull from `owner` [token].
 *
 * @throws RpcError when the node does not answer.
 */
export async function allowanceOf(
  runner: ContractRunner,
  token: string,
  { owner, spender }: { readonly owner: string; readonly spender: string },
): Promise<bigint> {
  const contract = new Contract(token, TOKEN_INTERFACE, runner);
  return calling("allowance", () => contract.getFunction("allowance")(owner, spender));
}

/** What an account received and sent since the chain began [token]. */
export interface TokenFlow {
  readonly received: bigint;
  readonly sent: bigint;
}

/**
 * Add up a token's transfers to and from an account.
 *
 * @throws RpcError when the node does not answer.
 */
export async function tokenFlow(
  provider: JsonRpcProvider,
  token: string,
  account: string,
): Promise<TokenFlow> {
  const topic = TOKEN_INTERFACE.getEvent("Transfer")?.topicHash ?? "";
  const indexed = zeroPadValue(account, 32);
  const [received, sent] = await Promise.all([
    transferred(provider, token, [topic, null, indexed]),
    transferred(provider, token, [topic, indexed]),
  ]);
  return { received, sent };
}

/** One transfer of a token. */
export interface TokenTransfer {
  readonly sender: string;
  /** [token] */
  readonly amount: bigint;
  readonly transactionHash: string;
}

/**
 * List a token's transfers to an account since the chain began.
 *
 * @throws RpcError when the node does not answer.
 */
export async function transfersTo(
  provider: JsonRpcProvider,
  token: string,
  account: string,
): Promise<readonly TokenTransfer[]> {
  const topic = TOKEN_INTERFACE.getEvent("Transfer")?.topicHash ?? "";
  const logs = await transferLogs(provider, token, [topic, null, zeroPadValue(account, 32)]);
  return logs.map(({ topics, data, transactionHash }) => ({
    sender: getAddress(dataSlice(topics[1] ?? "0x", 12)),
    amount: BigInt(data),
    transactionHash,
  }));
}

async function transferred(
  provider: JsonRpcProvider,
  token: string,
  topics: readonly (string | null)[],
): Promise<bigint> {
  const logs = await transferLogs(provider, token, topics);
  return logs.reduce((sum, log) => sum + BigInt(log.data), 0n);
}

function transferLogs(
  provider: JsonRpcProvider,
  token: string,
  topics: readonly (string | null)[],
): Promise<readonly Log[]> {
  return calling("eth_getLogs", () =>
    provider.getLogs({ address: token, topics: [...topics], fromBlock: 0, toBlock: "latest" }),
  );
}
