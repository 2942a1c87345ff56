import { standingOf } from "./dueWork.ts";
import { ArithmeticOverflowError } from "./errors.ts";
import { type GivenMandate, previewRescue } from "./rescue.ts";
import type { DueRescue, OpenPosition, Snapshot } from "./snapshot.ts";

/** What a wallet holds and lets the mandates of one market pull [token]. */
export interface Wallet {
  readonly balanceToken: bigint;
  readonly allowanceToken: bigint;
}

/** Rescues by whether the wallets that they pull from suffice. */
export interface Payability {
  readonly payable: readonly DueRescue[];
  readonly lacking: readonly DueRescue[];
}

/**
 * Return what mandates would restore at the price of now, the position in most danger first.
 *
 * A position that may be liquidated is left out: whoever liquidates it tries the mandate first. `among` bounds what is
 * looked at; all that have mandates when absent. Wallets are not looked at here.
 */
export function dueRescues(snapshot: Snapshot, among?: Iterable<bigint>): readonly DueRescue[] {
  const { spot, state } = snapshot;
  if (spot === undefined || spot.observedAt < snapshot.market.clock) return [];
  return [...(among ?? state.mandates.keys())]
    .flatMap((positionId) => dueOf(snapshot, positionId, spot.price) ?? [])
    .sort(byDanger);
}

/** Tell apart which rescues their owners' wallets can pay for; several may draw on one wallet. */
export function payability(
  rescues: readonly DueRescue[],
  wallets: ReadonlyMap<string, Wallet>,
  tokenScale: bigint,
): Payability {
  const left = new Map<string, bigint>();
  for (const [owner, { balanceToken, allowanceToken }] of wallets) {
    left.set(owner, lesser(balanceToken, allowanceToken) * tokenScale);
  }
  const payable: DueRescue[] = [];
  const lacking: DueRescue[] = [];
  for (const rescue of rescues) {
    const has = left.get(rescue.owner) ?? 0n;
    if (rescue.pulled > has) {
      lacking.push(rescue);
      continue;
    }
    left.set(rescue.owner, has - rescue.pulled);
    payable.push(rescue);
  }
  return { payable, lacking };
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function dueOf(snapshot: Snapshot, positionId: bigint, price: bigint): DueRescue | undefined {
  const { state } = snapshot;
  const position = state.positions.get(positionId);
  const mandate = state.mandates.get(positionId);
  if (position === undefined || mandate === undefined) return undefined;
  try {
    return dueUnder({ snapshot, positionId, position, mandate, price });
  } catch (cause) {
    // Its liquidation, where that is due, asks the contract.
    if (cause instanceof ArithmeticOverflowError) return undefined;
    throw cause;
  }
}

function dueUnder({
  snapshot,
  positionId,
  position,
  mandate,
  price,
}: {
  readonly snapshot: Snapshot;
  readonly positionId: bigint;
  readonly position: OpenPosition;
  readonly mandate: GivenMandate;
  readonly price: bigint;
}): DueRescue | undefined {
  const { state, now, constants } = snapshot;
  const terms = state.terms.get(position.termsId);
  if (terms === undefined) return undefined;
  const standing = standingOf({ snapshot, position, price, terms });
  const { held: equity, required: maintenanceMargin } = standing;
  if (standing.capped || (standing.liquidatable && mayLiquidate(snapshot))) return undefined;
  const preview = previewRescue({
    mandate,
    equity,
    maintenanceMargin,
    keeperFee: terms.keeperFeeFloor,
    early: true,
    now,
    scale: constants.tokenScale,
  });
  if (preview.kind === "refused") return undefined;
  return { positionId, owner: mandate.owner, pulled: preview.pulled, equity, maintenanceMargin };
}

/** While the sequencer has been up too short a time, rescues are allowed and liquidations are not. */
function mayLiquidate({ upSince, now, constants }: Snapshot): boolean {
  return upSince !== undefined && (upSince === 0n || now >= upSince + constants.sequencerGrace);
}

/** By what is left of equity for each unit of maintenance margin. */
function byDanger(a: DueRescue, b: DueRescue): number {
  const [first, second] = [a.equity * b.maintenanceMargin, b.equity * a.maintenanceMargin];
  if (first === second) return a.positionId < b.positionId ? -1 : 1;
  return first < second ? -1 : 1;
}
