import { childIn, listIn, type Node, rangeOf, textIn, typeOf } from "./ast.ts";

/** A change of a few bytes of a source. */
export interface Edit {
  readonly operator: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** What a reader is shown as changed, when it is more than the bytes. */
  readonly shown?: readonly [start: number, end: number];
}

/** Reads the bytes of a node. */
export type Reader = (node: Node) => string;
type Operator = (node: Node, read: Reader) => readonly Edit[];

const ARITHMETIC: Readonly<Record<string, readonly string[]>> = {
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "**": ["*"],
  "<<": [">>"],
  ">>": ["<<"],
  "&": ["|"],
  "|": ["&"],
  "^": ["&"],
};
/** The other side of the bound, and the opposite. */
const COMPARISON: Readonly<Record<string, readonly string[]>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "==": ["!="],
  "!=": ["=="],
};
const ASSIGNMENT: Readonly<Record<string, string>> = {
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
  "|=": "&=",
  "&=": "|=",
};
/** Functions of the same shape that round the other way, or choose the other one. */
const PARTNERS: Readonly<Record<string, string>> = {
  mulWadDown: "mulWadUp",
  mulWadUp: "mulWadDown",
  divWadDown: "divWadUp",
  divWadUp: "divWadDown",
  mulWadFloor: "mulWadCeil",
  mulWadCeil: "mulWadFloor",
  floorToToken: "ceilToToken",
  ceilToToken: "floorToToken",
  priceUp: "priceDown",
  priceDown: "priceUp",
  Ceil: "Floor",
  Floor: "Ceil",
  min: "max",
  max: "min",
};
/** Functions whose first two values may change places. */
const COMMUTATIVE = new Set([
  "min",
  "max",
  "mulWadDown",
  "mulWadUp",
  "mulWadFloor",
  "mulWadCeil",
  "mulDivUp",
  "mulDiv",
]);

/** What can be done to each kind of node. */
const OPERATORS: Readonly<Record<string, readonly Operator[]>> = {
  BinaryOperation: [swapOperator, dropOperand, roundDivisionUp],
  Assignment: [swapAssignment, negateAssigned],
  UnaryOperation: [dropUnary, swapStep],
  Literal: [nudgeNumber, flipBoolean],
  Identifier: [swapPartner],
  MemberAccess: [swapPartner],
  FunctionCall: [swapArguments, swapReceiver, roundCall, negateArguments],
  IfStatement: [forceCondition],
  WhileStatement: [forceCondition],
  ForStatement: [forceCondition],
  Conditional: [forceCondition],
  Return: [negateReturned],
  VariableDeclarationStatement: [negateInitial],
  ExpressionStatement: [removeStatement],
  EmitStatement: [removeStatement],
  RevertStatement: [removeStatement],
  InlineAssembly: [],
};

/** All mutants that start at a node. */
export function editsOf(node: Node, read: Reader): readonly Edit[] {
  return (OPERATORS[node.nodeType] ?? []).flatMap((operator) => operator(node, read));
}

/** A constant's mutants, applied wherever it is used: one more and one less. */
export function constantEdits(type: string): readonly { operator: string; by: string }[] {
  if (!/^t_u?int\d+$/.test(type)) return [];
  return [
    { operator: "constant", by: "+ 1" },
    { operator: "constant", by: "- 1" },
  ];
}

function whole(node: Node, operator: string, text: string): Edit {
  const [start, end] = rangeOf(node);
  return { operator, start, end, text };
}

/** The bytes between two parts of a node, which hold its operator. */
function between(node: Node, left: Node, right: Node): Omit<Edit, "operator" | "text"> {
  return { start: rangeOf(left)[1], end: rangeOf(right)[0], shown: rangeOf(node) };
}

function swapOperator(node: Node, read: Reader): readonly Edit[] {
  const [left, right] = [childIn(node, "leftExpression"), childIn(node, "rightExpression")];
  const operator = textIn(node, "operator");
  const to = (texts: readonly string[] | undefined, name: string) =>
    (texts ?? []).map((text) =>
      whole(node, name, `${outer(left, read)} ${text} ${outer(right, read)}`),
    );
  if (operator === "&&") return to(["||"], "logic");
  if (operator === "||") return to(["&&"], "logic");
  return [...to(ARITHMETIC[operator], "arithmetic"), ...to(COMPARISON[operator], "bound")];
}

/** An operand that another operator may stand next to. */
function outer(node: Node, read: Reader): string {
  const text = read(node);
  return node.nodeType === "BinaryOperation" || node.nodeType === "Conditional"
    ? `(${text})`
    : text;
}

/** `a && b` as `a` and as `b`: an operand that never decides is caught here. */
function dropOperand(node: Node, read: Reader): readonly Edit[] {
  if (!["&&", "||"].includes(textIn(node, "operator"))) return [];
  return ["leftExpression", "rightExpression"].map((field) =>
    whole(node, "condition", `(${read(childIn(node, field))})`),
  );
}

function roundDivisionUp(node: Node, read: Reader): readonly Edit[] {
  if (textIn(node, "operator") !== "/" || !/^t_u?int\d+$/.test(typeOf(node))) return [];
  const [left, right] = [childIn(node, "leftExpression"), childIn(node, "rightExpression")];
  const [a, b] = [`(${read(left)})`, `(${read(right)})`];
  const up = typeOf(node).startsWith("t_uint")
    ? `(${a} == 0 ? ${a} : (${a} - 1) / ${b} + 1)`
    : `(${a} / ${b} + (${a} > 0 && ${a} % ${b} != 0 ? int8(1) : int8(0)))`;
  return [whole(node, "rounding", up)];
}

function swapAssignment(node: Node): readonly Edit[] {
  const to = ASSIGNMENT[textIn(node, "operator")];
  if (to === undefined) return [];
  const place = between(node, childIn(node, "leftHandSide"), childIn(node, "rightHandSide"));
  return [{ operator: "arithmetic", ...place, text: ` ${to} ` }];
}

function negateAssigned(node: Node, read: Reader): readonly Edit[] {
  return textIn(node, "operator") === "=" ? negate(childIn(node, "rightHandSide"), read) : [];
}

function negateReturned(node: Node, read: Reader): readonly Edit[] {
  return "expression" in node && node.expression !== null
    ? negate(childIn(node, "expression"), read)
    : [];
}

function negateInitial(node: Node, read: Reader): readonly Edit[] {
  return node.initialValue == null ? [] : negate(childIn(node, "initialValue"), read);
}

function negateArguments(node: Node, read: Reader): readonly Edit[] {
  if (node.kind === "typeConversion") return [];
  return listIn(node, "arguments").flatMap((argument) => negate(argument, read));
}

/** A sign where there was none; `-x` loses its own in {@link dropUnary}. */
function negate(node: Node, read: Reader): readonly Edit[] {
  const signed = /^t_int\d+$/.test(typeOf(node));
  if (!signed || textIn(node, "operator") === "-") return [];
  return [whole(node, "sign", `-(${read(node)})`)];
}

function dropUnary(node: Node, read: Reader): readonly Edit[] {
  const operator = textIn(node, "operator");
  if (!["-", "!", "~"].includes(operator) || typeOf(node).startsWith("t_rational")) return [];
  const name = operator === "-" ? "sign" : "logic";
  return [whole(node, name, `(${read(childIn(node, "subExpression"))})`)];
}

function swapStep(node: Node, read: Reader): readonly Edit[] {
  const operator = textIn(node, "operator");
  if (!["++", "--"].includes(operator)) return [];
  const operand = read(childIn(node, "subExpression"));
  const to = operator === "++" ? "--" : "++";
  return [whole(node, "arithmetic", node.prefix === true ? `${to}${operand}` : `${operand}${to}`)];
}

function nudgeNumber(node: Node, read: Reader): readonly Edit[] {
  const text = read(node);
  if (node.kind !== "number" || /^0x[0-9a-f]{40}$/i.test(text)) return [];
  const more = whole(node, "constant", `(${text} + 1)`);
  return /^0+$/.test(text) ? [more] : [more, whole(node, "constant", `(${text} - 1)`)];
}

function flipBoolean(node: Node): readonly Edit[] {
  if (node.kind !== "bool") return [];
  return [whole(node, "logic", textIn(node, "value") === "true" ? "false" : "true")];
}

function swapPartner(node: Node, read: Reader): readonly Edit[] {
  const name = textIn(node, node.nodeType === "Identifier" ? "name" : "memberName");
  const partner = PARTNERS[name];
  const type = typeOf(node);
  if (partner === undefined || !Object.hasOwn(PARTNERS, name)) return [];
  if (!type.startsWith("t_function") && !type.startsWith("t_enum")) return [];
  const text = `${read(node).slice(0, -name.length)}${partner}`;
  return [whole(node, ["min", "max"].includes(name) ? "bound" : "rounding", text)];
}

/** Neighbours of one type change places. */
function swapArguments(node: Node, read: Reader): readonly Edit[] {
  const values = listIn(node, "arguments");
  if (node.kind === "typeConversion" || listLength(node, "names") !== 0) return [];
  const bound = isBound(node);
  return values.slice(1).flatMap((right, index) => {
    const left = values[index];
    if (left === undefined || !sameType(left, right)) return [];
    if (index === 0 && !bound && COMMUTATIVE.has(calleeOf(node))) return [];
    const [start, end] = [rangeOf(left)[0], rangeOf(right)[1]];
    const middle = read(node).slice(
      rangeOf(left)[1] - rangeOf(node)[0],
      rangeOf(right)[0] - rangeOf(node)[0],
    );
    if (read(left) === read(right)) return [];
    return [{ operator: "swap", start, end, text: `${read(right)}${middle}${read(left)}` }];
  });
}

/** `a.divide(b)` as `b.divide(a)`. */
function swapReceiver(node: Node, read: Reader): readonly Edit[] {
  if (!isBound(node) || COMMUTATIVE.has(calleeOf(node))) return [];
  const receiver = childIn(childIn(node, "expression"), "expression");
  const [first] = listIn(node, "arguments");
  if (first === undefined || !sameType(receiver, first) || !typeOf(first).startsWith("t_"))
    return [];
  if (typeOf(first).startsWith("t_rational")) return [];
  const rest = listIn(node, "arguments")
    .slice(1)
    .map((value) => `, ${read(value)}`);
  const swapped = `(${read(first)}).${calleeOf(node)}(${read(receiver)}${rest.join("")})`;
  return [whole(node, "swap", swapped)];
}

/** Rounding of calls whose partner has another shape. */
function roundCall(node: Node, read: Reader): readonly Edit[] {
  const [a, b, c] = listIn(node, "arguments").map((value) => `(${read(value)})`);
  const name = calleeOf(node);
  if (name === "mulDivUp") return [whole(node, "rounding", `(${a} * ${b}) / ${c}`)];
  if (name === "divFloor") return [whole(node, "rounding", `${a} / ${b}`)];
  if (name === "toTokenDown") {
    return [whole(node, "rounding", `(${a} == 0 ? ${a} : (${a} - 1) / ${b} + 1)`)];
  }
  if (name === "mulDiv" && isBound(node) && c === undefined) {
    const receiver = read(childIn(childIn(node, "expression"), "expression"));
    return [whole(node, "rounding", `${receiver}.mulDiv(${a}, ${b}, Math.Rounding.Ceil)`)];
  }
  return [];
}

function forceCondition(node: Node): readonly Edit[] {
  if (node.condition == null) return [];
  const condition = childIn(node, "condition");
  return ["true", "false"].map((text) => whole(condition, "condition", text));
}

function removeStatement(node: Node): readonly Edit[] {
  return [whole(node, "removal", "")];
}

function calleeOf(call: Node): string {
  const callee = childIn(call, "expression");
  return textIn(callee, callee.nodeType === "Identifier" ? "name" : "memberName");
}

/** Whether a call is of the form `value.function(…)` by a `using … for`. */
function isBound(call: Node): boolean {
  const callee = childIn(call, "expression");
  return callee.nodeType === "MemberAccess" && typeOf(callee).includes("_attached_to_");
}

function sameType(a: Node, b: Node): boolean {
  const plain = (node: Node) => typeOf(node).replace(/^t_rational_.*_by_1$/, "t_rational");
  return plain(a) === plain(b);
}

function listLength(node: Node, field: string): number {
  const value = node[field];
  return Array.isArray(value) ? value.length : 0;
}
