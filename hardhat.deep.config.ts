import { randomBytes } from "node:crypto";
import { defineConfig } from "hardhat/config";
import base from "./hardhat.config.ts";
import { environment } from "./scripts/config/environment.ts";

/** Another one each time: what one campaign leaves out the next may meet. */
const seed = environment().BULKHEAD_FUZZ_SEED ?? `0x${randomBytes(32).toString("hex")}`;
process.stderr.write(`To repeat this campaign: BULKHEAD_FUZZ_SEED=${seed} npm run test:deep\n`);

/**
 * The long campaign over the laws: `npm run test:deep`, about 300,000 calls. A failing run prints the calls that lead to
 * it.
 */
export default defineConfig({
  ...base,
  test: {
    solidity: {
      fuzz: { runs: 500, seed },
      invariant: { runs: 24, depth: 256, failOnRevert: true },
    },
  },
});
