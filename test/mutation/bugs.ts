import type { Mutant } from "./mutants.ts";

/** A bug that a tired hand could write. */
export interface Bug {
  readonly name: string;
  readonly place: string;
  readonly original: string;
  readonly replacement: string;
  /** Test files that are likeliest to notice, which are run first. */
  readonly likely: RegExp;
}

/** Planted by hand: each must be caught by more than one layer of tests. */
export const BUGS: readonly Bug[] = [
  {
    name: "rounding direction: the borrow fee rounds down",
    place: "BorrowMath.owed",
    original: "reserve.mulWadUp(borrowIndex - snapshot)",
    replacement: "reserve.mulWadDown(borrowIndex - snapshot)",
    likely: /BorrowMath|curves|05-|13-accr|Rounding/,
  },
  {
    name: "missing accrual: a position grows on the market as it was stored",
    place: "TradeModule._increase",
    original: "market_.accrue(block.timestamp);",
    replacement: "",
    likely: /trade\.increase|histories|14-funding|13-accruals/,
  },
  {
    name: "wrong sign in NAV: the refundable premium is taken from what traders can claim",
    place: "MarketMath.tradersClaim",
    original: "net += int256(SkewMath.premium(price, skew_, skewScale))",
    replacement: "net -= int256(SkewMath.premium(price, skew_, skewScale))",
    likely: /libraries\/MarketMath|marketMath|totalAssets|histories|04-|30-nav/,
  },
];

/** Whether a mutant is a bug. */
export function isBug(bug: Bug, { place, original, replacement }: Mutant): boolean {
  return place === bug.place && original === bug.original && replacement === bug.replacement;
}
