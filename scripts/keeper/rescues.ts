import type { Logger } from "pino";

import type { Head } from "../chain/blocks.ts";
import type { MarketView } from "../chain/marketView.ts";
import { dueRescues, payability } from "../core/dueRescues.ts";
import type { SearchScene } from "../core/searchBounds.ts";
import type { DueRescue, Snapshot } from "../core/snapshot.ts";
import type { MarketIndex } from "./marketIndex.ts";

/** A market as it was seen at a block. */
export interface Sight {
  readonly snapshot: Snapshot;
  readonly scene: SearchScene | undefined;
  readonly index: MarketIndex;
  readonly head: Head;
}

/** What a search for rescues needs. */
export interface RescueSearch {
  readonly view: Pick<MarketView, "wallets">;
  /** Transactions that may still be sent. */
  readonly room: number | undefined;
  /** Whether a position's rescue may be tried now. */
  readonly isAllowed: (positionId: bigint) => boolean;
  /** Told which cannot be rescued now, so that it is asked again only after a while. */
  readonly onHopeless: (positionId: bigint) => void;
  readonly log: Logger;
}

/** Positions under their triggers that one look examines, and tries to rescue: those in most danger come first. */
const MOST_EXAMINED = 256;
const MOST_TRIED = 64;

/**
 * Return the rescues that are due and that wallets can pay for; no more than leave room for what is more urgent.
 *
 * @throws RpcError when the node does not answer.
 */
export async function findRescues(
  { snapshot, scene, index, head }: Sight,
  { view, room = MOST_TRIED, isAllowed, onHopeless, log }: RescueSearch,
): Promise<readonly DueRescue[]> {
  if (scene === undefined || index.mandates.size === 0) return [];
  const near = index.endangered(scene, { most: MOST_EXAMINED, isAllowed });
  const due = dueRescues(snapshot, near);
  const chosen = due.slice(0, Math.min(MOST_TRIED, Math.ceil(room / 2)));
  const owners = [...new Set(chosen.map(({ owner }) => owner))];
  const wallets = await view.wallets(owners, head.hash);
  const { payable, lacking } = payability(chosen, wallets, snapshot.constants.tokenScale);
  // What cannot be had now must not hide what can be.
  const hopeless = new Set(near);
  for (const { positionId } of due) hopeless.delete(positionId);
  for (const { positionId, owner, pulled } of lacking) {
    hopeless.add(positionId);
    const rescue = { subject: String(positionId), owner, pulled: String(pulled) };
    log.info(rescue, "rescue waits: the owner's balance or allowance does not suffice");
  }
  for (const positionId of hopeless) onHopeless(positionId);
  return payable;
}
