import { childrenOf, type Node, rangeOf, textIn, typeOf } from "./ast.ts";

/** A node with what is around it, the nearest first. */
export interface Visit {
  readonly node: Node;
  readonly ancestors: readonly Node[];
}

const STATEMENTS = new Set([
  "ExpressionStatement",
  "Return",
  "EmitStatement",
  "RevertStatement",
  "VariableDeclarationStatement",
  "IfStatement",
  "ForStatement",
  "WhileStatement",
  "TryStatement",
  "Break",
  "Continue",
  "InlineAssembly",
]);
/** Statements that may stand in both arms of an `if`. */
const MOVABLE = new Set(["ExpressionStatement", "Return", "EmitStatement", "RevertStatement"]);
const SIMPLE_TYPE =
  /^t_(u?int\d+|bool|address(_payable)?|bytes\d+|bytes_(memory|calldata)_ptr|contract\$.*|enum\$.*|struct\$.*_(memory|storage)_ptr|string_memory_ptr)$/;

/** Every node that runs: bodies of functions and modifiers, but no assembly, constants or constructors of bases. */
export function visitsOf(unit: Node): readonly Visit[] {
  const visits: Visit[] = [];
  const walk = (node: Node, ancestors: readonly Node[]): void => {
    if (node.nodeType === "InlineAssembly") return;
    visits.push({ node, ancestors });
    for (const child of childrenOf(node)) walk(child, [node, ...ancestors]);
  };
  for (const { node, ancestors } of definitionsOf(unit)) {
    const body = childrenOf(node).find(({ nodeType }) => nodeType === "Block");
    if (body !== undefined) walk(body, [node, ...ancestors]);
  }
  return visits;
}

/** Functions and modifiers that have a body. */
export function definitionsOf(unit: Node): readonly Visit[] {
  const kinds = new Set(["FunctionDefinition", "ModifierDefinition"]);
  const inner = (node: Node, ancestors: readonly Node[]): readonly Visit[] =>
    kinds.has(node.nodeType)
      ? [{ node, ancestors }]
      : childrenOf(node).flatMap((child) => inner(child, [node, ...ancestors]));
  return childrenOf(unit)
    .filter(({ nodeType }) => nodeType === "ContractDefinition" || kinds.has(nodeType))
    .flatMap((node) => inner(node, [unit]));
}

/** Whether a node is a statement of a block or the body of a branch. */
export function isStatement({ node, ancestors }: Visit): boolean {
  const [parent] = ancestors;
  if (!STATEMENTS.has(node.nodeType) || parent === undefined) return false;
  return !(parent.nodeType === "ForStatement" && parent.body !== node);
}

/** Whether a statement may be put into an `if` with another in its `else`. */
export function isMovable(visit: Visit): boolean {
  return MOVABLE.has(visit.node.nodeType) && isStatement(visit);
}

/** Whether `condition ? other : expression` may stand for an expression. */
export function isReplaceable({ node, ancestors }: Visit): boolean {
  if (!SIMPLE_TYPE.test(typeOf(node)) || node.lValueRequested === true) return false;
  const [parent] = ancestors;
  if (node.nodeType === "Identifier" && isName(node, parent)) return false;
  return !(parent?.nodeType === "TryStatement" && parent.externalCall === node);
}

/** What a statement covers with its semicolon, which the compiler leaves out [bytes]. */
export function statementRange(node: Node, source: string): readonly [number, number] {
  const [start, end] = rangeOf(node);
  const rest = /^\s*;/.exec(source.slice(end, end + 200));
  return [start, end + (rest?.[0].length ?? 0)];
}

/** `Contract.function` of what surrounds a node. */
export function placeOf(ancestors: readonly Node[]): string {
  const names = ancestors
    .filter(({ nodeType }) => /^(Function|Modifier|Contract)Definition$/.test(nodeType))
    .map((node) => textIn(node, "name") || textIn(node, "kind"));
  return names.reverse().join(".");
}

/** Whether an identifier names something rather than being a value. */
function isName(node: Node, parent: Node | undefined): boolean {
  return parent?.nodeType === "MemberAccess" && typeOf(node).startsWith("t_type");
}
