/** One answer of a push feed. */
export interface Round {
  readonly roundId: bigint;
  readonly answer: bigint;
  /** When it was written [s]. */
  readonly updatedAt: bigint;
}

/**
 * Return the first round at or after `time`; of several in one second, the last.
 *
 * `rounds` are in the order of their ids and reach back before `time`.
 */
export function roundCovering(rounds: readonly Round[], time: bigint): Round | undefined {
  const first = rounds.find((round) => round.updatedAt >= time);
  return first === undefined ? undefined : roundInForce(rounds, first.updatedAt);
}

/** Return the last round at or before `time`. */
export function roundInForce(rounds: readonly Round[], time: bigint): Round | undefined {
  return rounds.findLast((round) => round.updatedAt <= time);
}
