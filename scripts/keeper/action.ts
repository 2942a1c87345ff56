import type { PriceProof } from "../core/priceProof.ts";
import type { Snapshot } from "../core/snapshot.ts";

/** Something to do on chain, as data, with the reason for it. */
export type Action =
  | {
      readonly kind: "executeOrders";
      readonly orderIds: readonly bigint[];
      /** The positions they open or change. */
      readonly positionIds?: readonly bigint[];
      /** Of the one price of market orders; of the price of now for trigger orders. */
      readonly proof: PriceProof;
      /** A market order that can no longer fill, and is cancelled before: it keeps them waiting. */
      readonly lapsedOrderId?: bigint;
      /** What keepers are paid for them together [WAD quote]. */
      readonly reward?: bigint;
      readonly reason: string;
    }
  | {
      readonly kind: "liquidate";
      readonly positionIds: readonly bigint[];
      /** Those of them whose mandates are tried first. */
      readonly mandated?: readonly bigint[];
      readonly proof: PriceProof;
      readonly reason: string;
    }
  | {
      readonly kind: "rescue";
      readonly positionId: bigint;
      readonly proof: PriceProof;
      readonly reason: string;
    }
  | {
      readonly kind: "settleAtCap";
      readonly positionId: bigint;
      readonly proof: PriceProof;
      readonly reason: string;
    }
  | {
      readonly kind: "fulfillDeposits" | "fulfillRedeems";
      readonly maxCount: number;
      readonly proof: PriceProof;
      readonly reason: string;
    };

/** One thing a keeper looks for. `plan` is pure. */
export interface Strategy {
  readonly name: string;
  /** What may wait goes by the lane of its own. */
  readonly lane: "urgent" | "housekeeping";
  /** What has to be looked up before it can plan, and is not while others wait. */
  readonly looks?: "rescues";
  readonly plan: (snapshot: Snapshot) => readonly Action[];
}

/** Return what an action acts on, for logs and for telling one from another. */
export function subjectOf(action: Action): string {
  switch (action.kind) {
    case "executeOrders":
      return action.orderIds.join(",");
    case "liquidate":
      return action.positionIds.join(",");
    case "rescue":
    case "settleAtCap":
      return String(action.positionId);
    case "fulfillDeposits":
    case "fulfillRedeems":
      return "queue";
  }
}

/**
 * Return the names of all that nothing else may act on meanwhile.
 *
 * A rescue under way keeps nobody from liquidating: should it come too late, nothing must wait for it.
 */
export function itemsOf(action: Action): readonly string[] {
  switch (action.kind) {
    case "executeOrders":
      return [
        ...action.orderIds.map((id) => `order ${id}`),
        ...(action.lapsedOrderId === undefined ? [] : [`order ${action.lapsedOrderId}`]),
        ...(action.positionIds ?? []).map((id) => `position ${id}`),
      ];
    case "liquidate":
      return action.positionIds.map((id) => `position ${id}`);
    case "rescue":
      return [`rescue ${action.positionId}`];
    case "settleAtCap":
      return [`cap ${action.positionId}`, `position ${action.positionId}`];
    case "fulfillDeposits":
    case "fulfillRedeems":
      return [action.kind];
  }
}

/**
 * Whether an action of a kind is about a thing that it holds, so that its failure says something of that thing.
 *
 * An order that is refused must not keep anybody from liquidating the position that it would change.
 */
export function isTriedBy(kind: string, item: string): boolean {
  return kind === "liquidate" || !item.startsWith("position ");
}

/** Return the names of what an action tries: what is remembered of refusals, turns and delays. */
export function triedBy(action: Action): readonly string[] {
  return itemsOf(action).filter((item) => isTriedBy(action.kind, item));
}

/** Cut an action on several things into one on each of two halves; one thing cannot be cut. */
export function halvesOf(action: Action): readonly Action[] {
  const [ids, rebuild] = listOf(action);
  if (ids.length < 2) return [];
  const middle = Math.ceil(ids.length / 2);
  return [rebuild(ids.slice(0, middle)), rebuild(ids.slice(middle))];
}

/** Keep of an action the parts, on one thing each, that `mayTry` lets pass; nothing when that is nothing. */
export function restrictedTo(
  action: Action,
  mayTry: (part: Action) => boolean,
): Action | undefined {
  const [ids, rebuild] = listOf(action);
  if (ids.length === 0) return mayTry(action) ? action : undefined;
  const free = ids.filter((id) => mayTry(rebuild([id])));
  return free.length === 0 ? undefined : rebuild(free);
}

/** Cut a list into pieces of at most `size`. */
export function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

/** The list that an action works through, and how to make the same action of a part of it. */
function listOf(action: Action): readonly [readonly bigint[], (ids: readonly bigint[]) => Action] {
  if (action.kind === "liquidate") {
    return [action.positionIds, (positionIds) => withPositions(action, positionIds)];
  }
  if (action.kind === "executeOrders") {
    return [action.orderIds, (orderIds) => withOrders(action, orderIds)];
  }
  return [[], () => action];
}

function withPositions(
  action: Extract<Action, { kind: "liquidate" }>,
  positionIds: readonly bigint[],
): Action {
  const { mandated, ...rest } = action;
  const kept = mandated?.filter((id) => positionIds.includes(id));
  return { ...rest, positionIds, ...(kept === undefined ? {} : { mandated: kept }) };
}

function withOrders(
  action: Extract<Action, { kind: "executeOrders" }>,
  orderIds: readonly bigint[],
): Action {
  const { positionIds, reward, ...rest } = action;
  const kept = positionIds?.filter((_, index) => orderIds.includes(action.orderIds[index] ?? 0n));
  const count = BigInt(action.orderIds.length);
  return {
    ...rest,
    orderIds,
    ...(kept === undefined ? {} : { positionIds: kept }),
    ...(reward === undefined ? {} : { reward: (reward * BigInt(orderIds.length)) / count }),
  };
}
