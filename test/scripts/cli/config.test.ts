import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { CliConfigError, cliConfig, cliKey } from "../../../scripts/config/cli.ts";
import { newFolder } from "./fakeIo.ts";

const VAULT = `0x${"11".repeat(20)}`;
const ACCOUNT = `0x${"22".repeat(20)}`;

const SETTINGS = `
network: main
key: alice
networks:
  main: { rpcUrl: "https://node.example/key", chainId: 42161, market: eth, markets: { eth: "${VAULT}" } }
  local: { rpcUrl: "http://127.0.0.1:8545", markets: {} }
keys:
  alice: { keystore: alice.json, passwordFile: secret/password }
  bob: { keystore: /keys/bob.json }
  far: { remote: "http://127.0.0.1:8550", account: "${ACCOUNT}" }
  dev: { unlocked: "${ACCOUNT}" }
`;

describe("cliConfig", () => {
  let folder: string;
  let config: string;

  before(async () => {
    folder = await newFolder();
    config = join(folder, "config.yaml");
    await writeFile(config, SETTINGS);
  });

  after(() => rm(folder, { recursive: true }));

  const failureOf = async (promise: Promise<unknown>): Promise<string> => {
    const cause = await promise.then(
      () => undefined,
      (found: unknown) => found,
    );
    expect(cause).to.be.instanceOf(CliConfigError);
    return (cause as CliConfigError).message;
  };

  it("refuses a secret in the environment", async () => {
    const text = await failureOf(cliConfig({ config }, { BULKHEAD_PRIVATE_KEY: "0x01" }));
    expect(text).to.include("BULKHEAD_PRIVATE_KEY");
    expect(text).not.to.include("0x01");
  });

  it("refuses a file that is missing or says something unknown, by its path", async () => {
    expect(await failureOf(cliConfig({ config: join(folder, "none") }, {}))).to.include("none");
    const wrong = join(folder, "wrong.yaml");
    await writeFile(wrong, "networks: { a: { rpcUrl: 7, colour: red } }");
    const text = await failureOf(cliConfig({ config: wrong }, {}));
    expect(text).to.match(/networks\.a\.rpcUrl/);
    expect(text).to.match(/colour/);
  });

  it("refuses networks, markets and keys that are not there, and tells those that are", async () => {
    expect(await failureOf(cliConfig({ config, network: "x" }, {}))).to.include("main, local");
    expect(await failureOf(cliConfig({ config, market: "btc" }, {}))).to.include("eth");
    expect(await failureOf(cliConfig({ config, key: "eve" }, {}))).to.include("alice, bob");
    expect(await failureOf(cliConfig({}, { HOME: folder }))).to.include("--rpc-url");
  });

  it("refuses an unlocked account of a node elsewhere", async () => {
    expect(await failureOf(cliConfig({ config, key: "dev" }, {}))).to.include("this machine");
    const near = await cliConfig({ config, key: "dev", network: "local" }, {});
    expect(near.key?.source).to.deep.equal({ kind: "unlocked", account: ACCOUNT });
  });

  it("reads the file, with paths from where it lies", async () => {
    const read = await cliConfig({ config }, {});
    expect(read.network.chainId).to.equal(42_161n);
    expect(read.market).to.deep.equal({ name: "eth", address: VAULT });
    expect(read.key?.source).to.deep.equal({
      kind: "keystore",
      keystoreFile: join(folder, "alice.json"),
      passwordFile: join(folder, "secret/password"),
    });
  });

  it("prefers the environment to the file, and options to both", async () => {
    const env = { BULKHEAD_CONFIG: config, BULKHEAD_NETWORK: "local", BULKHEAD_KEY: "bob" };
    const read = await cliConfig({}, env);
    expect(read.network.name).to.equal("local");
    expect(read.market).to.equal(undefined);
    expect(read.key?.source).to.deep.equal({ kind: "prompted", keystoreFile: "/keys/bob.json" });
    const chosen = await cliConfig({ network: "main", key: "far", rpcUrl: "http://x:1" }, env);
    expect(chosen.network.rpcUrl).to.equal("http://x:1");
    expect(chosen.key?.name).to.equal("far");
  });

  it("finds the file in the XDG folder, as YAML or JSON", async () => {
    const { mkdir } = await import("node:fs/promises");
    await mkdir(join(folder, "bulkhead"), { recursive: true });
    await writeFile(
      join(folder, "bulkhead", "config.json"),
      JSON.stringify({ networks: { only: { rpcUrl: "http://127.0.0.1:1" } } }),
    );
    const read = await cliConfig({}, { XDG_CONFIG_HOME: folder });
    expect(read.network.name).to.equal("only");
  });

  it("tells what to do where no key is chosen", async () => {
    const several = join(folder, "several.yaml");
    await writeFile(several, SETTINGS.replace("key: alice\n", ""));
    expect(await failureOf(cliKey({ config: several }, {}))).to.include('"alice", "bob"');
    expect(await failureOf(cliKey({}, { HOME: "/nowhere" }))).to.include("bulkhead key new");
  });
});
