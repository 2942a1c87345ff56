import type { Command } from "commander";
import { calling } from "../../chain/errors.ts";
import {
  listMarkets,
  openTradeMarket,
  readPool,
  readScene,
  readTerms,
  type TradeMarket,
} from "../../chain/tradeMarket.ts";
import { BulkheadError } from "../../core/errors.ts";
import { skew } from "../../core/marketMath.ts";
import { divWadDown, mulWadDown } from "../../core/wadMath.ts";
import type { CliIo } from "../io.ts";
import { amount, drawFacts, drawTable, share } from "../output.ts";
import {
  inMarket,
  type MarketSession,
  onChain,
  type Session,
  type SessionOptions,
  withSession,
} from "../session.ts";

const YEAR = 31_536_000n;

/** Add `market ls` and `market show`. */
export function registerMarket(program: Command, io: CliIo): void {
  const group = program
    .command("market")
    .description("markets: which there are, and how one stands");
  const ls = group
    .command("ls")
    .description("the markets of the settings, and of the network's factory");
  withSession(ls).action(async (options: SessionOptions) => {
    await onChain(options, io, listAll);
  });
  const show = group
    .command("show")
    .description("price, open interest, rates, pool and terms of a market")
    .argument("[market]", "name of the settings, or the address of a MarginVault");
  withSession(show).action(async (name: string | undefined, options: SessionOptions) => {
    const chosen = name === undefined ? options : { ...options, market: name };
    await inMarket(chosen, io, showOne);
  });
}

async function listAll({ config, provider, out }: Session): Promise<void> {
  const { markets, factory } = config.network;
  const named = new Map(Object.entries(markets).map(([name, at]) => [at.toLowerCase(), name]));
  const created = factory === undefined ? [] : await listMarkets(provider, factory);
  const addresses = new Set([...named.keys(), ...created.map((at) => at.toLowerCase())]);
  const rows = await Promise.all(
    [...addresses].map(async (at) => [named.get(at) ?? "–", at, ...(await summary(provider, at))]),
  );
  const head = ["name", "MarginVault", "pool share", "price", "utilization"];
  const text = rows.length === 0 ? "No market is known here." : drawTable(head, rows);
  out.tell(
    "markets",
    rows.map(([name, address, label, price, used]) => ({
      name,
      address,
      label,
      price,
      utilization: used,
    })),
    text,
  );
}

/** One broken market does not hide the others. */
async function summary(provider: Session["provider"], address: string): Promise<readonly string[]> {
  try {
    const market = await openTradeMarket(provider, address);
    const [scene, pool] = await Promise.all([readScene(market), readPool(market)]);
    const used = pool.cash === 0n ? 0n : divWadDown(pool.reserved, pool.cash);
    return [market.share.symbol, amount(scene.price), share(used)];
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    return ["–", "–", cause.message];
  }
}

async function showOne({ market, out, config }: MarketSession): Promise<void> {
  const [scene, pool, { termsId, terms }, limits] = await Promise.all([
    readScene(market),
    readPool(market),
    readTerms(market),
    readLimits(market),
  ]);
  const { longOpenInterest, shortOpenInterest, fundingVelocity, borrowRate } = scene.market;
  const age = BigInt(scene.head.timestamp) - scene.observedAt;
  const fundingRate =
    divWadDown(fundingVelocity < 0n ? -fundingVelocity : fundingVelocity, scene.price) * YEAR;
  const used = pool.cash === 0n ? 0n : divWadDown(pool.reserved, pool.cash);
  const payers = fundingVelocity >= 0n ? "longs pay" : "shorts pay";
  const { symbol } = market.token;
  const side = (size: bigint) =>
    `${amount(size)} of ${amount(limits.maxOpenInterest)} (${amount(mulWadDown(size, scene.price), 2)} ${symbol})`;
  const stopped =
    limits.stoppedUntil > BigInt(scene.head.timestamp) ? "stopped for a while" : "open";
  const facts: readonly (readonly [string, string])[] = [
    ["market", `${config.market?.name ?? ""} ${market.addresses.marginVault}`],
    ["price", `${amount(scene.price)} ${symbol}, ${age} s old`],
    ["long open interest", side(longOpenInterest)],
    ["short open interest", side(shortOpenInterest)],
    ["skew", amount(skew(scene.market))],
    ["funding rate", `${share(fundingRate)} a year, ${payers}`],
    ["borrow rate", `${share(borrowRate * YEAR)} of the reserve a year`],
    [
      "pool cash",
      `${amount(pool.cash)} ${symbol}, ${share(used)} reserved of at most ${share(pool.maxUtilization)}`,
    ],
    ["increases", stopped],
    ["terms", String(termsId)],
    [
      "initial margin",
      `${share(terms.initialMarginRatio)} of notional, at least ${amount(terms.minMargin)}`,
    ],
    [
      "maintenance margin",
      `${share(terms.maintenanceMarginRatio + terms.liquidationFeeRatio)} of notional, at least ${amount(terms.minMaintenance)}`,
    ],
    [
      "liquidation fee",
      `${share(terms.liquidationFeeRatio)}, ${amount(terms.keeperFeeFloor)} to ${amount(terms.keeperFeeCap)}`,
    ],
    ["position fee", `${share(terms.positionFeeRatio)} of notional, on opening and closing`],
    ["least reserve", `${share(terms.minReserveRatio)} of notional`],
    [
      "orders",
      `price after ${market.constants.executionDelay} s, keeper's fee at least ${amount(limits.minKeeperFee)}`,
    ],
  ];
  out.tell(
    "market",
    { addresses: market.addresses, scene, pool, termsId, terms, ...limits },
    drawFacts(facts),
  );
}

async function readLimits({ charter, orderBook }: TradeMarket) {
  return calling("the market's limits", async () => {
    const [maxOpenInterest, stoppedUntil, minKeeperFee] = await Promise.all([
      charter.maxOpenInterest(),
      charter.increasesStoppedUntil(),
      orderBook.minKeeperFee(),
    ]);
    return { maxOpenInterest, stoppedUntil, minKeeperFee };
  });
}
