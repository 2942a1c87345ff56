import { ArithmeticOverflowError, BulkheadError } from "./errors.ts";
import {
  deadlineOf,
  isMarket,
  isTriggered,
  opensPosition,
  takesFeeFromMargin,
} from "./orderMath.ts";
import { accrued, equity, gain, maintenanceMargin, notional } from "./positionMath.ts";
import { NEWEST_ROUNDS, nameOfProof, type PriceProof } from "./priceProof.ts";
import { reportCovering } from "./reportBuffer.ts";
import { isVerifiable } from "./reportChecks.ts";
import { roundCovering, roundInForce } from "./rounds.ts";
import { fillPrice } from "./skewMath.ts";
import type { OpenPosition, Shortlist, Snapshot, StreamPrices, WaitingOrder } from "./snapshot.ts";
import type { Terms } from "./types.ts";

/** Market orders that one price serves, in the order in which they may be executed. */
export interface DueOrders {
  readonly proof: PriceProof;
  readonly orderIds: readonly bigint[];
}

/** A trigger order, and the market order of its position that must be cancelled before. */
export interface HeldUpTrigger {
  readonly orderId: bigint;
  readonly lapsedOrderId: bigint;
}

/** A position that may be liquidated at the price of now. */
export interface Liquidatable {
  readonly positionId: bigint;
  /** What equity lacks of the maintenance margin [WAD quote]; absent where it could not be worked out. */
  readonly lack: bigint | undefined;
}

/** Return the market orders whose price exists and whose window is open, by the proof of that price. */
export function dueMarketOrders(snapshot: Snapshot): readonly DueOrders[] {
  const byProof = new Map<string, DueOrders>();
  for (const order of byId(shortlistOf(snapshot).marketOrders)) {
    if (isLapsed(snapshot, order)) continue;
    const proof = proofOf(snapshot, order);
    if (proof === undefined) continue;
    const key = nameOfProof(proof);
    const orderIds = [...(byProof.get(key)?.orderIds ?? []), order.orderId];
    byProof.set(key, { proof, orderIds });
  }
  return [...byProof.values()];
}

/** Return what proves the price of now; `undefined` while there is none. */
export function spotProof({ stream, spot }: Snapshot): PriceProof | undefined {
  if (spot === undefined) return undefined;
  if (stream === undefined) return NEWEST_ROUNDS;
  const report = stream.spot;
  return report === undefined ? undefined : { kind: "report", report, quoteRoundId: 0n };
}

/** Return the ids of the trigger orders that the price of now releases, but for those that a market order holds up. */
export function reachedTriggers(snapshot: Snapshot): readonly bigint[] {
  return freedTriggers(snapshot)
    .filter(({ lapsedOrderId }) => lapsedOrderId === undefined)
    .map(({ orderId }) => orderId);
}

/** Return the trigger orders that the price of now releases once a market order that can no longer fill is cancelled. */
export function triggersBehindLapsed(snapshot: Snapshot): readonly HeldUpTrigger[] {
  return freedTriggers(snapshot).flatMap(({ orderId, lapsedOrderId }) =>
    lapsedOrderId === undefined ? [] : [{ orderId, lapsedOrderId }],
  );
}

/** A trigger order that the price releases, and what has to be cancelled before, if anything. */
interface FreedTrigger {
  readonly orderId: bigint;
  readonly lapsedOrderId: bigint | undefined;
}

/** A market order that may yet fill keeps trigger orders of its position waiting. */
function freedTriggers(snapshot: Snapshot): readonly FreedTrigger[] {
  const { spot } = snapshot;
  if (spot === undefined || spot.observedAt < snapshot.market.clock) return [];
  const reached = byId(shortlistOf(snapshot).triggerOrders)
    .filter((order) => !isLapsed(snapshot, order))
    .filter((order) => snapshot.now <= order.expiry)
    .filter((order) => order.submittedAt + snapshot.constants.executionDelay <= spot.observedAt)
    .filter((order) => isTriggered(order, spot.price));
  if (reached.length === 0) return [];
  const holders = holdersOf(snapshot);
  return reached.flatMap(({ orderId, positionId }): readonly FreedTrigger[] => {
    const holder = holders.get(positionId);
    if (holder === undefined) return [{ orderId, lapsedOrderId: undefined }];
    return isPastWindow(snapshot, holder) ? [{ orderId, lapsedOrderId: holder.orderId }] : [];
  });
}

/**
 * Return the positions that may be liquidated, the one that lacks most first.
 *
 * The grace period after a restart of the sequencer is the market's to know: it refuses while it lasts.
 * One whose health cannot be worked out comes last: unknown is not healthy, and the contract knows.
 */
export function liquidatablePositions(snapshot: Snapshot): readonly Liquidatable[] {
  const { spot, upSince } = snapshot;
  if (spot === undefined || upSince === undefined) return [];
  if (spot.observedAt < snapshot.market.clock) return [];
  return shortlistOf(snapshot)
    .positions.flatMap(([positionId, position]) => {
      const found = lackOf(snapshot, position, spot.price);
      return found === "none" ? [] : [{ positionId, lack: found }];
    })
    .sort(byLack);
}

/** Return the ids of the positions whose gain at the fill price of a full close has reached their reserve. */
export function positionsAtCap(snapshot: Snapshot): readonly bigint[] {
  const { spot } = snapshot;
  if (spot === undefined || spot.observedAt < snapshot.market.clock) return [];
  return shortlistOf(snapshot)
    .positions.filter(([, position]) => isAtCap(snapshot, position, spot.price))
    .map(([positionId]) => positionId);
}

/** Return which queues of the pool have a request that is due. */
export function dueRequests(snapshot: Snapshot): {
  readonly deposits: boolean;
  readonly redeems: boolean;
} {
  const { now, spot, upSince } = snapshot;
  const open = spot !== undefined && upSince !== undefined;
  const isDue = (at: bigint | undefined) => open && at !== undefined && at <= now;
  return { deposits: isDue(snapshot.depositDueAt), redeems: isDue(snapshot.redeemDueAt) };
}

/** Return what a position has gained, before its reserve bounds it, at an index price [± WAD quote]. */
export function gainAt(snapshot: Snapshot, position: OpenPosition, price: bigint): bigint {
  const { fundingIndex, borrowIndex } = snapshot.market;
  return gain({ position, price, owed: accrued({ position, fundingIndex, borrowIndex }) });
}

/** What a position lacks, "none" where it may not be liquidated, `undefined` where nobody can tell. */
function lackOf(
  snapshot: Snapshot,
  position: OpenPosition,
  price: bigint,
): bigint | "none" | undefined {
  const terms = snapshot.state.terms.get(position.termsId);
  if (terms === undefined) return undefined;
  try {
    return lackUnder({ snapshot, position, price, terms });
  } catch (cause) {
    if (cause instanceof ArithmeticOverflowError) return undefined;
    throw cause;
  }
}

function lackUnder(case_: HealthCase): bigint | "none" {
  const { held, required, liquidatable } = standingOf(case_);
  return liquidatable ? required - held : "none";
}

/** A position under its terms at a price. */
export interface HealthCase {
  readonly snapshot: Snapshot;
  readonly position: OpenPosition;
  readonly price: bigint;
  readonly terms: Terms;
}

/**
 * Return equity and maintenance margin of a position [WAD quote], whether its gain has reached its reserve, and whether
 * it may be liquidated once the sequencer has been up for long enough.
 *
 * @throws {ArithmeticOverflowError} When a step leaves 256 bits.
 */
export function standingOf({ snapshot, position, price, terms }: HealthCase): {
  readonly held: bigint;
  readonly required: bigint;
  readonly capped: boolean;
  readonly liquidatable: boolean;
} {
  const gained = gainAt(snapshot, position, price);
  const held = equity(position, gained);
  const required = maintenanceMargin({
    notional_: notional(position.size, price),
    ratio: terms.maintenanceMarginRatio + terms.liquidationFeeRatio,
    minMaintenance: terms.minMaintenance,
  });
  const coolUntil = position.cooldown === 0n ? 0n : position.priceTime + position.cooldown;
  const cooling = snapshot.now < coolUntil && 2n * held >= required;
  const capped = gained >= position.reserve;
  return { held, required, capped, liquidatable: !capped && held < required && !cooling };
}

function byLack(a: Liquidatable, b: Liquidatable): number {
  const lackA = a.lack ?? -1n;
  const lackB = b.lack ?? -1n;
  if (lackA === lackB) return a.positionId < b.positionId ? -1 : 1;
  return lackA > lackB ? -1 : 1;
}

/** One that cannot be worked out stands in nobody's way; whether it may be liquidated is asked of the contract. */
function isAtCap(snapshot: Snapshot, position: OpenPosition, price: bigint): boolean {
  try {
    return gainAtFill(snapshot, position, price) >= position.reserve;
  } catch (cause) {
    if (cause instanceof BulkheadError) return false;
    throw cause;
  }
}

function gainAtFill(snapshot: Snapshot, position: OpenPosition, price: bigint): bigint {
  const fill = fillPrice({
    price,
    skew: snapshot.market.skew,
    sizeDelta: -position.size,
    skewScale: snapshot.constants.skewScale,
  });
  return gainAt(snapshot, position, fill);
}

/** What has to be looked at: all there is, unless somebody searched before. */
function shortlistOf({ shortlist, state }: Snapshot): Shortlist {
  if (shortlist !== undefined) return shortlist;
  const orders = [...state.orders.values()];
  return {
    positions: [...state.positions],
    marketOrders: orders.filter(isMarket),
    triggerOrders: orders.filter((order) => !isMarket(order)),
  };
}

function byId(orders: readonly WaitingOrder[]): readonly WaitingOrder[] {
  return [...orders].sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
}

/** The market order that waits for each position: none of its trigger orders can be executed before that has ended. */
function holdersOf({ state }: Snapshot): ReadonlyMap<bigint, WaitingOrder> {
  const waiting = [...state.orders.values()].filter(
    (order) => isMarket(order) && !opensPosition(order),
  );
  return new Map(waiting.map((order) => [order.positionId, order]));
}

/** Whether a market order can no longer fill at any price, so that anybody may cancel it. */
function isPastWindow(snapshot: Snapshot, { submittedAt }: WaitingOrder): boolean {
  const { constants, now, upSince } = snapshot;
  if (upSince === undefined) return false;
  const start = submittedAt + constants.executionDelay + constants.maxRoundWait;
  return now > deadlineOf({ start, upSince, window: constants.executionWindow });
}

/** Whether an order has nothing to act on: executing it pays nobody. */
function isLapsed({ state }: Snapshot, order: WaitingOrder): boolean {
  if (opensPosition(order) || state.positions.has(order.positionId)) return false;
  // An exit waits for the order that opens its position, and cannot fill before.
  return takesFeeFromMargin(order) || !state.orders.has(order.positionId);
}

/** What proves an order's one price, while it may be executed at it. */
function proofOf(snapshot: Snapshot, order: WaitingOrder): PriceProof | undefined {
  const { constants, stream, upSince } = snapshot;
  if (upSince === undefined) return undefined;
  const time = order.submittedAt + constants.executionDelay;
  const wait = { time, latest: time + constants.maxRoundWait, upSince };
  return stream === undefined
    ? provenByRounds(snapshot, wait)
    : provenByReport(snapshot, stream, wait);
}

/** What an order waits for [s]. */
interface Wait {
  readonly time: bigint;
  readonly latest: bigint;
  readonly upSince: bigint;
}

function provenByRounds(
  snapshot: Snapshot,
  { time, latest, upSince }: Wait,
): PriceProof | undefined {
  const { constants, now } = snapshot;
  const served = servingRound(snapshot, time, latest);
  if (served === undefined || served.round.updatedAt >= now) return undefined;
  const start = served.late ? latest : served.round.updatedAt;
  const window = constants.executionWindow;
  if (now > deadlineOf({ start, upSince, window })) return undefined;
  const quote = quoteFor(snapshot, served.round.updatedAt, served.late ? latest : undefined);
  return quote === undefined ? undefined : { kind: "rounds", index: served.round.roundId, quote };
}

/** No report shows that there was none before it: an order gets the one that speaks for its moment, or nothing. */
function provenByReport(
  snapshot: Snapshot,
  { reports }: StreamPrices,
  { time, latest, upSince }: Wait,
): PriceProof | undefined {
  const { constants, now, hasQuoteFeed } = snapshot;
  const report = reportCovering(reports, time);
  if (report === undefined || report.observedAt > latest) return undefined;
  if (!isVerifiable(report, now, 0n)) return undefined;
  // A further quote round may still come in this second.
  if (hasQuoteFeed && report.observedAt >= now) return undefined;
  const window = constants.executionWindow;
  if (now > deadlineOf({ start: report.observedAt, upSince, window })) return undefined;
  const quoteRoundId = quoteFor(snapshot, report.observedAt);
  return quoteRoundId === undefined ? undefined : { kind: "report", report, quoteRoundId };
}

function servingRound(snapshot: Snapshot, time: bigint, latest: bigint) {
  const covering = roundCovering(snapshot.indexRounds, time);
  if (covering !== undefined && covering.updatedAt <= latest) {
    return { round: covering, late: false };
  }
  if (snapshot.now <= latest) return undefined;
  const before = roundInForce(snapshot.indexRounds, time - 1n);
  return before === undefined ? undefined : { round: before, late: true };
}

/** The quote in force when the index price was observed [s]; up to `until`, where it must last so long. */
function quoteFor(snapshot: Snapshot, time: bigint, until?: bigint): bigint | undefined {
  if (!snapshot.hasQuoteFeed) return 0n;
  const quote = roundInForce(snapshot.quoteRounds, time);
  const last = until === undefined ? quote : roundInForce(snapshot.quoteRounds, until);
  return last === quote ? quote?.roundId : undefined;
}
