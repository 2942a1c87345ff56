import { expect } from "chai";
import { parseEther } from "ethers";
import { network } from "hardhat";
import type { BoxHarness } from "../../../types/ethers-contracts/index.ts";
import { positionOf } from "../../fixtures/states.ts";
import { plain } from "../../fixtures/structs.ts";

/** 1.5 a unit. */
const FILL = parseEther("1.5");

describe("BoxMath close", () => {
  let harness: BoxHarness;

  before(async () => {
    const { ethers } = await network.create();
    harness = await ethers.deployContract("BoxHarness");
  });

  // A third of boxes of three wei, so that every division leaves a remainder.
  const LONG = positionOf({ size: 3n, openNotional: 10n, margin: 100n, reserve: 10n });
  const SHORT = positionOf({ size: -3n, openNotional: -10n, margin: 100n, reserve: 10n });

  it("rounds against a long: proceeds and reserve down, cost up", async () => {
    const [closing, rest] = await harness.close(LONG, 1n, FILL, 1n);
    // Proceeds 1.5, down; cost 10 ÷ 3 = 3.33, up: 1 − 4. Reserve 10 ÷ 3, down.
    expect(plain(closing)).to.deep.include({
      closedSize: -1n,
      fillPrice: FILL,
      pnl: -3n,
      released: 3n,
      gain: 0n,
      loss: 3n,
      shortfall: 0n,
    });
    expect(plain(rest)).to.deep.include({
      size: 2n,
      openNotional: 6n,
      margin: 97n,
      reserve: 7n,
    });
  });

  it("rounds against a short: what it buys back up, what it had sold down", async () => {
    const [closing, rest] = await harness.close(SHORT, 1n, FILL, 1n);
    // Bought for 1.5, up; had been sold for 10 ÷ 3 = 3.33, down: 3 − 2.
    expect(plain(closing)).to.deep.include({ closedSize: 1n, pnl: 1n, gain: 1n, loss: 0n });
    expect(plain(rest)).to.deep.include({
      size: -2n,
      openNotional: -7n,
      margin: 101n,
      reserve: 7n,
    });
  });

  it("takes a loss as far as the margin reaches, and tells what is missing", async () => {
    const [closing, rest] = await harness.close({ ...LONG, margin: 2n }, 1n, FILL, 1n);
    expect(plain(closing)).to.deep.include({ loss: 2n, shortfall: 1n });
    expect(plain(rest)).to.deep.include({ margin: 0n });
  });

  it("pays a gain as far as the reserve of the part reaches, in whole token units", async () => {
    // Bought back at 0.1: 0.1, up; a gain of 3 − 1 = 2 against a reserve of 10 ÷ 3 = 3.
    const fill = parseEther("0.1");
    const [closing] = await harness.close(SHORT, 1n, fill, 1n);
    expect(plain(closing)).to.deep.include({ pnl: 2n, gain: 2n });
    const [capped, rest] = await harness.close({ ...SHORT, reserve: 5n }, 1n, fill, 1n);
    expect(plain(capped)).to.deep.include({ pnl: 2n, released: 1n, gain: 1n });
    expect(plain(rest)).to.deep.include({ reserve: 4n, margin: 101n });
    const [cut] = await harness.close(SHORT, 3n, fill, 4n);
    // 10 − 0.3, up: 9 of a reserve of 10, in units of 4.
    expect(plain(cut)).to.deep.include({ pnl: 9n, released: 10n, gain: 8n });
  });
});
