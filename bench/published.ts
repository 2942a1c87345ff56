/** Gas of comparable operations elsewhere. "measured": on its deployed contracts; "published": by the project. */
export interface PublishedGas {
  readonly project: string;
  readonly source: "measured" | "published";
  readonly open: number | null;
  readonly addMargin: number | null;
  readonly liquidate: number | null;
}

/** Figures of the field: open, add margin, liquidate [gas]. */
export const PUBLISHED_GAS: readonly PublishedGas[] = [
  {
    project: "GMX v2.2",
    source: "measured",
    open: 3_500_000,
    addMargin: 3_100_000,
    liquidate: 2_600_000,
  },
  {
    project: "Synthetix v3",
    source: "published",
    open: 1_050_000,
    addMargin: 360_000,
    liquidate: 810_000,
  },
  { project: "dYdX P1", source: "measured", open: 122_000, addMargin: 108_000, liquidate: 137_000 },
  {
    project: "Morpho Blue (lending)",
    source: "measured",
    open: null,
    addMargin: 57_000,
    liquidate: 107_000,
  },
];
