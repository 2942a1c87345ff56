/** A market at a price, as far as a search cares. */
export interface SearchScene {
  /** Index price [WAD quote per base]. */
  readonly price: bigint;
  readonly fundingIndex: bigint;
  readonly borrowIndex: bigint;
  /** [± WAD base] */
  readonly skew: bigint;
  /** [WAD base] */
  readonly skewScale: bigint;
}

/** A scene in doubles, in units instead of WAD. */
export interface SearchPoint {
  readonly price: number;
  readonly funding: number;
  readonly borrow: number;
  readonly skew: number;
  readonly scale: number;
}

/** What decides about one position, in doubles and units. */
export interface Figures {
  /** Signed size [base]. */
  readonly size: number;
  readonly reserve: number;
  /** Margin less open notional, plus what accrued before the snapshots. */
  readonly basis: number;
  /** Equity at the cap, rounded down. */
  readonly cap: number;
  /** Maintenance ratio times size, rounded up [base]. */
  readonly held: number;
  /** Least maintenance margin, rounded up. */
  readonly least: number;
  /** How far the doubles of this position may be off. */
  readonly slack: number;
}

/** How far indices and skew may move before bounds have to be worked out again. */
export interface Envelope {
  readonly centre: SearchPoint;
  readonly funding: number;
  readonly borrow: number;
  readonly skew: number;
}

const UNIT = 1e18;
/** Many times what some ten roundings of doubles can add up to, as a share of what is rounded. */
export const SLACK = 1e-13;
/** A few wei, for what the contracts round [quote, and quote per base]. */
const WEI_SLACK = 4e-18;
/** A wei or two, a thousandfold [quote]. */
export const ABSOLUTE_SLACK = 1e-15;
/** Covers the rounding of a bound to 32 bits, and what grows with the price [share of it]. */
const BOUND_SLACK = 3e-7;
/** Funding and skew may move by this share of price and scale, and the borrow index by this much. */
const REACH = 2e-4;

/** Return a scene in doubles. */
export function pointOf(scene: SearchScene): SearchPoint {
  return {
    price: Number(scene.price) / UNIT,
    funding: Number(scene.fundingIndex) / UNIT,
    borrow: Number(scene.borrowIndex) / UNIT,
    skew: Number(scene.skew) / UNIT,
    scale: Number(scene.skewScale) / UNIT,
  };
}

/** Return how far searches may stray from a point. */
export function envelopeAround(centre: SearchPoint): Envelope {
  return {
    centre,
    funding: REACH * centre.price,
    borrow: REACH,
    skew: REACH * centre.scale,
  };
}

/** Whether bounds of an envelope hold at a point; `share` of it may be asked for instead of the whole. */
export function isInside(envelope: Envelope, point: SearchPoint, share = 1): boolean {
  const { centre } = envelope;
  return (
    point.scale === centre.scale &&
    Math.abs(point.funding - centre.funding) <= envelope.funding * share &&
    Math.abs(point.borrow - centre.borrow) <= envelope.borrow * share &&
    Math.abs(point.skew - centre.skew) <= envelope.skew * share
  );
}

/** Return the equity of a position before its cap [± quote]. */
export function equityAt(figures: Figures, point: SearchPoint): number {
  return (
    figures.basis + figures.size * (point.price - point.funding) - figures.reserve * point.borrow
  );
}

/** Whether a position is certainly neither liquidatable nor at its cap. */
export function isSafe(figures: Figures, point: SearchPoint): boolean {
  const { size, reserve, basis, cap } = figures;
  const { price, funding, borrow, skew, scale } = point;
  const weight = (2 * Math.abs(price) + Math.abs(funding)) * SLACK + WEI_SLACK;
  const slack =
    Math.abs(size) * weight + (Math.abs(basis) + reserve * borrow) * SLACK + figures.slack;
  const equity = equityAt(figures, point);
  const impact = (size * price * (skew - size / 2)) / scale;
  return (
    equity - slack >= Math.max(figures.held * price, figures.least) && equity + impact + slack < cap
  );
}

/**
 * Return two prices strictly between which a position is certainly safe, anywhere in the envelope.
 *
 * Numbers that are none make a position unsafe at every price.
 */
export function safePrices(
  figures: Figures,
  envelope: Envelope,
): { readonly lower: number; readonly upper: number } {
  const { centre } = envelope;
  const quantity = Math.abs(figures.size);
  const side = Math.sign(figures.size);
  const borrowed = figures.reserve * centre.borrow;
  const strayed = quantity * envelope.funding + figures.reserve * envelope.borrow;
  const accrued = figures.size * centre.funding + borrowed;
  const slack =
    strayed +
    figures.slack +
    (Math.abs(figures.basis) +
      quantity * Math.abs(centre.funding) +
      Math.abs(borrowed) +
      figures.least) *
      SLACK;
  // Equity without the price is at least `least` and at most `most`.
  const [least, most] = [figures.basis - accrued - slack, figures.basis - accrued + slack];
  const byRatio = -least / (figures.size - figures.held);
  const byFloor = (figures.least - least) / figures.size;
  const steepest = 1 + (centre.skew + side * envelope.skew - figures.size / 2) / centre.scale;
  const byCap = (figures.cap - most) / (figures.size * steepest);
  const unsure = quantity <= 2 * figures.held || !(steepest > 0.5 && steepest < 2);
  if (unsure) return { lower: Number.POSITIVE_INFINITY, upper: Number.NEGATIVE_INFINITY };
  return side > 0
    ? { lower: widenUp(Math.max(byRatio, byFloor)), upper: widenDown(byCap) }
    : { lower: widenUp(byCap), upper: widenDown(Math.min(byRatio, byFloor)) };
}

function widenUp(price: number): number {
  return price + Math.abs(price) * BOUND_SLACK;
}

function widenDown(price: number): number {
  return price - Math.abs(price) * BOUND_SLACK;
}
