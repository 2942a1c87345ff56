import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A node of the compiler's syntax tree; what a detector looks at is checked where it is used. */
export interface Node {
  readonly id: number;
  readonly nodeType: string;
  readonly src: string;
  readonly [field: string]: unknown;
}

/** Something a detector found, by the name of what it was found in: `Contract.function`. */
export interface Finding {
  readonly detector: string;
  readonly where: string;
}

interface Place {
  readonly contract: string;
  readonly definition: Node | undefined;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const GUARDS =
  /^(nonReentrant|exclusive|onlyMarginVault|onlyOrderBook|onlyLiquidityVault|onlyCharter|only\w+)$/;
const FORBIDDEN = ["selfdestruct", "delegatecall", "callcode", "blockhash"];
const INTEGER = /^t_(u?)int(\d+)$/;

const solc = createRequire(import.meta.url)("solc") as {
  compile(input: string, callbacks: object): string;
};

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "nodeType" in value;
}

/** Children of a node, in the order of the source. */
function childrenOf(node: Node): readonly Node[] {
  const children = Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode);
  return children.sort((left, right) => offsetOf(left) - offsetOf(right));
}

function offsetOf(node: Node): number {
  return Number(node.src.split(":")[0]);
}

/** All nodes below and with `node`, the parts of an expression before the whole: in the order they are evaluated. */
export function* evaluated(node: Node): Generator<Node> {
  for (const child of childrenOf(node)) yield* evaluated(child);
  yield node;
}

function typeOf(node: unknown): string {
  if (!isNode(node)) return "";
  const { typeIdentifier } = (node.typeDescriptions ?? {}) as { typeIdentifier?: string };
  return typeIdentifier ?? "";
}

function nameOf(node: unknown): string {
  if (!isNode(node)) return "";
  return String(node.memberName ?? node.name ?? "");
}

/** Reads the syntax trees of all contracts but the test doubles. */
export function syntaxTrees(): readonly Node[] {
  const files = readdirSync(join(ROOT, "contracts"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".sol") && !file.startsWith("mocks"))
    .map((file) => `contracts/${file}`);
  return treesOf(
    Object.fromEntries(files.map((file) => [file, readFileSync(join(ROOT, file), "utf8")])),
  );
}

/** Reads the syntax trees of given sources; what they import comes from the project. */
export function treesOf(sources: Readonly<Record<string, string>>): readonly Node[] {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(
      Object.entries(sources).map(([file, content]) => [file, { content }]),
    ),
    settings: { evmVersion: "cancun", outputSelection: { "*": { "": ["ast"] } } },
  };
  const contentsOf = (path: string) => {
    for (const folder of [ROOT, join(ROOT, "node_modules")]) {
      try {
        return { contents: readFileSync(join(folder, path), "utf8") };
      } catch {
        // In the next folder, then.
      }
    }
    return { error: `no such file: ${path}` };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: contentsOf })) as {
    errors?: readonly { severity: string; formattedMessage: string }[];
    sources: Readonly<Record<string, { ast: Node }>>;
  };
  const failed = output.errors?.find(({ severity }) => severity === "error");
  if (failed !== undefined) throw new Error(failed.formattedMessage);
  // The compiler may call a file by its place in the project: ours are those we gave it.
  return Object.entries(output.sources)
    .filter(([file]) => file in sources)
    .map(([, { ast }]) => ast);
}

/** Whether a call hands control to another contract that may call back. */
function callsOut(node: Node): boolean {
  if (node.nodeType !== "FunctionCall") return false;
  const called = node.expression;
  const type = typeOf(called);
  return (
    /^t_function_(external|barecall|baredelegatecall|send|transfer)/.test(type) &&
    !/_(view|pure)\$/.test(type)
  );
}

/** Whether a node changes state: an assignment, a step or a delete whose target is in storage. */
function writesState(node: Node): boolean {
  if (node.nodeType === "Assignment") return isInStorage(node.leftHandSide);
  const changes = ["++", "--", "delete"].includes(String(node.operator));
  return node.nodeType === "UnaryOperation" && changes && isInStorage(node.subExpression);
}

/** Whether an expression leads to storage: to a state variable, or through a pointer to one of its parts. */
function isInStorage(target: unknown, isPart = false): boolean {
  if (!isNode(target)) return false;
  if (target.nodeType === "TupleExpression") {
    return (target.components as unknown[]).some((part) => isInStorage(part, isPart));
  }
  if (target.nodeType === "Identifier") {
    const isPointer = typeOf(target).endsWith("_storage_ptr");
    return isStateVariable(target) || (isPart && isPointer);
  }
  return isInStorage(target.baseExpression ?? target.expression, true);
}

const stateVariables = new Set<number>();

function isStateVariable(identifier: Node): boolean {
  return stateVariables.has(Number(identifier.referencedDeclaration));
}

/** Finds in the contracts what deserves a word; nothing here is a mistake by itself. */
export class Analyser {
  readonly #findings = new Map<string, Finding>();
  readonly #functions = new Map<number, Node>();
  readonly #out = new Map<number, boolean>();
  readonly #write = new Map<number, boolean>();

  constructor(private readonly trees: readonly Node[]) {
    for (const tree of trees) {
      for (const node of evaluated(tree)) {
        if (node.nodeType === "FunctionDefinition") this.#functions.set(node.id, node);
        if (node.stateVariable === true) stateVariables.add(node.id);
      }
    }
  }

  /** All findings, one for each detector and place. */
  run(): readonly Finding[] {
    for (const tree of this.trees) {
      for (const unit of childrenOf(tree)) {
        if (unit.nodeType === "ContractDefinition") this.#contract(unit);
      }
    }
    this.#unused();
    return [...this.#findings.values()].sort((left, right) =>
      `${left.detector} ${left.where}`.localeCompare(`${right.detector} ${right.where}`),
    );
  }

  #found(detector: string, place: Place): void {
    const name =
      place.definition === undefined ? "" : `.${nameOf(place.definition) || place.definition.kind}`;
    const where = `${place.contract}${name}`;
    this.#findings.set(`${detector} ${where}`, { detector, where });
  }

  #contract(contract: Node): void {
    for (const definition of childrenOf(contract)) {
      if (definition.nodeType !== "FunctionDefinition" || !isNode(definition.body)) continue;
      const place = { contract: nameOf(contract), definition };
      this.#entry(contract, place);
      this.#order(place);
      for (const node of evaluated(definition)) this.#node(node, place);
    }
  }

  /** State-changing entries that no modifier guards. */
  #entry(contract: Node, place: Place): void {
    const { definition } = place;
    if (definition === undefined || contract.contractKind !== "contract") return;
    if (!["external", "public"].includes(String(definition.visibility))) return;
    if (!["nonpayable", "payable"].includes(String(definition.stateMutability))) return;
    if (definition.kind === "constructor") return;
    const modifiers = (definition.modifiers as Node[]).map((each) => nameOf(each.modifierName));
    if (!modifiers.some((name) => GUARDS.test(name))) this.#found("unguarded entry", place);
  }

  /** State written after control was handed out, here or in what is called from here. */
  #order(place: Place): void {
    let out = false;
    for (const node of evaluated(place.definition?.body as Node)) {
      const called = this.#calledBy(node);
      if (out && (writesState(node) || (called !== undefined && this.#writes(called)))) {
        this.#found("state written after a call", place);
        return;
      }
      out ||= callsOut(node) || (called !== undefined && this.#handsOut(called));
    }
  }

  #calledBy(node: Node): Node | undefined {
    if (node.nodeType !== "FunctionCall" || !isNode(node.expression)) return undefined;
    if (!typeOf(node.expression).startsWith("t_function_internal")) return undefined;
    return this.#functions.get(Number(node.expression.referencedDeclaration));
  }

  #handsOut(definition: Node): boolean {
    return this.#transitive(this.#out, definition, callsOut);
  }

  #writes(definition: Node): boolean {
    return this.#transitive(this.#write, definition, writesState);
  }

  #transitive(
    memory: Map<number, boolean>,
    definition: Node,
    is: (node: Node) => boolean,
  ): boolean {
    const known = memory.get(definition.id);
    if (known !== undefined) return known;
    memory.set(definition.id, false);
    let result = false;
    for (const node of isNode(definition.body) ? evaluated(definition.body) : []) {
      const called = this.#calledBy(node);
      result ||= is(node) || (called !== undefined && this.#transitive(memory, called, is));
    }
    memory.set(definition.id, result);
    return result;
  }

  #node(node: Node, place: Place): void {
    if (node.nodeType === "UncheckedBlock") this.#found("unchecked arithmetic", place);
    if (node.nodeType === "InlineAssembly") this.#found("assembly", place);
    if (/^(For|While|DoWhile)Statement$/.test(node.nodeType)) this.#found("loop", place);
    if (node.nodeType === "FunctionCall") this.#call(node, place);
    if (node.nodeType === "MemberAccess") this.#member(node, place);
    if (node.nodeType === "BinaryOperation") this.#operation(node, place);
    if (
      node.nodeType === "ExpressionStatement" &&
      /barecall|_send_/.test(typeOf((node.expression as Node)?.expression))
    ) {
      this.#found("unchecked result of a call", place);
    }
  }

  #call(node: Node, place: Place): void {
    const name = nameOf(node.expression);
    const type = typeOf(node.expression);
    if (FORBIDDEN.includes(name)) this.#found(name, place);
    if (/bare(call|delegatecall|staticcall)/.test(type)) this.#found("low-level call", place);
    if (/transferFrom$/i.test(name)) {
      const given = node.arguments as Node[];
      // A library's function that is called by its full name has the token before the rest.
      const from = given.length === 4 ? given[1] : given[0];
      if (nameOf(from) !== "sender") this.#found("tokens of another", place);
    }
    if (node.kind !== "typeConversion") return;
    const [, , to] = INTEGER.exec(typeOf(node)) ?? [];
    const [, , from] = INTEGER.exec(typeOf((node.arguments as Node[])[0])) ?? [];
    if (to !== undefined && from !== undefined && Number(to) < Number(from)) {
      this.#found("narrowing without SafeCast", place);
    }
  }

  #member(node: Node, place: Place): void {
    const base = nameOf(node.expression);
    const name = `${base}.${nameOf(node)}`;
    if (name === "tx.origin" || name === "block.number" || name === "block.prevrandao") {
      this.#found(name, place);
    }
  }

  #operation(node: Node, place: Place): void {
    const sides = [node.leftExpression, node.rightExpression].filter(isNode);
    const operator = String(node.operator);
    if (operator === "*" && sides.some((side) => divides(side))) {
      this.#found("division before multiplication", place);
    }
    if (
      (operator === "==" || operator === "!=") &&
      sides.some((side) => nameOf(side) === "timestamp")
    ) {
      this.#found("equality of time", place);
    }
  }

  /** Errors, events and state that nothing refers to. */
  #unused(): void {
    const nodes = this.trees.flatMap((tree) => [...evaluated(tree)]);
    const used = new Set(nodes.flatMap(referencesOf));
    for (const contract of nodes.filter(({ nodeType }) => nodeType === "ContractDefinition")) {
      for (const definition of childrenOf(contract)) {
        const kind = kindOf(definition);
        if (kind === undefined || used.has(definition.id)) continue;
        this.#found(`unused ${kind}`, { contract: nameOf(contract), definition });
      }
    }
  }
}

/** Declarations that a node names; assembly keeps its own list. */
function referencesOf(node: Node): readonly number[] {
  const external = (node.externalReferences ?? []) as readonly { declaration: number }[];
  const own = typeof node.referencedDeclaration === "number" ? [node.referencedDeclaration] : [];
  return [...own, ...external.map(({ declaration }) => declaration)];
}

function kindOf(definition: Node): string | undefined {
  if (definition.nodeType === "ErrorDefinition") return "error";
  if (definition.nodeType === "EventDefinition") return "event";
  const isPrivateState = definition.stateVariable === true && definition.visibility !== "public";
  return isPrivateState ? "state" : undefined;
}

function divides(node: Node): boolean {
  if (node.nodeType === "TupleExpression") {
    return (node.components as Node[]).some((part) => isNode(part) && divides(part));
  }
  return node.nodeType === "BinaryOperation" && node.operator === "/";
}
