import { expect } from "chai";
import { analyse } from "./ast.ts";
import { type Mutant, mutantsOf } from "./mutants.ts";
import { schemataOf } from "./schemata.ts";

const FILE = "contracts/libraries/Sample.sol";

/** Mutants of a function body, in a library that has what the operators look for. */
function mutantsIn(
  body: string,
  head = "uint256 a, uint256 b, int256 s, bool p, bool q",
): readonly Mutant[] {
  const { sources, analysis } = sampleOf(body, head);
  expect(analysis.errors.map(({ message }) => message)).to.deep.equal([]);
  return mutantsOf(sources, analysis).filter(({ place }) => place === "Sample.run");
}

function sampleOf(body: string, head: string) {
  const source = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// Bytes and characters differ here: ± × ÷.
library Sample {
    uint256 private constant LIMIT = 10;
    event Moved(uint256 from, uint256 to, bool up);
    error Refused(uint256 from);
    function mulWadUp(uint256 a, uint256 b) internal pure returns (uint256) { return a * b; }
    function mulWadDown(uint256 a, uint256 b) internal pure returns (uint256) { return a * b; }
    function mulDivUp(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) { return a * b / c; }
    function note(uint256 a, uint256 b) internal {}
    function run(${head}) internal returns (uint256 result) { ${body} }
    function limited(uint256 a) internal pure returns (bool) { return a < LIMIT; }
}
`;
  const sources = new Map([[FILE, Buffer.from(source).toString("latin1")]]);
  return { sources, analysis: analyse(sources) };
}

/** `original → replacement`, without what cannot be told apart in a table. */
function shown(mutants: readonly Mutant[], operator: string): readonly string[] {
  return mutants
    .filter((mutant) => mutant.operator === operator)
    .map(({ original, replacement }) => `${original} → ${replacement}`);
}

describe("mutants of a source", () => {
  describe("arithmetic", () => {
    for (const [from, to] of [
      ["+", "-"],
      ["-", "+"],
      ["*", "/"],
      ["%", "*"],
      ["<<", ">>"],
      [">>", "<<"],
      ["&", "|"],
      ["|", "&"],
    ] as const) {
      it(`makes ${from} a ${to}`, () => {
        const mutants = mutantsIn(`result = a ${from} b;`);
        expect(shown(mutants, "arithmetic")).to.deep.equal([`a ${from} b → a ${to} b`]);
      });
    }

    it("adds where something was taken away in place", () => {
      const mutants = mutantsIn("result -= a;");
      expect(shown(mutants, "arithmetic")).to.deep.equal(["result -= a → result += a"]);
    });

    it("counts the other way, but leaves a loop its step", () => {
      const mutants = mutantsIn("++result; for (uint256 i; i < a; ++i) ++result;");
      expect(shown(mutants, "removal")).to.have.lengthOf(2);
      expect(shown(mutants, "arithmetic")).to.deep.equal([
        "++result → --result",
        "++i → --i",
        "++result → --result",
      ]);
    });
  });

  describe("rounding", () => {
    it("divides up instead of down", () => {
      expect(shown(mutantsIn("result = a / b;"), "rounding")).to.deep.equal([
        "a / b → ((a) == 0 ? (a) : ((a) - 1) / (b) + 1)",
      ]);
    });

    it("takes the function that rounds the other way", () => {
      expect(shown(mutantsIn("result = mulWadUp(a, b);"), "rounding")).to.deep.equal([
        "mulWadUp(a, b) → mulWadDown(a, b)",
      ]);
    });

    it("divides down what was divided up", () => {
      expect(shown(mutantsIn("result = mulDivUp(a, b, 7);"), "rounding")).to.deep.equal([
        "mulDivUp(a, b, 7) → ((a) * (b)) / (7)",
      ]);
    });
  });

  it("moves bounds to both sides", () => {
    expect(shown(mutantsIn("p = a < b;"), "bound")).to.deep.equal([
      "a < b → a <= b",
      "a < b → a >= b",
    ]);
    expect(shown(mutantsIn("p = a == b;"), "bound")).to.deep.equal(["a == b → a != b"]);
  });

  it("exchanges and drops the operands of a condition", () => {
    const mutants = mutantsIn("q = p && q;");
    expect(shown(mutants, "logic")).to.deep.equal(["p && q → p || q"]);
    expect(shown(mutants, "condition")).to.deep.equal(["p && q → (p)", "p && q → (q)"]);
  });

  it("forces conditions both ways", () => {
    expect(shown(mutantsIn("if (p) result = a;"), "condition")).to.deep.equal([
      "p → true",
      "p → false",
    ]);
    expect(shown(mutantsIn("result = p ? a : b;"), "condition")).to.deep.equal([
      "p → true",
      "p → false",
    ]);
  });

  it("drops and adds signs and negations", () => {
    expect(shown(mutantsIn("s = -s;"), "sign")).to.deep.equal(["-s → (s)"]);
    expect(shown(mutantsIn("s = s * 2;"), "sign")).to.deep.equal(["s * 2 → -(s * 2)"]);
    expect(shown(mutantsIn("p = !q;"), "logic")).to.deep.equal(["!q → (q)"]);
  });

  it("moves numbers by one, and a constant in all its uses", () => {
    expect(shown(mutantsIn("result = a + 5;"), "constant")).to.deep.equal([
      "a + 5 → a + (5 + 1)",
      "a + 5 → a + (5 - 1)",
    ]);
    const { sources, analysis } = sampleOf("", "");
    const constants = mutantsOf(sources, analysis).filter(({ place }) => place === "constant");
    expect(constants.map(({ sites }) => sites.map(({ text }) => text))).to.deep.equal([
      ["(LIMIT + 1)"],
      ["(LIMIT - 1)"],
    ]);
  });

  it("gives a number the type of the variable that it begins with", () => {
    const mutants = mutantsIn("uint256 c = 5; result = c;");
    expect(
      mutants.filter(({ operator }) => operator === "constant").map(({ sites }) => sites[0]?.cast),
    ).to.deep.equal(["uint256", "uint256"]);
  });

  it("swaps neighbours of one type, but not the factors of a product", () => {
    expect(shown(mutantsIn("note(a, b);"), "swap")).to.deep.equal(["note(a, b); → note(b, a);"]);
    expect(shown(mutantsIn("emit Moved(a, b, p);"), "swap")).to.deep.equal([
      "emit Moved(a, b, p); → emit Moved(b, a, p);",
    ]);
    expect(shown(mutantsIn("result = mulWadUp(a, b);"), "swap")).to.deep.equal([]);
  });

  it("removes statements: assignments, calls, logs, checks", () => {
    const mutants = mutantsIn(
      "result = a; note(a, b); emit Moved(a, b, p); require(p, Refused(a));",
    );
    expect(shown(mutants, "removal")).to.deep.equal([
      "result = a; → ",
      "note(a, b); → ",
      "emit Moved(a, b, p); → ",
      "require(p, Refused(a)); → ",
    ]);
  });

  it("knows a mutant again when lines before it change", () => {
    const before = mutantsIn("result = a + b;").map(({ id }) => id);
    const after = mutantsIn("note(b, a); result = a + b;").map(({ id }) => id);
    expect(after).to.include.members(before);
  });

  it("tells equal changes of one function apart", () => {
    const ids = mutantsIn("result = a; result = a;").map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  });
});

describe("schemata", () => {
  it("compile with all mutants in them, and hold each behind its own switch", () => {
    const { sources, analysis } = sampleOf(
      "require(p && a < b, Refused(a)); uint256 c = 5; if (q) c = a / b; else c -= LIMIT; s = -s; result = mulWadUp(a, c);",
      "uint256 a, uint256 b, int256 s, bool p, bool q",
    );
    const mutants = mutantsOf(sources, analysis);
    const copies = schemataOf(sources, analysis, mutants);
    expect(analyse(copies).errors.map(({ message }) => message)).to.deep.equal([]);
    const switches = [...(copies.get(FILE) ?? "").matchAll(/Mutant\.on\((\d+)\)/g)].map(
      ([, n]) => n,
    );
    expect(new Set(switches).size).to.equal(mutants.length);
  });
});
