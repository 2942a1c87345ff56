import { mulDivUp, mulWadDown, mulWadUp, WAD } from "../core/wadMath.ts";
import { ARCHETYPES, type Archetype } from "./archetypes.ts";
import { type PlannedMandate, planMandate } from "./mandatePlan.ts";
import { type Random, seeded } from "./random.ts";

/** A position that an account of the demo opens. Amounts are WAD and whole token units. */
export interface PlannedPosition {
  readonly archetype: Archetype;
  /** Which account of the demo opens it. */
  readonly accountIndex: number;
  /** [± WAD base] */
  readonly size: bigint;
  readonly margin: bigint;
  readonly reserve: bigint;
  readonly acceptablePrice: bigint;
  /** Price below or above which its stop-loss sells or buys [WAD quote per base]. */
  readonly stopPrice: bigint | undefined;
  readonly profitPrice: bigint | undefined;
  /** What its owner does by hand, once the price has moved so far against it. */
  readonly reaction: PlannedReaction | undefined;
  /** What its owner lets the market pull to save it. */
  readonly mandate: PlannedMandate | undefined;
}

/** Something an owner does during the replay. */
export interface PlannedReaction {
  readonly kind: "close" | "addMargin";
  /** The price that makes the owner act [WAD quote per base]. */
  readonly price: bigint;
  readonly when: "below" | "above";
  /** [WAD quote] */
  readonly amount: bigint;
}

/** What the book must fit. Ratios are WAD. */
export interface BookLimits {
  readonly price: bigint;
  /** [WAD base] */
  readonly maxOpenInterest: bigint;
  readonly skewScale: bigint;
  readonly initialMarginRatio: bigint;
  readonly maintenanceRatio: bigint;
  readonly liquidationTarget: bigint;
  readonly positionFeeRatio: bigint;
  readonly minReserveRatio: bigint;
  readonly keeperFeeFloor: bigint;
  readonly minMargin: bigint;
  readonly minNotional: bigint;
  /** WAD units in one token unit. */
  readonly tokenScale: bigint;
}

/** Share of the open-interest cap that the larger side of the book takes. */
const FILL_SHARE = { part: 7n, of: 10n };
/** The largest average notional of a position, where the cap allows more [WAD quote]. */
const USUAL_NOTIONAL = 30_000n * WAD;
/** The largest position of an archetype is this many times the smallest. */
const SPREAD = 12;
const BASIS_POINTS = 10_000n;
const MAX_SPARE_BPS = 1600;
/** More than any price that an order can hold would be; a buyer at any price. */
const ANY_PRICE = 2n ** 95n;

/**
 * Draw a book of positions from a seed, relative to the first price, so that one book fits every price file.
 *
 * The margin of each is what its leverage leaves after fees and the worst impact of the fill.
 */
export function drawBook(seed: number, limits: BookLimits): readonly PlannedPosition[] {
  const random = seeded(seed);
  const drawn = ARCHETYPES.flatMap((archetype) =>
    Array.from({ length: archetype.count }, (_, index) => ({
      archetype,
      index,
      weight: weightOf(random),
      // The first of a kind has its full leverage, the others somewhat less.
      spare: index === 0 ? 0 : Math.round(MAX_SPARE_BPS * random.next()),
    })),
  );
  const unit = notionalPerWeight(drawn, limits);
  return shuffled(drawn, random).map(({ archetype, index, weight, spare }, accountIndex) => {
    const raw = BigInt(weight) * unit;
    const least = 4n * limits.minNotional;
    const notional = raw > least ? raw : least;
    const planned = plan({ archetype, accountIndex, notional, spare, limits });
    const mandate = planMandate({ archetype, index, margin: planned.margin, limits });
    return { ...planned, mandate };
  });
}

/** The same book as it would be if nobody had given a mandate. */
export function withoutMandates(book: readonly PlannedPosition[]): readonly PlannedPosition[] {
  return book.map((position) => ({ ...position, mandate: undefined }));
}

/** A whole number from 100 to `100 × SPREAD`, small ones far more often. */
function weightOf(random: Random): number {
  return Math.round(100 * SPREAD ** random.next());
}

/** Notional of one unit of weight, such that neither side exceeds its share of the cap. */
function notionalPerWeight(
  drawn: readonly { readonly archetype: Archetype; readonly weight: number }[],
  limits: BookLimits,
): bigint {
  const sideWeight = (side: Archetype["side"]) =>
    drawn.reduce((sum, one) => sum + (one.archetype.side === side ? one.weight : 0), 0);
  const heavier = BigInt(Math.max(sideWeight("long"), sideWeight("short")));
  const cap = mulWadDown(limits.maxOpenInterest, limits.price);
  const byCap = (cap * FILL_SHARE.part) / FILL_SHARE.of / heavier;
  const total = BigInt(sideWeight("long") + sideWeight("short"));
  const usual = (USUAL_NOTIONAL * BigInt(drawn.length)) / total;
  return byCap < usual ? byCap : usual;
}

function plan({
  archetype,
  accountIndex,
  notional,
  spare,
  limits,
}: {
  readonly archetype: Archetype;
  readonly accountIndex: number;
  readonly notional: bigint;
  /** Margin beyond what the leverage asks [basis points]. */
  readonly spare: number;
  readonly limits: BookLimits;
}): Omit<PlannedPosition, "mandate"> {
  const { price } = limits;
  const long = archetype.side === "long";
  const whole = roundTo((notional * WAD) / price, 10n ** 12n);
  const worth = mulWadUp(whole, price);
  const enough = marginFor(archetype, worth, limits);
  const margin = ceilTo(moved(enough, spare), limits.tokenScale);
  const against = (basisPoints: number) => moved(price, long ? -basisPoints : basisPoints);
  const reaction = archetype.reaction;
  return {
    archetype,
    accountIndex,
    size: long ? whole : -whole,
    margin,
    reserve: reserveFor(archetype, worth, limits),
    acceptablePrice: moved(price, long ? 300 : -300),
    stopPrice: archetype.stopBps === undefined ? undefined : against(archetype.stopBps),
    profitPrice: archetype.profitBps === undefined ? undefined : against(-archetype.profitBps),
    reaction:
      reaction === undefined
        ? undefined
        : {
            kind: reaction.kind,
            price: against(reaction.againstBps),
            when: long ? "below" : "above",
            amount: margin,
          },
  };
}

/** The least acceptable price of an exit that sells, the greatest of one that buys: any. */
export function exitAtAnyPrice(size: bigint): bigint {
  return size > 0n ? 0n : ANY_PRICE;
}

function marginFor(archetype: Archetype, worth: bigint, limits: BookLimits): bigint {
  const byLeverage = worth / BigInt(archetype.leverage);
  const target = mulWadUp(limits.maintenanceRatio, limits.liquidationTarget);
  const ratio = max(limits.initialMarginRatio, target);
  const least = max(mulWadUp(worth, ratio), limits.minMargin);
  const impact = mulDivUp({ a: worth, b: limits.maxOpenInterest, c: limits.skewScale });
  const costs = impact + mulWadUp(worth + impact, limits.positionFeeRatio);
  return ceilTo(max(byLeverage, least) + costs, limits.tokenScale);
}

function reserveFor(archetype: Archetype, worth: bigint, limits: BookLimits): bigint {
  const asked = (worth * BigInt(archetype.reserveBps)) / BASIS_POINTS;
  // One part in a thousand above the least, since the fill price may be above the one the book was drawn at.
  const least = max(mulWadUp(worth, limits.minReserveRatio), limits.keeperFeeFloor);
  const lower = least + least / 1000n;
  const upper = worth - worth / 100n;
  return ceilTo(asked < lower ? lower : asked > upper ? upper : asked, limits.tokenScale);
}

function moved(price: bigint, basisPoints: number): bigint {
  return (price * (BASIS_POINTS + BigInt(basisPoints))) / BASIS_POINTS;
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

function roundTo(value: bigint, step: bigint): bigint {
  return value - (value % step);
}

function ceilTo(value: bigint, step: bigint): bigint {
  return roundTo(value + step - 1n, step);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
