import { expect } from "chai";
import { ACCEPTED } from "./accepted.ts";
import { Analyser, type Finding, syntaxTrees, treesOf } from "./analyser.ts";

const named = ({ detector, where }: Finding) => `${detector} | ${where}`;

/** A contract in which every detector has something to find. */
const WITH_EVERYTHING = `
// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface Other {
    function ask() external returns (uint256);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

contract Everything {
    error NeverThrown();
    event NeverEmitted();

    struct Entry { uint256 amount; }

    uint256 private _unused;
    uint256 private _state;
    mapping(uint256 => Entry) private _entries;

    function late(Other other) external { _state = other.ask(); }
    function lateByPointer(Other other) external {
        Entry storage entry = _entries[0];
        other.ask();
        entry.amount = 1;
    }
    function lateBelow(Other other) external { other.ask(); _write(); }
    function inTime(Other other) external { _write(); other.ask(); }
    function take(Other other, address from) external { other.transferFrom(from, address(this), 1); }
    function takeOwn(Other other) external { other.transferFrom(msg.sender, address(this), 1); }
    function send(address payable to) external { to.call{value: 1}(""); }
    function origin() external view returns (bool) { return tx.origin == msg.sender || block.number == 1; }
    function now_(uint256 t) external view returns (bool) { return block.timestamp == t; }
    function divide(uint256 a) external pure returns (uint256) { return (a / 3) * 2; }
    function narrow(uint256 a) external pure returns (uint64) { return uint64(a); }
    function loop(uint256 n) external pure { for (uint256 i; i < n; ++i) {} }
    function wrap(uint256 a) external pure returns (uint256) { unchecked { return a + 1; } }
    function raw() external pure returns (uint256 a) { assembly { a := 1 } }
    function _write() private { _state = 1; }
}
`;

describe("static analysis", () => {
  it("finds what it is for, and nothing where there is nothing", () => {
    const trees = treesOf({ "contracts/Everything.sol": WITH_EVERYTHING });
    const found = new Analyser(trees).run().map(named);
    const expected = [
      "assembly | Everything.raw",
      "block.number | Everything.origin",
      "division before multiplication | Everything.divide",
      "equality of time | Everything.now_",
      "loop | Everything.loop",
      "low-level call | Everything.send",
      "narrowing without SafeCast | Everything.narrow",
      "state written after a call | Everything.late",
      "state written after a call | Everything.lateBelow",
      "state written after a call | Everything.lateByPointer",
      "tokens of another | Everything.take",
      "tx.origin | Everything.origin",
      "unchecked arithmetic | Everything.wrap",
      "unchecked result of a call | Everything.send",
      "unused error | Everything.NeverThrown",
      "unused event | Everything.NeverEmitted",
      "unused state | Everything._unused",
    ];
    expect(found.filter((each) => !each.startsWith("unguarded entry"))).to.deep.equal(expected);
    expect(found).to.include("unguarded entry | Everything.inTime");
    expect(found).not.to.include("unguarded entry | Everything.origin");
  });

  it("leaves nothing in the contracts without a reason, and no reason without a finding", () => {
    const found = new Analyser(syntaxTrees()).run().map(named);
    const accepted = ACCEPTED.flatMap(({ detector, where }) =>
      where.map((place) => named({ detector, where: place })),
    );
    expect(accepted.filter((each) => !found.includes(each))).to.deep.equal([]);
    expect(found.filter((each) => !accepted.includes(each))).to.deep.equal([]);
    expect(new Set(accepted).size).to.equal(accepted.length);
  }).timeout(300_000);
});
