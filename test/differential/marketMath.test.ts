import fc from "fast-check";
import { min } from "../../scripts/core/integers.ts";
import * as marketMath from "../../scripts/core/marketMath.ts";
import type { MathHarness } from "../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../fixtures/mathHarness.ts";
import { market, mostlyUint, position, uint } from "./arbitraries.ts";
import { expectTwins } from "./twins.ts";

const LAST_SECOND = 2n ** 40n - 1n;

describe("MarketMath against its twin", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  it("accrue agrees on every field", async () => {
    // Seconds are stored in 40 bits, which last 34,000 years.
    const later = fc
      .tuple(market, uint(40))
      .map(([market, elapsed]) => [market, min(market.accruedAt + elapsed, LAST_SECOND)] as const);
    const atAnyTime = fc.tuple(market, uint(40));
    await expectTwins(harness, {
      name: "marketAccrue",
      inputs: fc.oneof({ weight: 4, arbitrary: later }, { weight: 1, arbitrary: atAnyTime }),
      args: (pair) => pair,
      core: ([market, timestamp]) => marketMath.accrue(market, timestamp),
    });
  });

  it("attach agrees on every field", async () => {
    await expectTwins(harness, {
      name: "marketAttach",
      inputs: fc.tuple(market, position),
      args: (pair) => pair,
      core: ([market, position]) => marketMath.attach(market, position),
    });
  });

  it("detach agrees on every field", async () => {
    await expectTwins(harness, {
      name: "marketDetach",
      inputs: fc.tuple(market, position),
      args: (pair) => pair,
      core: ([market, position]) => marketMath.detach(market, position),
    });
  });

  it("skew agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "marketSkew",
      inputs: market,
      args: (market) => [market],
      core: marketMath.skew,
    });
  });

  it("tradersClaim agrees to the wei", async () => {
    await expectTwins(harness, {
      name: "tradersClaim",
      inputs: fc.record({
        market,
        price: mostlyUint(96),
        skewScale: mostlyUint(96),
        reserved: mostlyUint(104),
      }),
      args: ({ market, price, skewScale, reserved }) => [market, price, skewScale, reserved],
      core: marketMath.tradersClaim,
    });
  });
});
