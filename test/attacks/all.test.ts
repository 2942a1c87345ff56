import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";

const FOLDER = new URL("./", import.meta.url);
const TABLE = new URL("../../docs/ATTACKS.md", import.meta.url);
const SPEC = new URL("../../docs/SPEC.md", import.meta.url);
const NUMBERS = Array.from({ length: 64 }, (_, index) => String(index + 1).padStart(2, "0"));

/** Files of attacks by name, this one apart. */
const files = readdirSync(FOLDER).filter((name) => name !== "all.test.ts");
/** Rows of the table, cell by cell. */
const rows = readFileSync(TABLE, "utf8")
  .split("\n")
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

/** Numbers of requirements and laws that SPEC and INVARIANTS have. */
function namesOf(file: URL, name: RegExp): ReadonlySet<string> {
  return new Set(readFileSync(file, "utf8").match(name) ?? []);
}

describe("attacks of the field", () => {
  it("are numbered 01 to 64, each with one file and one row", () => {
    expect(files.map((name) => name.slice(0, 2)).sort()).to.deep.equal(NUMBERS);
    expect(rows.map(([, number]) => number)).to.deep.equal(NUMBERS);
  });

  for (const file of files) {
    it(`${file} is named for its number, and its row says why it fails and leads to it`, () => {
      expect(file).to.match(/^\d\d-[a-z0-9-]+\.test\.ts$/);
      const number = file.slice(0, 2);
      const source = readFileSync(new URL(file, FOLDER), "utf8");
      expect(source.match(/^describe\("attack \d\d: /gm)).to.deep.equal([
        `describe("attack ${number}: `,
      ]);
      const own = rows.filter(([, first]) => first === number);
      expect(own.length).to.equal(1);
      const [, , attack, why, requirement, test] = own[0] ?? [];
      expect([attack, why, requirement]).not.to.include("");
      expect(test).to.equal(`[${number}](../test/attacks/${file})`);
    });
  }

  it("name requirements that there are", () => {
    const known = namesOf(SPEC, /BH-\d+/g);
    const named = namesOf(TABLE, /BH-\d+/g);
    expect([...named].filter((name) => !known.has(name))).to.deep.equal([]);
  });
});
