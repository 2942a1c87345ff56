import { type Command, Option } from "commander";

import { type Opening, previewOpen } from "../../core/quote.ts";
import { mulWadDown } from "../../core/wadMath.ts";
import type { Side } from "../../risk/barrier.ts";
import { parseAmount, parseDuration, parseSide } from "../../risk/parse.ts";
import { carryOut, type Plan } from "../carryOut.ts";
import { followOrder, submittedOrder } from "../follow.ts";
import type { CliIo } from "../io.ts";
import { parseId, parseRatio } from "../options.ts";
import { amount, share } from "../output.ts";
import {
  type AccountSession,
  forAccount,
  inMarket,
  type MarketSession,
  type SendingOptions,
  withSending,
  withSession,
} from "../session.ts";
import { changesOf, standingOf } from "../standing.ts";
import {
  encodeOrders,
  type Loaded,
  loadOwn,
  loadPlanned,
  marketOrder,
  permissionFor,
  requireAccepted,
  worstPrice,
} from "../trading.ts";

interface SizeOptions {
  readonly size: bigint;
  readonly margin: bigint;
  readonly reserve?: bigint;
}

interface OrderOptions extends SendingOptions, SizeOptions {
  readonly slippage: bigint;
  readonly acceptablePrice?: bigint;
  readonly wait: boolean;
}

interface OpenOptions extends OrderOptions {
  readonly side: Side;
  readonly stopLoss?: bigint;
  readonly takeProfit?: bigint;
  readonly expiry: number;
}

const MAX_PRICE = 2n ** 96n - 1n;

/** Add the options of every order that goes through at the next price. */
export function withOrder(command: Command): Command {
  return command
    .addOption(
      new Option("--slippage <share>", "how much worse than quoted the fill may be")
        .argParser(parseRatio)
        .default(5n * 10n ** 15n, "0.5%"),
    )
    .option("--acceptable-price <amount>", "worst fill price instead [quote per base]", parseAmount)
    .option("--no-wait", "do not wait until the order is executed");
}

/** Add `quote`: what an order would do. */
export function registerQuote(program: Command, io: CliIo): void {
  const command = program
    .command("quote")
    .description("show what opening a position would do, at the price of now");
  withSession(withSize(command, true)).action(async (options: OpenOptions) => {
    await inMarket(options, io, async (session) => {
      const loaded = await loadPlanned(session);
      const { changes, notes } = quoteOf(session, loaded, openingOf(options, loaded));
      const { tellQuote } = presenter(session);
      tellQuote({ title: `${options.side} ${amount(options.size, 6)}`, changes, notes });
    });
  });
}

/** Add `open`: a new position. */
export function registerOpen(program: Command, io: CliIo): void {
  const command = program.command("open").description("open a position by a market order");
  withSending(
    withOrder(
      withSize(command, true)
        .option("--stop-loss <price>", "close all of it once the price is as bad", parseAmount)
        .option("--take-profit <price>", "close all of it once the price is as good", parseAmount)
        .addOption(
          new Option("--expiry <duration>", "how long both exits last")
            .argParser(parseDuration)
            .default(2_592_000, "30d"),
        ),
    ),
  ).action(async (options: OpenOptions) => {
    await forAccount(options, io, async (session) => {
      const loaded = await loadPlanned(session);
      const opening = openingOf(options, loaded);
      await submit(session, { loaded, opening, options, exits: options });
    });
  });
}

/** Add `increase`: more of an open position. */
export function registerIncrease(program: Command, io: CliIo): void {
  const command = program
    .command("increase")
    .description("let a position grow by a market order, which must bring its own initial margin")
    .argument("<position>", "its number", parseId);
  withSending(withOrder(withSize(command, false))).action(
    async (id: bigint, options: OrderOptions) => {
      await forAccount(options, io, async (session) => {
        const loaded = await loadOwn(session, id);
        const side = loaded.position.size > 0n ? "long" : "short";
        const opening = openingOf({ ...options, side }, loaded);
        await submit(session, { loaded, opening, options, exits: {} });
      });
    },
  );
}

function withSize(command: Command, isNew: boolean): Command {
  const side = new Option("--side <long|short>", "which way it goes").argParser(parseSide);
  const sized = isNew ? command.addOption(side.makeOptionMandatory()) : command;
  const margin = new Option("--margin <amount>", "margin to put in: what you can lose [quote]");
  return sized
    .requiredOption("--size <amount>", "how much to buy or sell [base]", parseAmount)
    .addOption(
      isNew
        ? margin.argParser(parseAmount).makeOptionMandatory()
        : margin.argParser(parseAmount).default(0n, "0"),
    )
    .option(
      "--reserve <amount>",
      "pool money to lock: what you can win [quote]; half of the notional when left out",
      parseAmount,
    );
}

function openingOf(
  { side, size, margin, reserve }: SizeOptions & { readonly side: Side },
  { position, scene }: Loaded,
): Opening {
  return {
    position,
    sizeDelta: side === "long" ? size : -size,
    margin,
    reserve: reserve ?? mulWadDown(size, scene.price) / 2n,
    isMarket: true,
  };
}

function quoteOf(session: MarketSession, loaded: Loaded, opening: Opening) {
  const { position, scene, mandate, odds, moment } = loaded;
  const preview = previewOpen(opening, scene);
  requireAccepted(preview.refusal);
  const view = { scene, mandate, odds };
  const { symbol } = session.market.token;
  const cost = scene.price - preview.fillPrice;
  const notes = [
    `price ${amount(scene.price)}, ${moment.head.timestamp - Number(moment.observedAt)} s old; fill price ${amount(preview.fillPrice)} (${share(ratioOf(cost < 0n ? -cost : cost, scene.price), 4)} impact)`,
    `fee ${amount(preview.fee)} ${symbol}, to be paid again on closing; reserve from ${amount(preview.reserveBounds.lower)} to ${amount(preview.reserveBounds.upper)}`,
  ];
  const changes = changesOf(standingOf(position, view), standingOf(preview.position, view));
  return { preview, changes, notes };
}

/** Tell a quote without asking. */
function presenter({ out }: MarketSession) {
  return {
    tellQuote: ({ title, changes, notes }: Omit<Plan, "calls">) => {
      const rows = changes.map(({ name, after }) => `${name}: ${after}`);
      out.tell("quote", { title, changes, notes }, [title, ...notes, ...rows].join("\n"));
    },
  };
}

async function submit(
  session: AccountSession,
  {
    loaded,
    opening,
    options,
    exits,
  }: {
    readonly loaded: Loaded;
    readonly opening: Opening;
    readonly options: OrderOptions;
    readonly exits: Partial<Pick<OpenOptions, "stopLoss" | "takeProfit" | "expiry">>;
  },
): Promise<void> {
  const { market, out } = session;
  const { preview, changes, notes } = quoteOf(session, loaded, opening);
  const { sizeDelta, margin, reserve } = opening;
  const buys = sizeDelta > 0n;
  const worst =
    options.acceptablePrice ?? worstPrice(preview.fillPrice, { buys, slippage: options.slippage });
  const { id, termsId } = loaded;
  const order = await marketOrder(session, {
    ...{ positionId: id, termsId, sizeDelta, margin, reserve, acceptablePrice: worst },
  });
  const orders = [order, ...(await exitsOf(session, { ...exits, order, loaded }))];
  const needed = (margin + order.keeperFee) / market.token.scale;
  const spender = { spender: market.addresses.marginVault, name: "MarginVault" };
  const permission = await permissionFor(session, { ...spender, amountToken: needed });
  const done = id === 0n ? "Open" : `Increase position ${id} by`;
  const carried = await carryOut(session, {
    title: `${done} ${buys ? "long" : "short"} ${amount(buys ? sizeDelta : -sizeDelta, 6)}`,
    changes,
    notes: [
      ...notes,
      `worst fill price accepted ${amount(worst)}; keeper's fee ${amount(order.keeperFee)} ${market.token.symbol}, escrowed with the margin`,
      `leaves the wallet now, and is the most you can lose by it: ${amount(margin + order.keeperFee)} ${market.token.symbol}`,
    ],
    calls: [
      ...permission,
      {
        what:
          orders.length === 1
            ? "submit the order"
            : `submit the order and ${orders.length - 1} exits`,
        to: market.addresses.orderBook,
        data: encodeOrders(session, orders),
      },
    ],
  });
  if (carried === undefined) return;
  const orderId = submittedOrder(carried.logs);
  if (options.wait) await followOrder(session, { orderId, fromBlock: carried.blockNumber });
  else out.tell("order", { orderId }, `Order ${orderId} waits. \`bulkhead orders\` finds it.`);
}

async function exitsOf(
  session: MarketSession,
  {
    stopLoss,
    takeProfit,
    expiry = 0,
    order,
    loaded,
  }: Partial<Pick<OpenOptions, "stopLoss" | "takeProfit" | "expiry">> & {
    readonly order: Awaited<ReturnType<typeof marketOrder>>;
    readonly loaded: Loaded;
  },
) {
  if (stopLoss === undefined && takeProfit === undefined) return [];
  // The order opens the position under its own number, which is the next one unless somebody is faster: then the exits
  // are refused with it.
  const positionId = (await session.market.orderBook.orderCount()) + 1n;
  const sells = BigInt(order.sizeDelta) > 0n;
  const exit = (kind: bigint, triggerPrice: bigint) => ({
    ...order,
    positionId,
    kind,
    reduceOnly: true,
    feeFromMargin: true,
    sizeDelta: -BigInt(order.sizeDelta),
    margin: 0n,
    reserve: 0n,
    acceptablePrice: sells ? 0n : MAX_PRICE,
    triggerPrice,
    expiry: BigInt(loaded.moment.head.timestamp + expiry),
  });
  return [
    ...(stopLoss === undefined ? [] : [exit(2n, stopLoss)]),
    ...(takeProfit === undefined ? [] : [exit(1n, takeProfit)]),
  ];
}

function ratioOf(part: bigint, whole: bigint): bigint {
  return (part * 10n ** 18n) / whole;
}
