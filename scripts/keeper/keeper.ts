import type { Logger } from "pino";
import { type Head, readHead } from "../chain/blocks.ts";
import { ContractError, NonceError } from "../chain/failures.ts";
import type { MarketReader } from "../chain/marketReader.ts";
import { hasPending, type Outcome } from "../chain/transactions.ts";
import { RetryableError } from "../core/errors.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { type Action, type Strategy, subjectOf } from "./action.ts";
import { Backoff } from "./backoff.ts";
import { type Executor, send, simulate } from "./executor.ts";

/** One market under a keeper's care. */
export interface KeptMarket {
  readonly reader: MarketReader;
  readonly executor: Executor;
  readonly strategies: readonly Strategy[];
  readonly log: Logger;
}

/** Looks at one market, block by block. */
export class MarketKeeper {
  readonly #market: KeptMarket;
  readonly #backoff = new Backoff();
  #handled = -1;

  constructor(market: KeptMarket) {
    this.#market = market;
  }

  /**
   * Look at the newest block and do what is due. Returns whether there was anything new.
   *
   * Failures are logged and leave the block unhandled, so that it is looked at again; one market's never stop another.
   */
  async tick(): Promise<boolean> {
    const { log, executor } = this.#market;
    try {
      const head = await readHead(executor.sender.provider);
      if (head.number === this.#handled) return false;
      await this.#actAll(head);
      this.#handled = head.number;
      return true;
    } catch (cause) {
      if (cause instanceof RetryableError) {
        log.warn({ failure: cause.name, reason: cause.message }, "tick failed");
      } else {
        log.error({ err: cause }, "tick failed unexpectedly");
      }
      return false;
    }
  }

  /** Each strategy sees the chain as the one before it has left it. */
  async #actAll(head: Head): Promise<void> {
    const { strategies, executor } = this.#market;
    let snapshot = await this.#look(head);
    for (const strategy of strategies) {
      const sent = await this.#actOn(strategy, snapshot);
      if (sent) snapshot = await this.#look(await readHead(executor.sender.provider));
    }
  }

  async #look(head: Head): Promise<Snapshot> {
    const { reader, log } = this.#market;
    await reader.advance(head);
    const snapshot = await reader.snapshot(head);
    log.debug(
      {
        block: head.number,
        positions: snapshot.state.positions.size,
        orders: snapshot.state.orders.size,
        price: String(snapshot.spot?.price ?? snapshot.spotRefusal),
      },
      "looked",
    );
    return snapshot;
  }

  async #actOn(strategy: Strategy, snapshot: Snapshot): Promise<boolean> {
    let sent = false;
    for (const action of this.#plan(strategy, snapshot)) {
      if (!this.#backoff.allows(action, snapshot.blockNumber)) continue;
      sent = (await this.#carryOut(strategy, action, snapshot)) || sent;
    }
    return sent;
  }

  /** A strategy that fails is told of, and the others go on. */
  #plan(strategy: Strategy, snapshot: Snapshot): readonly Action[] {
    try {
      return strategy.plan(snapshot);
    } catch (cause) {
      this.#market.log.error({ strategy: strategy.name, err: cause }, "strategy failed");
      return [];
    }
  }

  async #carryOut(strategy: Strategy, action: Action, snapshot: Snapshot): Promise<boolean> {
    const { executor, log } = this.#market;
    const decision = {
      strategy: strategy.name,
      action: action.kind,
      subject: subjectOf(action),
      block: snapshot.blockNumber,
      reason: action.reason,
    };
    try {
      await requireNothingPending(executor);
      const call = await simulate(executor, action);
      const outcome = await send(executor, call);
      this.#conclude(action, snapshot, outcome);
      log.info({ ...decision, ...describe(outcome) }, "sent");
      return true;
    } catch (cause) {
      if (!(cause instanceof ContractError || cause instanceof RetryableError)) throw cause;
      const refusals = this.#backoff.refused(action, snapshot.blockNumber);
      log.warn({ ...decision, refusals, refusal: cause.message }, "not sent");
      return false;
    }
  }

  /** Only a receipt that says so is a success. */
  #conclude(action: Action, snapshot: Snapshot, outcome: Outcome): void {
    const mined = outcome.kind === "mined" && outcome.receipt.status === 1;
    if (mined) this.#backoff.done(action, snapshot.blockNumber);
    else this.#backoff.refused(action, snapshot.blockNumber);
  }
}

/** One transaction at a time: what is still under way may do the same. */
async function requireNothingPending({ sender }: Executor): Promise<void> {
  if (await hasPending(sender)) throw new NonceError("an earlier transaction is still pending");
}

function describe(outcome: Outcome): Record<string, unknown> {
  if (outcome.kind !== "mined") return { outcome: outcome.kind, nonce: outcome.nonce };
  const { receipt } = outcome;
  return {
    outcome: receipt.status === 1 ? "mined" : "reverted",
    hash: receipt.hash,
    gasUsed: String(receipt.gasUsed),
    minedIn: receipt.blockNumber,
  };
}
