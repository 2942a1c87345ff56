import { defineConfig } from "hardhat/config";
import base from "./hardhat.config.ts";

/** The long campaign over the laws: `npm run test:deep`. A failing run prints the calls that lead to it. */
export default defineConfig({
  ...base,
  test: {
    solidity: {
      fuzz: { runs: 2_000 },
      invariant: { runs: 64, depth: 500, failOnRevert: true },
    },
  },
});
