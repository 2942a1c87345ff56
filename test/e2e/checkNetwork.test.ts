import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

import localFeeds from "../../deploy/modules/LocalFeeds.ts";
import localStreams from "../../deploy/modules/LocalStreams.ts";
import localToken from "../../deploy/modules/LocalToken.ts";
import { openAggregator } from "../../scripts/chain/contracts.ts";
import { RpcError } from "../../scripts/chain/failures.ts";
import { readNetwork } from "../../scripts/chain/networkReader.ts";
import { connectNode, type Node, unlockedAccounts } from "../../scripts/chain/provider.ts";
import { configDigestOf, oracleSigners } from "../../scripts/chain/streamSigners.ts";
import { type Finding, judgeNetwork, type NetworkPlan } from "../../scripts/core/networkCheck.ts";
import { ignite } from "../../scripts/localnet/ignite.ts";
import { type LocalNode, startNode } from "../../scripts/localnet/node.ts";
import { mineAt, transact } from "../../scripts/localnet/world.ts";

const PATIENCE_MS = 90_000;
const START = 1_700_000_000;
/** Nobody is there. */
const NOBODY = `0x${"12".repeat(20)}`;

describe("check:network on a chain with Chainlink's own contracts", () => {
  let node: LocalNode;
  let provider: Node;
  let plan: NetworkPlan;

  before(async () => {
    node = await startNode({ timestamp: START, accounts: 3, lifetimeMs: PATIENCE_MS });
    provider = await connectNode({ rpcUrl: node.rpcUrl, timeoutMs: 5_000 });
    const accounts = await unlockedAccounts(provider);
    const feeds = await ignite({ provider, accounts, module: localFeeds, parameters: {} });
    const { token } = await ignite({
      provider,
      accounts,
      module: localToken,
      parameters: { LocalToken: { symbol: "USDC", decimals: 6 } },
    });
    const { verifierProxy } = await ignite({
      provider,
      accounts,
      module: localStreams,
      parameters: {
        LocalStreams: {
          configDigest: configDigestOf("tests"),
          signers: oracleSigners("tests", 4).map(({ address }) => address),
          f: 1,
        },
      },
    });
    for (const [aggregator, answer] of [
      [feeds.indexAggregator, 200_000_000_000n],
      [feeds.quoteAggregator, 100_000_000n],
    ] as const) {
      const { interface: abi } = openAggregator(provider, aggregator);
      const data = abi.encodeFunctionData("submit", [1n, answer]);
      await transact(provider, accounts[0] ?? "", { to: aggregator, data });
    }
    // 1 and 10^15 are what the local aggregators are deployed with.
    const bounds = { minAnswer: 1n, maxAnswer: 10n ** 15n };
    plan = {
      chainId: 31_337n,
      base: "ETH",
      quote: "USDC",
      collateralToken: token,
      indexFeed: { proxy: feeds.indexProxy, maxAge: 3_720n, ...bounds },
      quoteFeed: { proxy: feeds.quoteProxy, maxAge: 90_000n, ...bounds },
      sequencerFeed: feeds.sequencerProxy,
      verifierProxy,
    };
  }).timeout(PATIENCE_MS);

  after(async () => {
    await node.stop();
  });

  async function findingsFor(changes: Partial<NetworkPlan>): Promise<readonly Finding[]> {
    const changed = { ...plan, ...changes };
    return judgeNetwork(changed, await readNetwork(provider, changed));
  }

  async function off(changes: Partial<NetworkPlan>): Promise<readonly string[]> {
    return (await findingsFor(changes))
      .filter(({ verdict }) => verdict === "off")
      .map(({ subject, check, found }) => `${subject}: ${check}: ${found}`);
  }

  it("finds nothing off where everything is as planned", async () => {
    const findings = await findingsFor({});
    expect(findings.filter(({ verdict }) => verdict !== "ok")).to.deep.equal([]);
    expect(findings).to.have.length(26);
  });

  it("finds another chain", async () => {
    expect(await off({ chainId: 42_161n })).to.deep.equal(["chain: id: 31337"]);
  });

  it("finds another token", async () => {
    expect(await off({ quote: "DAI", quoteFeed: undefined })).to.deep.equal([
      "token: symbol: USDC",
    ]);
  });

  for (const [name, subject] of [
    ["collateralToken", "token"],
    ["sequencerFeed", "sequencer feed"],
    ["verifierProxy", "streams verifier"],
  ] as const) {
    it(`finds that there is no ${subject}, and says nothing more of it`, async () => {
      expect(await off({ [name]: NOBODY })).to.deep.equal([`${subject}: code: none`]);
    });
  }

  for (const name of ["indexFeed", "quoteFeed"] as const) {
    const subject = name === "indexFeed" ? "index feed" : "quote feed";
    const feed = () => plan[name] ?? plan.indexFeed;

    it(`finds that there is no ${subject}`, async () => {
      expect(await off({ [name]: { ...feed(), proxy: NOBODY } })).to.deep.equal([
        `${subject}: code: none`,
      ]);
    });

    it(`finds a bound of the ${subject} that its aggregator never reaches`, async () => {
      expect(await off({ [name]: { ...feed(), minAnswer: 0n } })).to.deep.equal([
        `${subject}: least answer: 1`,
      ]);
      expect(await off({ [name]: { ...feed(), maxAnswer: 10n ** 15n + 1n } })).to.deep.equal([
        `${subject}: largest answer: 1000000000000000`,
      ]);
    });
  }

  it("finds two feeds that were mixed up", async () => {
    const { quoteFeed = plan.indexFeed, indexFeed } = plan;
    const mixed = { indexFeed: quoteFeed, quoteFeed: indexFeed };
    expect(await off(mixed)).to.deep.equal([
      "index feed: description: USDC / USD",
      "quote feed: description: ETH / USD",
    ]);
  });

  it("finds that a price feed is no sequencer feed", async () => {
    // Its answer is a price, which is not 0.
    expect(await off({ sequencerFeed: plan.indexFeed.proxy })).to.deep.equal([
      "sequencer feed: description: ETH / USD",
      "sequencer feed: state: down",
    ]);
  });

  it("finds that a token is no feed and no verifier", async () => {
    const { collateralToken } = plan;
    expect(await off({ indexFeed: { ...plan.indexFeed, proxy: collateralToken } })).to.deep.equal([
      "index feed: description: cannot be read",
      "index feed: newest answer: cannot be read",
      "index feed: age of it [s]: cannot be read",
      "index feed: least answer: cannot be read",
      "index feed: largest answer: cannot be read",
    ]);
    expect(await off({ verifierProxy: collateralToken })).to.deep.equal([
      "streams verifier: type and version: cannot be read",
      "streams verifier: fee manager: cannot be read",
      "streams verifier: access controller: cannot be read",
    ]);
  });

  it("finds an answer that is older than its feed may be", async () => {
    await mineAt(provider, START + 4_000);
    const findings = await off({});
    expect(findings).to.have.length(1);
    expect(findings[0]).to.match(/^index feed: age of it \[s\]: 39\d\d$/);
  });

  it("says nothing of the chain when the node is gone", async () => {
    const silent = await connectNode({ rpcUrl: node.rpcUrl, timeoutMs: 1_000 });
    silent.send = async () => {
      throw new Error("connection refused");
    };
    const failure = await readNetwork(silent, plan).catch((cause: unknown) => cause);
    expect(failure).to.be.instanceOf(RpcError);
  });

  describe("as a program", () => {
    const PROGRAM = fileURLToPath(new URL("../../scripts/cli/checkNetwork.ts", import.meta.url));

    function run(...args: readonly string[]): Promise<{ code: number | null; text: string }> {
      return new Promise((resolve) => {
        const child = spawn(process.execPath, ["--import", "tsx", PROGRAM, ...args]);
        let text = "";
        for (const stream of [child.stdout, child.stderr]) {
          stream.on("data", (data) => {
            text += String(data);
          });
        }
        child.once("close", (code) => resolve({ code, text }));
      });
    }

    it("ends with 1 and says what is off", async () => {
      const { code, text } = await run("arbitrum-one", "--rpc-url", node.rpcUrl);
      expect(code).to.equal(1);
      expect(text).to.include('chain, id: found "31337", expected "42161".');
      expect(text).to.include('index feed, code: found "none", expected "present".');
      expect(text).to.include('streams verifier, code: found "none", expected "present".');
    }).timeout(PATIENCE_MS);

    it("ends with 2 for a network without parameters", async () => {
      const { code, text } = await run("atlantis", "--rpc-url", node.rpcUrl);
      expect(code).to.equal(2);
      expect(text).to.include('The parameters of "atlantis" cannot be read.');
    }).timeout(PATIENCE_MS);

    it("ends with 1 where no node answers", async () => {
      const { code, text } = await run("base", "--rpc-url", "http://127.0.0.1:1");
      expect(code).to.equal(1);
      expect(text).to.include("The node did not answer");
    }).timeout(PATIENCE_MS);
  });
});
