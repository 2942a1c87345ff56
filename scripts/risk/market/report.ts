import { init } from "echarts";
import { duration, percent } from "../words.ts";
import type { CellSummary } from "./merge.ts";
import { COLUMNS } from "./output.ts";
import type { Source } from "./path.ts";
import type { SimulationSpec } from "./spec.ts";

type Parameter = "maintenance" | "cap" | "latency" | "mandateShare";
type Metric = (typeof COLUMNS)[number];

/** One plot: a metric over a parameter, a line for each value of another, the rest held at their middle values. */
interface Plot {
  readonly title: string;
  readonly x: Parameter;
  readonly lines: Parameter;
  readonly y: Metric;
}

const PLOTS: readonly Plot[] = [
  {
    title: "Gain not collected, worst 1% (share of pool)",
    x: "latency",
    lines: "maintenance",
    y: "shortfallEs99",
  },
  {
    title: "Liquidated in part or whole",
    x: "maintenance",
    lines: "mandateShare",
    y: "liquidated",
  },
  { title: "Of those, price came back", x: "maintenance", lines: "mandateShare", y: "premature" },
  { title: "Pool's return, mean", x: "cap", lines: "mandateShare", y: "poolReturn" },
  { title: "Pool's return, worst 1%", x: "cap", lines: "maintenance", y: "poolEs99" },
  { title: "Settled at the cap", x: "maintenance", lines: "mandateShare", y: "capHits" },
];

const NAMES: Readonly<Record<Parameter, string>> = {
  maintenance: "maintenance margin",
  cap: "open-interest cap",
  latency: "keeper's delay",
  mandateShare: "share with a mandate",
};

const WIDTH = 520;
const HEIGHT = 300;
const STYLE = `:root{color-scheme:light;font:15px/1.5 system-ui,sans-serif}body{margin:0 auto;max-width:1120px;padding:24px;color:#1c2430}
h1{font-size:26px;margin:0 0 4px}h2{margin:32px 0 8px;font-size:19px}.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(480px,1fr));gap:16px}
figure{margin:0;border:1px solid #dde3ea;border-radius:8px;padding:8px}svg{width:100%;height:auto}.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:13px}th,td{padding:4px 8px;border-bottom:1px solid #e6ebf0;text-align:right;white-space:nowrap}th{position:sticky;top:0;background:#fff}`;

/** Write what a simulation found as one HTML page that needs nothing but itself; the same cells give the same bytes. */
export function writeSimulationReport(spec: SimulationSpec, cells: readonly CellSummary[]): string {
  const kinds = spec.sources.map(({ kind }) => kind);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bulkhead: a market's parameters, simulated</title>
<style>${STYLE}</style>
</head>
<body>
<h1>A market's parameters, simulated</h1>
<p>${describe(spec)}</p>
${kinds.map((kind) => section(kind, spec, cells)).join("\n")}
<h2>Every combination</h2>
<div class="scroll">${table(cells)}</div>
</body>
</html>
`;
}

function describe(spec: SimulationSpec): string {
  const { paths, horizon, step, seed, cohorts, cash, price } = spec;
  const sources = spec.sources.map(describeSource).join("; ");
  return `${paths.toLocaleString("en-US")} paths of ${duration(horizon)} in steps of ${duration(step)}, seed ${seed}; ${cohorts.length} positions at a price of ${price}, a pool of ${cash.toLocaleString("en-US")}. ${sources}. Shares of money are of the pool's cash; shares of positions are of all positions on all paths.`;
}

function describeSource(source: Source): string {
  if (source.kind === "bootstrap") {
    return `bootstrap: blocks of ${source.block} of ${source.returns.length} past returns`;
  }
  const { sigma, jumpsPerYear, jumpMean } = source;
  return `jump: volatility ${percent(sigma, 0)} a year and ${jumpsPerYear} jumps a year of ${percent(Math.expm1(jumpMean), 0)} in the middle`;
}

function section(kind: string, spec: SimulationSpec, cells: readonly CellSummary[]): string {
  const own = cells.filter(({ source }) => source === kind);
  const figures = PLOTS.map((plot) => `<figure>${draw(plot, spec, own)}</figure>`);
  return `<h2>Paths: ${kind}</h2>\n<div class="plots">${figures.join("\n")}</div>`;
}

function draw(plot: Plot, spec: SimulationSpec, cells: readonly CellSummary[]): string {
  const { x, lines, y, title } = plot;
  const shown = heldAtMiddle(plot, spec, cells);
  const grid = gridOf(spec);
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  chart.setOption({
    animation: false,
    title: { text: title, textStyle: { fontSize: 14 } },
    legend: { bottom: 0, itemHeight: 8, textStyle: { fontSize: 11 } },
    grid: { left: 70, right: 20, top: 40, bottom: 62 },
    xAxis: {
      type: "category",
      name: NAMES[x],
      nameLocation: "middle",
      nameGap: 24,
      data: grid[x].map((value) => label(x, value)),
    },
    yAxis: { type: "value", axisLabel: { formatter: (value: number) => percent(value) } },
    series: grid[lines].map((line) => ({
      type: "line",
      name: `${NAMES[lines]} ${label(lines, line)}`,
      data: grid[x].map(
        (value) => shown.find((cell) => cell[x] === value && cell[lines] === line)?.[y] ?? null,
      ),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return withoutCounters(svg);
}

/** The library numbers its elements through the life of the process; numbered anew, the same plot is the same text. */
function withoutCounters(svg: string): string {
  const names = new Map<string, string>();
  return svg.replaceAll(/zr\d+-[a-z]+-?\d*/g, (name) => {
    const found = names.get(name) ?? `p${names.size}`;
    names.set(name, found);
    return found;
  });
}

/** The cells whose other parameters have their middle values. */
function heldAtMiddle(
  { x, lines }: Plot,
  spec: SimulationSpec,
  cells: readonly CellSummary[],
): readonly CellSummary[] {
  const grid = gridOf(spec);
  const held = (Object.keys(NAMES) as Parameter[]).filter((name) => name !== x && name !== lines);
  return cells.filter((cell) =>
    held.every((name) => cell[name] === grid[name][Math.floor((grid[name].length - 1) / 2)]),
  );
}

function gridOf({ grid }: SimulationSpec): Readonly<Record<Parameter, readonly number[]>> {
  const { maintenance, caps, latency, mandateShare } = grid;
  return { maintenance, cap: caps, latency, mandateShare };
}

function label(parameter: Parameter, value: number): string {
  if (parameter === "latency") return duration(value);
  return parameter === "cap" ? value.toLocaleString("en-US") : percent(value, 1);
}

function table(cells: readonly CellSummary[]): string {
  const head = COLUMNS.map((column) => `<th>${column}</th>`).join("");
  const body = cells.map(
    (cell) => `<tr>${COLUMNS.map((column) => `<td>${text(cell, column)}</td>`).join("")}</tr>`,
  );
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function text(cell: CellSummary, column: Metric): string {
  const value = cell[column];
  if (typeof value === "string") return value;
  if (column === "cap" || column === "latency" || column === "pulled") {
    return value.toLocaleString("en-US", { maximumFractionDigits: 2 });
  }
  return percent(value, 3);
}
