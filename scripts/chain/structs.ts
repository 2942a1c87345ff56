import type { CurveParameters, Market, Position, Terms } from "../core/types.ts";

// What a contract returns is of a kind that does not survive being spread, nor being told from an array.

/** Copy a market's sums into a plain object. */
export function toMarket(stored: Market): Market {
  return {
    longOpenInterest: stored.longOpenInterest,
    shortOpenInterest: stored.shortOpenInterest,
    clock: stored.clock,
    fundingIndex: stored.fundingIndex,
    borrowIndex: stored.borrowIndex,
    accruedAt: stored.accruedAt,
    fundingVelocity: stored.fundingVelocity,
    borrowRate: stored.borrowRate,
    referencePrice: stored.referencePrice,
    netBasis: stored.netBasis,
    totalMargin: stored.totalMargin,
    lastPrice: stored.lastPrice,
    sequence: stored.sequence,
    poolDue: stored.poolDue,
    protocolDue: stored.protocolDue,
  };
}

/** Copy a position into a plain object. */
export function toPosition(stored: Position): Position {
  return {
    size: stored.size,
    openNotional: stored.openNotional,
    priceTime: stored.priceTime,
    termsId: stored.termsId,
    traits: stored.traits,
    cooldown: stored.cooldown,
    margin: stored.margin,
    reserve: stored.reserve,
    borrowIndex: stored.borrowIndex,
    owner: stored.owner,
    fundingIndex: stored.fundingIndex,
  };
}

/** Copy terms into a plain object. */
export function toTerms(stored: Terms): Terms {
  return {
    initialMarginRatio: stored.initialMarginRatio,
    maintenanceMarginRatio: stored.maintenanceMarginRatio,
    liquidationFeeRatio: stored.liquidationFeeRatio,
    positionFeeRatio: stored.positionFeeRatio,
    liquidationTarget: stored.liquidationTarget,
    minReserveRatio: stored.minReserveRatio,
    liquidationCooldown: stored.liquidationCooldown,
    keeperFeeFloor: stored.keeperFeeFloor,
    keeperFeeCap: stored.keeperFeeCap,
    minMaintenance: stored.minMaintenance,
    minMargin: stored.minMargin,
    minNotional: stored.minNotional,
  };
}

/** Copy curves into a plain object. */
export function toCurves(stored: CurveParameters): CurveParameters {
  return {
    skewScale: stored.skewScale,
    fundingScale: stored.fundingScale,
    maxFundingRate: stored.maxFundingRate,
    minBorrowRate: stored.minBorrowRate,
    kinkBorrowRate: stored.kinkBorrowRate,
    maxBorrowRate: stored.maxBorrowRate,
    kinkUtilization: stored.kinkUtilization,
  };
}
