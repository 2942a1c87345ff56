import type { SearchScene } from "../core/searchBounds.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { alertOf, MarginCalls } from "./marginCalls.ts";
import { MarketIndex } from "./marketIndex.ts";
import type { Parts } from "./open.ts";

/** Equity below this share of maintenance margin counts as at risk. */
const RISKY = 1.1;
const UNIT = 1e18;
/** Owners that are called one by one in one look. */
const MOST_CALLS = 50;

/** Looks over all positions at leisure: who is at risk, and who should be called. */
export class Housekeeper {
  readonly #parts: Parts;
  readonly #calls = new Map<string, MarginCalls>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Look once over every market. */
  async look(): Promise<boolean> {
    const { markets, config } = this.#parts;
    for (const [index, { last }] of markets.entries()) {
      if (last !== undefined) this.#lookAt(config.markets[index] ?? "", last);
    }
    return false;
  }

  #lookAt(market: string, { state, spot, market: now, constants }: Snapshot): void {
    if (spot === undefined || !(state instanceof MarketIndex)) return;
    const scene: SearchScene = { ...now, price: spot.price, skewScale: constants.skewScale };
    const { metrics, alerts } = this.#parts;
    const ratio = bufferRatio(state);
    const thin = [...state.positions.thin(scene, Math.max(1 + ratio / 3, RISKY))];
    const risky = thin.filter(({ equity, required }) => equity < required * RISKY);
    metrics.atRisk.set({ market }, risky.length);
    const atRisk = risky.reduce((sum, { equity }) => sum + Math.max(0, equity), 0);
    metrics.marginAtRisk.set({ market }, atRisk);
    const calls = this.#callsOf(market).next(thin, ratio);
    for (const call of calls.filter(({ level }) => level === 0)) {
      for (const level of [1, 2]) alerts.clear(`${alertOf(call, market).name} ${level}`);
    }
    const worst = calls.filter(({ level }) => level > 0).sort((a, b) => a.left - b.left);
    for (const call of worst.slice(0, MOST_CALLS)) {
      const alert = alertOf(call, market);
      alerts.raise({ ...alert, name: `${alert.name} ${call.level}` });
    }
    this.#tellOfMore(market, worst.length - MOST_CALLS);
  }

  /** In a crash one message has to do for many. */
  #tellOfMore(market: string, more: number): void {
    const { alerts } = this.#parts;
    const name = `margin-calls ${market}`;
    if (more <= 0) {
      alerts.clear(name);
      return;
    }
    const text = `"${more}" more positions have little of their buffers left.`;
    alerts.raise({ name, severity: "critical", text });
  }

  #callsOf(market: string): MarginCalls {
    const known = this.#calls.get(market) ?? new MarginCalls();
    this.#calls.set(market, known);
    return known;
  }
}

/** What initial margin has above maintenance, as a share of maintenance: the least of all terms. */
function bufferRatio(state: MarketIndex): number {
  const ratios = [...state.terms.values()].map((terms) => {
    const held = terms.maintenanceMarginRatio + terms.liquidationFeeRatio;
    const byTarget = Number(terms.liquidationTarget) / UNIT;
    return Math.max(Number(terms.initialMarginRatio) / Number(held), byTarget) - 1;
  });
  return ratios.length === 0 ? 1 : Math.min(...ratios);
}
