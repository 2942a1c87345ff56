import type { MarketLog } from "../chain/logs.ts";

/** Widest line of ticks. */
const TICKS = 60;

/** What a tick shows, the most telling first. */
const SIGNS: readonly (readonly [string, string])[] = [
  ["PositionLiquidated", "x"],
  ["PositionRescued", "+"],
  ["PositionSettled", "^"],
  ["OrderExecuted", "o"],
];

/** Draws the progress of a replay as ticks on one line: x liquidations, + rescues, ^ caps, o orders, · nothing. */
export class Progress {
  readonly #write: (text: string) => void;
  readonly #roundsPerTick: number;
  readonly #last: number;
  readonly #seen = new Set<string>();

  constructor(rounds: number, write: (text: string) => void) {
    this.#write = write;
    this.#roundsPerTick = Math.max(1, Math.ceil(rounds / TICKS));
    this.#last = rounds - 1;
  }

  /** Note a round and what happened in it. */
  round(index: number, logs: readonly MarketLog[]): void {
    for (const log of logs) this.#seen.add(log.name);
    const isTick = (index + 1) % this.#roundsPerTick === 0;
    if (isTick || index === this.#last) {
      this.#write(SIGNS.find(([name]) => this.#seen.has(name))?.[1] ?? "·");
      this.#seen.clear();
    }
    if (index === this.#last) this.#write("\n");
  }
}
