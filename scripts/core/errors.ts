/** Base of every error that Bulkhead's own code throws; `cause` keeps what lay beneath. */
export class BulkheadError extends Error {
  override readonly name: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Failures that may pass by themselves: try again later. */
export class RetryableError extends BulkheadError {}

/** Failures that stay until somebody changes an input, the configuration or the code. */
export class FatalError extends BulkheadError {}

/** Thrown where the contract would panic because a number leaves the range of its type. */
export class ArithmeticOverflowError extends FatalError {
  readonly value: bigint;
  readonly type: string;

  constructor(value: bigint, type: string) {
    super(`Number "${value}" does not fit "${type}". Check the inputs of this calculation.`);
    this.value = value;
    this.type = type;
  }
}

/** Thrown where the contract would panic because it divides by zero. */
export class DivisionByZeroError extends FatalError {
  readonly dividend: bigint;

  constructor(dividend: bigint) {
    super(`Number "${dividend}" cannot be divided by "0". Check the inputs of this calculation.`);
    this.dividend = dividend;
  }
}

/** Thrown when the skew would push the fill price to zero or below; twin of `SkewMath.SkewBeyondScale`. */
export class SkewBeyondScaleError extends FatalError {
  readonly skewMid: bigint;
  readonly skewScale: bigint;

  constructor(skewMid: bigint, skewScale: bigint) {
    super(
      `Skew "${skewMid}" leaves no price above zero at scale "${skewScale}". Trade a smaller size.`,
    );
    this.skewMid = skewMid;
    this.skewScale = skewScale;
  }
}

/** Thrown when a token has more decimals than a WAD; twin of `TokenScale.TooManyDecimals`. */
export class TooManyDecimalsError extends FatalError {
  readonly decimals: bigint;

  constructor(decimals: bigint) {
    super(`Token has "${decimals}" decimals, at most "18" are supported. Choose another token.`);
    this.decimals = decimals;
  }
}

/** Thrown when a text is not a plain decimal number. */
export class MalformedAmountError extends FatalError {
  readonly text: string;

  constructor(text: string) {
    super(
      `Amount ${JSON.stringify(text)} is not a plain decimal number. Write digits with at most one point, such as "1250.5".`,
    );
    this.text = text;
  }
}

/** Thrown when a text has more digits after the point than its unit can hold. */
export class AmountTooPreciseError extends FatalError {
  readonly text: string;
  readonly decimals: number;

  constructor(text: string, decimals: number) {
    super(
      `Amount "${text}" has more than "${decimals}" digits after the point. Shorten it to at most "${decimals}".`,
    );
    this.text = text;
    this.decimals = decimals;
  }
}

/** Thrown when a text is negative where only zero and above make sense. */
export class NegativeAmountError extends FatalError {
  readonly text: string;

  constructor(text: string) {
    super(`Amount "${text}" is negative. Give zero or more.`);
    this.text = text;
  }
}
