import type { Command } from "commander";

import { readMarketHistory } from "../../chain/tradeLogs.ts";
import { isReduceOnly, kindOf, OrderKind } from "../../core/orderMath.ts";
import type { WaitingOrder } from "../../core/snapshot.ts";
import { carryOut } from "../carryOut.ts";
import { InputError } from "../errors.ts";
import { followOrder } from "../follow.ts";
import type { CliIo } from "../io.ts";
import { parseId } from "../options.ts";
import { amount, drawTable, moment } from "../output.ts";
import {
  forAccount,
  inMarket,
  type MarketSession,
  type SendingOptions,
  type SessionOptions,
  withSending,
  withSession,
} from "../session.ts";

interface ListOptions extends SessionOptions {
  readonly all?: boolean;
}

const NAMES: ReadonlyMap<bigint, string> = new Map([
  [OrderKind.Market, "market"],
  [OrderKind.Limit, "limit"],
  [OrderKind.Stop, "stop"],
]);

/** Add `orders`: those that wait, from the chain alone; to cancel one, or to wait for it. */
export function registerOrders(program: Command, io: CliIo): void {
  const group = program.command("orders").description("orders that wait: list, cancel, wait for");
  const list = group
    .command("list", { isDefault: true })
    .description("list the account's orders that wait, as the chain tells them")
    .option("--all", "those of everybody");
  withSession(list).action(async (options: ListOptions) => {
    if (options.all === true) {
      await inMarket(options, io, (session) => listOrders(session, undefined));
    } else {
      await forAccount(options, io, (session) => listOrders(session, session.account));
    }
  });
  const cancel = group
    .command("cancel")
    .description("cancel an order; a market order only once its window has passed")
    .argument("<order>", "its number", parseId);
  withSending(cancel).action(async (id: bigint, options: SendingOptions) => {
    await forAccount(options, io, async (session) => {
      const { orderBook, addresses } = session.market;
      await carryOut(session, {
        title: `Cancel order ${id}`,
        changes: [],
        notes: [
          "Margin and keeper's fee come back; a market order that could have been executed forfeits its fee.",
        ],
        calls: [
          {
            what: "cancel the order",
            to: addresses.orderBook,
            data: orderBook.interface.encodeFunctionData("cancel", [id, "0x"]),
          },
        ],
      });
    });
  });
  const wait = group
    .command("wait")
    .description("wait until an order has ended, and tell how")
    .argument("<order>", "its number", parseId);
  withSession(wait).action(async (id: bigint, options: SessionOptions) => {
    await inMarket(options, io, async (session) => {
      if (id > (await session.market.orderBook.orderCount())) {
        throw new InputError(`There is no order "${id}" yet.`);
      }
      await followOrder(session, { orderId: id, fromBlock: session.config.network.fromBlock });
    });
  });
}

async function listOrders(
  { market, config, out }: MarketSession,
  account: string | undefined,
): Promise<void> {
  const { state, head } = await readMarketHistory(market, config.network);
  const found = [...state.orders.values()].filter(
    (order) => account === undefined || order.account === account,
  );
  const now = BigInt(head.timestamp);
  const { executionDelay, maxRoundWait, executionWindow } = market.constants;
  const wait = executionDelay + maxRoundWait + executionWindow;
  const rows = found.map((order) => rowOf(order, { now, wait }));
  const heads = [
    "order",
    "position",
    "kind",
    "size",
    "margin",
    "reserve",
    "trigger",
    "fills until",
  ];
  const text = rows.length === 0 ? "No order waits." : drawTable(heads, rows);
  out.tell("orders", found, text);
}

function rowOf(
  order: WaitingOrder,
  { now, wait }: { readonly now: bigint; readonly wait: bigint },
): readonly string[] {
  const end = order.expiry === 0n ? order.submittedAt + wait : order.expiry;
  const kind = NAMES.get(kindOf(order)) ?? "unknown";
  return [
    String(order.orderId),
    String(order.positionId),
    isReduceOnly(order) ? `${kind}, closes` : kind,
    amount(order.sizeDelta, 6),
    amount(order.margin),
    amount(order.reserve),
    order.triggerPrice === 0n ? "–" : amount(order.triggerPrice),
    now > end ? "passed: cancel it" : moment(end),
  ];
}
