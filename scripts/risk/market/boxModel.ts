import type { Fate } from "./fate.ts";
import type { ModelRules } from "./rules.ts";

/** What a part of a position does to its box. */
export interface Part {
  readonly released: number;
  readonly gain: number;
  readonly loss: number;
  readonly shortfall: number;
  readonly size: number;
  readonly openNotional: number;
  readonly margin: number;
  readonly reserve: number;
}

/** Where a position is closed. */
export interface Exit {
  readonly price: number;
  /** Long minus short open interest before. */
  readonly skew: number;
  readonly rules: ModelRules;
}

/** Close `closed` of a folded position: what its box gives and takes, before any fee. */
export function closePart(fate: Fate, closed: number, { price, skew, rules }: Exit): Part {
  const whole = Math.abs(fate.size);
  const share = closed === whole ? 1 : closed / whole;
  const delta = fate.size > 0 ? -closed : closed;
  const fill = price * (1 + (skew + delta / 2) / rules.skewScale);
  const released = fate.reserve * share;
  const cost = fate.openNotional * share;
  const pnl = -delta * fill - cost;
  const gain = pnl > 0 ? Math.min(pnl, released) : 0;
  const loss = pnl < 0 ? Math.min(-pnl, fate.margin) : 0;
  return {
    released,
    gain,
    loss,
    shortfall: pnl < 0 ? -pnl - loss : 0,
    size: share === 1 ? 0 : fate.size + delta,
    openNotional: fate.openNotional - cost,
    reserve: fate.reserve - released,
    margin: fate.margin + gain - loss,
  };
}

/** Return the size that a liquidation closes: a part, or the whole where the rest could not be kept. */
export function liquidatedSize(fate: Fate, equity: number, exit: Exit): number {
  const { rules, price, skew } = exit;
  const whole = Math.abs(fate.size);
  const notional = whole * price;
  const ratio = rules.maintenance + rules.liquidationFee;
  const impact = Math.max(0, (whole / 2 - Math.sign(fate.size) * skew) / rules.skewScale);
  const cost = rules.liquidationFee + impact;
  const held = equity - rules.tokenUnit;
  if (held <= 0 || ratio * rules.target <= cost) return whole;
  const lack = notional * ratio * rules.target - held;
  if (lack <= 0) return 0;
  const closed = (whole * lack) / (notional * (ratio * rules.target - cost));
  return closed < whole && isWorthwhile(fate, closed, exit) ? closed : whole;
}

/** Return `max(lfr × closed notional, keeperFeeFloor)`. */
export function liquidationFee(closed: number, { price, rules }: Exit): number {
  return Math.max(closed * price * rules.liquidationFee, rules.keeperFeeFloor);
}

/** Return the borrow rate at a utilization [per s]. */
export function borrowRateOf(reserved: number, cash: number, rules: ModelRules): number {
  const { minBorrowRate, kinkBorrowRate, maxBorrowRate, kinkUtilization } = rules;
  const used = reserved >= cash ? 1 : reserved / cash;
  if (used <= kinkUtilization) {
    return minBorrowRate + ((kinkBorrowRate - minBorrowRate) * used) / kinkUtilization;
  }
  const above = (used - kinkUtilization) / (1 - kinkUtilization);
  return kinkBorrowRate + (maxBorrowRate - kinkBorrowRate) * above;
}

/** How far a path may still take a position. */
export interface Reach {
  readonly rules: ModelRules;
  /** First price of the path, and the highest. */
  readonly price: number;
  readonly highest: number;
  /** Until the path's end [s]. */
  readonly seconds: number;
  /** What has accrued so far [± quote]. */
  readonly owed: number;
  /** Largest share by which the skew may move a fill price. */
  readonly impact: number;
  /** Largest share of the largest funding rate that the skew may call for. */
  readonly fundingShare: number;
}

/** Added to a barrier, so that rounding never hides a hit: every candidate is checked exactly [log price]. */
const SLACK = 1e-9;

/**
 * Set the barriers, ln(price ÷ first price), beyond which a position is worth a look: wide enough for all that may accrue
 * until the path's end, whatever others do.
 */
export function setBarriers(
  fate: Fate,
  { rules, price, highest, seconds, owed, impact, fundingShare }: Reach,
): void {
  const whole = Math.abs(fate.size);
  const funding = whole * rules.maxFundingRate * fundingShare * highest * seconds;
  const most = owed + funding + fate.reserve * rules.maxBorrowRate * seconds;
  const trigger = Math.max(1, fate.mandate?.trigger ?? 0);
  const lack = fate.openNotional - fate.margin + most;
  const ratio = (rules.maintenance + rules.liquidationFee) * trigger;
  const floor = rules.minMaintenance * trigger;
  const win = fate.openNotional + fate.reserve + owed - funding;
  // What the whole position is worth at the first price; no closure here, this runs for every position of every path.
  const worth = whole * price;
  if (fate.size > 0) {
    fate.low = toLog(Math.max(lack / (1 - ratio), lack + floor) / worth) + SLACK;
    fate.high = toLog(win / (1 + impact) / worth) - SLACK;
  } else {
    fate.high = toLog(Math.min(-lack / (1 + ratio), -lack - floor) / worth) - SLACK;
    fate.low = toLog(-win / (1 - impact) / worth) + SLACK;
  }
}

function isWorthwhile(fate: Fate, closed: number, exit: Exit): boolean {
  const fee = liquidationFee(closed, exit);
  const part = closePart(fate, closed, exit);
  if (fee === exit.rules.keeperFeeFloor || part.margin < fee) return false;
  return isKeepable({ ...part, margin: part.margin - fee }, exit);
}

function isKeepable(rest: Part, { price, rules }: Exit): boolean {
  const notional = Math.abs(rest.size) * price;
  const required = notional * (rules.maintenance + rules.liquidationFee);
  const equity = rest.margin + Math.min(rest.size * price - rest.openNotional, rest.reserve);
  return (
    required >= rules.minMaintenance &&
    notional >= rules.minNotional &&
    rest.reserve >= rules.keeperFeeFloor &&
    equity >= rules.minMargin &&
    // The contract aims a token unit higher, so that it meets this to the wei; a double may miss it by less.
    equity >= required * rules.target - rules.tokenUnit
  );
}

/** Logarithm of a ratio of prices; a price at or below zero is never reached. */
function toLog(ratio: number): number {
  return ratio > 0 ? Math.log(ratio) : Number.NEGATIVE_INFINITY;
}
