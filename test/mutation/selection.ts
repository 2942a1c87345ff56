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
    /modules\/BatchModule/,
    [
      "contracts/MarginVault/guards",
      "contracts/OrderBook/closingOnly",
      "contracts/OrderBook/closeSettled",
      "contracts/OrderBook/settleAtCap",
      "contracts/OrderBook/execute",
      "contracts/OrderBook/escrow",
      "contracts/OrderBook/cancel",
      "contracts/OrderBook/freeLook",
      "contracts/OrderBook/multicall",
      "contracts/LiquidityVault/market",
    ],
  ],
  [
    /modules\/MarginModule/,
    [
      "contracts/MarginVault/accrue",
      "contracts/MarginVault/addMargin",
      "contracts/MarginVault/claim",
      "contracts/MarginVault/guards",
      "contracts/MarginVault/removeMargin",
      "contracts/OrderBook/freeLook",
    ],
  ],
  [
    /modules\/(PoolModule|PowersModule)/,
    [
      "contracts/MarginVault/guards",
      "contracts/MarginVault/sweepDues",
      "contracts/MarketCharter",
      "contracts/OrderBook/closeSettled",
      "contracts/OrderBook/transferPosition",
      "contracts/LiquidityVault/market",
      "contracts/LiquidityVault/fulfill",
    ],
  ],
  [
    /modules\/TradeModule/,
    [
      "contracts/MarginVault/trade",
      "contracts/MarginVault/attacks",
      "contracts/MarginVault/folding",
      "contracts/MarginVault/openInterestBound",
      "contracts/OrderBook/closingOnly",
      "contracts/OrderBook/closeSettled",
      "contracts/OrderBook/freeLook",
      "contracts/OrderBook/settleAtCap",
      "contracts/OrderBook/transferPosition",
    ],
  ],
  [
    /modules\/LiquidationModule/,
    [
      "contracts/MarginVault/liquidate",
      "contracts/MarginVault/rescue",
      "contracts/MarginVault/attacks",
    ],
  ],
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
