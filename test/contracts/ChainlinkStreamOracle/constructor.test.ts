import { expect } from "chai";
import { network } from "hardhat";
import { feedParameters, QUOTE_MAX_AGE } from "../../fixtures/feedOracle.ts";
import {
  deployStreamComposite,
  LATEST_MAX_AGE,
  MAX_SPREAD,
  SPOT_MAX_AGE,
} from "../../fixtures/streamOracle.ts";
import { FEED_ID } from "../../fixtures/streams.ts";
import { plain } from "../../fixtures/structs.ts";

const WAD = 10n ** 18n;

const { ethers, networkHelpers } = await network.create();
const { loadFixture } = networkHelpers;

const factory = await ethers.getContractFactory("ChainlinkStreamOracle");
const name = (text: string) => ethers.encodeBytes32String(text);

async function parameters() {
  const { streams, quote, sequencer } = await loadFixture(deployStreamComposite);
  return {
    verifierProxy: String(streams.verifierProxy.target),
    feedId: FEED_ID,
    maxSpread: MAX_SPREAD,
    spotMaxAge: SPOT_MAX_AGE,
    latestMaxAge: LATEST_MAX_AGE,
    quote: feedParameters(quote, QUOTE_MAX_AGE),
    sequencerFeed: String(sequencer.proxy.target),
    deviationThreshold: 0n,
  };
}

describe("ChainlinkStreamOracle constructor", () => {
  it("reverts without a verifier", async () => {
    await expect(
      factory.deploy({ ...(await parameters()), verifierProxy: ethers.ZeroAddress }),
    ).to.be.revertedWithCustomError(factory, "ZeroAddress");
  });

  it("reverts when the verifier is something else", async () => {
    const base = await parameters();
    await expect(factory.deploy({ ...base, verifierProxy: base.quote.proxy })).to.revert(ethers);
  });

  it("reverts for a feed of another schema", async () => {
    const feedId = FEED_ID.replace("0x0003", "0x0008");
    await expect(factory.deploy({ ...(await parameters()), feedId }))
      .to.be.revertedWithCustomError(factory, "ReportSchemaNotSupported")
      .withArgs("0x0008");
  });

  const BOUNDS: readonly (readonly [string, bigint, bigint])[] = [
    ["maxSpread", WAD / 10_000n, WAD / 10n],
    ["spotMaxAge", 1n, 60n],
    ["latestMaxAge", SPOT_MAX_AGE, 86_400n],
    ["deviationThreshold", 0n, WAD / 10n],
  ];
  for (const [parameter, lower, upper] of BOUNDS) {
    for (const value of [lower - 1n, upper + 1n].filter((one) => one >= 0n)) {
      it(`reverts when ${parameter} is ${value}`, async () => {
        await expect(factory.deploy({ ...(await parameters()), [parameter]: value }))
          .to.be.revertedWithCustomError(factory, "ParameterOutOfBounds")
          .withArgs(name(parameter), value, lower, upper);
      });
    }
  }

  it("reverts when the quote feed is not to be believed", async () => {
    const base = await parameters();
    await expect(factory.deploy({ ...base, quote: { ...base.quote, maxAge: 59n } }))
      .to.be.revertedWithCustomError(factory, "ParameterOutOfBounds")
      .withArgs(name("maxAge"), 59n, 60n, 172_800n);
  });

  it("keeps what it is created with", async () => {
    const base = await parameters();
    const oracle = await factory.deploy(base);
    expect(await oracle.verifierProxy()).to.equal(base.verifierProxy);
    expect(await oracle.feedId()).to.equal(FEED_ID);
    expect(await oracle.maxSpread()).to.equal(MAX_SPREAD);
    expect(await oracle.spotMaxAge()).to.equal(SPOT_MAX_AGE);
    expect(await oracle.latestMaxAge()).to.equal(LATEST_MAX_AGE);
    expect(await oracle.sequencerFeed()).to.equal(base.sequencerFeed);
    expect(await oracle.deviationThreshold()).to.equal(0n);
    expect(plain(await oracle.quoteFeed())).to.deep.equal(base.quote);
    expect(await oracle.minInitialMarginRatio()).to.equal(WAD / 100n);
  });
});
