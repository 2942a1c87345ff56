import { setTimeout as sleep } from "node:timers/promises";
import pino, { type Logger } from "pino";

import { openMarket } from "../chain/contracts.ts";
import { MarketReader } from "../chain/marketReader.ts";
import { connectNode, hostOf } from "../chain/provider.ts";
import { openSender } from "../chain/signer.ts";
import type { StreamClient } from "../chain/streamClient.ts";
import type { Patience } from "../chain/transactions.ts";
import { environment } from "../config/environment.ts";
import { ConfigError, type KeeperConfig, keeperConfig } from "../config/keeper.ts";
import { BulkheadError } from "../core/errors.ts";
import { MarketKeeper } from "./keeper.ts";
import { openReports, priceMarkOf } from "./reports.ts";
import { strategies } from "./strategies.ts";

/** Ends with 0 when asked to stop, 1 on a failure that stays, 2 on wrong settings. */
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const config = keeperConfig(environment());
    const log = pino({ level: config.logLevel, base: null });
    await run(config, log);
    return 0;
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    process.stderr.write(`${cause.message}\n`);
    return cause instanceof ConfigError ? 2 : 1;
  }
}

async function run(config: KeeperConfig, log: Logger): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stop.abort());
  }
  const { keepers, client } = await openKeepers(config, log);
  log.info({ node: hostOf(config.rpcUrl), markets: config.markets }, "keeper started");
  try {
    while (!stop.signal.aborted) {
      let busy = false;
      for (const keeper of keepers) busy = (await keeper.tick()) || busy;
      if (!busy) await pause(config.pollMs, stop.signal);
    }
  } finally {
    client?.stop();
  }
  log.info("keeper stopped");
}

interface Opened {
  readonly keepers: readonly MarketKeeper[];
  readonly client: StreamClient | undefined;
}

async function openKeepers(config: KeeperConfig, log: Logger): Promise<Opened> {
  const provider = await connectNode({ rpcUrl: config.rpcUrl, timeoutMs: config.rpcTimeoutMs });
  const sender = await openSender(provider, config.key);
  const feeReceiver = config.feeReceiver ?? sender.address;
  log.info({ keeper: sender.address, feeReceiver }, "account opened");
  const { fromBlock, logRange } = config;
  const markets = await Promise.all(config.markets.map((address) => openMarket(provider, address)));
  const client = await openReports({ config: config.streams, markets, log });
  const keepers = markets.map((contracts) => {
    const reading = { provider, contracts, fromBlock, logRange };
    return new MarketKeeper({
      reader: new MarketReader({ ...reading, reports: client, payer: sender.address }),
      executor: { contracts, sender, feeReceiver, patience: patienceOf(config) },
      strategies: strategies(config.maxBatch),
      priceMark: priceMarkOf(contracts, client),
      log: log.child({ market: contracts.addresses.marginVault }),
    });
  });
  return { keepers, client };
}

function patienceOf(config: KeeperConfig): Patience {
  return {
    deadlineMs: config.confirmTimeoutMs,
    pollMs: Math.min(config.pollMs, 1000),
    bumpMs: Math.ceil(config.confirmTimeoutMs / 4),
    now: () => performance.now(),
    sleep: async (ms) => {
      await sleep(ms);
    },
  };
}

/** Being told to stop ends a pause at once. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (cause) {
    if (!signal.aborted) throw cause;
  }
}
