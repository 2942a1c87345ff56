import type { Order } from "./orderMath.ts";
import type { ServedReport } from "./reportBuffer.ts";
import type { GivenMandate } from "./rescue.ts";
import type { Round } from "./rounds.ts";
import type { Position, Terms } from "./types.ts";

/** What is stored of an open position, as its market's logs tell it. */
export type OpenPosition = Omit<Position, "owner" | "traits">;

/** An order that waits, as its market's logs tell it. */
export interface WaitingOrder extends Order {
  readonly orderId: bigint;
  /** The position it opens or changes. */
  readonly positionId: bigint;
  readonly account: string;
}

/** What can be looked up, however it is stored. */
export interface Lookup<Key, Value> extends Iterable<[Key, Value]> {
  readonly size: number;
  readonly has: (key: Key) => boolean;
  readonly get: (key: Key) => Value | undefined;
  readonly keys: () => IterableIterator<Key>;
  readonly values: () => IterableIterator<Value>;
}

/** Everything of one market that logs tell. */
export interface MarketState {
  readonly positions: Lookup<bigint, OpenPosition>;
  readonly orders: Lookup<bigint, WaitingOrder>;
  readonly terms: Lookup<bigint, Terms>;
  /** By the positions they were given for. `rescuedAt` is the time of the last use or somewhat before it. */
  readonly mandates: Lookup<bigint, GivenMandate>;
  /** Numbers of the requests that wait. */
  readonly deposits: ReadonlySet<bigint>;
  readonly redeems: ReadonlySet<bigint>;
}

/** What a market is created with and never changes. Times are seconds. */
export interface MarketConstants {
  readonly executionDelay: bigint;
  readonly maxRoundWait: bigint;
  readonly executionWindow: bigint;
  readonly depositDelay: bigint;
  readonly redeemDelay: bigint;
  /** Pause after a restart of the sequencer in which nobody is liquidated. */
  readonly sequencerGrace: bigint;
  /** [WAD base] */
  readonly skewScale: bigint;
  /** WAD units in one token unit. */
  readonly tokenScale: bigint;
}

/** Sums and indices of a market at the snapshot's second. */
export interface MarketNow {
  /** [± WAD base] */
  readonly skew: bigint;
  readonly fundingIndex: bigint;
  readonly borrowIndex: bigint;
  /** Observation time of the newest price that the market has used [s]. */
  readonly clock: bigint;
}

/** The price of now, with its time [s]. */
export interface SpotPrice {
  /** [WAD quote per base] */
  readonly price: bigint;
  readonly observedAt: bigint;
}

/** What a decision has to look at one by one: whatever is left out is certainly not due. */
export interface Shortlist {
  readonly positions: readonly (readonly [bigint, OpenPosition])[];
  readonly marketOrders: readonly WaitingOrder[];
  readonly triggerOrders: readonly WaitingOrder[];
}

/** Signed reports that a decision may depend on. */
export interface StreamPrices {
  /** What proves the price of now; absent while there is none. */
  readonly spot: ServedReport | undefined;
  /** Those that speak for the times of the orders that wait. */
  readonly reports: readonly ServedReport[];
}

/** A position that its mandate would restore at the price of now, before anybody may liquidate it. */
export interface DueRescue {
  readonly positionId: bigint;
  /** Out of whose wallet. */
  readonly owner: string;
  /** What would leave it [WAD quote]. */
  readonly pulled: bigint;
  /** [± WAD quote] */
  readonly equity: bigint;
  /** [WAD quote] */
  readonly maintenanceMargin: bigint;
}

/** One market at one block: all that a decision may depend on. */
export interface Snapshot {
  readonly blockNumber: number;
  /** The block's time [s]; never the clock of this machine. */
  readonly now: bigint;
  readonly constants: MarketConstants;
  readonly state: MarketState;
  /** Absent where everything is looked at. */
  readonly shortlist?: Shortlist;
  /** Those that wallets can pay for, the one in most danger first; absent where nobody looked. */
  readonly rescues?: readonly DueRescue[];
  readonly market: MarketNow;
  /** Absent while the oracle refuses: then nothing is known, which is not the same as all being well. */
  readonly spot: SpotPrice | undefined;
  /** Why it refuses. */
  readonly spotRefusal: string | undefined;
  /** Since when the sequencer is up [s]; absent while it is down or unknown. */
  readonly upSince: bigint | undefined;
  /** Rounds back to before the oldest order that waits for one. */
  readonly indexRounds: readonly Round[];
  /** Empty where the market has no quote feed. */
  readonly quoteRounds: readonly Round[];
  readonly hasQuoteFeed: boolean;
  /** Only where signed reports are the price; `indexRounds` are empty there. */
  readonly stream?: StreamPrices;
  /** When the first request of each queue falls due [s]. */
  readonly depositDueAt: bigint | undefined;
  readonly redeemDueAt: bigint | undefined;
}
