import { expect } from "chai";
import { network } from "hardhat";
import {
  deployComposite,
  encodeProof,
  INDEX_MAX_AGE,
  MAX_ANSWER,
  MIN_ANSWER,
  moveTo,
  type OracleFixture,
  QUOTE_MAX_AGE,
} from "../../fixtures/feedOracle.ts";
import { atProxy, pushRound } from "../../fixtures/feeds.ts";

/** 2,000 USD and 1 USD [E8]. */
const ETH = 200_000_000_000n;
const DOLLAR = 100_000_000n;

const { ethers, networkHelpers } = await network.create();
const { loadFixture } = networkHelpers;

const verified = (fixture: OracleFixture, indexId: bigint, quoteId = 0n) =>
  fixture.oracle.verify.staticCall(encodeProof(indexId, quoteId));

describe("ChainlinkFeedOracle verify, given a quote side", () => {
  it("reverts when the quote round is older than the one in force", async () => {
    const fixture = await loadFixture(deployComposite);
    const { index, quote, oracle } = fixture;
    const older = await pushRound(quote, { answer: DOLLAR });
    const newer = await pushRound(quote, { answer: DOLLAR });
    const round = await pushRound(index, { answer: ETH });
    await moveTo(fixture, round.updatedAt + 10n);

    await expect(verified(fixture, round.id, older.id))
      .to.be.revertedWithCustomError(oracle, "QuoteNotInForce")
      .withArgs(older.id, older.updatedAt, newer.updatedAt, round.updatedAt, ethers.MaxUint256);
  });

  it("reverts when the quote round came only with the next index round", async () => {
    const fixture = await loadFixture(deployComposite);
    const { index, quote, oracle } = fixture;
    const round = await pushRound(index, { answer: ETH });
    const next = await pushRound(index, { answer: ETH });
    const later = await pushRound(quote, { answer: DOLLAR });
    await moveTo(fixture, later.updatedAt + 10n);

    await expect(verified(fixture, round.id, later.id))
      .to.be.revertedWithCustomError(oracle, "QuoteNotInForce")
      .withArgs(later.id, later.updatedAt, ethers.MaxUint256, round.updatedAt, next.updatedAt);
  });

  it("reverts when the index round was stale before the quote round came", async () => {
    const fixture = await loadFixture(deployComposite);
    const { index, quote, oracle } = fixture;
    const round = await pushRound(index, { answer: ETH });
    const at = round.updatedAt + INDEX_MAX_AGE + 1n;
    const later = await pushRound(quote, { answer: DOLLAR, at });
    await moveTo(fixture, later.updatedAt + 10n);

    await expect(verified(fixture, round.id, later.id))
      .to.be.revertedWithCustomError(oracle, "RoundStale")
      .withArgs(index.proxy, round.id, round.updatedAt, at, INDEX_MAX_AGE);
  });

  it("reverts while the second of the quote round is not over", async () => {
    const fixture = await loadFixture(deployComposite);
    const { index, quote, oracle } = fixture;
    const round = await pushRound(index, { answer: ETH });
    const later = await pushRound(quote, { answer: DOLLAR });

    await expect(verified(fixture, round.id, later.id))
      .to.be.revertedWithCustomError(oracle, "RoundSecondNotOver")
      .withArgs(quote.proxy, later.id, later.updatedAt);
  });

  it("has a later quote round make a price that covers nothing and is in force from then on", async () => {
    const fixture = await loadFixture(deployComposite);
    const { index, quote } = fixture;
    await pushRound(quote, { answer: DOLLAR });
    const round = await pushRound(index, { answer: ETH });
    const later = await pushRound(quote, { answer: 80_000_000n, at: round.updatedAt + 20n });
    const next = await pushRound(index, { answer: ETH, at: round.updatedAt + 50n });
    await moveTo(fixture, next.updatedAt + 10n);

    // 2000 ÷ 0.8.
    const price = await verified(fixture, round.id, later.id);
    expect(price.value).to.equal(2_500_000_000_000_000_000_000n);
    expect(price.validFrom).to.equal(later.updatedAt);
    expect(price.observedAt).to.equal(round.updatedAt);
    expect(price.validUntil).to.equal(next.updatedAt - 1n);
  });

  it("reverts when the quote round was stale at the index round, by its own heartbeat", async () => {
    const fixture = await loadFixture(deployComposite);
    const { index, quote, oracle } = fixture;
    const old = await pushRound(quote, { answer: DOLLAR });
    const last = await pushRound(index, { answer: ETH, at: old.updatedAt + QUOTE_MAX_AGE });
    const beyond = await pushRound(index, { answer: ETH });
    await moveTo(fixture, beyond.updatedAt + 10n);

    expect((await verified(fixture, last.id, old.id)).observedAt).to.equal(last.updatedAt);
    await expect(verified(fixture, beyond.id, old.id))
      .to.be.revertedWithCustomError(oracle, "RoundStale")
      .withArgs(quote.proxy, old.id, old.updatedAt, beyond.updatedAt, QUOTE_MAX_AGE);
  });

  it("reverts when the quote's answer is at a bound", async () => {
    const fixture = await loadFixture(deployComposite);
    const { index, quote, oracle } = fixture;
    const low = await pushRound(quote, { answer: MIN_ANSWER });
    const round = await pushRound(index, { answer: ETH });
    await moveTo(fixture, round.updatedAt + 10n);

    await expect(verified(fixture, round.id, low.id))
      .to.be.revertedWithCustomError(oracle, "AnswerAtBound")
      .withArgs(quote.proxy, low.id, MIN_ANSWER, MIN_ANSWER, MAX_ANSWER);
  });

  it("takes the quote in force at the index round, whatever came later", async () => {
    const fixture = await loadFixture(deployComposite);
    const { index, quote } = fixture;
    const inForce = await pushRound(quote, { answer: 80_000_000n });
    const round = await pushRound(index, { answer: ETH });
    await pushRound(quote, { answer: DOLLAR });
    await pushRound(index, { answer: ETH });

    // 2000 ÷ 0.8.
    const price = await verified(fixture, round.id, inForce.id);
    expect(price.value).to.equal(2_500_000_000_000_000_000_000n);
  });

  it("takes the last of the quote rounds that share the index round's second", async () => {
    const fixture = await loadFixture(deployComposite);
    const { index, quote, connection, oracle } = fixture;
    await pushRound(quote, { answer: 90_000_000n });
    await connection.provider.request({ method: "evm_setAutomine", params: [false] });
    await quote.aggregator.submit(2n, 80_000_000n, { gasLimit: 500_000n });
    await index.aggregator.submit(1n, ETH, { gasLimit: 500_000n });
    await networkHelpers.mine();
    await connection.provider.request({ method: "evm_setAutomine", params: [true] });
    const at = BigInt(await networkHelpers.time.latest());
    await moveTo(fixture, at + 10n);
    const indexId = await atProxy(index, 1n);

    const price = await verified(fixture, indexId, await atProxy(quote, 2n));
    expect(price.value).to.equal(2_500_000_000_000_000_000_000n);
    await expect(
      verified(fixture, indexId, await atProxy(quote, 1n)),
    ).to.be.revertedWithCustomError(oracle, "QuoteNotInForce");
  });

  it("ends before the next quote, so that no order trades at a quote known to be past", async () => {
    const fixture = await loadFixture(deployComposite);
    const { index, quote } = fixture;
    const peg = await pushRound(quote, { answer: DOLLAR });
    const round = await pushRound(index, { answer: ETH });
    await pushRound(quote, { answer: 90_000_000n, at: round.updatedAt + 20n });
    await moveTo(fixture, round.updatedAt + 60n);

    const price = await verified(fixture, round.id, peg.id);
    expect(price.validUntil).to.equal(round.updatedAt + 19n);
  });

  it("ends when the quote grows stale", async () => {
    const fixture = await loadFixture(deployComposite);
    const { index, quote } = fixture;
    const peg = await pushRound(quote, { answer: DOLLAR });
    const nearlyStale = peg.updatedAt + QUOTE_MAX_AGE - 5n;
    const round = await pushRound(index, { answer: ETH, at: nearlyStale });
    await moveTo(fixture, round.updatedAt + 60n);

    const price = await verified(fixture, round.id, peg.id);
    expect(price.validUntil).to.equal(round.updatedAt + 5n);
  });
});
