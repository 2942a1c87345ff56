import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Proves the claims in this folder about the libraries as they are: solc's bounded model checker turns each assertion
 * into a question over integers, z3 answers it. `npm run test:formal`; docs/FORMAL.md says what follows from it.
 */

const FOLDER = dirname(fileURLToPath(import.meta.url));
const ROOT = join(FOLDER, "..", "..");

/** Longest time for one question [ms]; a counterexample is found soon or not at all. */
const PATIENCE = 40_000;
const IMPATIENCE = 5_000;

/** Claims that the solver does not decide in that time, and where they are tested instead. */
const TESTED_INSTEAD: Readonly<Record<string, string>> = {};

type Answer = "unsat" | "sat" | "unknown";
type Verdict =
  | "proven"
  | "refuted, as it must be"
  | "tested instead"
  | "WRONG"
  | "UNDECIDED"
  | "EMPTY";

const BAD: readonly Verdict[] = ["WRONG", "UNDECIDED", "EMPTY"];

/** A function of a file of claims, and what the compiler asks about it and about its opposite. */
interface Claim {
  readonly name: string;
  readonly file: string;
  readonly queries: readonly string[];
  readonly opposites: readonly string[];
}

interface Message {
  readonly severity: string;
  readonly message: string;
  readonly formattedMessage: string;
  readonly sourceLocation?: { readonly start: number };
}

interface Solver {
  readonly Z3: {
    mk_config(): unknown;
    mk_context(config: unknown): unknown;
    del_context(context: unknown): void;
    eval_smtlib2_string(context: unknown, text: string): Promise<string>;
  };
  readonly em: unknown;
}

const solc = createRequire(import.meta.url)("solc") as {
  compile(input: string, callbacks: object): string;
};

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Reads an import as the compiler names it, from the project or its packages. */
function contentsOf(path: string): { contents: string } | { error: string } {
  for (const folder of [ROOT, join(ROOT, "node_modules")]) {
    try {
      return { contents: readFileSync(join(folder, path), "utf8") };
    } catch {
      // In the next folder, then.
    }
  }
  return { error: `no such file: ${path}` };
}

/** Has the compiler write down its questions about a contract, and where in it each of them arose. */
function compile(file: string, source: string, targets: readonly string[]) {
  const name = `test/formal/${file}`;
  const input = {
    language: "Solidity",
    sources: { [name]: { content: source } },
    settings: {
      modelChecker: {
        contracts: { [name]: [basename(file, ".sol")] },
        engine: "bmc",
        solvers: ["smtlib2"],
        targets,
        showUnproved: true,
        timeout: 1,
      },
      outputSelection: { "*": { "*": [] } },
    },
  };
  const queries: string[] = [];
  const smtSolver = (query: string) => {
    queries.push(query);
    return { contents: "unknown" };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: contentsOf, smtSolver }));
  const messages = (output.errors ?? []) as readonly Message[];
  const failed = messages.find(({ severity }) => severity === "error");
  if (failed !== undefined) throw new Error(failed.formattedMessage);
  const places = messages
    .filter(({ message }) => message.startsWith("BMC"))
    .flatMap(({ sourceLocation }) => (sourceLocation === undefined ? [] : [sourceLocation.start]));
  return { queries, places };
}

/** Questions about the assertions of a file, by claim. */
function assertionsOf(file: string, source: string): ReadonlyMap<string, readonly string[]> {
  const { queries, places } = compile(file, source, ["assert"]);
  if (queries.length !== places.length) throw new Error(`${file}: a question without a place`);
  const byClaim = new Map<string, string[]>();
  for (const [index, query] of queries.entries()) {
    const before = [...source.slice(0, places[index]).matchAll(/function (\w+)/g)];
    const name = before.at(-1)?.[1] ?? "";
    byClaim.set(name, [...(byClaim.get(name) ?? []), query]);
  }
  return byClaim;
}

/** Questions about every operation that a claim reaches: each claim by itself, as a contract of its own. */
function operationsOf(file: string, source: string): readonly Claim[] {
  const functions = [...source.matchAll(/\n {4}function (\w+)[\s\S]*?\n {4}\}\n/g)];
  const head = source.slice(0, functions[0]?.index ?? 0);
  return functions.map(([text, name = ""]) => {
    const { queries } = compile(file, `${head}${text}}\n`, ["overflow", "underflow", "divByZero"]);
    return { name, file, queries, opposites: [] };
  });
}

/** The claims of a file; of an assertion also the opposite: were it proven too, nothing would ever get that far. */
function claimsOf(file: string): readonly Claim[] {
  const source = readFileSync(join(FOLDER, file), "utf8");
  if (file.startsWith("Overflow")) return operationsOf(file, source);
  const contrary = source.replace(
    /assert\(([\s\S]*?)\);/g,
    (_whole, condition) => `assert(!(${condition}));`,
  );
  const opposites = assertionsOf(file, contrary);
  return [...assertionsOf(file, source)].map(([name, queries]) => {
    return { name, file, queries, opposites: opposites.get(name) ?? [] };
  });
}

async function ask({ Z3 }: Solver, query: string, patience: number): Promise<Answer> {
  const context = Z3.mk_context(Z3.mk_config());
  const question = query.replace(
    /\(set-option :timeout \d+\)/,
    `(set-option :timeout ${patience})`,
  );
  const answer = await Z3.eval_smtlib2_string(context, question);
  Z3.del_context(context);
  const [first] = answer.trim().split("\n");
  return first === "unsat" || first === "sat" ? first : "unknown";
}

async function answersTo(
  solver: Solver,
  queries: readonly string[],
  patience: number,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const query of queries) answers.push(await ask(solver, query, patience));
  return answers;
}

/** Tells whether a claim holds. */
async function decide(solver: Solver, claim: Claim): Promise<Verdict> {
  if (claim.queries.length === 0) return "EMPTY";
  const answers = await answersTo(solver, claim.queries, PATIENCE);
  if (claim.name.startsWith("refuted_")) {
    return answers.includes("sat") ? "refuted, as it must be" : "WRONG";
  }
  if (answers.includes("sat")) return "WRONG";
  if (answers.includes("unknown")) {
    return claim.name in TESTED_INSTEAD ? "tested instead" : "UNDECIDED";
  }
  const contrary = await answersTo(solver, claim.opposites, IMPATIENCE);
  return contrary.length !== 0 && contrary.every((answer) => answer === "unsat")
    ? "EMPTY"
    : "proven";
}

/** Proves the claims of a file whose names contain `only`; true when each is as it should be. */
async function prove(solver: Solver, file: string, only: string): Promise<boolean> {
  const mentions = readFileSync(join(FOLDER, file), "utf8").includes(`function ${only}`);
  if (!mentions && !file.includes(only)) return true;
  let good = true;
  for (const claim of claimsOf(file).filter(({ name }) => `${file} ${name}`.includes(only))) {
    const began = Date.now();
    const verdict = await decide(solver, claim);
    if (BAD.includes(verdict)) good = false;
    const where = verdict === "tested instead" ? ` in ${TESTED_INSTEAD[claim.name]}` : "";
    const time = `${claim.queries.length} asked, ${Date.now() - began} ms`;
    say(`${basename(file, ".sol")} | ${claim.name} | ${verdict}${where} | ${time}`);
  }
  return good;
}

async function main(only: string): Promise<number> {
  // Only here: it starts threads.
  const { init, killThreads } = await import("z3-solver");
  const solver: Solver = await init();
  let good = true;
  for (const file of readdirSync(FOLDER)
    .filter((name) => name.endsWith("Claims.sol"))
    .sort()) {
    good = (await prove(solver, file, only)) && good;
  }
  await killThreads(solver.em);
  return good ? 0 : 1;
}

// Test runners load every file of this folder; only the command itself proves.
if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exit(await main(process.argv[2] ?? ""));
