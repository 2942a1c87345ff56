import { expect } from "chai";
import { network } from "hardhat";
import { pushRound, startSequencer, stopSequencer } from "../../fixtures/feeds.ts";
import {
  deployStreamComposite,
  deployStreamOracle,
  LATEST_MAX_AGE,
  SPOT_MAX_AGE,
} from "../../fixtures/streamOracle.ts";
import { proofFor, reportAt } from "../../fixtures/streams.ts";
import { plain } from "../../fixtures/structs.ts";

const WAD = 10n ** 18n;
const DOLLAR = 100_000_000n;

const { networkHelpers } = await network.create();
const { loadFixture, time } = networkHelpers;

async function now(): Promise<bigint> {
  return BigInt(await time.latest());
}

describe("ChainlinkStreamOracle spot", () => {
  it("gives the benchmark price of a young report", async () => {
    const { oracle, streams, sequencer } = await loadFixture(deployStreamOracle);
    await stopSequencer(sequencer);
    const upSince = await startSequencer(sequencer);
    const at = await now();
    const price = await oracle.spot.staticCall(
      proofFor(streams, reportAt(at, { validFrom: at - 2n })),
    );
    expect(plain(price)).to.deep.equal({
      value: 2_000n * WAD,
      validFrom: at - 2n,
      observedAt: at,
      validUntil: at,
      upSince,
      closingOnly: false,
      kind: 1n,
    });
  });

  it("takes a report to the last second of its age", async () => {
    const { oracle, streams } = await loadFixture(deployStreamOracle);
    const at = await now();
    const proof = proofFor(streams, reportAt(at));
    await time.setNextBlockTimestamp(at + SPOT_MAX_AGE);
    await oracle.spot(proof);
    await time.setNextBlockTimestamp(at + SPOT_MAX_AGE + 1n);
    await expect(oracle.spot(proof))
      .to.be.revertedWithCustomError(oracle, "ReportTooOld")
      .withArgs(at, at + SPOT_MAX_AGE + 1n, SPOT_MAX_AGE);
  });

  it("leaves what orders get untouched", async () => {
    const { oracle, streams } = await loadFixture(deployStreamOracle);
    const at = await now();
    await oracle.spot(proofFor(streams, reportAt(at, { price: 2_001n * WAD })));
    await oracle.verify(proofFor(streams, reportAt(at)));
  });

  describe("given a quote feed", () => {
    it("divides by its newest round, even one of this second", async () => {
      const { oracle, streams, quote } = await loadFixture(deployStreamComposite);
      await pushRound(quote, { answer: DOLLAR });
      const { updatedAt } = await pushRound(quote, { answer: 80_000_000n });
      const { value } = await oracle.spot.staticCall(proofFor(streams, reportAt(updatedAt)));
      // 2,000 ÷ 0.8.
      expect(value).to.equal(2_500n * WAD);
    });

    it("reverts when it has no round", async () => {
      const { oracle, streams, quote } = await loadFixture(deployStreamComposite);
      await expect(oracle.spot(proofFor(streams, reportAt(await now()))))
        .to.be.revertedWithCustomError(oracle, "FeedUnavailable")
        .withArgs(quote.proxy);
    });

    it("reverts when the price rounds to zero", async () => {
      const { oracle, streams, quote } = await loadFixture(deployStreamComposite);
      await pushRound(quote, { answer: 10n ** 14n });
      const report = reportAt(await now(), { price: 1n, bid: 1n, ask: 1n });
      await expect(oracle.spot(proofFor(streams, report)))
        .to.be.revertedWithCustomError(oracle, "PriceRoundsToZero")
        .withArgs(1n, 10n ** 14n);
    });
  });
});

describe("ChainlinkStreamOracle latest", () => {
  it("reverts before anything was verified", async () => {
    const { oracle } = await loadFixture(deployStreamOracle);
    await expect(oracle.latest()).to.be.revertedWithCustomError(oracle, "ReportTooOld");
  });

  it("is the newest price that was verified, for spot or for orders", async () => {
    const { oracle, streams } = await loadFixture(deployStreamOracle);
    const at = await now();
    await oracle.spot(proofFor(streams, reportAt(at - 1n, { price: 1_999n * WAD })));
    expect([...(await oracle.latest())]).to.deep.equal([1_999n * WAD, at - 1n]);
    await oracle.verify(proofFor(streams, reportAt(at)));
    expect([...(await oracle.latest())]).to.deep.equal([2_000n * WAD, at]);
    await oracle.verify(proofFor(streams, reportAt(at - 2n, { price: 1_998n * WAD })));
    expect([...(await oracle.latest())]).to.deep.equal([2_000n * WAD, at]);
  });

  it("reverts once it is too old", async () => {
    const { oracle, streams } = await loadFixture(deployStreamOracle);
    const at = await now();
    await oracle.spot(proofFor(streams, reportAt(at)));
    await time.increaseTo(at + LATEST_MAX_AGE);
    expect((await oracle.latest()).observedAt).to.equal(at);
    await time.increaseTo(at + LATEST_MAX_AGE + 1n);
    await expect(oracle.latest())
      .to.be.revertedWithCustomError(oracle, "ReportTooOld")
      .withArgs(at, at + LATEST_MAX_AGE + 1n, LATEST_MAX_AGE);
  });

  it("reverts while the sequencer is down", async () => {
    const { oracle, streams, sequencer } = await loadFixture(deployStreamOracle);
    await oracle.spot(proofFor(streams, reportAt(await now())));
    const since = await stopSequencer(sequencer);
    await expect(oracle.latest())
      .to.be.revertedWithCustomError(oracle, "SequencerDown")
      .withArgs(since);
  });
});
