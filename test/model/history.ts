import { type Call, play } from "./calls.ts";
import { type Stage, send } from "./chain.ts";
import { settled, type Touch, touchOf } from "./compare.ts";
import { adopt, type Ledger, ledgerOfChain, ledgerOfModel, worldOf } from "./ledger.ts";
import { type Move, planOf } from "./moves.ts";
import type { Outcome } from "./orders.ts";
import { Rational, ZERO } from "./rational.ts";
import { copyOf, type World } from "./world.ts";

/** What one call did on either side. */
export interface Step {
  readonly now: bigint;
  readonly call: Call;
  readonly expected: Outcome;
  readonly actual: Outcome;
  readonly model: Ledger;
  readonly chain: Ledger;
  readonly touch: Touch;
  /** Comparisons that rounding could turn. */
  readonly close: readonly string[];
  readonly world: World;
}

/** Far more than any one call's rounding, and less than any amount that means something [quote]. */
const SLACK = Rational.of(1n, 10n ** 5n);

/**
 * Plays a history on both sides and hands over each step. The model then goes on from what the contracts hold, so that
 * each call is held to its own rounding alone, and no error can hide behind an earlier one's.
 */
export async function playHistory(
  stage: Stage,
  moves: readonly Move[],
  check: (step: Step) => void,
): Promise<void> {
  const world = await startOf(stage);
  for (const move of moves) {
    const plan = planOf(world, move);
    for (let next = plan.next(); next.done !== true; next = plan.next()) {
      const now = world.now + next.value.wait;
      check(await playCall(stage, world, next.value.call(now), now));
    }
  }
}

async function playCall(stage: Stage, world: World, call: Call, now: bigint): Promise<Step> {
  const before = copyOf({ ...world, now });
  const touch = touchOf(before, call);
  const expected = play(world, call, now);
  const close = [...world.close];
  const edges = [...world.edges];
  const actual = await send(stage, call, now);
  const turned = !agree(expected, actual) && close.length > 0;
  const chain = await ledgerOfChain(stage, world);
  world.edges.length = 0;
  const model = ledgerOfModel(world);
  edges.push(...world.edges);
  if (!turned) adopt(world, chain);
  const rounding = settled(touch, actual, edges);
  return { now, call, expected, actual, model, chain, touch: rounding, close, world };
}

async function startOf(stage: Stage): Promise<World> {
  const { networkHelpers } = stage.market.connection;
  const now = BigInt(await networkHelpers.time.latest()) + 1n;
  const value = Rational.of(2_000n);
  const price = { value, validFrom: now, observedAt: now, validUntil: now };
  await send(stage, { do: "tell", price }, now);
  const world = await worldOf(stage);
  world.slack = SLACK;
  for (const player of ["alice", "bob", "carol"] as const) world.allowances.set(player, ZERO);
  return world;
}

/** Whether the contracts decided what the model allows. */
export function agree(expected: Outcome, actual: Outcome): boolean {
  const [name = ""] = actual.names;
  if (expected.kind !== actual.kind || !expected.names.includes(name)) return false;
  const [why] = actual.rescue ?? [];
  return why === undefined || (expected.rescue ?? []).includes(why);
}
