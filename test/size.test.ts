import { expect } from "chai";
import { artifacts } from "hardhat";

import { onDeployableCode } from "./fixtures/deployable.ts";

/** EIP-170's limit of 24,576 with a margin of 1 KB, so that a compiler's next release cannot make us undeployable [bytes]. */
const MAX_RUNTIME = 24_576 - 1_024;
/** EIP-3860 [bytes]. */
const MAX_CREATION = 49_152;
/** Kept in two chunks of code, each behind one byte: see CodeStore [bytes]. */
const MAX_STORED_CREATION = 2 * (24_576 - 1);

/** Contracts whose creation code a factory keeps. */
const STORED = ["MarginVault", "LiquidityVault", "OrderBook", "MarketCharter", "MandateBook"];

interface Size {
  readonly name: string;
  readonly runtime: number;
  readonly creation: number;
}

/** Sizes of all contracts that can be deployed and are not test code. */
async function sizes(): Promise<readonly Size[]> {
  const names = [...(await artifacts.getAllFullyQualifiedNames())].filter(
    (name) => name.startsWith("contracts/") && !name.startsWith("contracts/mocks/"),
  );
  const read = await Promise.all(names.map((name) => artifacts.readArtifact(name)));
  return read
    .map(({ contractName, bytecode, deployedBytecode }) => ({
      name: contractName,
      runtime: bytesIn(deployedBytecode),
      creation: bytesIn(bytecode),
    }))
    .filter(({ runtime }) => runtime > 0);
}

function bytesIn(hex: string): number {
  return (hex.length - 2) / 2;
}

describe("size", () => {
  onDeployableCode("sizes of contracts", defineSizes);
});

function defineSizes() {
  it("knows the contracts of a market", async () => {
    const names = (await sizes()).map(({ name }) => name);
    expect(names).to.include.members([...STORED, "MarketFactory", "MarketLens"]);
  });

  it(`no contract is larger than ${MAX_RUNTIME} bytes`, async () => {
    const large = (await sizes()).filter(({ runtime }) => runtime > MAX_RUNTIME);
    expect(large.map(({ name, runtime }) => `${name} ${runtime}`)).to.deep.equal([]);
  });

  it(`no creation code is larger than ${MAX_CREATION} bytes`, async () => {
    const large = (await sizes()).filter(({ creation }) => creation > MAX_CREATION);
    expect(large.map(({ name, creation }) => `${name} ${creation}`)).to.deep.equal([]);
  });

  it(`no stored creation code is larger than ${MAX_STORED_CREATION} bytes`, async () => {
    const large = (await sizes()).filter(
      ({ name, creation }) => STORED.includes(name) && creation > MAX_STORED_CREATION,
    );
    expect(large.map(({ name, creation }) => `${name} ${creation}`)).to.deep.equal([]);
  });
}
