import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { JsonRpcProvider, toBeHex } from "ethers";
import { environment } from "../../scripts/config/environment.ts";
import { EACAggregatorProxy__factory } from "../../types/ethers-contracts/index.ts";
import { onDeployableCode } from "../fixtures/deployable.ts";
import { mergeModules, readParameters } from "../fixtures/parameters.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = join(ROOT, "bin/bulkhead.mjs");
const ANVIL = join(ROOT, "node_modules/.bin/anvil");
const PATIENCE_MS = 300_000;

type Addresses = Readonly<Record<string, string>>;

describe("bulkhead deploy", () => {
  onDeployableCode("deployments, on another node", define);
});

function define(): void {
  const deployment = `test-${process.pid}`;
  const record = join(ROOT, "deploy/deployments", deployment);
  let node: ChildProcess;
  let url: string;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bulkhead-deploy-"));
    node = spawn(ANVIL, ["--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
    url = `http://${await addressOf(node)}`;
  });

  after(async () => {
    node.kill();
    await rm(folder, { recursive: true });
    await rm(record, { recursive: true, force: true });
  });

  const run = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [PROGRAM, "deploy", ...args], {
      env: { ...environment(), BULKHEAD_RPC_URL: url },
    });
  const deploy = async (name: string, parameters: object): Promise<Addresses> => {
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify(parameters));
    const chosen = ["--network", "local", "--deployment", deployment, "--yes"];
    await run(name, "--parameters", file, ...chosen);
    return JSON.parse(await readFile(join(record, "deployed_addresses.json"), "utf8"));
  };

  it("brings a market onto a node, module by module, and goes on where it stopped", async () => {
    const ground = { LocalToken: { symbol: "USDC", decimals: 6 }, LocalFeeds: {} };
    await deploy("LocalToken", ground);
    const laid = await deploy("LocalFeeds", ground);
    const proxy = (side: string) => ({ proxy: String(laid[`LocalFeeds#${side}Proxy`]) });
    const market = mergeModules(readParameters("local.json"), {
      ChainlinkFeedOracle: { index: proxy("Index"), quote: proxy("Quote") },
      Market: { collateralToken: String(laid["LocalToken#TestToken"]) },
    });
    const written = JSON.parse(
      JSON.stringify(market, (_, value) => (typeof value === "bigint" ? `${value}n` : value)),
    );
    const first = await deploy("Market", written);
    const provider = new JsonRpcProvider(url);
    try {
      expect(await provider.getCode(String(first["Market#MarginVault"]))).to.have.length.above(2);
      const index = EACAggregatorProxy__factory.connect(
        String(first["LocalFeeds#IndexProxy"]),
        provider,
      );
      expect(toBeHex(await index.aggregator(), 20)).to.equal(
        String(first["LocalFeeds#IndexAggregator"]).toLowerCase(),
      );
      const height = await provider.getBlockNumber();
      expect(await deploy("Market", written)).to.deep.equal(first);
      expect(await provider.getBlockNumber()).to.equal(height);
    } finally {
      provider.destroy();
    }
  }).timeout(PATIENCE_MS);

  it("refuses a module that is none, and a network that is none, with a failing exit code", async () => {
    const parameters = join(ROOT, "deploy/parameters/local.json");
    for (const args of [
      ["../Market", "--parameters", parameters, "--yes"],
      ["Nothing", "--parameters", parameters, "--network", "local", "--yes"],
      ["Factory", "--parameters", parameters, "--network", "nowhere", "--yes"],
      ["Factory", "--parameters", "nowhere.json", "--network", "local", "--yes"],
    ]) {
      const failure = await run(...args).then(
        () => undefined,
        (cause: { readonly code: number }) => cause.code,
      );
      expect(failure, args.join(" ")).to.be.above(0);
    }
  }).timeout(PATIENCE_MS);
}

/** Where anvil listens, once it says so. */
async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error("anvil was started without an output.");
  for await (const line of createInterface({ input: stdout })) {
    const address = /Listening on (\S+)/.exec(line)?.[1];
    if (address !== undefined) {
      stdout.resume();
      return address;
    }
  }
  throw new Error("anvil ended before it listened.");
}
