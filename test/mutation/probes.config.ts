import { defineConfig } from "hardhat/config";
import mutation from "./mutation.config.ts";

/** As for mutants, with the contracts that report their branches. */
export default defineConfig({
  ...mutation,
  paths: { ...mutation.paths, artifacts: "out/mutation/probed", cache: "out/mutation/cache" },
});
