import { formatWad } from "../core/units.ts";
import {
  drawChart,
  drawSign,
  escapeHtml,
  type Mark,
  readablePrice,
  readableTime,
} from "./chart.ts";
import type { Incident } from "./history.ts";
import { mandateSection } from "./mandateReport.ts";
import { STYLE } from "./reportStyle.ts";
import type { DemoResult, TracedPosition } from "./result.ts";
import { earningsOf, type KindRow, kindRows, readable, returnOf } from "./story.ts";

/** What the incidents are called. */
const WORDS: Readonly<Record<Incident["kind"], string>> = {
  opened: "opened",
  closed: "closed by its owner",
  stopped: "stop-loss or take-profit",
  liquidatedPartially: "liquidated in part",
  liquidatedFully: "liquidated whole",
  cappedOut: "settled at its cap",
  rescued: "rescued by its mandate",
};

const DRAWN = [
  "liquidatedPartially",
  "liquidatedFully",
  "rescued",
  "stopped",
  "cappedOut",
  "closed",
] as const satisfies readonly Incident["kind"][];

/** Write a finished replay as one HTML page that needs nothing but itself. */
export function writeReport(result: DemoResult): string {
  const marks = marksOf(result.positions);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bulkhead: a crash, replayed</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>A crash, replayed</h1>
<p>${escapeHtml(headline(result))}</p>
</header>
${cards(result)}
<figure>
${drawChart({ rounds: result.rounds, marks })}
<figcaption>${DRAWN.map((kind) => `<span>${drawSign(kind)} ${WORDS[kind]}</span>`).join("")}</figcaption>
</figure>
${mandateSection(result.mandates)}
<section>
<h2>What became of each kind of position</h2>
${kindTable(kindRows(result.positions))}
</section>
<section>
<h2>The laws, checked against the chain</h2>
<ul class="laws">${result.laws.map(lawItem).join("")}</ul>
</section>
<section>
<details>
<summary>Every incident (${marks.length})</summary>
${incidentTable(result.positions)}
</details>
</section>
</main>
</body>
</html>
`;
}

function headline({ rounds, positions, pricedBy }: DemoResult): string {
  const first = rounds[0];
  const last = rounds.at(-1);
  if (first === undefined || last === undefined) return "";
  const low = rounds.reduce((least, round) => (round.answer < least.answer ? round : least));
  const fall = Number(((first.answer - low.answer) * 1000n) / first.answer) / 10;
  return `${positions.length} positions, ${rounds.length} price ${pricedBy} from ${readableTime(first.time)} to ${readableTime(last.time)} UTC. ETH fell from ${readablePrice(first.answer)} to ${readablePrice(low.answer)} USD (−${fall}%) at ${readableTime(low.time)}, and ended at ${readablePrice(last.answer)}.`;
}

function cards(result: DemoResult): string {
  const { pool, lag, liquidations, keeperTransactions, ok, pricedBy } = result;
  const { poolChange, keeperFees, shortfall } = earningsOf(result);
  const sign = poolChange < 0n ? "" : "+";
  const items: readonly (readonly [string, string, string])[] = [
    [
      "Pool",
      `${sign}${readable(poolChange)} USDC`,
      `a share ${formatWad(pool.before.sharePrice, 5)} → ${formatWad(pool.after.sharePrice, 5)}`,
    ],
    ["Liquidations", String(liquidations), `${lag.p50} ${pricedBy} late (p50), ${lag.max} (max)`],
    ["Keeper", `${readable(keeperFees)} USDC`, `${keeperTransactions} transactions`],
    ["Shortfall", `${readable(shortfall)} USDC`, "gain not collected; nobody's debt"],
    ["Laws", ok ? "all hold" : "broken", `${result.laws.length} checked to the wei`],
  ];
  const card = ([name, value, note]: readonly [string, string, string]) =>
    `<div class="card"><h3>${name}</h3><p class="value">${escapeHtml(value)}</p><p class="note">${escapeHtml(note)}</p></div>`;
  return `<div class="cards">${items.map(card).join("")}</div>`;
}

function kindTable(rows: readonly KindRow[]): string {
  const head = [
    "Kind",
    "Positions",
    "Open",
    "Closed",
    "Stopped",
    "In part",
    "Whole",
    "Capped",
    "Partial steps",
    "Rescued",
    "Paid in",
    "Result",
  ];
  const body = rows.map((row) => {
    const { open, closed, stopped, liquidatedPartially, liquidatedFully, cappedOut } = row.outcomes;
    const ends = [open, closed, stopped, liquidatedPartially, liquidatedFully, cappedOut];
    return [
      row.label,
      String(row.count),
      ...[...ends, row.partial, row.rescues].map((count) => (count === 0 ? "" : String(count))),
      readable(row.paidIn),
      returnOf(row),
    ];
  });
  return table(head, body);
}

function incidentTable(positions: readonly TracedPosition[]): string {
  const head = ["Time (UTC)", "Position", "Kind", "What", "Price", "Equity"];
  const body = positions
    .flatMap(({ plan, history }) =>
      history.incidents
        .filter(({ kind }) => kind !== "opened")
        .map((incident) => ({ incident, label: plan.archetype.label, id: history.positionId })),
    )
    .sort((a, b) => a.incident.time - b.incident.time || Number(a.id - b.id))
    .map(({ incident, label, id }) => [
      readableTime(incident.time),
      String(id),
      label,
      WORDS[incident.kind],
      formatWad(incident.price, 2),
      incident.equity === undefined ? "" : formatWad(incident.equity, 2),
    ]);
  return table(head, body);
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: "th" | "td") =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  return `<div class="scroll"><table><thead>${row(head, "th")}</thead><tbody>${body.map((cells) => row(cells, "td")).join("")}</tbody></table></div>`;
}

function lawItem(law: DemoResult["laws"][number]): string {
  const state = law.holds ? "holds" : "broken";
  return `<li class="${state}"><b>${law.name}</b> ${escapeHtml(law.says)} <i>${state}</i></li>`;
}

function marksOf(positions: readonly TracedPosition[]): readonly Mark[] {
  return positions.flatMap(({ plan, history }) =>
    history.incidents
      .filter(({ kind }) => kind !== "opened")
      .map((incident) => ({
        incident,
        text: `${plan.archetype.label}, position ${history.positionId}: ${WORDS[incident.kind]} at ${formatWad(incident.price, 2)}, ${readableTime(incident.time)}`,
      })),
  );
}
