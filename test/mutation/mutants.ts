import { createHash } from "node:crypto";
import {
  type Analysis,
  childrenOf,
  listIn,
  type Node,
  rangeOf,
  type Sources,
  typeOf,
  utf8,
} from "./ast.ts";
import { constantEdits, type Edit, editsOf } from "./operators.ts";
import type { Site } from "./rewrite.ts";
import {
  definitionsOf,
  isMovable,
  isReplaceable,
  isStatement,
  placeOf,
  statementRange,
  type Visit,
  visitsOf,
} from "./walk.ts";

/** One change of the contracts that some test should notice. */
export interface Mutant {
  /** Made of file, function, original and replacement, so that it survives changes elsewhere. */
  readonly id: string;
  readonly file: string;
  readonly place: string;
  readonly line: number;
  readonly operator: string;
  readonly original: string;
  readonly replacement: string;
  /** Where the mutant is put into the sources. */
  readonly sites: readonly Site[];
}

type Draft = Omit<Mutant, "id">;

/** Which files are mutated: what is deployed. */
const MUTATED = /^contracts\/(?!mocks\/|interfaces\/|types\/)/;

/** All mutants of a project, in the order of its sources. */
export function mutantsOf(sources: Sources, { units }: Analysis): readonly Mutant[] {
  const drafts = [...units]
    .filter(([file]) => MUTATED.test(file))
    .flatMap(([file, unit]) => {
      const source = sources.get(file) ?? "";
      return [...bodyMutants(file, source, unit), ...modifierMutants(file, source, unit, units)];
    });
  return named([...drafts, ...constantMutants(sources, units)]);
}

function named(drafts: readonly Draft[]): readonly Mutant[] {
  const seen = new Map<string, number>();
  return drafts.map((draft) => {
    const key = [draft.file, draft.place, draft.original, draft.replacement].join("\n");
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    const id = createHash("sha256")
      .update(nth === 0 ? key : `${key}\n${nth}`)
      .digest("hex");
    return { ...draft, id: id.slice(0, 10) };
  });
}

function bodyMutants(file: string, source: string, unit: Node): readonly Draft[] {
  const read = (node: Node) => source.slice(...rangeOf(node));
  const drafts = visitsOf(unit).flatMap((visit) =>
    editsOf(visit.node, read).flatMap((edit) => draftOf(file, source, visit, edit) ?? []),
  );
  return unique(drafts);
}

/** Two operators may make the same change of the same place. */
function unique(drafts: readonly Draft[]): readonly Draft[] {
  const seen = new Set<string>();
  return drafts.filter(({ sites }) => {
    const key = JSON.stringify(sites);
    return !seen.has(key) && seen.add(key);
  });
}

function draftOf(file: string, source: string, visit: Visit, edit: Edit): Draft | undefined {
  const host = hostOf(source, visit, edit);
  if (host === undefined) return undefined;
  const { start, end } = host;
  const text =
    edit.operator === "removal"
      ? ""
      : source.slice(start, edit.start) + edit.text + source.slice(edit.end, end);
  return {
    file,
    place: placeOf(visit.ancestors),
    line: lineAt(source, edit.start),
    operator: edit.operator,
    original: shown(source.slice(start, end)),
    replacement: shown(text),
    sites: [{ ...host, file, text }],
  };
}

type Host = Pick<Site, "start" | "end" | "form" | "cast">;

/** The smallest part of the source around an edit that can be replaced as a whole. */
function hostOf(source: string, visit: Visit, edit: Edit): Host | undefined {
  const inner = narrowed(visit, edit);
  const chain = [inner.node, ...inner.ancestors];
  for (const [index, node] of chain.entries()) {
    const here = { node, ancestors: chain.slice(index + 1) };
    if (isMovable(here)) {
      const [start, end] = statementRange(node, source);
      return { start, end, form: "statement" };
    }
    if (isStatement(here) || node.nodeType === "Block") return undefined;
    const host = edit.operator === "removal" ? undefined : expressionHost(source, here, edit);
    if (host !== undefined) return host;
  }
  return undefined;
}

/** The innermost node that holds an edit. */
function narrowed({ node, ancestors }: Visit, edit: Edit): Visit {
  const inner = childrenOf(node).find((child) => {
    const [start, end] = rangeOf(child);
    return start <= edit.start && edit.end <= end;
  });
  return inner === undefined
    ? { node, ancestors }
    : narrowed({ node: inner, ancestors: [node, ...ancestors] }, edit);
}

function expressionHost(source: string, here: Visit, edit: Edit): Host | undefined {
  const [start, end] = rangeOf(here.node);
  if (edit.start < start || end < edit.end) return undefined;
  if (isReplaceable(here)) return { start, end, form: "expression" };
  const cast = declaredType(here, source);
  return cast === undefined ? undefined : { start, end, form: "expression", cast };
}

/** Type that a literal must take where it is the first value of a variable. */
function declaredType({ node, ancestors: [parent] }: Visit, source: string): string | undefined {
  if (parent?.nodeType !== "VariableDeclarationStatement" || parent.initialValue !== node) return;
  const [declaration] = listIn(parent, "declarations");
  const type = declaration?.typeName as Node | undefined;
  if (type?.nodeType !== "ElementaryTypeName") return undefined;
  return source.slice(...rangeOf(type));
}

/** Without a modifier, each use of it for itself. */
function modifierMutants(
  file: string,
  source: string,
  unit: Node,
  units: ReadonlyMap<string, Node>,
): readonly Draft[] {
  return definitionsOf(unit).flatMap(({ node, ancestors }) =>
    listIn(node, "modifiers").flatMap((invocation) => {
      if (!isModifier(invocation, units)) return [];
      const [start, end] = rangeOf(invocation);
      return {
        file,
        place: placeOf([node, ...ancestors]),
        line: lineAt(source, start),
        operator: "removal",
        original: source.slice(start, end),
        replacement: "",
        sites: [{ file, start, end, form: "modifier" as const, text: "" }],
      };
    }),
  );
}

/** Whether an invocation names a modifier of this project; else it may be a constructor of a base. */
export function isModifier(invocation: Node, units: ReadonlyMap<string, Node>): boolean {
  const { referencedDeclaration } = invocation.modifierName as Node;
  return [...units.values()].some((unit) =>
    definitionsOf(unit).some(
      ({ node }) => node.nodeType === "ModifierDefinition" && node.id === referencedDeclaration,
    ),
  );
}

/** A constant is changed in all its uses at once: its own declaration must stay known to the compiler. */
function constantMutants(sources: Sources, units: ReadonlyMap<string, Node>): readonly Draft[] {
  const visits = [...units]
    .filter(([file]) => MUTATED.test(file))
    .flatMap(([file, unit]) => visitsOf(unit).map((visit) => ({ file, visit })));
  return [...units].flatMap(([file, unit]) =>
    constantsOf(unit).flatMap((constant) => {
      const uses = visits.filter(
        ({ visit: { node } }) =>
          node.referencedDeclaration === constant.id &&
          (node.nodeType === "Identifier" || node.nodeType === "MemberAccess"),
      );
      if (uses.length === 0) return [];
      const source = sources.get(file) ?? "";
      const original = shown(source.slice(...rangeOf(constant)));
      return constantEdits(typeOf(constant)).map(({ operator, by }) => ({
        file,
        place: "constant",
        line: lineAt(source, rangeOf(constant)[0]),
        operator,
        original,
        replacement: `${original} ${by}`,
        sites: uses.map(({ file: user, visit: { node } }) => {
          const [start, end] = rangeOf(node);
          const text = `(${(sources.get(user) ?? "").slice(start, end)} ${by})`;
          return { file: user, start, end, form: "expression" as const, text };
        }),
      }));
    }),
  );
}

function constantsOf(unit: Node): readonly Node[] {
  return childrenOf(unit).flatMap((node) => {
    if (node.nodeType === "VariableDeclaration" && node.constant === true) return [node];
    return node.nodeType === "ContractDefinition" ? constantsOf(node) : [];
  });
}

function lineAt(source: string, start: number): number {
  return source.slice(0, start).split("\n").length;
}

function shown(text: string): string {
  return utf8(text).replace(/\s+/g, " ").trim();
}
