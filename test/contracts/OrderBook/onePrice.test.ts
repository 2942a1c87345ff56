import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import type { StreamReport } from "../../../scripts/core/streamReport.ts";
import type { OrderMathHarness } from "../../../types/ethers-contracts/index.ts";
import {
  deployComposite,
  encodeProof,
  MIN_ANSWER,
  moveTo,
  type OracleFixture,
} from "../../fixtures/feedOracle.ts";
import { type Feed, pushRoundsTogether, type WrittenRound } from "../../fixtures/feeds.ts";
import {
  deployStreamComposite,
  deployStreamOracle,
  type StreamOracleFixture,
} from "../../fixtures/streamOracle.ts";
import { proofFor, reportAt } from "../../fixtures/streams.ts";
import { plain } from "../../fixtures/structs.ts";

const WAD = 10n ** 18n;
const DOLLAR = 100_000_000n;
/** An order waits 10 s for its price in these tests, and 60 s on push feeds. */
const STREAM_WAIT = 10n;
const ROUND_WAIT = 60n;
const WINDOW = 60n;
/** Seconds that generated reports lie in. */
const SPAN = 12;

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

/** A price as the oracle gave it, to whomever asked. */
type Given = Awaited<ReturnType<StreamOracleFixture["oracle"]["verify"]["staticCall"]>>;

/** A report relative to the start of its sequence [s], priced in dollars. */
interface Draft {
  readonly from: number;
  readonly until: number;
  readonly dollars: number;
}

async function streamWorld() {
  return { ...(await deployStreamOracle(connection)), harness: await deployHarness() };
}

async function deployHarness(): Promise<OrderMathHarness> {
  return await ethers.deployContract("OrderMathHarness");
}

/** Reports of a sound network: each begins after the one before it, with or without a gap between. */
const soundReports = fc
  .array(
    fc.record({
      gap: fc.constantFrom(0, 0, 0, 1, 4),
      span: fc.constantFrom(1, 1, 1, 2, 5),
      dollars: fc.integer({ min: 1_990, max: 2_010 }),
    }),
    { minLength: 3, maxLength: 7 },
  )
  .map((steps) => {
    let next = 0;
    return steps.map(({ gap, span, dollars }): Draft => {
      const from = next + gap;
      next = from + span;
      return { from, until: next - 1, dollars };
    });
  });

/** Whatever a network that has gone wrong may sign: seconds twice, spans across one another. */
const anyReports = fc.array(
  fc
    .tuple(fc.nat(SPAN), fc.nat(4), fc.constantFrom(1_999, 2_000, 2_001))
    .map(([from, length, dollars]): Draft => ({ from, until: from + length, dollars })),
  { minLength: 2, maxLength: 7 },
);

/** In which order reports are shown: any, as often as somebody likes. */
const choices = fc.array(fc.nat(), { minLength: 8, maxLength: 14 });

function toReport(start: bigint, { from, until, dollars }: Draft): StreamReport {
  return reportAt(start + BigInt(until), {
    validFrom: start + BigInt(from),
    price: BigInt(dollars) * WAD,
  });
}

/** Shows a report for an order, and returns the price that the oracle gave, if any. */
async function show(
  { oracle, streams }: StreamOracleFixture,
  report: StreamReport,
): Promise<Given | undefined> {
  const proof = proofFor(streams, report);
  try {
    const price = await oracle.verify.staticCall(proof);
    await oracle.verify(proof);
    return price;
  } catch {
    return undefined;
  }
}

/** The different prices that an order of `at` could be executed at. */
async function pricesAt(
  harness: OrderMathHarness,
  given: readonly Given[],
  { at, wait }: { readonly at: bigint; readonly wait: bigint },
): Promise<readonly bigint[]> {
  const prices = new Set<bigint>();
  for (const price of given) {
    const { covers } = await harness.coverage(plain(price), at, at + wait, WINDOW);
    if (covers) prices.add(price.value);
  }
  return [...prices];
}

/** Shows drafts in the order chosen, and returns what the oracle gave and how often it refused. */
async function showAll(
  fixture: StreamOracleFixture,
  chosen: readonly Draft[],
  start: bigint,
): Promise<{ readonly given: readonly Given[]; readonly refused: number }> {
  const given: Given[] = [];
  for (const draft of chosen) {
    const price = await show(fixture, toReport(start, draft));
    if (price !== undefined) given.push(price);
  }
  return { given, refused: chosen.length - given.length };
}

function choose(drafts: readonly Draft[], order: readonly number[]): readonly Draft[] {
  return order.flatMap((choice) => drafts[choice % drafts.length] ?? []);
}

/** Prices that orders of each second of a span could have, whatever was shown. */
async function pricesOfSpan(
  harness: OrderMathHarness,
  given: readonly Given[],
  start: bigint,
): Promise<readonly (readonly bigint[])[]> {
  const prices: (readonly bigint[])[] = [];
  for (let second = 0; second <= SPAN + 4; second += 1) {
    const at = start + BigInt(second);
    prices.push(await pricesAt(harness, given, { at, wait: STREAM_WAIT }));
  }
  return prices;
}

/** How many of the quote rounds the oracle takes with a report of `at`. */
async function quotesTaken(
  { oracle, streams }: StreamOracleFixture,
  quotes: readonly WrittenRound[],
  at: bigint,
): Promise<number> {
  const proofs = quotes.map(({ id }) => proofFor(streams, reportAt(at), id));
  const prices = await Promise.all(
    proofs.map((proof) => oracle.verify.staticCall(proof).catch(() => undefined)),
  );
  return prices.filter((price) => price !== undefined).length;
}

/** A round some seconds after the one before it, or together with it at 0. */
interface RoundDraft {
  readonly gap: number;
  readonly answer: bigint;
}

const quoteRounds: fc.Arbitrary<readonly RoundDraft[]> = fc.array(
  fc.record({ gap: fc.constantFrom(0, 1, 2, 5), answer: fc.constantFrom(DOLLAR, DOLLAR - 1n) }),
  { minLength: 2, maxLength: 4 },
);

const indexRounds: fc.Arbitrary<readonly RoundDraft[]> = fc.array(
  fc.record({
    gap: fc.constantFrom(0, 1, 20, 59, 61, 200),
    answer: fc.constantFrom(2_000n * DOLLAR, 2_100n * DOLLAR, MIN_ANSWER),
  }),
  { minLength: 3, maxLength: 5 },
);

/** Writes rounds of which those without a gap share the second, and the block, of the one before. */
async function writeRounds(feed: Feed, drafts: readonly RoundDraft[]): Promise<WrittenRound[]> {
  const written: WrittenRound[] = [];
  for (let index = 0; index < drafts.length; ) {
    const rest = drafts.slice(index + 1);
    const next = rest.findIndex(({ gap }) => gap !== 0);
    const group = drafts.slice(index, next === -1 ? drafts.length : index + 1 + next);
    const at = BigInt(await time.latest()) + BigInt(group[0]?.gap ?? 0) + 1n;
    await time.setNextBlockTimestamp(at);
    const answers = group.map(({ answer }) => answer);
    written.push(...(await pushRoundsTogether(feed, answers)));
    index += group.length;
  }
  return written;
}

async function givenBy(
  { oracle }: OracleFixture,
  indices: readonly WrittenRound[],
  quotes: readonly WrittenRound[],
): Promise<readonly Given[]> {
  const given: Given[] = [];
  for (const index of indices) {
    for (const quote of quotes) {
      const proof = encodeProof(index.id, quote.id);
      const price = await oracle.verify.staticCall(proof).catch(() => undefined);
      if (price !== undefined) given.push(price);
    }
  }
  return given;
}

async function anyShowsNone(
  { oracle }: OracleFixture,
  rounds: {
    readonly indices: readonly WrittenRound[];
    readonly quotes: readonly WrittenRound[];
    readonly at: bigint;
  },
): Promise<boolean> {
  for (const index of rounds.indices) {
    for (const quote of rounds.quotes) {
      const proof = encodeProof(index.id, quote.id);
      if (await oracle.hadNoPrice(rounds.at, rounds.at + ROUND_WAIT, proof)) return true;
    }
  }
  return false;
}

/** Seconds at and around rounds, and as far before them as an order waits. */
function momentsOf(indices: readonly WrittenRound[]): readonly bigint[] {
  const moments = new Set<bigint>();
  for (const { updatedAt } of indices) {
    for (const shift of [-61n, -60n, -1n, 0n, 1n]) moments.add(updatedAt + shift);
  }
  return [...moments];
}

describe("One price for every order", () => {
  describe("on reports", () => {
    it("whatever order a sound network's reports are shown in, each second has that of its report", async () => {
      let served = 0;
      await fc.assert(
        fc.asyncProperty(soundReports, choices, async (drafts, order) => {
          const fixture = await loadFixture(streamWorld);
          const start = BigInt(await time.latest()) - 100n;
          const chosen = choose(drafts, order);
          const { given, refused } = await showAll(fixture, chosen, start);
          expect(refused).to.equal(0);
          const prices = await pricesOfSpan(fixture.harness, given, start);
          const expected = prices.map((_, second) =>
            [...new Set(chosen)]
              .filter(({ from, until }) => from <= second && second <= until)
              .map(({ dollars }) => BigInt(dollars) * WAD),
          );
          expect(prices).to.deep.equal(expected);
          served += prices.flat().length;
        }),
        { numRuns: 12 },
      );
      expect(served).to.be.greaterThan(20);
    });

    it("whatever a network signs and anybody shows, no second ever has two", async () => {
      let refusals = 0;
      await fc.assert(
        fc.asyncProperty(anyReports, choices, async (drafts, order) => {
          const fixture = await loadFixture(streamWorld);
          const start = BigInt(await time.latest()) - 100n;
          const { given, refused } = await showAll(fixture, choose(drafts, order), start);
          const prices = await pricesOfSpan(fixture.harness, given, start);
          expect(prices.filter(({ length }) => length > 1)).to.deep.equal([]);
          refusals += refused;
        }),
        { numRuns: 20 },
      );
      // There were choices to refuse.
      expect(refusals).to.be.greaterThan(5);
    });

    it("none serves an order late, for no report shows that there was none before it", async () => {
      const fixture = await loadFixture(streamWorld);
      const start = BigInt(await time.latest()) - 100n;
      // A gap from second 1 to 5: were late reports taken, those of 6 and 7 would both serve an order of second 3.
      const drafts = [0, 6, 7].map((second) => ({ from: second, until: second, dollars: 2_000 }));
      const late = drafts.filter(({ from, until }) => from > 3 && until <= 3 + Number(STREAM_WAIT));
      expect(late).to.have.length(2);
      const { given, refused } = await showAll(fixture, drafts, start);
      expect(refused).to.equal(0);
      const at = start + 3n;
      for (const price of given) {
        const latest = at + STREAM_WAIT;
        const result = await fixture.harness.coverage(plain(price), at, latest, WINDOW);
        expect([result.covers, result.late]).to.deep.equal([false, false]);
      }
    });

    it("of all quote rounds exactly one goes with a report", async () => {
      await fc.assert(
        fc.asyncProperty(quoteRounds, async (drafts) => {
          const fixture = await loadFixture(deployStreamComposite);
          const quotes = await writeRounds(fixture.quote, drafts);
          await time.increase(5n);
          const times = quotes.map(({ updatedAt }) => updatedAt);
          for (const at of new Set(times.flatMap((written) => [written, written + 1n]))) {
            expect(await quotesTaken(fixture, quotes, at), `rounds at ${at}`).to.equal(1);
          }
        }),
        { numRuns: 10 },
      );
    });
  });

  describe("on push feeds", () => {
    it("every moment has one price or the proof that it has none", async () => {
      const seen = { served: 0, none: 0 };
      await fc.assert(
        fc.asyncProperty(indexRounds, quoteRounds, async (indexDrafts, quoteDrafts) => {
          const fixture = await loadFixture(deployComposite);
          const harness = await deployHarness();
          const quotes = await writeRounds(fixture.quote, quoteDrafts.slice(0, 1));
          const indices = await writeRounds(fixture.index, indexDrafts.slice(0, 2));
          quotes.push(...(await writeRounds(fixture.quote, quoteDrafts.slice(1))));
          indices.push(...(await writeRounds(fixture.index, indexDrafts.slice(2))));
          await moveTo(fixture, BigInt(await time.latest()) + 200n);
          const given = await givenBy(fixture, indices, quotes);
          for (const at of momentsOf(indices)) {
            const prices = await pricesAt(harness, given, { at, wait: ROUND_WAIT });
            const absent = await anyShowsNone(fixture, { indices, quotes, at });
            expect(prices.length, `prices at ${at}`).to.equal(Number(!absent));
            seen[absent ? "none" : "served"] += 1;
          }
        }),
        { numRuns: 8 },
      );
      expect(seen.served).to.be.greaterThan(5);
      expect(seen.none).to.be.greaterThan(0);
    });
  });
});
