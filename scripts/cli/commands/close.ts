import { type Command, Option } from "commander";

import { previewClose } from "../../core/closeQuote.ts";
import { abs } from "../../core/wadMath.ts";
import { parseAmount, parseDuration } from "../../risk/parse.ts";
import { carryOut } from "../carryOut.ts";
import { InputError, WouldBeRefusedError } from "../errors.ts";
import { followOrder, submittedOrder } from "../follow.ts";
import type { CliIo } from "../io.ts";
import { parseId } from "../options.ts";
import { amount } from "../output.ts";
import { type AccountSession, forAccount, type SendingOptions, withSending } from "../session.ts";
import { changesOf, standingOf } from "../standing.ts";
import {
  encodeOrders,
  type Loaded,
  loadOwn,
  marketOrder,
  permissionFor,
  worstPrice,
} from "../trading.ts";
import { withOrder } from "./open.ts";

interface Options extends SendingOptions {
  readonly size?: bigint;
  readonly stop?: bigint;
  readonly limit?: bigint;
  readonly expiry: number;
  readonly slippage: bigint;
  readonly acceptablePrice?: bigint;
  readonly wait: boolean;
}

const MAX_PRICE = 2n ** 96n - 1n;

/** Add `close`: a position, or a part of it; now or on a trigger. */
export function registerClose(program: Command, io: CliIo): void {
  const command = program
    .command("close")
    .description("close a position or a part of it, now or once the price is reached")
    .argument("<position>", "its number", parseId)
    .option("--size <amount>", "how much of it [base]; all when left out", parseAmount)
    .option("--stop <price>", "only once the price is as bad as this", parseAmount)
    .option("--limit <price>", "only once the price is as good as this", parseAmount)
    .addOption(
      new Option("--expiry <duration>", "how long a stop or limit lasts")
        .argParser(parseDuration)
        .default(2_592_000, "30d"),
    );
  withSending(withOrder(command)).action(async (id: bigint, options: Options) => {
    if (options.stop !== undefined && options.limit !== undefined) {
      throw new InputError("Give --stop or --limit, not both. Send two orders for both.");
    }
    await forAccount(options, io, async (session) => {
      await close(session, await loadOwn(session, id), options);
    });
  });
}

async function close(session: AccountSession, loaded: Loaded, options: Options): Promise<void> {
  const { market, out } = session;
  const { id, position } = loaded;
  const asked = options.size ?? abs(position.size);
  const trigger = options.stop ?? options.limit;
  const quote = quoteOf(session, loaded, asked);
  const order = await orderOf(session, loaded, { options, asked, fill: quote.preview.fillPrice });
  const spender = { spender: market.addresses.marginVault, name: "MarginVault" };
  const escrowed = trigger === undefined ? order.keeperFee / market.token.scale : 0n;
  const permission = await permissionFor(session, { ...spender, amountToken: escrowed });
  const whole = quote.preview.position.size === 0n ? "all" : amount(quote.preview.closed, 6);
  const when = trigger === undefined ? "" : ` once the price reaches ${amount(trigger)}`;
  const carried = await carryOut(session, {
    title: `Close ${whole} of position ${id}${when}`,
    changes: quote.changes,
    notes: [
      ...quote.notes,
      `keeper's fee ${amount(order.keeperFee)} ${market.token.symbol}, ${trigger === undefined ? "escrowed" : "from the margin"}`,
    ],
    calls: [
      ...permission,
      {
        what: "submit the order",
        to: market.addresses.orderBook,
        data: encodeOrders(session, [order]),
      },
    ],
  });
  if (carried === undefined) return;
  const orderId = submittedOrder(carried.logs);
  if (options.wait && trigger === undefined) {
    await followOrder(session, { orderId, fromBlock: carried.blockNumber });
  } else {
    out.tell("order", { orderId }, `Order ${orderId} waits. \`bulkhead orders\` finds it.`);
  }
}

/** One that waits for a trigger pays its keeper from the margin, and takes any price once it is released. */
async function orderOf(
  session: AccountSession,
  { id, termsId, position, scene }: Loaded,
  {
    options,
    asked,
    fill,
  }: { readonly options: Options; readonly asked: bigint; readonly fill: bigint },
) {
  const buys = position.size < 0n;
  const trigger = options.stop ?? options.limit;
  const usual = buys ? MAX_PRICE : 0n;
  const order = {
    positionId: id,
    termsId,
    reduceOnly: true,
    sizeDelta: buys ? asked : -asked,
  };
  if (trigger === undefined) {
    const worst = worstPrice(fill, { buys, slippage: options.slippage });
    return marketOrder(session, { ...order, acceptablePrice: options.acceptablePrice ?? worst });
  }
  return marketOrder(session, {
    ...order,
    feeFromMargin: true,
    acceptablePrice: options.acceptablePrice ?? usual,
    kind: options.stop === undefined ? 1n : 2n,
    triggerPrice: trigger,
    expiry: scene.now + BigInt(options.expiry),
  });
}

function quoteOf(session: AccountSession, loaded: Loaded, closed: bigint) {
  const { position, scene, mandate, odds } = loaded;
  const { scale, symbol } = session.market.token;
  const preview = previewClose({ position, closed, keeperFeeFromMargin: 0n, scale }, scene);
  if (preview.worse) {
    throw new WouldBeRefusedError(
      "The position is below its initial margin, and this would leave it less healthy. Add margin, or close more.",
    );
  }
  const view = { scene, mandate, odds };
  const forced = preview.closed > closed ? ["what is left would be too small: all is closed"] : [];
  const short = preview.shortfall > 0n ? `, shortfall ${amount(preview.shortfall)}` : "";
  return {
    preview,
    changes: changesOf(standingOf(position, view), standingOf(preview.position, view)),
    notes: [
      ...forced,
      `at the price of now, ${amount(scene.price)}: fill price ${amount(preview.fillPrice)}, fee ${amount(preview.fee)}, realized ${amount(preview.realizedPnl)}, paid out ${amount(preview.paidOut)} ${symbol}${short}`,
    ],
  };
}
