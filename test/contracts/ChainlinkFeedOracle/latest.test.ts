import { expect } from "chai";
import { network } from "hardhat";
import { deployComposite, deploySingle, INDEX_MAX_AGE, moveTo } from "../../fixtures/feedOracle.ts";
import { pushRound, stopSequencer } from "../../fixtures/feeds.ts";

/** 2,000 USD and 0.8 USD [E8]. */
const ETH = 200_000_000_000n;
const DEPEGGED = 80_000_000n;

const { networkHelpers } = await network.create();
const { loadFixture } = networkHelpers;

describe("ChainlinkFeedOracle latest", () => {
  it("reverts while the sequencer is down", async () => {
    const { oracle, index, sequencer } = await loadFixture(deploySingle);
    await pushRound(index, { answer: ETH });
    const since = await stopSequencer(sequencer);

    await expect(oracle.latest())
      .to.be.revertedWithCustomError(oracle, "SequencerDown")
      .withArgs(since);
    await expect(oracle.upSince())
      .to.be.revertedWithCustomError(oracle, "SequencerDown")
      .withArgs(since);
  });

  it("reverts when the newest round is stale", async () => {
    const fixture = await loadFixture(deploySingle);
    const { oracle, index } = fixture;
    const { id, updatedAt } = await pushRound(index, { answer: ETH });
    const late = updatedAt + INDEX_MAX_AGE + 1n;
    await moveTo(fixture, late);

    await expect(oracle.latest())
      .to.be.revertedWithCustomError(oracle, "RoundStale")
      .withArgs(index.proxy, id, updatedAt, late, INDEX_MAX_AGE);
  });

  it("reads the newest round of each feed", async () => {
    const { oracle, index, quote } = await loadFixture(deployComposite);
    const { updatedAt } = await pushRound(index, { answer: ETH });
    await pushRound(quote, { answer: DEPEGGED });

    // 2000 ÷ 0.8.
    expect(await oracle.latest()).to.deep.equal([2_500_000_000_000_000_000_000n, updatedAt]);
  });
});
