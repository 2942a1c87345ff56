import type { Fees } from "../../chain/fees.ts";
import type { Intent, SignedTransaction } from "../store/slotStore.ts";

/** One nonce under way, with every transaction that was signed under it. */
export interface Slot {
  readonly nonce: number;
  readonly intent: Intent;
  readonly transactions: SignedTransaction[];
  /** Whether a node has taken the newest transaction. */
  accepted: boolean;
  /** When the slot began, and when its newest transaction was signed and handed out [ms]. */
  readonly startedAt: number;
  signedAt: number;
  handedAt: number;
  /** Times that more was offered. */
  bumps: number;
  /** Times that the chain had used the nonce without showing a receipt. */
  misses: number;
  /** Block of its receipt, while that may still be taken back. */
  minedIn: number | undefined;
  /** Whether it now only gives the nonce back. */
  cancelling: boolean;
  /** Hashes of transactions that do nothing but that. */
  readonly cancels: Set<string>;
}

/** Begin a slot. */
export function newSlot(nonce: number, intent: Intent, now: number): Slot {
  return {
    nonce,
    intent,
    transactions: [],
    accepted: false,
    startedAt: now,
    signedAt: now,
    handedAt: now,
    bumps: 0,
    misses: 0,
    minedIn: undefined,
    cancelling: false,
    cancels: new Set(),
  };
}

/** Return what the newest transaction of a slot offers; nothing before the first. */
export function offerOf(slot: Slot): Fees | undefined {
  return slot.transactions.at(-1)?.fees;
}
