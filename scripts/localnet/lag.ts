import type { PositionLiquidatedEvent } from "../../types/ethers-contracts/contracts/interfaces/IMarginVault.ts";
import type { MarketLog } from "../chain/logs.ts";
import { liquidatablePositions } from "../core/dueWork.ts";
import type { Snapshot } from "../core/snapshot.ts";

/** Counts how many rounds pass from the first that allows a liquidation to the one it happens at. */
export class LagTracker {
  readonly #rounds: { readonly index: number; readonly time: number }[] = [];
  readonly #since = new Map<bigint, number>();
  readonly #lags: number[] = [];

  /** Rounds waited for each liquidation, in the order in which they happened. */
  get lags(): readonly number[] {
    return this.#lags;
  }

  /** Note a round, with the market as it was in the block of the round. */
  mark(round: { readonly index: number; readonly time: number }, snapshot: Snapshot): void {
    this.#rounds.push(round);
    const now = new Set(liquidatablePositions(snapshot).map((item) => item.positionId));
    for (const id of this.#since.keys()) {
      if (!now.has(id)) this.#since.delete(id);
    }
    for (const id of now) {
      if (!this.#since.has(id)) this.#since.set(id, round.index);
    }
  }

  /** Note what happened. */
  record(logs: readonly MarketLog[]): void {
    for (const log of logs) {
      // Whoever is rescued has been served: a liquidation after that waits anew.
      if (log.name === "PositionRescued") this.#since.delete(BigInt(log.args.positionId));
      if (log.name !== "PositionLiquidated") continue;
      // The log was decoded by the interface that declares these arguments.
      const args = log.args as unknown as PositionLiquidatedEvent.OutputObject;
      const at = this.#roundAt(Number(args.observedAt));
      if (at === undefined) continue;
      // One that became possible between two rounds, as a cool-off ended, waited for none.
      this.#lags.push(at - (this.#since.get(args.positionId) ?? at));
      this.#since.delete(args.positionId);
    }
  }

  /** The round whose price was the last at a time [s]: reports also come between two of them. */
  #roundAt(time: number): number | undefined {
    return this.#rounds.findLast((round) => round.time <= time)?.index;
  }
}
