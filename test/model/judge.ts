import { type Breach, breachesOf } from "./compare.ts";
import { agree, type Step } from "./history.ts";
import { Rational } from "./rational.ts";

/** How much was played, and how often each thing happened. */
export interface Tally {
  histories: number;
  calls: number;
  /** Decisions that rounding turned: there the model allows either. */
  turned: number;
  readonly outcomes: Map<string, number>;
}

export function newTally(): Tally {
  return { histories: 0, calls: 0, turned: 0, outcomes: new Map() };
}

/** Ends a history whose decision was turned by rounding: from there on the sides are in different worlds. */
export class Turned extends Error {}

/** Thrown when both sides differ by more than rounding; tells the last calls. */
export class Disagreement extends Error {}

/** Holds each step of a history to the model, and counts what happened. */
export function judgeOf(tally: Tally): (step: Step) => void {
  const trail: string[] = [];
  tally.histories += 1;
  return (step) => {
    const { now, call, actual } = step;
    trail.push(`${now} ${show(call)} → ${actual.kind} ${actual.names} ${actual.rescue ?? ""}`);
    tally.calls += 1;
    if (!agree(step.expected, actual)) {
      if (step.close.length > 0) {
        tally.turned += 1;
        throw new Turned(step.close.join(", "));
      }
      throw new Disagreement(tell(trail, `the model expected ${show(step.expected)}`));
    }
    const key = [call.do, actual.kind, ...actual.names, ...(actual.rescue ?? [])].join(" ");
    tally.outcomes.set(key, (tally.outcomes.get(key) ?? 0) + 1);
    const breaches = breachesOf(step, step.touch);
    if (breaches.length > 0) throw new Disagreement(tell(trail, ...breaches.map(describeBreach)));
  };
}

/** How often outcomes that match happened. */
export function countOf(tally: Tally, pattern: RegExp): number {
  const matching = [...tally.outcomes].filter(([name]) => pattern.test(name));
  return matching.reduce((total, [, count]) => total + count, 0);
}

/** A table of everything that happened. */
export function tableOf(tally: Tally): string {
  const rows = [...tally.outcomes].sort(([one], [other]) => one.localeCompare(other));
  return rows.map(([name, count]) => `${String(count).padStart(7)}  ${name}`).join("\n");
}

function describeBreach({ name, chain, model, difference }: Breach): string {
  return `${name}: contracts ${chain}, model ${model}, off by ${difference} wei`;
}

function tell(trail: readonly string[], ...what: readonly string[]): string {
  return [...trail.slice(-8), ...what].join("\n");
}

/** Shows amounts as decimals. */
function show(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (part instanceof Rational) return String(part);
    return typeof part === "bigint" ? String(part) : part;
  });
}
