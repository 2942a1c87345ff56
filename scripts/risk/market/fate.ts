// Amounts are quote, sizes base, times seconds from the beginning of the path.

/** A position as it stands at the beginning of every path. */
export interface ModelPosition {
  /** + long, − short. */
  readonly size: number;
  readonly openNotional: number;
  readonly margin: number;
  readonly reserve: number;
  readonly fundingIndex: number;
  readonly borrowIndex: number;
  readonly paidIn: number;
}

/** What owners let the market pull for one position. */
export interface ModelMandate {
  readonly cap: number;
  readonly target: number;
  readonly trigger: number;
}

/** What became of one position on one path. */
export interface Fate {
  size: number;
  openNotional: number;
  margin: number;
  reserve: number;
  fundingIndex: number;
  borrowIndex: number;
  coolUntil: number;
  mandate: ModelMandate | undefined;
  capLeft: number;
  paidIn: number;
  paidOut: number;
  shortfall: number;
  rescues: number;
  partials: number;
  ended: "open" | "liquidated" | "capped";
  /** Step of the first liquidation; −1 when there was none. */
  firstLiquidation: number;
  look: number;
  /** When the transaction in flight lands; −1 when there is none. */
  landing: number;
  low: number;
  high: number;
}

/** Return a fate that was not yet begun. */
export function newFate(): Fate {
  return {
    size: 0,
    openNotional: 0,
    margin: 0,
    reserve: 0,
    fundingIndex: 0,
    borrowIndex: 0,
    coolUntil: 0,
    mandate: undefined,
    capLeft: 0,
    paidIn: 0,
    paidOut: 0,
    shortfall: 0,
    rescues: 0,
    partials: 0,
    ended: "open",
    firstLiquidation: -1,
    look: 0,
    landing: -1,
    low: 0,
    high: 0,
  };
}

/** Begin a path. */
export function begin(
  fate: Fate,
  position: ModelPosition,
  mandate: ModelMandate | undefined,
): void {
  fate.size = position.size;
  fate.openNotional = position.openNotional;
  fate.margin = position.margin;
  fate.reserve = position.reserve;
  fate.fundingIndex = position.fundingIndex;
  fate.borrowIndex = position.borrowIndex;
  fate.paidIn = position.paidIn;
  fate.coolUntil = 0;
  fate.mandate = mandate;
  fate.capLeft = mandate?.cap ?? 0;
  fate.paidOut = 0;
  fate.shortfall = 0;
  fate.rescues = 0;
  fate.partials = 0;
  fate.ended = "open";
  fate.firstLiquidation = -1;
  fate.landing = -1;
}
