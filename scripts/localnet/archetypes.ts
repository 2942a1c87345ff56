/** A kind of position in the demo's book. */
export interface Archetype {
  readonly label: string;
  readonly side: "long" | "short";
  readonly leverage: number;
  /** Reserve as a share of notional [basis points]: how far it may go right. */
  readonly reserveBps: number;
  readonly count: number;
  /** How far the price goes against it until its stop-loss closes it [basis points]. */
  readonly stopBps?: number;
  /** How far the price goes with it until its take-profit closes it [basis points]. */
  readonly profitBps?: number;
  /** What its owner does by hand once the price has gone so far against it. */
  readonly reaction?: { readonly kind: "close" | "addMargin"; readonly againstBps: number };
  /** Whether most owners of this kind give a rescue mandate. */
  readonly mandated?: boolean;
}

const long = { side: "long" } as const;
const short = { side: "short" } as const;
const mandated = { mandated: true } as const;

/** The demo's book: both sides, 2x to 25x, small and large reserves, with and without exits. */
export const ARCHETYPES: readonly Archetype[] = [
  { ...long, ...mandated, label: "Long 25x", leverage: 25, reserveBps: 2000, count: 5 },
  { ...long, ...mandated, label: "Long 20x", leverage: 20, reserveBps: 3000, count: 4 },
  { ...long, ...mandated, label: "Long 15x", leverage: 15, reserveBps: 2500, count: 4 },
  { ...long, ...mandated, label: "Long 10x", leverage: 10, reserveBps: 3000, count: 6 },
  { ...long, ...mandated, label: "Long 5x", leverage: 5, reserveBps: 4000, count: 5 },
  { ...long, ...mandated, label: "Long 3x", leverage: 3, reserveBps: 5000, count: 4 },
  { ...long, ...mandated, label: "Long 2x", leverage: 2, reserveBps: 6000, count: 4 },
  {
    ...long,
    label: "Long 10x, stop-loss",
    leverage: 10,
    reserveBps: 2000,
    count: 5,
    stopBps: 350,
  },
  {
    ...long,
    label: "Long 8x, stop-loss and take-profit",
    leverage: 8,
    reserveBps: 2000,
    count: 3,
    stopBps: 600,
    profitBps: 800,
  },
  {
    ...long,
    label: "Long 6x, closed by hand",
    leverage: 6,
    reserveBps: 2000,
    count: 4,
    reaction: { kind: "close", againstBps: 250 },
  },
  {
    ...long,
    label: "Long 12x, margin added",
    leverage: 12,
    reserveBps: 2000,
    count: 3,
    reaction: { kind: "addMargin", againstBps: 200 },
  },
  {
    ...long,
    label: "Long 3x, margin added",
    leverage: 3,
    reserveBps: 4000,
    count: 3,
    reaction: { kind: "addMargin", againstBps: 1500 },
  },
  { ...short, label: "Short 2x, full reserve", leverage: 2, reserveBps: 9900, count: 3 },
  {
    ...short,
    ...mandated,
    label: "Short 5x, full reserve",
    leverage: 5,
    reserveBps: 9900,
    count: 3,
  },
  { ...short, label: "Short 10x, small reserve", leverage: 10, reserveBps: 500, count: 6 },
  {
    ...short,
    label: "Short 20x, take-profit",
    leverage: 20,
    reserveBps: 2500,
    count: 4,
    profitBps: 400,
  },
  {
    ...short,
    label: "Short 25x, stop-loss",
    leverage: 25,
    reserveBps: 2500,
    count: 4,
    stopBps: 120,
  },
];

/** Return how many accounts the book takes: one for each position. */
export function accountsNeeded(): number {
  return ARCHETYPES.reduce((sum, archetype) => sum + archetype.count, 0);
}
