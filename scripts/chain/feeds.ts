import { AbiCoder, type BlockTag, type ContractRunner } from "ethers";

import type { Round } from "../core/rounds.ts";
import { openFeed } from "./contracts.ts";
import { calling } from "./errors.ts";
import { ContractError } from "./failures.ts";

/** Rounds that were read before; a round never changes once it is written. */
export type RoundCache = Map<bigint, Round>;

/** Most rounds to walk back: two days of a feed that answers every 30 seconds. */
const MAX_WALK = 6000;
/** Rounds asked for at once. */
const STRIDE = 16;

/** Which feed to read, as of which block. */
export interface FeedReading {
  readonly runner: ContractRunner;
  readonly feed: string;
  readonly blockTag: BlockTag;
  readonly cache: RoundCache;
}

/**
 * Read a feed's rounds of its current phase back to the last one before `since` [s], oldest first.
 *
 * @throws RpcError when the node does not answer; ContractError when the feed has no round.
 */
export async function readRounds(reading: FeedReading, since: bigint): Promise<readonly Round[]> {
  const { blockTag } = reading;
  const latest = await calling("latestRoundData", () =>
    openFeed(reading.runner, reading.feed).latestRoundData({ blockTag }),
  );
  const found: Round[] = [];
  let batch = [ownAnswer(latest)];
  let id = latest.roundId;
  while (batch.length > 0 && found.length < MAX_WALK) {
    for (const round of batch) {
      if (round === undefined) continue;
      found.push(round);
      if (round.updatedAt < since) return found.reverse();
    }
    const ids = idsBefore(id);
    batch = await Promise.all(ids.map((roundId) => readRound(reading, roundId)));
    id = ids.at(-1) ?? id;
  }
  return found.reverse();
}

/** Encode the proof that points an oracle of push feeds at its rounds; `quoteRoundId` is 0 without a quote feed. */
export function encodeRoundProof(indexRoundId: bigint, quoteRoundId: bigint): string {
  return AbiCoder.defaultAbiCoder().encode(["uint80", "uint80"], [indexRoundId, quoteRoundId]);
}

async function readRound(reading: FeedReading, roundId: bigint): Promise<Round | undefined> {
  const { runner, feed, blockTag, cache } = reading;
  const known = cache.get(roundId);
  if (known !== undefined) return known;
  try {
    const round = ownAnswer(
      await calling("getRoundData", () =>
        openFeed(runner, feed).getRoundData(roundId, { blockTag }),
      ),
    );
    if (round !== undefined) cache.set(roundId, round);
    return round;
  } catch (cause) {
    // A round that timed out without an answer reverts. It is no price, and no reason to stop.
    if (cause instanceof ContractError) return undefined;
    throw cause;
  }
}

/** The next ids toward the first round of the phase: the lower 64 bits of an id count from 1. */
function idsBefore(roundId: bigint): readonly bigint[] {
  const left = BigInt.asUintN(64, roundId) - 1n;
  const count = left < STRIDE ? Number(left) : STRIDE;
  return Array.from({ length: count }, (_, index) => roundId - BigInt(index + 1));
}

/** A round that carries an older answer on is no price of its own. */
function ownAnswer(round: {
  readonly roundId: bigint;
  readonly answer: bigint;
  readonly updatedAt: bigint;
  readonly answeredInRound: bigint;
}): Round | undefined {
  if (round.updatedAt === 0n || round.answeredInRound < round.roundId) return undefined;
  return { roundId: round.roundId, answer: round.answer, updatedAt: round.updatedAt };
}
