import type { CurveParameters, Terms } from "../../core/types.ts";
import type { Rules } from "../books.ts";

const WAD = 1e18;

/** The rules of a market as plain numbers, in units of quote, base and seconds: statistics need no more. */
export interface ModelRules {
  readonly maintenance: number;
  readonly liquidationFee: number;
  readonly target: number;
  readonly cooldown: number;
  readonly keeperFeeFloor: number;
  readonly keeperFeeCap: number;
  readonly minMaintenance: number;
  readonly minMargin: number;
  readonly minNotional: number;
  readonly skewScale: number;
  readonly fundingScale: number;
  readonly maxFundingRate: number;
  readonly minBorrowRate: number;
  readonly kinkBorrowRate: number;
  readonly maxBorrowRate: number;
  readonly kinkUtilization: number;
  /** Smallest amount of the token [quote]. */
  readonly tokenUnit: number;
}

/** Turn the rules of a market into plain numbers. */
export function modelRulesOf({
  terms,
  curves,
  scale,
}: Pick<Rules, "terms" | "curves" | "scale">): ModelRules {
  return { ...termsOf(terms), ...curvesOf(curves), tokenUnit: Number(scale) / WAD };
}

/** Turn a WAD into a plain number. */
export function fromWad(amount: bigint): number {
  return Number(amount) / WAD;
}

function termsOf(terms: Terms) {
  return {
    maintenance: fromWad(terms.maintenanceMarginRatio),
    liquidationFee: fromWad(terms.liquidationFeeRatio),
    target: fromWad(terms.liquidationTarget),
    cooldown: Number(terms.liquidationCooldown),
    keeperFeeFloor: fromWad(terms.keeperFeeFloor),
    keeperFeeCap: fromWad(terms.keeperFeeCap),
    minMaintenance: fromWad(terms.minMaintenance),
    minMargin: fromWad(terms.minMargin),
    minNotional: fromWad(terms.minNotional),
  };
}

function curvesOf(curves: CurveParameters) {
  return {
    skewScale: fromWad(curves.skewScale),
    fundingScale: fromWad(curves.fundingScale),
    maxFundingRate: fromWad(curves.maxFundingRate),
    minBorrowRate: fromWad(curves.minBorrowRate),
    kinkBorrowRate: fromWad(curves.kinkBorrowRate),
    maxBorrowRate: fromWad(curves.maxBorrowRate),
    kinkUtilization: fromWad(curves.kinkUtilization),
  };
}
