import { expect } from "chai";
import { network } from "hardhat";
import { MIN_ANSWER, QUOTE_MAX_AGE } from "../../fixtures/feedOracle.ts";
import {
  atProxy,
  newPhase,
  pushRound,
  pushRoundsTogether,
  startSequencer,
  stopSequencer,
  switchAggregator,
} from "../../fixtures/feeds.ts";
import {
  deployStreamComposite,
  deployStreamOracle,
  type StreamOracleFixture,
} from "../../fixtures/streamOracle.ts";
import { proofFor, reportAt } from "../../fixtures/streams.ts";
import { plain } from "../../fixtures/structs.ts";

const WAD = 10n ** 18n;
/** 1 USD [E8]. */
const DOLLAR = 100_000_000n;

const { networkHelpers } = await network.create();
const { loadFixture, time } = networkHelpers;

async function now(): Promise<bigint> {
  return BigInt(await time.latest());
}

/** The first second that is over, with one of room. */
async function past(): Promise<bigint> {
  return (await now()) - 1n;
}

async function pricedAt({ oracle, streams }: StreamOracleFixture, at: bigint, quote = 0n) {
  return await oracle.verify.staticCall(proofFor(streams, reportAt(at), quote));
}

describe("ChainlinkStreamOracle verify", () => {
  it("gives the benchmark price for the seconds that the report speaks for", async () => {
    const { oracle, streams, sequencer } = await loadFixture(deployStreamOracle);
    await stopSequencer(sequencer);
    const upSince = await startSequencer(sequencer);
    const at = await past();
    // Bid and ask lie unevenly around the price: they are checked, not used.
    const report = reportAt(at, { validFrom: at - 3n, bid: 1_998n * WAD, ask: 2_000n * WAD });
    const price = await oracle.verify.staticCall(proofFor(streams, report));
    expect(plain(price)).to.deep.equal({
      value: 2_000n * WAD,
      validFrom: at - 3n,
      observedAt: at,
      validUntil: at,
      upSince,
      closingOnly: false,
      kind: 1n,
    });
  });

  it("takes a report of this very second where there is no quote", async () => {
    const fixture = await loadFixture(deployStreamOracle);
    const at = await now();
    expect((await pricedAt(fixture, at)).observedAt).to.equal(at);
  });

  it("takes a report in the last second before it expires, however old", async () => {
    const { oracle, streams } = await loadFixture(deployStreamOracle);
    const report = reportAt(await now());
    const proof = proofFor(streams, report);
    await time.increaseTo(report.expiresAt);
    expect((await oracle.verify.staticCall(proof)).observedAt).to.equal(report.observedAt);
  });

  it("takes a spread at its limit", async () => {
    const { oracle, streams } = await loadFixture(deployStreamOracle);
    // 0.2% of 2,000 is 4.
    const report = reportAt(await now(), { bid: 1_997n * WAD, ask: 2_001n * WAD });
    expect((await oracle.verify.staticCall(proofFor(streams, report))).value).to.equal(
      2_000n * WAD,
    );
  });

  it("takes reports of any age or order as long as each second keeps its price", async () => {
    const { oracle, streams } = await loadFixture(deployStreamOracle);
    const at = await now();
    for (const age of [3n, 9n, 1n, 9n]) {
      await oracle.verify(proofFor(streams, reportAt(at - age, { price: (2_000n - age) * WAD })));
    }
    // The newest of them is what can be read without a report.
    expect([...(await oracle.latest())]).to.deep.equal([1_999n * WAD, at - 1n]);
  });

  describe("given a second that has a price", () => {
    it("reverts when another report would give it another", async () => {
      const { oracle, streams } = await loadFixture(deployStreamOracle);
      const at = await past();
      await oracle.verify(proofFor(streams, reportAt(at)));
      const other = 2_000n * WAD + 1n;
      await expect(oracle.verify(proofFor(streams, reportAt(at, { price: other }))))
        .to.be.revertedWithCustomError(oracle, "PriceAlreadyGiven")
        .withArgs(at, other);
    });

    it("reverts when a report of another second claims it too", async () => {
      const { oracle, streams } = await loadFixture(deployStreamOracle);
      const at = await past();
      await oracle.verify(proofFor(streams, reportAt(at - 20n, { validFrom: at - 40n })));
      const price = 2_001n * WAD;
      for (const [validFrom, observedAt, taken] of [
        [at - 20n, at, at - 20n],
        [at - 50n, at - 40n, at - 40n],
        [at - 31n, at - 30n, at - 31n],
      ] as const) {
        await expect(oracle.verify(proofFor(streams, reportAt(observedAt, { validFrom, price }))))
          .to.be.revertedWithCustomError(oracle, "PriceAlreadyGiven")
          .withArgs(taken, price);
      }
      // Next to the span there is room.
      await oracle.verify(proofFor(streams, reportAt(at, { validFrom: at - 19n, price })));
    });

    it("keeps giving it that price, whoever signed it anew", async () => {
      const { oracle, streams } = await loadFixture(deployStreamOracle);
      const at = await past();
      await oracle.verify(proofFor(streams, reportAt(at)));
      const again = reportAt(at, { validFrom: at - 1n, bid: 1_999n * WAD });
      expect((await oracle.verify.staticCall(proofFor(streams, again))).value).to.equal(
        2_000n * WAD,
      );
    });

    it("leaves the price of now free", async () => {
      const { oracle, streams } = await loadFixture(deployStreamOracle);
      const at = await now();
      await oracle.verify(proofFor(streams, reportAt(at)));
      const other = reportAt(at, { price: 2_001n * WAD });
      expect((await oracle.spot.staticCall(proofFor(streams, other))).value).to.equal(2_001n * WAD);
    });
  });

  describe("given a long span", () => {
    it("takes a minute and refuses a second more", async () => {
      const { oracle, streams } = await loadFixture(deployStreamOracle);
      const at = await past();
      const proofOf = (span: bigint) =>
        proofFor(streams, reportAt(at, { validFrom: at - span + 1n }));
      await oracle.verify(proofOf(60n));
      await expect(oracle.verify(proofOf(61n)))
        .to.be.revertedWithCustomError(oracle, "ReportSpanTooLong")
        .withArgs(at - 60n, at, 60n);
    });
  });

  describe("given a quote feed", () => {
    it("divides by the quote in force at the observation second, whatever came later", async () => {
      const fixture = await loadFixture(deployStreamComposite);
      const first = await pushRound(fixture.quote, { answer: DOLLAR });
      await time.increase(10n);
      const at = await now();
      const later = await pushRound(fixture.quote, { answer: 90_000_000n, at: at + 1n });
      await time.increase(10n);

      expect((await pricedAt(fixture, at, first.id)).value).to.equal(2_000n * WAD);
      // 2,000 ÷ 0.9 = 2,222.2…, rounded down.
      expect((await pricedAt(fixture, at + 1n, later.id)).value).to.equal(
        2_222_222_222_222_222_222_222n,
      );
      for (const [second, quote] of [
        [at, later],
        [at + 1n, first],
      ] as const) {
        const next = quote === first ? later.updatedAt : 2n ** 256n - 1n;
        await expect(pricedAt(fixture, second, quote.id))
          .to.be.revertedWithCustomError(fixture.oracle, "QuoteNotInForce")
          .withArgs(quote.id, quote.updatedAt, next, second, second + 1n);
      }
    });

    it("reverts while the observation second is not over", async () => {
      const fixture = await loadFixture(deployStreamComposite);
      const { id } = await pushRound(fixture.quote, { answer: DOLLAR });
      const at = (await now()) + 5n;
      await time.setNextBlockTimestamp(at);
      await networkHelpers.mine();
      await expect(pricedAt(fixture, at, id))
        .to.be.revertedWithCustomError(fixture.oracle, "ObservationSecondNotOver")
        .withArgs(at, at);
    });

    it("takes the last of the quote rounds that share the observation second", async () => {
      const fixture = await loadFixture(deployStreamComposite);
      const [first, last] = await pushRoundsTogether(fixture.quote, [DOLLAR, 90_000_000n]);
      if (first === undefined || last === undefined) throw new Error("No rounds.");
      await time.increase(5n);
      expect((await pricedAt(fixture, last.updatedAt, last.id)).value).to.equal(
        2_222_222_222_222_222_222_222n,
      );
      await expect(pricedAt(fixture, last.updatedAt, first.id))
        .to.be.revertedWithCustomError(fixture.oracle, "RoundSuperseded")
        .withArgs(fixture.quote.proxy, first.id, first.updatedAt, last.updatedAt);
    });

    it("reverts when the quote was stale, by its own heartbeat", async () => {
      const fixture = await loadFixture(deployStreamComposite);
      const { id, updatedAt } = await pushRound(fixture.quote, { answer: DOLLAR });
      const limit = updatedAt + QUOTE_MAX_AGE;
      await time.increaseTo(limit + 10n);
      expect((await pricedAt(fixture, limit, id)).observedAt).to.equal(limit);
      await expect(pricedAt(fixture, limit + 1n, id))
        .to.be.revertedWithCustomError(fixture.oracle, "RoundStale")
        .withArgs(fixture.quote.proxy, id, updatedAt, limit + 1n, QUOTE_MAX_AGE);
    });

    it("reverts when the quote's answer is at a bound", async () => {
      const fixture = await loadFixture(deployStreamComposite);
      const { id } = await pushRound(fixture.quote, { answer: MIN_ANSWER });
      await time.increase(5n);
      await expect(pricedAt(fixture, await past(), id)).to.be.revertedWithCustomError(
        fixture.oracle,
        "AnswerAtBound",
      );
    });

    it("holds the second to its first price when the quote's phase changes", async () => {
      const fixture = await loadFixture(deployStreamComposite);
      const { oracle, streams, quote } = fixture;
      const original = await quote.proxy.aggregator();
      await pushRound(quote, { answer: DOLLAR });
      const other = await newPhase(quote);
      await pushRound(other, { answer: 90_000_000n });
      await switchAggregator(quote, original);
      await time.increase(10n);
      const at = await past();
      await oracle.verify(proofFor(streams, reportAt(at), await atProxy(quote, 1n)));

      // The other aggregator was reporting all along: its round, too, was in force then.
      await switchAggregator(quote, String(other.aggregator.target));
      await expect(pricedAt(fixture, at, await atProxy(quote, 1n)))
        .to.be.revertedWithCustomError(oracle, "PriceAlreadyGiven")
        .withArgs(at, 2_222_222_222_222_222_222_222n);
    });
  });
});
