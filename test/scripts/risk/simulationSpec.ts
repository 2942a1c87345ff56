import type { Cell, SimulationSpec } from "../../../scripts/risk/market/spec.ts";
import { curvesOf, termsOf } from "../../fixtures/states.ts";

const WAD = 10n ** 18n;

/** A small market in rough times: 80% volatility and a crash of 12% once in ten days. */
export const SPEC: SimulationSpec = {
  seed: 42,
  paths: 400,
  chunk: 100,
  horizon: 86_400,
  step: 300,
  sources: [
    {
      kind: "jump",
      sigma: 0.8,
      mu: 0,
      jumpsPerYear: 36.5,
      jumpMean: -0.12,
      jumpDeviation: 0.08,
    },
  ],
  price: 2_000,
  cash: 10_000_000,
  cohorts: [
    { side: "long", leverage: 5, demand: 1_000_000 },
    { side: "long", leverage: 10, demand: 1_500_000 },
    { side: "long", leverage: 18, demand: 500_000 },
    { side: "short", leverage: 8, demand: 1_200_000 },
    { side: "short", leverage: 15, demand: 800_000 },
  ],
  reserveRatio: 0.12,
  mandate: { cap: 0.8, target: 2, trigger: 1.2 },
  grid: {
    maintenance: [0.01, 0.02],
    caps: [600, 2_000],
    latency: [12, 700],
    mandateShare: [0, 0.5],
  },
  rules: {
    terms: termsOf({ initialMarginRatio: WAD / 25n, liquidationTarget: (5n * WAD) / 4n }),
    curves: curvesOf({ skewScale: 2_000_000n * WAD }),
    protocolFeeShare: WAD / 10n,
    scale: 10n ** 12n,
  },
};

/** The first cell of it. */
export const CELL: Cell = {
  source: 0,
  maintenance: 0.01,
  cap: 2_000,
  latency: 12,
  mandateShare: 0,
};
