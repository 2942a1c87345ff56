import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  CheckpointMismatchError,
  PositionRefusedError,
  RiskInputError,
} from "../../../scripts/risk/errors.ts";
import { chunkRunner, largest, SUMS, sumIn, tailSize } from "../../../scripts/risk/market/chunk.ts";
import { packCells, specId, unpackCells } from "../../../scripts/risk/market/codec.ts";
import { Merger } from "../../../scripts/risk/market/merge.ts";
import { toCsv, toResultJson } from "../../../scripts/risk/market/output.ts";
import { drawerOf, PricePath } from "../../../scripts/risk/market/path.ts";
import { writeSimulationReport } from "../../../scripts/risk/market/report.ts";
import { simulate } from "../../../scripts/risk/market/simulate.ts";
import { cellsOf, type SimulationSpec, startOf } from "../../../scripts/risk/market/spec.ts";
import { expectNear } from "../../fixtures/near.ts";
import { CELL, SPEC } from "./simulationSpec.ts";

const SMALL: SimulationSpec = {
  ...SPEC,
  paths: 230,
  chunk: 50,
  sources: [
    ...SPEC.sources,
    { kind: "bootstrap", returns: [0.02, -0.03, 0.01, -0.05, 0.04, 0.006], block: 3 },
  ],
  grid: { maintenance: [0.01, 0.02], caps: [2_000], latency: [12, 700], mandateShare: [0, 0.5] },
};

describe("simulate", () => {
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bulkhead-risk-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("gives the same bytes whatever the number of workers", async () => {
    const texts: string[] = [];
    for (const workers of [1, 2, 3]) {
      const { cells, whole } = await simulate({ spec: SMALL, workers });
      expect(whole).to.equal(true);
      texts.push(toResultJson(SMALL, cells) + toCsv(cells) + writeSimulationReport(SMALL, cells));
    }
    expect(texts[1]).to.equal(texts[0]);
    expect(texts[2]).to.equal(texts[0]);
  });

  it("gives other numbers for another seed", async () => {
    const one = await simulate({ spec: SMALL, workers: 1 });
    const other = await simulate({ spec: { ...SMALL, seed: 43 }, workers: 1 });
    expect(JSON.stringify(other.cells)).not.to.equal(JSON.stringify(one.cells));
  });

  it("goes on where it was stopped, to the same bytes", async () => {
    const stop = new AbortController();
    const onProgress = (done: number) => {
      if (done === 2) stop.abort();
    };
    const first = await simulate({
      spec: SMALL,
      workers: 1,
      folder,
      signal: stop.signal,
      onProgress,
    });
    expect(first.whole).to.equal(false);
    const begun: number[] = [];
    const rest = await simulate({
      spec: SMALL,
      workers: 2,
      folder,
      onProgress: (done) => begun.push(done),
    });
    expect(begun[0]).to.equal(2);
    const alone = await simulate({ spec: SMALL, workers: 1 });
    expect(JSON.stringify(rest.cells)).to.equal(JSON.stringify(alone.cells));
  });

  it("refuses to go on with the work of another", async () => {
    await simulate({ spec: { ...SMALL, paths: 50 }, workers: 1, folder });
    const failure = await simulate({ spec: SMALL, workers: 1, folder }).catch(
      (cause: unknown) => cause,
    );
    expect(failure).to.be.instanceOf(CheckpointMismatchError);
    expect(existsSync(join(folder, "progress.bin"))).to.equal(true);
  });

  it("refuses no workers, and positions that the terms do not allow", async () => {
    const none = await simulate({ spec: SMALL, workers: 0 }).catch((cause: unknown) => cause);
    expect(none).to.be.instanceOf(RiskInputError);
    const bold = { ...SMALL, cohorts: [{ side: "long" as const, leverage: 40, demand: 1_000 }] };
    expect(() => startOf(bold, CELL)).to.throw(PositionRefusedError, "InitialMarginNotMet");
  });
});

describe("Merger", () => {
  const run = chunkRunner(SMALL);
  const chunks = [0, 1, 2, 3, 4].map((chunk) => run(chunk));

  it("adds in order, whatever order chunks come in", () => {
    const merged = (order: readonly number[]) => {
      const merger = new Merger(SMALL);
      for (const chunk of order) merger.add(chunk, chunks[chunk] ?? []);
      return merger;
    };
    const forward = merged([0, 1, 2, 3, 4]);
    expect(merged([4, 2, 0, 3, 1]).summarize()).to.deep.equal(forward.summarize());
    expect(merged([4, 2, 0]).next).to.equal(1);
  });

  it("keeps the mean of the worst 1%: 3 of 230 paths, as sorting all of them gives", () => {
    const whole = chunkRunner({ ...SMALL, chunk: 230 })(0);
    const merger = new Merger(SMALL);
    for (const [chunk, cells] of chunks.entries()) merger.add(chunk, cells);
    for (const [place, summary] of merger.summarize().entries()) {
      const worst = [...(whole[place]?.shortfalls ?? [])].sort((a, b) => b - a).slice(0, 3);
      const mean = worst.reduce((sum, value) => sum + value, 0) / 3 / SMALL.cash;
      expectNear(summary.shortfallEs99, mean, 1e-15);
    }
    expect(tailSize(SMALL)).to.equal(3);
  });

  it("counts every position of every path once, and nothing more often", () => {
    for (const cells of chunks[0] ?? []) {
      expect(sumIn(cells, "positions")).to.equal(50 * SMALL.cohorts.length);
      const [liquidated, ended, premature, capped] = (
        ["liquidated", "ended", "premature", "capped"] as const
      ).map((name) => sumIn(cells, name));
      expect(ended ?? 1).to.be.at.most(liquidated ?? 0);
      expect(premature ?? 1).to.be.at.most(liquidated ?? 0);
      expect((ended ?? 0) + (capped ?? 0)).to.be.at.most(50 * SMALL.cohorts.length);
    }
  });

  it("survives being packed", () => {
    const [first = []] = chunks;
    expect(unpackCells(packCells(first))).to.deep.equal(first);
    expect(first[0]?.sums.length).to.equal(SUMS.length);
  });
});

describe("what mandates and delays do", () => {
  it("liquidates fewer positions the more have a mandate, on the same paths", async () => {
    const spec = { ...SMALL, grid: { ...SMALL.grid, mandateShare: [0, 0.5, 1] } };
    const { cells } = await simulate({ spec, workers: 1 });
    for (let place = 0; place < cells.length; place += 3) {
      const [none, half, all] = cells.slice(place, place + 3).map(({ liquidated }) => liquidated);
      expect(half ?? 1).to.be.at.most(none ?? 0);
      expect(all ?? 1).to.be.at.most(half ?? 0);
    }
  });

  it("pulls nothing without mandates", async () => {
    const { cells } = await simulate({ spec: { ...SMALL, paths: 50 }, workers: 1 });
    for (const { mandateShare, pulled, rescued } of cells) {
      if (mandateShare === 0) expect([pulled, rescued]).to.deep.equal([0, 0]);
    }
    expect(cells.some(({ pulled }) => pulled > 0)).to.equal(true);
  });
});

describe("PricePath", () => {
  const barriers = [
    [-0.02, 0.02],
    [-0.5, 0.01],
    [-0.01, 0.5],
  ] as const;

  /** Where a walk step by step would stop. */
  const walked = (path: PricePath, from: number, [low, high]: readonly [number, number]) => {
    const found = path.logs.findIndex((x, step) => step >= from && (x <= low || x >= high));
    return found < 0 ? path.steps + 1 : found;
  };

  it("finds the first step beyond either barrier, as a walk step by step does", () => {
    const path = new PricePath(200);
    const [source] = SPEC.sources;
    if (source === undefined) throw new Error("No source.");
    const { draw } = drawerOf(source, { seed: 1, index: 0, step: 300 });
    const cases = barriers.flatMap((pair) => [1, 33, 150].map((from) => ({ pair, from })));
    for (let number = 0; number < 40; number += 1) {
      draw(number, path);
      for (const { pair, from } of cases) {
        expect(path.next(from, pair[0], pair[1])).to.equal(walked(path, from, pair));
      }
    }
  });

  it("draws jump paths with the mean that was asked for", () => {
    const path = new PricePath(24);
    const source = {
      kind: "jump",
      sigma: 0.8,
      mu: 0,
      jumpsPerYear: 100,
      jumpMean: -0.05,
      jumpDeviation: 0.05,
    } as const;
    const { draw } = drawerOf(source, { seed: 9, index: 0, step: 3_600 });
    const count = 40_000;
    let sum = 0;
    for (let number = 0; number < count; number += 1) {
      draw(number, path);
      sum += Math.exp(path.logs[24] ?? 0);
    }
    // Variance of a day: 0.64/365 + 100/365 × (0.05² + 0.05²); a fair game ends at 1 in the mean.
    const deviation = Math.sqrt((0.64 + 100 * 0.005) / 365);
    expect(Math.abs(sum / count - 1)).to.be.lessThan((4 * deviation) / Math.sqrt(count));
  });

  it("puts whole blocks of past returns together", () => {
    const returns = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    const path = new PricePath(6);
    const { draw } = drawerOf(
      { kind: "bootstrap", returns, block: 2 },
      { seed: 1, index: 0, step: 1 },
    );
    draw(3, path);
    const moves = [...path.logs].slice(1).map((x, i) => Math.round((x - (path.logs[i] ?? 0)) * 10));
    for (const place of [0, 2, 4])
      expect((moves[place + 1] ?? 0) - (moves[place] ?? 0)).to.equal(1);
  });
});

describe("outputs", () => {
  it("needs nothing but itself, and says every combination", async () => {
    const { cells } = await simulate({ spec: { ...SMALL, paths: 50 }, workers: 1 });
    const report = writeSimulationReport(SMALL, cells);
    expect(report).not.to.match(/<script|<link|<img|src=|@import|url\((?!#)|href=/);
    expect(report.match(/<svg/g)?.length).to.equal(12);
    expect(toCsv(cells).trim().split("\n").length).to.equal(1 + cellsOf(SMALL).length);
    expect(JSON.parse(toResultJson(SMALL, cells)).cells.length).to.equal(cellsOf(SMALL).length);
  });

  it("names a simulation by all that matters", () => {
    expect(specId({ ...SMALL })).to.equal(specId(SMALL));
    expect(specId({ ...SMALL, seed: 2 })).not.to.equal(specId(SMALL));
  });

  it("takes the largest", () => {
    expect([...largest(Float64Array.of(1, 5, -2, 4), 2)]).to.deep.equal([5, 4]);
  });
});
