const WAD = 10n ** 18n;

/** An exact fraction in lowest terms with a positive denominator. */
export class Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;

  private constructor(numerator: bigint, denominator: bigint) {
    this.numerator = numerator;
    this.denominator = denominator;
  }

  /** Divides two integers. @throws when the divisor is zero. */
  static of(numerator: bigint, denominator = 1n): Rational {
    if (denominator === 0n) throw new RangeError("A fraction has no denominator of zero.");
    const divisor = commonDivisor(numerator, denominator);
    const sign = denominator < 0n ? -1n : 1n;
    return new Rational((sign * numerator) / divisor, (sign * denominator) / divisor);
  }

  /** Reads an integer of the contracts that has 18 decimals. */
  static wad(integer: bigint): Rational {
    return Rational.of(integer, WAD);
  }

  plus(other: Rational): Rational {
    return Rational.of(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  minus(other: Rational): Rational {
    return this.plus(other.negated());
  }

  times(other: Rational): Rational {
    return Rational.of(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  over(other: Rational): Rational {
    return Rational.of(this.numerator * other.denominator, this.denominator * other.numerator);
  }

  negated(): Rational {
    return new Rational(-this.numerator, this.denominator);
  }

  magnitude(): Rational {
    return this.numerator < 0n ? this.negated() : this;
  }

  /** −1, 0 or 1. */
  sign(): bigint {
    if (this.numerator === 0n) return 0n;
    return this.numerator < 0n ? -1n : 1n;
  }

  /** Negative, zero or positive, as this is less than, equal to or greater than the other. */
  compare(other: Rational): bigint {
    return this.numerator * other.denominator - other.numerator * this.denominator;
  }

  isBelow(other: Rational): boolean {
    return this.compare(other) < 0n;
  }

  isAtLeast(other: Rational): boolean {
    return this.compare(other) >= 0n;
  }

  /** The largest integer that is not greater. */
  floor(): bigint {
    const quotient = this.numerator / this.denominator;
    return this.numerator < 0n && quotient * this.denominator !== this.numerator
      ? quotient - 1n
      : quotient;
  }

  /** The smallest integer that is not less. */
  ceil(): bigint {
    return -this.negated().floor();
  }

  /** The multiple of `step` that is not greater. */
  floorTo(step: Rational): Rational {
    return Rational.of(this.over(step).floor()).times(step);
  }

  /** The multiple of `step` that is not less. */
  ceilTo(step: Rational): Rational {
    return Rational.of(this.over(step).ceil()).times(step);
  }

  toString(): string {
    return `${Number((this.numerator * 10n ** 21n) / this.denominator) / 1e21}`;
  }
}

export const ZERO = Rational.of(0n);
export const ONE = Rational.of(1n);
/** The least step of an amount in storage. */
export const WEI = Rational.wad(1n);

/** The lesser of two. */
export function least(one: Rational, other: Rational): Rational {
  return one.isBelow(other) ? one : other;
}

/** The greater of two. */
export function most(one: Rational, other: Rational): Rational {
  return one.isBelow(other) ? other : one;
}

/** Adds all. */
export function sum(values: Iterable<Rational>): Rational {
  let total = ZERO;
  for (const value of values) total = total.plus(value);
  return total;
}

function commonDivisor(one: bigint, other: bigint): bigint {
  let [greater, lesser] = [one < 0n ? -one : one, other < 0n ? -other : other];
  while (lesser !== 0n) [greater, lesser] = [lesser, greater % lesser];
  return greater;
}
