import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { TestBench } from "./bench.ts";
import { builtMutants, OUT } from "./build.ts";
import type { Mutant } from "./mutants.ts";
import { drawn } from "./sample.ts";
import { coinbaseOf } from "./schemata.ts";
import { testsOf } from "./selection.ts";

/** What became of a mutant. */
export interface Result {
  readonly id: string;
  readonly outcome: "killed" | "survived";
  /** The test that failed. */
  readonly by?: string | undefined;
  readonly milliseconds: number;
}

/** How to run mutants. */
export interface RunOptions {
  /** Files to take mutants of. */
  readonly files: RegExp;
  /** How many, at most, drawn evenly from all files; all without it. */
  readonly sample?: number | undefined;
  readonly seed: number;
  readonly say: (line: string) => void;
}

const RESULTS = join(OUT, "results.jsonl");
/** Tests that have killed most so far, which are tried first. */
const FAVOURITES = 12;
/** A beneficiary that is no mutant. */
const NOBODY = coinbaseOf(-1);

/** Results of former runs, the newest of each mutant. */
export function readResults(): ReadonlyMap<string, Result> {
  if (!existsSync(RESULTS)) return new Map();
  const lines = readFileSync(RESULTS, "utf8").split("\n").filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line) as Result).map((each) => [each.id, each]));
}

/** Mutants as they were built; their places in the list are their switches. */
export function readMutants(): readonly Mutant[] {
  return JSON.parse(readFileSync(join(OUT, "mutants.json"), "utf8")) as readonly Mutant[];
}

/** Runs all mutants of some files that have no result yet. */
export async function runMutants({ files, sample, seed, say }: RunOptions): Promise<void> {
  const mutants = readMutants();
  const built = builtMutants();
  const done = readResults();
  const wanted = mutants.filter(({ id, file }) => files.test(file) && built.has(id));
  const picked = new Set(drawn(wanted, sample ?? wanted.length, seed));
  const chosen = mutants
    .map((mutant, index) => ({ mutant, coinbase: coinbaseOf(index) }))
    .filter(({ mutant }) => picked.has(mutant) && !done.has(mutant.id));
  const testFiles = [...new Set(chosen.flatMap(({ mutant: { file } }) => testsOf(file)))];
  say(`${chosen.length} mutants, ${testFiles.length} test files`);
  if (chosen.length === 0) return;
  const bench = new TestBench();
  await bench.load(testFiles);
  const baseline = await bench.run(NOBODY, { test: () => true, bail: false }, []);
  const broken = new Set(baseline.failures);
  say(
    `without a mutant: ${baseline.passed} pass in ${baseline.milliseconds / 1000} s, left out: ${broken.size}`,
  );
  for (const title of broken) say(`  left out: ${title}`);
  const kills = new Map<string, Map<string, number>>();
  for (const { mutant, coinbase } of chosen) {
    const own = kills.get(mutant.file) ?? new Map<string, number>();
    kills.set(mutant.file, own);
    const result = await runOne({ bench, mutant, coinbase, broken, kills: own });
    appendFileSync(RESULTS, `${JSON.stringify(result)}\n`);
    if (result.by !== undefined) own.set(result.by, (own.get(result.by) ?? 0) + 1);
    const { outcome, milliseconds } = result;
    say(
      `${outcome} ${mutant.id} ${mutant.file}:${mutant.line} ${mutant.operator} ${milliseconds} ms`,
    );
  }
}

async function runOne({
  bench,
  mutant,
  coinbase,
  broken,
  kills,
}: {
  readonly bench: TestBench;
  readonly mutant: Mutant;
  readonly coinbase: string;
  readonly broken: ReadonlySet<string>;
  readonly kills: ReadonlyMap<string, number>;
}): Promise<Result> {
  const files = testsOf(mutant.file);
  const titles = bench.titles();
  const relevant = new Set(files.flatMap((file) => titles.get(file) ?? []));
  for (const title of broken) relevant.delete(title);
  const favourites = new Set(
    [...kills]
      .sort(([, a], [, b]) => b - a)
      .slice(0, FAVOURITES)
      .map(([title]) => title)
      .filter((title) => relevant.has(title)),
  );
  const choices = [
    (title: string) => favourites.has(title),
    (title: string) => relevant.has(title) && !favourites.has(title),
  ];
  let milliseconds = 0;
  for (const test of choices.slice(favourites.size === 0 ? 1 : 0)) {
    const verdict = await bench.run(coinbase, { test, bail: true }, likeliest(mutant, files));
    milliseconds += verdict.milliseconds;
    const [by] = verdict.failures;
    if (by !== undefined) return { id: mutant.id, outcome: "killed", by, milliseconds };
  }
  return { id: mutant.id, outcome: "survived", milliseconds };
}

/** Test files whose names are those of the mutated function or contract come first. */
function likeliest(mutant: Mutant, files: readonly string[]): readonly string[] {
  const names = mutant.place.toLowerCase().split(".");
  const score = (file: string) =>
    names.filter((name) => name.length > 3 && relative("test", file).toLowerCase().includes(name))
      .length;
  return [...files].sort((a, b) => score(b) - score(a));
}
