import { expect } from "chai";
import { calibrate } from "../../../scripts/risk/calibration.ts";
import { HistoryTooShortError } from "../../../scripts/risk/errors.ts";
import {
  binomialInterval,
  countRecoveries,
  empiricalOdds,
  measureExcursions,
} from "../../../scripts/risk/excursions.ts";
import type { History } from "../../../scripts/risk/history.ts";
import { drawsOf } from "../../../scripts/risk/random.ts";
import {
  DAILY_DECAY,
  ewmaVolatility,
  rangeVolatility,
  realizedVolatility,
} from "../../../scripts/risk/volatility.ts";
import { expectNear } from "../../fixtures/near.ts";

const HOUR = 3_600;
const DAY = 86_400;
const YEAR = 31_536_000;

type Bar = readonly [open: number, high: number, low: number, close: number];

function historyOf(bars: readonly Bar[], period = HOUR): History {
  const list = (place: 0 | 1 | 2 | 3) => Float64Array.from(bars, (bar) => bar[place]);
  return {
    format: "bars",
    times: Float64Array.from(bars, (_, index) => (index + 1) * period),
    open: list(0),
    high: list(1),
    low: list(2),
    close: list(3),
    period,
    gaps: [],
  };
}

const flat = (price: number): Bar => [price, price, price, price];

describe("volatility", () => {
  it("weighs a squared return by the decay of its age: equal returns give their own scale", () => {
    // Alternating closes 100 and 101: every return is ±ln 1.01, so any weights give the same variance.
    const history = historyOf(
      Array.from({ length: 24 * 11 + 1 }, (_, i) => flat(i % 2 === 0 ? 100 : 101)),
    );
    const expected = Math.log(1.01) * Math.sqrt(YEAR / HOUR);
    expectNear(ewmaVolatility(history).at(-1), expected, 1e-12);
    expectNear(realizedVolatility(history), expected, 1e-12);
  });

  it("halves what it knew at the rate of 0.94 a day", () => {
    // One jump of e^0.1, then 11 quiet days: variance = 0.01 × 0.94^11 ÷ Σ weights of seconds.
    const bars = [flat(1), ...Array.from({ length: 12 }, () => flat(Math.exp(0.1)))];
    const found = ewmaVolatility(historyOf(bars, DAY)).at(-1) ?? 0;
    const weights =
      Array.from({ length: 12 }, (_, age) => DAILY_DECAY ** age).reduce((a, b) => a + b) * DAY;
    expectNear(found, Math.sqrt(((0.01 * 0.94 ** 11) / weights) * YEAR), 1e-12);
  });

  it("says nothing before ten days", () => {
    const bars = Array.from({ length: 10 }, (_, i) => flat(100 + i));
    expect([...ewmaVolatility(historyOf(bars, DAY))].every(Number.isNaN)).to.equal(true);
  });

  it("sums squares over time on irregular rounds", () => {
    const history = { times: Float64Array.of(0, 10, 1_000), close: Float64Array.of(1, Math.E, 1) };
    // (1 + 1) ÷ 1,000 s.
    expectNear(realizedVolatility(history), Math.sqrt(0.002 * YEAR), 1e-9);
  });

  it("follows the formulas of the range estimators", () => {
    // Three equal bars: open 1, high e^0.2, low e^−0.1, close e^0.1, each opening at the close before scaled back.
    const bar: Bar = [1, Math.exp(0.2), Math.exp(-0.1), Math.exp(0.1)];
    const history = historyOf([bar, bar, bar], YEAR);
    // (0.3)² ÷ 4 ln 2; 0.3²/2 − (2 ln 2 − 1) 0.1²; 0.2 × 0.1 + (−0.1)(−0.2).
    expectNear(rangeVolatility(history, "parkinson") ** 2, 0.09 / (4 * Math.LN2), 1e-12);
    expectNear(
      rangeVolatility(history, "garmanKlass") ** 2,
      0.045 - (2 * Math.LN2 - 1) * 0.01,
      1e-12,
    );
    expectNear(rangeVolatility(history, "rogersSatchell") ** 2, 0.04, 1e-12);
    // Opens and closes do not vary, so only (1 − k) of Rogers-Satchell is left; n = 2: k = 0.34 ÷ (1.34 + 3).
    const k = 0.34 / 4.34;
    expectNear(rangeVolatility(history, "yangZhang") ** 2, (1 - k) * 0.04, 1e-12);
  });

  it("refuses rounds for estimators of bars", () => {
    expect(() => rangeVolatility({ ...historyOf([flat(1)]), period: 0 }, "parkinson")).to.throw(
      HistoryTooShortError,
    );
  });
});

describe("empirical odds", () => {
  /** Daily windows of two bars each: the low of each second day is `depth` below, and comes back or not. */
  const volatility = (length: number) => new Float64Array(length).fill(Math.sqrt(365));
  // With that volatility σ√H is 1 for a day, so scaled excursions are plain logs.

  const lows = [0.2, 0.1, 0.3, 0.05];
  const bars: Bar[] = [
    flat(1),
    ...Array.from({ length: 40 }, (_, index): Bar => [1, 1, Math.exp(-(lows[index % 4] ?? 0)), 1]),
  ];
  const history = historyOf(bars, DAY);
  const table = measureExcursions(history, { horizon: DAY, volatility: volatility(bars.length) });

  it("counts the windows that went as far: half of 40, by (k + 0.5) ÷ (n + 1)", () => {
    const found = empiricalOdds(table, { z: -0.15, side: "long", now: 41 * DAY });
    expect(found.n).to.equal(40);
    expect(found.hits).to.equal(20);
    expectNear(found.p, 20.5 / 41, 1e-12);
  });

  it("counts a window that just touches", () => {
    expect(empiricalOdds(table, { z: -0.3 + 1e-12, side: "long", now: 41 * DAY }).hits).to.equal(
      10,
    );
  });

  it("uses no window whose end is not yet known", () => {
    const found = empiricalOdds(table, { z: -0.15, side: "long", now: 31 * DAY });
    expect(found.n).to.equal(30);
  });

  it("leaves out what lies further back than it looks", () => {
    const found = empiricalOdds(table, {
      z: -0.15,
      side: "long",
      now: 41 * DAY,
      lookback: 35 * DAY,
    });
    expect(found.n).to.equal(35);
  });

  it("refuses fewer than 30 windows", () => {
    const query = { z: -0.15, side: "long" as const, now: 30 * DAY };
    expect(() => empiricalOdds(table, query)).to.throw(HistoryTooShortError);
  });

  it("gives a floor of half a window where none was hit", () => {
    expectNear(empiricalOdds(table, { z: 1, side: "short", now: 41 * DAY }).p, 0.5 / 41, 1e-12);
  });

  it("tells how many of the hit windows came back", () => {
    // Every bar closes at its open, so each that was hit came back.
    expect(
      countRecoveries(history, table, { z: -0.25, side: "long", now: 41 * DAY }),
    ).to.deep.equal({
      hits: 10,
      recovered: 10,
    });
  });

  it("tells those that did not", () => {
    const falling = historyOf(
      Array.from({ length: 41 }, (_, i): Bar => flat(0.9 ** i)),
      DAY,
    );
    const steps = measureExcursions(falling, { horizon: DAY, volatility: volatility(41) });
    expect(countRecoveries(falling, steps, { z: -0.1, side: "long", now: 41 * DAY })).to.deep.equal(
      {
        hits: 40,
        recovered: 0,
      },
    );
  });

  it("passes over windows with holes", () => {
    const holed = {
      ...history,
      times: history.times.map((time, i) => (i > 20 ? time + 5 * DAY : time)),
    };
    const found = measureExcursions(holed, { horizon: DAY, volatility: volatility(bars.length) });
    expect(found.starts.length).to.equal(39);
  });

  it("refuses bars longer than the horizon", () => {
    const input = { horizon: HOUR, volatility: volatility(bars.length) };
    expect(() => measureExcursions(history, input)).to.throw(HistoryTooShortError);
  });

  it("gives Wilson's interval: 10 of 100 is .0552 to .1744", () => {
    const { low, high } = binomialInterval({ share: 0.1, n: 100 });
    expectNear(low, 0.0552, 5e-5);
    expectNear(high, 0.1744, 5e-5);
  });
});

describe("calibrate", () => {
  /** Two years of hourly prices, quiet and rough weeks in turn. */
  const draws = drawsOf({ seed: 5, stream: 0 });
  let close = 1_000;
  const bars = Array.from({ length: 24 * 365 * 2 + 24 * 20 }, (_, hour): Bar => {
    const open = close;
    const size = Math.floor(hour / 168) % 2 === 0 ? 0.004 : 0.012;
    close = open * Math.exp(size * draws.normal());
    return [open, Math.max(open, close), Math.min(open, close), close];
  });
  const history = historyOf(bars);

  it("scores as many days for either, and finds the odds of a walk about right", () => {
    const { rows } = calibrate(history, { leverages: [10, 20] });
    expect(rows.length).to.equal(4);
    for (const { days, realised, empirical, closedForm } of rows) {
      expect(days).to.be.within(360, 375);
      expect(Math.abs(empirical.mean - realised)).to.be.lessThan(0.08);
      expect(closedForm.brier).to.be.within(0, 0.25);
    }
  });

  it("knows on a day what it would know were that day the last: no look ahead", () => {
    const end = 24 * 400;
    const names = ["times", "open", "high", "low", "close"] as const;
    const lists = Object.fromEntries(names.map((name) => [name, history[name].slice(0, end)]));
    const past: History = { ...history, ...lists };
    const now = past.times.at(-1) ?? 0;
    const volatility = [past, history].map((found) => ewmaVolatility(found));
    expect(volatility[1]?.slice(0, end)).to.deep.equal(volatility[0]);
    const [then, today] = [past, history].map((found, place) =>
      empiricalOdds(
        measureExcursions(found, {
          horizon: DAY,
          volatility: volatility[place] ?? new Float64Array(),
        }),
        { z: -1.2, side: "long", now },
      ),
    );
    expect(today).to.deep.equal(then);
    expect(then?.hits).to.be.greaterThan(20);
  });

  it("puts every forecast into one bin", () => {
    const { rows, reliability } = calibrate(history, { leverages: [10, 20] });
    const days = rows.reduce((sum, row) => sum + row.days, 0);
    for (const bins of [reliability.closedForm, reliability.empirical]) {
      expect(bins.reduce((sum, { n }) => sum + n, 0)).to.equal(days);
    }
  });
});
