import { expect } from "chai";
import { network } from "hardhat";
import {
  deployComposite,
  deploySingle,
  encodeProof,
  INDEX_MAX_AGE,
  MIN_ANSWER,
  moveTo,
  type OracleFixture,
  QUOTE_MAX_AGE,
  scriptFeed,
} from "../../fixtures/feedOracle.ts";
import { atProxy, newPhase, pushRound, pushRoundsTogether } from "../../fixtures/feeds.ts";

/** 2,000 USD and 1 USD [E8]. */
const ETH = 200_000_000_000n;
const DOLLAR = 100_000_000n;
/** An order waits 60 s for its price. */
const WAIT = 60n;

const { networkHelpers } = await network.create();
const { loadFixture } = networkHelpers;

interface Question {
  readonly from: bigint;
  readonly until?: bigint;
  readonly indexId: bigint;
  readonly quoteId?: bigint;
}

async function asked(fixture: OracleFixture, question: Question): Promise<boolean> {
  const until = question.until ?? question.from + WAIT;
  const proof = encodeProof(question.indexId, question.quoteId);
  return await fixture.oracle.hadNoPrice(question.from, until, proof);
}

describe("ChainlinkFeedOracle hadNoPrice", () => {
  describe("given a proof that shows nothing", () => {
    it("answers false when it is malformed", async () => {
      const { oracle } = await loadFixture(deploySingle);

      expect(await oracle.hadNoPrice(1n, 2n, "0x")).to.equal(false);
      expect(await oracle.hadNoPrice(1n, 2n, `0x${"ff".repeat(64)}`)).to.equal(false);
      expect(await oracle.hadNoPrice(1n, 2n, encodeProof(1n, 1n))).to.equal(false);
    });

    it("answers false when the feed has no round at all", async () => {
      const fixture = await loadFixture(deploySingle);

      expect(
        await asked(fixture, { from: 1n, indexId: await atProxy(fixture.index, 1n) }),
      ).to.equal(false);
    });

    it("answers false when the feed does not have the round", async () => {
      const fixture = await loadFixture(deploySingle);
      const { id, updatedAt } = await pushRound(fixture.index, { answer: ETH });
      const from = updatedAt + INDEX_MAX_AGE + 1n;
      await moveTo(fixture, from + 200n);

      expect(await asked(fixture, { from, indexId: id + 1n })).to.equal(false);
      expect(await asked(fixture, { from, indexId: id + (1n << 64n) })).to.equal(false);
    });

    it("answers false when the span ends before it begins", async () => {
      const fixture = await loadFixture(deploySingle);
      const { id, updatedAt } = await pushRound(fixture.index, { answer: ETH });
      const from = updatedAt + INDEX_MAX_AGE + 100n;
      await moveTo(fixture, from + 200n);

      expect(await asked(fixture, { from, until: from - 1n, indexId: id })).to.equal(false);
      expect(await asked(fixture, { from, until: from, indexId: id })).to.equal(true);
    });
  });

  describe("given no round in the span", () => {
    it("answers true once the round in force is stale and the span is over", async () => {
      const fixture = await loadFixture(deploySingle);
      const { id, updatedAt } = await pushRound(fixture.index, { answer: ETH });
      // The round grows stale just when the span ends.
      const from = updatedAt + INDEX_MAX_AGE - WAIT + 1n;

      await moveTo(fixture, from + WAIT);
      expect(await asked(fixture, { from, indexId: id })).to.equal(false);
      await moveTo(fixture, from + WAIT + 1n);
      expect(await asked(fixture, { from, indexId: id })).to.equal(true);
    });

    it("answers false while the round in force is fresh to the end", async () => {
      const fixture = await loadFixture(deploySingle);
      const { id, updatedAt } = await pushRound(fixture.index, { answer: ETH });
      const from = updatedAt + INDEX_MAX_AGE - WAIT;
      await moveTo(fixture, from + 200n);

      expect(await asked(fixture, { from, indexId: id })).to.equal(false);
    });

    it("answers true when the next round came only after the span", async () => {
      const fixture = await loadFixture(deploySingle);
      const { id, updatedAt } = await pushRound(fixture.index, { answer: ETH });
      const from = updatedAt + INDEX_MAX_AGE + 1n;
      await pushRound(fixture.index, { answer: ETH, at: from + WAIT + 1n });

      expect(await asked(fixture, { from, indexId: id })).to.equal(true);
    });

    it("answers false when the next round came in its last second", async () => {
      const fixture = await loadFixture(deploySingle);
      const { id, updatedAt } = await pushRound(fixture.index, { answer: ETH });
      const from = updatedAt + INDEX_MAX_AGE + 1n;
      const next = await pushRound(fixture.index, { answer: ETH, at: from + WAIT });
      await moveTo(fixture, from + 200n);

      expect(await asked(fixture, { from, indexId: id })).to.equal(false);
      expect(await asked(fixture, { from, indexId: next.id })).to.equal(false);
    });

    it("answers true when the answer in force is at a bound", async () => {
      const fixture = await loadFixture(deploySingle);
      const { id, updatedAt } = await pushRound(fixture.index, { answer: MIN_ANSWER });
      await moveTo(fixture, updatedAt + 200n);

      expect(await asked(fixture, { from: updatedAt + 10n, indexId: id })).to.equal(true);
    });

    it("answers false for a round that was not the last before the span", async () => {
      const fixture = await loadFixture(deploySingle);
      const old = await pushRound(fixture.index, { answer: MIN_ANSWER });
      const last = await pushRound(fixture.index, { answer: ETH });
      await moveTo(fixture, last.updatedAt + 200n);

      expect(await asked(fixture, { from: last.updatedAt + 10n, indexId: old.id })).to.equal(false);
    });
  });

  describe("given a round that covers the beginning of the span", () => {
    it("answers false when it is a price", async () => {
      const fixture = await loadFixture(deploySingle);
      const first = await pushRound(fixture.index, { answer: ETH });
      const second = await pushRound(fixture.index, { answer: ETH, at: first.updatedAt + 40n });
      await moveTo(fixture, second.updatedAt + 200n);

      expect(await asked(fixture, { from: first.updatedAt + 10n, indexId: second.id })).to.equal(
        false,
      );
    });

    it("answers true when its answer is at a bound", async () => {
      const fixture = await loadFixture(deploySingle);
      const first = await pushRound(fixture.index, { answer: ETH });
      const second = await pushRound(fixture.index, {
        answer: MIN_ANSWER,
        at: first.updatedAt + 40n,
      });
      const third = await pushRound(fixture.index, { answer: MIN_ANSWER });
      await moveTo(fixture, third.updatedAt + 200n);

      const from = first.updatedAt + 10n;
      expect(await asked(fixture, { from, indexId: second.id })).to.equal(true);
      // The third covers what the second left, and not the beginning of the span.
      expect(await asked(fixture, { from, indexId: third.id })).to.equal(false);
      // At the second's own second it still decides; a second later the third does.
      expect(await asked(fixture, { from: second.updatedAt, indexId: second.id })).to.equal(true);
      const after = second.updatedAt + 1n;
      expect(await asked(fixture, { from: after, indexId: third.id })).to.equal(true);
    });

    it("answers false when it came only after the span, whatever it says", async () => {
      const fixture = await loadFixture(deploySingle);
      const first = await pushRound(fixture.index, { answer: ETH });
      const second = await pushRound(fixture.index, {
        answer: MIN_ANSWER,
        at: first.updatedAt + 71n,
      });
      await moveTo(fixture, second.updatedAt + 200n);

      // Up to the 70th second the first was in force, and a price.
      const from = first.updatedAt + 10n;
      expect(await asked(fixture, { from, indexId: second.id })).to.equal(false);
      expect(await asked(fixture, { from, indexId: first.id })).to.equal(false);
    });

    it("answers false for the earlier of two rounds of one second", async () => {
      const fixture = await loadFixture(deploySingle);
      const first = await pushRound(fixture.index, { answer: ETH });
      const [second, third] = await pushRoundsTogether(fixture.index, [MIN_ANSWER, ETH]);
      await moveTo(fixture, first.updatedAt + 200n);

      const from = first.updatedAt + 1n;
      expect(await asked(fixture, { from, indexId: second?.id ?? 0n })).to.equal(false);
      expect(await asked(fixture, { from, indexId: third?.id ?? 0n })).to.equal(false);
    });
  });

  describe("given a phase that began after the beginning of the span", () => {
    it("answers true for its first round", async () => {
      const fixture = await loadFixture(deploySingle);
      const old = await pushRound(fixture.index, { answer: ETH });
      const phase = await newPhase(fixture.index);
      const from = BigInt(await networkHelpers.time.latest()) + 10n;
      const first = await pushRound(phase, { answer: ETH, at: from + 20n });
      const second = await pushRound(phase, { answer: ETH, at: from + 30n });
      await moveTo(fixture, from + 200n);

      expect(await asked(fixture, { from, indexId: first.id })).to.equal(true);
      expect(await asked(fixture, { from, indexId: second.id })).to.equal(false);
      expect(await asked(fixture, { from, indexId: old.id })).to.equal(false);
      // The first round covers its own second.
      expect(await asked(fixture, { from: first.updatedAt, indexId: first.id })).to.equal(false);
    });
  });

  describe("given an older phase that goes on", () => {
    it("answers false for its rounds", async () => {
      const fixture = await loadFixture(deploySingle);
      await pushRound(fixture.index, { answer: ETH });
      const phase = await newPhase(fixture.index);
      const first = await pushRound(phase, { answer: ETH });
      const from = first.updatedAt + 100n;
      // The proxy's phase is the second by now: the id of the old round is that of the first.
      const covering = await pushRound(fixture.index, { answer: MIN_ANSWER, at: from + 10n });
      await pushRound(fixture.index, { answer: ETH, at: from + 20n });
      await moveTo(fixture, from + 200n);

      const indexId = covering.id - (1n << 64n);
      expect(await asked(fixture, { from, indexId })).to.equal(false);
    });
  });

  describe("given a quote side", () => {
    it("answers true when the quote in force at the index round was stale", async () => {
      const fixture = await loadFixture(deployComposite);
      const peg = await pushRound(fixture.quote, { answer: DOLLAR });
      const first = await pushRound(fixture.index, {
        answer: ETH,
        at: peg.updatedAt + QUOTE_MAX_AGE,
      });
      const second = await pushRound(fixture.index, { answer: ETH });
      const after = await pushRound(fixture.quote, { answer: DOLLAR });
      await moveTo(fixture, second.updatedAt + 200n);

      const quoteId = peg.id;
      const from = second.updatedAt;
      expect(await asked(fixture, { from, indexId: second.id, quoteId })).to.equal(true);
      // A second before, the quote was not stale yet.
      const question = { from: first.updatedAt, until: first.updatedAt, quoteId };
      expect(await asked(fixture, { ...question, indexId: first.id })).to.equal(false);
      // Another quote round proves nothing.
      expect(await asked(fixture, { from, indexId: second.id, quoteId: after.id })).to.equal(false);
      expect(await asked(fixture, { from, indexId: second.id, quoteId: 99n })).to.equal(false);
    });

    it("answers true when the quote grew stale before the span ended", async () => {
      const fixture = await loadFixture(deployComposite);
      const peg = await pushRound(fixture.quote, { answer: DOLLAR });
      const nearlyStale = peg.updatedAt + QUOTE_MAX_AGE - 30n;
      const round = await pushRound(fixture.index, { answer: ETH, at: nearlyStale });
      await moveTo(fixture, round.updatedAt + 200n);

      const question = { indexId: round.id, quoteId: peg.id, from: round.updatedAt + 1n };
      expect(await asked(fixture, { ...question, until: round.updatedAt + 30n })).to.equal(false);
      expect(await asked(fixture, { ...question, until: round.updatedAt + 31n })).to.equal(true);
    });

    it("asks the quote in force at the end of the span", async () => {
      const fixture = await loadFixture(deployComposite);
      const peg = await pushRound(fixture.quote, { answer: DOLLAR });
      const round = await pushRound(fixture.index, { answer: ETH });
      const low = await pushRound(fixture.quote, { answer: MIN_ANSWER, at: round.updatedAt + 40n });
      await moveTo(fixture, round.updatedAt + 200n);

      const question = { indexId: round.id, from: round.updatedAt + 1n };
      const before = { ...question, until: round.updatedAt + 39n };
      expect(await asked(fixture, { ...before, quoteId: peg.id })).to.equal(false);
      expect(await asked(fixture, { ...before, quoteId: low.id })).to.equal(false);
      const after = { ...question, until: round.updatedAt + 40n };
      expect(await asked(fixture, { ...after, quoteId: peg.id })).to.equal(false);
      expect(await asked(fixture, { ...after, quoteId: low.id })).to.equal(true);
    });

    it("answers true when the quote in force was at a bound, false for the one before it", async () => {
      const fixture = await loadFixture(deployComposite);
      const older = await pushRound(fixture.quote, { answer: MIN_ANSWER });
      const low = await pushRound(fixture.quote, { answer: MIN_ANSWER });
      const round = await pushRound(fixture.index, { answer: ETH });
      await moveTo(fixture, round.updatedAt + 200n);

      const question = { from: round.updatedAt, indexId: round.id };
      expect(await asked(fixture, { ...question, quoteId: low.id })).to.equal(true);
      expect(await asked(fixture, { ...question, quoteId: older.id })).to.equal(false);
    });

    it("answers true when the quote's phase began after the index round", async () => {
      const fixture = await loadFixture(deployComposite);
      const round = await pushRound(fixture.index, { answer: ETH });
      const first = await pushRound(fixture.quote, { answer: DOLLAR });
      const second = await pushRound(fixture.quote, { answer: DOLLAR });
      await moveTo(fixture, round.updatedAt + 200n);

      const question = { from: round.updatedAt, indexId: round.id };
      expect(await asked(fixture, { ...question, quoteId: first.id })).to.equal(true);
      expect(await asked(fixture, { ...question, quoteId: second.id })).to.equal(false);
    });

    it("answers false while the quote's new phase answers zeros", async () => {
      const fixture = await loadFixture(deployComposite);
      const round = await pushRound(fixture.index, { answer: ETH });
      await scriptFeed(fixture.quote);
      await moveTo(fixture, round.updatedAt + 200n);

      const quoteId = await atProxy(fixture.quote, 0n);
      const question = { from: round.updatedAt, indexId: round.id, quoteId };
      expect(await asked(fixture, question)).to.equal(false);
    });
  });
});
