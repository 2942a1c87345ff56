import { borrowRate, utilization } from "../core/borrowMath.ts";
import { type Closing, closePart, closingDelta, fold, takeFromMargin } from "../core/box.ts";
import { velocity } from "../core/fundingMath.ts";
import { max, min } from "../core/integers.ts";
import { previewLiquidation } from "../core/liquidation.ts";
import { accrue, attach, detach, EMPTY_MARKET, skew } from "../core/marketMath.ts";
import { gain } from "../core/positionMath.ts";
import { health, type Opening, type OpenPreview, previewOpen, type Scene } from "../core/quote.ts";
import { previewRescue, type RescueMandate, type RescuePreview } from "../core/rescue.ts";
import { fillPrice } from "../core/skewMath.ts";
import { floorToToken } from "../core/tokenScale.ts";
import type { CurveParameters, Market, Position, Terms } from "../core/types.ts";
import { abs, mulWadDown } from "../core/wadMath.ts";

// The books of one market, moved as the contracts move theirs, to the wei: a differential test holds them equal. No
// token fails here, and nobody pokes or sweeps.

/** What never changes in one market. */
export interface Rules {
  readonly terms: Terms;
  readonly curves: CurveParameters;
  /** Part of position fees that goes to the protocol [WAD]. */
  readonly protocolFeeShare: bigint;
  /** WAD units in one token unit. */
  readonly scale: bigint;
}

/** All positions of one market and what they are held against. */
export interface Books {
  readonly market: Market;
  /** The pool's cash [WAD quote]. */
  readonly cash: bigint;
  /** Sum of reserves [WAD quote]. */
  readonly reserved: bigint;
  readonly positions: ReadonlyMap<bigint, Position>;
}

/** A price, when it was observed and when it is used [s]. */
export interface Moment {
  /** [WAD quote per base] */
  readonly price: bigint;
  readonly observedAt: bigint;
  readonly now: bigint;
}

/** What one action does to the books. Amounts are WAD quote. */
export interface Settled {
  readonly books: Books;
  readonly kind: "partial" | "full" | "capped";
  /** Size that was closed, unsigned [WAD base]. */
  readonly closed: bigint;
  /** [WAD quote per base] */
  readonly fillPrice: bigint;
  readonly fee: bigint;
  readonly keeperFee: bigint;
  /** Paid to the owner. */
  readonly paidOut: bigint;
  readonly shortfall: bigint;
}

const MAX_COOLDOWN = 2n ** 16n - 1n;

/** Return the books of a market without positions, whose pool holds `cash` [WAD quote]. */
export function emptyBooks(cash: bigint, now: bigint): Books {
  return {
    market: { ...EMPTY_MARKET, accruedAt: now, clock: now },
    cash,
    reserved: 0n,
    positions: new Map(),
  };
}

/** Return the scene of a moment, to ask the twins of `scripts/core` about a position. */
export function sceneOf(books: Books, { terms, curves }: Rules, { price, now }: Moment): Scene {
  return { market: books.market, terms, curves, price, now };
}

/**
 * Open a position as an executed order does, or tell why the market refuses; caps on open interest and utilization are
 * not looked at.
 */
export function openIn(
  books: Books,
  {
    id,
    moment,
    rules,
    opening,
  }: {
    readonly id: bigint;
    readonly moment: Moment;
    readonly rules: Rules;
    readonly opening: Omit<Opening, "position">;
  },
): { readonly books: Books; readonly preview: OpenPreview } {
  const closed = closedPosition(`position ${id}`, 1n);
  const preview = previewOpen({ ...opening, position: closed }, sceneOf(books, rules, moment));
  if (preview.refusal !== undefined) return { books, preview };
  const share = mulWadDown(preview.fee, rules.protocolFeeShare);
  const accrued = accrue(books.market, moment.now);
  const market = {
    ...accrued,
    protocolDue: accrued.protocolDue + share,
    poolDue: accrued.poolDue + preview.fee - share,
  };
  const stored = stamp({ market, position: preview.position, moment });
  const reserved = books.reserved + opening.reserve;
  return {
    books: {
      market: withRates(attach(stored.market, stored.position), {
        ...rules,
        cash: books.cash,
        reserved,
      }),
      cash: books.cash,
      reserved,
      positions: new Map(books.positions).set(id, stored.position),
    },
    preview,
  };
}

/** Liquidate a position as `liquidate` does without a mandate; `undefined` where it would refuse. */
export function liquidateIn(
  books: Books,
  { id, moment, rules }: { readonly id: bigint; readonly moment: Moment; readonly rules: Rules },
): Settled | undefined {
  const position = positionOf(books, id);
  const outcome = previewLiquidation(position, {
    ...sceneOf(books, rules, moment),
    scale: rules.scale,
  });
  if (outcome.kind === "refused") return undefined;
  const { closed, fillPrice: fill, fee, keeperFee, rest } = outcome;
  const { market, folded } = detachAndFold(books, position, moment);
  const closing = closePart({ position: folded, closed, fillPrice: fill, scale: rules.scale });
  // What the margin did not pay of the fee came out of the reserve.
  const extra = fee - (closing.rest.margin - rest.margin);
  const paid = settleWithPool({ ...books, market }, closing, { extra, scale: rules.scale });
  const charged = { ...paid.market, poolDue: paid.market.poolDue + fee - keeperFee };
  const isFull = rest.size === 0n;
  const stamped = stamp({ market: charged, position: rest, moment });
  const cooldown = moment.now + rules.terms.liquidationCooldown - stamped.position.priceTime;
  const kept = isFull
    ? stamped.position
    : { ...stamped.position, cooldown: min(cooldown, MAX_COOLDOWN) };
  const dust = isFull ? rest.margin - floorToToken(rest.margin, rules.scale) : 0n;
  const feeDust = keeperFee - floorToToken(keeperFee, rules.scale);
  const owed = { ...stamped.market, poolDue: stamped.market.poolDue + dust + feeDust };
  return {
    books: store({ ...paid, market: owed }, { id, position: kept, rules }),
    kind: outcome.kind,
    closed,
    fillPrice: fill,
    fee,
    keeperFee,
    paidOut: outcome.paidOut,
    shortfall: outcome.shortfall,
  };
}

/** Close a position that has won its whole reserve as `settleAtCap` does; `undefined` where it has not. */
export function settleAtCapIn(
  books: Books,
  { id, moment, rules }: { readonly id: bigint; readonly moment: Moment; readonly rules: Rules },
): Settled | undefined {
  const position = positionOf(books, id);
  const whole = abs(position.size);
  const { market, folded } = detachAndFold(books, position, moment);
  const fill = fillPrice({
    price: moment.price,
    skew: skew(accrue(books.market, moment.now)),
    sizeDelta: closingDelta(position, whole),
    skewScale: rules.curves.skewScale,
  });
  if (gain({ position: folded, price: fill, owed: 0n }) < folded.reserve) return undefined;
  const closing = closePart({
    position: folded,
    closed: whole,
    fillPrice: fill,
    scale: rules.scale,
  });
  const paid = settleWithPool({ ...books, market }, closing, { extra: 0n, scale: rules.scale });
  const { taken, rest } = takeFromMargin(closing.rest, rules.terms.keeperFeeFloor);
  const stamped = stamp({ market: paid.market, position: rest, moment });
  const paidOut = floorToToken(rest.margin, rules.scale);
  const dust = rest.margin - paidOut + taken - floorToToken(taken, rules.scale);
  const owed = { ...stamped.market, poolDue: stamped.market.poolDue + dust };
  return {
    books: store({ ...paid, market: owed }, { id, position: stamped.position, rules }),
    kind: "capped",
    closed: whole,
    fillPrice: fill,
    fee: taken,
    keeperFee: taken,
    paidOut,
    shortfall: 0n,
  };
}

/** A rescue that took place. */
export interface Rescued {
  readonly books: Books;
  readonly rescue: Extract<RescuePreview, { readonly kind: "rescued" }>;
}

/** Rescue a position by its mandate as `rescue` does; `undefined` where it would refuse. Nothing accrues. */
export function rescueIn(
  books: Books,
  {
    id,
    moment,
    rules,
    mandate,
  }: {
    readonly id: bigint;
    readonly moment: Moment;
    readonly rules: Rules;
    readonly mandate: RescueMandate;
  },
): Rescued | undefined {
  const position = positionOf(books, id);
  if (position.size === 0n) return undefined;
  const { equity, maintenanceMargin } = health(position, sceneOf(books, rules, moment));
  const rescue = previewRescue({
    mandate,
    equity,
    maintenanceMargin,
    keeperFee: rules.terms.keeperFeeFloor,
    early: true,
    now: moment.now,
    scale: rules.scale,
  });
  if (rescue.kind === "refused") return undefined;
  const { price, observedAt } = moment;
  const seen = observedAt >= books.market.clock ? { clock: observedAt, lastPrice: price } : {};
  const totalMargin = books.market.totalMargin + rescue.added;
  return {
    books: {
      ...books,
      market: { ...books.market, ...seen, totalMargin },
      positions: new Map(books.positions).set(id, {
        ...position,
        margin: position.margin + rescue.added,
        // Bit 0: the mandate stands.
        traits: position.traits | 1n,
      }),
    },
    rescue,
  };
}

/** Return an open position of the books, or one of size zero. */
export function positionOf(books: Books, id: bigint): Position {
  return books.positions.get(id) ?? closedPosition("", 0n);
}

function closedPosition(owner: string, termsId: bigint): Position {
  return {
    size: 0n,
    openNotional: 0n,
    priceTime: 0n,
    termsId,
    traits: 0n,
    cooldown: 0n,
    margin: 0n,
    reserve: 0n,
    borrowIndex: 0n,
    owner,
    fundingIndex: 0n,
  };
}

function detachAndFold(books: Books, position: Position, { now }: Moment) {
  const accrued = accrue(books.market, now);
  return { market: detach(accrued, position), folded: fold(position, accrued) };
}

function settleWithPool(
  books: Books,
  closing: Closing,
  { extra, scale }: { readonly extra: bigint; readonly scale: bigint },
): Books {
  const poolDue = books.market.poolDue + closing.loss;
  const drawn = closing.gain + extra;
  const netted = floorToToken(min(drawn, poolDue), scale);
  return {
    ...books,
    market: { ...books.market, poolDue: poolDue - netted },
    cash: books.cash - (drawn - netted),
    reserved: books.reserved - closing.released,
  };
}

function stamp({
  market,
  position,
  moment,
}: {
  readonly market: Market;
  readonly position: Position;
  readonly moment: Moment;
}) {
  const { price, observedAt } = moment;
  const isNew = observedAt >= market.clock;
  return {
    market: isNew
      ? { ...market, clock: observedAt, referencePrice: price, lastPrice: price }
      : market,
    position: { ...position, priceTime: max(position.priceTime, observedAt), cooldown: 0n },
  };
}

function store(
  books: Books,
  {
    id,
    position,
    rules,
  }: { readonly id: bigint; readonly position: Position; readonly rules: Rules },
): Books {
  const { cash, reserved } = books;
  const positions = new Map(books.positions);
  if (position.size === 0n) positions.delete(id);
  else positions.set(id, position);
  const attached = position.size === 0n ? books.market : attach(books.market, position);
  return { ...books, market: withRates(attached, { ...rules, cash, reserved }), positions };
}

function withRates(
  market: Market,
  {
    curves,
    cash,
    reserved,
  }: { readonly curves: CurveParameters; readonly cash: bigint; readonly reserved: bigint },
): Market {
  const { maxFundingRate, fundingScale } = curves;
  return {
    ...market,
    fundingVelocity: velocity({
      price: market.referencePrice,
      skew: skew(market),
      maxFundingRate,
      fundingScale,
    }),
    borrowRate: borrowRate(utilization(reserved, cash), curves),
  };
}
