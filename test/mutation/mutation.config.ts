import { defineConfig } from "hardhat/config";
import base from "../../hardhat.config.ts";

/** Runs tests on code that holds mutants: larger and dearer than what is deployed, so without the limits of a chain. */
export default defineConfig({
  ...base,
  paths: { ...base.paths, artifacts: "out/mutation/artifacts", cache: "out/mutation/cache" },
  networks: {
    default: {
      type: "edr-simulated",
      allowUnlimitedContractSize: true,
      blockGasLimit: 400_000_000n,
      transactionGasCap: false,
    },
  },
});
