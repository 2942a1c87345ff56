import { getCoverageLibrary } from "@nomicfoundation/edr/coverage";
import {
  type Analysis,
  childIn,
  childrenOf,
  listIn,
  type Node,
  rangeOf,
  type Sources,
  textIn,
  utf8,
} from "./ast.ts";
import { rewrite, type Site } from "./rewrite.ts";
import { placeOf, type Visit, visitsOf } from "./walk.ts";

/** One way out of a decision. */
export interface Branch {
  readonly id: number;
  readonly file: string;
  readonly line: number;
  readonly place: string;
  /** The condition, or what a block follows. */
  readonly text: string;
  readonly outcome: "true" | "false" | "entered";
}

/** Sources that report the branches they take, and the list of these. */
export interface Probed {
  readonly copies: Sources;
  readonly branches: readonly Branch[];
}

/** Which files are looked at: what is deployed. */
const PROBED = /^contracts\/(?!mocks\/|interfaces\/|types\/)/;
const PROBE = "contracts/Probe.sol";
/** Numbers of branches start here, so that none is taken for a line's. */
const FIRST = 0x100000;

/** Puts a probe around each condition and each operand of `&&` and `||`, and into each way out of a `try`. */
export function probesOf(sources: Sources, { units }: Analysis): Probed {
  const branches: Branch[] = [];
  const copies = new Map(sources);
  for (const [file, unit] of units) {
    const source = sources.get(file) ?? "";
    if (!PROBED.test(file)) continue;
    const sites = visitsOf(unit).flatMap((visit) => probeSites(file, source, visit, branches));
    if (sites.length === 0) continue;
    const probed = rewrite(
      source,
      sites.map((site) => ({ site, when: "" })),
    );
    const up = "../".repeat(file.split("/").length - 2) || "./";
    copies.set(
      file,
      probed.replace(/^pragma .*$/m, (line) => `${line}\nimport {Probe} from "${up}Probe.sol";`),
    );
  }
  const { filename, content } = getCoverageLibrary();
  copies.set(filename, content).set(PROBE, probeSource(filename));
  return { copies, branches };
}

/** Id of the branch that a hit of the coverage device names, if it is one. */
export function branchOf(tag: string): number {
  return Number.parseInt(tag.slice(-8), 16);
}

function probeSource(library: string): string {
  return `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {__NomicFoundationCoverage} from "../${library}";

library Probe {
    function hit(uint256 id) internal pure {
        __NomicFoundationCoverage.sendHit(id);
    }

    function both(uint256 id, bool condition) internal pure returns (bool) {
        __NomicFoundationCoverage.sendHit(condition ? id : id + 1);
        return condition;
    }
}
`;
}

function probeSites(
  file: string,
  source: string,
  { node, ancestors }: Visit,
  branches: Branch[],
): readonly Site[] {
  const add = (at: Node, text: string, outcome: Branch["outcome"]): number => {
    const id = FIRST + branches.length;
    const line = source.slice(0, rangeOf(at)[0]).split("\n").length;
    branches.push({ id, file, line, place: placeOf([node, ...ancestors]), text, outcome });
    return id;
  };
  const conditions = conditionsOf(node).map((condition): Site => {
    const [start, end] = rangeOf(condition);
    const text = utf8(source.slice(start, end)).replace(/\s+/g, " ");
    const id = add(condition, text, "true");
    add(condition, text, "false");
    return { file, start, end, form: "wrap", text: `Probe.both(${id}, (`, after: "))" };
  });
  const blocks = node.nodeType === "TryCatchClause" ? [childIn(node, "block")] : [];
  return [
    ...conditions,
    ...blocks.map((block): Site => {
      const [start] = rangeOf(block);
      const id = add(block, textIn(node, "errorName") || "try or catch", "entered");
      return { file, start, end: start + 1, form: "wrap", text: "", after: ` Probe.hit(${id});` };
    }),
  ];
}

/** What is true or false where a node decides. Of `a && b` that is each operand. */
function conditionsOf(node: Node): readonly Node[] {
  switch (node.nodeType) {
    case "IfStatement":
    case "Conditional":
    case "WhileStatement":
    case "ForStatement":
      return node.condition == null ? [] : leavesOf(childIn(node, "condition"));
    case "FunctionCall":
      return textIn(childIn(node, "expression"), "name") === "require"
        ? listIn(node, "arguments").slice(0, 1).flatMap(leavesOf)
        : [];
    case "BinaryOperation":
      return isLogic(node) ? childrenOf(node).filter((child) => !isLogic(inner(child))) : [];
    default:
      return [];
  }
}

/** A condition that is not put together of others; those are found at their own node. */
function leavesOf(condition: Node): readonly Node[] {
  return isLogic(inner(condition)) || condition.kind === "bool" ? [] : [condition];
}

function inner(node: Node): Node {
  const [only, ...others] = node.nodeType === "TupleExpression" ? listIn(node, "components") : [];
  return only === undefined || others.length !== 0 ? node : inner(only);
}

function isLogic(node: Node): boolean {
  return node.nodeType === "BinaryOperation" && ["&&", "||"].includes(textIn(node, "operator"));
}
