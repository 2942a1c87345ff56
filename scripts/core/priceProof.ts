import type { ServedReport } from "./reportBuffer.ts";

/** What a market is shown as its price. */
export type PriceProof =
  /** The price of now, where it is on chain anyway. */
  | { readonly kind: "newestRounds" }
  /** Rounds of push feeds; `quote` is 0 without a quote feed. */
  | { readonly kind: "rounds"; readonly index: bigint; readonly quote: bigint }
  /** A signed report; `quoteRoundId` is 0 for the price of now and without a quote feed. */
  | {
      readonly kind: "report";
      readonly report: ServedReport;
      readonly quoteRoundId: bigint;
    };

/** The price of now of a market on push feeds. */
export const NEWEST_ROUNDS: PriceProof = { kind: "newestRounds" };

/** Name a proof in few words, for logs and for telling one from another. */
export function nameOfProof(proof: PriceProof): string {
  switch (proof.kind) {
    case "newestRounds":
      return "newest round";
    case "rounds":
      return `rounds ${proof.index}/${proof.quote}`;
    case "report": {
      const { observedAt, price } = proof.report;
      return `report of second ${observedAt} at ${price}, quote ${proof.quoteRoundId}`;
    }
  }
}
