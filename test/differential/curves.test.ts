import fc from "fast-check";
import * as borrowMath from "../../scripts/core/borrowMath.ts";
import * as fundingMath from "../../scripts/core/fundingMath.ts";
import * as skewMath from "../../scripts/core/skewMath.ts";
import type { MathHarness } from "../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../fixtures/mathHarness.ts";
import { curves, mostlyInt, mostlyUint, ratio } from "./arbitraries.ts";
import { expectTwins } from "./twins.ts";

describe("SkewMath, FundingMath and BorrowMath against their twins", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  it("fillPrice agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "fillPrice",
      inputs: fc.record({
        price: mostlyUint(96),
        skew: mostlyInt(97),
        sizeDelta: mostlyInt(96),
        skewScale: mostlyUint(96),
      }),
      args: ({ price, skew, sizeDelta, skewScale }) => [price, skew, sizeDelta, skewScale],
      core: skewMath.fillPrice,
    });
  });

  it("premium agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "premium",
      inputs: fc.record({
        price: mostlyUint(96),
        skew: mostlyInt(97),
        skewScale: mostlyUint(96),
      }),
      args: ({ price, skew, skewScale }) => [price, skew, skewScale],
      core: skewMath.premium,
    });
  });

  it("worstExitImpact agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "worstExitImpact",
      inputs: fc.record({
        size: mostlyInt(96),
        skew: mostlyInt(97),
        skewScale: mostlyUint(96),
      }),
      args: ({ size, skew, skewScale }) => [size, skew, skewScale],
      core: skewMath.worstExitImpact,
    });
  });

  it("velocity agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "velocity",
      inputs: fc.record({
        price: mostlyUint(96),
        skew: mostlyInt(97),
        maxFundingRate: mostlyUint(64),
        fundingScale: mostlyUint(96),
      }),
      args: ({ price, skew, maxFundingRate, fundingScale }) => [
        price,
        skew,
        maxFundingRate,
        fundingScale,
      ],
      core: fundingMath.velocity,
    });
  });

  it("fundingOwed agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "fundingOwed",
      inputs: fc.record({
        size: mostlyInt(96),
        fundingIndex: mostlyInt(96),
        snapshot: mostlyInt(96),
      }),
      args: ({ size, fundingIndex, snapshot }) => [size, fundingIndex, snapshot],
      core: fundingMath.owed,
    });
  });

  it("utilization agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "utilization",
      inputs: fc.tuple(mostlyUint(104), mostlyUint(104)),
      args: (pair) => pair,
      core: ([reserved, cash]) => borrowMath.utilization(reserved, cash),
    });
  });

  it("borrowRate agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "borrowRate",
      inputs: fc.tuple(ratio(), curves),
      args: (pair) => pair,
      core: ([used, parameters]) => borrowMath.borrowRate(used, parameters),
    });
  });

  it("borrowOwed agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "borrowOwed",
      inputs: fc.record({
        reserve: mostlyUint(96),
        borrowIndex: mostlyUint(64),
        snapshot: mostlyUint(64),
      }),
      args: ({ reserve, borrowIndex, snapshot }) => [reserve, borrowIndex, snapshot],
      core: borrowMath.owed,
    });
  });
});
