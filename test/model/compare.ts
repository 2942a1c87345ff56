import { totalAssetsOf } from "./box.ts";
import type { Call } from "./calls.ts";
import type { Step } from "./history.ts";
import type { Outcome } from "./orders.ts";
import { most, Rational, WEI, ZERO } from "./rational.ts";
import type { World } from "./world.ts";

/** How much the contracts may have less, and more, than the exact model. */
export interface Bounds {
  readonly less: Rational;
  readonly more: Rational;
}

/** What one call touched, on which its rounding depends. */
export interface Touch {
  /** An amount that a fill price moves: a price is rounded by less than a wei, so an amount by its size in wei. */
  readonly fill: Rational;
  /** The share of that which a position fee, on a fill price that was rounded down, may be too low. */
  readonly fee: Rational;
  /** The protocol's share of what a fill moves, where a fee takes all that is left. */
  readonly share: Rational;
  /** A token unit, where an amount was so near a whole one that rounding decides; else zero. */
  readonly unit: Rational;
  /** A partial liquidation divides rounded equity by a small number: what a wei of equity moves of an amount. */
  readonly leverage: Rational;
  /** The same of a size. */
  readonly sizeLeverage: Rational;
  readonly price: Rational;
  readonly positions: Rational;
  /** Worth of all shares, and their number. */
  readonly assets: Rational;
  readonly supply: Rational;
  readonly rescued: boolean;
}

const NONE: Bounds = { less: ZERO, more: ZERO };

/** A row of the table of rounding: which quantity, by how much, and why. */
interface Row {
  readonly quantity: RegExp;
  readonly bounds: (touch: Touch) => Bounds;
  readonly why: string;
}

const wei = (count: number) => WEI.times(Rational.of(BigInt(count)));

/** The stated rounding of one call, in the order of the first match. */
export const ROUNDING: readonly Row[] = [
  {
    quantity: /OpenInterest$/,
    bounds: ({ sizeLeverage }) => ({ less: sizeLeverage, more: ZERO }),
    why: "exact; what a partial liquidation closes is rounded up, from equity and cost rounded against it",
  },
  {
    quantity: /^position \d+ size$/,
    bounds: ({ sizeLeverage }) => ({ less: sizeLeverage, more: sizeLeverage }),
    why: "the same, towards zero; which way that is says the open interest of its side",
  },
  {
    quantity: /^position \d+ openNotional$/,
    bounds: ({ fill, leverage }) => ({ less: wei(1).plus(leverage), more: fill.plus(leverage) }),
    why: "cost added and accruals folded up; cost of a closed part up, so that the rest has a wei less",
  },
  {
    quantity: /^(position \d+ reserve|reserved)$/,
    bounds: ({ leverage }) => ({ less: leverage, more: wei(1) }),
    why: "what a part releases is rounded down; more is released where more is closed",
  },
  {
    quantity: /^(position \d+ margin|totalMargin)$/,
    bounds: (touch) =>
      touch.rescued
        ? { less: ZERO, more: wei(8).plus(touch.unit) }
        : { less: owners(touch), more: touch.fee.plus(wei(1)).plus(touch.leverage) },
    why: "gain, losses and fees against the account; a fee on a lower fill price is lower; a rescue pulls up",
  },
  {
    quantity: /^mandate \d+ capLeft$/,
    bounds: ({ unit }) => ({ less: wei(8).plus(unit), more: ZERO }),
    why: "a rescue pulls what is missing rounded up",
  },
  {
    quantity: /^(keeper) (wallet|vaultClaim)$/,
    bounds: (touch) => ({
      less: owners(touch),
      more: touch.fee.plus(wei(2)).plus(touch.unit).plus(touch.leverage),
    }),
    why: "a fee rounded up, paid in whole units, out of a margin that is rounded down",
  },
  {
    quantity: / (wallet|vaultClaim|poolClaim)$/,
    bounds: (touch) => ({
      less: touch.rescued ? wei(8).plus(touch.unit) : owners(touch),
      more: touch.fee.plus(wei(1)).plus(touch.fee.sign() === 0n ? ZERO : touch.unit),
    }),
    why: "payouts down to a token unit, after gain, losses and fees against the account",
  },
  {
    quantity: /^poolDue$/,
    bounds: (touch) => ({
      less: touch.fee.plus(wei(3)).plus(touch.unit).plus(touch.leverage),
      more: owners(touch).plus(touch.unit),
    }),
    why: "the pool has what rounding takes from accounts, and what is cut off a token unit",
  },
  {
    quantity: /^protocolDue$/,
    bounds: ({ fee, share }) => ({ less: fee.plus(share).plus(wei(2)), more: fee.plus(wei(1)) }),
    why: "a share, rounded down, of a fee that was rounded up, or of all that the margin still held",
  },
  {
    quantity: /^cash$/,
    bounds: ({ unit, fill, leverage, supply, positions }) => {
      const redeemed =
        supply.sign() === 0n ? ZERO : wei(6).plus(WEI.times(positions).times(Rational.of(2n)));
      return { less: unit, more: unit.plus(fill).plus(leverage).plus(redeemed) };
    },
    why: "gain, and the assets of a redeem, are paid in whole units, rounded down",
  },
  {
    quantity: /^fundingVelocity$/,
    bounds: ({ price, sizeLeverage }) => ({
      less: wei(1).plus(WEI.times(price)).plus(sizeLeverage),
      more: sizeLeverage,
    }),
    why: "the rate is rounded down to a wei a second, then multiplied by the price",
  },
  {
    quantity: /^borrowRate$/,
    bounds: () => ({ less: ZERO, more: wei(2) }),
    why: "utilization and rate up",
  },
  {
    quantity: /^totalAssets$/,
    bounds: (touch) => ({
      less: wei(6)
        .plus(WEI.times(touch.positions).times(Rational.of(2n)))
        .plus(touch.unit)
        .plus(touch.fee)
        .plus(touch.leverage),
      more: owners(touch).plus(touch.unit),
    }),
    why: "claims of traders up, two products for each position; down to a token unit",
  },
  {
    quantity: /(totalSupply|shares|depositShares|redeemShares)$/,
    bounds: (touch) => {
      const error = sharesIn(touch);
      return { less: error, more: error };
    },
    why: "shares for assets that are rounded",
  },
  {
    quantity: /(depositAssets|redeemAssets)$/,
    bounds: ({ unit, positions }) => ({
      less: unit.plus(wei(6)).plus(WEI.times(positions).times(Rational.of(2n))),
      more: ZERO,
    }),
    why: "assets for shares down",
  },
];

/** What all rounding of a close or an increase together may take from an account. */
function owners({ fill, unit, fee, leverage }: Touch): Rational {
  return fill.plus(fee).plus(unit).plus(leverage);
}

/** What the rounding of the pool's worth is in shares. */
function sharesIn({ assets, supply, unit, positions }: Touch): Rational {
  if (supply.sign() === 0n) return ZERO;
  const off = unit
    .times(Rational.of(2n))
    .plus(wei(6))
    .plus(WEI.times(positions).times(Rational.of(2n)));
  return supply.times(off).over(most(assets, WEI)).plus(Rational.of(1n));
}

/** Bounds of a quantity after a call; exact where no row names it. */
export function boundsOf(name: string, touch: Touch): Bounds {
  return ROUNDING.find(({ quantity }) => quantity.test(name))?.bounds(touch) ?? NONE;
}

/** How a quantity breaks its bounds; nothing where it does not. */
export interface Breach {
  readonly name: string;
  readonly chain: string;
  readonly model: string;
  /** What the contracts have more [wei]. */
  readonly difference: string;
}

/** What rounding a call is allowed, now that it is known how it ended. */
export function settled(whole: Touch, { names: [name] }: Outcome, edges: readonly string[]): Touch {
  const touch = { ...whole, unit: edges.length === 0 ? ZERO : whole.unit };
  if (name === "part") return touch;
  return { ...touch, rescued: name === "rescued", leverage: ZERO, sizeLeverage: ZERO };
}

/** Every quantity of a step that is off by more than its rounding, or that one side alone has. */
export function breachesOf(step: Pick<Step, "model" | "chain">, touch: Touch): readonly Breach[] {
  const names = new Set([...step.model.keys(), ...step.chain.keys()]);
  return [...names].flatMap((name) => {
    const chain = step.chain.get(name);
    const model = step.model.get(name);
    if (chain !== undefined && model !== undefined) {
      const difference = chain.minus(model);
      const { less, more } = boundsOf(name, touch);
      const within = !difference.isBelow(less.negated()) && !more.isBelow(difference);
      if (within) return [];
    }
    const difference = chain === undefined || model === undefined ? "" : inWei(chain.minus(model));
    return [{ name, chain: String(chain), model: String(model), difference }];
  });
}

function inWei(amount: Rational): string {
  return String(amount.over(WEI));
}

/** What a call is about to touch. */
export function touchOf(world: World, call: Call): Touch {
  const { rules, price } = world;
  const size = touchedSize(world, call);
  const fill = size.sign() === 0n ? wei(8) : WEI.times(Rational.of(size.ceil() + 24n));
  const trades = size.sign() !== 0n;
  const closing =
    call.do === "liquidate" ? liquidationLeverage(world, call.positionId, fill) : ZERO;
  return {
    fill: trades ? fill : ZERO,
    fee: trades ? fill.times(rules.terms.positionFee) : ZERO,
    share: trades ? fill.times(rules.protocolFeeShare) : ZERO,
    unit: rules.unit,
    leverage: closing,
    sizeLeverage: closing.sign() === 0n ? ZERO : closing.over(price.value).plus(wei(1)),
    price: price.value,
    positions: Rational.of(BigInt(world.positions.size)),
    assets: totalAssetsOf(world, price.value),
    supply: call.do === "fulfill" ? world.supply : ZERO,
    rescued: false,
  };
}

/** The size that a call may change, with the position's own. */
function touchedSize(world: World, call: Call): Rational {
  if (call.do === "execute") {
    const order = world.orders.get(call.orderId);
    if (order === undefined) return ZERO;
    const box = world.positions.get(order.positionId);
    return order.sizeDelta.magnitude().plus(box?.size.magnitude() ?? ZERO);
  }
  if (call.do === "liquidate" || call.do === "settleAtCap" || call.do === "rescue") {
    return world.positions.get(call.positionId)?.size.magnitude() ?? ZERO;
  }
  return ZERO;
}

/** BH-86: what rounding of equity moves of open notional, reserve and margin. */
function liquidationLeverage(world: World, positionId: bigint, fill: Rational): Rational {
  const box = world.positions.get(positionId);
  if (box === undefined) return ZERO;
  const { mmr, lfr, target } = world.rules.terms;
  const value = box.size.magnitude().times(world.price.value);
  const divisor = target.times(mmr.plus(lfr)).minus(lfr).over(Rational.of(2n));
  const weight = box.openNotional.magnitude().plus(box.reserve).plus(box.margin).over(value);
  const ratios = WEI.times(value).times(Rational.of(4n));
  return fill
    .plus(ratios)
    .over(divisor)
    .times(weight.plus(Rational.of(1n)));
}
