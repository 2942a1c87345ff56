import {
  type Analysis,
  type CompilerError,
  childrenOf,
  listIn,
  type Node,
  rangeOf,
  type Sources,
} from "./ast.ts";
import { isModifier, type Mutant } from "./mutants.ts";
import { rewrite, type Site, type Switched } from "./rewrite.ts";
import { definitionsOf, statementRange } from "./walk.ts";

/** Where the switch lives in the copy. */
const SWITCH = "contracts/Mutant.sol";
/** Number of the first mutant: an address above those of precompiled contracts. */
const FIRST = 0x10000;

/** The block's beneficiary names the mutant that is on: two gas to read, no storage, the same in calls and transactions. */
const SWITCH_SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

library Mutant {
    function on(uint256 index) internal view returns (bool result) {
        assembly ("memory-safe") {
            result := eq(coinbase(), index)
        }
    }
}
`;

/** The beneficiary that turns the mutant at an index on. */
export function coinbaseOf(index: number): string {
  return `0x${(FIRST + index).toString(16).padStart(40, "0")}`;
}

/** The sources with all mutants in them, each behind its switch. */
export function schemataOf(
  sources: Sources,
  { units }: Analysis,
  mutants: readonly Mutant[],
  files = /^/,
): Sources {
  const switched = new Map<string, Switched[]>();
  for (const [index, { sites }] of mutants.entries()) {
    for (const site of sites.filter(({ file }) => files.test(file))) {
      const own = switched.get(site.file) ?? [];
      own.push({ site, when: `Mutant.on(${FIRST + index})` });
      switched.set(site.file, own);
    }
  }
  const copies = [...sources].map(([file, source]): [string, string] => {
    const unit = units.get(file);
    if (unit === undefined) return [file, source];
    const own = switched.get(file) ?? [];
    const extra = [...viewSites(file, source, unit), ...modifierSites(file, source, unit, units)];
    const all = [...own, ...extra.map((site) => ({ site, when: "" }))];
    return [file, own.length === 0 ? rewrite(source, all) : withImport(file, rewrite(source, all))];
  });
  return new Map([...copies, [SWITCH, SWITCH_SOURCE]]);
}

/** Those whose own text the compiler complains about. */
export function faultyOf(
  mutants: readonly Mutant[],
  copies: Sources,
  errors: readonly CompilerError[],
): ReadonlySet<Mutant> {
  const faulty = new Set<Mutant>();
  for (const { file, start, end } of errors) {
    const found = nearestNumber(copies.get(file) ?? "", start, end);
    const mutant = found === undefined ? undefined : mutants[found - FIRST];
    if (mutant !== undefined) faulty.add(mutant);
  }
  return faulty;
}

/** Number of the last switch before a place that a mutant's own text holds. */
function nearestNumber(copy: string, start: number, end: number): number | undefined {
  const inside = /Mutant\.on\((\d+)\)/.exec(copy.slice(start, end));
  const before = [
    ...copy.slice(Math.max(0, start - 4_000), start).matchAll(/Mutant\.on\((\d+)\)/g),
  ];
  const found = before.at(-1) ?? inside;
  return found?.[1] === undefined ? undefined : Number(found[1]);
}

/** What reads the switch is no longer pure. */
function viewSites(file: string, source: string, unit: Node): readonly Site[] {
  return functionsOf(unit).flatMap((node) => {
    if (node.stateMutability !== "pure") return [];
    const from = rangeOf(node)[0];
    const body = childrenOf(node).find(({ nodeType }) => nodeType === "Block");
    const head = source.slice(from, body === undefined ? rangeOf(node)[1] : rangeOf(body)[0]);
    const found = /\)(?:[^()]|\([^()]*\))*?\bpure\b/.exec(head);
    if (found === null) return [];
    const end = from + found.index + found[0].length;
    return [{ file, start: end - 4, end, form: "wrap" as const, text: "view /*", after: "*/" }];
  });
}

function functionsOf(unit: Node): readonly Node[] {
  return childrenOf(unit).flatMap((node) => {
    if (node.nodeType === "FunctionDefinition") return [node];
    return node.nodeType === "ContractDefinition" ? functionsOf(node) : [];
  });
}

/** A modifier takes one more argument, and does nothing when it is true; so each use of it has one, too. */
function modifierSites(
  file: string,
  source: string,
  unit: Node,
  units: ReadonlyMap<string, Node>,
): readonly Site[] {
  return definitionsOf(unit).flatMap(({ node }) => [
    ...(node.nodeType === "ModifierDefinition" ? definitionSites(file, source, node) : []),
    ...listIn(node, "modifiers")
      .filter((invocation) => isModifier(invocation, units))
      .map((invocation): Site => {
        const [start, end] = rangeOf(invocation);
        return { file, start, end, form: "modifier", text: "" };
      }),
  ]);
}

function definitionSites(file: string, source: string, node: Node): readonly Site[] {
  const end = rangeOf(node.parameters as Node)[1];
  const comma = listIn(node.parameters as Node, "parameters").length === 0 ? "" : ", ";
  const statements = listIn(node.body as Node, "statements")
    .filter(({ nodeType }) => nodeType !== "PlaceholderStatement")
    .map((statement): Site => {
      const [from, to] = statementRange(statement, source);
      return { file, start: from, end: to, form: "wrap", text: "if (!off_) {", after: "}" };
    });
  const parameter: Site = { file, start: end - 1, end, form: "wrap", text: `${comma}bool off_` };
  return [parameter, ...statements];
}

function withImport(file: string, source: string): string {
  const up = "../".repeat(file.split("/").length - 2) || "./";
  return source.replace(
    /^pragma .*$/m,
    (line) => `${line}\nimport {Mutant} from "${up}Mutant.sol";`,
  );
}
