import { expect } from "chai";
import { ethers } from "ethers";
import { artifacts } from "hardhat";

import {
  addSummaries,
  callsOf,
  functionsIn,
  readSummary,
  table,
} from "./fixtures/campaignSummary.ts";

const CONTRACTS = ["LiquidityVault", "MandateBook", "MarginVault", "MarketCharter", "OrderBook"];

/** All functions of a contract that change state: by name, those that share one by name and types. */
async function writing(contract: string): Promise<readonly string[]> {
  const { abi } = await artifacts.readArtifact(`contracts/${contract}.sol:${contract}`);
  const found: { readonly name: string; readonly signature: string }[] = [];
  new ethers.Interface(abi).forEachFunction((fragment) => {
    if (!fragment.constant) found.push({ name: fragment.name, signature: fragment.format() });
  });
  return found.map(({ name, signature }) => {
    const overloaded = found.filter((other) => other.name === name).length > 1;
    return `${contract}.${overloaded ? signature : name}`;
  });
}

describe("The campaign over the laws", () => {
  it("has every function of a market's five contracts that changes state in one of its lists", async () => {
    const expected = (await Promise.all(CONTRACTS.map(writing))).flat();
    expect([...functionsIn("open"), ...functionsIn("guarded")].sort()).to.deep.equal(
      expected.sort(),
    );
  });

  it("adds up what campaigns print, by function and by error", () => {
    const first =
      "  OrderBook.cancel: 5 called, 2 succeeded; 0x1234abcd=3\n  price moved: 7 called, 7 succeeded;\n";
    const second = "noise\n  OrderBook.cancel: 4 called, 1 succeeded; 0x1234abcd=1 0x00000001=2\n";
    const summary = addSummaries(readSummary(first), readSummary(second));
    expect(summary["OrderBook.cancel"]).to.deep.equal({
      called: 9,
      succeeded: 3,
      refusals: { "0x1234abcd": 4, "0x00000001": 2 },
    });
    expect(callsOf(summary)).to.equal(9);
    expect(table(summary, new Map([["0x1234abcd", "TooEarly"]]))).to.equal(
      "OrderBook.cancel: 9 called, 3 succeeded; TooEarly 4, 0x00000001 2\nprice moved: 7 called, 7 succeeded; ",
    );
  });
});
