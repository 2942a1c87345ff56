import { RiskInputError } from "./errors.ts";
import type { History } from "./history.ts";
import { toWad } from "./market/spec.ts";
import { at } from "./numbers.ts";
import type { PathRound } from "./replay.ts";

/** A crash as a line through a few points; made up after the depth and the pace that are publicly known, not a record. */
export interface Crash {
  readonly name: string;
  readonly title: string;
  /** Hours since the beginning, and price as a share of the first: what an oracle would have seen. */
  readonly points: readonly (readonly [number, number])[];
  /** A trade at one venue that others did not follow: hour, and share of the first price. */
  readonly wick?: readonly [number, number];
}

/** Which prices a replay takes: what one venue traded at worst, or what an oracle would have told. */
export type PriceView = "venue" | "oracle";

/** The crashes that can be named. */
export const CRASHES: readonly Crash[] = [
  crash("bch-war-btc", "BCH war, November 2018, BTC −17%", [
    [0, 1],
    [8, 0.97],
    [14, 0.9],
    [20, 0.85],
    [24, 0.826],
    [36, 0.86],
  ]),
  crash("black-thursday-btc", "Black Thursday, March 2020, BTC −51%", [
    [0, 1],
    [4, 0.94],
    [10, 0.78],
    [12, 0.76],
    [17, 0.66],
    [19, 0.494],
    [20, 0.6],
    [30, 0.66],
  ]),
  crash("black-thursday-eth", "Black Thursday, March 2020, ETH −53%", [
    [0, 1],
    [4, 0.92],
    [10, 0.72],
    [12, 0.7],
    [17, 0.6],
    [19, 0.47],
    [20, 0.58],
    [30, 0.63],
  ]),
  crash(
    "black-thursday-link",
    "Black Thursday, March 2020, LINK, a wick to nothing",
    [
      [0, 1],
      [4, 0.92],
      [10, 0.7],
      [17, 0.55],
      [19, 0.42],
      [20, 0.52],
      [30, 0.58],
    ],
    [19, 0.001],
  ),
  crash("may-2021-btc", "May 2021, BTC −31%", [
    [0, 1],
    [5, 0.94],
    [9, 0.87],
    [12, 0.76],
    [13.2, 0.687],
    [14, 0.82],
    [24, 0.85],
  ]),
  crash("may-2021-eth", "May 2021, ETH −45%", [
    [0, 1],
    [5, 0.91],
    [9, 0.82],
    [12, 0.68],
    [13.2, 0.555],
    [14, 0.73],
    [24, 0.74],
  ]),
  crash("may-2021-sol", "May 2021, SOL −53%", [
    [0, 1],
    [5, 0.9],
    [9, 0.78],
    [12, 0.6],
    [13.2, 0.473],
    [14, 0.68],
    [24, 0.75],
  ]),
  crash("luna-btc", "Luna and Three Arrows, June 2022, BTC −20%", [
    [0, 1],
    [8, 0.95],
    [14, 0.88],
    [20, 0.83],
    [24, 0.804],
    [36, 0.84],
  ]),
  crash("luna-eth", "Luna and Three Arrows, June 2022, ETH −24%", [
    [0, 1],
    [8, 0.94],
    [14, 0.85],
    [20, 0.79],
    [24, 0.764],
    [36, 0.81],
  ]),
  crash("ftx-btc", "FTX, November 2022, BTC −18%", [
    [0, 1],
    [6, 0.98],
    [12, 0.9],
    [14, 0.88],
    [20, 0.823],
    [24, 0.86],
    [36, 0.83],
  ]),
  crash("ftx-sol", "FTX, November 2022, SOL −49%", [
    [0, 1],
    [6, 0.9],
    [12, 0.75],
    [18, 0.62],
    [24, 0.507],
    [36, 0.58],
  ]),
  crash("yen-carry-btc", "Yen carry trade, August 2024, BTC −20%", [
    [0, 1],
    [6, 0.96],
    [14, 0.9],
    [20, 0.85],
    [24, 0.805],
    [30, 0.88],
  ]),
  crash("yen-carry-eth", "Yen carry trade, August 2024, ETH −28%", [
    [0, 1],
    [6, 0.95],
    [14, 0.86],
    [20, 0.78],
    [24, 0.724],
    [30, 0.83],
  ]),
  crash("october-2025-btc", "10 October 2025, BTC −16%", [
    [0, 1],
    [12, 0.98],
    [18, 0.95],
    [20.8, 0.92],
    [21.3, 0.838],
    [22, 0.92],
    [36, 0.92],
  ]),
  crash("october-2025-eth", "10 October 2025, ETH −22%", [
    [0, 1],
    [12, 0.97],
    [18, 0.93],
    [20.8, 0.89],
    [21.3, 0.785],
    [22, 0.87],
    [36, 0.88],
  ]),
  crash("october-2025-sol", "10 October 2025, SOL −24%", [
    [0, 1],
    [12, 0.97],
    [18, 0.93],
    [20.8, 0.87],
    [21.3, 0.756],
    [22, 0.84],
    [36, 0.83],
  ]),
  crash(
    "october-2025-link",
    "10 October 2025, LINK −35%, and a wick to −65%",
    [
      [0, 1],
      [12, 0.97],
      [18, 0.92],
      [20.8, 0.85],
      [21.3, 0.65],
      [22, 0.8],
      [36, 0.82],
    ],
    [21.3, 0.349],
  ),
];

const HOUR = 3_600;
/** Time between two rounds of a named crash [s]. */
const STEP = 60;

/**
 * Return the rounds of a named crash, from `price` on [WAD quote per base].
 *
 * @throws {RiskInputError} When no crash has that name; the names are told.
 */
export function crashRounds(
  name: string,
  { price, view }: { readonly price: bigint; readonly view: PriceView },
): readonly PathRound[] {
  const found = CRASHES.find((known) => known.name === name);
  if (found === undefined) {
    const names = CRASHES.map((known) => known.name).join(", ");
    throw new RiskInputError("--crash", { found: name, needed: `one of ${names}` });
  }
  const [last] = found.points.at(-1) ?? [0];
  const count = Math.round((last * HOUR) / STEP);
  const wickAt =
    view === "venue" && found.wick !== undefined ? Math.round((found.wick[0] * HOUR) / STEP) : -1;
  return Array.from({ length: count + 1 }, (_, index) => {
    const share = index === wickAt ? (found.wick?.[1] ?? 1) : shareAt(found, (index * STEP) / HOUR);
    return { price: (price * toWad(share)) / toWad(1), time: BigInt(index * STEP) };
  });
}

/**
 * Return the rounds of a history: by "venue" each bar runs through its open, both extremes and its close, the adverse one
 * first where it closes higher; by "oracle" closes alone. With `price` all is scaled to begin there.
 */
export function historyRounds(
  history: History,
  { price, view }: { readonly price?: bigint | undefined; readonly view: PriceView },
): readonly PathRound[] {
  const scale = price === undefined ? 1 : Number(price) / 1e18 / at(history.open, 0);
  const begin = at(history.times, 0) - history.period;
  const rounds: PathRound[] = [];
  const push = (time: number, value: number) => {
    rounds.push({ time: BigInt(Math.round(time - begin)), price: toWad(value * scale) });
  };
  if (history.period > 0) push(begin, at(history.open, 0));
  for (const [index, time] of history.times.entries()) {
    if (view === "venue" && history.period >= 3) {
      const rises = at(history.close, index) >= at(history.open, index);
      const [near, far] = rises ? [history.low, history.high] : [history.high, history.low];
      push(time - Math.floor((2 * history.period) / 3), at(near, index));
      push(time - Math.floor(history.period / 3), at(far, index));
    }
    push(time, at(history.close, index));
  }
  return rounds;
}

function shareAt({ points }: Crash, hour: number): number {
  const next = points.findIndex(([time]) => time >= hour);
  const [toTime, to] = points[next] ?? points.at(-1) ?? [0, 1];
  const [fromTime, from] = points[next - 1] ?? [toTime, to];
  return toTime === fromTime ? to : from + ((to - from) * (hour - fromTime)) / (toTime - fromTime);
}

function crash(
  name: string,
  title: string,
  points: Crash["points"],
  wick?: readonly [number, number],
): Crash {
  return wick === undefined ? { name, title, points } : { name, title, points, wick };
}
