import type { Mutant } from "./mutants.ts";

/** A bug that a tired hand could write. */
export interface Bug {
  readonly name: string;
  readonly place: string;
  readonly original: string;
  readonly replacement: string;
}

/** Planted by hand: each must be caught by more than one layer of tests. */
export const BUGS: readonly Bug[] = [
  {
    name: "rounding direction: the borrow fee rounds down",
    place: "BorrowMath.owed",
    original: "reserve.mulWadUp(borrowIndex - snapshot)",
    replacement: "reserve.mulWadDown(borrowIndex - snapshot)",
  },
  {
    name: "missing accrual: the market is read as it was stored",
    place: "VaultLedger._accrued",
    original: "market_.accrue(block.timestamp);",
    replacement: "",
  },
  {
    name: "wrong sign in NAV: what traders can take is added to cash",
    place: "PoolShares._netAssets",
    original: "int256(poolCash) - claimOnPool",
    replacement: "int256(poolCash) + claimOnPool",
  },
];

/** Whether a mutant is a bug. */
export function isBug(bug: Bug, { place, original, replacement }: Mutant): boolean {
  return place === bug.place && original === bug.original && replacement === bug.replacement;
}
