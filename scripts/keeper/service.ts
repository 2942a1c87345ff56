import { setTimeout as sleep } from "node:timers/promises";

import { type Head, readHead } from "../chain/blocks.ts";
import { calling } from "../chain/errors.ts";
import { hostOf } from "../chain/provider.ts";
import { RetryableError } from "../core/errors.ts";
import { Health } from "./health.ts";
import { Housekeeper } from "./housekeeper.ts";
import type { Parts } from "./open.ts";
import { type OpsServer, serveOps } from "./ops.ts";
import type { Lane } from "./sending/lane.ts";

/** Periods without a useful result after which a keeper is not ready. */
const PERIODS = 3;
const LEAST_PERIOD_MS = 1_000;
const BALANCE_EVERY_MS = 15_000;
const LEASE_RENEWALS = 4;

/** Runs a keeper: looks, acts and follows what it sent, until it is told to stop. */
export class Service {
  readonly #parts: Parts;
  readonly #health = new Health(() => performance.now());
  readonly #housekeeper: Housekeeper;
  #head: Head | undefined;
  #ops: OpsServer | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#housekeeper = new Housekeeper(parts);
    const { pollMs, headStaleMs } = parts.config;
    const period = Math.max(pollMs, LEAST_PERIOD_MS);
    this.#health.expect("head", headStaleMs);
    for (const name of parts.config.markets) this.#health.expect(name, PERIODS * period);
  }

  /** Port of metrics and health, where they are served. */
  get opsPort(): number | undefined {
    return this.#ops?.port;
  }

  /** Run until the signal comes. What is under way is followed on after the next start. */
  async run(signal: AbortSignal): Promise<void> {
    const { config, log, metrics } = this.#parts;
    await this.#serve();
    log.info({ nodes: config.rpcUrl.map(hostOf), markets: config.markets }, "keeper started");
    metrics.leading.set(config.lease === "off" ? 1 : 0);
    await Promise.all([
      this.#repeat(config.pollMs, signal, () => this.turn()),
      this.#repeat(Math.ceil(config.leaseMs / LEASE_RENEWALS), signal, () => this.#renew()),
      this.#repeat(BALANCE_EVERY_MS, signal, () => this.#checkBalances()),
      this.#repeat(config.marginCallMs, signal, () => this.#housekeeper.look()),
    ]);
    await this.#stop();
    log.info("keeper stopped");
  }

  /** Look once at the newest block. Returns whether there was anything new. */
  async turn(): Promise<boolean> {
    const { pool, markets, gas } = this.#parts;
    const head = await readHead(pool.reader);
    const isNew = head.hash !== this.#head?.hash;
    if (isNew) {
      this.#health.useful("head");
      this.#head = head;
      // Whoever needs it waits for it; whoever does not is not held up.
      gas.refresh().catch(() => {});
    }
    await Promise.all([
      this.#pollLanes(),
      ...markets.map(async (market, index) => {
        const name = this.#parts.config.markets[index] ?? "";
        if (await market.look(head)) this.#health.useful(name);
      }),
    ]);
    return isNew;
  }

  async #pollLanes(): Promise<void> {
    const lanes = new Set(Object.values(this.#parts.lanes ?? {}));
    await Promise.all([...lanes].map((lane) => this.#pollLane(lane)));
  }

  async #pollLane(lane: Lane): Promise<void> {
    try {
      await lane.poll();
    } catch (cause) {
      this.#noteFailure(cause);
    }
  }

  async #renew(): Promise<boolean> {
    const { lease, metrics, log } = this.#parts;
    if (lease === undefined) return false;
    const before = lease.held;
    const held = await lease.renew();
    metrics.leading.set(held ? 1 : 0);
    if (held !== before) log.info({ held }, "lease changed hands");
    return false;
  }

  async #checkBalances(): Promise<boolean> {
    const { pool, lanes, metrics, alerts, config } = this.#parts;
    for (const [lane, { address }] of Object.entries(lanes ?? {})) {
      const balance = await calling("eth_getBalance", () => pool.reader.getBalance(address));
      metrics.balance.set({ lane }, Number(balance));
      const name = `balance-low ${lane}`;
      const text = `"${address}" has "${balance}" wei left for gas. Send it more.`;
      if (balance < config.minBalance) alerts.raise({ name, severity: "critical", text });
      else alerts.clear(name);
    }
    return false;
  }

  async #serve(): Promise<void> {
    const { config, metrics } = this.#parts;
    if (config.httpPort === 0) return;
    this.#ops = await serveOps({
      host: config.httpHost,
      port: config.httpPort,
      metrics,
      health: this.#health,
      status: () => this.#status(),
    });
  }

  #status(): unknown {
    const { lanes, markets, config } = this.#parts;
    return {
      head: this.#head?.number,
      health: this.#health.report(),
      lanes: Object.entries(lanes ?? {}).map(([name, lane]) => ({ name, ...lane.nonces })),
      markets: markets.map(({ last }, index) => ({
        market: config.markets[index],
        block: last?.blockNumber,
        positions: last?.state.positions.size,
        orders: last?.state.orders.size,
        price: last?.spot === undefined ? last?.spotRefusal : String(last.spot.price),
      })),
    };
  }

  async #stop(): Promise<void> {
    const { lease, database, reports } = this.#parts;
    reports?.stop();
    await this.#ops?.close();
    await lease?.release();
    await database.close();
  }

  /** Do something again and again; a failure is told, and never ends it. */
  async #repeat(everyMs: number, signal: AbortSignal, work: () => Promise<boolean>): Promise<void> {
    while (everyMs > 0 && !signal.aborted) {
      let again = false;
      try {
        again = await work();
      } catch (cause) {
        this.#noteFailure(cause);
      }
      if (!again) await pause(everyMs, signal);
    }
  }

  #noteFailure(cause: unknown): void {
    const { log, metrics } = this.#parts;
    const kind = cause instanceof Error ? cause.name : "unknown";
    metrics.failures.inc({ kind });
    if (cause instanceof RetryableError) {
      log.warn({ failure: kind, reason: cause.message }, "failed for now");
    } else {
      log.error({ err: cause }, "failed unexpectedly");
    }
  }
}

/** Being told to stop ends a pause at once. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (cause) {
    if (!signal.aborted) throw cause;
  }
}
