import type { ContractRunner } from "ethers";

import {
  IBoundedOracle__factory,
  IChainlinkFeedOracle__factory,
  IChainlinkStreamOracle__factory,
} from "../../types/ethers-contracts/factories/contracts/interfaces/index.ts";
import { calling } from "./errors.ts";
import { ContractError, WrongContractError } from "./failures.ts";

/** A price that is written on chain, round by round. */
export interface PushSource {
  readonly kind: "push";
  readonly indexFeed: string;
  /** Absent where the price is that of one feed. */
  readonly quoteFeed: string | undefined;
}

/** A price that whoever needs it brings along, signed. */
export interface StreamSource {
  readonly kind: "stream";
  readonly oracle: string;
  readonly verifierProxy: string;
  readonly feedId: string;
  /** Largest (ask − bid) / price [WAD]. */
  readonly maxSpread: bigint;
  /** Push feed that prices the settlement token; absent without one. */
  readonly quoteFeed: string | undefined;
}

/** A price that is held against another before it counts. */
export interface BoundedSource {
  readonly kind: "bounded";
  /** Proofs are its own. */
  readonly primary: PushSource | StreamSource;
}

/** How a market learns its price. */
export type PriceSource = PushSource | StreamSource | BoundedSource;

const NO_ADDRESS = `0x${"0".repeat(40)}`;

/**
 * Find out which kind of oracle an address is, by what it answers.
 *
 * @throws WrongContractError when it is none that is known; RpcError when the node does not answer.
 */
export async function discoverSource(runner: ContractRunner, oracle: string): Promise<PriceSource> {
  const bounded = IBoundedOracle__factory.connect(oracle, runner);
  const primary = await answerOf(() => bounded.primaryOracle());
  if (primary === undefined) return discoverPrimary(runner, oracle);
  return { kind: "bounded", primary: await discoverPrimary(runner, primary) };
}

/** Return where the proofs of a source come from. */
export function provingSource(source: PriceSource): PushSource | StreamSource {
  return source.kind === "bounded" ? source.primary : source;
}

async function discoverPrimary(
  runner: ContractRunner,
  oracle: string,
): Promise<PushSource | StreamSource> {
  const stream = IChainlinkStreamOracle__factory.connect(oracle, runner);
  const feedId = await answerOf(() => stream.feedId());
  if (feedId !== undefined) {
    const [verifierProxy, maxSpread, quote] = await calling("the stream oracle", () =>
      Promise.all([stream.verifierProxy(), stream.maxSpread(), stream.quoteFeed()]),
    );
    const quoteFeed = addressOrNone(quote.proxy);
    return { kind: "stream", oracle, verifierProxy, feedId, maxSpread, quoteFeed };
  }
  const push = IChainlinkFeedOracle__factory.connect(oracle, runner);
  const index = await answerOf(() => push.indexFeed());
  if (index === undefined) throw new WrongContractError(oracle, "price oracle");
  const quote = await calling("quoteFeed", () => push.quoteFeed());
  return { kind: "push", indexFeed: index.proxy, quoteFeed: addressOrNone(quote.proxy) };
}

/** A contract that does not know a function refuses the call; a node that does not answer says nothing. */
async function answerOf<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await calling("the oracle's kind", call);
  } catch (cause) {
    if (cause instanceof ContractError) return undefined;
    throw cause;
  }
}

function addressOrNone(address: string): string | undefined {
  return address === NO_ADDRESS ? undefined : address;
}
