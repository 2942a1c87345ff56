import fc from "fast-check";
import * as positionMath from "../../scripts/core/positionMath.ts";
import type { MathHarness } from "../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../fixtures/mathHarness.ts";
import { mostlyInt, mostlyUint, position, ratio, terms } from "./arbitraries.ts";
import { expectTwins } from "./twins.ts";

describe("PositionMath against its twin", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  it("notional agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "notional",
      inputs: fc.tuple(mostlyInt(96), mostlyUint(96)),
      args: (pair) => pair,
      core: ([size, price]) => positionMath.notional(size, price),
    });
  });

  it("accrued agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "accrued",
      inputs: fc.record({
        position,
        fundingIndex: mostlyInt(96),
        borrowIndex: mostlyUint(64),
      }),
      args: ({ position, fundingIndex, borrowIndex }) => [position, fundingIndex, borrowIndex],
      core: positionMath.accrued,
    });
  });

  it("gain agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "gain",
      inputs: fc.record({ position, price: mostlyUint(96), owed: mostlyInt(128) }),
      args: ({ position, price, owed }) => [position, price, owed],
      core: positionMath.gain,
    });
  });

  it("equity agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "equity",
      inputs: fc.tuple(position, mostlyInt(128)),
      args: (pair) => pair,
      core: ([position, gain]) => positionMath.equity(position, gain),
    });
  });

  it("maintenanceMargin agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "maintenanceMargin",
      inputs: fc.record({
        notional_: mostlyUint(128),
        ratio: ratio(),
        minMaintenance: mostlyUint(96),
      }),
      args: ({ notional_, ratio, minMaintenance }) => [notional_, ratio, minMaintenance],
      core: positionMath.maintenanceMargin,
    });
  });

  it("initialMargin agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "initialMargin",
      inputs: fc.tuple(mostlyUint(128), terms),
      args: (pair) => pair,
      core: ([notional, terms]) => positionMath.initialMargin(notional, terms),
    });
  });

  it("liquidationSize agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "liquidationSize",
      inputs: fc.record({
        size: mostlyInt(96),
        notional_: mostlyUint(128),
        equity_: mostlyInt(128),
        targetRatio: ratio(),
        cost: ratio(),
      }),
      args: ({ size, notional_, equity_, targetRatio, cost }) => [
        size,
        notional_,
        equity_,
        targetRatio,
        cost,
      ],
      core: positionMath.liquidationSize,
    });
  });

  it("liquidationPrice agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "liquidationPrice",
      inputs: fc.record({
        position,
        owed: mostlyInt(128),
        ratio: ratio(),
        minMaintenance: mostlyUint(96),
      }),
      args: ({ position, owed, ratio, minMaintenance }) => [position, owed, ratio, minMaintenance],
      core: positionMath.liquidationPrice,
    });
  });
});
