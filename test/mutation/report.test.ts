import { expect } from "chai";
import type { Mutant } from "./mutants.ts";
import { intervalOf, rowsOf, scoreOf } from "./report.ts";
import type { Result } from "./run.ts";
import { drawn } from "./sample.ts";

/** A mutant of a file, with nothing else that counts here. */
function mutant(id: string, file: string): Mutant {
  const nothing = { place: "", line: 1, operator: "", original: "", replacement: "", sites: [] };
  return { id, file, ...nothing };
}

function resultsOf(outcomes: Readonly<Record<string, Result["outcome"]>>) {
  const entries = Object.entries(outcomes);
  return new Map(entries.map(([id, outcome]) => [id, { id, outcome, milliseconds: 1 }]));
}

describe("mutation report", () => {
  const mutants = ["a", "b", "c", "d", "e"].map((id) => mutant(id, id === "e" ? "two" : "one"));
  const results = resultsOf({ a: "killed", b: "survived", c: "survived", e: "killed" });

  it("counts by file, and leaves justified mutants out of the score", () => {
    const reasons = new Map([["c", { id: "c", mutant: "", reason: "the same number" }]]);
    const [one, two] = rowsOf(mutants, results, reasons);
    expect(one).to.deep.include({ file: "one", mutants: 4, run: 3, killed: 1, equivalent: 1 });
    expect(one?.survived.map(({ id }) => id)).to.deep.equal(["b"]);
    expect(one && scoreOf(one)).to.equal(0.5);
    expect(two && scoreOf(two)).to.equal(1);
  });

  it("gives Wilson's interval", () => {
    // 8 of 10: (0.8 + 0.19207) ± 1.96 × √(0.016 + 0.0096036), over 1.38415.
    expect(intervalOf(8, 10).map((bound) => bound.toFixed(4))).to.deep.equal(["0.4902", "0.9433"]);
  });

  it("draws the same share of each file, and the same mutants again", () => {
    const many = Array.from({ length: 100 }, (_, index) =>
      mutant((index * 7919 + 4096).toString(16).padStart(10, "0"), index < 80 ? "large" : "small"),
    );
    const first = drawn(many, 10, 1);
    expect(first.filter(({ file }) => file === "large")).to.have.lengthOf(8);
    expect(first.filter(({ file }) => file === "small")).to.have.lengthOf(2);
    expect(drawn([...many].reverse(), 10, 1)).to.have.members(first);
    expect(drawn(many, 10, 2)).to.not.have.members(first);
  });
});
