import {
  dueMarketOrders,
  dueRequests,
  type Liquidatable,
  liquidatablePositions,
  positionsAtCap,
  reachedTriggers,
  spotProof,
  triggersBehindLapsed,
} from "../core/dueWork.ts";
import { nameOfProof } from "../core/priceProof.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { type Action, chunks, type Strategy } from "./action.ts";

/** Keepers' fees are stored in millionths. */
const FEE_UNIT = 10n ** 12n;

/**
 * Return what a keeper looks for, in the order in which it acts.
 *
 * Orders come before liquidations: at one price an exit costs its owner less, and the pool the same. Liquidations come
 * before rescues, which nobody is late for yet. Requests of the pool come last, so that what positions owe is counted in
 * its price.
 */
export function strategies(maxBatch: number): readonly Strategy[] {
  return [
    {
      name: "marketOrders",
      lane: "urgent",
      plan: (snapshot) => planMarketOrders(snapshot, maxBatch),
    },
    { name: "triggerOrders", lane: "urgent", plan: (snapshot) => planTriggers(snapshot, maxBatch) },
    { name: "caps", lane: "urgent", plan: planCaps },
    {
      name: "liquidations",
      lane: "urgent",
      plan: (snapshot) => planLiquidations(snapshot, maxBatch),
    },
    { name: "rescues", lane: "urgent", looks: "rescues", plan: planRescues },
    {
      name: "poolRequests",
      lane: "housekeeping",
      plan: (snapshot) => planRequests(snapshot, maxBatch),
    },
  ];
}

function planMarketOrders(snapshot: Snapshot, maxBatch: number): readonly Action[] {
  return dueMarketOrders(snapshot).flatMap(({ proof, orderIds: due }) =>
    chunks(due, maxBatch).map((orderIds) => ({
      kind: "executeOrders" as const,
      orderIds,
      ...ordersOf(snapshot, orderIds),
      proof,
      reason: `"${nameOfProof(proof)}" is their price`,
    })),
  );
}

function planTriggers(snapshot: Snapshot, maxBatch: number): readonly Action[] {
  const proof = spotProof(snapshot);
  if (proof === undefined) return [];
  const price = snapshot.spot?.price;
  const reached = chunks(reachedTriggers(snapshot), maxBatch).map((orderIds) => ({
    kind: "executeOrders" as const,
    orderIds,
    ...ordersOf(snapshot, orderIds),
    proof,
    reason: `the price of now "${price}" is at or beyond their triggers`,
  }));
  const heldUp = triggersBehindLapsed(snapshot).map(({ orderId, lapsedOrderId }) => ({
    kind: "executeOrders" as const,
    orderIds: [orderId],
    lapsedOrderId,
    ...ordersOf(snapshot, [orderId]),
    proof,
    reason: `the price of now "${price}" is at or beyond its trigger; market order "${lapsedOrderId}" lapsed and goes first`,
  }));
  return [...reached, ...heldUp];
}

function planLiquidations(snapshot: Snapshot, maxBatch: number): readonly Action[] {
  const proof = spotProof(snapshot);
  if (proof === undefined) return [];
  const found = liquidatablePositions(snapshot);
  const known = found.filter((item) => item.lack !== undefined);
  const unknown = found.filter((item) => item.lack === undefined);
  const batches = chunks(known, maxBatch).map((items) => ({
    kind: "liquidate" as const,
    positionIds: items.map((item) => item.positionId),
    mandated: mandatedOf(snapshot, items),
    proof,
    reason: `equity lacks up to "${items[0]?.lack}" of maintenance margin`,
  }));
  const questions = unknown.map((item) => ({
    kind: "liquidate" as const,
    positionIds: [item.positionId],
    mandated: mandatedOf(snapshot, [item]),
    proof,
    reason: "health is unknown here: the contract is asked",
  }));
  return [...batches, ...questions];
}

function planRescues(snapshot: Snapshot): readonly Action[] {
  const proof = spotProof(snapshot);
  if (proof === undefined) return [];
  return (snapshot.rescues ?? []).map(({ positionId, equity, maintenanceMargin, pulled }) => ({
    kind: "rescue" as const,
    positionId,
    proof,
    reason: `equity "${equity}" is under the mandate's trigger, at a maintenance margin of "${maintenanceMargin}"; "${pulled}" restores it`,
  }));
}

function mandatedOf({ state }: Snapshot, items: readonly Liquidatable[]): readonly bigint[] {
  return items.map((item) => item.positionId).filter((id) => state.mandates.has(id));
}

function planCaps(snapshot: Snapshot): readonly Action[] {
  const proof = spotProof(snapshot);
  if (proof === undefined) return [];
  return positionsAtCap(snapshot).map((positionId) => ({
    kind: "settleAtCap" as const,
    positionId,
    proof,
    reason: "gain has reached the reserve",
  }));
}

function planRequests(snapshot: Snapshot, maxBatch: number): readonly Action[] {
  const proof = spotProof(snapshot);
  if (proof === undefined) return [];
  const due = dueRequests(snapshot);
  const what = { maxCount: maxBatch, proof, reason: "the first of the queue is due" };
  return [
    ...(due.deposits ? [{ kind: "fulfillDeposits" as const, ...what }] : []),
    ...(due.redeems ? [{ kind: "fulfillRedeems" as const, ...what }] : []),
  ];
}

/** What a batch of orders touches, and what keepers are paid for it. */
function ordersOf(snapshot: Snapshot, orderIds: readonly bigint[]) {
  const orders = orderIds.flatMap((orderId) => snapshot.state.orders.get(orderId) ?? []);
  return {
    positionIds: orders.map((order) => order.positionId),
    reward: orders.reduce((sum, order) => sum + order.keeperFeeE6 * FEE_UNIT, 0n),
  };
}
