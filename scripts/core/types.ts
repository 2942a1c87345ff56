/** One position as stored; a size of zero means that it is not open. Twin of `types/Position.sol`. */
export interface Position {
  /** Signed quantity, + long, − short [WAD base]. */
  readonly size: bigint;
  /** Sum of size change × fill price, signed like `size`, with settled accruals folded in [± WAD quote]. */
  readonly openNotional: bigint;
  /** Observation time of the newest price that changed the position [s]. */
  readonly priceTime: bigint;
  /** Terms that the position is held to. */
  readonly termsId: bigint;
  /** Bit 0: a rescue mandate stands; bits 1–7: how often the position was transferred. */
  readonly traits: bigint;
  /** Cool-off after a partial liquidation, counted from `priceTime` [s]. */
  readonly cooldown: bigint;
  /** Collateral credited to the position [WAD quote]. */
  readonly margin: bigint;
  /** Pool tokens locked for the position: the most it can gain [WAD quote]. */
  readonly reserve: bigint;
  /** Borrow index when accruals were last folded [WAD]. */
  readonly borrowIndex: bigint;
  /** Address of who owns the position. */
  readonly owner: string;
  /** Funding index when accruals were last folded [± WAD quote per base]. */
  readonly fundingIndex: bigint;
}

/** Sums over all positions of one market, and the indices they accrue by. Twin of `types/Market.sol`. */
export interface Market {
  /** Sum of long sizes [WAD base]. */
  readonly longOpenInterest: bigint;
  /** Sum of short sizes, unsigned [WAD base]. */
  readonly shortOpenInterest: bigint;
  /** Observation time of the newest price that the market has used [s]. */
  readonly clock: bigint;
  /** Cumulative funding [± WAD quote per base]. */
  readonly fundingIndex: bigint;
  /** Cumulative borrow fee per unit of reserve [WAD]. */
  readonly borrowIndex: bigint;
  /** Up to when both indices are accrued [s]. */
  readonly accruedAt: bigint;
  /** Growth of the funding index [± WAD quote per base per s]. */
  readonly fundingVelocity: bigint;
  /** Growth of the borrow index [WAD per s]. */
  readonly borrowRate: bigint;
  /** Index price at the last change of size [WAD quote per base]. */
  readonly referencePrice: bigint;
  /** Sum of open notional − size × funding index − reserve × borrow index as at each last fold [± WAD quote]. */
  readonly netBasis: bigint;
  /** Sum of margins [WAD quote]. */
  readonly totalMargin: bigint;
  /** Newest price that the market has used [WAD quote per base]. */
  readonly lastPrice: bigint;
  /** Number of the newest log of the contract. */
  readonly sequence: bigint;
  /** Owed to the pool and not yet swept to it [WAD quote]. */
  readonly poolDue: bigint;
  /** Owed to the receiver of protocol fees [WAD quote]. */
  readonly protocolDue: bigint;
}

/** What a position is held to. Twin of `types/Terms.sol`. */
export interface Terms {
  /** Equity needed to open or increase, as a share of notional [WAD]. */
  readonly initialMarginRatio: bigint;
  /** Equity needed to stay, as a share of notional, before the liquidation fee [WAD]. */
  readonly maintenanceMarginRatio: bigint;
  /** Liquidation fee as a share of the notional closed [WAD]. */
  readonly liquidationFeeRatio: bigint;
  /** Fee on notional at fill, on open and on close [WAD]. */
  readonly positionFeeRatio: bigint;
  /** Multiple of maintenance margin that a partial liquidation restores [WAD]. */
  readonly liquidationTarget: bigint;
  /** Least reserve as a share of the notional it is added for [WAD]. */
  readonly minReserveRatio: bigint;
  /** Pause between two partial liquidations of one position [s]. */
  readonly liquidationCooldown: bigint;
  /** What a keeper is paid at least for a liquidation [WAD quote]. */
  readonly keeperFeeFloor: bigint;
  /** What a keeper is paid at most for a liquidation [WAD quote]. */
  readonly keeperFeeCap: bigint;
  /** Least maintenance margin of any position [WAD quote]. */
  readonly minMaintenance: bigint;
  /** Least equity of an open position after its owner acts [WAD quote]. */
  readonly minMargin: bigint;
  /** Least notional of an open position after its owner acts [WAD quote]. */
  readonly minNotional: bigint;
}

/** Depth, funding and borrow curves of a market. Twin of `CurveParameters` in `types/MarketParameters.sol`. */
export interface CurveParameters {
  /** Skew at which the fill price is twice the index price [WAD base]. */
  readonly skewScale: bigint;
  /** Skew at which funding saturates [WAD base]. */
  readonly fundingScale: bigint;
  /** Largest funding rate [WAD per s]. */
  readonly maxFundingRate: bigint;
  /** Borrow rate of an unused pool [WAD per s]. */
  readonly minBorrowRate: bigint;
  /** Borrow rate at the kink [WAD per s]. */
  readonly kinkBorrowRate: bigint;
  /** Borrow rate at full utilization [WAD per s]. */
  readonly maxBorrowRate: bigint;
  /** Utilization at which the borrow curve turns steep [WAD]. */
  readonly kinkUtilization: bigint;
}
