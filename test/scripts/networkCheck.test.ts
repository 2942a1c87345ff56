import { expect } from "chai";

import {
  ParametersError,
  parseNetworkPlan,
  readNetworkPlan,
} from "../../scripts/config/network.ts";
import {
  type FeedSeen,
  judgeNetwork,
  type NetworkPlan,
  type NetworkSeen,
} from "../../scripts/core/networkCheck.ts";

const ADDRESS = `0x${"ab".repeat(20)}`;
const NO_ADDRESS = `0x${"0".repeat(40)}`;

const PLAN: NetworkPlan = {
  chainId: 1n,
  base: "ETH",
  quote: "USDC",
  collateralToken: ADDRESS,
  indexFeed: { proxy: ADDRESS, maxAge: 100n, minAnswer: 1n, maxAnswer: 1_000n },
  quoteFeed: undefined,
  sequencerFeed: ADDRESS,
  verifierProxy: ADDRESS,
};

const FEED: FeedSeen = {
  hasCode: true,
  description: "ETH / USD",
  decimals: 8n,
  latest: { answer: 500n, startedAt: 900n, updatedAt: 900n },
  bounds: { min: 1n, max: 1_000n },
};

const SEEN: NetworkSeen = {
  chainId: 1n,
  now: 1_000n,
  token: { hasCode: true, symbol: "USDC", decimals: 6n },
  indexFeed: FEED,
  quoteFeed: undefined,
  sequencerFeed: {
    ...FEED,
    description: "L2 Sequencer Uptime Status Feed",
    latest: { answer: 0n, startedAt: 5n, updatedAt: 5n },
  },
  verifier: {
    hasCode: true,
    typeAndVersion: "VerifierProxy 2.0.0",
    feeManager: NO_ADDRESS,
    accessController: NO_ADDRESS,
  },
};

function remarks(plan: Partial<NetworkPlan>, seen: Partial<NetworkSeen> = {}): readonly string[] {
  return judgeNetwork({ ...PLAN, ...plan }, { ...SEEN, ...seen })
    .filter(({ verdict }) => verdict !== "ok")
    .map(({ subject, check, verdict }) => `${subject}/${check}: ${verdict}`);
}

const feedWith = (changes: Partial<FeedSeen>) => ({ indexFeed: { ...FEED, ...changes } });

describe("judgeNetwork", () => {
  it("has nothing to say where all is as planned", () => {
    expect(remarks({})).to.deep.equal([]);
  });

  it("leaves a chain of unknown id to a person", () => {
    expect(remarks({ chainId: undefined })).to.deep.equal(["chain/id: note"]);
  });

  it("takes an answer of exactly the largest age, and none older", () => {
    expect(remarks({ indexFeed: { ...PLAN.indexFeed, maxAge: 99n } })).to.deep.equal([
      "index feed/age of it [s]: off",
    ]);
  });

  it("finds feeds and tokens of too many decimals", () => {
    expect(remarks({}, feedWith({ decimals: 19n }))).to.deep.equal(["index feed/decimals: off"]);
    const token = { hasCode: true, symbol: "USDC", decimals: 19n };
    expect(remarks({}, { token })).to.deep.equal(["token/decimals: off"]);
  });

  it("finds an answer that is no price", () => {
    const latest = { answer: 0n, startedAt: 900n, updatedAt: 900n };
    expect(remarks({}, feedWith({ latest }))).to.deep.equal(["index feed/newest answer: off"]);
  });

  it("finds bounds that nobody can read", () => {
    expect(remarks({}, feedWith({ bounds: undefined }))).to.deep.equal([
      "index feed/least answer: off",
      "index feed/largest answer: off",
    ]);
  });

  it("finds a sequencer that is down, and one that has not been told of", () => {
    const down = {
      ...FEED,
      description: "Sequencer",
      latest: { answer: 1n, startedAt: 5n, updatedAt: 5n },
    };
    expect(remarks({}, { sequencerFeed: down })).to.deep.equal(["sequencer feed/state: off"]);
    const untold = { ...down, latest: { answer: 0n, startedAt: 0n, updatedAt: 0n } };
    expect(remarks({}, { sequencerFeed: untold })).to.deep.equal([
      "sequencer feed/up since [s]: off",
    ]);
  });

  it("leaves an access controller to a person", () => {
    const verifier = { ...SEEN.verifier, hasCode: true, accessController: ADDRESS } as const;
    expect(
      remarks({}, { verifier: { typeAndVersion: undefined, feeManager: ADDRESS, ...verifier } }),
    ).to.deep.equal(["streams verifier/access controller: note"]);
  });
});

const PARAMETERS = {
  ChainlinkFeedOracle: {
    index: { proxy: ADDRESS, maxAge: "100n", minAnswer: "1n", maxAnswer: "1000n" },
    sequencerFeed: ADDRESS,
  },
  ChainlinkStreamOracle: { verifierProxy: ADDRESS, feedId: `0x0003${"ab".repeat(30)}` },
  Market: { label: "ETH/USDC", collateralToken: ADDRESS },
};

describe("parseNetworkPlan", () => {
  it("takes what a chain can be asked about", () => {
    expect(parseNetworkPlan(PARAMETERS, "base")).to.deep.equal({ ...PLAN, chainId: 8_453n });
  });

  it("tells all problems at once, and where they are", () => {
    const broken = {
      ...PARAMETERS,
      ChainlinkStreamOracle: { verifierProxy: "0x12", feedId: `0x0002${"ab".repeat(30)}` },
      Market: { label: "ETHUSDC", collateralToken: ADDRESS },
    };
    expect(() => parseNetworkPlan(broken, "base"))
      .to.throw(ParametersError)
      .with.property("message")
      .that.includes("ChainlinkStreamOracle.verifierProxy is not an address")
      .and.includes("ChainlinkStreamOracle.feedId is not the id of a v3 feed")
      .and.includes("Market.label is not two symbols");
  });
});

describe("readNetworkPlan", () => {
  const FOLDER = new URL("../../deploy/parameters/", import.meta.url);

  for (const [network, chainId] of [
    ["arbitrum-one", 42_161n],
    ["base", 8_453n],
  ] as const) {
    it(`reads the parameters of ${network}`, async () => {
      const plan = await readNetworkPlan(FOLDER, network);
      expect(plan).to.include({ chainId, base: "ETH", quote: "USDC" });
      expect(plan.verifierProxy).to.match(/^0x/);
    });
  }

  for (const network of ["atlantis", "../parameters/base", ""]) {
    it(`refuses "${network}"`, async () => {
      const failure = await readNetworkPlan(FOLDER, network).catch((cause: unknown) => cause);
      expect(failure).to.be.instanceOf(ParametersError);
    });
  }
});
