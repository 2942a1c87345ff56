import { type Command, InvalidArgumentError } from "commander";
import { lastingMandate } from "../../core/rescue.ts";
import { mulWadDown, WAD } from "../../core/wadMath.ts";
import type { Side } from "../barrier.ts";
import { CRASHES, crashRounds, historyRounds, type PriceView } from "../crashes.ts";
import { RiskInputError } from "../errors.ts";
import { drawTable, type RiskIo, toJson } from "../io.ts";
import { parseAmount, parseDuration, parseSide } from "../parse.ts";
import { readPositions } from "../positionsFile.ts";
import {
  type PathRound,
  type PlannedPosition,
  type ReplayedPosition,
  replayPath,
} from "../replay.ts";
import { wadText } from "../words.ts";
import { loadHistory, loadMarket, type MarketOptions, need, withMarket } from "./shared.ts";

interface Options extends MarketOptions {
  readonly crash?: string;
  readonly history?: string;
  readonly list?: boolean;
  readonly view: PriceView;
  readonly positions?: string;
  readonly side?: Side;
  readonly size?: bigint;
  readonly margin?: bigint;
  readonly reserve?: bigint;
  readonly mandateCap?: bigint;
  readonly price?: bigint;
  readonly latency: number;
}

/** The pool of a replay: large beside any plan [WAD quote]. */
const CASH = 100_000_000n * WAD;

/** Add `replay`: one's own positions through a crash. */
export function registerReplay(program: Command, io: RiskIo): void {
  const command = program
    .command("replay")
    .description(
      "send positions through a named crash or any history, with and without their mandates",
    )
    .option("--crash <name>", "a named crash, made up after what is publicly known")
    .option("--history <file>", "CSV of prices instead")
    .option("--list", "tell the named crashes")
    .option(
      "--view <oracle|venue>",
      "what an oracle would tell, or a venue's worst trades",
      parseView,
      "oracle",
    )
    .option("--positions <file>", "JSON of positions")
    .option("--side <long|short>", "or a single one: which way it goes", parseSide)
    .option("--size <amount>", "its size [base]", parseAmount)
    .option("--margin <amount>", "its margin [quote]", parseAmount)
    .option(
      "--reserve <amount>",
      "its reserve [quote]; half its notional when left out",
      parseAmount,
    )
    .option("--mandate-cap <amount>", "what the market may pull to rescue it [quote]", parseAmount)
    .option("--price <amount>", "price to begin at [quote per base]", parseAmount)
    .option("--latency <duration>", "the keeper's delay", parseDuration, 12);
  withMarket(command).action(async (options: Options) => {
    if (options.list === true) {
      io.print(
        drawTable(
          ["name", "what"],
          CRASHES.map(({ name, title }) => [name, title]),
        ),
      );
      return;
    }
    const { rules } = await loadMarket(options, io);
    const rounds = await roundsOf(options, io);
    const positions = await positionsOf(options, { io, rounds });
    const latency = BigInt(Math.round(options.latency));
    const run = (rescue: boolean) =>
      replayPath({ rules, rounds, positions, cash: CASH, latency, rescue }).positions;
    const plain = run(false);
    const rescued = positions.some(({ mandate }) => mandate !== undefined) ? run(true) : undefined;
    if (options.json === true) io.print(toJson({ without: plain, with: rescued }));
    else io.print(describeReplay(plain, rescued));
  });
}

/** Tell a replay in a table. */
export function describeReplay(
  plain: readonly ReplayedPosition[],
  rescued: readonly ReplayedPosition[] | undefined,
): string {
  const row = (mandate: string) => (found: ReplayedPosition) => [
    found.name,
    mandate,
    found.state,
    String(found.events.filter(({ kind }) => kind === "rescued").length),
    String(found.events.filter(({ kind }) => kind === "partial").length),
    wadText(found.paidIn),
    wadText(found.worth),
    wadText(found.worth - found.paidIn),
    wadText(found.lowestEquity),
  ];
  const head = [
    "position",
    "mandate",
    "ends",
    "rescues",
    "partial",
    "paid in",
    "worth",
    "result",
    "least equity",
  ];
  return drawTable(head, [...plain.map(row("no")), ...(rescued ?? []).map(row("yes"))]);
}

async function roundsOf(options: Options, io: RiskIo): Promise<readonly PathRound[]> {
  const { crash, view, price } = options;
  if (crash !== undefined) return crashRounds(crash, { price: price ?? 2_000n * WAD, view });
  if (options.history === undefined) {
    throw new RiskInputError("--crash", {
      found: "",
      needed: "given, nor a --history; --list tells the names",
    });
  }
  return historyRounds(await loadHistory(options, io), { price, view });
}

async function positionsOf(
  options: Options,
  { io, rounds }: { readonly io: RiskIo; readonly rounds: readonly PathRound[] },
): Promise<readonly PlannedPosition[]> {
  if (options.positions !== undefined) {
    return readPositions(await io.readText(options.positions), options.positions);
  }
  const size = need(options.size, "--size");
  const first = rounds[0]?.price ?? 0n;
  const cap = options.mandateCap;
  return [
    {
      name: "position 1",
      size: need(options.side, "--side") === "long" ? size : -size,
      margin: need(options.margin, "--margin"),
      reserve: options.reserve ?? mulWadDown(size, first) / 2n,
      mandate:
        cap === undefined
          ? undefined
          : lastingMandate({ capLeft: cap, targetRatio: 2n * WAD, triggerRatio: WAD }),
    },
  ];
}

function parseView(text: string): PriceView {
  if (text !== "oracle" && text !== "venue")
    throw new InvalidArgumentError('Say "oracle" or "venue".');
  return text;
}
