import { expect } from "chai";
import { Command } from "commander";
import {
  distanceOf,
  fundingDrift,
  hitProbability,
  latencyBuffer,
  marginRatioFor,
  medianTime,
  YEAR,
} from "../../scripts/risk/barrier.ts";
import { registerLatency } from "../../scripts/risk/commands/kelly.ts";
import { registerMarginFor } from "../../scripts/risk/commands/marginFor.ts";
import { registerSizeFor } from "../../scripts/risk/commands/sizeFor.ts";
import { terminalIo } from "../../scripts/risk/io.ts";
import { marginFor } from "../../scripts/risk/sizing.ts";
import { expectNear } from "../fixtures/near.ts";
import { readParameters } from "../fixtures/parameters.ts";

const DAY = 86_400;
const SIGMA = 0.6;
/** Maintenance margin of the table. */
const MAINTENANCE = 0.005;

/** What a command of `npm run risk` prints for machines. */
async function ask(...args: string[]) {
  const printed: string[] = [];
  const io = { ...terminalIo(), print: (text: string) => printed.push(text), isTerminal: false };
  const program = new Command("risk").exitOverride();
  for (const register of [registerMarginFor, registerSizeFor, registerLatency]) {
    register(program, io);
  }
  await program.parseAsync([...args, "--json"], { from: "user" });
  return JSON.parse(printed.join("\n"));
}

/** Odds of the table: a position of this leverage, held a day at 60% a year. */
function oddsOf(leverage: number, side: "long" | "short"): number {
  const distance = distanceOf({ margin: 1 / leverage, maintenance: MAINTENANCE, side });
  return hitProbability({ distance, sigma: SIGMA, horizon: DAY });
}

describe("scenario 15: position sizing", () => {
  describe("given the golden table, worked out elsewhere with other tools", () => {
    for (const [leverage, side, odds] of [
      [10, "long", 0.00147],
      [20, "long", 0.1439],
      [20, "short", 0.1596],
      [50, "short", 0.6324],
    ] as const) {
      it(`gives ${odds} as the chance that ${leverage}x ${side} is liquidated within a day`, () => {
        expectNear(oddsOf(leverage, side), odds, 1e-4);
      });
    }

    for (const [p, side, leverage] of [
      [0.01, "long", 12.1],
      [0.01, "short", 11.2],
      [0.001, "long", 9.7],
      [0.001, "short", 8.7],
    ] as const) {
      it(`asks for ${leverage}x ${side} at most where a chance of ${p} is accepted`, () => {
        const input = { p, sigma: SIGMA, horizon: DAY, maintenance: MAINTENANCE, side };
        expectNear(1 / marginRatioFor(input), leverage, 0.06);
      });
    }

    it("knows what looking once an hour, funding, time and a slow keeper change", () => {
      const distance = distanceOf({ margin: 0.05, maintenance: MAINTENANCE, side: "long" });
      const hourly = { distance, sigma: SIGMA, horizon: DAY, heartbeat: 3_600 };
      expectNear(hitProbability(hourly), 0.1141, 5e-5);

      const far = distanceOf({ margin: 0.2, maintenance: MAINTENANCE, side: "long" });
      const month = { distance: far, sigma: SIGMA, horizon: 30 * DAY };
      // 3 bp every eight hours.
      const carry = fundingDrift({ rate: 0.0003 * 3 * 365, leverage: 5, side: "long" });
      expectNear(hitProbability(month), 0.228, 5e-4);
      expectNear(hitProbability({ ...month, carry }), 0.286, 5e-4);

      // (0.2 / (0.674490 × 0.8))² years.
      expectNear(medianTime({ distance: -0.2, sigma: 0.8 }) / YEAR, 0.137_382, 1e-6);
      for (const [latency, buffer] of [
        [12, 0.0023],
        [60, 0.0051],
        [600, 0.016],
        [3_600, 0.0388],
      ] as const) {
        expectNear(latencyBuffer({ sigma: 1.2, latency, q: 0.001 }), buffer, 5e-5);
      }
    });
  });

  describe("given one question", () => {
    it("gets one answer from the command line and the library: margin for given odds", async () => {
      const told = await ask("margin-for", "--sigma", "0.6", "--p", "1%", "--horizon", "24h");
      const terms = readParameters("local.json").Market?.terms as never;
      const input = { p: 0.01, side: "long", sigma: SIGMA, horizon: DAY, terms: integers(terms) };
      const found = marginFor(input as never);
      expect(told.closedForm).to.equal(found.closedForm);
      expect(told.advised).to.equal(found.advised);
      // 1 − 0.975 × e^(−0.0314049 × 2.575829), with the market's own maintenance margin of 2.5%.
      expectNear(found.closedForm, 0.100_77, 1e-5);
    });

    it("sizes a position so that its margin is the one for those odds", async () => {
      const size = await ask("size-for", "--sigma", "0.6", "--margin", "1000", "--price", "2000");
      const margin = await ask("margin-for", "--sigma", "0.6");
      expectNear(size.notional * margin.advised, 1_000, 0.01);
    });

    it("gets one answer on a slow keeper", async () => {
      const told = await ask("latency", "--sigma", "1.2");
      for (const { latency, buffer } of told) {
        expect(buffer).to.equal(latencyBuffer({ sigma: 1.2, latency, q: 0.001 }));
      }
    });
  });
});

/** Terms of a parameter file, all of them whole numbers. */
function integers(terms: Record<string, bigint | number>): Record<string, bigint> {
  return Object.fromEntries(Object.entries(terms).map(([name, value]) => [name, BigInt(value)]));
}
