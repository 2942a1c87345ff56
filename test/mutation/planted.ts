import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { TestBench, type Verdict } from "./bench.ts";
import { BUGS, type Bug, isBug } from "./bugs.ts";
import { OUT } from "./build.ts";
import type { Mutant } from "./mutants.ts";
import { coinbaseOf } from "./schemata.ts";
import { allTests } from "./selection.ts";

/** Ways to find a bug that share neither expected values nor methods. */
const LAYERS: readonly (readonly [name: string, folder: string])[] = [
  ["unit tests", "test/contracts"],
  ["differential", "test/differential"],
  ["independent model", "test/model"],
  ["scenarios", "test/scenarios"],
  ["attacks", "test/attacks"],
  ["Solidity invariants", "test/invariant"],
];

// biome-ignore lint/style/noProcessEnv: children get it whole, with what their configuration reads.
const HERE = process.env;
const SELF = fileURLToPath(import.meta.url);
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Plants bugs one at a time and runs layers of tests on them; both can be restricted by a part of their names. */
function main([bugName = "", layerName = ""]: readonly string[]): void {
  const planted = JSON.parse(readFileSync(join(OUT, "planted.json"), "utf8")) as readonly Mutant[];
  for (const bug of BUGS.filter(({ name }) => name.includes(bugName))) {
    const index = planted.findIndex((mutant) => isBug(bug, mutant));
    if (index < 0) throw new Error(`No contract holds "${bug.name}": its place is gone.`);
    say(`\n${bug.name}\n  ${bug.place}: ${bug.original} → ${bug.replacement || "(removed)"}`);
    for (const [name, folder] of LAYERS.filter(([each]) => each.includes(layerName))) {
      const caught = folder === "test/invariant" ? inSolidity(index) : inTests(bug, index, folder);
      say(`  ${name}: ${caught}`);
    }
  }
}

/** The first test that fails with a bug and passes without it. */
function inTests(bug: Bug, index: number, folder: string): string {
  let files = filesOf(bug, folder);
  for (;;) {
    const [failed] = inProcess(index, files, "first").failures;
    if (failed === undefined) return "not caught";
    const { file } = failed;
    const sound = new Set(inProcess(-1, [file], "all").failures.map(({ title }) => title));
    const own = sound.has(failed.title) ? inProcess(index, [file], "all").failures : [failed];
    const caught = own.find(({ title }) => !sound.has(title));
    if (caught !== undefined) return `caught: ${caught.title} (${relative("test", file)})`;
    say(`  fails without the bug, too: ${relative("test", file)}: ${failed.title}`);
    files = files.slice(files.indexOf(file) + 1);
  }
}

/** Those that are likeliest to notice come first. */
function filesOf({ likely }: Bug, folder: string): readonly string[] {
  const files = allTests().filter((file) => file.startsWith(`${resolve(folder)}/`));
  return [
    ...files.filter((file) => likely.test(file)),
    ...files.filter((file) => !likely.test(file)),
  ];
}

/** Runs tests in a process of their own: some fixtures keep a chain for as long as they are loaded. */
function inProcess(index: number, files: readonly string[], which: "first" | "all"): Verdict {
  const args = ["--import", "tsx", SELF, "--run", which, ...files];
  const env = { ...HERE, ...environmentOf(index) };
  const { stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  const line = stdout.split("\n").find((each) => each.startsWith("{"));
  if (line === undefined) throw new Error(`No verdict: ${stdout}${stderr}`);
  return JSON.parse(line) as Verdict;
}

function inSolidity(index: number): string {
  const lines = (bug: number) => {
    const { status, stdout } = spawnSync("npx", ["hardhat", "test", "solidity", "--no-compile"], {
      env: { ...HERE, ...environmentOf(bug) },
      encoding: "utf8",
    });
    return { failed: status !== 0, text: stdout };
  };
  const sound = lines(-1);
  if (sound.failed) return `fails without the bug, too:\n${sound.text}`;
  const { failed, text } = lines(index);
  return failed ? `caught:\n${text}` : "not caught";
}

function environmentOf(index: number) {
  return {
    HARDHAT_CONFIG: "test/mutation/mutation.config.ts",
    MUTATION_ARTIFACTS: "planted",
    MUTATION_COINBASE: coinbaseOf(index),
  };
}

/** What a child does. */
async function runHere([which, ...files]: readonly string[]): Promise<void> {
  const coinbase = HERE.MUTATION_COINBASE ?? coinbaseOf(-1);
  const verdict = await new TestBench().run({ files, coinbase, bail: which === "first" });
  say(JSON.stringify(verdict));
  // Chains of the tests would keep the process alive.
  process.exit();
}

// Test runners load every file of this folder; only the command itself plants.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, ...rest] = process.argv.slice(2);
  if (command === "--run") await runHere(rest);
  else main(process.argv.slice(2));
}
