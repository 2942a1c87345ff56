import { health, type Scene } from "../core/quote.ts";
import type { RescueMandate } from "../core/rescue.ts";
import type { Position } from "../core/types.ts";
import { divWadDown } from "../core/wadMath.ts";
import { type OddsBasis, oddsOf, oddsText } from "./odds.ts";
import { amount, type Change } from "./output.ts";

/** Where a position stands, for reading. Amounts are WAD. */
export interface Standing {
  readonly size: bigint;
  readonly margin: bigint;
  readonly reserve: bigint;
  readonly equity: bigint;
  readonly maintenanceMargin: bigint;
  /** Equity as a multiple of maintenance margin [WAD]. */
  readonly health: bigint;
  readonly leverage: bigint;
  readonly liquidationPrice: bigint;
  readonly mostToLose: bigint;
  readonly mostToWin: bigint;
  readonly odds: string;
}

/** What a position is looked at with. */
export interface View {
  readonly scene: Scene;
  readonly mandate: RescueMandate | undefined;
  readonly odds: OddsBasis;
}

/** Name, and how to write it. */
const ROWS: readonly (readonly [string, (standing: Standing) => string])[] = [
  ["size [base]", ({ size }) => amount(size, 6)],
  ["margin", ({ margin }) => amount(margin)],
  ["reserve", ({ reserve }) => amount(reserve)],
  ["equity", ({ equity }) => amount(equity)],
  ["maintenance margin", ({ maintenanceMargin }) => amount(maintenanceMargin)],
  ["health (equity ÷ maintenance)", ({ health: ratio }) => amount(ratio, 2)],
  ["leverage", ({ leverage }) => `${amount(leverage, 2)}x`],
  ["liquidation price", ({ liquidationPrice }) => priceText(liquidationPrice)],
  ["liquidated within 24 h", ({ odds }) => odds],
  ["most you can lose", ({ mostToLose }) => amount(mostToLose)],
  ["most you can win", ({ mostToWin }) => amount(mostToWin)],
];

/** Reckon where a position stands; `undefined` where it is not open. */
export function standingOf(position: Position, view: View): Standing | undefined {
  if (position.size === 0n) return undefined;
  const found = health(position, view.scene);
  const { equity, notional, maintenanceMargin, liquidationPrice } = found;
  return {
    size: position.size,
    margin: position.margin,
    reserve: position.reserve,
    equity,
    maintenanceMargin,
    health: equity > 0n ? divWadDown(equity, maintenanceMargin) : 0n,
    leverage: equity > 0n ? divWadDown(notional, equity) : 0n,
    liquidationPrice,
    mostToLose: position.margin + (view.mandate?.capLeft ?? 0n),
    mostToWin: position.reserve,
    odds: oddsText(oddsOf(position, view.scene, view.odds)),
  };
}

/** Set two standings side by side. */
export function changesOf(
  before: Standing | undefined,
  after: Standing | undefined,
): readonly Change[] {
  return ROWS.map(([name, write]) => ({
    name,
    before: before === undefined ? "–" : write(before),
    after: after === undefined ? "–" : write(after),
  }));
}

/** Write one standing by name. */
export function factsOf(standing: Standing): readonly (readonly [string, string])[] {
  return ROWS.map(([name, write]) => [name, write(standing)]);
}

/** Write a liquidation price for reading. */
export function priceText(price: bigint): string {
  return price === 0n ? "none" : amount(price, 2);
}
