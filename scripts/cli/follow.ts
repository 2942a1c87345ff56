import { readHead } from "../chain/blocks.ts";
import { calling } from "../chain/errors.ts";
import { type OrderEnd, readOrderEnd, type TradeLog } from "../chain/tradeLogs.ts";
import { OrderNotFilledError } from "./errors.ts";
import { amount, moment } from "./output.ts";
import type { MarketSession } from "./session.ts";

/** Ask again after this [ms]. */
const POLL_MS = 400;
/** Blocks in one request. */
const SLACK_S = 15n;

/**
 * Wait until an order has ended, and tell how. Ending the command ends the waiting alone: the order stays.
 *
 * @throws OrderNotFilledError when it was cancelled, or nobody executed it while it could be.
 */
export async function followOrder(
  session: MarketSession,
  { orderId, fromBlock }: { readonly orderId: bigint; readonly fromBlock: number },
): Promise<void> {
  const { out, io, market, config } = session;
  out.say(
    `Order ${orderId} waits for its price. Ctrl-C ends the waiting, not the order: \`bulkhead orders\` finds it.`,
  );
  const span = { fromBlock, logRange: config.network.logRange };
  const deadline = await deadlineOf(session, orderId);
  for (;;) {
    const end = await readOrderEnd(market, orderId, span);
    if (end !== undefined) return tellEnd(session, orderId, end);
    const head = await readHead(market.provider);
    if (BigInt(head.timestamp) > deadline) throw notExecuted(orderId);
    await io.sleep(POLL_MS);
  }
}

/** Return the number of the order that a transaction submitted, the first where it submitted several. */
export function submittedOrder(logs: readonly TradeLog[]): bigint {
  const log = logs.find(({ name }) => name === "OrderSubmitted");
  if (log === undefined) throw new OrderNotFilledError("The transaction submitted no order.");
  return BigInt(log.args.orderId);
}

/** Describe one fill in a sentence. */
export function describeTrade({ name, args }: TradeLog): string | undefined {
  if (name === "PositionIncreased") {
    return `Filled: position ${args.positionId} grew by ${amount(args.sizeDelta, 6)} at ${amount(args.fillPrice)} (index ${amount(args.price)} of ${moment(args.observedAt)}); fee ${amount(args.fee)}, margin added ${amount(args.marginAdded)}, reserve locked ${amount(args.reserveAdded)}.`;
  }
  if (name === "PositionDecreased") {
    return `Filled: ${amount(args.sizeDelta, 6)} of position ${args.positionId} at ${amount(args.fillPrice)} (index ${amount(args.price)} of ${moment(args.observedAt)}); fee ${amount(args.fee)}, realized ${amount(args.realizedPnl)}, paid out ${amount(args.paidOut)}.`;
  }
  return undefined;
}

function tellEnd({ out }: MarketSession, orderId: bigint, end: OrderEnd): void {
  if (end.kind === "cancelled") {
    out.tell("order", { orderId, ...end }, `Order ${orderId} was cancelled.`);
    throw new OrderNotFilledError(
      `Order ${orderId} was not filled: ${end.reason ?? "somebody cancelled it"}. Refunded ${amount(end.refunded)}, keeper's fee ${amount(end.keeperFee)}, forfeited ${amount(end.forfeited)}.`,
    );
  }
  const fills = end.trades.filter(({ args }) => args !== undefined).map(describeTrade);
  const lines = fills.filter((line) => line !== undefined);
  const late = end.late ? ["No price came in time: the latency spread was added."] : [];
  const { kind, keeperFee } = end;
  const said = [
    `Order ${orderId} was executed, keeper's fee ${amount(keeperFee)}.`,
    ...lines,
    ...late,
  ];
  out.tell("order", { orderId, kind, late: end.late, keeperFee, fills: lines }, said.join("\n"));
}

async function deadlineOf({ market }: MarketSession, orderId: bigint): Promise<bigint> {
  const { executionDelay, maxRoundWait, executionWindow } = market.constants;
  const order = await calling("order", () => market.orderBook.order(orderId));
  const wait = executionDelay + maxRoundWait + executionWindow + SLACK_S;
  if (order.expiry !== 0n) return order.expiry;
  // One that has ended already is found at the first look.
  return order.submittedAt === 0n ? 2n ** 64n : order.submittedAt + wait;
}

function notExecuted(orderId: bigint): OrderNotFilledError {
  return new OrderNotFilledError(
    `Nobody executed order ${orderId} while it could be. \`bulkhead orders cancel ${orderId}\` brings the margin back.`,
  );
}
