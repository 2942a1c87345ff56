import { readFile } from "node:fs/promises";
import type { Logger } from "pino";

import { type MarketContracts, openMarket } from "../chain/contracts.ts";
import { detectDataFee } from "../chain/l1Fee.ts";
import { MarketView } from "../chain/marketView.ts";
import { readNativePrice } from "../chain/nativePrice.ts";
import { connectPool, mostAgree, type NodePool } from "../chain/nodePool.ts";
import { connectNode } from "../chain/provider.ts";
import { openSigner, type Signer } from "../chain/signer.ts";
import type { StreamClient } from "../chain/streamClient.ts";
import { ConfigError, fixedNativePrice, type KeeperConfig } from "../config/keeper.ts";
import type { Strategy } from "./action.ts";
import { Alerts, type Channel, postJson } from "./alerts.ts";
import { Follower } from "./follower.ts";
import { GasTracker } from "./gasTracker.ts";
import { Lease } from "./lease.ts";
import { MarketKeeper } from "./marketKeeper.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import type { ProfitRule } from "./profit.ts";
import { openReports, priceMarkOf } from "./reports.ts";
import { Lane } from "./sending/lane.ts";
import type { LaneEvent, LaneOptions, Relay } from "./sending/laneOptions.ts";
import type { Database } from "./store/database.ts";
import { IndexStore } from "./store/indexStore.ts";
import { openStore } from "./store/open.ts";
import { SlotStore } from "./store/slotStore.ts";
import { strategies } from "./strategies.ts";
import { isTurn } from "./turns.ts";

/** All parts of a keeper, open and connected. */
export interface Parts {
  readonly config: KeeperConfig;
  readonly log: Logger;
  readonly pool: NodePool;
  readonly database: Database;
  readonly metrics: Metrics;
  readonly alerts: Alerts;
  readonly gas: GasTracker;
  readonly lease: Lease | undefined;
  /** Absent where no market is priced by signed reports. */
  readonly reports: StreamClient | undefined;
  readonly markets: readonly MarketKeeper[];
  readonly lanes: Readonly<Record<Strategy["lane"], Lane>> | undefined;
}

/** Gwei are WAD here; a gwei is 10⁹ wei. */
const WEI_IN_GWEI_WAD = 10n ** 9n;
const NATIVE_PRICE_AGE_MS = 60_000;
const ANYBODY = `0x${"0".repeat(39)}1`;

/**
 * Open everything that the settings name.
 *
 * @throws RpcError, WrongContractError, MixedChainsError or KeyError.
 */
export async function openParts(config: KeeperConfig, log: Logger): Promise<Parts> {
  const { rpcUrl: rpcUrls, rpcTimeoutMs: timeoutMs } = config;
  const pool = await connectPool({ rpcUrls, timeoutMs });
  const database = await openStore(config.store, timeoutMs);
  try {
    return await openOn(config, log, { pool, database });
  } catch (cause) {
    await database.close();
    throw cause;
  }
}

async function openOn(
  config: KeeperConfig,
  log: Logger,
  { pool, database }: Pick<Parts, "pool" | "database">,
): Promise<Parts> {
  const metrics = createMetrics();
  const now = () => Date.now();
  const alerts = new Alerts({
    channels: await readChannels(config),
    repeatMs: config.alertRepeatMinutes * 60_000,
    now,
    post: postJson,
    log,
    onRaised: (name) => metrics.alerts.inc({ name }),
  });
  const gas = new GasTracker(pool.reader, now);
  const lease = openLease(config, database, pool.chainId);
  const contracts = await Promise.all(
    config.markets.map((address) => openMarket(pool.reader, address)),
  );
  const reports = await openReports({ config: config.streams, markets: contracts, log });
  const hub: Hub = { config, log, pool, database, metrics, alerts, gas, lease, reports, now };
  try {
    return await openAll(hub, contracts);
  } catch (cause) {
    reports?.stop();
    throw cause;
  }
}

async function openAll(hub: Hub, contracts: readonly MarketContracts[]): Promise<Parts> {
  const markets: MarketKeeper[] = [];
  const onEvent: OnEvent = (lane, event) => {
    for (const market of markets) market.conclude(event);
    noteEvent(hub, lane, event);
  };
  const lanes = hub.config.key === undefined ? undefined : await openLanes(hub, onEvent);
  for (const one of contracts) {
    const market = await openOne(hub, one, lanes);
    for (const lane of Object.values(lanes ?? {})) market.resume(lane.intents);
    markets.push(market);
  }
  const { now: _, ...parts } = hub;
  return { ...parts, markets, lanes };
}

type OnEvent = (lane: string, event: LaneEvent) => void;
type Hub = Omit<Parts, "markets" | "lanes"> & { readonly now: () => number };

async function openOne(
  hub: Hub,
  contracts: MarketContracts,
  lanes: Parts["lanes"],
): Promise<MarketKeeper> {
  const { config, pool, database, metrics, alerts, gas, lease, reports, now } = hub;
  const address = contracts.addresses.marginVault;
  const { reader, nodes, chainId } = pool;
  const log = hub.log.child({ market: address });
  const caller = lanes?.urgent.address ?? ANYBODY;
  const dataFee = await detectDataFee(reader);
  const view = new MarketView({ provider: reader, contracts, reports, payer: caller });
  const scope = `${config.instance}/${chainId}/${address.toLowerCase()}`;
  const follower = new Follower({
    provider: reader,
    contracts,
    view,
    store: new IndexStore(database, scope),
    fromBlock: config.fromBlock,
    logRange: config.logRange,
    depth: config.reorgDepth,
    agreed: (head) => mostAgree(nodes, head),
    distrust: pool.distrust,
    onReorg: () => metrics.reorgs.inc({ market: address }),
    log,
  });
  await follower.open();
  const countsCost = config.nativePrice !== undefined;
  const feeReceiver = config.feeReceiver ?? caller;
  const fleet = { instance: config.instance, names: config.fleet, turnBlocks: config.turnBlocks };
  return new MarketKeeper({
    name: address,
    follower,
    view,
    executor: { contracts, provider: reader, feeReceiver, dataFee, countsCost },
    strategies: strategies(config.maxBatch),
    priceMark: priceMarkOf(contracts, reports),
    lanes,
    caller,
    gasMarket: () => gas.market(),
    profitRule: profitRules(hub),
    isMyTurn: (subject, blocksSeen) =>
      lease === undefined ? isTurn(subject, blocksSeen, fleet) : lease.held,
    metrics,
    alerts,
    now,
    log,
  });
}

async function openLanes(
  hub: Hub,
  onEvent: OnEvent,
): Promise<Readonly<Record<Strategy["lane"], Lane>>> {
  const { config, pool, log } = hub;
  const { key, housekeepingKey } = config;
  if (key === undefined) throw new ConfigError(["There is no key."]);
  const node = pool.reader;
  const urgentSigner = await openSigner(node, key);
  const relay = await openRelay(config);
  const open = async (name: string, signer: Signer) => {
    const told = (event: LaneEvent) => onEvent(name, event);
    const lane = new Lane(laneOptions(hub, { name, signer, relay, onEvent: told }));
    await lane.open();
    log.info({ lane: name, keeper: lane.address, underWay: lane.intents.length }, "lane opened");
    return lane;
  };
  const urgent = await open("urgent", urgentSigner);
  if (housekeepingKey === undefined) return { urgent, housekeeping: urgent };
  const other = await openSigner(node, housekeepingKey);
  return { urgent, housekeeping: await open("housekeeping", other) };
}

function laneOptions(
  hub: Hub,
  own: Pick<LaneOptions, "name" | "signer" | "relay" | "onEvent">,
): LaneOptions {
  const { config, pool, database, gas, lease, now, log } = hub;
  return {
    ...own,
    chainId: pool.chainId,
    reader: pool.reader,
    nodes: pool.nodes,
    store: new SlotStore(database, `${pool.chainId}/${own.signer.address.toLowerCase()}`),
    policy: {
      resubmitMs: config.resubmitMs,
      deadlineMs: config.confirmTimeoutMs,
      maxBumps: config.maxBumps,
      maxInFlight: config.maxInFlight,
      confirmations: config.confirmations,
      feePercent: BigInt(config.feePercent),
    },
    gasMarket: () => gas.market(),
    mayBroadcast: async () => lease === undefined || lease.confirm(),
    now,
    log,
  };
}

async function openRelay(config: KeeperConfig): Promise<Relay | undefined> {
  const { relayUrl, relayPublicAfterMs, rpcTimeoutMs } = config;
  if (relayUrl.length === 0) return undefined;
  const nodes = await Promise.all(
    relayUrl.map((rpcUrl) => connectNode({ rpcUrl, timeoutMs: rpcTimeoutMs })),
  );
  return { nodes, publicAfterMs: relayPublicAfterMs === 0 ? undefined : relayPublicAfterMs };
}

function openLease(config: KeeperConfig, database: Database, chainId: bigint): Lease | undefined {
  if (config.lease === "off") return undefined;
  const name = `keeper/${chainId}/${config.markets.join(",").toLowerCase()}`;
  return new Lease({ database, name, holder: config.instance, lifeMs: config.leaseMs });
}

/** What gas costs in quote: a number, or what a feed says, asked once a minute. */
function profitRules({ config, pool, now }: Hub): () => Promise<ProfitRule> {
  const rest = {
    minProfit: config.minProfit,
    maxFeePerGas: config.maxFeeGwei / WEI_IN_GWEI_WAD,
  };
  const fixed = fixedNativePrice(config);
  const feed = fixed === undefined ? config.nativePrice : undefined;
  if (feed === undefined) return async () => ({ nativePrice: fixed, ...rest });
  let known: { readonly price: bigint; readonly at: number } | undefined;
  return async () => {
    if (known === undefined || now() - known.at > NATIVE_PRICE_AGE_MS) {
      known = { price: await readNativePrice(pool.reader, feed), at: now() };
    }
    return { nativePrice: known.price, ...rest };
  };
}

function noteEvent({ metrics, alerts, log }: Hub, lane: string, event: LaneEvent): void {
  if (event.kind === "mined") {
    const { receipt, intent, cancelled, tookMs } = event;
    const outcome = cancelled ? "cancelled" : receipt.succeeded ? "mined" : "reverted";
    metrics.transactions.inc({ lane, outcome });
    metrics.gasSpent.inc({ lane }, Number(receipt.cost));
    const { hash, gasUsed, blockNumber: minedIn } = receipt;
    log.info(
      { lane, outcome, intent: intent.name, hash, gasUsed: String(gasUsed), minedIn, tookMs },
      "transaction ended",
    );
    return;
  }
  metrics.transactions.inc({ lane, outcome: event.kind });
  const { kind, intent, nonce, reason } = event;
  log.warn({ lane, outcome: kind, intent: intent.name, nonce, reason }, "transaction");
  if (kind !== "late") return;
  const text = `Nonce "${nonce}" was not mined in time. It is given back; check fees and nodes.`;
  alerts.raise({ name: "transaction-late", severity: "warning", text });
}

/** Addresses that alerts go to are secrets, and kept in files. */
async function readChannels(config: KeeperConfig): Promise<readonly Channel[]> {
  const read = async (file: string) => (await readFile(file, "utf8")).trim();
  const { alertWebhookFile, alertSlackFile, alertTelegramFile, alertTelegramChat } = config;
  const channels: Channel[] = [];
  if (alertWebhookFile !== undefined) {
    channels.push({ kind: "webhook", url: await read(alertWebhookFile) });
  }
  if (alertSlackFile !== undefined) {
    channels.push({ kind: "slack", url: await read(alertSlackFile) });
  }
  if (alertTelegramFile !== undefined) {
    const url = await read(alertTelegramFile);
    channels.push({ kind: "telegram", url, chatId: alertTelegramChat ?? "" });
  }
  return channels;
}
