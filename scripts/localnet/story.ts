import Table from "cli-table3";

import { formatWad } from "../core/units.ts";
import type { Fate, MandateComparison } from "./compare.ts";
import type { Outcome } from "./history.ts";
import type { DemoResult, TracedPosition } from "./result.ts";
import { groupBy, sumOf } from "./stats.ts";

/** What the result comes to, for machines. Amounts are decimal texts in quote. */
export interface Summary {
  readonly positions: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly shortfall: string;
  readonly pool: {
    readonly before: string;
    readonly after: string;
    readonly sharePriceBefore: string;
    readonly sharePriceAfter: string;
  };
  readonly liquidationLagRounds: { readonly p50: number; readonly max: number };
  readonly mandates: MandateSummary;
  readonly laws: Readonly<Record<string, boolean>>;
  readonly ok: boolean;
}

/** The positions that have mandates against the same positions without; the others of the book beside. */
export interface MandateSummary extends FatePair {
  readonly positions: number;
  readonly capGiven: string;
  readonly others: FatePair & { readonly positions: number };
}

interface FatePair {
  readonly with: FateSummary;
  readonly without: FateSummary;
}

/** What became of some positions. Amounts are decimal texts in quote. */
export interface FateSummary {
  /** Not liquidated whole. */
  readonly positionsKept: number;
  readonly neverLiquidated: number;
  readonly marginSeized: string;
  readonly capUsed: string;
  readonly rescues: number;
  /** Those before a liquidation was due. */
  readonly earlyRescues: number;
  /** What came out and is still inside, less all that was paid in. */
  readonly ownersResult: string;
}

/** One kind of position and what became of it. Amounts are WAD quote. */
export interface KindRow {
  readonly label: string;
  readonly count: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Partial liquidations, of positions however they ended. */
  readonly partial: number;
  /** How often mandates restored them. */
  readonly rescues: number;
  /** Rescues with their keepers' fees included. */
  readonly paidIn: bigint;
  readonly paidOut: bigint;
  /** Margin of those still open. */
  readonly inside: bigint;
}

/** What a pool and its keeper took. Amounts are WAD quote. */
export interface Earnings {
  readonly poolChange: bigint;
  readonly positionFees: bigint;
  readonly liquidationFees: bigint;
  readonly keeperFees: bigint;
  readonly shortfall: bigint;
}

const NO_OUTCOMES: Readonly<Record<Outcome, number>> = {
  open: 0,
  closed: 0,
  stopped: 0,
  liquidatedPartially: 0,
  liquidatedFully: 0,
  cappedOut: 0,
};

/** Return what a result comes to. */
export function summaryOf(result: DemoResult): Summary {
  const { pool, lag, laws, positions } = result;
  return {
    positions: positions.length,
    outcomes: countOutcomes(positions),
    shortfall: formatWad(earningsOf(result).shortfall),
    pool: {
      before: formatWad(pool.before.assets),
      after: formatWad(pool.after.assets),
      sharePriceBefore: formatWad(pool.before.sharePrice),
      sharePriceAfter: formatWad(pool.after.sharePrice),
    },
    liquidationLagRounds: { p50: lag.p50, max: lag.max },
    mandates: mandateSummary(result.mandates),
    laws: Object.fromEntries(laws.map(({ name, holds }) => [name, holds])),
    ok: result.ok,
  };
}

function mandateSummary({ capGiven, others, ...pair }: MandateComparison): MandateSummary {
  return {
    positions: pair.with.positions,
    capGiven: formatWad(capGiven),
    with: fateSummary(pair.with),
    without: fateSummary(pair.without),
    others: {
      positions: others.with.positions,
      with: fateSummary(others.with),
      without: fateSummary(others.without),
    },
  };
}

function fateSummary(fate: Fate): FateSummary {
  return {
    positionsKept: fate.kept,
    neverLiquidated: fate.untouched,
    marginSeized: formatWad(fate.marginSeized),
    capUsed: formatWad(fate.capUsed),
    rescues: fate.rescues,
    earlyRescues: fate.earlyRescues,
    ownersResult: formatWad(fate.result),
  };
}

/** Return a row for each kind of position, by how much it was exposed. */
export function kindRows(positions: readonly TracedPosition[]): readonly KindRow[] {
  const groups = [...groupBy(positions, ({ plan }) => plan.archetype.label).values()];
  const rows = groups.map((group) => ({ exposure: exposureOf(group), row: rowOf(group) }));
  return rows.sort((a, b) => a.exposure - b.exposure).map(({ row }) => row);
}

/** Return what pool and keepers took. */
export function earningsOf({ positions, pool }: DemoResult): Earnings {
  const total = (key: "positionFees" | "liquidationFees" | "keeperFees" | "shortfall") =>
    sumOf(positions.map(({ history }) => history[key]));
  return {
    poolChange: pool.after.assets - pool.before.assets,
    positionFees: total("positionFees"),
    liquidationFees: total("liquidationFees"),
    keeperFees: total("keeperFees"),
    shortfall: total("shortfall"),
  };
}

/** Tell the whole result to a person at a terminal. */
export function tellStory(result: DemoResult): string {
  const { lag, liquidations, laws, pricedBy } = result;
  const lagging =
    liquidations === 0
      ? "Nothing had to be liquidated."
      : `${liquidations} liquidations, ${lag.p50} ${pricedBy} (p50) and ${lag.max} ${pricedBy} (max) after the first that allowed them.`;
  return [
    "",
    kindTable(kindRows(result.positions)),
    "",
    ...poolLines(result),
    `Keeper     ${result.keeperTransactions} transactions. ${lagging}`,
    ...result.overdue.map((what) => `Overdue    ${what}: the keeper did not get to it.`),
    ...(result.refused === 0 ? [] : [`Refused    ${result.refused} orders to open.`]),
    "",
    ...mandateLines(result.mandates),
    ...laws.map(
      ({ name, says, holds }) => `${holds ? "holds " : "BROKEN"}  ${name.padEnd(8)} ${says}`,
    ),
    "",
  ].join("\n");
}

/** Write an amount for reading: whole units with separators [WAD quote]. */
export function readable(amount: bigint): string {
  const whole = formatWad(amount, 0);
  return whole.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Write an amount with its sign for reading [± WAD quote]. */
export function signed(amount: bigint): string {
  return amount < 0n ? `−${readable(-amount)}` : `+${readable(amount)}`;
}

/** Say in words what mandates changed for the positions that had them. */
export function verdictOf(mandates: MandateComparison): string {
  const { positions, kept, rescues, earlyRescues, capUsed, marginSeized, result } = mandates.with;
  const { without } = mandates;
  const gained = result - without.result;
  const worth =
    gained < 0n
      ? `ended ${readable(-gained)} USDC worse off`
      : `ended ${readable(gained)} USDC better off`;
  return `With mandates ${kept} of ${positions} positions were kept, without ${without.kept}. ${rescues} rescues, ${earlyRescues} of them before a liquidation was due, pulled ${readable(capUsed)} of ${readable(mandates.capGiven)} USDC allowed; liquidations seized ${readable(marginSeized)} USDC of margin instead of ${readable(without.marginSeized)}. At the last price the owners ${worth} than without.`;
}

/** Return how much of what was paid in came out again or is still inside, such as "-12.3%". */
export function returnOf(row: Pick<KindRow, "paidIn" | "paidOut" | "inside">): string {
  if (row.paidIn === 0n) return "–";
  const permille = ((row.paidOut + row.inside - row.paidIn) * 1000n) / row.paidIn;
  const sign = permille < 0n ? "−" : "+";
  const size = permille < 0n ? -permille : permille;
  return `${sign}${size / 10n}.${size % 10n}%`;
}

function mandateLines(mandates: MandateComparison): readonly string[] {
  if (mandates.with.positions === 0) return [];
  const table = new Table({
    head: ["The same book", "kept", "never hit", "margin seized", "cap used", "rescues", "result"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", ...Array.from({ length: 6 }, () => "right" as const)],
  });
  const { others } = mandates;
  table.push(
    fateCells(`${mandates.with.positions} with mandates`, mandates.with),
    fateCells("the same without", mandates.without),
    fateCells(`${others.with.positions} others, beside mandates`, others.with),
    fateCells("the same, beside none", others.without),
  );
  return [table.toString(), verdictOf(mandates), ""];
}

function fateCells(label: string, fate: Fate): string[] {
  return [
    label,
    String(fate.kept),
    String(fate.untouched),
    readable(fate.marginSeized),
    readable(fate.capUsed),
    String(fate.rescues),
    signed(fate.result),
  ];
}

function poolLines(result: DemoResult): readonly string[] {
  const { before, after } = result.pool;
  const { poolChange, positionFees, liquidationFees, keeperFees, shortfall } = earningsOf(result);
  const change = `${poolChange < 0n ? "" : "+"}${readable(poolChange)}`;
  return [
    `Pool       ${readable(before.assets)} → ${readable(after.assets)} USDC (${change}); a share ${formatWad(before.sharePrice, 6)} → ${formatWad(after.sharePrice, 6)}`,
    `Fees       ${readable(positionFees)} on positions, ${readable(liquidationFees)} for liquidations; keepers took ${readable(keeperFees)}`,
    `Shortfall  ${readable(shortfall)} USDC of losses beyond a box: gain the pool did not collect, nobody's debt`,
  ];
}

function kindTable(rows: readonly KindRow[]): string {
  const table = new Table({
    head: [
      "Kind",
      "n",
      "open",
      "closed",
      "stopped",
      "part",
      "full",
      "capped",
      "steps",
      "rescued",
      "paid in",
      "result",
    ],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", ...Array.from({ length: 11 }, () => "right" as const)],
  });
  for (const row of rows) {
    const { open, closed, stopped, liquidatedPartially, liquidatedFully, cappedOut } = row.outcomes;
    const ends = [open, closed, stopped, liquidatedPartially, liquidatedFully, cappedOut];
    table.push([
      row.label,
      row.count,
      ...[...ends, row.partial, row.rescues].map((count) => (count === 0 ? "" : count)),
      readable(row.paidIn),
      returnOf(row),
    ]);
  }
  return table.toString();
}

function rowOf(group: readonly TracedPosition[]): KindRow {
  const incidents = group.flatMap(({ history }) => history.incidents);
  return {
    label: group[0]?.plan.archetype.label ?? "",
    count: group.length,
    outcomes: countOutcomes(group),
    partial: incidents.filter(({ kind }) => kind === "liquidatedPartially").length,
    rescues: incidents.filter(({ kind }) => kind === "rescued").length,
    paidIn: sumOf(group.map(({ history }) => history.paidIn + history.rescueFees)),
    paidOut: sumOf(group.map(({ history }) => history.paidOut)),
    inside: sumOf(group.map(({ worth }) => worth)),
  };
}

/** Longs before shorts, each from the most leverage to the least. */
function exposureOf(group: readonly TracedPosition[]): number {
  const archetype = group[0]?.plan.archetype;
  if (archetype === undefined) return 0;
  return (archetype.side === "long" ? 0 : 1000) - archetype.leverage;
}

function countOutcomes(positions: readonly TracedPosition[]): Record<Outcome, number> {
  const counts = { ...NO_OUTCOMES };
  for (const { history } of positions) counts[history.outcome] += 1;
  return counts;
}
