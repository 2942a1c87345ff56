import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import hre from "hardhat";
import { TestBench } from "./bench.ts";
import { OUT } from "./build.ts";
import { type Branch, branchOf } from "./probes.ts";
import { coinbaseOf } from "./schemata.ts";
import { testsOf } from "./selection.ts";

/** Runs the tests of some files on probed contracts, and prints which of their branches no test takes. */
export async function runBranches({
  files,
  say,
}: {
  readonly files: RegExp;
  readonly say: (line: string) => void;
}): Promise<void> {
  const all = JSON.parse(readFileSync(join(OUT, "branches.json"), "utf8")) as readonly Branch[];
  const branches = all.filter(({ file }) => files.test(file));
  const taken = new Set<number>();
  hre.hooks.registerHandlers("network", {
    onCoverageData: async (_context, tags) => {
      for (const tag of tags) taken.add(branchOf(tag));
    },
  });
  const bench = new TestBench();
  const testFiles = [...new Set(branches.flatMap(({ file }) => testsOf(file)))];
  const verdict = await bench.run({ files: testFiles, coinbase: coinbaseOf(-1), bail: false });
  say(`${verdict.passed} tests pass, ${verdict.failures.length} fail on probed contracts`);
  for (const { title } of verdict.failures) say(`  fails: ${title}`);
  const missed = branches.filter(({ id }) => !taken.has(id));
  writeFileSync(join(OUT, "missed.json"), JSON.stringify(missed, null, 2));
  for (const { file, line, place, text, outcome } of missed) {
    say(`${file}:${line} ${place}: ${text} is never ${outcome}`);
  }
  say(`${branches.length - missed.length} of ${branches.length} branches are taken`);
}
