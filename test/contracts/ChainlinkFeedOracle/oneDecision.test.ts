import { expect } from "chai";
import { network } from "hardhat";
import {
  deployComposite,
  encodeProof,
  INDEX_MAX_AGE,
  MIN_ANSWER,
  moveTo,
  type OracleFixture,
  QUOTE_MAX_AGE,
} from "../../fixtures/feedOracle.ts";
import {
  newPhase,
  pushRound,
  pushRoundsTogether,
  type WrittenRound,
} from "../../fixtures/feeds.ts";

/** 2,000 USD and 1 USD [E8]. */
const ETH = 200_000_000_000n;
const DOLLAR = 100_000_000n;
/** An order waits 60 s for a price of its own. */
const WAIT = 60n;

const { networkHelpers } = await network.create();
const { loadFixture } = networkHelpers;

interface Pair {
  readonly index: WrittenRound;
  readonly quote: WrittenRound;
}

interface Window {
  readonly validFrom: bigint;
  readonly observedAt: bigint;
  readonly validUntil: bigint;
}

/** Rounds whose every trouble an order may meet: gaps, bounds, shared seconds, a new phase, quotes in between. */
async function history(fixture: OracleFixture) {
  const { index, quote } = fixture;
  const quotes: WrittenRound[] = [];
  const indices: WrittenRound[] = [];
  const push = async (to: WrittenRound[], ...rounds: Promise<WrittenRound>[]) => {
    for (const round of rounds) to.push(await round);
  };

  await pushRound(index, { answer: ETH });
  const phase = await newPhase(index);
  const start = BigInt(await networkHelpers.time.latest()) + 100n;
  await push(indices, pushRound(phase, { answer: ETH, at: start }));
  await push(quotes, pushRound(quote, { answer: DOLLAR, at: start + 30n }));
  await push(indices, pushRound(phase, { answer: ETH, at: start + 100n }));
  await push(quotes, pushRound(quote, { answer: DOLLAR, at: start + 120n }));
  indices.push(...(await pushRoundsTogether(phase, [MIN_ANSWER, ETH])));
  await push(quotes, pushRound(quote, { answer: MIN_ANSWER, at: start + 200n }));
  await push(indices, pushRound(phase, { answer: ETH, at: start + 230n }));
  await push(quotes, pushRound(quote, { answer: DOLLAR, at: start + 330n }));
  const bound = start + 330n + INDEX_MAX_AGE;
  await push(indices, pushRound(phase, { answer: MIN_ANSWER, at: bound }));
  await push(indices, pushRound(phase, { answer: ETH, at: bound + 100n }));
  const stale = start + 330n + QUOTE_MAX_AGE;
  await push(indices, pushRound(phase, { answer: ETH, at: stale - 40n }));
  await push(indices, pushRound(phase, { answer: ETH, at: stale + 40n }));
  await push(quotes, pushRound(quote, { answer: DOLLAR, at: stale + 200n }));
  await moveTo(fixture, stale + 1_000n);

  const moments = [start, start + 30n, start + 100n, start + 121n, start + 200n, start + 230n];
  moments.push(
    start + 330n,
    start + 230n + INDEX_MAX_AGE,
    bound,
    bound + 100n,
    stale,
    stale + 200n,
  );
  const times = new Set<bigint>();
  for (const moment of moments) {
    for (const shift of [-61n, -60n, -59n, -41n, -20n, -1n, 0n, 1n, 20n, 41n]) {
      times.add(moment + shift);
    }
  }
  const pairs: Pair[] = indices.flatMap((one) =>
    quotes.map((other) => ({ index: one, quote: other })),
  );
  return { pairs, times: [...times] };
}

/** Seconds that a pair's price speaks for, none when the oracle refuses it. */
async function windowOf({ oracle }: OracleFixture, pair: Pair): Promise<Window | undefined> {
  try {
    return await oracle.verify.staticCall(encodeProof(pair.index.id, pair.quote.id));
  } catch {
    return undefined;
  }
}

/** Whether a price serves an order of `time`: on time, or in force when the order has waited in vain. */
function serves(price: Window | undefined, time: bigint): boolean {
  if (price === undefined) return false;
  const latest = time + WAIT;
  const late = price.observedAt < time && price.validFrom <= latest && latest <= price.validUntil;
  return (
    late || (price.validFrom <= time && time <= price.observedAt && price.observedAt <= latest)
  );
}

describe("ChainlinkFeedOracle verify and hadNoPrice", () => {
  it("leave every moment exactly one price or the proof that it has none", async () => {
    const fixture = await loadFixture(deployComposite);
    const { pairs, times } = await history(fixture);
    const windows = await Promise.all(pairs.map((pair) => windowOf(fixture, pair)));
    let served = 0;
    for (const time of times) {
      const prices = windows.filter((window) => serves(window, time)).length;
      const answers = await Promise.all(
        pairs.map(({ index, quote }) =>
          fixture.oracle.hadNoPrice(time, time + WAIT, encodeProof(index.id, quote.id)),
        ),
      );
      expect(prices, `prices at ${time}`).to.equal(answers.includes(true) ? 0 : 1);
      served += prices;
    }
    // Neither answer is vacuous.
    expect(served).to.be.greaterThan(20);
    expect(times.length - served).to.be.greaterThan(20);
  });
});
