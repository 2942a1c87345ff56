import type { PriceProof } from "../core/priceProof.ts";
import type { Snapshot } from "../core/snapshot.ts";

/** Something to do on chain, as data, with the reason for it. */
export type Action =
  | {
      readonly kind: "executeOrders";
      readonly orderIds: readonly bigint[];
      /** Of the one price of market orders; of the price of now for trigger orders. */
      readonly proof: PriceProof;
      readonly reason: string;
    }
  | {
      readonly kind: "liquidate";
      readonly positionIds: readonly bigint[];
      readonly proof: PriceProof;
      readonly reason: string;
    }
  | {
      readonly kind: "settleAtCap";
      readonly positionId: bigint;
      readonly proof: PriceProof;
      readonly reason: string;
    }
  | {
      readonly kind: "fulfillDeposits" | "fulfillRedeems";
      readonly maxCount: number;
      readonly proof: PriceProof;
      readonly reason: string;
    };

/** One thing a keeper looks for. `plan` is pure. */
export interface Strategy {
  readonly name: string;
  readonly plan: (snapshot: Snapshot) => readonly Action[];
}

/** Return what an action acts on, for logs and for telling one from another. */
export function subjectOf(action: Action): string {
  switch (action.kind) {
    case "executeOrders":
      return action.orderIds.join(",");
    case "liquidate":
      return action.positionIds.join(",");
    case "settleAtCap":
      return String(action.positionId);
    case "fulfillDeposits":
    case "fulfillRedeems":
      return "queue";
  }
}

/** Cut a list into pieces of at most `size`. */
export function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
