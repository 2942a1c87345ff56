import { Contract, type JsonRpcProvider } from "ethers";

import type {
  FeedSeen,
  NetworkPlan,
  NetworkSeen,
  TokenSeen,
  VerifierSeen,
} from "../core/networkCheck.ts";
import { readHead } from "./blocks.ts";
import { calling } from "./errors.ts";
import { ContractError, RpcError } from "./failures.ts";

/** Everything that may be asked of what an address turns out to be. */
const QUESTIONS = [
  "function symbol() view returns (string)",
  "function decimals() view returns (uint8)",
  "function description() view returns (string)",
  "function aggregator() view returns (address)",
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
  "function minAnswer() view returns (int192)",
  "function maxAnswer() view returns (int192)",
  "function minSubmissionValue() view returns (int256)",
  "function maxSubmissionValue() view returns (int256)",
  "function typeAndVersion() view returns (string)",
  "function s_feeManager() view returns (address)",
  "function s_accessController() view returns (address)",
];

interface Asking {
  readonly provider: JsonRpcProvider;
  readonly blockTag: number;
}

/**
 * Read what is there of a planned network, all at one block.
 *
 * @throws RpcError when the node does not answer.
 */
export async function readNetwork(
  provider: JsonRpcProvider,
  plan: NetworkPlan,
): Promise<NetworkSeen> {
  const head = await readHead(provider);
  const asking = { provider, blockTag: head.number };
  const { chainId } = await calling("eth_chainId", () => provider.getNetwork());
  const [token, indexFeed, quoteFeed, sequencerFeed, verifier] = await Promise.all([
    readToken(asking, plan.collateralToken),
    readFeed(asking, plan.indexFeed.proxy),
    ifPlanned(plan.quoteFeed?.proxy, (address) => readFeed(asking, address)),
    ifPlanned(plan.sequencerFeed, (address) => readFeed(asking, address)),
    ifPlanned(plan.verifierProxy, (address) => readVerifier(asking, address)),
  ]);
  const now = BigInt(head.timestamp);
  return { chainId, now, token, indexFeed, quoteFeed, sequencerFeed, verifier };
}

async function ifPlanned<T>(
  address: string | undefined,
  read: (address: string) => Promise<T>,
): Promise<T | undefined> {
  return address === undefined ? undefined : read(address);
}

async function readToken(asking: Asking, address: string): Promise<TokenSeen> {
  const ask = asker(asking, address);
  const [hasCode, symbol, decimals] = await Promise.all([
    hasCodeAt(asking, address),
    ask<string>("symbol"),
    ask<bigint>("decimals"),
  ]);
  return { hasCode, symbol, decimals };
}

async function readFeed(asking: Asking, address: string): Promise<FeedSeen> {
  const ask = asker(asking, address);
  const [hasCode, description, decimals, round, aggregator] = await Promise.all([
    hasCodeAt(asking, address),
    ask<string>("description"),
    ask<bigint>("decimals"),
    ask<{ answer: bigint; startedAt: bigint; updatedAt: bigint }>("latestRoundData"),
    ask<string>("aggregator"),
  ]);
  const bounds = aggregator === undefined ? undefined : await readBounds(asking, aggregator);
  const latest =
    round === undefined
      ? undefined
      : { answer: round.answer, startedAt: round.startedAt, updatedAt: round.updatedAt };
  return { hasCode, description, decimals, latest, bounds };
}

/** Aggregators of the two kinds name their bounds differently. */
async function readBounds(asking: Asking, aggregator: string): Promise<FeedSeen["bounds"]> {
  const ask = asker(asking, aggregator);
  const min = (await ask<bigint>("minAnswer")) ?? (await ask<bigint>("minSubmissionValue"));
  const max = (await ask<bigint>("maxAnswer")) ?? (await ask<bigint>("maxSubmissionValue"));
  return min === undefined || max === undefined ? undefined : { min, max };
}

async function readVerifier(asking: Asking, address: string): Promise<VerifierSeen> {
  const ask = asker(asking, address);
  const [hasCode, typeAndVersion, feeManager, accessController] = await Promise.all([
    hasCodeAt(asking, address),
    ask<string>("typeAndVersion"),
    ask<string>("s_feeManager"),
    ask<string>("s_accessController"),
  ]);
  return { hasCode, typeAndVersion, feeManager, accessController };
}

async function hasCodeAt({ provider, blockTag }: Asking, address: string): Promise<boolean> {
  return (await calling("eth_getCode", () => provider.getCode(address, blockTag))) !== "0x";
}

/** Asks one contract; what it does not know, or answers in another form, is `undefined`. */
function asker({ provider, blockTag }: Asking, address: string) {
  const contract = new Contract(address, QUESTIONS, provider);
  return async <T>(name: string): Promise<T | undefined> => {
    try {
      const ask = contract.getFunction(name);
      return (await calling(name, () => ask.staticCall({ blockTag }))) as T;
    } catch (cause) {
      if (cause instanceof ContractError || isUndecodable(cause)) return undefined;
      throw cause;
    }
  };
}

/** An address without code answers nothing; another contract may answer something else. */
function isUndecodable(cause: unknown): boolean {
  if (!(cause instanceof RpcError)) return false;
  const { cause: beneath } = cause;
  return beneath instanceof Error && "code" in beneath && beneath.code === "BAD_DATA";
}
