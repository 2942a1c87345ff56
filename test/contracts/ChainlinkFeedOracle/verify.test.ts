import { expect } from "chai";
import { network } from "hardhat";
import {
  deployComposite,
  deploySingle,
  encodeProof,
  INDEX_MAX_AGE,
  MAX_ANSWER,
  MIN_ANSWER,
  moveTo,
  type OracleFixture,
  scriptFeed,
} from "../../fixtures/feedOracle.ts";
import {
  atProxy,
  newPhase,
  pushAfterTimeout,
  pushRound,
  pushRoundsTogether,
  startSequencer,
  stopSequencer,
} from "../../fixtures/feeds.ts";

/** 2,000 USD [E8]. */
const ETH = 200_000_000_000n;

const { ethers, networkHelpers } = await network.create();
const { loadFixture } = networkHelpers;

const verified = (fixture: OracleFixture, indexId: bigint, quoteId = 0n) =>
  fixture.oracle.verify.staticCall(encodeProof(indexId, quoteId));

describe("ChainlinkFeedOracle verify", () => {
  describe("given a malformed proof", () => {
    const twoWords = (first: bigint, second: bigint) =>
      ethers.AbiCoder.defaultAbiCoder().encode(["uint256", "uint256"], [first, second]);
    const malformed = [
      { what: "is empty", proof: "0x" },
      { what: "is a byte too long", proof: `${encodeProof(1n)}00` },
      { what: "has an index id beyond 80 bits", proof: twoWords(1n << 80n, 0n) },
      { what: "names a quote round of a single feed", proof: twoWords(1n, 1n) },
    ];
    for (const { what, proof } of malformed) {
      it(`reverts when it ${what}`, async () => {
        const { oracle } = await loadFixture(deploySingle);

        await expect(oracle.verify.staticCall(proof))
          .to.be.revertedWithCustomError(oracle, "ProofMalformed")
          .withArgs(proof);
      });
    }

    it("reverts when it has a quote id beyond 80 bits", async () => {
      const { oracle } = await loadFixture(deployComposite);
      const proof = twoWords(1n, 1n << 80n);

      await expect(oracle.verify.staticCall(proof))
        .to.be.revertedWithCustomError(oracle, "ProofMalformed")
        .withArgs(proof);
    });
  });

  it("reverts while the sequencer is down", async () => {
    const fixture = await loadFixture(deploySingle);
    const { id } = await pushRound(fixture.index, { answer: ETH });
    const since = await stopSequencer(fixture.sequencer);

    await expect(verified(fixture, id))
      .to.be.revertedWithCustomError(fixture.oracle, "SequencerDown")
      .withArgs(since);
  });

  describe("given phases", () => {
    it("reverts when the feed has no newest round", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index, oracle } = fixture;
      const { id } = await pushRound(index, { answer: ETH });
      await newPhase(index);

      await expect(verified(fixture, id))
        .to.be.revertedWithCustomError(oracle, "FeedUnavailable")
        .withArgs(index.proxy);
    });

    it("reverts when a new phase answers zeros", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index, oracle } = fixture;
      const { id } = await pushRound(index, { answer: ETH });
      await scriptFeed(index);

      await expect(verified(fixture, id))
        .to.be.revertedWithCustomError(oracle, "PhaseNotCurrent")
        .withArgs(index.proxy, id, 2n);
      await expect(verified(fixture, await atProxy(index, 1n)))
        .to.be.revertedWithCustomError(oracle, "RoundNotFound")
        .withArgs(index.proxy, await atProxy(index, 1n));
    });

    it("reverts when the round is of an older phase that goes on", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index, oracle } = fixture;
      const { id } = await pushRound(index, { answer: ETH });
      await pushRound(await newPhase(index), { answer: ETH });
      await pushRound(index, { answer: ETH });

      await expect(verified(fixture, id + 1n))
        .to.be.revertedWithCustomError(oracle, "PhaseNotCurrent")
        .withArgs(index.proxy, id + 1n, 2n);
    });

    it("has the first round of a phase cover its own second alone", async () => {
      const fixture = await loadFixture(deploySingle);
      await pushRound(fixture.index, { answer: ETH });
      const { id, updatedAt } = await pushRound(await newPhase(fixture.index), { answer: ETH });
      await moveTo(fixture, updatedAt + 10n);

      const price = await verified(fixture, id);
      expect(price.validFrom).to.equal(updatedAt);
      expect(price.observedAt).to.equal(updatedAt);
    });
  });

  describe("given a round that is no price", () => {
    it("reverts when the feed does not have it", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index, oracle } = fixture;
      const { id } = await pushRound(index, { answer: ETH });

      await expect(verified(fixture, id + 1n))
        .to.be.revertedWithCustomError(oracle, "RoundNotFound")
        .withArgs(index.proxy, id + 1n);
    });

    it("reverts when it timed out and carries an older answer", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index, oracle } = fixture;
      const first = await pushRound(index, { answer: ETH });
      const third = await pushAfterTimeout(index, ETH);

      await expect(verified(fixture, first.id + 1n))
        .to.be.revertedWithCustomError(oracle, "RoundIncomplete")
        .withArgs(index.proxy, first.id + 1n, first.id, third.updatedAt);
    });

    it("reverts when it lies in the future", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index, oracle } = fixture;
      const scripted = await scriptFeed(index);
      const now = await networkHelpers.time.latest();
      await scripted.tell(1n, ETH, now + 60, 1n);
      const id = await atProxy(index, 1n);

      await expect(verified(fixture, id))
        .to.be.revertedWithCustomError(oracle, "RoundInFuture")
        .withArgs(index.proxy, id, now + 60, now + 1);
    });

    for (const answer of [0n, -5n]) {
      it(`reverts when its answer is ${answer}`, async () => {
        const fixture = await loadFixture(deploySingle);
        const { index, oracle } = fixture;
        const scripted = await scriptFeed(index);
        await scripted.tell(1n, answer, await networkHelpers.time.latest(), 1n);
        const id = await atProxy(index, 1n);

        await expect(verified(fixture, id))
          .to.be.revertedWithCustomError(oracle, "AnswerNotPositive")
          .withArgs(index.proxy, id, answer);
      });
    }

    it("reverts when its answer is at a bound", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index, oracle } = fixture;
      const { id } = await pushRound(index, { answer: MAX_ANSWER });
      await pushRound(index, { answer: ETH });

      await expect(verified(fixture, id))
        .to.be.revertedWithCustomError(oracle, "AnswerAtBound")
        .withArgs(index.proxy, id, MAX_ANSWER, MIN_ANSWER, MAX_ANSWER);
    });

    it("reverts while its second is not over", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index, oracle } = fixture;
      const { id, updatedAt } = await pushRound(index, { answer: ETH });

      await expect(verified(fixture, id))
        .to.be.revertedWithCustomError(oracle, "RoundSecondNotOver")
        .withArgs(index.proxy, id, updatedAt);
    });

    it("reverts when another round of the same second follows it", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index, oracle } = fixture;
      const [first] = await pushRoundsTogether(index, [ETH, ETH + 1n]);
      const id = first?.id ?? 0n;
      const updatedAt = first?.updatedAt ?? 0n;
      await moveTo(fixture, updatedAt + 10n);

      await expect(verified(fixture, id))
        .to.be.revertedWithCustomError(oracle, "RoundSuperseded")
        .withArgs(index.proxy, id, updatedAt, updatedAt);
    });
  });

  describe("given neighbours out of reach", () => {
    it("reverts when more than eight rounds share its second", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index, oracle } = fixture;
      await pushRound(index, { answer: ETH });
      const rounds = await pushRoundsTogether(index, Array<bigint>(9).fill(ETH));
      const last = rounds.at(-1) ?? { id: 0n, updatedAt: 0n };
      await moveTo(fixture, last.updatedAt + 10n);

      await expect(verified(fixture, last.id))
        .to.be.revertedWithCustomError(oracle, "NeighbourOutOfReach")
        .withArgs(index.proxy, last.id, 8n);
    });

    it("reverts when more than eight rounds without an answer of their own follow it", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index, oracle } = fixture;
      const scripted = await scriptFeed(index);
      const now = await networkHelpers.time.latest();
      await scripted.tell(1n, ETH, now - 100, 1n);
      for (let round = 2n; round <= 9n; ++round) await scripted.tell(round, ETH, now - 50, 1n);
      await scripted.tell(10n, ETH, now - 10, 10n);
      const id = await atProxy(index, 1n);

      await expect(verified(fixture, id))
        .to.be.revertedWithCustomError(oracle, "NeighbourOutOfReach")
        .withArgs(index.proxy, id, 8n);
    });
  });

  describe("given a round of the current phase", () => {
    it("covers the seconds since the round before it", async () => {
      const fixture = await loadFixture(deploySingle);
      const first = await pushRound(fixture.index, { answer: ETH });
      const second = await pushRound(fixture.index, {
        answer: 190_000_000_000n,
        at: first.updatedAt + 300n,
      });
      const third = await pushRound(fixture.index, { answer: ETH, at: first.updatedAt + 700n });
      await moveTo(fixture, third.updatedAt + 10n);

      const price = await verified(fixture, second.id);
      expect(price.value).to.equal(1_900_000_000_000_000_000_000n);
      expect(price.validFrom).to.equal(first.updatedAt + 1n);
      expect(price.observedAt).to.equal(second.updatedAt);
      expect(price.validUntil).to.equal(third.updatedAt - 1n);
    });

    it("covers them for the later of two rounds of one second", async () => {
      const fixture = await loadFixture(deploySingle);
      const first = await pushRound(fixture.index, { answer: ETH });
      const [, later] = await pushRoundsTogether(fixture.index, [ETH, 190_000_000_000n]);
      const id = later?.id ?? 0n;
      const updatedAt = later?.updatedAt ?? 0n;
      await moveTo(fixture, updatedAt + 10n);

      const price = await verified(fixture, id);
      expect(price.value).to.equal(1_900_000_000_000_000_000_000n);
      expect(price.validFrom).to.equal(first.updatedAt + 1n);
      expect(price.observedAt).to.equal(updatedAt);
    });

    for (const reverts of [false, true]) {
      const how = reverts ? "revert" : "answer zeros";
      it(`covers its own second alone where the rounds before it ${how}`, async () => {
        const fixture = await loadFixture(deploySingle);
        const scripted = await scriptFeed(fixture.index);
        await scripted.setRevertsWhenAbsent(reverts);
        const now = BigInt(await networkHelpers.time.latest());
        await scripted.tell(5n, ETH, now - 100n, 5n);
        await scripted.tell(6n, ETH, now - 40n, 6n);

        const price = await verified(fixture, await atProxy(fixture.index, 5n));
        expect(price.validFrom).to.equal(now - 100n);
        expect(price.observedAt).to.equal(now - 100n);
        expect(price.validUntil).to.equal(now - 41n);
      });
    }

    it("passes over a round that only carried an older answer on", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index } = fixture;
      const first = await pushRound(index, { answer: ETH });
      const third = await pushAfterTimeout(index, 190_000_000_000n);
      await moveTo(fixture, third.updatedAt + 10n);

      expect((await verified(fixture, first.id)).validUntil).to.equal(third.updatedAt - 1n);
      expect((await verified(fixture, third.id)).validFrom).to.equal(first.updatedAt + 1n);
    });

    it("passes over such a round even when it was written seconds before the next", async () => {
      const fixture = await loadFixture(deploySingle);
      const { index } = fixture;
      const scripted = await scriptFeed(index);
      const now = BigInt(await networkHelpers.time.latest());
      await scripted.tell(1n, ETH, now - 100n, 1n);
      await scripted.tell(2n, ETH, now - 50n, 1n);
      await scripted.tell(3n, 190_000_000_000n, now - 10n, 3n);

      const first = await verified(fixture, await atProxy(index, 1n));
      expect(first.validUntil).to.equal(now - 11n);
      const third = await verified(fixture, await atProxy(index, 3n));
      expect(third.validFrom).to.equal(now - 99n);
    });

    it("is in force up to the last second that is over while no round follows", async () => {
      const fixture = await loadFixture(deploySingle);
      const { id, updatedAt } = await pushRound(fixture.index, { answer: ETH });
      await moveTo(fixture, updatedAt + 1_000n);

      expect((await verified(fixture, id)).validUntil).to.equal(updatedAt + 999n);
    });

    it("is in force no longer than its heartbeat allows", async () => {
      const fixture = await loadFixture(deploySingle);
      const { id, updatedAt } = await pushRound(fixture.index, { answer: ETH });
      await moveTo(fixture, updatedAt + INDEX_MAX_AGE + 1_000n);

      expect((await verified(fixture, id)).validUntil).to.equal(updatedAt + INDEX_MAX_AGE);
    });

    it("tells since when the sequencer is up", async () => {
      const fixture = await loadFixture(deploySingle);
      await stopSequencer(fixture.sequencer);
      const since = await startSequencer(fixture.sequencer);
      const { id, updatedAt } = await pushRound(fixture.index, { answer: ETH });
      await moveTo(fixture, updatedAt + 1n);

      expect((await verified(fixture, id)).upSince).to.equal(since);
    });

    it("returns all ether", async () => {
      const fixture = await loadFixture(deploySingle);
      const { id } = await pushRound(fixture.index, { answer: ETH });
      const [caller] = await ethers.getSigners();

      await expect(fixture.oracle.verify(encodeProof(id), { value: 5n })).to.changeEtherBalances(
        ethers,
        [caller, fixture.oracle],
        [0n, 0n],
      );
    });
  });
});
