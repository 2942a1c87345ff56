import { network } from "hardhat";
import { giveMandate } from "../test/fixtures/mandates.ts";
import {
  type MarketFixture,
  marketWith,
  newestPrice,
  proofOf,
  pushPrice,
} from "../test/fixtures/market.ts";
import {
  executeOrder,
  openPosition,
  submitAndExecute,
  submitOrder,
} from "../test/fixtures/trading.ts";
import { measureFloor } from "./gasFloor.ts";
import { measureStreams } from "./streams.ts";

const WAD = 10n ** 18n;
const HOUR = 3_600;
const BATCH = 5;

/** One measured operation [gas]. */
export interface GasRow {
  readonly operation: string;
  readonly gas: number;
  /** Ceiling that the project set itself; null where there is none. */
  readonly ceiling: number | null;
}

/** What the market under test looks like. */
interface Variant {
  readonly composite: boolean;
  readonly suffix: string;
}

const CEILINGS: Readonly<Record<string, number>> = {
  submit: 145_000,
  "execute open": 275_000,
  "further order in a batch": 110_000,
  "add margin": 62_000,
  "remove margin": 130_000,
  "execute close": 210_000,
  "liquidate fully": 200_000,
  "liquidate partially": 215_000,
  "further item in a batch": 45_000,
  rescue: 130_000,
  "mandate that fails, full liquidation": 25_000,
  "mandate that fails, partial liquidation": 25_000,
};

/** Measures the gas of every common operation, with real Chainlink proxies and a proxied token of 6 decimals. */
export async function measureGas(): Promise<readonly GasRow[]> {
  const composite = await measureVariant({ composite: true, suffix: "" });
  const single = await measureVariant({ composite: false, suffix: " (single feed)" });
  const streams = [...(await measureStreams(1)), ...(await measureStreams(5))];
  const rows = [...composite, ...single, ...streams];
  return rows.map(({ operation, gas }) => ({
    operation,
    gas,
    ceiling: CEILINGS[operation] ?? null,
  }));
}

async function measureVariant(variant: Variant): Promise<readonly Omit<GasRow, "ceiling">[]> {
  const connection = await network.create();
  const create = marketWith({ composite: variant.composite, token: "proxied" });
  const market = await create(connection);
  await warmUp(market);
  const measured: readonly (readonly [string, bigint])[] = [
    ...(await measureLife(market)),
    ...(await measureBatch(market)),
    ...(await measureLiquidations(market)),
    ...(await measureMandates(market)),
    ...(await measureFloor(market)),
  ];
  await connection.close();
  return measured.map(([operation, gas]) => ({
    operation: operation + variant.suffix,
    gas: Number(gas),
  }));
}

/** A market in which both sides are open, rates run and every ledger slot has been written. */
async function warmUp(market: MarketFixture): Promise<void> {
  const { bob, carol } = market.accounts;
  await openPosition(market, { account: bob, size: 40n * WAD, margin: 20_000n * WAD });
  await openPosition(market, { account: carol, size: -30n * WAD, margin: 20_000n * WAD });
  await openPosition(market, { account: bob, size: 5n * WAD, margin: 20_000n * WAD });
  const closing = await openPosition(market, {
    account: carol,
    size: 5n * WAD,
    margin: 2_000n * WAD,
  });
  await submitAndExecute(market, carol, {
    positionId: closing,
    sizeDelta: -5n * WAD,
    reduceOnly: true,
  });
  await wait(market);
}

async function wait(market: MarketFixture): Promise<void> {
  await market.connection.networkHelpers.time.increase(HOUR / 2);
  await pushPrice(market, await newestPrice(market));
}

async function gasOf(
  sent: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>,
): Promise<bigint> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("A transaction was not mined.");
  return receipt.gasUsed;
}

async function measureLife(market: MarketFixture): Promise<readonly (readonly [string, bigint])[]> {
  const { alice } = market.accounts;
  const open = await submitOrder(market, alice, {
    sizeDelta: 10n * WAD,
    margin: 2_000n * WAD,
    reserve: 4_000n * WAD,
  });
  const submitted = await newestTransactionGas(market);
  const executed = await executeOrder(market, open);
  await wait(market);
  const vault = market.marginVault.connect(alice);
  const added = await gasOf(vault.addMargin(open.orderId, 500_000_000n));
  await wait(market);
  const poked = await gasOf(market.orderBook.connect(alice).poke("0x"));
  await wait(market);
  const removed = await gasOf(vault.removeMargin(open.orderId, 400_000_000n, alice, "0x"));
  await wait(market);
  const closed = await submitAndExecute(market, alice, {
    positionId: open.orderId,
    sizeDelta: -10n * WAD,
    reduceOnly: true,
  });
  return [
    ["submit", submitted],
    ["execute open", executed.gasUsed],
    ["add margin", added],
    ["remove margin", removed],
    ["poke: the price alone", poked],
    ["execute close", closed.receipt.gasUsed],
  ];
}

async function newestTransactionGas(market: MarketFixture): Promise<bigint> {
  const block = await market.connection.ethers.provider.getBlock("latest");
  return block?.gasUsed ?? 0n;
}

/** Marginal gas of one more order in a batch of opens. */
async function measureBatch(
  market: MarketFixture,
): Promise<readonly (readonly [string, bigint])[]> {
  const { alice, keeper } = market.accounts;
  const executeMany = async (count: number): Promise<bigint> => {
    const ids: bigint[] = [];
    for (let i = 0; i < count; i += 1) {
      const order = { sizeDelta: 2n * WAD, margin: 500n * WAD, reserve: 800n * WAD };
      ids.push((await submitOrder(market, alice, order)).orderId);
    }
    const at = BigInt(await market.connection.networkHelpers.time.latest());
    const delay = await market.orderBook.executionDelay();
    const round = await pushPrice(market, await newestPrice(market), at + delay + 1n);
    const book = market.orderBook.connect(keeper);
    return await gasOf(book.execute(ids, await proofOf(market, round), keeper));
  };
  await wait(market);
  const one = await executeMany(1);
  await wait(market);
  const many = await executeMany(BATCH + 1);
  return [["further order in a batch", (many - one) / BigInt(BATCH)]];
}

async function measureLiquidations(
  market: MarketFixture,
): Promise<readonly (readonly [string, bigint])[]> {
  const { alice, keeper } = market.accounts;
  const price = await newestPrice(market);
  const openAt = async (margin: bigint): Promise<bigint> =>
    await openPosition(market, { account: alice, size: 10n * WAD, margin, price });
  const fully = await openAt(1_000n * WAD);
  const partly = await openAt(1_320n * WAD);
  const batch = [];
  for (let i = 0; i < BATCH + 2; i += 1) batch.push(await openAt(1_000n * WAD));
  const [first, ...rest] = batch;
  if (first === undefined) throw new Error("No position to liquidate.");

  await pushPrice(market, (price * 9_080n) / 10_000n);
  const vault = market.marginVault.connect(keeper);
  const full = await gasOf(vault.liquidate(fully, "0x", keeper));
  const one = await gasOf(vault.liquidateBatch([first], "0x", keeper));
  const many = await gasOf(vault.liquidateBatch(rest, "0x", keeper));
  // 1,320 of margin on 20,000: equity falls below maintenance, and a part brings it back.
  await pushPrice(market, (price * 9_575n) / 10_000n);
  const partial = await gasOf(vault.liquidate(partly, "0x", keeper));
  const { size } = await market.marginVault.position(partly);
  if (size === 0n) throw new Error("The partial liquidation closed the whole position.");
  return [
    ["liquidate fully", full],
    ["liquidate partially", partial],
    ["further item in a batch", (many - one) / BigInt(BATCH)],
  ];
}

/** A rescue, and what a mandate that is tried in vain, for want of allowance, adds to the liquidation that follows. */
async function measureMandates(
  market: MarketFixture,
): Promise<readonly (readonly [string, bigint])[]> {
  const { alice, keeper } = market.accounts;
  await wait(market);
  const price = await newestPrice(market);
  const openAt = async (marginBps: bigint, mandated: boolean): Promise<bigint> => {
    const margin = ((10n * price * marginBps) / 10_000n / market.tokenScale) * market.tokenScale;
    const positionId = await openPosition(market, {
      account: alice,
      size: 10n * WAD,
      margin,
      price,
    });
    if (mandated) await giveMandate(market, alice, positionId);
    return positionId;
  };
  // The first of each pair leaves the market as warm as the second finds it.
  const [first, early] = [await openAt(660n, true), await openAt(660n, true)];
  const full = [await openAt(450n, false), await openAt(450n, true)] as const;
  const part = [await openAt(660n, false), await openAt(660n, true)] as const;

  const vault = market.marginVault.connect(keeper);
  // 6.6% of margin less 4% and the fee, of 2.4% of maintenance and a trigger of 2.88%; then less 4.25%.
  await pushPrice(market, (price * 9_600n) / 10_000n);
  await vault.rescue(first, "0x", keeper);
  const rescued = await gasOf(vault.rescue(early, "0x", keeper));
  await market.token.connect(alice).approve(market.mandateBook, 0n);
  await pushPrice(market, (price * 9_575n) / 10_000n);
  const addedTo = async (pair: readonly [bigint, bigint], closes: boolean): Promise<bigint> => {
    const without = await gasOf(vault.liquidate(pair[0], "0x", keeper));
    const tried = await gasOf(vault.liquidate(pair[1], "0x", keeper));
    for (const positionId of pair) {
      const { size } = await market.marginVault.position(positionId);
      if ((size === 0n) !== closes) throw new Error("A liquidation was of the other kind.");
    }
    return tried - without;
  };
  return [
    ["rescue", rescued],
    ["mandate that fails, full liquidation", await addedTo(full, true)],
    ["mandate that fails, partial liquidation", await addedTo(part, false)],
  ];
}
