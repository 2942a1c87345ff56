/** Digits after the point of the answers of feeds in US dollars. */
export const FEED_DECIMALS = 8;

/** A round to replay. */
export interface PriceRound {
  /** Its answer [E8]. */
  readonly answer: bigint;
  /** When it was written [s]. */
  readonly updatedAt: bigint;
  /** Line of the file that it comes from. */
  readonly line: number;
}
