import { least, most, ONE, Rational, sum, WEI, ZERO } from "./rational.ts";
import {
  accrue,
  type Box,
  below,
  credit,
  entry,
  type Player,
  type Price,
  reservedOf,
  skewOf,
  type World,
  wholeDown,
} from "./world.ts";

const HALF = Rational.of(1n, 2n);

/** V: notional at a price. */
export function notionalOf(box: Box, price: Rational): Rational {
  return box.size.magnitude().times(price);
}

/** BH-23: what a position owes since its last fold. */
export function owedOf(world: World, box: Box): Rational {
  const seconds = Rational.of(world.now - world.accruedAt);
  const funding = world.fundingIndex.plus(world.fundingVelocity.times(seconds));
  const borrow = world.borrowIndex.plus(world.borrowRate.times(seconds));
  return box.size
    .times(funding.minus(box.fundingIndex))
    .plus(box.reserve.times(borrow.minus(box.borrowIndex)));
}

/** g: what a position would gain at a price. */
export function gainOf(world: World, box: Box, price: Rational): Rational {
  return box.size.times(price).minus(box.openNotional).minus(owedOf(world, box));
}

/** E = M + min(g, R). */
export function equityOf(world: World, box: Box, price: Rational): Rational {
  return box.margin.plus(least(gainOf(world, box, price), box.reserve));
}

/** BH-45. */
export function maintenanceOf(world: World, notional: Rational): Rational {
  const { mmr, lfr, minMaintenance } = world.rules.terms;
  return most(mmr.plus(lfr).times(notional), minMaintenance);
}

/** BH-46. */
export function initialOf(world: World, notional: Rational): Rational {
  const { imr, target, minMargin } = world.rules.terms;
  const floor = most(target.times(maintenanceOf(world, notional)), minMargin);
  return most(imr.times(notional), floor);
}

/** BH-39, BH-65: what a change of size trades at. */
export function fillPriceOf(
  world: World,
  price: Rational,
  sizeDelta: Rational,
  spread = ZERO,
): Rational {
  const middle = skewOf(world).plus(sizeDelta.times(HALF));
  const impact = ONE.plus(middle.over(world.rules.skewScale));
  const worse = sizeDelta.sign() > 0n ? ONE.plus(spread) : ONE.minus(spread);
  return price.times(impact).times(worse);
}

/** BH-35: what is owed moves into open notional. */
export function fold(world: World, box: Box): void {
  accrue(world);
  box.openNotional = box.openNotional.plus(owedOf(world, box));
  box.fundingIndex = world.fundingIndex;
  box.borrowIndex = world.borrowIndex;
}

/** BH-34, BH-68: clock and reference price follow, and never move back. */
export function stamp(world: World, price: Price, box?: Box): void {
  if (price.observedAt >= world.clock) {
    world.clock = price.observedAt;
    if (box !== undefined) world.referencePrice = price.value;
  }
  if (box !== undefined && price.observedAt > box.priceTime) box.priceTime = price.observedAt;
}

/** BH-20: pays whole token units; what is cut off is due to the pool, and what is refused is claimable (BH-16). */
export function payOut(world: World, player: Player, amount: Rational): void {
  const whole = wholeDown(world, amount, "payout");
  world.poolDue = world.poolDue.plus(amount.minus(whole));
  const target = world.blocked.has(player) ? world.vaultClaims : world.wallets;
  credit(target, player, whole);
}

/** BH-43, BH-44: takes as much of a fee as the margin holds; the protocol has its share of that. */
export function takeFee(world: World, box: Box, fee: Rational): Rational {
  const taken = least(fee, box.margin);
  box.margin = box.margin.minus(taken);
  const share = taken.times(world.rules.protocolFeeShare);
  world.protocolDue = world.protocolDue.plus(share);
  world.poolDue = world.poolDue.plus(taken.minus(share));
  return taken;
}

/** What a close of a part did. */
export interface Closing {
  readonly released: Rational;
  readonly gain: Rational;
  readonly shortfall: Rational;
}

/** BH-26, BH-28, BH-30: closes `closed` of a folded position; `capped` pays the whole share of the reserve. */
export function closePart(world: World, box: Box, closed: Rational, fillPrice: Rational): Closing {
  const share = closed.over(box.size.magnitude());
  const part = box.size.times(share);
  const pnl = part.times(fillPrice).minus(box.openNotional.times(share));
  const released = box.reserve.times(share);
  const gain = wholeDown(world, least(most(pnl, ZERO), released), "gain");
  const loss = least(most(pnl.negated(), ZERO), box.margin);
  box.size = box.size.minus(part);
  box.openNotional = box.openNotional.times(ONE.minus(share));
  box.reserve = box.reserve.minus(released);
  box.margin = box.margin.minus(loss);
  world.poolDue = world.poolDue.plus(loss);
  box.margin = box.margin.plus(payGain(world, box.owner, gain));
  return { released, gain, shortfall: most(pnl.negated(), ZERO).minus(loss) };
}

/** BH-30, BH-19: out of what is due to the pool, then by the pool. Returns what reached the margin. */
export function payGain(world: World, owner: Player, gain: Rational): Rational {
  const netted = least(gain, wholeDown(world, world.poolDue, "netted gain"));
  const rest = gain.minus(netted);
  world.poolDue = world.poolDue.minus(netted);
  world.cash = world.cash.minus(rest);
  if (!world.blocked.has("marginVault")) return gain;
  credit(world.poolClaims, owner, rest);
  return netted;
}

/** BH-31, BH-41: what closing all positions would refund for the skew. */
export function premiumOf(world: World, price: Rational): Rational {
  const skew = skewOf(world);
  return price.times(skew).times(skew).times(HALF).over(world.rules.skewScale);
}

/** BH-96: what the pool is worth at a price. */
export function totalAssetsOf(world: World, price: Rational): Rational {
  const boxes = [...world.positions.values()];
  const gains = sum(boxes.map((box) => gainOf(world, box, price)));
  const margins = sum(boxes.map(({ margin }) => margin));
  const claim = most(
    margins.negated(),
    least(gains.plus(premiumOf(world, price)), reservedOf(world)),
  );
  const dues = wholeDown(world, world.poolDue, "dues");
  return wholeDown(world, most(ZERO, world.cash.plus(dues).minus(claim)), "worth of the pool");
}

/** BH-106, BH-112: hands whole token units of dues to the pool. */
export function sweep(world: World): Rational {
  const whole = wholeDown(world, world.poolDue, "sweep");
  if (world.blocked.has("liquidityVault")) return ZERO;
  world.poolDue = world.poolDue.minus(whole);
  world.cash = world.cash.plus(whole);
  return whole;
}

/** Takes tokens out of a wallet. @returns whether it held them. */
export function pull(world: World, player: Player, amount: Rational): boolean {
  const held = entry(world.wallets, player);
  if (held.isBelow(amount)) return false;
  credit(world.wallets, player, amount.negated());
  return true;
}

/** BH-50, BH-87: whether what remains may stay open. */
export function isLargeEnough(world: World, box: Box, price: Rational): boolean {
  const { minNotional, minMargin, feeFloor } = world.rules.terms;
  const small = [
    below(world, notionalOf(box, price), minNotional, "minNotional of the rest"),
    below(world, equityOf(world, box, price), minMargin, "minMargin of the rest"),
    below(world, box.reserve, feeFloor, "reserve of the rest"),
  ];
  return !small.includes(true);
}

/** One wei for every unit of base, and sixteen: how far a fill price rounded to a wei moves an amount. */
export function roundingOf(size: Rational): Rational {
  return WEI.times(Rational.of(size.magnitude().ceil() + 16n));
}
