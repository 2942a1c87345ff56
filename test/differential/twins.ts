import { expect } from "chai";
import fc from "fast-check";
import {
  ArithmeticOverflowError,
  DivisionByZeroError,
  SkewBeyondScaleError,
  TooManyDecimalsError,
} from "../../scripts/core/errors.ts";
import type { MathHarness } from "../../types/ethers-contracts/index.ts";
import { plain } from "../fixtures/structs.ts";

const RUNS = 16;
const CASES_PER_RUN = 96;

/** One core function and the library function it must equal. */
export interface Twin<Input> {
  /** Name in MathHarness. */
  readonly name: string;
  readonly inputs: fc.Arbitrary<Input>;
  /** The arguments in the order of Solidity. */
  readonly args: (input: Input) => readonly unknown[];
  readonly core: (input: Input) => unknown;
}

/** Require that the twin and its library give the same value, or fail for the same reason, on many random inputs. */
export async function expectTwins<Input>(harness: MathHarness, twin: Twin<Input>): Promise<void> {
  const property = fc.asyncProperty(
    fc.array(twin.inputs, { minLength: 1, maxLength: CASES_PER_RUN, size: "max" }),
    async (inputs) => {
      const expected = await solidityOutcomes(harness, twin, inputs);
      inputs.forEach((input, index) => {
        expect(coreOutcome(twin, input), show(input)).to.deep.equal(expected[index]);
      });
    },
  );
  await fc.assert(property, { numRuns: RUNS });
}

async function solidityOutcomes<Input>(
  harness: MathHarness,
  { name, args }: Twin<Input>,
  inputs: readonly Input[],
): Promise<readonly unknown[]> {
  const abi = harness.interface;
  const calls = inputs.map((input) =>
    abi.encodeFunctionData(name as "abs", args(input) as [bigint]),
  );
  const attempts = await harness.attempt(calls);
  return attempts.map(({ succeeded, data }) => {
    if (!succeeded) return reasonOf(harness, data);
    const [value] = abi.decodeFunctionResult(name as "abs", data);
    return plain(value);
  });
}

function coreOutcome<Input>(twin: Twin<Input>, input: Input): unknown {
  try {
    return twin.core(input);
  } catch (error) {
    if (error instanceof ArithmeticOverflowError) return "overflow";
    if (error instanceof DivisionByZeroError) return "division by zero";
    if (error instanceof SkewBeyondScaleError) {
      return `SkewBeyondScale(${error.skewMid},${error.skewScale})`;
    }
    if (error instanceof TooManyDecimalsError) return `TooManyDecimals(${error.decimals})`;
    throw error;
  }
}

function reasonOf(harness: MathHarness, data: string): string {
  const error = harness.interface.parseError(data);
  if (error === null) return data;
  if (error.name === "Panic") return error.args[0] === 0x11n ? "overflow" : "division by zero";
  if (error.name.startsWith("SafeCastOverflowed")) return "overflow";
  return `${error.name}(${error.args.join(",")})`;
}

function show(input: unknown): string {
  return JSON.stringify(input, (_, value) => (typeof value === "bigint" ? `${value}n` : value));
}
