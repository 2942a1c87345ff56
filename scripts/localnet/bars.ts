import { PriceGapError, PriceLineMalformedError, PriceTimeNotAscendingError } from "./errors.ts";
import { FEED_DECIMALS, type PriceRound } from "./round.ts";
import { priceOf, type Row, type Table, wholeOf } from "./table.ts";

const WAD = 10n ** 18n;

/** When a feed writes a round. */
export interface FeedRules {
  /** Move from the last answer that is written at once [WAD]. */
  readonly deviation: bigint;
  /** Longest time between two rounds [s]. */
  readonly heartbeat: bigint;
  /** How often the feed looks at the price [s]. */
  readonly cadence: bigint;
}

/** Rules of the ETH / USD feed on the main chain: 0.5%, an hour, and a look every 10 s. */
export const DEFAULT_RULES: FeedRules = {
  deviation: 5_000_000_000_000_000n,
  heartbeat: 3_600n,
  cadence: 10n,
};

/** The prices of one period [E8]; the file's period is the time between its bars. */
export interface Bar {
  readonly line: number;
  /** Beginning of the bar [s]. */
  readonly time: bigint;
  readonly open: bigint;
  readonly high: bigint;
  readonly low: bigint;
  readonly close: bigint;
}

/** Where the price was at a moment. */
export interface PricedMoment {
  /** [s] */
  readonly time: bigint;
  /** [E8] */
  readonly price: bigint;
  /** Line of the file that it comes from. */
  readonly line: number;
}

/**
 * Read bars, all of one period and without a gap.
 *
 * @throws {PriceLineMalformedError} When a bar's high or low is none.
 * @throws {PriceNotPositiveError} When a price is zero or negative.
 * @throws {PriceTimeNotAscendingError} When a bar does not come after the one before.
 * @throws {PriceGapError} When a bar comes later than one period after the one before.
 */
export function readBars(table: Table): readonly Bar[] {
  const bars = table.rows.map(toBar);
  const [first, second] = bars;
  const period = first && second ? second.time - first.time : 0n;
  for (const [index, bar] of bars.entries()) {
    const previous = bars[index - 1];
    if (previous !== undefined) requireNext(previous, bar, period);
  }
  return bars;
}

/**
 * Turn bars into the rounds that a feed would have written.
 *
 * The price runs as in {@link pathOfBars}. The feed looks
 * every `cadence` seconds and writes a round when the price has moved by `deviation` from its last answer, or its last
 * round is `heartbeat` old. The first look writes one.
 */
export function roundsOfBars(bars: readonly Bar[], rules: FeedRules): readonly PriceRound[] {
  const points = pathOfBars(bars);
  const rounds: PriceRound[] = [];
  let look = points[0]?.time ?? 0n;
  for (const [index, point] of points.entries()) {
    const next = points[index + 1] ?? { ...point, time: point.time + 1n };
    for (; look < next.time; look += rules.cadence) {
      const answer = priceAt(point, next, look);
      const last = rounds.at(-1);
      if (last === undefined || isDue(last, { answer, time: look }, rules)) {
        rounds.push({ answer, updatedAt: look, line: point.line });
      }
    }
  }
  return rounds;
}

function toBar(row: Row): Bar {
  const [open, high, low, close] = (["open", "high", "low", "close"] as const).map((field) =>
    priceOf(row, field, FEED_DECIMALS),
  ) as [bigint, bigint, bigint, bigint];
  if (high < open || high < close || high < low || low > open || low > close) {
    throw new PriceLineMalformedError(row.line, "high or low is not the extreme of the bar.");
  }
  return { line: row.line, time: wholeOf(row, "timestamp"), open, high, low, close };
}

function requireNext(previous: Bar, bar: Bar, period: bigint): void {
  const { line, time } = bar;
  if (time <= previous.time) {
    throw new PriceTimeNotAscendingError(line, { time, previous: previous.time });
  }
  const expected = previous.time + period;
  if (time !== expected) {
    throw new PriceGapError(line, { what: "a bar at", expected, found: time });
  }
}

/**
 * Return the moments between which the price of bars runs straight.
 *
 * Within a bar it goes from open to its extremes, a third of the period each, and to the close in the bar's last
 * second: over the low first where it closes at or above its open, else over the high first.
 */
export function pathOfBars(bars: readonly Bar[]): readonly PricedMoment[] {
  const [first, second] = bars;
  // A file of one bar does not tell its period: it is taken for a minute.
  const period = first && second ? second.time - first.time : 60n;
  return bars.flatMap((bar) => {
    const { open, high, low, close, line, time } = bar;
    const [near, far] = close >= open ? [low, high] : [high, low];
    return [
      { line, time, price: open },
      { line, time: time + period / 3n, price: near },
      { line, time: time + (2n * period) / 3n, price: far },
      { line, time: time + period - 1n, price: close },
    ];
  });
}

function priceAt(from: PricedMoment, to: PricedMoment, time: bigint): bigint {
  return from.price + ((to.price - from.price) * (time - from.time)) / (to.time - from.time);
}

function isDue(
  last: PriceRound,
  seen: { readonly answer: bigint; readonly time: bigint },
  rules: FeedRules,
): boolean {
  const move = seen.answer > last.answer ? seen.answer - last.answer : last.answer - seen.answer;
  return (
    move * WAD >= rules.deviation * last.answer || seen.time - last.updatedAt >= rules.heartbeat
  );
}
