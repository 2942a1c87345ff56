import { castInt256, checkInt, checkUint, min } from "./integers.ts";
import { premium } from "./skewMath.ts";
import type { Market, Position } from "./types.ts";
import { clamp, mulWadCeil, mulWadDown, mulWadFloor, mulWadUp } from "./wadMath.ts";

const MAX_INT96 = 2n ** 95n - 1n;
const MIN_INT96 = -(2n ** 95n);
const MAX_UINT64 = 2n ** 64n - 1n;

/**
 * Return the market with both indices moved to `timestamp` [s] (SPEC: accrual).
 *
 * @throws {ArithmeticOverflowError} When `timestamp` lies before the last accrual.
 */
export function accrue(market: Market, timestamp: bigint): Market {
  const elapsed = castInt256(checkUint(timestamp - market.accruedAt));
  if (elapsed === 0n) return market;
  const funding = checkInt(market.fundingIndex + checkInt(market.fundingVelocity * elapsed));
  const borrow = checkUint(
    market.borrowIndex + checkUint(market.borrowRate * BigInt.asUintN(256, elapsed)),
  );
  return {
    ...market,
    fundingIndex: clamp({ a: funding, lower: MIN_INT96, upper: MAX_INT96 }),
    borrowIndex: min(borrow, MAX_UINT64),
    accruedAt: BigInt.asUintN(48, timestamp),
  };
}

/**
 * Return the market without `position` in its sums (SPEC: LAW-4).
 *
 * @throws {ArithmeticOverflowError} When the position was not part of the sums.
 */
export function detach(market: Market, position: Position): Market {
  return combine(market, position, -1n);
}

/**
 * Return the market with `position` in its sums (SPEC: LAW-4).
 *
 * @throws {ArithmeticOverflowError} When a sum leaves the range of its field.
 */
export function attach(market: Market, position: Position): Market {
  return combine(market, position, 1n);
}

/** A market before anything has happened in it. */
export const EMPTY_MARKET: Market = {
  longOpenInterest: 0n,
  shortOpenInterest: 0n,
  clock: 0n,
  fundingIndex: 0n,
  borrowIndex: 0n,
  accruedAt: 0n,
  fundingVelocity: 0n,
  borrowRate: 0n,
  referencePrice: 0n,
  netBasis: 0n,
  totalMargin: 0n,
  lastPrice: 0n,
  sequence: 0n,
  poolDue: 0n,
  protocolDue: 0n,
};

/** Return long minus short open interest [± WAD base] (SPEC: fill price). */
export function skew(market: Pick<Market, "longOpenInterest" | "shortOpenInterest">): bigint {
  return market.longOpenInterest - market.shortOpenInterest;
}

/**
 * Return what the pool owes traders at `price`, were all of them closed: their net gain and the refundable premium,
 * bounded by all margins below and all reserves above [± WAD quote] (SPEC: liquidity providers).
 *
 * @throws {ArithmeticOverflowError} When a step leaves 256 bits.
 */
export function tradersClaim({
  market,
  price,
  skewScale,
  reserved,
}: {
  readonly market: Market;
  readonly price: bigint;
  readonly skewScale: bigint;
  readonly reserved: bigint;
}): bigint {
  const skew_ = skew(market);
  const funding = mulWadFloor(skew_, market.fundingIndex);
  const borrow = castInt256(mulWadDown(reserved, market.borrowIndex));
  const worth = checkInt(mulWadCeil(skew_, castInt256(price)) - market.netBasis);
  const net = checkInt(checkInt(worth - funding) - borrow);
  const claim = checkInt(net + castInt256(premium({ price, skew: skew_, skewScale })));
  return clamp({ a: claim, lower: -market.totalMargin, upper: castInt256(reserved) });
}

function combine(market: Market, position: Position, sign: 1n | -1n): Market {
  const size = checkUint(position.size > 0n ? position.size : checkInt(-position.size, 96), 96);
  const side = position.size > 0n ? "longOpenInterest" : "shortOpenInterest";
  const funding = mulWadCeil(position.size, position.fundingIndex);
  const borrow = castInt256(mulWadUp(position.reserve, position.borrowIndex));
  const basis = checkInt(checkInt(position.openNotional - funding) - borrow);
  return {
    ...market,
    [side]: checkUint(market[side] + sign * size, 96),
    netBasis: checkInt(market.netBasis + sign * basis, 104),
    totalMargin: checkUint(market.totalMargin + sign * position.margin, 96),
  };
}
