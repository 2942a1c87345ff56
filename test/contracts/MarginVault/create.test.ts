import { expect } from "chai";
import { network } from "hardhat";
import { deployMarket } from "../../fixtures/market.ts";

const connection = await network.create();

describe("MarginVault creation", () => {
  it("logs its first terms before all else, for those who know a market by its logs", async () => {
    const { marginVault } = await deployMarket(connection);
    // Step 1e9: 4%, 2%, 0.5%, 0.05%, 1.25, from the lowest 32 bits up; step 1e12: 5 and 10, 48 bits each.
    const ratios = [40_000_000n, 20_000_000n, 5_000_000n, 500_000n, 1_250_000_000n];
    let margins = (5_000_000n << 160n) | (10_000_000n << 208n);
    for (const [index, ratio] of ratios.entries()) margins |= ratio << BigInt(32 * index);
    // 10% in 32 bits, 30 s in 16, then 1, 500 and 50 in 48 bits each.
    const amounts = (1_000_000n << 48n) | (500_000_000n << 96n) | (50_000_000n << 144n);
    const trades = 100_000_000n | (30n << 32n) | amounts;
    const [log] = await marginVault.queryFilter(marginVault.filters.TermsStored);
    // Number 1, of terms 1.
    expect([...(log?.args ?? [])]).to.deep.equal([1n, 1n, margins, trades]);
  });
});
