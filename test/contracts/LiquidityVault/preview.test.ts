import { expect } from "chai";
import { preparePool } from "../../fixtures/pool.ts";

const { fundedPool } = await preparePool();

describe("LiquidityVault preview", () => {
  for (const preview of [
    "previewDeposit",
    "previewMint",
    "previewWithdraw",
    "previewRedeem",
  ] as const) {
    it(`${preview} reverts for any amount`, async () => {
      const { pool } = await fundedPool();
      for (const amount of [0n, 1n, 2n ** 256n - 1n]) {
        await expect(pool[preview](amount)).to.be.revertedWithCustomError(
          pool,
          "PreviewNotSupported",
        );
      }
    });
  }
});
