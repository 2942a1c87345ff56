import type { ReportSource } from "../chain/priceReader.ts";
import type { ReplayRound } from "./replay.ts";
import type { OracleNetwork } from "./streamNetwork.ts";

/** What moves a local market's price: a push feed's rounds. */
export interface PushIndex {
  readonly kind: "push";
  readonly aggregator: string;
}

/** What moves a local market's price: an oracle network that is told the time. */
export interface StreamIndex {
  readonly kind: "stream";
  readonly network: OracleNetwork;
}

/** What moves a local market's price. */
export type IndexPrice = PushIndex | StreamIndex;

const E8_TO_WAD = 10n ** 10n;

/** Let an oracle network report up to the time of a block [s]; feeds speak on chain. */
export function tellTime(index: IndexPrice, time: number): void {
  if (index.kind === "stream") index.network.advanceTo(BigInt(time));
}

/** Read a local network's reports where they are made; `undefined` for a push feed. */
export function reportsOf(index: IndexPrice): ReportSource | undefined {
  if (index.kind === "push") return undefined;
  const { network } = index;
  return {
    newest: async (_feedId, time) => network.newestAt(time),
    covering: async (_feedId, time) => network.covering(time),
  };
}

/** Return the path that runs straight through the rounds of a replay. */
export function pointsOf(rounds: readonly ReplayRound[]) {
  return rounds.map(({ time, answer }) => ({ time: BigInt(time), price: answer * E8_TO_WAD }));
}
