import type { Logger } from "pino";

import type { GasMarket } from "../../chain/fees.ts";
import type { Node } from "../../chain/provider.ts";
import type { Receipt } from "../../chain/receipts.ts";
import type { Signer } from "../../chain/signer.ts";
import { RetryableError } from "../../core/errors.ts";
import type { Intent, SlotStore } from "../store/slotStore.ts";

/** How patiently and how dearly a lane sends. */
export interface SendingPolicy {
  /** Offer more after this [ms]. */
  readonly resubmitMs: number;
  /** Give the nonce back after this [ms]. */
  readonly deadlineMs: number;
  /** Most times to offer more for one nonce. */
  readonly maxBumps: number;
  readonly maxInFlight: number;
  /** Blocks after which a receipt is final. */
  readonly confirmations: number;
  /** Share of the market's price to offer at first [percent]. */
  readonly feePercent: bigint;
}

/** A private way to whoever builds blocks. */
export interface Relay {
  readonly nodes: readonly Node[];
  /** Send to everybody after this [ms]; never when absent. */
  readonly publicAfterMs: number | undefined;
}

/** What a lane needs. */
export interface LaneOptions {
  readonly name: string;
  readonly signer: Signer;
  readonly chainId: bigint;
  readonly reader: Node;
  readonly nodes: readonly Node[];
  readonly relay: Relay | undefined;
  readonly store: SlotStore;
  readonly policy: SendingPolicy;
  readonly gasMarket: () => Promise<GasMarket>;
  /** Asked right before every broadcast. */
  readonly mayBroadcast: () => Promise<boolean>;
  readonly onEvent: (event: LaneEvent) => void;
  /** [ms since 1970] */
  readonly now: () => number;
  readonly log: Logger;
}

/** What becomes of an intent. */
export type LaneEvent =
  | {
      readonly kind: "mined";
      readonly intent: Intent;
      readonly receipt: Receipt;
      readonly cancelled: boolean;
      /** Since it was begun [ms]. */
      readonly tookMs: number;
    }
  | {
      readonly kind: "superseded" | "released" | "late" | "reopened";
      readonly intent: Intent;
      readonly nonce: number;
      readonly reason: string;
    };

/** What sending came to at once. */
export type Handed =
  | { readonly kind: "sent" | "unknown"; readonly nonce: number; readonly hash: string }
  | { readonly kind: "refused"; readonly reason: string };

/** Thrown when somebody else leads now: what was signed is not sent. */
export class NotLeadingError extends RetryableError {
  constructor() {
    super("Another keeper holds the lease now. Nothing is sent.");
  }
}

/** Thrown when a lane has as many transactions under way as it may. */
export class LaneFullError extends RetryableError {
  constructor(name: string, count: number) {
    super(`The lane "${name}" has "${count}" transactions under way. It is tried again.`);
  }
}
