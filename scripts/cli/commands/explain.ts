import type { Command } from "commander";

import { readPositionLogs, type TradeLog } from "../../chain/tradeLogs.ts";
import { readPosition } from "../../chain/tradeMarket.ts";
import { previewLiquidation } from "../../core/liquidation.ts";
import { health } from "../../core/quote.ts";
import { previewRescue, type RescueRefusal } from "../../core/rescue.ts";
import { abs } from "../../core/wadMath.ts";
import { parseAmount } from "../../risk/parse.ts";
import { InputError } from "../errors.ts";
import { describeTrade } from "../follow.ts";
import type { CliIo } from "../io.ts";
import { parseId } from "../options.ts";
import { amount, moment } from "../output.ts";
import { inMarket, type MarketSession, type SessionOptions, withSession } from "../session.ts";
import { priceText } from "../standing.ts";
import { type Loaded, loadOpen } from "../trading.ts";

interface Options extends SessionOptions {
  readonly price?: bigint;
}

/** Why no rescue took place, by the number of the contract's outcome. */
const OUTCOMES = [
  "there was no mandate",
  "it was rescued",
  "its mandate had expired",
  "the mandate's trigger was not reached",
  "nothing of its equity was left, and nobody is asked to pay for debt that the box forgives",
  "the mandate's pause since the last rescue had not passed",
  "the keeper's fee was above what the mandate allows",
  "what was left of the mandate's cap did not suffice",
  "the allowance of the wallet to the MandateBook did not suffice",
  "the wallet did not hold enough",
  "the token refused the transfer",
] as const;

const REFUSALS: Readonly<Record<RescueRefusal, string>> = {
  Expired: OUTCOMES[2],
  NotTriggered: OUTCOMES[3],
  Insolvent: OUTCOMES[4],
  TooSoon: OUTCOMES[5],
  FeeTooHigh: OUTCOMES[6],
  CapTooSmall: OUTCOMES[7],
};

/** Add `explain`: what happened to a position, or what would. */
export function registerExplain(program: Command, io: CliIo): void {
  const command = program
    .command("explain")
    .description(
      "the receipt of a position's last liquidation or rescue, in words; before there is one, what would happen",
    )
    .argument("<position>", "its number", parseId)
    .option(
      "--price <amount>",
      "what would happen at this price instead [quote per base]",
      parseAmount,
    );
  withSession(command).action(async (id: bigint, options: Options) => {
    await inMarket(options, io, (session) => explain(session, id, options.price));
  });
}

async function explain(
  session: MarketSession,
  id: bigint,
  price: bigint | undefined,
): Promise<void> {
  const { market, config, out } = session;
  const logs = price === undefined ? await readPositionLogs(market, id, config.network) : [];
  const receipt = logs.findLast(
    ({ name }) => name === "PositionLiquidated" || name === "PositionRescued",
  );
  const lines: string[] = [];
  if (receipt !== undefined) lines.push(...describeReceipt(receipt));
  const { size } = await readPosition(market, id);
  if (size !== 0n) lines.push(...foresee(await loadOpen(session, id), { price, session }));
  else lines.push(...ended(id, logs, receipt));
  out.tell("explanation", { positionId: id, receipt: receipt?.name, lines }, lines.join("\n"));
}

function ended(
  id: bigint,
  logs: readonly TradeLog[],
  receipt: TradeLog | undefined,
): readonly string[] {
  const last = logs.at(-1);
  if (last === undefined) {
    throw new InputError(`Position "${id}" was never opened. \`bulkhead positions\` lists yours.`);
  }
  const trade = last === receipt ? undefined : describeTrade(last);
  return [...(trade === undefined ? [] : [trade]), `Position ${id} is closed.`];
}

/** Tell a receipt in words. */
export function describeReceipt({ name, args, transactionHash }: TradeLog): readonly string[] {
  const at = `At ${moment(args.observedAt)} the price was ${amount(args.price)} (a ${Number(args.kind) === 0 ? "feed's round" : "signed report"}).`;
  const stood = `Equity was ${amount(args.equity)}, and ${amount(args.maintenanceMargin)} were needed to stay.`;
  if (name === "PositionRescued") {
    return [
      `Position ${args.positionId} was rescued, and nothing of it was closed.`,
      at,
      stood,
      `${amount(args.pulled)} came from the wallet of ${args.account}: ${amount(BigInt(args.pulled) - BigInt(args.keeperFee))} became margin, ${amount(args.keeperFee)} went to the keeper ${args.keeper}. Margin was ${amount(args.margin)} afterwards.`,
      `Transaction ${transactionHash}.`,
    ];
  }
  const whole = args.size === 0n;
  const closed = amount(abs(args.sizeDelta), 6);
  return [
    `Position ${args.positionId} was liquidated ${whole ? "whole" : "in part"}.`,
    at,
    stood,
    `A rescue was not possible: ${OUTCOMES[Number(args.rescue)] ?? "unknown"}.`,
    `${closed} was closed at ${amount(args.fillPrice)}${whole ? "" : `, ${amount(args.size, 6)} stayed open`}. The fee was ${amount(args.fee)}, of which ${amount(args.keeperFee)} went to ${args.liquidator}.`,
    whole
      ? `${amount(args.paidOut)} went to the owner ${args.account}. ${args.shortfall > 0n ? `${amount(args.shortfall)} of the loss was beyond the margin: the pool bears it, it is nobody's debt.` : "The margin covered the loss."}`
      : "The rest of the margin stayed in the position.",
    `Transaction ${transactionHash}.`,
  ];
}

function foresee(
  loaded: Loaded,
  { price, session }: { readonly price: bigint | undefined; readonly session: MarketSession },
): readonly string[] {
  const { id, position, mandate } = loaded;
  const scene = price === undefined ? loaded.scene : { ...loaded.scene, price };
  const { scale } = session.market.token;
  const standing = health(position, scene);
  const intro = [
    `Position ${id} is open: ${amount(position.size, 6)}, margin ${amount(position.margin)}, reserve ${amount(position.reserve)}.`,
    `At ${amount(scene.price)} its equity is ${amount(standing.equity)}; ${amount(standing.maintenanceMargin)} are needed to stay. Its liquidation price is ${priceText(standing.liquidationPrice)}.`,
  ];
  const outcome = previewLiquidation(position, { ...scene, scale });
  if (outcome.kind === "refused") return [...intro, refusalText(outcome)];
  const { equity, maintenanceMargin } = standing;
  const { now, terms } = scene;
  const call = {
    equity,
    maintenanceMargin,
    keeperFee: terms.keeperFeeFloor,
    early: false,
    now,
    scale,
  };
  const rescue = mandate === undefined ? undefined : previewRescue({ ...call, mandate });
  if (rescue?.kind === "rescued") {
    return [
      ...intro,
      `Whoever liquidates it now rescues it instead: ${amount(rescue.pulled)} would come from the wallet, if allowance and balance suffice; ${amount(rescue.added)} of it as margin, ${amount(rescue.keeperFee)} to the keeper.`,
    ];
  }
  const why = rescue === undefined ? "there is no mandate" : presentTense(REFUSALS[rescue.reason]);
  const rest =
    outcome.kind === "partial"
      ? `${amount(outcome.rest.size, 6)} would stay open with a margin of ${amount(outcome.rest.margin)}`
      : `${amount(outcome.paidOut)} would go to the owner`;
  return [
    ...intro,
    `It can be liquidated now ${outcome.kind === "partial" ? "in part" : "whole"}; a rescue is not possible: ${why}. ${amount(outcome.closed, 6)} would be closed at ${amount(outcome.fillPrice)}, for a fee of ${amount(outcome.fee)}; ${rest}.`,
  ];
}

function refusalText(
  refusal: Extract<ReturnType<typeof previewLiquidation>, { readonly kind: "refused" }>,
): string {
  switch (refusal.error) {
    case "PositionHealthy":
      return "It holds its maintenance margin: nobody can liquidate it now.";
    case "PositionCapped":
      return "It has won its whole reserve: anybody may settle it, nobody can liquidate it.";
    case "CoolingOff":
      return `It was liquidated in part a moment ago: nobody can liquidate it again before ${moment(refusal.until)}.`;
    case "PositionNotFound":
      return "It is not open.";
  }
}

function presentTense(text: string): string {
  return text
    .replace("had not passed", "has not passed")
    .replace("had expired", "has expired")
    .replace("was not reached", "is not reached")
    .replace("was above", "is above")
    .replace("was left, and", "is left, and")
    .replace("did not suffice", "does not suffice")
    .replace("what was left", "what is left");
}
