import fc from "fast-check";
import { equityOf, gainOf, initialOf, notionalOf, owedOf } from "./box.ts";
import type { Call } from "./calls.ts";
import { later, type Wish } from "./orders.ts";
import { claimsOf } from "./providers.ts";
import { least, most, ONE, Rational, WEI, ZERO } from "./rational.ts";
import { type Box, entry, type Player, type Price, type World } from "./world.ts";

/** One step of a history before it meets a market: what to do, and numbers that choose on whom and how much. */
export interface Move {
  readonly name: MoveName;
  /** Which player, position, order or request. */
  readonly pick: number;
  /** Shares of 1,000 for amounts, and a choice of variants. */
  readonly x: number;
  readonly y: number;
  readonly variant: number;
}

/** A call to make `wait` seconds after the one before. */
export interface Planned {
  readonly wait: bigint;
  readonly call: (now: bigint) => Call;
}

type Plan = Generator<Planned, void, void>;

const TRADERS: readonly Player[] = ["alice", "bob", "carol"];
const PROVIDERS: readonly Player[] = ["provider", "carol"];
const ANY_PRICE = Rational.wad(2n ** 96n - 1n);
const LOWEST = Rational.of(1n, 100n);
const HIGHEST = Rational.of(1_000_000n);

/** How the price jumps: small moves, gaps, and tenfold either way. */
const CALM = [980, 990, 995, 999, 1_001, 1_005, 1_010, 1_020];
const GAPS = [600, 750, 900, 950, 1_050, 1_100, 1_300, 1_600];
const WILD = [100, 200, 500, 2_000, 5_000, 10_000];

/** How often each step is taken. */
const WEIGHTS = {
  price: 1,
  wait: 1,
  open: 7,
  increase: 3,
  decrease: 6,
  trigger: 3,
  executeOrder: 3,
  cancelOrder: 2,
  addMargin: 1,
  removeMargin: 2,
  press: 9,
  rescue: 3,
  mandate: 5,
  cap: 4,
  deposit: 1,
  redeem: 1,
  fulfill: 3,
  cancelRequest: 1,
  claims: 1,
  wallets: 1,
  block: 1,
  upkeep: 1,
  restart: 1,
  malformed: 1,
} as const;
export type MoveName = keyof typeof WEIGHTS;

/** Evenly spread: extremes are among what a step makes of it. */
const choice = fc.noBias(fc.nat(1_000));

/** Any step. */
export const anyMove: fc.Arbitrary<Move> = fc.record({
  name: fc.oneof(
    ...Object.entries(WEIGHTS).map(([name, weight]) => ({
      weight,
      arbitrary: fc.constant(name as MoveName),
    })),
  ),
  pick: choice,
  x: choice,
  y: choice,
  variant: choice,
});

/** A history of `length` steps. */
export function historyOf(length: number): fc.Arbitrary<readonly Move[]> {
  return fc.array(anyMove, { minLength: length, maxLength: length, size: "max" });
}

/** The calls of a step, worked out one by one as the world goes on. */
export function planOf(world: World, move: Move): Plan {
  const needless = NEED_NO_POSITION.has(move.name) || world.positions.size > 0;
  return PLANS[needless ? move.name : "open"](world, move);
}

/** Where no position is open, all other steps open one. */
const NEED_NO_POSITION: ReadonlySet<MoveName> = new Set([
  ...(["price", "wait", "open", "trigger", "executeOrder", "cancelOrder", "deposit"] as const),
  ...(["redeem", "fulfill", "cancelRequest", "claims", "restart", "malformed"] as const),
]);

const PLANS: Readonly<Record<MoveName, (world: World, move: Move) => Plan>> = {
  *price(world, { x, variant }) {
    const factors = variant < 500 ? CALM : variant < 900 ? GAPS : WILD;
    yield tell(world.price.value.times(thousandths(chosen(factors, x))));
  },
  *wait(world, { x, y }) {
    const seconds = 1n + (BigInt(x) * (y < 700 ? 60n : y < 950 ? 3_600n : 86_400n)) / 100n;
    yield tell(world.price.value, { wait: seconds });
  },
  *open(world, move) {
    yield* order(world, openingOf(world, move), move);
  },
  *increase(world, move) {
    const found = anyPosition(world, move.pick);
    if (found === undefined) return;
    yield* order(world, increaseOf(world, found, move), move);
  },
  *decrease(world, move) {
    const found = anyPosition(world, move.pick);
    if (found === undefined) return;
    if (move.variant < 300) {
      // A loss that leaves less than the fees, or nothing.
      yield tell(priceOfHealth(world, found.box, thousandths((move.x % 60) - 40)));
      yield* order(world, reductionOf(world, found, { ...move, x: 0 }), move);
      return;
    }
    if (move.variant < 500) {
      yield tell(priceOfHealth(world, found.box, thousandths(1_000 + move.x)));
    }
    yield* order(world, reductionOf(world, found, move), move);
  },
  *trigger(world, move) {
    yield* trigger(world, move);
  },
  *executeOrder(world, { pick, x, y }) {
    const id = chosen([...world.orders.keys()], pick);
    const order = id === undefined ? undefined : world.orders.get(id);
    if (id === undefined || order === undefined) return;
    const aimed =
      order.kind === "market"
        ? world.price.value
        : order.triggerPrice.times(thousandths(x < 500 ? 1_000 : 995 + (y % 11)));
    yield tell(aimed, { wait: 3n });
    yield { wait: 1n, call: () => ({ do: "execute", orderId: id }) };
  },
  *cancelOrder(world, { pick, x, y }) {
    const id = chosen([...world.orders.keys()], pick);
    const order = id === undefined ? undefined : world.orders.get(id);
    if (id === undefined || order === undefined) return;
    const player = x < 700 ? order.account : trader(y);
    yield { wait: y < 500 ? 1n : 130n, call: () => ({ do: "cancel", orderId: id, player }) };
  },
  *addMargin(world, { pick, x, y }) {
    const found = anyPosition(world, pick);
    if (found === undefined) return;
    const { positionId } = found;
    const amount = tokens(world, Rational.of(BigInt(x * x) / 10n + 1n).times(thousandths(1_001)));
    yield { wait: 1n, call: () => ({ do: "addMargin", player: trader(y), positionId, amount }) };
  },
  *removeMargin(world, { pick, x, y, variant }) {
    const found = anyPosition(world, pick);
    if (found === undefined) return;
    const { positionId, box } = found;
    yield tell(world.price.value);
    const price = world.price.value;
    const room = most(
      ZERO,
      equityOf(world, box, price).minus(initialOf(world, notionalOf(box, price))),
    );
    const wanted = tokens(world, variant < 200 ? box.margin : room.times(thousandths(x)));
    const over = world.rules.unit.times(Rational.of(BigInt(variant % 3) - 1n));
    const amount = most(ZERO, variant > 800 ? tokens(world, room).plus(over) : wanted);
    const player = y < 950 ? box.owner : trader(y);
    yield { wait: 1n, call: () => ({ do: "removeMargin", player, positionId, amount }) };
  },
  *press(world, move) {
    yield* press(world, move, "liquidate");
  },
  *rescue(world, move) {
    if (world.mandates.size === 0) yield* planOf(world, { ...move, name: "mandate" });
    yield* press(world, move, "rescue");
  },
  *mandate(world, { pick, x, y, variant }) {
    const found = anyPosition(world, pick);
    if (found === undefined) return;
    const { positionId, box } = found;
    if (variant % 4 !== 0) {
      const amount = tokens(world, Rational.of(BigInt(x * x * 20)));
      yield { wait: 1n, call: () => ({ do: "approve", player: box.owner, amount }) };
    }
    const trigger = ONE.plus(thousandths(y / 2));
    const mandate = {
      capLeft: tokens(world, Rational.of(BigInt(variant * variant) + 4n)),
      trigger,
      target: trigger.plus(thousandths(50 + (x % 500))),
      minInterval: BigInt(60 + x),
      expiry: variant < 100 ? world.now + 200n : 4_000_000_000n,
      maxKeeperFee: Rational.of(3n),
    };
    const player = y < 980 ? box.owner : trader(y);
    yield { wait: 1n, call: () => ({ do: "setMandate", player, positionId, mandate }) };
  },
  *cap(world, move) {
    const { pick, x, variant } = move;
    const found = anyPosition(world, pick);
    if (found === undefined) return;
    const { positionId, box } = found;
    const gain = box.reserve.times(thousandths(variant < 200 ? 1_000 : 970 + (x % 100)));
    yield tell(priceOfGain(world, box, gain));
    if (variant >= 850) yield* order(world, increaseOf(world, found, move), move);
    const name = variant < 750 ? "settleAtCap" : "liquidate";
    yield { wait: 1n, call: () => ({ do: name, positionId }) };
  },
  *deposit(world, { x, y }) {
    const amount = tokens(world, Rational.of(BigInt(x * x)).times(thousandths(999)));
    const player = chosen(PROVIDERS, y) ?? "provider";
    yield { wait: 1n, call: () => ({ do: "requestDeposit", player, amount }) };
  },
  *redeem(world, { x, variant }) {
    const holders = PROVIDERS.filter((player) => entry(world.shares, player).sign() > 0n);
    const player = chosen(holders, x) ?? "provider";
    const held = entry(world.shares, player);
    const share = variant < 600 ? thousandths(x) : ONE;
    const amount = Rational.of(held.times(share).floor());
    if (amount.sign() === 0n) return;
    yield { wait: 1n, call: () => ({ do: "requestRedeem", player, amount }) };
  },
  *fulfill(world, move) {
    const { pick, x, variant } = move;
    const queue = pick % 2 === 0 ? "deposits" : "redeems";
    if (world[queue].length === 0 && variant % 10 !== 0) {
      yield* planOf(world, { ...move, name: queue === "deposits" ? "deposit" : "redeem" });
    }
    const wait = variant < 850 ? BigInt(300 + x) : 1n;
    yield tell(world.price.value.times(thousandths(995 + (x % 11))), { wait });
    yield { wait: 1n, call: () => ({ do: "fulfill", queue, maxCount: variant < 500 ? 10n : 1n }) };
  },
  *cancelRequest(world, { pick, x, y }) {
    const queue = pick % 2 === 0 ? "deposits" : "redeems";
    const request = chosen(world[queue], x);
    if (request === undefined) return;
    const player = y < 900 ? request.controller : trader(y);
    const wait = x % 2 === 0 ? 1n : 300n;
    const { number } = request;
    yield { wait, call: () => ({ do: "cancelRequest", queue, player, number }) };
  },
  *claims(world, { pick, x }) {
    for (const player of PROVIDERS) {
      const { depositAssets, redeemShares } = claimsOf(world, player);
      const some = x < 300 ? thousandths(x) : ONE;
      const assets = tokens(world, depositAssets.times(some));
      const shares = Rational.of(redeemShares.times(some).floor());
      if (depositAssets.sign() > 0n) yield claimOf("deposits", player, assets);
      if (redeemShares.sign() > 0n) yield claimOf("redeems", player, shares);
    }
    const player = chosen([...TRADERS, "provider", "keeper"] as const, pick) ?? "alice";
    yield {
      wait: 1n,
      call: () => ({ do: "claim", at: x % 2 === 0 ? "vault" : "pool", player }),
    };
  },
  *wallets(world, { pick, x, variant }) {
    const player = trader(pick);
    const held = entry(world.wallets, player);
    const amount = tokens(world, Rational.of(BigInt(x * x * 20)));
    if (variant < 600) yield { wait: 1n, call: () => ({ do: "approve", player, amount }) };
    else {
      const spent = tokens(world, held.times(thousandths(500 + x / 2)));
      yield { wait: 1n, call: () => ({ do: "spend", player, amount: spent }) };
    }
  },
  *block(world, { pick, x }) {
    const whom = chosen([...TRADERS, "keeper", "marginVault", "liquidityVault"] as const, pick);
    if (whom === undefined) return;
    yield {
      wait: 1n,
      call: () => ({ do: "block", whom, blocked: x < 400 && world.blocked.size < 2 }),
    };
  },
  *upkeep(_world, { x }) {
    yield { wait: 1n, call: () => ({ do: x < 500 ? "sweepDues" : "accrue" }) };
  },
  *restart(world, { x }) {
    yield tell(world.price.value, { restart: true });
    if (x > 300) yield tell(world.price.value, { wait: 3_600n + BigInt(x) });
  },
  *malformed(world, move) {
    const wish = openingOf(world, move);
    const changed: readonly Partial<Wish>[] = [
      { keeperFee: tokens(world, Rational.of(1n, 4n)) },
      { reduceOnly: true },
      { feeFromMargin: true },
      { positionId: 1_000_000n },
      { kind: "limit", triggerPrice: world.price.value, expiry: world.now },
    ];
    yield submitOf({ ...wish, ...chosen(changed, move.variant) });
  },
};

function claimOf(queue: "deposits" | "redeems", player: Player, amount: Rational): Planned {
  return { wait: 1n, call: () => ({ do: "claimFulfilled", queue, player, amount }) };
}

/** Tells a price of this second, or of a span, within bounds. */
function tell(
  price: Rational,
  { wait = 1n, restart = false }: { readonly wait?: bigint; readonly restart?: boolean } = {},
): Planned {
  const value = bounded(price);
  return {
    wait,
    call: (now) => ({
      do: "tell",
      price: { value, validFrom: now, observedAt: now, validUntil: now },
      ...(restart ? { restartedAt: now } : {}),
    }),
  };
}

function bounded(price: Rational): Rational {
  return most(LOWEST, least(HIGHEST, price.floorTo(WEI)));
}

function submitOf(wish: Wish): Planned {
  return { wait: 1n, call: () => ({ do: "submit", wish }) };
}

/** Submits a market order, and mostly executes it: in time, late, too late, or at a price that is not its own. */
function* order(world: World, wish: Wish, move: Move): Plan {
  const orderId = world.nextOrder;
  yield submitOf(wish);
  const submitted = world.orders.get(orderId);
  if (submitted === undefined || move.variant >= 940) return;
  const price = servingPrice(world, submitted.submittedAt + world.rules.executionDelay, move);
  const known = later(price.observedAt, price.validUntil);
  const tooLate = move.variant >= 900 && move.variant < 920;
  const wait = later(1n, known - world.now) + (tooLate ? 61n : 0n);
  yield { wait, call: () => ({ do: "tell", price }) };
  yield { wait: 1n, call: () => ({ do: "execute", orderId }) };
}

/** A price that covers T, or serves late, or does neither. */
function servingPrice(world: World, from: bigint, { variant, y }: Move): Price {
  const value = bounded(world.price.value.times(thousandths(995 + (y % 11))));
  const { maxRoundWait } = world.rules;
  const late = variant >= 860 && variant < 900;
  if (late || variant >= 920) {
    const observedAt = from - 1n;
    const validUntil = late ? from + maxRoundWait : observedAt;
    return { value, validFrom: observedAt, observedAt, validUntil };
  }
  const observedAt = from + (y < 100 ? maxRoundWait : 0n);
  return { value, validFrom: from, observedAt, validUntil: observedAt };
}

/** An order that opens: small or large, well or badly backed, and now and then with something wrong. */
function openingOf(world: World, { pick, x, y, variant }: Move): Wish {
  const { minKeeperFee, unit } = world.rules;
  const price = world.price.value;
  const notional = Rational.of(
    BigInt(x < 40 ? 120 + x * 10 : 400 + x * x),
    variant % 7 === 0 ? 1n : 6n,
  );
  const size = notional.over(price).floorTo(WEI);
  const leverage = Rational.of(BigInt(1 + (y % 22)));
  const share = variant % 13 === 0 ? 60 + (x % 1_000) : 120 + ((x * 7) % 850);
  const reserve = notional.times(thousandths(share)).floorTo(WEI);
  const margin = notional.over(leverage).floorTo(unit).plus(unit);
  const buys = (x + y) % 2 === 0;
  const tight = price.times(thousandths(buys ? 1_001 : 999)).floorTo(WEI);
  return {
    account: trader(pick),
    positionId: 0n,
    kind: "market",
    reduceOnly: false,
    feeFromMargin: false,
    termsId: variant % 50 === 0 ? 2n : 1n,
    sizeDelta: buys ? size : size.negated(),
    margin,
    reserve,
    acceptablePrice: y % 10 === 0 ? tight : buys ? ANY_PRICE : ZERO,
    triggerPrice: ZERO,
    keeperFee: minKeeperFee,
    expiry: 0n,
  };
}

/** An open position and its id. */
interface Found {
  readonly positionId: bigint;
  readonly box: Box;
}

function increaseOf(world: World, { positionId, box }: Found, move: Move): Wish {
  const wish = openingOf(world, move);
  const sizeDelta = wish.sizeDelta.magnitude().times(Rational.of(box.size.sign()));
  const acceptablePrice = sizeDelta.sign() > 0n ? ANY_PRICE : ZERO;
  const margin = move.y % 5 === 0 ? ZERO : wish.margin;
  return { ...wish, positionId, account: box.owner, sizeDelta, acceptablePrice, margin };
}

function reductionOf(world: World, { positionId, box }: Found, { x, y, variant }: Move): Wish {
  const share = x < 300 ? ONE : thousandths(x + 20);
  const part = box.size.times(share).floorTo(WEI);
  const sells = box.size.sign() > 0n;
  const margin = variant % 11 === 0 ? tokens(world, Rational.of(BigInt(y))) : ZERO;
  return {
    account: box.owner,
    positionId,
    kind: "market",
    reduceOnly: margin.sign() === 0n && y % 3 !== 0,
    feeFromMargin: false,
    termsId: 1n,
    sizeDelta: part.sign() === 0n ? box.size.negated() : part.negated(),
    margin,
    reserve: ZERO,
    acceptablePrice: sells ? ZERO : ANY_PRICE,
    triggerPrice: ZERO,
    keeperFee: world.rules.minKeeperFee,
    expiry: 0n,
  };
}

/** A limit or stop, which opens, or shrinks a position and may be paid from its margin. */
function* trigger(world: World, move: Move): Plan {
  const { pick, x, y, variant } = move;
  const found = anyPosition(world, pick);
  const kind = x % 2 === 0 ? "limit" : "stop";
  const expiry = variant < 100 ? world.now + 30n : 4_000_000_000n;
  const triggerPrice = bounded(world.price.value.times(thousandths(960 + (y % 81))));
  if (found === undefined || variant % 3 === 0) {
    yield submitOf({ ...openingOf(world, move), kind, triggerPrice, expiry });
    return;
  }
  const wish = reductionOf(world, found, move);
  const feeFromMargin = wish.reduceOnly && variant % 2 === 0;
  yield submitOf({ ...wish, feeFromMargin, kind, triggerPrice, expiry });
}

/** Equity as thousandths of maintenance margin, or of a mandate's trigger. */
const PRESSED = {
  liquidate: [-300, 0, 300, 600, 800, 900, 950, 990, 998],
  rescue: [300, 700, 900, 990, 1_000],
} as const;

/** Brings the price to where equity is some multiple of maintenance margin, and has the keeper act. */
function* press(world: World, { pick, x, variant }: Move, name: "liquidate" | "rescue"): Plan {
  const mandated = chosen([...world.mandates.keys()], pick);
  const box = mandated === undefined ? undefined : world.positions.get(mandated);
  const preferred = mandated === undefined || box === undefined || variant % 3 === 2;
  const found = preferred ? anyPosition(world, pick) : { positionId: mandated, box };
  if (found === undefined) return;
  const { positionId } = found;
  const trigger = world.mandates.get(positionId)?.trigger ?? ONE;
  const share = thousandths(chosen(PRESSED[name], x));
  const health = share.times(name === "rescue" ? trigger : ONE).plus(thousandths(variant % 10));
  yield tell(priceOfHealth(world, found.box, health), { wait: variant < 200 ? 5n : 31n });
  yield { wait: 1n, call: () => ({ do: name, positionId }) };
  if (variant % 3 === 0) yield { wait: 2n, call: () => ({ do: name, positionId }) };
}

/** Price at which equity is a multiple of m × V. */
function priceOfHealth(world: World, box: Box, health: Rational): Rational {
  const { mmr, lfr } = world.rules.terms;
  const wanted = health.times(mmr.plus(lfr));
  const missing = box.openNotional.plus(owedOf(world, box)).minus(box.margin);
  const side = Rational.of(box.size.sign());
  return missing.over(box.size.times(ONE.minus(side.times(wanted))));
}

/** Price at which the gain is an amount. */
function priceOfGain(world: World, box: Box, gain: Rational): Rational {
  return gain.minus(gainOf(world, box, ZERO)).over(box.size);
}

function anyPosition(world: World, pick: number): Found | undefined {
  const positionId = chosen([...world.positions.keys()], pick);
  const box = positionId === undefined ? undefined : world.positions.get(positionId);
  return positionId === undefined || box === undefined ? undefined : { positionId, box };
}

function trader(pick: number): Player {
  return chosen(TRADERS, pick) ?? "alice";
}

function chosen<Value>(values: readonly Value[], pick: number): Value | undefined {
  return values[pick % Math.max(values.length, 1)];
}

function thousandths(share: number | undefined): Rational {
  return Rational.of(BigInt(Math.trunc(share ?? 1_000)), 1_000n);
}

function tokens(world: World, amount: Rational): Rational {
  return amount.floorTo(world.rules.unit);
}
