import { payOut } from "./box.ts";
import { liquidate, rescue } from "./liquidation.ts";
import {
  addMargin,
  cancel,
  done,
  execute,
  type MarginMove,
  type Outcome,
  removeMargin,
  submit,
  type Wish,
} from "./orders.ts";
import {
  type Cancellation,
  cancelRequest,
  claimFulfilled,
  fulfill,
  requestDeposit,
  requestRedeem,
  sweepDues,
} from "./providers.ts";
import { type Rational, ZERO } from "./rational.ts";
import { settleAtCap } from "./trade.ts";
import {
  accrue,
  boxOf,
  copyOf,
  credit,
  entry,
  type Mandate,
  type Player,
  type Price,
  Refusal,
  type World,
} from "./world.ts";

type Queue = Cancellation["queue"];

/** One transaction, as the model and the contracts are both told it. */
export type Call =
  | { readonly do: "tell"; readonly price: Price; readonly restartedAt?: bigint }
  | { readonly do: "submit"; readonly wish: Wish }
  | { readonly do: "execute"; readonly orderId: bigint }
  | { readonly do: "cancel"; readonly orderId: bigint; readonly player: Player }
  | ({ readonly do: "addMargin" | "removeMargin" } & MarginMove)
  | { readonly do: "liquidate" | "rescue" | "settleAtCap"; readonly positionId: bigint }
  | {
      readonly do: "setMandate";
      readonly player: Player;
      readonly positionId: bigint;
      readonly mandate: Omit<Mandate, "rescuedAt">;
    }
  | { readonly do: "approve" | "spend"; readonly player: Player; readonly amount: Rational }
  | {
      readonly do: "block";
      readonly whom: Player | "marginVault" | "liquidityVault";
      readonly blocked: boolean;
    }
  | {
      readonly do: "requestDeposit" | "requestRedeem";
      readonly player: Player;
      readonly amount: Rational;
    }
  | ({ readonly do: "cancelRequest" } & Cancellation)
  | { readonly do: "fulfill"; readonly queue: Queue; readonly maxCount: bigint }
  | {
      readonly do: "claimFulfilled";
      readonly queue: Queue;
      readonly player: Player;
      readonly amount: Rational;
    }
  | { readonly do: "claim"; readonly at: "vault" | "pool"; readonly player: Player }
  | { readonly do: "sweepDues" | "accrue" };

/** Plays one call in second `now`; one that is refused changes nothing but the time. */
export function play(world: World, call: Call, now: bigint): Outcome {
  world.now = now;
  world.close.length = 0;
  world.edges.length = 0;
  const trial = copyOf(world);
  try {
    const outcome = perform(trial, call);
    Object.assign(world, trial);
    return outcome;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: "reverted", names: error.reasons };
  }
}

/** The calls of one name, though some share their fields with another. */
type Doing<Name extends Call["do"], Any = Call> = Any extends { readonly do: infer Names }
  ? Name extends Names
    ? Any
    : never
  : never;

const PERFORM: { readonly [Name in Call["do"]]: (world: World, call: Doing<Name>) => Outcome } = {
  tell: (world, { price, restartedAt }) => {
    Object.assign(world, { price, upSince: restartedAt ?? world.upSince });
    return done("told");
  },
  submit: (world, { wish }) => submit(world, wish),
  execute: (world, { orderId }) => execute(world, orderId),
  cancel: (world, { orderId, player }) => cancel(world, orderId, player),
  addMargin: (world, call) => addMargin(world, call),
  removeMargin: (world, call) => removeMargin(world, call),
  liquidate: (world, { positionId }) => {
    const { outcome, keeperFee, rescue } = liquidate(world, positionId, world.price);
    payOut(world, "keeper", keeperFee);
    return { ...done(outcome), rescue };
  },
  rescue: (world, { positionId }) => {
    const { outcome, keeperFee } = rescue(world, positionId, world.price);
    payOut(world, "keeper", keeperFee);
    return done(outcome);
  },
  settleAtCap: (world, { positionId }) => {
    payOut(world, "keeper", settleAtCap(world, positionId, world.price));
    return done("settled");
  },
  setMandate: (world, call) => setMandate(world, call),
  approve: (world, { player, amount }) => {
    world.allowances.set(player, amount);
    return done("approved");
  },
  spend: (world, { player, amount }) => {
    credit(world.wallets, player, amount.negated());
    return done("spent");
  },
  block: (world, { whom, blocked }) => {
    if (blocked) world.blocked.add(whom);
    else world.blocked.delete(whom);
    return done("blocked");
  },
  requestDeposit: (world, { player, amount }) => requestDeposit(world, player, amount),
  requestRedeem: (world, { player, amount }) => requestRedeem(world, player, amount),
  cancelRequest: (world, call) => cancelRequest(world, call),
  fulfill: (world, { queue, maxCount }) => fulfill(world, queue, maxCount),
  claimFulfilled: (world, { queue, player, amount }) =>
    claimFulfilled(world, queue, player, amount),
  claim: (world, call) => claim(world, call),
  sweepDues: (world) => sweepDues(world),
  accrue: (world) => {
    accrue(world);
    return done("accrued");
  },
};

function perform(world: World, call: Call): Outcome {
  const play = PERFORM[call.do] as (world: World, call: Call) => Outcome;
  return play(world, call);
}

/** BH-230, BH-231. */
function setMandate(world: World, { player, positionId, mandate }: Doing<"setMandate">): Outcome {
  const box = boxOf(world, positionId);
  if (box.owner !== player) throw new Refusal(["NotAuthorized"]);
  const outside =
    mandate.maxKeeperFee.isBelow(world.rules.terms.feeFloor) ||
    !mandate.maxKeeperFee.isBelow(mandate.capLeft) ||
    mandate.expiry < world.now;
  if (outside) throw new Refusal(["MandateOutOfBounds"]);
  const rescuedAt = world.mandates.get(positionId)?.rescuedAt ?? 0n;
  world.mandates.set(positionId, { ...mandate, rescuedAt });
  return done("mandated");
}

/** BH-18. */
function claim(world: World, { at, player }: Doing<"claim">): Outcome {
  const claims = at === "vault" ? world.vaultClaims : world.poolClaims;
  const amount = entry(claims, player);
  if (amount.sign() === 0n) throw new Refusal(["NothingToClaim"]);
  if (world.blocked.has(player)) {
    throw new Refusal(["TransferRefused", "ReceiverBlocked", "SafeERC20FailedOperation"]);
  }
  claims.set(player, ZERO);
  credit(world.wallets, player, amount);
  return done("claimed");
}
