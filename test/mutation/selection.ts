import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";

/** Tests of each part of the contracts, by the beginning of their paths: first those of a library for itself. */
const TESTS: readonly (readonly [source: RegExp, tests: readonly string[]])[] = [
  [
    /libraries\/(ParameterBounds|TermsMath)/,
    [
      "contracts/libraries/ParameterBounds",
      "contracts/libraries/TermsMath",
      "contracts/MarketFactory",
      "contracts/MarketCharter",
    ],
  ],
  [/libraries\/(LiquidationMath|BoxMath)/, ["contracts/MarginVault", "contracts/libraries"]],
  [/libraries\/OrderMath/, ["contracts/libraries/OrderMath", "contracts/OrderBook"]],
  [
    /libraries\/(BorrowMath|FundingMath|SkewMath)/,
    [
      "contracts/libraries/BorrowMath",
      "contracts/libraries/FundingMath",
      "contracts/libraries/SkewMath",
      "differential/curves",
    ],
  ],
  [
    /libraries\/PositionMath/,
    [
      "contracts/libraries/PositionMath",
      "contracts/libraries/liquidation",
      "differential/positionMath",
    ],
  ],
  [/libraries\/MarketMath/, ["contracts/libraries/MarketMath", "differential/marketMath"]],
  [
    /libraries\/(WadMath|TokenScale)/,
    ["differential/wadMath", "contracts/libraries/SkewMath", "contracts/libraries/BorrowMath"],
  ],
  [/pool\/|LiquidityVault/, ["contracts/LiquidityVault"]],
  [/MandateBook/, ["contracts/MandateBook", "contracts/MarginVault/rescue"]],
  [
    /MarketCharter|MarketFactory|CharterFacts/,
    ["contracts/MarketCharter", "contracts/MarketFactory", "powers"],
  ],
  [/Order\w+\.sol|IndexedMulticall/, ["contracts/OrderBook"]],
  [/oracles\//, ["contracts/Chainlink", "contracts/BoundedOracle"]],
  [/MarketLens/, ["contracts/MarketLens"]],
  [
    /./,
    [
      "contracts/MarginVault",
      "contracts/OrderBook/closeSettled",
      "contracts/OrderBook/settleAtCap",
      "contracts/LiquidityVault/market",
      "contracts/MarketCharter/declareOracleDead",
    ],
  ],
];

/** Test files that a source is tested by, as absolute paths. */
export function testsOf(source: string): readonly string[] {
  const [, prefixes = []] = TESTS.find(([pattern]) => pattern.test(source)) ?? [];
  return allTests().filter((file) =>
    prefixes.some((prefix) => file.startsWith(resolve("test", prefix))),
  );
}

/** All test files. */
export function allTests(): readonly string[] {
  return readdirSync("test", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => resolve(join("test", file)))
    .sort();
}
