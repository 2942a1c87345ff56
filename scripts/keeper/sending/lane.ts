import { type BroadcastResult, broadcast } from "../../chain/broadcast.ts";
import { calling } from "../../chain/errors.ts";
import { bumpedFees, type Fees, type GasMarket } from "../../chain/fees.ts";
import type { Node } from "../../chain/provider.ts";
import { receiptsOf } from "../../chain/receipts.ts";
import { hashOf } from "../../chain/signer.ts";
import { RetryableError } from "../../core/errors.ts";
import type { Intent, SlotState } from "../store/slotStore.ts";
import {
  type Handed,
  type LaneEvent,
  LaneFullError,
  type LaneOptions,
  NotLeadingError,
} from "./laneOptions.ts";
import { Nonces } from "./nonces.ts";
import { newSlot, offerOf, type Slot } from "./slot.ts";

const BUMPS_AT_ONCE = 3;
const MISSES = 3;
const TRANSFER_GAS = 21_000n;

/** Sends for one account, and follows each nonce until it is used or given back. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #nonces = new Nonces();
  readonly #slots = new Map<number, Slot>();
  #looking = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get address(): string {
    return this.#options.signer.address;
  }

  /** Intents that are under way. */
  get intents(): readonly Intent[] {
    return this.#unmined().map(({ intent }) => intent);
  }

  /** Nonces that are open, and those that lie unused below them. */
  get nonces(): { readonly open: readonly number[]; readonly gaps: readonly number[] } {
    return { open: this.#unmined().map(({ nonce }) => nonce), gaps: this.#nonces.gaps };
  }

  /** How many more may be under way. */
  get room(): number {
    return Math.max(0, this.#options.policy.maxInFlight - this.#unmined().length);
  }

  /**
   * Take up what is under way: ours is followed on, and what nobody knows is given its time and then cancelled.
   *
   * @throws RpcError when the node does not answer.
   */
  async open(): Promise<void> {
    const { store, now } = this.#options;
    const [used, pending] = await Promise.all([this.#count("latest"), this.#count("pending")]);
    this.#slots.clear();
    for (const { nonce, intent, transactions } of await store.open()) {
      const slot = newSlot(nonce, intent, now());
      slot.transactions.push(...transactions);
      this.#slots.set(nonce, slot);
    }
    for (let nonce = used; nonce < pending; nonce += 1) {
      if (!this.#slots.has(nonce)) this.#slots.set(nonce, newSlot(nonce, this.#idle(nonce), now()));
    }
    this.#nonces.reconcile(used, [...this.#slots.keys()]);
  }

  /**
   * Sign, store and send. The nonce is given back when nothing can have left.
   *
   * @throws LaneFullError, NotLeadingError, KeyError or RpcError.
   */
  async send(intent: Intent): Promise<Handed> {
    const { policy, name, gasMarket, now } = this.#options;
    if (this.room === 0) throw new LaneFullError(name, policy.maxInFlight);
    const market = await gasMarket();
    const slot = newSlot(this.#nonces.reserve(), intent, now());
    this.#slots.set(slot.nonce, slot);
    try {
      await this.#sign(slot, this.#firstOffer(intent, market));
      if (!(await this.#options.mayBroadcast())) throw new NotLeadingError();
    } catch (cause) {
      await this.#conclude(slot, "released");
      throw cause;
    }
    return this.#hand(slot, market);
  }

  /** Look after everything that is under way. Failures of one slot never stop another. */
  async poll(): Promise<void> {
    if (this.#looking || (this.#slots.size === 0 && this.#nonces.gaps.length === 0)) return;
    this.#looking = true;
    try {
      await this.#look();
    } finally {
      this.#looking = false;
    }
  }

  async #look(): Promise<void> {
    const { reader, gasMarket, log, name } = this.#options;
    const [used, height, market] = await Promise.all([
      this.#count("latest"),
      calling("eth_blockNumber", () => reader.getBlockNumber()),
      gasMarket(),
    ]);
    for (const slot of this.#sorted()) {
      try {
        if (slot.nonce < used) await this.#settle(slot, height);
        else await this.#push(slot, market);
      } catch (cause) {
        if (!(cause instanceof RetryableError)) throw cause;
        log.warn({ lane: name, nonce: slot.nonce, reason: cause.message }, "slot waits");
      }
    }
    await this.#fillGaps(used, market);
  }

  /** The nonce is used: by which of ours? */
  async #settle(slot: Slot, height: number): Promise<void> {
    const { reader, policy, onEvent, now } = this.#options;
    const hashes = slot.transactions.map(({ hash }) => hash).reverse();
    const [receipt] = await receiptsOf(reader, hashes);
    if (receipt === undefined) {
      slot.misses += 1;
      slot.minedIn = undefined;
      if (slot.misses < MISSES) return;
      await this.#conclude(slot, "superseded");
      this.#tell("superseded", slot, "another transaction used its nonce");
      return;
    }
    if (slot.minedIn === undefined) {
      const cancelled = slot.cancels.has(receipt.hash);
      const tookMs = now() - slot.startedAt;
      onEvent({ kind: "mined", intent: slot.intent, receipt, cancelled, tookMs });
    }
    slot.minedIn = receipt.blockNumber;
    if (height - receipt.blockNumber >= policy.confirmations) await this.#conclude(slot, "mined");
  }

  /** The nonce is not used yet: offer more, cancel, or hand the same out again. */
  async #push(slot: Slot, market: GasMarket): Promise<void> {
    const { policy, now } = this.#options;
    this.#reopen(slot);
    const isOld = now() - slot.signedAt >= policy.resubmitMs;
    if (slot.transactions.length === 0) {
      if (isOld) await this.#cancel(slot, market, "nobody here knows what is pending");
      return;
    }
    if (!slot.cancelling && now() - slot.startedAt >= policy.deadlineMs) {
      this.#tell("late", slot, "it was not mined in time");
      await this.#cancel(slot, market, "its time is over");
      return;
    }
    const isBlocking = this.#isBlocking(slot);
    const wanted = isBlocking ? this.#largestOffer(market) : market;
    const mayBump = (isOld || isBlocking) && slot.bumps < policy.maxBumps;
    if (mayBump && (await this.#bump(slot, wanted))) await this.#hand(slot, market);
    else if (!slot.accepted || now() - slot.handedAt >= policy.resubmitMs / 2) {
      await this.#hand(slot, market);
    }
  }

  /** A receipt that is gone, with its block, was none. */
  #reopen(slot: Slot): void {
    if (slot.minedIn === undefined) return;
    slot.minedIn = undefined;
    slot.accepted = false;
    this.#tell("reopened", slot, "the block of its receipt was replaced");
  }

  /** Whether the first in line offers too little for what waits behind it. */
  #isBlocking(slot: Slot): boolean {
    const [first, ...others] = this.#unmined();
    const offer = offerOf(slot)?.maxFeePerGas ?? 0n;
    return (
      first === slot && others.some((one) => (offerOf(one)?.maxFeePerGas ?? 0n) * 10n > offer * 11n)
    );
  }

  #largestOffer(market: GasMarket): Fees {
    const offers = this.#unmined().flatMap((slot) => offerOf(slot) ?? []);
    return offers.reduce<Fees>(
      (most, offer) => (offer.maxFeePerGas > most.maxFeePerGas ? offer : most),
      market,
    );
  }

  /** Sign the same under the same nonce for more; nothing when that is above its cap. */
  async #bump(slot: Slot, market: Fees): Promise<boolean> {
    const offer = offerOf(slot);
    if (offer === undefined) return false;
    const fees = bumpedFees(offer, market, slot.intent.feeCap);
    if (fees === undefined) {
      const { log, name, now } = this.#options;
      slot.signedAt = now();
      log.warn({ lane: name, nonce: slot.nonce, intent: slot.intent.name }, "held at its fee cap");
      return false;
    }
    slot.bumps += 1;
    await this.#sign(slot, fees);
    return true;
  }

  async #cancel(slot: Slot, market: GasMarket, reason: string): Promise<void> {
    const { log, name } = this.#options;
    log.warn({ lane: name, nonce: slot.nonce, intent: slot.intent.name, reason }, "cancelling");
    slot.cancelling = true;
    const offer = offerOf(slot);
    const double = { ...market, maxFeePerGas: 2n * market.maxFeePerGas };
    const fees = offer === undefined ? double : bumpedFees(offer, market, slot.intent.feeCap);
    await this.#sign(slot, fees ?? offer ?? double);
    await this.#hand(slot, market);
  }

  /** Unused numbers below open ones would hold them up for ever. */
  async #fillGaps(used: number, market: GasMarket): Promise<void> {
    const highest = this.#sorted().at(-1)?.nonce ?? -1;
    for (const gap of this.#nonces.gaps) {
      if (gap < used || gap > highest || this.#nonces.reserve() !== gap) continue;
      const slot = newSlot(gap, this.#idle(gap), this.#options.now());
      this.#slots.set(gap, slot);
      await this.#cancel(slot, market, "nothing else uses this nonce");
    }
  }

  async #hand(slot: Slot, market: GasMarket, again = 0): Promise<Handed> {
    const newest = slot.transactions.at(-1);
    if (newest === undefined || !(await this.#options.mayBroadcast())) throw new NotLeadingError();
    slot.handedAt = this.#options.now();
    const result = await broadcast(this.#nodesFor(slot), newest.raw);
    const { nonce } = slot;
    const known = { nonce, hash: newest.hash };
    switch (result.reception) {
      case "accepted":
        slot.accepted = true;
        return { kind: "sent", ...known };
      case "underpriced": {
        const bumped = again < BUMPS_AT_ONCE && (await this.#bump(slot, market));
        return bumped ? this.#hand(slot, market, again + 1) : { kind: "unknown", ...known };
      }
      case "unfunded":
      case "rejected":
        return this.#refuse(slot, result);
      case "nonceUsed":
        await this.#recount();
        return { kind: "unknown", ...known };
      case "unknown":
        return { kind: "unknown", ...known };
    }
  }

  /** Nothing that every node refuses can be mined; what one of them took before, still can. */
  async #refuse(slot: Slot, { reason, reception }: BroadcastResult): Promise<Handed> {
    const { log, name } = this.#options;
    log.error({ lane: name, nonce: slot.nonce, reception, reason }, "nodes refuse to take it");
    if (slot.accepted || slot.transactions.length > 1) {
      return { kind: "unknown", nonce: slot.nonce, hash: "" };
    }
    await this.#conclude(slot, "released");
    this.#tell("released", slot, reason);
    return { kind: "refused", reason };
  }

  /** What a node says of a nonce is held against the chain; whether one of ours used it, the receipts tell. */
  async #recount(): Promise<void> {
    try {
      this.#nonces.reconcile(await this.#count("latest"), [...this.#slots.keys()]);
    } catch (cause) {
      if (!(cause instanceof RetryableError)) throw cause;
    }
  }

  #nodesFor(slot: Slot): readonly Node[] {
    const { relay, nodes, now } = this.#options;
    if (relay === undefined) return nodes;
    const { publicAfterMs } = relay;
    const isPublic = publicAfterMs !== undefined && now() - slot.startedAt >= publicAfterMs;
    return isPublic ? [...relay.nodes, ...nodes] : relay.nodes;
  }

  /** Sign and store; only then may it leave. */
  async #sign(slot: Slot, fees: Fees): Promise<void> {
    const { signer, chainId, store, now } = this.#options;
    const { intent, nonce } = slot;
    const call = slot.cancelling
      ? { to: signer.address, data: "0x", value: 0n, gasLimit: TRANSFER_GAS }
      : { to: intent.to, data: intent.data, value: intent.value, gasLimit: intent.gasLimit };
    const { maxFeePerGas, maxPriorityFeePerGas } = fees;
    const offer = { maxFeePerGas, maxPriorityFeePerGas };
    const raw = await signer.sign({ ...call, ...offer, nonce, chainId, type: 2 });
    const transaction = { hash: hashOf(raw), raw, fees: offer, createdAt: now() };
    await store.keep(nonce, intent, transaction);
    slot.transactions.push(transaction);
    if (slot.cancelling) slot.cancels.add(transaction.hash);
    slot.accepted = false;
    slot.signedAt = now();
  }

  #firstOffer({ feeCap }: Intent, market: GasMarket): Fees {
    const wanted = (market.maxFeePerGas * this.#options.policy.feePercent) / 100n;
    const maxFeePerGas = wanted < feeCap ? wanted : feeCap;
    const tip = market.maxPriorityFeePerGas;
    return { maxFeePerGas, maxPriorityFeePerGas: tip < maxFeePerGas ? tip : maxFeePerGas };
  }

  async #conclude(slot: Slot, state: SlotState): Promise<void> {
    this.#slots.delete(slot.nonce);
    if (state === "released") this.#nonces.release(slot.nonce);
    await this.#options.store.conclude(slot.nonce, slot.intent, state);
  }

  #tell(kind: Exclude<LaneEvent["kind"], "mined">, slot: Slot, reason: string): void {
    this.#options.onEvent({ kind, intent: slot.intent, nonce: slot.nonce, reason });
  }

  /** An intent that only uses a nonce. */
  #idle(nonce: number): Intent {
    const { address } = this.#options.signer;
    return {
      name: `nonce ${nonce}`,
      to: address,
      data: "0x",
      gasLimit: TRANSFER_GAS,
      value: 0n,
      feeCap: 2n ** 128n,
      items: [],
    };
  }

  #sorted(): readonly Slot[] {
    return [...this.#slots.values()].sort((a, b) => a.nonce - b.nonce);
  }

  #unmined(): readonly Slot[] {
    return this.#sorted().filter((slot) => slot.minedIn === undefined);
  }

  #count(tag: "latest" | "pending"): Promise<number> {
    const { reader, signer } = this.#options;
    return calling("eth_getTransactionCount", () =>
      reader.getTransactionCount(signer.address, tag),
    );
  }
}
