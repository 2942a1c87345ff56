import { randomInt } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { environment } from "../../scripts/config/environment.ts";
import type { ParameterTree } from "../fixtures/parameters.ts";
import { playHistory } from "./history.ts";
import { countOf, judgeOf, newTally, Turned, tableOf } from "./judge.ts";
import { stageWith } from "./ledger.ts";
import { historyOf } from "./moves.ts";

const WAD = 10n ** 18n;
const MOVES = 25;

/** A market of low fees and short pauses; its caps are low enough to be met. */
const GENTLE: ParameterTree = {
  maxOpenInterest: 390n * WAD,
  curves: { skewScale: 400_000n * WAD, fundingScale: 400n * WAD },
};

/** A market with twenty times the impact and fees, and a long pause between partial liquidations. */
const STEEP: ParameterTree = {
  maxOpenInterest: 1_900n * WAD,
  terms: {
    positionFeeRatio: WAD / 100n,
    liquidationTarget: (3n * WAD) / 2n,
    minReserveRatio: WAD / 50n,
    liquidationCooldown: 600n,
  },
  curves: { skewScale: 100_000n * WAD, fundingScale: 1_000n * WAD },
  orders: { latencySpread: WAD / 50n },
};

/** What must have happened, and how often at least, or the histories show nothing. */
const MINIMA: readonly (readonly [string, RegExp, number])[] = [
  ["opens", /^execute done opened/, 20],
  ["increases", /^execute done increased/, 3],
  ["partial closes", /^execute done decreased/, 3],
  ["full closes", /^execute done closed/, 3],
  ["orders cancelled at execution", /^execute cancelled/, 8],
  ["orders refused by their price or time", /^execute reverted/, 5],
  ["partial liquidations", /^liquidate done part/, 4],
  ["full liquidations", /^liquidate done full/, 4],
  ["liquidations refused", /^liquidate reverted/, 5],
  ["rescues", /^(liquidate|rescue) done rescued/, 3],
  ["rescues refused", /^rescue reverted/, 2],
  ["mandates that did not help", /^liquidate done \w+ (?!NoMandate)/, 1],
  ["settlements at the cap", /^settleAtCap done/, 4],
  ["settlements refused", /^settleAtCap reverted/, 1],
  ["margin removed", /^removeMargin done/, 1],
  ["deposits fulfilled", /^fulfill done .*deposited/, 2],
  ["redeems fulfilled", /^fulfill done .*(redeemed|part)/, 2],
];

/** `BULKHEAD_MODEL_HISTORIES=2000` plays that many on each market, by another seed each time. */
const { BULKHEAD_MODEL_HISTORIES, BULKHEAD_FUZZ_SEED } = environment();
const long = BULKHEAD_MODEL_HISTORIES !== undefined;
const histories = Number(BULKHEAD_MODEL_HISTORIES ?? 6);
const seed = Number(BULKHEAD_FUZZ_SEED ?? (long ? randomInt(2 ** 31) : 20));
process.stdout.write(`seed ${seed}\n`);

describe(`contracts against the independent model, seed ${seed}`, () => {
  const tally = newTally();

  const markets = [
    { name: "a gentle market, 6 decimals", decimals: 6n, market: GENTLE },
    { name: "a steep market, 18 decimals", decimals: 18n, market: STEEP },
  ];
  for (const [index, { name, ...options }] of markets.entries()) {
    const deploy = stageWith(options);

    it(`agree on ${name}: every decision, and every amount within its rounding`, async function () {
      this.timeout(0);
      const connection = await network.create();
      const stage = await connection.networkHelpers.loadFixture(deploy);
      const property = fc.asyncProperty(historyOf(MOVES), async (moves) => {
        const snapshot = await connection.networkHelpers.takeSnapshot();
        try {
          await playHistory(stage, moves, judgeOf(tally));
        } catch (error) {
          if (!(error instanceof Turned)) throw error;
        } finally {
          await snapshot.restore();
        }
      });
      await fc.assert(property, {
        seed: seed + index,
        numRuns: histories,
        endOnFailure: BULKHEAD_FUZZ_SEED === undefined,
      });
    });
  }

  it("have met everything that a market does", () => {
    const missing = MINIMA.filter(([, pattern, least]) => countOf(tally, pattern) < least);
    const found = missing.map(([what, pattern]) => `${what}: ${countOf(tally, pattern)}`);
    expect(found, `\n${tableOf(tally)}\n`).to.deep.equal([]);
  });

  it("differ by a threshold within rounding in less than one call of 500", () => {
    if (long) process.stdout.write(`${summary()}\n${tableOf(tally)}\n`);
    expect(tally.turned * 500, summary()).to.be.below(tally.calls);
  });

  function summary(): string {
    return `seed ${seed}: ${tally.histories} histories, ${tally.calls} calls, ${tally.turned} turned by rounding`;
  }
});
