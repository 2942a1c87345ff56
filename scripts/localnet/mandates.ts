import { readHead } from "../chain/blocks.ts";
import { openMandateBook } from "../chain/contracts.ts";
import { calling } from "../chain/errors.ts";
import type { PlannedMandate } from "./mandatePlan.ts";
import type { TracedPosition } from "./result.ts";
import { approve, transact, type World } from "./world.ts";

/** A mandate as its book and that book's logs tell it. Amounts are WAD quote. */
export interface HeldMandate {
  readonly positionId: bigint;
  /** What it allowed at first. */
  readonly cap: bigint;
  /** What it still allows, as stored. */
  readonly capLeft: bigint;
  /** What its uses pulled together, as the receipts of the rescues tell. */
  readonly pulled: bigint;
  /** Multiple of maintenance margin that a rescue restores [WAD]. */
  readonly targetRatio: bigint;
}

/** Mandates of the demo outlive it [s]. */
const EXPIRY = 30n * 86_400n;
const E6_TO_WAD = 10n ** 12n;

/** Let every owner who planned a mandate give it, with the allowance that it needs. */
export async function giveMandates(
  world: World,
  positions: readonly TracedPosition[],
): Promise<void> {
  for (const { plan, history } of positions) {
    const { mandate } = plan;
    if (mandate === undefined) continue;
    await approve(world, history.account, world.mandateBook);
    await give(world, { positionId: history.positionId, account: history.account, mandate });
  }
}

async function give(
  world: World,
  what: {
    readonly positionId: bigint;
    readonly account: string;
    readonly mandate: PlannedMandate;
  },
): Promise<void> {
  const { positionId, account, mandate } = what;
  const { timestamp } = await readHead(world.provider);
  const { label: _label, ...terms } = mandate;
  const request = { positionId, ...terms, expiry: BigInt(timestamp) + EXPIRY };
  const data = openBook(world).interface.encodeFunctionData("setMandate", [request]);
  await transact(world.provider, account, { to: world.mandateBook, data });
}

/**
 * Read every mandate of a market, each given once, and how it was used.
 *
 * @throws RpcError when the node does not answer.
 */
export async function readMandates(world: World): Promise<readonly HeldMandate[]> {
  const book = openBook(world);
  const { marginVault } = world.contracts;
  return calling("the mandates", async () => {
    const [given, used] = await Promise.all([
      book.queryFilter(book.filters.MandateSet()),
      marginVault.queryFilter(marginVault.filters.PositionRescued()),
    ]);
    const pulled = new Map<bigint, bigint>();
    for (const { args } of used) {
      pulled.set(args.positionId, (pulled.get(args.positionId) ?? 0n) + args.pulled);
    }
    const held: HeldMandate[] = [];
    for (const { args } of given) {
      const { positionId, mandate } = args;
      const stored = await book.mandateOf(positionId);
      held.push({
        positionId,
        cap: mandate.capLeft,
        capLeft: stored.capLeft,
        pulled: pulled.get(positionId) ?? 0n,
        targetRatio: mandate.targetRatioE6 * E6_TO_WAD,
      });
    }
    return held;
  });
}

function openBook({ provider, mandateBook }: World) {
  return openMandateBook(provider, mandateBook);
}
