import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join, parse, relative } from "node:path";
import { type Failure, TestBench } from "./bench.ts";
import { builtMutants, OUT } from "./build.ts";
import type { Mutant } from "./mutants.ts";
import { readJustifications } from "./report.ts";
import { drawn } from "./sample.ts";
import { coinbaseOf } from "./schemata.ts";
import { allTests, testsOf } from "./selection.ts";

/** What became of a mutant. */
export interface Result {
  readonly id: string;
  readonly outcome: "killed" | "survived";
  /** The test that failed. */
  readonly by?: Failure | undefined;
  readonly milliseconds: number;
}

/** How to run mutants. */
export interface RunOptions {
  /** Files to take mutants of. */
  readonly files: RegExp;
  /** How many, at most, drawn evenly from all files; all without it. */
  readonly sample?: number | undefined;
  readonly seed: number;
  /** Test files by which survivors are tried again; without it, those without a result by the tests of their part. */
  readonly tests: RegExp | undefined;
  readonly say: (line: string) => void;
}

const RESULTS = join(OUT, "results.jsonl");
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

/** Runs all mutants of some files that have no result yet, or that survived without a reason. */
export async function runMutants({ files, sample, seed, tests, say }: RunOptions): Promise<void> {
  const mutants = readMutants();
  const built = builtMutants();
  const done = readResults();
  const justified = readJustifications();
  const isLeft = (id: string) =>
    tests === undefined
      ? !done.has(id)
      : done.get(id)?.outcome === "survived" && !justified.has(id);
  const wanted = mutants.filter(({ id, file }) => files.test(file) && built.has(id));
  const picked = new Set(drawn(wanted, sample ?? wanted.length, seed));
  const chosen = mutants
    .map((mutant, index) => ({ mutant, coinbase: coinbaseOf(index) }))
    .filter(({ mutant }) => picked.has(mutant) && isLeft(mutant.id));
  const others = allTests().filter((file) => tests?.test(relative("test", file)));
  const triedBy = (mutant: Mutant) => (tests === undefined ? testsOf(mutant.file) : others);
  const testFiles = [...new Set(chosen.flatMap(({ mutant }) => triedBy(mutant)))];
  say(`${chosen.length} mutants, ${testFiles.length} test files`);
  if (chosen.length === 0) return;
  const bench = new TestBench();
  const timeOf = await soundFiles(bench, testFiles, say);
  const kills = new Map<string, number>();
  /** Mutants that a file may be expected to kill in a second. */
  const worth = (file: string) => ((kills.get(file) ?? 0) + 1) / (timeOf.get(file) ?? 1);
  for (const { mutant, coinbase } of chosen) {
    const files = triedBy(mutant).filter((file) => timeOf.has(file));
    if (files.length === 0) {
      say(`not run, for want of tests that pass without it: ${mutant.id} ${mutant.file}`);
      continue;
    }
    const result = await runOne({ bench, mutant, coinbase, files: inOrder(mutant, files, worth) });
    appendFileSync(RESULTS, `${JSON.stringify(result)}\n`);
    if (result.by !== undefined) kills.set(result.by.file, (kills.get(result.by.file) ?? 0) + 1);
    const { outcome, milliseconds } = result;
    say(
      `${outcome} ${mutant.id} ${mutant.file}:${mutant.line} ${mutant.operator} ${milliseconds} ms`,
    );
  }
}

/** What those files take whose tests all pass without a mutant [ms]; a failure of any other says nothing of one. */
async function soundFiles(
  bench: TestBench,
  files: readonly string[],
  say: (line: string) => void,
): Promise<ReadonlyMap<string, number>> {
  const run = await bench.run({ files, coinbase: NOBODY, bail: false });
  for (const { file, title } of run.failures)
    say(`  left out: ${relative("test", file)}: ${title}`);
  const broken = new Set(run.failures.map(({ file }) => file));
  const sound = new Map([...run.timeOf].filter(([file]) => !broken.has(file)));
  say(`without a mutant: ${sound.size} files pass in ${run.milliseconds / 1000} s`);
  return sound;
}

async function runOne({
  bench,
  mutant: { id },
  coinbase,
  files,
}: {
  readonly bench: TestBench;
  readonly mutant: Mutant;
  readonly coinbase: string;
  readonly files: readonly string[];
}): Promise<Result> {
  const { failures, milliseconds } = await bench.run({ files, coinbase, bail: true });
  const [failed] = failures;
  if (failed === undefined) return { id, outcome: "survived", milliseconds };
  return { id, outcome: "killed", by: failed, milliseconds };
}

/** Files whose names are those of the mutated function or contract come first, then those that kill most for their time. */
function inOrder(
  { file, place }: Mutant,
  files: readonly string[],
  worth: (file: string) => number,
): readonly string[] {
  const names = [...place.split("."), parse(file).name].map((name) => name.toLowerCase());
  const score = (test: string) =>
    names.filter((name) => name.length > 3 && relative("test", test).toLowerCase().includes(name))
      .length;
  return [...files].sort((a, b) => score(b) - score(a) || worth(b) - worth(a));
}
