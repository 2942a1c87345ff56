import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { TestBench } from "./bench.ts";
import { BUGS, isBug } from "./bugs.ts";
import { builtMutants } from "./build.ts";
import { readMutants } from "./run.ts";
import { coinbaseOf } from "./schemata.ts";
import { allTests } from "./selection.ts";

/** Ways to find a bug that share neither expected values nor methods. */
const LAYERS: readonly (readonly [name: string, folder: string])[] = [
  ["unit tests, by hand", "test/contracts"],
  ["differential, against TypeScript", "test/differential"],
  ["independent model", "test/model"],
  ["scenarios", "test/scenarios"],
  ["random books, against the risk model", "test/scripts/risk"],
];

/** Plants each bug and runs each layer; both can be restricted, tests by a part of their path, bugs by their name. */
async function main(): Promise<void> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const mutants = readMutants();
  const built = builtMutants();
  const wanted = new RegExp(process.argv[2] ?? "");
  const names = new RegExp(process.argv[3] ?? "");
  const filesOf = (folder: string) =>
    allTests().filter((file) => file.startsWith(`${resolve(folder)}/`) && wanted.test(file));
  const layers = LAYERS.filter(([, folder]) => existsSync(folder) && filesOf(folder).length !== 0);
  const bench = new TestBench();
  await bench.load(layers.flatMap(([, folder]) => filesOf(folder)));
  const titles = bench.titles();
  for (const bug of BUGS.filter(({ name }) => names.test(name))) {
    const index = mutants.findIndex((mutant) => isBug(bug, mutant) && built.has(mutant.id));
    if (index < 0)
      throw new Error(`No contract holds "${bug.name}": build them, or its place is gone.`);
    say(`\n${bug.name}\n  ${bug.place}: ${bug.original} → ${bug.replacement || "(removed)"}`);
    for (const [name, folder] of layers) {
      const own = new Set(filesOf(folder).flatMap((file) => titles.get(file) ?? []));
      const caught = await firstCaught(bench, own, coinbaseOf(index));
      say(`  ${name}: ${caught ?? "not caught"}`);
    }
  }
}

/** The first test that fails with a bug and passes without it. */
async function firstCaught(
  bench: TestBench,
  titles: ReadonlySet<string>,
  coinbase: string,
): Promise<string | undefined> {
  const left = new Set(titles);
  for (;;) {
    const choice = { test: (title: string) => left.has(title), bail: true };
    const [failed] = (await bench.run(coinbase, choice, [])).failures;
    if (failed === undefined) return undefined;
    const alone = { test: (title: string) => title === failed, bail: false };
    const without = await bench.run(coinbaseOf(-1), alone, []);
    if (without.failures.length === 0) return failed;
    left.delete(failed);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main();
  // Chains of the tests would keep the process alive.
  process.exit();
}
