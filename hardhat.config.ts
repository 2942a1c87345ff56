import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";
import type { SolidityCompilerConfig } from "hardhat/types/config";
import type { HardhatPlugin } from "hardhat/types/plugins";

/** Compilers come from npm under exact versions, so that a build needs no download server. */
const compiler = (version: string, packageName: string) => ({
  version,
  path: fileURLToPath(import.meta.resolve(`${packageName}/soljson.js`)),
});

/** One setting for tests and deployments: an audit of the tests is then an audit of what is deployed. */
const solc = {
  ...compiler("0.8.35", "solc"),
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 200 },
    viaIR: true,
    metadata: { appendCBOR: false, bytecodeHash: "none" },
  },
};

const chainlinkFeeds = {
  ...compiler("0.6.6", "solc-0.6.6"),
  settings: { optimizer: { enabled: true, runs: 200 } },
};

const chainlinkStreams = {
  ...compiler("0.8.19", "solc-0.8.19"),
  settings: { optimizer: { enabled: true, runs: 200 } },
};

/**
 * For the Solidity tests themselves, which the other setting takes six times as long to compile. They deploy the market
 * from its artifacts, so what they test was compiled as it is deployed.
 */
const tests = {
  ...compiler("0.8.35", "solc"),
  settings: { evmVersion: "cancun", optimizer: { enabled: true, runs: 1 } },
};

/** All of them: a handler is recognised by its code, which must be the same wherever it is compiled. */
const testFolder = "test/invariant";
const testFiles = readdirSync(testFolder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".sol"))
  .map((name) => [`${testFolder}/${name}`, tests] as const);

/**
 * Compiled for more runs where there is room for bytes: constants and small functions in line save 1k of gas in every order.
 * And for fewer where there is not. What one contract keeps the code of is compiled as that is.
 */
const compiledFor = (runs: number, ...names: readonly string[]) => {
  const settings = { ...solc.settings, optimizer: { enabled: true, runs } };
  return names.map((name) => [name, { ...solc, settings }] as const);
};

const bySize = [
  ...compiledFor(
    1_000_000,
    "contracts/MandateBook.sol",
    "contracts/oracles/ChainlinkFeedOracle.sol",
  ),
  ...compiledFor(10_000, "contracts/OrderBook.sol", "contracts/factory/OrderBookCode.sol"),
  ...compiledFor(150, "contracts/MarginVault.sol", "contracts/factory/MarginVaultCode.sol"),
];

const profile = {
  compilers: [solc, chainlinkFeeds, chainlinkStreams],
  overrides: Object.fromEntries([...testFiles, ...bySize]),
};

/**
 * Compiles at once what is compiled alike. Hardhat does so for settings that are one object, and each override is resolved
 * into an object of its own: every test file would be a compilation by itself, with all that it imports. And uses all
 * cores, where Hardhat leaves one idle, which on a machine with two is half of them.
 */
const compiledTogether: HardhatPlugin = {
  id: "compiled-together",
  hookHandlers: {
    config: async () => ({
      default: async () => ({
        resolveUserConfig: async (user, resolveVariable, next) => {
          const resolved = await next(user, resolveVariable);
          const alike = new Map<string, SolidityCompilerConfig>();
          for (const { overrides } of Object.values(resolved.solidity.profiles)) {
            for (const [file, config] of Object.entries(overrides)) {
              const key = JSON.stringify(config);
              overrides[file] = alike.get(key) ?? config;
              alike.set(key, overrides[file]);
            }
          }
          return resolved;
        },
      }),
    }),
    solidity: async () => ({
      default: async () => ({
        build: (context, files, options, next) =>
          next(context, files, { ...options, concurrency: availableParallelism() }),
      }),
    }),
  },
};

/** `hardhat keystore set` keeps address and key of the deployer, encrypted; nothing is read before it is needed. */
const publicNetwork = (chainId: number, rpcUrl: string) => ({
  type: "http" as const,
  chainId,
  url: configVariable(rpcUrl),
  accounts: [configVariable("BULKHEAD_DEPLOYER_KEY")],
});

const publicNetworks = {
  "arbitrum-one": publicNetwork(42_161, "ARBITRUM_ONE_RPC_URL"),
  base: publicNetwork(8_453, "BASE_RPC_URL"),
};

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers, compiledTogether],
  paths: {
    ignition: "deploy",
    tests: { mocha: "test", solidity: "test/invariant" },
  },
  solidity: {
    npmFilesToBuild: [
      "chainlink-contracts-0.6/src/v0.6/EACAggregatorProxy.sol",
      "chainlink-contracts-0.6/src/v0.6/FluxAggregator.sol",
      "@chainlink/contracts/src/v0.8/l2ep/arbitrum/ArbitrumSequencerUptimeFeed.sol",
      "@chainlink/contracts/src/v0.8/llo-feeds/v0.5.0/FeeManager.sol",
      "@chainlink/contracts/src/v0.8/llo-feeds/v0.5.0/RewardManager.sol",
      "@chainlink/contracts/src/v0.8/llo-feeds/v0.5.0/Verifier.sol",
      "@chainlink/contracts/src/v0.8/llo-feeds/v0.5.0/VerifierProxy.sol",
    ],
    profiles: { default: profile, production: profile },
  },
  networks: {
    // A node of your own that holds the keys, such as anvil.
    local: { type: "http", url: configVariable("BULKHEAD_RPC_URL") },
    ...publicNetworks,
  },
  // Test doubles: what they do is not under test.
  coverage: { skipFiles: ["contracts/mocks/**"] },
  test: {
    // A process for each file, two at a time: every file brings its own chain.
    mocha: { parallel: true, jobs: 2 },
    solidity: {
      fuzz: { runs: 16 },
      invariant: { runs: 2, depth: 40, failOnRevert: true },
    },
  },
});
