import { expect } from "chai";
import type { AddressLike } from "ethers";
import { network } from "hardhat";
import {
  DEVIATION,
  deployComposite,
  deploySingle,
  feedParameters,
  INDEX_MAX_AGE,
  MAX_ANSWER,
  MIN_ANSWER,
  QUOTE_MAX_AGE,
} from "../../fixtures/feedOracle.ts";
import { deployFeeds } from "../../fixtures/feeds.ts";

const { ethers, networkHelpers } = await network.create();
const { loadFixture } = networkHelpers;

const factory = await ethers.getContractFactory("ChainlinkFeedOracle");
const name = (text: string) => ethers.encodeBytes32String(text);

interface Side {
  readonly proxy: AddressLike;
  readonly maxAge: bigint;
  readonly minAnswer: bigint;
  readonly maxAnswer: bigint;
}

const NO_QUOTE: Side = { proxy: ethers.ZeroAddress, maxAge: 0n, minAnswer: 0n, maxAnswer: 0n };

async function sides() {
  const feeds = await loadFixture(deployFeeds);
  return {
    index: feedParameters(feeds.index, INDEX_MAX_AGE) satisfies Side,
    quote: feedParameters(feeds.quote, QUOTE_MAX_AGE) satisfies Side,
  };
}

async function deploy(index: Side, quote: Side = NO_QUOTE, deviationThreshold = DEVIATION) {
  return await factory.deploy({
    index,
    quote,
    sequencerFeed: ethers.ZeroAddress,
    deviationThreshold,
  });
}

describe("ChainlinkFeedOracle constructor", () => {
  it("reverts when there is no index feed", async () => {
    await expect(deploy(NO_QUOTE)).to.be.revertedWithCustomError(factory, "ZeroAddress");
  });

  for (const side of ["index", "quote"] as const) {
    describe(`given the ${side} feed`, () => {
      async function deployWith(changes: Partial<Side>, loaded = sides()) {
        const { index, quote } = await loaded;
        const changed = { index, quote, [side]: { ...{ index, quote }[side], ...changes } };
        return await deploy(changed.index, changed.quote);
      }

      it("reverts when its bounds are negative", async () => {
        const { [side]: feed } = await sides();
        await expect(deployWith({ minAnswer: -1n }))
          .to.be.revertedWithCustomError(factory, "AnswerBoundsMalformed")
          .withArgs(feed.proxy, -1n, MAX_ANSWER);
      });

      it("reverts when its bounds leave no answer", async () => {
        const { [side]: feed } = await sides();
        await expect(deployWith({ minAnswer: MAX_ANSWER }))
          .to.be.revertedWithCustomError(factory, "AnswerBoundsMalformed")
          .withArgs(feed.proxy, MAX_ANSWER, MAX_ANSWER);
      });

      for (const maxAge of [59n, 172_801n]) {
        it(`reverts when rounds may be ${maxAge} s old`, async () => {
          await expect(deployWith({ maxAge }))
            .to.be.revertedWithCustomError(factory, "ParameterOutOfBounds")
            .withArgs(name("maxAge"), maxAge, 60n, 172_800n);
        });
      }

      it("reverts when its decimals exceed a WAD", async () => {
        const loaded = await sides();
        const proxy = await ethers.deployContract("ScriptedAggregator", [19]);
        await expect(deployWith({ proxy }, Promise.resolve(loaded)))
          .to.be.revertedWithCustomError(factory, "ParameterOutOfBounds")
          .withArgs(name("decimals"), 19n, 0n, 18n);
      });
    });
  }

  it("reverts when an answer within its bounds could overflow the price", async () => {
    const { index, quote } = await sides();
    // The composite scales by 10^(18 − 8 + 8): floor((2^256 − 1) ÷ 10^18).
    const largest = (2n ** 256n - 1n) / 10n ** 18n;
    await expect(deploy({ ...index, maxAnswer: largest + 1n }, quote))
      .to.be.revertedWithCustomError(factory, "ParameterOutOfBounds")
      .withArgs(name("index.maxAnswer"), largest + 1n, 1n, largest);
    await deploy({ ...index, maxAnswer: largest }, quote);
  });

  for (const deviation of [99_999_999_999_999n, 100_000_000_000_000_001n]) {
    it(`reverts when the deviation threshold is ${deviation}`, async () => {
      const { index } = await sides();
      await expect(deploy(index, NO_QUOTE, deviation))
        .to.be.revertedWithCustomError(factory, "ParameterOutOfBounds")
        .withArgs(
          name("deviationThreshold"),
          deviation,
          100_000_000_000_000n,
          100_000_000_000_000_000n,
        );
    });
  }

  it("keeps the feeds of a composite", async () => {
    const { oracle, index, quote, sequencer } = await loadFixture(deployComposite);

    expect(await oracle.indexFeed()).to.deep.equal([
      index.proxy.target,
      INDEX_MAX_AGE,
      MIN_ANSWER,
      MAX_ANSWER,
    ]);
    expect(await oracle.quoteFeed()).to.deep.equal([
      quote.proxy.target,
      QUOTE_MAX_AGE,
      MIN_ANSWER,
      MAX_ANSWER,
    ]);
    expect(await oracle.sequencerFeed()).to.equal(sequencer.proxy.target);
    expect(await oracle.deviationThreshold()).to.equal(DEVIATION);
  });

  it("demands 4% of initial margin", async () => {
    const { oracle } = await loadFixture(deploySingle);

    expect(await oracle.minInitialMarginRatio()).to.equal(40_000_000_000_000_000n);
  });

  it("leaves the quote side of a single feed empty", async () => {
    const { oracle } = await loadFixture(deploySingle);

    expect(await oracle.quoteFeed()).to.deep.equal([ethers.ZeroAddress, 0n, 0n, 0n]);
  });
});
