import { escapeHtml } from "./chart.ts";
import type { Fate, MandateComparison, Pair } from "./compare.ts";
import { readable, signed, verdictOf } from "./story.ts";

interface Measure {
  readonly label: string;
  readonly of: (fate: Fate) => bigint;
  readonly text: (fate: Fate) => string;
}

const WIDTH = 1080;
const ROW = 58;
const BAR = 17;
const LABEL = 250;
const VALUE = 130;

const MEASURES: readonly Measure[] = [
  { label: "Positions kept", of: ({ kept }) => BigInt(kept), text: ({ kept }) => String(kept) },
  {
    label: "Never liquidated at all",
    of: ({ untouched }) => BigInt(untouched),
    text: ({ untouched }) => String(untouched),
  },
  inQuote("Margin seized by liquidations", ({ marginSeized }) => marginSeized),
  inQuote("Pulled from wallets (cap used)", ({ capUsed }) => capUsed),
  inQuote("What the owners lost in all", ({ result }) => (result < 0n ? -result : 0n)),
];

/** Write the report's section that compares the book with its twin. */
export function mandateSection(mandates: MandateComparison): string {
  if (mandates.with.positions === 0) return "";
  const { positions } = mandates.with;
  return `<section>
<h2>With rescue mandates, and without</h2>
<p class="lead">${escapeHtml(`Owners of ${positions} positions let the market pull up to ${readable(mandates.capGiven)} USDC in all from their wallets, each up to a cap of its own, to save one position before it is liquidated. A second market on the same chain ran through the same prices with the same parameters and the same book, but nobody gave a mandate. Each pair below is the same ${positions} positions.`)}</p>
<figure class="bars">
${bars(mandates)}
<figcaption><span><i class="key with"></i> with mandates</span><span><i class="key without"></i> the same without</span></figcaption>
</figure>
<p class="lead">${escapeHtml(verdictOf(mandates))}</p>
${attitudeTable(mandates)}
</section>`;
}

function inQuote(label: string, of: Measure["of"]): Measure {
  return { label, of, text: (fate) => `${readable(of(fate))} USDC` };
}

function bars(pair: Pair): string {
  const height = MEASURES.length * ROW;
  const rows = MEASURES.map((measure, index) => measureBars(measure, pair, index * ROW));
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="The same positions with and without rescue mandates">${rows.join("")}</svg>`;
}

function measureBars({ label, of, text }: Measure, pair: Pair, top: number): string {
  const [first, second] = [of(pair.with), of(pair.without)];
  const most = Math.max(Number(first), Number(second), 1);
  const widthOf = (value: bigint) => (Number(value) / most) * (WIDTH - LABEL - VALUE);
  const bar = (kind: "with" | "without", value: bigint, y: number) => {
    const width = widthOf(value).toFixed(1);
    const middle = y + BAR / 2 + 4.5;
    return `<rect class="${kind}" x="${LABEL}" y="${y}" width="${width}" height="${BAR}" rx="2"/><text class="bar-value" x="${(LABEL + Number(width) + 8).toFixed(1)}" y="${middle}">${escapeHtml(text(pair[kind]))}</text>`;
  };
  return `<text class="bar-label" x="0" y="${top + ROW / 2}">${label}</text>${bar("with", first, top + 9)}${bar("without", second, top + 11 + BAR)}`;
}

/** By how much the mandates allow: a small cap buys little. */
function attitudeTable(mandates: MandateComparison): string {
  const head = ["Mandates", "Positions", "Kept", "Margin seized", "Rescues", "Cap used", "Result"];
  const all = { ...mandates, label: "all of them" };
  const others = { ...mandates.others, label: "positions without a mandate", capGiven: 0n };
  const rows = [...mandates.attitudes, all, others].map((row) => [
    row.label,
    String(row.with.positions),
    beside(String(row.with.kept), String(row.without.kept)),
    beside(readable(row.with.marginSeized), readable(row.without.marginSeized)),
    `${row.with.rescues} (${row.with.earlyRescues})`,
    row.capGiven === 0n ? "–" : `${readable(row.with.capUsed)} of ${readable(row.capGiven)}`,
    beside(signed(row.with.result), signed(row.without.result)),
  ]);
  const row = (cells: readonly string[], tag: "th" | "td") =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  const body = rows.map((cells) => row(cells, "td")).join("");
  return `<div class="scroll"><table><thead>${row(head, "th")}</thead><tbody>${body}</tbody></table></div>
<p class="lead">“a · b” is with mandates · without. In brackets: rescues before a liquidation was due. Result is what came out and is still inside, less all that was paid in, in USDC.</p>`;
}

function beside(first: string, second: string): string {
  return `${first} · ${second}`;
}
