import { castInt256, checkInt, checkUint, divide, min } from "./integers.ts";
import { accrued } from "./positionMath.ts";
import { floorToToken } from "./tokenScale.ts";
import type { Market, Position } from "./types.ts";
import { abs, divFloor, mulWadFloor } from "./wadMath.ts";

/** What closing a part of a position does to its box, before any fee. Twin of `Closing` in `modules/VaultBox.sol`. */
export interface Closing {
  /** Signed change of size [± WAD base]. */
  readonly closedSize: bigint;
  /** Gain or loss of the part, before the box bounds it [± WAD quote]. */
  readonly pnl: bigint;
  /** Reserve that the part releases [WAD quote]. */
  readonly released: bigint;
  /** What the pool pays of the gain, in whole token units [WAD quote]. */
  readonly gain: bigint;
  /** What the margin pays to the pool [WAD quote]. */
  readonly loss: bigint;
  /** Loss that the margin could not pay; nobody's debt [WAD quote]. */
  readonly shortfall: bigint;
  /** The position afterwards. */
  readonly rest: Position;
}

/**
 * Return the position with what it owes folded into its open notional; its equity does not move (SPEC: accrual).
 *
 * @throws {ArithmeticOverflowError} When the open notional leaves 96 bits.
 */
export function fold(position: Position, market: Market): Position {
  const { fundingIndex, borrowIndex } = market;
  const owed = accrued({ position, fundingIndex, borrowIndex });
  const openNotional = checkInt(position.openNotional + owed, 96);
  return { ...position, openNotional, fundingIndex, borrowIndex };
}

/** Return the size change that closes `closed` of a position [± WAD base]. */
export function closingDelta(position: Pick<Position, "size">, closed: bigint): bigint {
  return position.size > 0n ? -closed : closed;
}

/**
 * Close `closed` of a folded position at `fillPrice`: a gain is paid out of the released reserve into the margin, a loss
 * out of the margin (SPEC: the box). `scale` is WAD units in one token unit.
 *
 * @throws {ArithmeticOverflowError} When the margin leaves 96 bits.
 * @throws {DivisionByZeroError} When the position is not open.
 */
export function closePart({
  position,
  closed,
  fillPrice,
  scale,
}: {
  readonly position: Position;
  readonly closed: bigint;
  readonly fillPrice: bigint;
  readonly scale: bigint;
}): Closing {
  const whole = abs(position.size);
  const closedSize = closingDelta(position, closed);
  const released = divide(position.reserve * closed, whole);
  const cost = -divFloor(-(position.openNotional * closed), whole);
  const pnl = mulWadFloor(-closedSize, castInt256(fillPrice)) - cost;
  const gain = pnl >= 0n ? floorToToken(min(pnl, released), scale) : 0n;
  const loss = pnl < 0n ? min(-pnl, position.margin) : 0n;
  const rest = {
    ...position,
    size: position.size + closedSize,
    openNotional: position.openNotional - cost,
    reserve: position.reserve - released,
    margin: checkUint(position.margin + gain - loss, 96),
  };
  const shortfall = pnl < 0n ? -pnl - loss : 0n;
  return { closedSize, pnl, released, gain, loss, shortfall, rest };
}

/** Take up to `amount` from the margin of a position [WAD quote]. */
export function takeFromMargin(
  position: Position,
  amount: bigint,
): { readonly taken: bigint; readonly rest: Position } {
  const taken = min(amount, position.margin);
  return { taken, rest: { ...position, margin: position.margin - taken } };
}
