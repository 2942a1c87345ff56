import { expect } from "chai";
import { network } from "hardhat";
import {
  DEVIATION,
  deployBare,
  deployComposite,
  deploySingle,
  encodeProof,
  INDEX_MAX_AGE,
  MAX_ANSWER,
  MIN_ANSWER,
  moveTo,
  QUOTE_MAX_AGE,
  scriptFeed,
} from "../../fixtures/feedOracle.ts";
import {
  atProxy,
  newPhase,
  pushRound,
  pushRoundsTogether,
  startSequencer,
  stopSequencer,
} from "../../fixtures/feeds.ts";

const EMPTY = "0x";
/** 2,000 USD and 0.9999 USD [E8]. */
const ETH = 200_000_000_000n;
const USDC = 99_990_000n;

const { ethers, networkHelpers } = await network.create();
const { loadFixture } = networkHelpers;

describe("ChainlinkFeedOracle spot", () => {
  it("reverts when the proof is not empty", async () => {
    const { oracle, index } = await loadFixture(deploySingle);
    const { id } = await pushRound(index, { answer: ETH });
    const proof = encodeProof(id);

    await expect(oracle.spot.staticCall(proof))
      .to.be.revertedWithCustomError(oracle, "ProofMalformed")
      .withArgs(proof);
  });

  describe("given a feed without a newest round", () => {
    it("reverts when an empty aggregator reverts", async () => {
      const { oracle, index } = await loadFixture(deploySingle);

      await expect(oracle.spot.staticCall(EMPTY))
        .to.be.revertedWithCustomError(oracle, "FeedUnavailable")
        .withArgs(index.proxy);
    });

    it("reverts when a new phase has no round yet", async () => {
      const { oracle, index } = await loadFixture(deploySingle);
      await pushRound(index, { answer: ETH });
      await newPhase(index);

      await expect(oracle.spot.staticCall(EMPTY))
        .to.be.revertedWithCustomError(oracle, "FeedUnavailable")
        .withArgs(index.proxy);
    });

    it("reverts when a new phase answers zeros", async () => {
      const { oracle, index } = await loadFixture(deploySingle);
      await pushRound(index, { answer: ETH });
      await scriptFeed(index);

      // The proxy puts its phase before the zeros of the aggregator: 2 << 64.
      const phase = await atProxy(index, 0n);
      await expect(oracle.spot.staticCall(EMPTY))
        .to.be.revertedWithCustomError(oracle, "RoundIncomplete")
        .withArgs(index.proxy, phase, phase, 0n);
    });
  });

  describe("given a newest round that is no price", () => {
    it("reverts when the round carries an older answer", async () => {
      const { oracle, index } = await loadFixture(deploySingle);
      const scripted = await scriptFeed(index);
      const now = await networkHelpers.time.latest();
      await scripted.tell(7n, ETH, now, 6n);

      await expect(oracle.spot.staticCall(EMPTY))
        .to.be.revertedWithCustomError(oracle, "RoundIncomplete")
        .withArgs(index.proxy, await atProxy(index, 7n), await atProxy(index, 6n), now);
    });

    it("reverts when the round lies in the future", async () => {
      const { oracle, index } = await loadFixture(deploySingle);
      const scripted = await scriptFeed(index);
      const now = await networkHelpers.time.latest();
      await scripted.tell(1n, ETH, now + 60, 1n);

      // One second passes with the telling block.
      await expect(oracle.spot.staticCall(EMPTY))
        .to.be.revertedWithCustomError(oracle, "RoundInFuture")
        .withArgs(index.proxy, await atProxy(index, 1n), now + 60, now + 1);
    });

    for (const answer of [0n, -1n]) {
      it(`reverts when the answer is ${answer}`, async () => {
        const { oracle, index } = await loadFixture(deploySingle);
        const scripted = await scriptFeed(index);
        await scripted.tell(1n, answer, await networkHelpers.time.latest(), 1n);

        await expect(oracle.spot.staticCall(EMPTY))
          .to.be.revertedWithCustomError(oracle, "AnswerNotPositive")
          .withArgs(index.proxy, await atProxy(index, 1n), answer);
      });
    }

    for (const answer of [MIN_ANSWER, MAX_ANSWER]) {
      it(`reverts when the answer is the aggregator's bound ${answer}`, async () => {
        const { oracle, index } = await loadFixture(deploySingle);
        const { id } = await pushRound(index, { answer });

        await expect(oracle.spot.staticCall(EMPTY))
          .to.be.revertedWithCustomError(oracle, "AnswerAtBound")
          .withArgs(index.proxy, id, answer, MIN_ANSWER, MAX_ANSWER);
      });
    }

    it("takes answers one step within the bounds", async () => {
      const { oracle, index } = await loadFixture(deploySingle);
      await pushRound(index, { answer: MIN_ANSWER + 1n });
      // 2e-8 and 1e7 − 1e-8 as WAD.
      expect((await oracle.spot.staticCall(EMPTY)).value).to.equal(20_000_000_000n);

      await pushRound(index, { answer: MAX_ANSWER - 1n });
      expect((await oracle.spot.staticCall(EMPTY)).value).to.equal(
        9_999_999_999_999_990_000_000_000n,
      );
    });

    it("reverts when the price rounds to zero", async () => {
      const index = await ethers.deployContract("ScriptedAggregator", [18]);
      const quote = await ethers.deployContract("ScriptedAggregator", [0]);
      const side = { maxAge: INDEX_MAX_AGE, minAnswer: MIN_ANSWER, maxAnswer: MAX_ANSWER };
      const oracle = await ethers.deployContract("ChainlinkFeedOracle", [
        {
          index: { ...side, proxy: index },
          quote: { ...side, proxy: quote },
          sequencerFeed: ethers.ZeroAddress,
          deviationThreshold: DEVIATION,
        },
      ]);
      const now = await networkHelpers.time.latest();
      await index.tell(1n, 2n, now, 1n);
      await quote.tell(1n, 3n, now, 1n);

      // 2 × 10^(18 + 0 − 18) ÷ 3 is less than one.
      await expect(oracle.spot.staticCall(EMPTY))
        .to.be.revertedWithCustomError(oracle, "PriceRoundsToZero")
        .withArgs(2n, 3n);
    });
  });

  describe("given a round that ages", () => {
    it("takes a heartbeat that comes as late as real ones do, and not a second more", async () => {
      const fixture = await loadFixture(deploySingle);
      const { oracle, index } = fixture;
      const { id, updatedAt } = await pushRound(index, { answer: ETH });

      await moveTo(fixture, updatedAt + INDEX_MAX_AGE);
      expect((await oracle.spot.staticCall(EMPTY)).observedAt).to.equal(updatedAt);

      const late = updatedAt + INDEX_MAX_AGE + 1n;
      await moveTo(fixture, late);
      await expect(oracle.spot.staticCall(EMPTY))
        .to.be.revertedWithCustomError(oracle, "RoundStale")
        .withArgs(index.proxy, id, updatedAt, late, INDEX_MAX_AGE);
    });

    it("holds each feed to its own heartbeat", async () => {
      const fixture = await loadFixture(deployComposite);
      const { oracle, index, quote } = fixture;
      const old = await pushRound(quote, { answer: USDC });

      await pushRound(index, { answer: ETH, at: old.updatedAt + QUOTE_MAX_AGE });
      expect((await oracle.spot.staticCall(EMPTY)).value).to.equal(2_000_200_020_002_000_200_020n);

      const late = old.updatedAt + QUOTE_MAX_AGE + 1n;
      await moveTo(fixture, late);
      await expect(oracle.spot.staticCall(EMPTY))
        .to.be.revertedWithCustomError(oracle, "RoundStale")
        .withArgs(quote.proxy, old.id, old.updatedAt, late, QUOTE_MAX_AGE);
    });
  });

  describe("given a sequencer feed", () => {
    it("reverts while the sequencer is down", async () => {
      const { oracle, index, sequencer } = await loadFixture(deploySingle);
      await pushRound(index, { answer: ETH });
      const since = await stopSequencer(sequencer);

      await expect(oracle.spot.staticCall(EMPTY))
        .to.be.revertedWithCustomError(oracle, "SequencerDown")
        .withArgs(since);
    });

    it("tells since when it is up again, without a grace period of its own", async () => {
      const { oracle, index, sequencer } = await loadFixture(deploySingle);
      await stopSequencer(sequencer);
      const since = await startSequencer(sequencer);
      await pushRound(index, { answer: ETH });

      expect((await oracle.spot.staticCall(EMPTY)).upSince).to.equal(since);
    });

    it("reverts when its feed has not been told the state", async () => {
      const { oracle, index, sequencer } = await loadFixture(deploySingle);
      await pushRound(index, { answer: ETH });
      const untold = await ethers.deployContract("ScriptedAggregator", [0]);
      await sequencer.proxy.proposeAggregator(untold);
      await sequencer.proxy.confirmAggregator(untold);

      await expect(oracle.spot.staticCall(EMPTY)).to.be.revertedWithCustomError(
        oracle,
        "SequencerStateUnknown",
      );
    });

    it("reports zero on a chain without one", async () => {
      const { oracle, index } = await loadFixture(deployBare);
      await pushRound(index, { answer: ETH });

      expect((await oracle.spot.staticCall(EMPTY)).upSince).to.equal(0n);
    });
  });

  describe("given fresh rounds", () => {
    it("prices a single feed exactly, at a point in time", async () => {
      const fixture = await loadFixture(deploySingle);
      const { oracle, index } = fixture;
      const { updatedAt } = await pushRound(index, { answer: 186_012_345_678n });
      await moveTo(fixture, updatedAt + 100n);

      const price = await oracle.spot.staticCall(EMPTY);
      expect(price.value).to.equal(1_860_123_456_780_000_000_000n);
      expect(price.validFrom).to.equal(updatedAt);
      expect(price.observedAt).to.equal(updatedAt);
      expect(price.validUntil).to.equal(updatedAt + 100n);
    });

    it("divides the index by the quote and rounds down", async () => {
      const { oracle, index, quote } = await loadFixture(deployComposite);
      await pushRound(quote, { answer: USDC });
      await pushRound(index, { answer: ETH });

      // 2000 ÷ 0.9999 = 2000.200020002000200020|002…
      expect((await oracle.spot.staticCall(EMPTY)).value).to.equal(2_000_200_020_002_000_200_020n);
    });

    it("takes the newest round of the quote, even one younger than the index round", async () => {
      const { oracle, index, quote } = await loadFixture(deployComposite);
      await pushRound(quote, { answer: 100_000_000n });
      const { updatedAt } = await pushRound(index, { answer: ETH });
      await pushRound(quote, { answer: 80_000_000n });

      // 2000 ÷ 0.8 = 2500: a depeg counts at once.
      const price = await oracle.spot.staticCall(EMPTY);
      expect(price.value).to.equal(2_500_000_000_000_000_000_000n);
      expect(price.observedAt).to.equal(updatedAt);
    });

    it("takes the later of two rounds of one second", async () => {
      const { oracle, index } = await loadFixture(deploySingle);
      await pushRoundsTogether(index, [ETH, ETH + 100_000_000n]);

      expect((await oracle.spot.staticCall(EMPTY)).value).to.equal(2_001_000_000_000_000_000_000n);
    });

    it("follows the proxy into a new phase", async () => {
      const { oracle, index } = await loadFixture(deploySingle);
      await pushRound(index, { answer: ETH });
      const next = await newPhase(index);
      await pushRound(next, { answer: 190_000_000_000n });
      // The old aggregator goes on, as old phases do.
      await pushRound(index, { answer: ETH });

      expect((await oracle.spot.staticCall(EMPTY)).value).to.equal(1_900_000_000_000_000_000_000n);
    });

    it("returns all ether", async () => {
      const { oracle, index } = await loadFixture(deploySingle);
      await pushRound(index, { answer: ETH });
      const [caller] = await ethers.getSigners();

      await expect(oracle.spot(EMPTY, { value: 5n })).to.changeEtherBalances(
        ethers,
        [caller, oracle],
        [0n, 0n],
      );
    });
  });
});
