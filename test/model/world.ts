import { least, most, ONE, Rational, sum, ZERO } from "./rational.ts";

/** Who plays. Traders also fill orders of others' positions; providers are `provider` and `carol`. */
export const PLAYERS = ["provider", "alice", "bob", "carol", "keeper"] as const;
export type Player = (typeof PLAYERS)[number];

/** What a position is held to, in natural units. */
export interface Terms {
  readonly imr: Rational;
  readonly mmr: Rational;
  readonly lfr: Rational;
  readonly positionFee: Rational;
  readonly target: Rational;
  readonly minReserveRatio: Rational;
  readonly cooldown: bigint;
  readonly feeFloor: Rational;
  readonly feeCap: Rational;
  readonly minMaintenance: Rational;
  readonly minMargin: Rational;
  readonly minNotional: Rational;
}

/** All that never changes in a market. Times are seconds. */
export interface Rules {
  readonly terms: Terms;
  readonly skewScale: Rational;
  readonly fundingScale: Rational;
  readonly maxFundingRate: Rational;
  readonly minBorrowRate: Rational;
  readonly kinkBorrowRate: Rational;
  readonly maxBorrowRate: Rational;
  readonly kinkUtilization: Rational;
  readonly executionDelay: bigint;
  readonly maxRoundWait: bigint;
  readonly executionWindow: bigint;
  readonly latencySpread: Rational;
  readonly minKeeperFee: Rational;
  readonly maxUtilization: Rational;
  readonly minNavRatio: Rational;
  readonly depositDelay: bigint;
  readonly redeemDelay: bigint;
  readonly settleGrace: bigint;
  readonly sequencerGrace: bigint;
  readonly minRequest: Rational;
  readonly requestFee: Rational;
  readonly protocolFeeShare: Rational;
  readonly maxOpenInterest: Rational;
  /** One token unit. */
  readonly unit: Rational;
}

/** An open position. */
export interface Box {
  readonly owner: Player;
  size: Rational;
  openNotional: Rational;
  margin: Rational;
  reserve: Rational;
  fundingIndex: Rational;
  borrowIndex: Rational;
  priceTime: bigint;
  /** Until when a partial liquidation keeps the next away [s]; 0 where none does. */
  coolUntil: bigint;
}

/** What an owner allows for one position. */
export interface Mandate {
  capLeft: Rational;
  readonly trigger: Rational;
  readonly target: Rational;
  readonly minInterval: bigint;
  readonly expiry: bigint;
  readonly maxKeeperFee: Rational;
  rescuedAt: bigint;
}

export type Kind = "market" | "limit" | "stop";

/** An order that waits. */
export interface Order {
  readonly account: Player;
  readonly positionId: bigint;
  readonly opens: boolean;
  readonly kind: Kind;
  readonly reduceOnly: boolean;
  readonly feeFromMargin: boolean;
  readonly termsId: bigint;
  readonly sizeDelta: Rational;
  readonly margin: Rational;
  readonly reserve: Rational;
  readonly acceptablePrice: Rational;
  readonly triggerPrice: Rational;
  readonly keeperFee: Rational;
  readonly expiry: bigint;
  readonly submittedAt: bigint;
}

/** A verified price and the seconds it speaks for. */
export interface Price {
  readonly value: Rational;
  readonly validFrom: bigint;
  readonly observedAt: bigint;
  readonly validUntil: bigint;
}

/** A request of a provider; a deposit counts quote, a redeem shares. */
export interface Request {
  readonly number: bigint;
  readonly controller: Player;
  readonly requestedAt: bigint;
  amount: Rational;
  feePaid: boolean;
}

/** What one controller has fulfilled and not claimed. Shares are whole numbers. */
export interface Claims {
  depositAssets: Rational;
  depositShares: Rational;
  redeemShares: Rational;
  redeemAssets: Rational;
}

/** One market as the specification tells it, every amount exact. */
export interface World {
  readonly rules: Rules;
  now: bigint;
  /** What the oracle says to every question. */
  price: Price;
  positions: Map<bigint, Box>;
  mandates: Map<bigint, Mandate>;
  orders: Map<bigint, Order>;
  wallets: Map<Player, Rational>;
  /** What each has allowed the mandate book. */
  allowances: Map<Player, Rational>;
  vaultClaims: Map<Player, Rational>;
  poolClaims: Map<Player, Rational>;
  blocked: Set<Player | "marginVault" | "liquidityVault">;
  poolDue: Rational;
  protocolDue: Rational;
  cash: Rational;
  fundingIndex: Rational;
  borrowIndex: Rational;
  accruedAt: bigint;
  fundingVelocity: Rational;
  borrowRate: Rational;
  referencePrice: Rational;
  clock: bigint;
  upSince: bigint;
  supply: Rational;
  shares: Map<Player, Rational>;
  deposits: Request[];
  redeems: Request[];
  nextDeposit: bigint;
  nextRedeem: bigint;
  claims: Map<Player, Claims>;
  nextOrder: bigint;
  /** Comparisons of this call that rounding could turn. */
  readonly close: string[];
  /** Amounts of this call that rounding could bring into another token unit. */
  readonly edges: string[];
  /** How far an amount may be off. */
  slack: Rational;
}

/** Why the market refuses; every reason that applies. */
export class Refusal extends Error {
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super(reasons.join(", "));
    this.reasons = reasons;
  }
}

/** Copies a world, so that a refused action can be forgotten. */
export function copyOf(world: World): World {
  const boxes = <Key, Value extends object>(map: Map<Key, Value>) =>
    new Map([...map].map(([key, value]) => [key, { ...value }]));
  return {
    ...world,
    positions: boxes(world.positions),
    mandates: boxes(world.mandates),
    orders: new Map(world.orders),
    wallets: new Map(world.wallets),
    allowances: new Map(world.allowances),
    vaultClaims: new Map(world.vaultClaims),
    poolClaims: new Map(world.poolClaims),
    blocked: new Set(world.blocked),
    shares: new Map(world.shares),
    deposits: world.deposits.map((request) => ({ ...request })),
    redeems: world.redeems.map((request) => ({ ...request })),
    claims: boxes(world.claims),
  };
}

/** Whether one amount is below another; remembers comparisons that rounding could turn. */
export function below(world: World, one: Rational, other: Rational, what: string): boolean {
  if (!world.slack.isBelow(one.minus(other).magnitude())) world.close.push(what);
  return one.isBelow(other);
}

/** Nearer to a whole token unit than this, rounding may decide which [quote]. */
const EDGE = Rational.of(1n, 10n ** 9n);

/** An amount in whole token units, down; remembers where rounding could turn it. */
export function wholeDown(world: World, amount: Rational, what: string): Rational {
  const { unit } = world.rules;
  const whole = amount.floorTo(unit);
  const over = amount.minus(whole);
  if (over.isBelow(EDGE) || unit.minus(over).isBelow(EDGE)) world.edges.push(what);
  return whole;
}

/** An amount in whole token units, up. */
export function wholeUp(world: World, amount: Rational, what: string): Rational {
  return wholeDown(world, amount.negated(), what).negated();
}

/** Adds to a player's entry. */
export function credit(map: Map<Player, Rational>, player: Player, amount: Rational): void {
  map.set(player, (map.get(player) ?? ZERO).plus(amount));
}

/** A player's entry. */
export function entry(map: Map<Player, Rational>, player: Player): Rational {
  return map.get(player) ?? ZERO;
}

/** The open position of an id. @throws Refusal when there is none. */
export function boxOf(world: World, id: bigint): Box {
  const box = world.positions.get(id);
  if (box === undefined) throw new Refusal(["PositionNotFound"]);
  return box;
}

/** Open interest of a side: 1 for longs, −1 for shorts. */
export function openInterest(world: World, side: bigint): Rational {
  const own = [...world.positions.values()].filter(({ size }) => size.sign() === side);
  return sum(own.map(({ size }) => size.magnitude()));
}

export function skewOf(world: World): Rational {
  return sum([...world.positions.values()].map(({ size }) => size));
}

export function reservedOf(world: World): Rational {
  return sum([...world.positions.values()].map(({ reserve }) => reserve));
}

export function marginsOf(world: World): Rational {
  return sum([...world.positions.values()].map(({ margin }) => margin));
}

/** BH-31, BH-32: brings both indices to now. */
export function accrue(world: World): void {
  const seconds = Rational.of(world.now - world.accruedAt);
  world.fundingIndex = world.fundingIndex.plus(world.fundingVelocity.times(seconds));
  world.borrowIndex = world.borrowIndex.plus(world.borrowRate.times(seconds));
  world.accruedAt = world.now;
}

/** BH-31: how fast the funding index grows from now on. */
export function updateFunding(world: World): void {
  const saturated = most(ONE.negated(), least(ONE, skewOf(world).over(world.rules.fundingScale)));
  const rate = world.rules.maxFundingRate.times(saturated);
  world.fundingVelocity = rate.times(world.referencePrice);
}

/** BH-32: how fast the borrow index grows from now on. */
export function updateBorrowRate(world: World): void {
  const { minBorrowRate, kinkBorrowRate, maxBorrowRate, kinkUtilization } = world.rules;
  const reserved = reservedOf(world);
  const full = !reserved.isBelow(world.cash);
  const used = reserved.sign() === 0n ? ZERO : full ? ONE : reserved.over(world.cash);
  const beyond = most(ZERO, used.minus(kinkUtilization));
  const upTo = least(used, kinkUtilization);
  const first = kinkBorrowRate.minus(minBorrowRate).times(upTo).over(kinkUtilization);
  const steep = maxBorrowRate.minus(kinkBorrowRate).times(beyond);
  world.borrowRate = minBorrowRate.plus(first).plus(steep.over(ONE.minus(kinkUtilization)));
}
