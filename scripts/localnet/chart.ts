import { formatWad } from "../core/units.ts";
import type { Incident } from "./history.ts";
import type { ReplayRound } from "./replay.ts";

/** One incident of one position, to be drawn. */
export interface Mark {
  readonly incident: Incident;
  /** Shown when the pointer rests on it. */
  readonly text: string;
}

/** What a chart shows. */
export interface ChartInput {
  readonly rounds: readonly ReplayRound[];
  readonly marks: readonly Mark[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Frame {
  readonly toX: (time: number) => number;
  readonly toY: (price: number) => number;
  readonly prices: readonly number[];
  readonly times: readonly number[];
}

type Kind = Incident["kind"];

const WIDTH = 1080;
const HEIGHT = 520;
const LEFT = 64;
const RIGHT = 20;
const TOP = 24;
const BOTTOM = 44;
const STEP = 8;
const WAD_PER_ANSWER = 10n ** 10n;

/** Liquidations hang below the price, all else stands above it. */
const BELOW: ReadonlySet<Kind> = new Set(["liquidatedPartially", "liquidatedFully"]);

/** Draw the price path and every incident on it as one SVG element. */
export function drawChart({ rounds, marks }: ChartInput): string {
  const frame = frameOf(rounds);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Price path with every liquidation, stop and cap">`,
    `<defs><linearGradient id="fade" x1="0" y1="0" x2="0" y2="1"><stop offset="0" class="fade-top"/><stop offset="1" class="fade-bottom"/></linearGradient></defs>`,
    priceGrid(frame),
    timeGrid(frame),
    pricePath(rounds, frame),
    ...drawMarks(marks, frame),
    "</svg>",
  ].join("\n");
}

/** Draw the sign of one kind of incident, for a legend. */
export function drawSign(kind: Kind): string {
  return `<svg class="sign" viewBox="0 0 16 16" aria-hidden="true">${shape(kind, { x: 8, y: 8 })}</svg>`;
}

/** Write a price of the index feed for reading [8 decimals]. */
export function readablePrice(answer: bigint): string {
  return formatWad(answer * WAD_PER_ANSWER, 2);
}

/** Write a time for reading, in UTC [s]. */
export function readableTime(time: number): string {
  return new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ");
}

function frameOf(rounds: readonly ReplayRound[]): Frame {
  const prices = rounds.map((round) => Number(round.answer) / 1e8);
  const times = rounds.map((round) => round.time);
  const low = Math.min(...prices);
  const high = Math.max(...prices);
  const room = Math.max((high - low) * 0.12, high * 0.001);
  const first = times[0] ?? 0;
  const span = Math.max((times.at(-1) ?? 0) - first, 1);
  const drop = HEIGHT - TOP - BOTTOM;
  const range = high - low + 2 * room;
  return {
    toX: (time) => LEFT + ((time - first) / span) * (WIDTH - LEFT - RIGHT),
    toY: (price) => TOP + ((high + room - price) / range) * drop,
    prices,
    times,
  };
}

/** A round's price is in force until the next one. */
function pricePath(rounds: readonly ReplayRound[], frame: Frame): string {
  const [first, ...rest] = rounds.map((round) => ({
    x: frame.toX(round.time),
    y: frame.toY(Number(round.answer) / 1e8),
  }));
  if (first === undefined) return "";
  const steps = rest.map((point) => `H${at(point.x)}V${at(point.y)}`).join("");
  const path = `M${at(first.x)} ${at(first.y)}${steps}H${WIDTH - RIGHT}`;
  const floor = HEIGHT - BOTTOM;
  return `<path class="area" d="${path}V${floor}H${at(first.x)}Z"/><path class="price" d="${path}"/>`;
}

function priceGrid({ prices, toY }: Frame): string {
  const step = niceStep((Math.max(...prices) - Math.min(...prices)) / 6);
  const first = Math.ceil(Math.min(...prices) / step) * step;
  const count = Math.floor((Math.max(...prices) - first) / step) + 1;
  const lines = Array.from({ length: Math.max(count, 0) }, (_, index) => first + index * step);
  return lines
    .map((price) => {
      const y = at(toY(price));
      const label = price.toLocaleString("en-US", { maximumFractionDigits: step < 1 ? 2 : 0 });
      return `<path class="grid" d="M${LEFT} ${y}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${y}" class="price-label">${label}</text>`;
    })
    .join("");
}

function timeGrid({ times, toX }: Frame): string {
  const first = times[0] ?? 0;
  const last = times.at(-1) ?? first;
  const step = [300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400].find(
    (seconds) => (last - first) / seconds <= 9,
  );
  const every = step ?? Math.ceil((last - first) / 9 / 86_400) * 86_400;
  const start = Math.ceil(first / every) * every;
  const count = Math.floor((last - start) / every) + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, index) => start + index * every)
    .map((time) => {
      const x = at(toX(time));
      const clock = readableTime(time);
      const label = every >= 86_400 ? clock.slice(5, 10) : clock.slice(11);
      const day = clock.slice(11) === "00:00" ? clock.slice(5, 10) : label;
      return `<path class="grid" d="M${x} ${TOP}V${HEIGHT - BOTTOM}"/><text x="${x}" y="${HEIGHT - BOTTOM + 20}" class="time-label">${day}</text>`;
    })
    .join("");
}

/** Incidents of one round stand on one another, so that each can be seen. */
function drawMarks(marks: readonly Mark[], frame: Frame): readonly string[] {
  const totals = new Map<string, number>();
  for (const mark of marks) totals.set(stackOf(mark), (totals.get(stackOf(mark)) ?? 0) + 1);
  const heights = new Map<string, number>();
  return marks.map((mark) => {
    const stack = stackOf(mark);
    const height = (heights.get(stack) ?? 0) + 1;
    heights.set(stack, height);
    const point = placeOf(mark.incident, { height, total: totals.get(stack) ?? 1, frame });
    return `<g><title>${escapeHtml(mark.text)}</title>${shape(mark.incident.kind, point)}</g>`;
  });
}

function stackOf({ incident }: Mark): string {
  return `${BELOW.has(incident.kind)}/${incident.time}`;
}

function placeOf(
  incident: Incident,
  place: { readonly height: number; readonly total: number; readonly frame: Frame },
): Point {
  const { frame, height, total } = place;
  const base = frame.toY(Number(formatWad(incident.price, 8)));
  const below = BELOW.has(incident.kind);
  const room = below ? HEIGHT - BOTTOM - base - 6 : base - TOP - 6;
  const offset = height * Math.min(STEP, room / total);
  return { x: frame.toX(incident.time), y: below ? base + offset : base - offset };
}

function shape(kind: Kind, { x, y }: Point): string {
  switch (kind) {
    case "liquidatedPartially":
      return `<circle class="partial" cx="${at(x)}" cy="${at(y)}" r="2.6"/>`;
    case "liquidatedFully":
      return `<circle class="full" cx="${at(x)}" cy="${at(y)}" r="4"/>`;
    case "stopped":
      return `<path class="stopped" d="M${at(x - 4.5)} ${at(y - 3.5)}h9l-4.5 8z"/>`;
    case "cappedOut":
      return `<path class="capped" d="M${at(x)} ${at(y - 5)}l5 5l-5 5l-5-5z"/>`;
    case "rescued":
      return `<path class="rescued" d="M${at(x - 1.3)} ${at(y - 4.5)}h2.6v3.2h3.2v2.6h-3.2v3.2h-2.6v-3.2h-3.2v-2.6h3.2z"/>`;
    case "closed":
    case "opened":
      return `<rect class="closed" x="${at(x - 3.5)}" y="${at(y - 3.5)}" width="7" height="7"/>`;
  }
}

function niceStep(raw: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(raw, 1e-6)));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * magnitude >= raw) ?? 10;
  return factor * magnitude;
}

function at(value: number): string {
  return value.toFixed(1);
}

/** Make a text safe inside HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
