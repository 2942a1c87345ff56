import { pull, stamp, sweep, totalAssetsOf } from "./box.ts";
import { requireNoGrace } from "./liquidation.ts";
import { done, type Outcome } from "./orders.ts";
import { least, most, Rational, ZERO } from "./rational.ts";
import { requireNewEnough } from "./trade.ts";
import {
  accrue,
  below,
  type Claims,
  credit,
  entry,
  type Player,
  Refusal,
  type Request,
  reservedOf,
  updateBorrowRate,
  type World,
  wholeDown,
} from "./world.ts";

/** BH-97: shares that were never minted. */
const VIRTUAL_SHARES = Rational.of(10n ** 6n);

/** The price that all requests of one fulfilment get. */
interface Pricing {
  readonly assets: Rational;
  readonly supply: Rational;
}

function sharesFor({ assets, supply }: Pricing, amount: Rational): Rational {
  return amount.times(supply).over(assets);
}

function assetsFor({ assets, supply }: Pricing, shares: Rational): Rational {
  return shares.times(assets).over(supply);
}

function pricingOf(world: World): Pricing {
  return {
    assets: totalAssetsOf(world, world.price.value).plus(world.rules.unit),
    supply: world.supply.plus(VIRTUAL_SHARES),
  };
}

/** BH-98, BH-99. */
export function requestDeposit(world: World, player: Player, amount: Rational): Outcome {
  if (amount.isBelow(world.rules.minRequest)) throw new Refusal(["RequestTooSmall"]);
  if (world.blocked.has("liquidityVault")) throw new Refusal(["ReceiverBlocked"]);
  if (!pull(world, player, amount)) throw new Refusal(["ERC20InsufficientBalance"]);
  world.deposits.push({
    number: world.nextDeposit,
    controller: player,
    requestedAt: world.now,
    amount,
    feePaid: false,
  });
  world.nextDeposit += 1n;
  return done("requested");
}

/** BH-98, BH-99. */
export function requestRedeem(world: World, player: Player, shares: Rational): Outcome {
  const value = wholeDown(world, assetsFor(pricingOf(world), shares), "redeem");
  const reasons: string[] = [];
  if (below(world, value, world.rules.minRequest, "smallest redeem")) {
    reasons.push("RequestTooSmall");
  }
  if (entry(world.shares, player).isBelow(shares)) reasons.push("ERC20InsufficientBalance");
  if (reasons.length > 0) throw new Refusal(reasons);
  credit(world.shares, player, shares.negated());
  world.redeems.push({
    number: world.nextRedeem,
    controller: player,
    requestedAt: world.now,
    amount: shares,
    feePaid: false,
  });
  world.nextRedeem += 1n;
  return done("requested");
}

/** What a cancellation names: its queue and the request. */
export interface Cancellation {
  readonly queue: "deposits" | "redeems";
  readonly player: Player;
  readonly number: bigint;
}

/** BH-100. */
export function cancelRequest(world: World, { queue, player, number }: Cancellation): Outcome {
  const request = world[queue].find((candidate) => candidate.number === number);
  if (request === undefined) throw new Refusal(["RequestNotFound"]);
  if (request.controller !== player) throw new Refusal(["NotAuthorized"]);
  if (world.now >= dueAt(world, queue, request)) throw new Refusal(["CancelTooLate"]);
  world[queue] = world[queue].filter((candidate) => candidate !== request);
  if (queue === "redeems") credit(world.shares, player, request.amount);
  else payFromPool(world, player, request.amount);
  return done("cancelled");
}

function dueAt(world: World, queue: Cancellation["queue"], { requestedAt }: Request): bigint {
  return requestedAt + (queue === "deposits" ? world.rules.depositDelay : world.rules.redeemDelay);
}

/** BH-98, BH-101 to BH-107: serves a queue. */
export function fulfill(world: World, queue: Cancellation["queue"], maxCount: bigint): Outcome {
  requireNoGrace(world, world.rules.settleGrace);
  requireNewEnough(world, world.price);
  accrue(world);
  stamp(world, world.price);
  sweep(world);
  const pricing = pricingOf(world);
  const what: string[] = [];
  while (BigInt(what.length) < maxCount) {
    const request = world[queue][0];
    if (request === undefined || world.now < dueAt(world, queue, request)) break;
    const served =
      queue === "deposits"
        ? serveDeposit(world, pricing, request)
        : serveRedeem(world, pricing, request);
    if (served === undefined) break;
    what.push(served);
    if (served === "part") break;
    world[queue].shift();
  }
  if (what.length === 0) throw new Refusal(["NothingFulfilled"]);
  updateBorrowRate(world);
  return done(what.join(","));
}

/** BH-101, BH-103. */
function serveDeposit(world: World, pricing: Pricing, request: Request): string {
  const { requestFee, minNavRatio, unit } = world.rules;
  const assets = request.amount.minus(requestFee);
  payFromPool(world, "keeper", requestFee);
  const worth = pricing.assets.minus(unit);
  const poor = below(world, worth, minNavRatio.times(world.cash), "least net assets");
  const shares = Rational.of(sharesFor(pricing, assets).floor());
  if (poor || shares.sign() === 0n) {
    credit(world.poolClaims, request.controller, assets);
    return "refunded";
  }
  world.cash = world.cash.plus(assets);
  world.supply = world.supply.plus(shares);
  const claims = claimsOf(world, request.controller);
  claims.depositAssets = claims.depositAssets.plus(assets);
  claims.depositShares = claims.depositShares.plus(shares);
  return "deposited";
}

/** BH-104, BH-105. */
function serveRedeem(world: World, pricing: Pricing, request: Request): string | undefined {
  const { requestFee, maxUtilization } = world.rules;
  const fee = request.feePaid ? ZERO : requestFee;
  const value = wholeDown(world, assetsFor(pricing, request.amount), "redeem");
  if (!below(world, fee, value, "fee of a redeem")) {
    credit(world.shares, request.controller, request.amount);
    return "returned";
  }
  const kept = reservedOf(world).over(maxUtilization);
  const free = wholeDown(world, most(ZERO, world.cash.minus(kept)), "free liquidity");
  const part = below(world, free, value, "free liquidity");
  const paid = least(free, value);
  if (!below(world, fee, paid, "fee of a part of a redeem")) return undefined;
  const shares = part
    ? least(request.amount, Rational.of(sharesFor(pricing, paid).ceil()))
    : request.amount;
  payOutRedeem(world, request, { shares, paid, fee });
  return part ? "part" : "redeemed";
}

function payOutRedeem(
  world: World,
  request: Request,
  {
    shares,
    paid,
    fee,
  }: { readonly shares: Rational; readonly paid: Rational; readonly fee: Rational },
): void {
  request.amount = request.amount.minus(shares);
  request.feePaid = true;
  world.supply = world.supply.minus(shares);
  world.cash = world.cash.minus(paid);
  if (fee.sign() > 0n) payFromPool(world, "keeper", fee);
  const claims = claimsOf(world, request.controller);
  claims.redeemShares = claims.redeemShares.plus(shares);
  claims.redeemAssets = claims.redeemAssets.plus(paid.minus(fee));
}

/** BH-108: claims a share of what was fulfilled, at its mean price. */
export function claimFulfilled(
  world: World,
  queue: Cancellation["queue"],
  player: Player,
  amount: Rational,
): Outcome {
  const claims = claimsOf(world, player);
  if (queue === "deposits") {
    if (amount.sign() === 0n) throw new Refusal(["ZeroAmount"]);
    const shares = claims.depositShares.times(amount).over(claims.depositAssets);
    const whole = Rational.of(shares.floor());
    claims.depositAssets = claims.depositAssets.minus(amount);
    claims.depositShares = claims.depositShares.minus(whole);
    credit(world.shares, player, whole);
    return done("claimed");
  }
  if (amount.sign() === 0n) throw new Refusal(["ZeroAmount"]);
  const assets = claims.redeemAssets.times(amount).over(claims.redeemShares);
  const whole = wholeDown(world, assets, "claim");
  claims.redeemShares = claims.redeemShares.minus(amount);
  claims.redeemAssets = claims.redeemAssets.minus(whole);
  if (world.blocked.has(player)) throw new Refusal(["ReceiverBlocked"]);
  credit(world.wallets, player, whole);
  return done("claimed");
}

export function claimsOf(world: World, player: Player): Claims {
  const none = { depositAssets: ZERO, depositShares: ZERO, redeemShares: ZERO, redeemAssets: ZERO };
  const claims = world.claims.get(player) ?? none;
  world.claims.set(player, claims);
  return claims;
}

/** BH-16 for the pool. */
function payFromPool(world: World, player: Player, amount: Rational): void {
  credit(world.blocked.has(player) ? world.poolClaims : world.wallets, player, amount);
}

/** BH-112. */
export function sweepDues(world: World): Outcome {
  accrue(world);
  sweep(world);
  updateBorrowRate(world);
  return done("swept");
}
