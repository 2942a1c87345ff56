import {
  closePart,
  equityOf,
  fillPriceOf,
  fold,
  gainOf,
  isLargeEnough,
  maintenanceOf,
  notionalOf,
  payGain,
  roundingOf,
  stamp,
} from "./box.ts";
import { least, most, Rational, WEI, ZERO } from "./rational.ts";
import { end, requireNewEnough } from "./trade.ts";
import {
  accrue,
  type Box,
  below,
  boxOf,
  copyOf,
  credit,
  entry,
  type Mandate,
  type Price,
  Refusal,
  skewOf,
  updateBorrowRate,
  updateFunding,
  type World,
  wholeDown,
  wholeUp,
} from "./world.ts";

/** How an attempt at a position ended, and what its keeper gets. */
export interface Liquidated {
  readonly outcome: "part" | "full" | "rescued";
  readonly keeperFee: Rational;
  /** Why a mandate did not help: every reason that applies. */
  readonly rescue: readonly string[];
}

const HALF = Rational.of(1n, 2n);

/** BH-83 to BH-91, BH-232: rescues, or closes in part or whole. @throws Refusal */
export function liquidate(world: World, positionId: bigint, price: Price): Liquidated {
  requireNoGrace(world, 0n);
  requireNewEnough(world, price);
  const box = boxOf(world, positionId);
  accrue(world);
  const maintenance = maintenanceOf(world, notionalOf(box, price.value));
  const equity = equityOf(world, box, price.value);
  const reasons: string[] = [];
  if (!below(world, gainOf(world, box, price.value), box.reserve, "cap of a liquidation")) {
    reasons.push("PositionCapped");
  }
  if (!below(world, equity, maintenance, "maintenance margin")) reasons.push("PositionHealthy");
  if (reasons.length > 0) throw new Refusal(reasons);
  const half = maintenance.times(HALF);
  const cooling = world.now < box.coolUntil;
  if (cooling && !below(world, equity, half, "half of maintenance")) {
    throw new Refusal(["CoolingOff"]);
  }
  const rescue = rescueReasons(world, { positionId, price: price.value, early: false });
  if (rescue.length === 0) {
    return { outcome: "rescued", keeperFee: pullMandate(world, positionId, price), rescue };
  }
  return { ...close(world, positionId, price), rescue };
}

/** BH-235. */
export function rescue(world: World, positionId: bigint, price: Price): Liquidated {
  requireNewEnough(world, price);
  const box = boxOf(world, positionId);
  accrue(world);
  if (!below(world, gainOf(world, box, price.value), box.reserve, "cap of a rescue")) {
    throw new Refusal(["PositionCapped"]);
  }
  const reasons = rescueReasons(world, { positionId, price: price.value, early: true });
  if (reasons.length > 0) throw new Refusal(reasons);
  return { outcome: "rescued", keeperFee: pullMandate(world, positionId, price), rescue: [] };
}

/** BH-85, BH-102: nothing is liquidated for a while after the sequencer came up. */
export function requireNoGrace(world: World, more: bigint): void {
  if (world.upSince === 0n) return;
  if (world.now < world.upSince + world.rules.sequencerGrace) {
    throw new Refusal(["SequencerGracePeriod", "SettleGracePeriod"]);
  }
  if (world.now < world.upSince + world.rules.sequencerGrace + more) {
    throw new Refusal(["SettleGracePeriod"]);
  }
}

/** What a rescue is asked about: whether it comes before the position can be liquidated. */
interface RescueCase {
  readonly positionId: bigint;
  readonly price: Rational;
  readonly early: boolean;
}

/** BH-233: every reason why a mandate does not help. */
function rescueReasons(world: World, { positionId, price, early }: RescueCase): readonly string[] {
  const box = boxOf(world, positionId);
  const mandate = world.mandates.get(positionId);
  if (mandate === undefined) return ["NoMandate"];
  const equity = equityOf(world, box, price);
  const maintenance = maintenanceOf(world, notionalOf(box, price));
  const amount = pulledBy(world, mandate, equity, maintenance);
  const trigger = mandate.trigger.times(maintenance);
  const failed: [boolean, string][] = [
    [world.now > mandate.expiry, "Expired"],
    [early && !below(world, equity, trigger, "trigger of a rescue"), "NotTriggered"],
    [!below(world, ZERO, equity, "solvency"), "Insolvent"],
    [mandate.rescuedAt !== 0n && world.now < mandate.rescuedAt + mandate.minInterval, "TooSoon"],
    [mandate.maxKeeperFee.isBelow(world.rules.terms.feeFloor), "FeeTooHigh"],
    [below(world, mandate.capLeft, amount, "cap of a mandate"), "CapTooSmall"],
    [
      below(world, entry(world.allowances, box.owner), amount, "allowance of an owner"),
      "AllowanceTooSmall",
    ],
    [
      below(world, entry(world.wallets, box.owner), amount, "balance of an owner"),
      "BalanceTooSmall",
    ],
    [world.blocked.has("marginVault"), "TransferFailed"],
  ];
  return failed.filter(([fails]) => fails).map(([, reason]) => reason);
}

/** BH-232: what a rescue takes out of the owner's wallet. */
function pulledBy(
  world: World,
  mandate: Mandate,
  equity: Rational,
  maintenance: Rational,
): Rational {
  const missing = most(ZERO, mandate.target.times(maintenance).minus(equity));
  return wholeUp(world, missing.plus(world.rules.terms.feeFloor), "pull");
}

function pullMandate(world: World, positionId: bigint, price: Price): Rational {
  const box = boxOf(world, positionId);
  const mandate = world.mandates.get(positionId);
  if (mandate === undefined) throw new Refusal(["NoMandate"]);
  const maintenance = maintenanceOf(world, notionalOf(box, price.value));
  const equity = equityOf(world, box, price.value);
  const amount = pulledBy(world, mandate, equity, maintenance);
  const { feeFloor } = world.rules.terms;
  mandate.capLeft = mandate.capLeft.minus(amount);
  mandate.rescuedAt = world.now;
  credit(world.wallets, box.owner, amount.negated());
  credit(world.allowances, box.owner, amount.negated());
  box.margin = box.margin.plus(amount).minus(feeFloor);
  stamp(world, price);
  return feeFloor;
}

/** BH-86 to BH-91. */
function close(
  world: World,
  positionId: bigint,
  price: Price,
): Pick<Liquidated, "outcome" | "keeperFee"> {
  fold(world, boxOf(world, positionId));
  const closed = partialSize(world, boxOf(world, positionId), price.value);
  if (closed !== undefined) {
    const trial = copyOf(world);
    const keeperFee = closeSome(trial, positionId, price, closed);
    if (keeperFee !== undefined) {
      Object.assign(world, trial);
      return { outcome: "part", keeperFee };
    }
  }
  return { outcome: "full", keeperFee: closeAll(world, positionId, price) };
}

/** BH-86: how much brings the rest to its target; nothing where that is all or cannot be said. */
function partialSize(world: World, box: Box, price: Rational): Rational | undefined {
  const { mmr, lfr, target } = world.rules.terms;
  const wanted = target.times(mmr.plus(lfr));
  const size = box.size.magnitude();
  const exit = size.times(HALF).minus(skewOf(world).times(Rational.of(box.size.sign())));
  const cost = lfr.plus(most(ZERO, exit.over(world.rules.skewScale)));
  const allowance = roundingOf(ZERO)
    .plus(world.rules.unit)
    .plus(WEI.times(Rational.of(size.floor())));
  const equity = equityOf(world, box, price).minus(allowance);
  if (!below(world, cost, wanted, "cost of a liquidation")) return undefined;
  if (!below(world, ZERO, equityOf(world, box, price), "equity of a liquidation")) return undefined;
  const notional = size.times(price);
  const share = wanted.times(notional).minus(equity).over(wanted.minus(cost).times(notional));
  const closed = Rational.of(size.times(share).times(WAD).ceil()).over(WAD);
  return closed.isBelow(size) ? closed : undefined;
}

const WAD = Rational.of(10n ** 18n);

/** Closes a part; nothing where BH-87 asks for all. */
function closeSome(
  world: World,
  positionId: bigint,
  price: Price,
  closed: Rational,
): Rational | undefined {
  const { terms } = world.rules;
  const box = boxOf(world, positionId);
  const fee = terms.lfr.times(closed).times(price.value);
  if (!below(world, terms.feeFloor, fee, "fee of a part")) return undefined;
  const delta = closed.times(Rational.of(-box.size.sign()));
  closePart(world, box, closed, fillPriceOf(world, price.value, delta));
  if (below(world, box.margin, fee, "margin for the fee")) return undefined;
  box.margin = box.margin.minus(fee);
  if (!isKeepable(world, box, price.value)) return undefined;
  const keeperFee = bookFee(world, fee);
  box.coolUntil = world.now + terms.cooldown;
  stamp(world, price, box);
  updateFunding(world);
  updateBorrowRate(world);
  return keeperFee;
}

function isKeepable(world: World, box: Box, price: Rational): boolean {
  const { mmr, lfr, target, minMaintenance } = world.rules.terms;
  if (!isLargeEnough(world, box, price)) return false;
  const maintenance = mmr.plus(lfr).times(notionalOf(box, price));
  if (below(world, maintenance, minMaintenance, "minMaintenance of the rest")) return false;
  return equityOf(world, box, price).isAtLeast(target.times(maintenance));
}

/** BH-89, BH-90: the keeper is paid from the margin, and to the floor from the reserve. */
function closeAll(world: World, positionId: bigint, price: Price): Rational {
  const { terms } = world.rules;
  const box = boxOf(world, positionId);
  const size = box.size.magnitude();
  const due = most(terms.lfr.times(size).times(price.value), terms.feeFloor);
  const closing = closePart(world, box, size, fillPriceOf(world, price.value, box.size.negated()));
  const lacks = below(world, box.margin, terms.feeFloor, "margin for the floor");
  if (lacks) {
    const missing = wholeUp(world, terms.feeFloor.minus(box.margin), "missing fee");
    const free = wholeDown(world, closing.released.minus(closing.gain), "free reserve");
    box.margin = box.margin.plus(payGain(world, box.owner, least(missing, free)));
  }
  const fee = least(due, box.margin);
  box.margin = box.margin.minus(fee);
  const keeperFee = bookFee(world, fee);
  stamp(world, price, box);
  end(world, positionId);
  return keeperFee;
}

/** BH-89: what exceeds the cap of the keeper's fee is due to the pool. */
function bookFee(world: World, fee: Rational): Rational {
  const keeperFee = least(fee, world.rules.terms.feeCap);
  world.poolDue = world.poolDue.plus(fee.minus(keeperFee));
  return keeperFee;
}
