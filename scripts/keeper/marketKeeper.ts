import type { Head } from "../chain/blocks.ts";
import { ContractError } from "../chain/failures.ts";
import { waitingOf } from "../chain/marketView.ts";
import type { PriceOfNow } from "../chain/priceReader.ts";
import { liquidatablePositions } from "../core/dueWork.ts";
import { RetryableError } from "../core/errors.ts";
import type { DueRescue, Snapshot } from "../core/snapshot.ts";
import {
  type Action,
  halvesOf,
  isTriedBy,
  itemsOf,
  restrictedTo,
  type Strategy,
  subjectOf,
  triedBy,
} from "./action.ts";
import { STORE_ALERT } from "./alerts.ts";
import { Backoff } from "./backoff.ts";
import { countOf, gasCeiling, type Simulation, simulate } from "./executor.ts";
import type { Followed } from "./follower.ts";
import { InFlight } from "./inFlight.ts";
import type { KeptMarket } from "./keptMarket.ts";
import { Lags } from "./lags.ts";
import { judge } from "./profit.ts";
import { findRescues, type Sight } from "./rescues.ts";
import type { LaneEvent } from "./sending/laneOptions.ts";
import { sideBySide } from "./sideBySide.ts";
import type { Intent } from "./store/slotStore.ts";

/** Gas that one transaction may offer on chains that bound it (EIP-7825). */
const MOST_GAS = 16_777_216n;
/** Looks at one market, block by block, and does what is due. */
export class MarketKeeper {
  readonly #market: KeptMarket;
  readonly #backoff = new Backoff();
  readonly #inFlight = new InFlight();
  readonly #lags: Lags;
  #looking = false;
  #handled = "";
  #last: Snapshot | undefined;
  #mostGas = MOST_GAS;

  constructor(market: KeptMarket) {
    this.#market = market;
    this.#lags = new Lags(market.now);
  }

  /** What was seen last, for those who ask how things stand. */
  get last(): Snapshot | undefined {
    return this.#last;
  }

  /** Keep off what was under way before a restart. */
  resume(intents: readonly Intent[]): void {
    for (const { items } of intents) this.#inFlight.take(items.filter((item) => this.#owns(item)));
  }

  /**
   * Look at a block and the newest price and do what is due. Looks never overlap: one that comes meanwhile is left out.
   *
   * @returns Whether the look was useful: it saw the market whole, at a price.
   */
  async look(head: Head): Promise<boolean> {
    if (this.#looking) return false;
    const seen = `${head.hash} ${this.#market.priceMark(BigInt(head.timestamp))}`;
    if (this.#handled === seen) return this.#last?.spot !== undefined;
    this.#looking = true;
    try {
      return await this.#lookAt(head, seen);
    } catch (cause) {
      this.#noteFailure(cause);
      return false;
    } finally {
      this.#looking = false;
    }
  }

  /** Take in what became of a transaction. */
  conclude(event: LaneEvent): void {
    const items = event.intent.items.filter((item) => this.#owns(item));
    if (items.length === 0 || event.kind === "late") return;
    this.#handled = "";
    if (event.kind === "reopened") {
      this.#inFlight.take(items);
      return;
    }
    if (event.kind !== "mined") {
      this.#inFlight.release(items);
      return;
    }
    const { blockNumber, succeeded } = event.receipt;
    this.#inFlight.releaseAt(items, blockNumber);
    this.#inFlight.reached(this.#market.follower.tip?.number ?? 0);
    if (event.cancelled) return;
    const [kind = ""] = event.intent.name.split(" ");
    for (const item of items.filter((one) => isTriedBy(kind, this.#bare(one)))) {
      if (succeeded) this.#concludeWell(item, blockNumber);
      else this.#concludeBadly(item, blockNumber);
    }
  }

  async #lookAt(head: Head, seen: string): Promise<boolean> {
    const { follower, metrics, name, alerts, now } = this.#market;
    const began = now();
    this.#mostGas = mostGasIn(head);
    const asked = this.#market.view.now(head, head.hash);
    asked.catch(() => {});
    const followed = await this.#follow(head);
    if (follower.frozen) return false;
    for (const over of [`frozen ${name}`, STORE_ALERT.name]) alerts.clear(over);
    this.#inFlight.reached(head.number);
    const sight = await this.#see(head, { ...followed, asked });
    const { snapshot, scene } = sight;
    this.#last = snapshot;
    const whole = await this.#actOn(sight);
    metrics.reactionSeconds.observe({ market: name }, (now() - began) / 1000);
    if (whole) this.#handled = seen;
    if (scene !== undefined) followed.index.prepare(scene);
    this.#measure(snapshot);
    return whole && snapshot.spot !== undefined;
  }

  async #follow(head: Head): Promise<Followed> {
    const { follower, metrics, name, alerts } = this.#market;
    try {
      return await follower.follow(head);
    } finally {
      metrics.frozen.set({ market: name }, follower.frozen ? 1 : 0);
      if (follower.frozen) {
        const text = "The chain contradicts what was read. Nothing is sent until nodes agree.";
        alerts.raise({ name: `frozen ${name}`, severity: "critical", text });
      }
    }
  }

  async #see(
    head: Head,
    { index, sums, asked }: Followed & { readonly asked: Promise<PriceOfNow> },
  ): Promise<Sight> {
    const { view, metrics, name, now } = this.#market;
    const waiting = waitingOf(index, index.orders.marketOrders());
    const facts = await view.facts(head, waiting, { blockTag: head.hash, sums, now: asked });
    const { market, constants, spot } = facts;
    const scene =
      spot === undefined
        ? undefined
        : { ...market, price: spot.price, skewScale: constants.skewScale };
    const began = now();
    const shortlist = index.shortlist(scene);
    metrics.searchSeconds.observe({ market: name }, (now() - began) / 1000);
    return { snapshot: { ...facts, state: index, shortlist }, scene, index, head };
  }

  /** Strategies act in their order; housekeeping only when nothing else is under way. */
  async #actOn(sight: Sight): Promise<boolean> {
    let whole = true;
    let held = 0;
    for (const strategy of this.#market.strategies) {
      if (strategy.lane === "housekeeping" && this.#inFlight.size > 0) continue;
      const snapshot = await this.#lookUp(strategy, sight);
      if (snapshot === undefined) {
        whole = false;
        continue;
      }
      const actions = this.#plan(strategy, snapshot);
      const results = await sideBySide(actions, (action) =>
        this.#carryOut({ strategy, action, snapshot }),
      );
      whole = whole && !results.includes("failed");
      held += results.filter((result) => result === "held").length;
    }
    const { metrics, name, alerts } = this.#market;
    metrics.held.set({ market: name }, held);
    if (held === 0) alerts.clear(`unprofitable ${name}`);
    return whole;
  }

  /** Look up what a strategy needs besides; nothing when that fails. */
  async #lookUp(strategy: Strategy, sight: Sight): Promise<Snapshot | undefined> {
    if (strategy.looks === undefined) return sight.snapshot;
    try {
      return { ...sight.snapshot, rescues: await this.#rescues(strategy, sight) };
    } catch (cause) {
      this.#noteFailure(cause);
      return undefined;
    }
  }

  async #rescues(strategy: Strategy, sight: Sight): Promise<readonly DueRescue[]> {
    const { view, lanes, metrics, name: market, log } = this.#market;
    const { snapshot } = sight;
    const found = await findRescues(sight, {
      view,
      room: lanes?.[strategy.lane].room,
      isAllowed: (id) =>
        this.#inFlight.isFree(this.#own(`position ${id}`)) && this.#isDue(`rescue ${id}`, snapshot),
      onHopeless: (id) => this.#backoff.refused(`rescue ${id}`, snapshot.blockNumber),
      log,
    });
    metrics.rescuesDue.set({ market }, found.length);
    return found;
  }

  /** What a strategy wants, less what is under way, pauses or is another keeper's. */
  #plan(strategy: Strategy, snapshot: Snapshot): readonly Action[] {
    try {
      return strategy
        .plan(snapshot)
        .flatMap((action) => restrictedTo(action, (part) => this.#mayTry(part, snapshot)) ?? []);
    } catch (cause) {
      // A strategy that fails is told of, and the others go on.
      this.#market.log.error({ strategy: strategy.name, err: cause }, "strategy failed");
      return [];
    }
  }

  #mayTry(part: Action, { blockNumber }: Snapshot): boolean {
    const isFree = itemsOf(part).every((item) => this.#inFlight.isFree(this.#own(item)));
    // Every part is asked, so that turns are counted from when it was first seen.
    const tries = triedBy(part).filter((item) => {
      const seen = this.#lags.seen(item, blockNumber);
      return (
        !this.#isDue(item, { blockNumber }) || !this.#market.isMyTurn(item, blockNumber - seen)
      );
    });
    return isFree && tries.length === 0;
  }

  /** Whether a thing neither pauses after a refusal nor is under way. */
  #isDue(item: string, { blockNumber }: Pick<Snapshot, "blockNumber">): boolean {
    return this.#inFlight.isFree(this.#own(item)) && this.#backoff.allows(item, blockNumber);
  }

  async #carryOut(attempt: Attempt): Promise<Result> {
    const { strategy, action } = attempt;
    try {
      if (gasCeiling(action) > this.#mostGas && halvesOf(action).length > 0) {
        return await this.#divide(attempt);
      }
      const simulation = await simulate(
        this.#market.executor,
        action,
        this.#market.lanes?.[strategy.lane].address ?? this.#market.caller,
      );
      if (simulation.done < countOf(action) && halvesOf(action).length > 0) {
        return await this.#divide(attempt);
      }
      return await this.#decide(attempt, simulation);
    } catch (cause) {
      return this.#refused(attempt, cause);
    }
  }

  /** One thing that cannot be done must not hold up others, nor be paid for again and again. */
  async #divide(attempt: Attempt): Promise<Result> {
    const results = await Promise.all(
      halvesOf(attempt.action).map((action) => this.#carryOut({ ...attempt, action })),
    );
    return results.includes("failed") ? "failed" : (results[0] ?? "done");
  }

  async #decide(attempt: Attempt, simulation: Simulation): Promise<Result> {
    const { gasMarket, profitRule, lanes } = this.#market;
    const { strategy, action } = attempt;
    const [{ baseFee, maxPriorityFeePerGas }, rule] = await Promise.all([
      gasMarket(),
      profitRule(),
    ]);
    const { reward, gas, value } = simulation;
    const dataFee = simulation.dataFee + value;
    const gasPrice = baseFee + maxPriorityFeePerGas;
    const verdict = judge({ reward, gas, gasPrice, dataFee }, rule);
    if (verdict.kind === "wait") return this.#hold(attempt, verdict);
    if (lanes === undefined) {
      this.#tell(attempt, "would send", { gas: String(gas), reward: String(reward) });
      return "done";
    }
    const items = itemsOf(action).map((item) => this.#own(item));
    // What a look saw may have been taken while the simulation ran.
    if (!items.every((item) => this.#inFlight.isFree(item))) return "done";
    this.#inFlight.take(items);
    const { to, data, gasLimit } = simulation;
    const name = `${action.kind} ${items.join(",")}`;
    const intent = { name, to, data, gasLimit, value, feeCap: verdict.feeCap, items };
    try {
      const handed = await lanes[strategy.lane].send(intent);
      if (handed.kind === "refused") this.#inFlight.release(items);
      this.#tell(attempt, handed.kind, { ...handed, reward: String(reward) });
      return handed.kind === "refused" ? "failed" : "done";
    } catch (cause) {
      this.#inFlight.release(items);
      throw cause;
    }
  }

  #hold(
    attempt: Attempt,
    { cost, reward }: { readonly cost: bigint; readonly reward: bigint },
  ): Result {
    const { alerts, name } = this.#market;
    const text = `"${attempt.action.kind}" would cost "${cost}" and bring "${reward}". It waits until it pays.`;
    this.#tell(attempt, "held", { cost: String(cost), reward: String(reward) });
    alerts.raise({ name: `unprofitable ${name}`, severity: "warning", text });
    return "held";
  }

  #refused(attempt: Attempt, cause: unknown): Result | Promise<Result> {
    const { action, snapshot } = attempt;
    if (cause instanceof ContractError) {
      if (halvesOf(action).length > 0) return this.#divide(attempt);
      for (const item of triedBy(action)) this.#backoff.refused(item, snapshot.blockNumber);
      this.#tell(attempt, "refused", { refusal: cause.message });
      return "done";
    }
    this.#noteFailure(cause);
    return "failed";
  }

  #concludeWell(item: string, blockNumber: number): void {
    const { metrics, name } = this.#market;
    const bare = this.#bare(item);
    this.#backoff.done(bare);
    const lag = this.#lags.end(bare, blockNumber);
    if (lag === undefined || !bare.startsWith("position ")) return;
    metrics.lagSeconds.observe({ market: name }, lag.ms / 1000);
    metrics.lagBlocks.observe({ market: name }, lag.blocks);
  }

  #concludeBadly(item: string, blockNumber: number): void {
    const reverts = this.#backoff.reverted(this.#bare(item), blockNumber);
    this.#market.log.warn({ item, reverts }, "reverted on chain");
  }

  #noteFailure(cause: unknown): void {
    const { log, metrics, alerts } = this.#market;
    const kind = cause instanceof Error ? cause.name : "unknown";
    metrics.failures.inc({ kind });
    if (kind === "StoreError") alerts.raise(STORE_ALERT);
    if (cause instanceof RetryableError) {
      log.warn({ failure: kind, reason: cause.message }, "failed for now");
    } else {
      log.error({ err: cause }, "failed unexpectedly");
    }
  }

  #tell({ strategy, action, snapshot }: Attempt, outcome: string, more: object): void {
    const { log, metrics, name } = this.#market;
    metrics.decisions.inc({ market: name, strategy: strategy.name, outcome });
    const subject = subjectOf(action);
    const { reason, kind } = action;
    const decision = { strategy: strategy.name, action: kind, subject, reason };
    log.info({ ...decision, block: snapshot.blockNumber, outcome, ...more }, "decided");
  }

  #measure(snapshot: Snapshot): void {
    const { metrics, name: market } = this.#market;
    const { state, spot, now, blockNumber } = snapshot;
    const due = liquidatablePositions(snapshot);
    this.#lags.keepOnly(blockNumber);
    this.#backoff.forget(blockNumber);
    metrics.headBlock.set({ market }, blockNumber);
    metrics.positions.set({ market }, state.positions.size);
    metrics.orders.set({ market }, state.orders.size);
    metrics.mandates.set({ market }, state.mandates.size);
    metrics.due.set({ market }, due.length);
    metrics.unknown.set({ market }, due.filter(({ lack }) => lack === undefined).length);
    metrics.inFlight.set({ market }, this.#inFlight.size);
    metrics.paused.set({ market }, this.#backoff.waiting(blockNumber));
    if (spot !== undefined) metrics.oracleAge.set({ market }, Number(now - spot.observedAt));
  }

  /** Lanes serve several markets, whose ids are the same numbers. */
  #own(item: string): string {
    return `${this.#market.name} ${item}`;
  }

  #owns(item: string): boolean {
    return item.startsWith(`${this.#market.name} `);
  }

  #bare(item: string): string {
    return item.slice(this.#market.name.length + 1);
  }
}

interface Attempt {
  readonly strategy: Strategy;
  readonly action: Action;
  readonly snapshot: Snapshot;
}

type Result = "done" | "held" | "failed";

/** Blocks are shared with others: a transaction that needs most of one waits long, or for ever. */
function mostGasIn({ gasLimit }: Head): bigint {
  const half = gasLimit === undefined ? MOST_GAS : gasLimit / 2n;
  return half < MOST_GAS ? half : MOST_GAS;
}
