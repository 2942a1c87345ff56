import { expect } from "chai";
import { lastingMandate } from "../../../scripts/core/rescue.ts";
import type { ModelMandate } from "../../../scripts/risk/market/fate.ts";
import { MarketRun } from "../../../scripts/risk/market/model.ts";
import { drawerOf, PricePath } from "../../../scripts/risk/market/path.ts";
import { modelRulesOf } from "../../../scripts/risk/market/rules.ts";
import {
  type Cell,
  cellsOf,
  plannedCohorts,
  rulesOfCell,
  startOf,
  toWad,
} from "../../../scripts/risk/market/spec.ts";
import { type Replay, replayPath } from "../../../scripts/risk/replay.ts";
import { expectNear } from "../../fixtures/near.ts";
import { SPEC } from "./simulationSpec.ts";

const PATHS = 25;
const UNIT = 1e18;

/** Half of the positions have a mandate; which, depends on the path. */
function mandateOf(path: number, place: number, margin: number): ModelMandate | undefined {
  if ((path + place) % 2 === 0) return undefined;
  const { cap, target, trigger } = SPEC.mandate;
  return { cap: margin * cap, target, trigger };
}

/** The same path through the exact books. */
function replayOf(cell: Cell, path: number, drawn: PricePath): Replay {
  const rounds = [...drawn.logs].map((log, step) => ({
    price: toWad(SPEC.price * Math.exp(log)),
    time: BigInt(step * SPEC.step),
  }));
  const positions = plannedCohorts(SPEC, cell).map(({ size, margin, reserve }, place) => {
    const mandate = mandateOf(path, place, Number(margin) / UNIT);
    return {
      name: String(place),
      size,
      margin,
      reserve,
      mandate:
        mandate === undefined
          ? undefined
          : lastingMandate({
              capLeft: toWad(mandate.cap),
              targetRatio: toWad(mandate.target),
              triggerRatio: toWad(mandate.trigger),
            }),
    };
  });
  const rules = rulesOfCell(SPEC, cell);
  const cash = toWad(SPEC.cash);
  return replayPath({
    rules,
    rounds,
    positions,
    cash,
    latency: BigInt(cell.latency),
    rescue: true,
  });
}

const SEEN = { rescued: 0, partial: 0, full: 0, capped: 0 };

function compare(run: MarketRun, exact: Replay, path: number): void {
  for (const [place, position] of exact.positions.entries()) {
    const fate = run.fates[place];
    const where = `path ${path}, position ${place}`;
    for (const { kind } of position.events) SEEN[kind] += 1;
    expect(fate?.ended, where).to.equal(position.state);
    // Two thousandths of a cent in a million: doubles against wei.
    expectNear(fate?.paidOut, Number(position.worth) / UNIT, 2e-5, where);
    expectNear(fate?.paidIn, Number(position.paidIn) / UNIT, 2e-5, where);
    expectNear(fate?.shortfall, Number(position.shortfall) / UNIT, 2e-5, where);
  }
}

function drawer() {
  const source = SPEC.sources[0];
  if (source === undefined) throw new Error("No source.");
  return drawerOf(source, { seed: 11, index: 0, step: SPEC.step });
}

describe("MarketRun", () => {
  describe("given the same paths as the exact books", () => {
    for (const cell of cellsOf(SPEC).filter(({ mandateShare }) => mandateShare > 0)) {
      const name = `maintenance ${cell.maintenance}, cap ${cell.cap}, latency ${cell.latency}`;
      it(`ends every position as they do: ${name}`, () => {
        const run = new MarketRun({
          rules: modelRulesOf(rulesOfCell(SPEC, cell)),
          start: startOf(SPEC, cell),
          latency: cell.latency,
          step: SPEC.step,
        });
        const margins = plannedCohorts(SPEC, cell).map(({ margin }) => Number(margin) / UNIT);
        const drawn = new PricePath(SPEC.horizon / SPEC.step);
        const { draw } = drawer();
        for (let path = 0; path < PATHS; path += 1) {
          draw(path, drawn);
          run.run(drawn, (place) => mandateOf(path, place, margins[place] ?? 0));
          compare(run, replayOf(cell, path, drawn), path);
        }
      });
    }

    it("saw rescues, partial and full liquidations and settlements at the cap", () => {
      for (const count of Object.values(SEEN)) expect(count).to.be.greaterThan(20);
    });
  });

  describe("given a search that looks at every step", () => {
    /** Never passes over a step. */
    class EveryStep extends PricePath {
      override next(from: number): number {
        return from;
      }
    }

    it("finds what the search by barriers finds, on 300 paths", () => {
      const [cell] = cellsOf(SPEC);
      if (cell === undefined) throw new Error("No cell.");
      const rules = modelRulesOf(rulesOfCell(SPEC, cell));
      const input = { rules, start: startOf(SPEC, cell), latency: 700, step: SPEC.step };
      const [fast, slow] = [new MarketRun(input), new MarketRun(input)];
      const steps = SPEC.horizon / SPEC.step;
      const [path, every] = [new PricePath(steps), new EveryStep(steps)];
      const { draw } = drawer();
      // Accruing in more steps rounds otherwise, far below a cent.
      const ends = ({ fates, poolGain }: MarketRun) => [
        poolGain.toFixed(4),
        ...fates.map(({ ended, paidOut, paidIn, partials }) =>
          [ended, paidOut.toFixed(4), paidIn.toFixed(4), partials].join(" "),
        ),
      ];
      for (let number = 0; number < 300; number += 1) {
        draw(number, path);
        draw(number, every);
        const lotOf = (place: number) => mandateOf(number, place, 50_000);
        fast.run(path, lotOf);
        slow.run(every, lotOf);
        expect(ends(fast), `path ${number}`).to.deep.equal(ends(slow));
      }
    });
  });
});
