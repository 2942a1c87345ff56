import { randomBytes } from "node:crypto";
import { defineConfig } from "hardhat/config";
import base from "./hardhat.config.ts";
import { environment } from "./scripts/config/environment.ts";

/** Another one each time: what one run leaves out the next may meet. */
const seed = environment().BULKHEAD_FUZZ_SEED ?? `0x${randomBytes(32).toString("hex")}`;
process.stderr.write(`Seed of the fuzz tests: BULKHEAD_FUZZ_SEED=${seed}\n`);

/** For one chunk of the long campaign, `npm run test:deep`, which runs this again and again with seeds of its own. */
export default defineConfig({
  ...base,
  test: {
    solidity: {
      fuzz: { runs: 10, seed },
      invariant: { runs: 2, depth: 128, failOnRevert: true },
    },
  },
});
