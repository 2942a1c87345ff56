import { network } from "hardhat";
import {
  createStreamMarket,
  openStreamPosition,
  orderProof,
  type StreamMarket,
  spotProof,
  submitStreamOrder,
} from "../test/fixtures/streamMarket.ts";
import { proofFor, reportAt } from "../test/fixtures/streams.ts";

const WAD = 10n ** 18n;
const PRICE = 2_000n * WAD;
/** What the report of a liquidation says: 9.2% below. */
const FALLEN = (PRICE * 9_080n) / 10_000n;

/** Measures what orders and liquidations cost on signed reports, verification included [gas]. */
export async function measureStreams(
  f: number,
): Promise<readonly { readonly operation: string; readonly gas: number }[]> {
  const connection = await network.create();
  const market = await createStreamMarket(connection, { f, token: "proxied" });
  await warmUp(market);
  const rows = [
    ["verify", await measureVerification(market)],
    ["verify + execute open", await measureOpen(market)],
    ["verify + liquidate fully", await measureLiquidation(market)],
  ] as const;
  await connection.close();
  return rows.map(([operation, gas]) => ({
    operation: `${operation} (stream, f = ${f})`,
    gas: Number(gas),
  }));
}

/** A market in which both sides are open, rates run and every ledger slot has been written. */
async function warmUp(market: StreamMarket): Promise<void> {
  const { bob, carol } = market.accounts;
  const margin = 20_000n * WAD;
  await openStreamPosition(market, { account: bob, size: 40n * WAD, margin });
  await openStreamPosition(market, { account: carol, size: -30n * WAD, margin });
  const id = await openStreamPosition(market, { account: carol, size: 5n * WAD, margin });
  const close = { positionId: id, sizeDelta: -5n * WAD, reduceOnly: true };
  const submitted = await submitStreamOrder(market, carol, close);
  const proof = await orderProof(market, submitted);
  const { keeper } = market.accounts;
  await market.orderBook.connect(keeper).execute([submitted.orderId], proof, keeper);
}

/** The oracle alone, called by an account. */
async function measureVerification(market: StreamMarket): Promise<bigint> {
  const at = BigInt(await market.connection.networkHelpers.time.latest());
  return await gasOf(market.oracle.verify(proofFor(market.streams, reportAt(at))));
}

async function measureOpen(market: StreamMarket): Promise<bigint> {
  const { alice, keeper } = market.accounts;
  const order = { sizeDelta: 10n * WAD, margin: 2_000n * WAD, reserve: 4_000n * WAD };
  const submitted = await submitStreamOrder(market, alice, order);
  const proof = await orderProof(market, submitted);
  return await gasOf(market.orderBook.connect(keeper).execute([submitted.orderId], proof, keeper));
}

async function measureLiquidation(market: StreamMarket): Promise<bigint> {
  const { alice, keeper } = market.accounts;
  const input = { account: alice, size: 10n * WAD, margin: 1_000n * WAD };
  const id = await openStreamPosition(market, input);
  await market.connection.networkHelpers.time.increase(60);
  const proof = await spotProof(market, FALLEN);
  return await gasOf(market.marginVault.connect(keeper).liquidate(id, proof, keeper));
}

async function gasOf(
  sent: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>,
): Promise<bigint> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("A transaction was not mined.");
  return receipt.gasUsed;
}
