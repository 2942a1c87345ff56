import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Analysis,
  analyse,
  childrenOf,
  compile,
  readSources,
  type Sources,
  textIn,
} from "./ast.ts";
import { BUGS, isBug } from "./bugs.ts";
import { mutantsOf } from "./mutants.ts";
import { probesOf } from "./probes.ts";
import { drawn } from "./sample.ts";
import { schemataOf } from "./schemata.ts";

/** Contracts that are compiled together, and whose mutants they hold. */
export interface Part {
  readonly name: string;
  /** Everything that is deployed with that code: test doubles that inherit or create a contract, too. */
  readonly roots: readonly string[];
  /** Files whose mutants are put in. */
  readonly mutated: RegExp;
  /** Through the intermediate language: slow, but it has no limit of local variables. */
  readonly viaIR: boolean;
}

const LIBRARIES = "contracts/libraries/";
const VAULT =
  "contracts/(MarginVault|modules/(BatchModule|LiquidationModule|MarginModule|PoolModule|PowersModule|TradeModule|Vault\\w+)|libraries/(BorrowMath|BoxMath|LiquidationMath))\\.sol";
const POOL = "contracts/(pool/|LiquidityVault)";
const BOOK = "contracts/(OrderBook|modules/(Order\\w+|IndexedMulticall)|libraries/OrderMath)\\.sol";

/**
 * A library's mutants are put where they are tested for themselves, and into the contracts that are quick to compile: in
 * all of them they would cost an hour of compiling.
 */
export const PARTS: readonly Part[] = [
  {
    name: "libraries",
    roots: [
      "contracts/mocks/MathHarness.sol",
      "contracts/mocks/OrderMathHarness.sol",
      "contracts/mocks/BoundsHarness.sol",
      "contracts/mocks/BoxHarness.sol",
    ],
    mutated: new RegExp(`^${LIBRARIES}`),
    viaIR: false,
  },
  {
    name: "pool",
    roots: [
      "contracts/LiquidityVault.sol",
      "contracts/factory/LiquidityVaultCode.sol",
      "contracts/mocks/PoolHarness.sol",
    ],
    mutated: new RegExp(`^${POOL}`),
    viaIR: false,
  },
  {
    name: "mandates",
    roots: ["contracts/MandateBook.sol"],
    mutated: /^contracts\/(MandateBook|modules\/IndexedMulticall)\.sol/,
    viaIR: false,
  },
  {
    name: "charter",
    roots: ["contracts/MarketCharter.sol", "contracts/MarketFactory.sol"],
    mutated:
      /^contracts\/(MarketCharter|MarketFactory|modules\/CharterFacts|libraries\/(ParameterBounds|TermsMath|TokenScale|BorrowMath))\.sol/,
    viaIR: false,
  },
  {
    name: "vault",
    roots: [
      "contracts/MarginVault.sol",
      "contracts/factory/MarginVaultCode.sol",
      "contracts/mocks/VaultHarness.sol",
    ],
    mutated: new RegExp(`^${VAULT}`),
    viaIR: true,
  },
  {
    name: "orders",
    roots: [
      "contracts/OrderBook.sol",
      "contracts/factory/OrderBookCode.sol",
      "contracts/mocks/OrderBookHarness.sol",
    ],
    mutated: new RegExp(`^${BOOK}`),
    viaIR: true,
  },
  {
    name: "oracles",
    roots: [
      "contracts/oracles/ChainlinkFeedOracle.sol",
      "contracts/oracles/ChainlinkStreamOracle.sol",
      "contracts/oracles/BoundedOracle.sol",
    ],
    mutated: /^contracts\/oracles\//,
    viaIR: false,
  },
  {
    name: "lens",
    roots: ["contracts/periphery/MarketLens.sol"],
    mutated: /^contracts\/periphery\//,
    viaIR: true,
  },
];

/** Where everything of a run is kept. */
export const OUT = "out/mutation";

/** What the sources are mutated into. */
export function planMutants() {
  const sources = readSources("contracts");
  const analysis = analyse(sources);
  return { sources, analysis, mutants: mutantsOf(sources, analysis) };
}

/** What to build. */
export interface BuildOptions {
  /** Names of parts; all without any. */
  readonly names: readonly string[];
  /** How many mutants, at most, of a part that is slow to compile. */
  readonly sample: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** Puts mutants into copies of the artifacts of the last build, part by part. */
export function buildMutants({ names, sample, seed, say }: BuildOptions): void {
  const { sources, analysis, mutants } = planMutants();
  const target = copyArtifacts("artifacts");
  const built = builtMutants();
  writeFileSync(join(OUT, "mutants.json"), JSON.stringify(mutants));
  for (const part of PARTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const reached = importsOf(analysis, part.roots);
    const all = mutants.filter(({ sites }) =>
      sites.some(({ file }) => part.mutated.test(file) && reached.has(file)),
    );
    const bugs = all.filter((mutant) => BUGS.some((bug) => isBug(bug, mutant)));
    const inside = new Set([...bugs, ...(part.viaIR ? drawn(all, sample, seed) : all)]);
    const kept = mutants.map((mutant) => (inside.has(mutant) ? mutant : { ...mutant, sites: [] }));
    compilePart(part, schemataOf(sources, analysis, kept, part.mutated), target, say);
    for (const { id } of inside) built.add(id);
    writeFileSync(join(OUT, "built.json"), JSON.stringify([...built]));
    say(`${part.name}: ${inside.size} of ${all.length} mutants`);
  }
}

/** Puts the bugs that were planted by hand, and no other mutant, into copies of the artifacts, wherever they are used. */
export function buildPlanted(names: readonly string[], say: (line: string) => void): void {
  const { sources, analysis, mutants } = planMutants();
  const target = copyArtifacts("planted");
  const planted = mutants.filter((mutant) => BUGS.some((bug) => isBug(bug, mutant)));
  writeFileSync(join(OUT, "planted.json"), JSON.stringify(planted));
  const copies = schemataOf(sources, analysis, planted);
  for (const part of PARTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const reached = importsOf(analysis, part.roots);
    // The others stay as they are deployed: without an optimizer some calls exceed the gas that they are given.
    if (!planted.some(({ sites }) => sites.some(({ file }) => reached.has(file)))) continue;
    compilePart(part, copies, target, say);
  }
}

/** Puts probes of branches into other copies of the artifacts. */
export function buildProbes(names: readonly string[], say: (line: string) => void): void {
  const { sources, analysis } = planMutants();
  const { copies, branches } = probesOf(sources, analysis);
  const target = copyArtifacts("probed");
  writeFileSync(join(OUT, "branches.json"), JSON.stringify(branches));
  for (const part of PARTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    compilePart(part, copies, target, say);
  }
}

/** Files that some files import, with those that these import, and themselves. */
function importsOf({ units }: Analysis, files: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (file: string): void => {
    const unit = units.get(file);
    if (unit === undefined || found.has(file)) return;
    found.add(file);
    for (const node of childrenOf(unit)) {
      if (node.nodeType === "ImportDirective") visit(textIn(node, "absolutePath"));
    }
  };
  for (const file of files) visit(file);
  return found;
}

function compilePart(
  { name, roots, viaIR }: Part,
  copies: Sources,
  target: string,
  say: (line: string) => void,
): void {
  const started = Date.now();
  const { contracts, errors } = compile(copies, roots, viaIR);
  if (errors.length !== 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  for (const code of contracts) {
    patch(join(target, code.file, `${code.name}.json`), code.creation, code.runtime);
  }
  say(`${name}: compiled in ${(Date.now() - started) / 1000} s`);
}

function copyArtifacts(name: string): string {
  const target = join(OUT, name);
  mkdirSync(OUT, { recursive: true });
  if (!existsSync(target)) {
    cpSync("artifacts", target, { recursive: true });
  }
  return target;
}

/** Ids of the mutants that some compiled contract holds. */
export function builtMutants(): Set<string> {
  const file = join(OUT, "built.json");
  return new Set(existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as string[]) : []);
}

function patch(path: string, creation: string, runtime: string): void {
  if (!existsSync(path)) return;
  const artifact = JSON.parse(readFileSync(path, "utf8"));
  const patched = { ...artifact, bytecode: `0x${creation}`, deployedBytecode: `0x${runtime}` };
  writeFileSync(path, JSON.stringify(patched, null, 2));
}
