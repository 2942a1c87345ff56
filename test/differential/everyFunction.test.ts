import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";

const LIBRARIES = "contracts/libraries";
const TESTS = "test/differential";
const HARNESSES = ["contracts/mocks/MathHarness.sol", "contracts/mocks/OrderMathHarness.sol"];

const THROUGH_VAULT = "through the vault itself, by liquidation.test.ts and quote.test.ts";
const NO_TWIN = "scripts/core has no such function: nothing off-chain needs it";

/** Functions that no test here compares one by one, and why. A function in neither list is a mistake. */
const OTHERWISE: Readonly<Record<string, string>> = {
  "BoxMath.close": THROUGH_VAULT,
  "BoxMath.takeFromMargin": THROUGH_VAULT,
  "BoxMath.closingDelta": THROUGH_VAULT,
  "BoxMath.copy": THROUGH_VAULT,
  "BoxMath.join": THROUGH_VAULT,
  "LiquidationMath.assess": THROUGH_VAULT,
  "LiquidationMath.sizeToClose": THROUGH_VAULT,
  "LiquidationMath.feeOf": THROUGH_VAULT,
  "LiquidationMath.feeFromReserve": THROUGH_VAULT,
  "OrderMath.pack": NO_TWIN,
  "OrderMath.keeperFee": NO_TWIN,
  "OrderMath.escrowedFee": NO_TWIN,
  "OrderMath.positionOf": NO_TWIN,
  "OrderMath.transfersOf": NO_TWIN,
  "OrderMath.countedPosition": NO_TWIN,
  "OrderMath.coverage": NO_TWIN,
  "ParameterBounds.check": NO_TWIN,
  "ParameterBounds.checkTerms": NO_TWIN,
  "ParameterBounds.checkOpenInterest": NO_TWIN,
  "ParameterBounds.slopeOf": NO_TWIN,
  "ParameterBounds.checkCurves": NO_TWIN,
  "ParameterBounds.checkPool": NO_TWIN,
  "TermsMath.pack": NO_TWIN,
  "TermsMath.unpackMargins": "a word of unpack, which is compared",
  "TermsMath.unpackTrades": "a word of unpack, which is compared",
  "TokenScale.balanceOf": NO_TWIN,
};

/** `Library.function` of every function that contracts can call. */
function libraryFunctions(): readonly string[] {
  return readdirSync(LIBRARIES).flatMap((file) => {
    const source = readFileSync(`${LIBRARIES}/${file}`, "utf8");
    const own = file.replace(".sol", "");
    const functions = [...source.matchAll(/function (\w+)\([^)]*\) internal/g)];
    return functions.map(([, name]) => `${own}.${name}`);
  });
}

/** What each function of a harness calls, by its name. */
function harnessed(): ReadonlyMap<string, readonly string[]> {
  const entries = HARNESSES.flatMap((file) => {
    const source = readFileSync(file, "utf8");
    return source.split(/^ {4}function /m).map((body): [string, readonly string[]] => {
      const calls = [...body.matchAll(/\b([A-Z]\w+Math|TokenScale)\.(\w+)\(/g)];
      return [body.slice(0, body.indexOf("(")), calls.map(([, from, name]) => `${from}.${name}`)];
    });
  });
  return new Map(entries);
}

/** Functions whose harness a test of this folder names. */
function comparedFunctions(): readonly string[] {
  const tests = readdirSync(TESTS).map((file) => readFileSync(`${TESTS}/${file}`, "utf8"));
  // Named as a text, or imported from the core under the name that the harness has too.
  const words = tests.flatMap((source) => [...source.matchAll(/"(\w+)"|^ {2}(\w+),$/gm)]);
  const named = new Set(words.map(([, quoted, imported]) => quoted ?? imported));
  const calls = [...harnessed()].filter(([name]) => named.has(name));
  const exempt = Object.keys(OTHERWISE);
  return [...new Set(calls.flatMap(([, functions]) => functions))].filter(
    (name) => !exempt.includes(name),
  );
}

describe("scripts/core against contracts/libraries", () => {
  it("is compared on every function, or says why not", () => {
    const covered = [...comparedFunctions(), ...Object.keys(OTHERWISE)];
    expect(libraryFunctions().filter((name) => !covered.includes(name))).to.deep.equal([]);
  });

  it("makes no excuse for a function that is gone", () => {
    const functions = libraryFunctions();
    expect(Object.keys(OTHERWISE).filter((name) => !functions.includes(name))).to.deep.equal([]);
  });

  it("compares most of them", () => {
    expect(comparedFunctions().length).to.be.greaterThan(Object.keys(OTHERWISE).length);
  });
});
