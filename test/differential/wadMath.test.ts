import fc from "fast-check";
import {
  ceilToToken,
  floorToToken,
  scaleOf,
  toTokenDown,
  toWad,
} from "../../scripts/core/tokenScale.ts";
import {
  abs,
  clamp,
  divFloor,
  divWadDown,
  divWadUp,
  mulDivUp,
  mulWadCeil,
  mulWadDown,
  mulWadFloor,
  mulWadUp,
} from "../../scripts/core/wadMath.ts";
import type { MathHarness } from "../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../fixtures/mathHarness.ts";
import { mostlyInt, mostlyUint, uint } from "./arbitraries.ts";
import { expectTwins } from "./twins.ts";

const UNSIGNED = { mulWadDown, mulWadUp, divWadDown, divWadUp };
const SIGNED = { mulWadFloor, mulWadCeil };
const SCALING = { toWad, toTokenDown, floorToToken, ceilToToken };

describe("WadMath and TokenScale against their twins", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  for (const [name, core] of Object.entries(UNSIGNED)) {
    it(`${name} agrees to the wei`, async () => {
      await expectTwins(harness, {
        name,
        inputs: fc.tuple(mostlyUint(128), mostlyUint(128)),
        args: (pair) => pair,
        core: ([a, b]) => core(a, b),
      });
    });
  }

  for (const [name, core] of Object.entries(SIGNED)) {
    it(`${name} agrees to the wei`, async () => {
      await expectTwins(harness, {
        name,
        inputs: fc.tuple(mostlyInt(128), mostlyInt(128)),
        args: (pair) => pair,
        core: ([a, b]) => core(a, b),
      });
    });
  }

  it("divFloor agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "divFloor",
      inputs: fc.tuple(mostlyInt(200), mostlyInt(128)),
      args: (pair) => pair,
      core: ([a, b]) => divFloor(a, b),
    });
  });

  it("mulDivUp agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "mulDivUp",
      inputs: fc.record({ a: mostlyUint(128), b: mostlyUint(128), c: mostlyUint(128) }),
      args: ({ a, b, c }) => [a, b, c],
      core: mulDivUp,
    });
  });

  it("abs agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "abs",
      inputs: mostlyInt(128),
      args: (a) => [a],
      core: abs,
    });
  });

  it("clamp agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "clamp",
      inputs: fc.record({ a: mostlyInt(128), lower: mostlyInt(128), upper: mostlyInt(128) }),
      args: ({ a, lower, upper }) => [a, lower, upper],
      core: clamp,
    });
  });

  it("scaleOf agrees for every number of decimals", async () => {
    await expectTwins(harness, {
      name: "scaleOf",
      inputs: fc.oneof(fc.bigInt({ min: 0n, max: 19n }), uint(8)),
      args: (decimals) => [decimals],
      core: scaleOf,
    });
  });

  const unit = fc.integer({ min: 0, max: 18 }).map((digits) => 10n ** BigInt(digits));
  const scale = fc.oneof({ weight: 9, arbitrary: unit }, { weight: 1, arbitrary: fc.constant(0n) });
  for (const [name, core] of Object.entries(SCALING)) {
    it(`${name} agrees to the wei`, async () => {
      await expectTwins(harness, {
        name,
        inputs: fc.tuple(mostlyUint(128), scale),
        args: (pair) => pair,
        core: ([amount, tokenScale]) => core(amount, tokenScale),
      });
    });
  }
});
