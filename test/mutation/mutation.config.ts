import { defineConfig } from "hardhat/config";
import base from "../../hardhat.config.ts";

/** Which copy of the artifacts to run on, and the beneficiary of blocks: the mutant that is on. */
// biome-ignore lint/style/noProcessEnv: this configuration is for children of planted.ts, which have no other way in.
const { MUTATION_ARTIFACTS = "artifacts", MUTATION_COINBASE } = process.env;
const coinbase = MUTATION_COINBASE === undefined ? {} : { coinbase: MUTATION_COINBASE };

/** Runs tests on code that holds mutants: larger and dearer than what is deployed, so without the limits of a chain. */
const limits = {
  allowUnlimitedContractSize: true,
  blockGasLimit: 400_000_000n,
  transactionGasCap: false,
} as const;

export default defineConfig({
  ...base,
  paths: {
    ...base.paths,
    artifacts: `out/mutation/${MUTATION_ARTIFACTS}`,
    cache: "out/mutation/cache",
  },
  networks: { default: { type: "edr-simulated", ...limits, ...coinbase } },
  test: {
    ...base.test,
    solidity: { ...base.test?.solidity, ...coinbase, transactionGasCap: false },
  },
});
