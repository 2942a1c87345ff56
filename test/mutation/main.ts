import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildMutants, buildPlanted, buildProbes, builtMutants } from "./build.ts";
import { describe, readJustifications, rowsOf, tableOf } from "./report.ts";

const say = (line: string) => process.stdout.write(`${line}\n`);

const USAGE = `Usage: npm run test:mutation -- [build|run|report|planted|probes|branches] [options]

Without a command: build, run and report.

  build     Put mutants into copies of the last build's artifacts
  run       Run those without a result yet; what was run before is kept in out/mutation/results.jsonl
  report    Print scores by file, and the survivors
  planted   Put the planted bugs alone into other copies, for planted.ts
  probes    Put probes of branches into other copies
  branches  Run the tests on these and print the branches that none takes

  --part NAME   Only this part, may be repeated: libraries, pool, mandates, charter, vault, orders, oracles, lens
  --file TEXT   Only mutants of files whose path has this in it
  --tests TEXT  Run those that survived, by the test files whose path has this in it
  --sample N    At most N mutants, drawn evenly from all files; without it, all
  --seed S      Seed of the draw (1)
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      part: { type: "string", multiple: true, default: [] },
      file: { type: "string", default: "" },
      tests: { type: "string" },
      sample: { type: "string" },
      seed: { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  const names = values.part;
  const files = new RegExp(values.file);
  const sample = values.sample === undefined ? Number.POSITIVE_INFINITY : Number(values.sample);
  const seed = Number(values.seed);
  const [command] = positionals;
  if (values.help) {
    say(USAGE);
    return;
  }
  if (command === undefined || command === "build") buildMutants({ names, sample, seed, say });
  if (command === "planted") buildPlanted(names, say);
  if (command === "probes") buildProbes(names, say);
  if (command === undefined || command === "run") {
    const { runMutants } = await import("./run.ts");
    await runMutants({ files, sample, seed, tests: patternOf(values.tests), say });
  }
  if (command === "branches") {
    const { runBranches } = await import("./branches.ts");
    await runBranches({ files, say });
  }
  if (command === undefined || command === "report") await report(files);
}

function patternOf(text: string | undefined): RegExp | undefined {
  return text === undefined ? undefined : new RegExp(text);
}

async function report(files: RegExp): Promise<void> {
  const { readMutants, readResults } = await import("./run.ts");
  const mutants = readMutants().filter(({ file }) => files.test(file));
  const rows = rowsOf(mutants, readResults(), readJustifications());
  for (const mutant of rows.flatMap(({ survived }) => survived)) say(describe(mutant));
  const unbuilt = mutants.filter(({ id }) => !builtMutants().has(id)).length;
  if (unbuilt !== 0) say(`${unbuilt} mutants are in no compiled contract.`);
  say(tableOf(rows));
  if (rows.some(({ survived }) => survived.length !== 0)) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main();
  // Chains of the tests would keep the process alive.
  process.exit();
}
