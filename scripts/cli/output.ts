import Table from "cli-table3";

import { formatWad } from "../core/units.ts";
import type { CliIo } from "./io.ts";

/** A name with what it was and what it will be. */
export interface Change {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** Tells results: to a person as they come, to a machine all at once. */
export class Output {
  readonly #io: CliIo;
  readonly #asJson: boolean;
  readonly #found: Record<string, unknown> = {};

  constructor(io: CliIo, asJson: boolean) {
    this.#io = io;
    this.#asJson = asJson;
  }

  /** Tell one result under a name. */
  tell(name: string, value: unknown, text: string): void {
    this.#found[name] = value;
    if (!this.#asJson) this.#io.print(text);
  }

  /** Say something that is no result; a machine is not told. */
  say(text: string): void {
    if (this.#asJson) this.#io.note(text);
    else this.#io.print(text);
  }

  /** Write what a machine is to read. */
  end(): void {
    if (this.#asJson) this.#io.print(toJson(this.#found));
  }
}

/** Draw a table for the terminal. */
export function drawTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

/** Draw what was and what will be. */
export function drawChanges(changes: readonly Change[]): string {
  return drawTable(
    ["", "before", "after"],
    changes.map(({ name, before, after }) => [name, before, after]),
  );
}

/** Draw names with values. */
export function drawFacts(facts: readonly (readonly [string, string])[]): string {
  const table = new Table({
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
    style: { head: [], border: [] },
  });
  for (const [name, value] of facts) table.push([name, value]);
  return table.toString();
}

/** Write a result as JSON; whole numbers of any size become text. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === "bigint" ? item.toString() : item),
    2,
  );
}

/** Write an amount for reading: four digits after the point, cut off toward zero. */
export function amount(value: bigint, digits = 4): string {
  return formatWad(value, digits);
}

/** Write a WAD share for reading, in percent. */
export function share(value: bigint, digits = 2): string {
  return `${formatWad(value * 100n, digits)}%`;
}

/** Write a moment for reading [s]. */
export function moment(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
}

/** Write a chance for reading. */
export function chance(p: number | undefined): string {
  return p === undefined ? "–" : `${(p * 100).toFixed(2)}%`;
}
