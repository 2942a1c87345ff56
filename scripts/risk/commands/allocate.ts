import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import {
  type Allocation,
  type AllocationPosition,
  allocate,
  type MandateOutcome,
  simulateMandates,
} from "../allocation.ts";
import { RiskInputError } from "../errors.ts";
import { drawTable, type RiskIo, toJson } from "../io.ts";
import { fromWad } from "../market/rules.ts";
import { parseJson } from "../marketFile.ts";
import { listOf, parseNumber, parsePositive, parseShare, parseWhole } from "../parse.ts";
import { requiredRatio } from "../sizing.ts";
import { duration, money, percent } from "../words.ts";
import { loadMarket, type MarketOptions, withHorizon, withMarket } from "./shared.ts";

interface Options extends MarketOptions {
  readonly budget: number;
  readonly positions: string | readonly PlainPosition[];
  readonly horizon: number;
  readonly placed: readonly number[];
  readonly target: number;
  readonly correlation: number;
  readonly paths: number;
  readonly seed: number;
}

interface PlainPosition {
  readonly name: string;
  readonly side: "long" | "short";
  readonly notional: number;
  readonly sigma: number;
}

const file = z.array(
  z.strictObject({
    name: z.string().min(1),
    side: z.enum(["long", "short"]),
    notional: z.number().positive(),
    sigma: z.number().positive(),
  }),
);

/** Steps of a simulated path; a rescue is looked for at each. */
const STEPS = 288;

/** Add `allocate`: a budget over several positions. */
export function registerAllocate(program: Command, io: RiskIo): void {
  const command = program
    .command("allocate")
    .description(
      "share a margin budget over positions so that a liquidation is least likely; with a part kept for mandates",
    )
    .requiredOption("--budget <amount>", "margin in all [quote]", parsePositive)
    .requiredOption(
      "--positions <list|file>",
      "name:side:notional:volatility, several by commas; or a JSON file of those fields",
      parsePositions,
    )
    .option(
      "--placed <list>",
      "shares of the budget placed at once, the rest kept for mandates",
      listOf(parseShare),
      [1, 0.8, 0.6],
    )
    .option("--target <number>", "multiple of maintenance that a rescue restores", parsePositive, 2)
    .option("--correlation <number>", "of every pair of prices", parseNumber, 0.6)
    .option("--paths <number>", "paths to draw for mandates", parseWhole, 20_000)
    .addOption(new Option("--seed <number>", "draw other paths").argParser(parseWhole).default(1));
  withHorizon(withMarket(command)).action(async (options: Options) => {
    const { terms } = (await loadMarket(options, io)).rules;
    const maintenance = fromWad(terms.maintenanceMarginRatio + terms.liquidationFeeRatio);
    const least = fromWad(requiredRatio(terms));
    const positions = (await readList(options.positions, io)).map((found) => ({
      ...found,
      maintenance,
      initialMargin: found.notional * least,
    }));
    const { budget, horizon } = options;
    const ways = allocate({ positions, budget, horizon });
    const mandates = mandateRows(options, { positions, ways });
    if (options.json === true) io.print(toJson({ ways, mandates }));
    else io.print(describe({ positions, ways, mandates, horizon }));
  });
}

function mandateRows(
  { budget, horizon, placed, target, correlation, paths, seed }: Options,
  {
    positions,
    ways,
  }: { readonly positions: readonly AllocationPosition[]; readonly ways: readonly Allocation[] },
): readonly MandateOutcome[] {
  const margins = ways.at(-1)?.margins ?? [];
  const input = {
    positions,
    budget,
    horizon,
    margins,
    target,
    correlation,
    paths,
    steps: STEPS,
    seed,
  };
  return placed.map((share) => simulateMandates({ ...input, placed: share }));
}

function describe({
  positions,
  ways,
  mandates,
  horizon,
}: {
  readonly positions: readonly AllocationPosition[];
  readonly ways: readonly Allocation[];
  readonly mandates: readonly MandateOutcome[];
  readonly horizon: number;
}): string {
  const cells = ({ name, margins, chances, any, bound }: Allocation) => [
    name,
    ...margins.map((margin, place) => `${money(margin)} (${percent(chances[place] ?? 0)})`),
    percent(any),
    percent(bound),
  ];
  return [
    `margin and chance of liquidation within ${duration(horizon)}, in closed form`,
    drawTable(
      ["", ...positions.map(({ name }) => name), "any, if independent", "any, at most"],
      ways.map(cells),
    ),
    "a part placed by the optimum, the rest kept for the least top-up of whichever needs it: simulated, before fees and delay",
    drawTable(
      ["placed", "paths with a liquidation", "margin lost, mean", "pulled, mean"],
      mandates.map(({ placed, any, seized, pulled }) => [
        percent(placed, 0),
        percent(any),
        money(seized),
        money(pulled),
      ]),
    ),
  ].join("\n");
}

function parsePositions(text: string): string | readonly PlainPosition[] {
  if (!text.includes(":")) return text;
  return text.split(",").map((part) => {
    const [name = "", side, notional = "", sigma = ""] = part.trim().split(":");
    if (name === "" || (side !== "long" && side !== "short")) {
      throw new InvalidArgumentError(
        'Write positions such as "ETH:long:10000:0.7,BTC:short:5000:0.5".',
      );
    }
    return { name, side, notional: parsePositive(notional), sigma: parsePositive(sigma) };
  });
}

async function readList(
  positions: Options["positions"],
  io: RiskIo,
): Promise<readonly PlainPosition[]> {
  if (typeof positions !== "string") return positions;
  const parsed = file.safeParse(parseJson(await io.readText(positions), positions));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const needed = `a JSON list of positions: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`;
  throw new RiskInputError("File", { found: positions, needed });
}
