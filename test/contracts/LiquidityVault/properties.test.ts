import fc from "fast-check";
import { preparePool } from "../../fixtures/pool.ts";
import { beginRun, histories, play } from "../../fixtures/poolHistory.ts";

// The standards' own properties are in test/standards/, for 6 and 18 decimals.
const UNIT = 10n ** 8n;
const { fundedPool } = await preparePool({
  decimals: 8,
  pool: { requestFeeToken: UNIT, minRequestToken: 10n * UNIT },
});

describe("LiquidityVault properties with 8 decimals", () => {
  it("LAW-2 and LAW-11 hold through anything", async () => {
    await fc.assert(
      fc.asyncProperty(histories(true), async (steps) => {
        await play(await beginRun(await fundedPool(), UNIT), steps);
      }),
      { numRuns: 12, endOnFailure: true },
    );
  }).timeout(120_000);
});
