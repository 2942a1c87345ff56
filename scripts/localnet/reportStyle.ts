/** The report's style sheet, light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #1d2330; --quiet: #667085; --line: #e4e1d8; --card: #ffffff;
  --price: #2f5bd0; --full: #d92d20; --partial: #d92d20; --stopped: #c77700; --capped: #138a5b; --closed: #667085; --rescued: #7a3fd0; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #10141c; --ink: #e6e9f0; --quiet: #98a2b3; --line: #263041; --card: #171d28;
    --price: #7ba2ff; --full: #ff6b5e; --partial: #ff6b5e; --stopped: #f5b041; --capped: #3ecf8e; --closed: #98a2b3; --rescued: #b794ff; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 20px 80px; }
h1 { font-size: 30px; letter-spacing: -0.02em; margin: 0 0 6px; }
h2 { font-size: 18px; margin: 40px 0 12px; }
header p { color: var(--quiet); margin: 0; max-width: 76ch; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 12px; margin: 28px 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.card h3 { margin: 0; font-size: 12px; font-weight: 600; color: var(--quiet); text-transform: uppercase; letter-spacing: 0.05em; }
.card .value { margin: 4px 0 0; font-size: 21px; font-weight: 650; font-variant-numeric: tabular-nums; }
.card .note { margin: 2px 0 0; font-size: 13px; color: var(--quiet); }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px; }
figure > svg { display: block; width: 100%; height: auto; }
figcaption { display: flex; flex-wrap: wrap; gap: 6px 20px; padding: 8px 4px 0; font-size: 13px; color: var(--quiet); }
figcaption span { display: inline-flex; align-items: center; gap: 6px; }
.sign { width: 16px; height: 16px; }
.grid { stroke: var(--line); stroke-width: 1; fill: none; }
.price { stroke: var(--price); stroke-width: 1.8; fill: none; stroke-linejoin: round; }
.area { fill: url(#fade); }
.fade-top { stop-color: var(--price); stop-opacity: 0.22; }
.fade-bottom { stop-color: var(--price); stop-opacity: 0; }
svg text { fill: var(--quiet); font-size: 12px; font-variant-numeric: tabular-nums; }
.price-label { text-anchor: end; dominant-baseline: middle; }
.time-label { text-anchor: middle; }
.full { fill: var(--full); stroke: var(--card); stroke-width: 1; }
.partial { fill: var(--card); stroke: var(--partial); stroke-width: 1.4; }
.stopped { fill: var(--stopped); stroke: var(--card); stroke-width: 1; }
.capped { fill: var(--capped); stroke: var(--card); stroke-width: 1; }
.closed { fill: var(--closed); stroke: var(--card); stroke-width: 1; }
.rescued { fill: var(--rescued); stroke: var(--card); stroke-width: 0.6; }
.scroll + .lead { margin-top: 10px; }
.lead { margin: 0 0 14px; max-width: 76ch; color: var(--quiet); }
.bars { margin-bottom: 14px; }
.bars .bar-label { font-size: 13px; fill: var(--ink); }
.bars .bar-value { fill: var(--ink); font-size: 13px; font-weight: 600; }
.bars .with { fill: var(--price); }
.bars .without { fill: var(--closed); fill-opacity: 0.55; }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; }
.key.with { background: var(--price); }
.key.without { background: var(--closed); opacity: 0.55; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
th { text-align: right; color: var(--quiet); font-weight: 600; font-size: 12px; }
td { text-align: right; }
th, td { padding: 7px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
.laws { list-style: none; margin: 0; padding: 0; }
.laws li { padding: 6px 0; border-bottom: 1px solid var(--line); }
.laws b { display: inline-block; min-width: 70px; }
.laws i { float: right; font-style: normal; font-weight: 600; }
.laws .holds i { color: var(--capped); }
.laws .broken i { color: var(--full); }
summary { cursor: pointer; font-weight: 600; margin: 32px 0 12px; }
`;
