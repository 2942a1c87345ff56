import type { Snapshot } from "../core/snapshot.ts";
import type { StreamIndex } from "./indexPrice.ts";
import type { Party, ReplayRound, Stage } from "./replay.ts";

/** Without anything to do a block comes at least this often [s]. */
const QUIET = 900n;
/** Reports that orders of a quiet stretch may wait for. */
const RECENT = 200;
/** Digits of the quote feed. */
const QUOTE_UNIT = 10n ** 8n;

/**
 * Whether a report leaves everybody with nothing to do, so that no block need show it.
 *
 * Worked out here from the market as it last stood: reports cost no block, and a day has thousands.
 */
export function isQuiet(
  { settler, owners, quoteAnswer }: Pick<Party, "settler" | "owners"> & Pick<Stage, "quoteAnswer">,
  index: StreamIndex,
  { round, snapshot }: { readonly round: ReplayRound; readonly snapshot: Snapshot },
): boolean {
  const { reports } = index.network;
  const spot = reports.at(-1);
  const time = BigInt(round.time);
  if (spot === undefined || time - snapshot.now >= QUIET) return false;
  const price = (spot.price * QUOTE_UNIT) / quoteAnswer;
  const imagined: Snapshot = {
    ...snapshot,
    now: time + 1n,
    spot: { price, observedAt: spot.observedAt },
    stream: { spot, reports: reports.slice(-RECENT) },
  };
  return !settler.isDue(imagined) && !owners.isDue(price);
}
