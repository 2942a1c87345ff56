import { readFileSync } from "node:fs";
import type { Mutant } from "./mutants.ts";
import type { Result } from "./run.ts";

/** A mutant that no test can kill, and why. */
export interface Justification {
  readonly id: string;
  /** File, function, original and replacement, for a reader; the id is made of them. */
  readonly mutant: string;
  readonly reason: string;
}

/** How the mutants of one file fared. */
export interface Row {
  readonly file: string;
  readonly mutants: number;
  readonly run: number;
  readonly killed: number;
  readonly equivalent: number;
  readonly survived: readonly Mutant[];
}

/** Reads the mutants that stay alive for a reason. */
export function readJustifications(): ReadonlyMap<string, Justification> {
  const text = readFileSync(new URL("justified.json", import.meta.url), "utf8");
  const list = JSON.parse(text) as readonly Justification[];
  return new Map(list.map((each) => [each.id, each]));
}

/** Counts results by file. */
export function rowsOf(
  mutants: readonly Mutant[],
  results: ReadonlyMap<string, Result>,
  justified: ReadonlyMap<string, Justification>,
): readonly Row[] {
  const files = [...new Set(mutants.map(({ file }) => file))];
  return files.map((file) => {
    const own = mutants.filter((mutant) => mutant.file === file);
    const run = own.filter(({ id }) => results.has(id));
    const alive = run.filter(({ id }) => results.get(id)?.outcome === "survived");
    const survived = alive.filter(({ id }) => !justified.has(id));
    return {
      file,
      mutants: own.length,
      run: run.length,
      killed: run.length - alive.length,
      equivalent: alive.length - survived.length,
      survived,
    };
  });
}

/** Killed among those that can be killed [share]; without any, nothing is missing. */
export function scoreOf({ killed, survived }: Pick<Row, "killed" | "survived">): number {
  const all = killed + survived.length;
  return all === 0 ? 1 : killed / all;
}

/** Wilson's interval of a share at 95%, for a sample: where the share of all lies, most likely. */
export function intervalOf(hits: number, of: number): readonly [number, number] {
  if (of === 0) return [0, 1];
  const z = 1.959964;
  const share = hits / of;
  const middle = share + (z * z) / (2 * of);
  const spread = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  const scale = 1 + (z * z) / of;
  return [(middle - spread) / scale, (middle + spread) / scale];
}

/** The table by file, as Markdown, and its sum. */
export function tableOf(rows: readonly Row[]): string {
  const sum = rows.reduce(
    (total, row) => ({
      file: "**all**",
      mutants: total.mutants + row.mutants,
      run: total.run + row.run,
      killed: total.killed + row.killed,
      equivalent: total.equivalent + row.equivalent,
      survived: [...total.survived, ...row.survived],
    }),
    { file: "", mutants: 0, run: 0, killed: 0, equivalent: 0, survived: [] } as Row,
  );
  const lines = [...rows.filter(({ run }) => run !== 0), sum].map(lineOf);
  return [
    "| File | Mutants | Run | Killed | Justified | Survived | Score | 95% interval |",
    "| --- | --: | --: | --: | --: | --: | --: | --- |",
    ...lines,
  ].join("\n");
}

function lineOf(row: Row): string {
  const { file, mutants, run, killed, equivalent, survived } = row;
  const [low, high] = intervalOf(killed, killed + survived.length);
  const interval = run === mutants ? "all were run" : `${percent(low)} to ${percent(high)}`;
  return `| ${[file, mutants, run, killed, equivalent, survived.length, percent(scoreOf(row)), interval].join(" | ")} |`;
}

/** One mutant, as a reader finds it in the source. */
export function describe({
  id,
  file,
  line,
  place,
  operator,
  original,
  replacement,
}: Mutant): string {
  return `${id} ${file}:${line} ${place} (${operator})\n    - ${original}\n    + ${replacement || "(removed)"}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
