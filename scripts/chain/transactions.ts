import type { TransactionReceipt, TransactionRequest } from "ethers";

import { RetryableError } from "../core/errors.ts";
import { calling } from "./errors.ts";
import type { Sender } from "./signer.ts";

/** What to send. */
export interface Call {
  readonly to: string;
  readonly data: string;
  /** [wei] */
  readonly value?: bigint;
  readonly gasLimit: bigint;
}

/** How long to wait, and how. */
export interface Patience {
  /** Give up after this [ms]. */
  readonly deadlineMs: number;
  /** Ask again after this [ms]. */
  readonly pollMs: number;
  /** Offer more after this [ms]. */
  readonly bumpMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** How a sent transaction ended. */
export type Outcome =
  | { readonly kind: "mined"; readonly receipt: TransactionReceipt }
  | { readonly kind: "superseded"; readonly nonce: number }
  | { readonly kind: "pending"; readonly nonce: number };

interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Pools refuse a replacement that offers less than a tenth more; an eighth more passes everywhere. */
const BUMP_NUMERATOR = 9n;
const BUMP_DENOMINATOR = 8n;

/**
 * Send a call and follow its nonce until it is used, whichever of our transactions uses it.
 *
 * The nonce is read from the chain each time, so a failed send leaves no gap behind.
 *
 * @throws NonceError or RpcError when the first send fails, or the node stays silent.
 */
export async function sendAndConfirm(
  sender: Sender,
  call: Call,
  patience: Patience,
): Promise<Outcome> {
  const nonce = await nextNonce(sender);
  const slot = new Slot(sender, call, nonce);
  const started = patience.now();
  await slot.sendFirst();
  let lastSend = started;
  while (patience.now() - started < patience.deadlineMs) {
    const outcome = await slot.look();
    if (outcome !== undefined) return outcome;
    await patience.sleep(patience.pollMs);
    if (patience.now() - lastSend >= patience.bumpMs) {
      lastSend = patience.now();
      await slot.sendQuietly();
    }
  }
  return { kind: "pending", nonce };
}

/** Whether the account has sent something that the chain has not taken yet. */
export async function hasPending(sender: Sender): Promise<boolean> {
  const [mined, sent] = await calling("eth_getTransactionCount", () =>
    Promise.all([
      sender.provider.getTransactionCount(sender.address, "latest"),
      sender.provider.getTransactionCount(sender.address, "pending"),
    ]),
  );
  return sent > mined;
}

/** One nonce and every transaction that was sent under it. */
class Slot {
  readonly #sender: Sender;
  readonly #call: Call;
  readonly #nonce: number;
  readonly #hashes: string[] = [];
  #fees: Fees | undefined;

  constructor(sender: Sender, call: Call, nonce: number) {
    this.#sender = sender;
    this.#call = call;
    this.#nonce = nonce;
  }

  /** Send, or offer more for what was sent. */
  async send(): Promise<void> {
    this.#fees = this.#fees === undefined ? await currentFees(this.#sender) : bumped(this.#fees);
    const request: TransactionRequest = {
      ...this.#call,
      ...this.#fees,
      from: this.#sender.address,
      nonce: this.#nonce,
      type: 2,
      chainId: (await this.#sender.provider.getNetwork()).chainId,
    };
    await this.#sender.broadcast(request, (hash) => this.#hashes.push(hash));
  }

  /** A first send that fails under a known hash may still have arrived: then the nonce is watched all the same. */
  async sendFirst(): Promise<void> {
    try {
      await this.send();
    } catch (cause) {
      if (this.#hashes.length === 0) throw cause;
    }
  }

  /** A replacement that fails leaves the first in place. */
  async sendQuietly(): Promise<void> {
    try {
      await this.send();
    } catch (cause) {
      if (!(cause instanceof RetryableError)) throw cause;
    }
  }

  /** How the nonce was used; `undefined` while it is not, or while the node does not say. */
  async look(): Promise<Outcome | undefined> {
    try {
      const used = await this.#sender.provider.getTransactionCount(this.#sender.address, "latest");
      if (used <= this.#nonce) return undefined;
      for (const hash of this.#hashes) {
        const receipt = await this.#sender.provider.getTransactionReceipt(hash);
        if (receipt !== null) return { kind: "mined", receipt };
      }
      return { kind: "superseded", nonce: this.#nonce };
    } catch {
      return undefined;
    }
  }
}

async function nextNonce(sender: Sender): Promise<number> {
  return calling("eth_getTransactionCount", () =>
    sender.provider.getTransactionCount(sender.address, "latest"),
  );
}

async function currentFees(sender: Sender): Promise<Fees> {
  const fees = await calling("eth_gasPrice", () => sender.provider.getFeeData());
  const tip = fees.maxPriorityFeePerGas ?? 0n;
  return { maxFeePerGas: fees.maxFeePerGas ?? fees.gasPrice ?? tip, maxPriorityFeePerGas: tip };
}

function bumped(fees: Fees): Fees {
  const more = (value: bigint) => (value * BUMP_NUMERATOR) / BUMP_DENOMINATOR + 1n;
  return {
    maxFeePerGas: more(fees.maxFeePerGas),
    maxPriorityFeePerGas: more(fees.maxPriorityFeePerGas),
  };
}
