import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** A node of the compiler's syntax tree. */
export interface Node {
  readonly id: number;
  readonly nodeType: string;
  /** `start:length:file`, in bytes. */
  readonly src: string;
  readonly [field: string]: unknown;
}

/** A complaint of the compiler that stops a build. */
export interface CompilerError {
  readonly file: string;
  /** Where in the file [bytes]. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** Sources by path. Each string holds one byte of the file a character, so that places in it are those of the compiler. */
export type Sources = ReadonlyMap<string, string>;

/** What the compiler makes of sources. */
export interface Analysis {
  readonly units: ReadonlyMap<string, Node>;
  readonly errors: readonly CompilerError[];
}

interface StandardOutput {
  readonly contracts?: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly evm: {
              readonly bytecode: { readonly object: string };
              readonly deployedBytecode: { readonly object: string };
            };
          }
        >
      >
    >
  >;
  readonly sources?: Readonly<Record<string, { readonly ast: Node }>>;
  readonly errors?: readonly {
    readonly severity: string;
    readonly formattedMessage: string;
    readonly sourceLocation?: {
      readonly file: string;
      readonly start: number;
      readonly end: number;
    };
  }[];
}

/** Code of a contract without its `0x`. */
export interface Code {
  readonly file: string;
  readonly name: string;
  readonly creation: string;
  readonly runtime: string;
}

interface Compiler {
  compile(input: string, callbacks: { import(path: string): { contents: string } }): string;
}

const require = createRequire(import.meta.url);

/** Reads all Solidity files of a folder. */
export function readSources(folder: string): Sources {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".sol"))
    .sort();
  return new Map(
    files.map((file) => [join(folder, file), readFileSync(join(folder, file), "latin1")]),
  );
}

/**
 * Parses and checks sources without generating code. The compiler's own tree has the exact type of each expression,
 * which a parser alone cannot know, and it is the compiler that the project is built with.
 */
export function analyse(sources: Sources): Analysis {
  const output = run(sources, [...sources.keys()], { outputSelection: { "*": { "": ["ast"] } } });
  const units = Object.entries(output.sources ?? {}).filter(([file]) => sources.has(file));
  return { units: new Map(units.map(([file, { ast }]) => [file, ast])), errors: errorsOf(output) };
}

/**
 * Generates code of the contracts of some files as quickly as can be: mutants are run by tests alone, where neither size nor
 * gas counts.
 */
export function compile(
  sources: Sources,
  roots: readonly string[],
  viaIR: boolean,
): { readonly contracts: readonly Code[]; readonly errors: readonly CompilerError[] } {
  const code = ["evm.bytecode.object", "evm.deployedBytecode.object"];
  const details = { yul: true, yulDetails: { stackAllocation: true, optimizerSteps: ":" } };
  const output = run(sources, roots, {
    viaIR,
    optimizer: viaIR ? { enabled: true, runs: 1, details } : { enabled: false },
    metadata: { appendCBOR: false, bytecodeHash: "none" },
    outputSelection: Object.fromEntries(roots.map((root) => [root, { "*": code }])),
  });
  const contracts = Object.entries(output.contracts ?? {}).flatMap(([file, byName]) =>
    Object.entries(byName).map(([name, { evm }]) => ({
      file,
      name,
      creation: evm.bytecode.object,
      runtime: evm.deployedBytecode.object,
    })),
  );
  return { contracts, errors: errorsOf(output) };
}

function run(sources: Sources, roots: readonly string[], settings: object): StandardOutput {
  const entries = roots.map((file) => [file, { content: utf8(sources.get(file) ?? "") }]);
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(entries),
    settings: { evmVersion: "cancun", ...settings },
  };
  const contents = (path: string) => {
    const own = sources.get(path);
    return own === undefined ? readFileSync(join("node_modules", path), "utf8") : utf8(own);
  };
  const text = compiler().compile(JSON.stringify(input), {
    import: (path) => ({ contents: contents(path) }),
  });
  return JSON.parse(text) as StandardOutput;
}

function errorsOf(output: StandardOutput): readonly CompilerError[] {
  return (output.errors ?? [])
    .filter(({ severity }) => severity === "error")
    .map(({ formattedMessage, sourceLocation }) => ({
      file: sourceLocation?.file ?? "",
      start: sourceLocation?.start ?? 0,
      end: sourceLocation?.end ?? 0,
      message: formattedMessage,
    }));
}

/** Text of bytes that were read one a character. */
export function utf8(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** First byte of a node and the byte after its last. */
export function rangeOf(node: Node): readonly [start: number, end: number] {
  const [start = 0, length = 0] = node.src.split(":").map(Number);
  return [start, start + length];
}

/** A node's own nodes, in the order of the source. */
export function childrenOf(node: Node): readonly Node[] {
  return Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode)
    .sort((a, b) => rangeOf(a)[0] - rangeOf(b)[0]);
}

/** A node in a field. @throws when there is none. */
export function childIn(node: Node, field: string): Node {
  const value = node[field];
  if (!isNode(value)) throw new Error(`There is no node in "${field}" of a "${node.nodeType}".`);
  return value;
}

/** The nodes of a list; null entries, as in `(, b)`, are left out. */
export function listIn(node: Node, field: string): readonly Node[] {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** A string in a field, "" when there is none. */
export function textIn(node: Node, field: string): string {
  const value = node[field];
  return typeof value === "string" ? value : "";
}

/** The compiler's identifier of an expression's type, such as `t_uint256`; "" for a statement. */
export function typeOf(node: Node): string {
  const descriptions = node.typeDescriptions as { readonly typeIdentifier?: string } | undefined;
  return descriptions?.typeIdentifier ?? "";
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "nodeType" in value && "src" in value;
}

let cached: Compiler | undefined;

function compiler(): Compiler {
  cached ??= require("solc/wrapper")(require("solc/soljson.js")) as Compiler;
  return cached;
}
