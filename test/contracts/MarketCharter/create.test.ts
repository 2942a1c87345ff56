import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import type { MarketParametersStruct } from "../../../types/ethers-contracts/contracts/MarketFactory.ts";
import { deployMarket } from "../../fixtures/market.ts";
import { CURATOR, DAY, GUARDIAN, NOBODY } from "../../fixtures/powers.ts";
import { plain, plainTree } from "../../fixtures/structs.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;

/** A market, its parameters, and a function that creates another with changed powers. */
async function marketFixture() {
  const market = await deployMarket(connection);
  const { factory, token, accounts } = market;
  const parameters = plainTree(await factory.parametersOf(1n));
  await token.mint(accounts.deployer, 1_000_000n);
  await token.connect(accounts.deployer).approve(factory, 1_000_000n);
  const create = async (powers: Record<string, unknown>) => {
    const changed = { ...parameters, powers: { ...plainTree(parameters.powers), ...powers } };
    return await factory
      .connect(accounts.deployer)
      .createMarket(changed as unknown as MarketParametersStruct);
  };
  return { ...market, market, create };
}

describe("MarketCharter, created with its powers (BH-200)", () => {
  const bounds = [
    { name: "changeDelay", lower: 2n * DAY, upper: 30n * DAY },
    { name: "deadOracleDelay", lower: 7n * DAY, upper: 90n * DAY },
    { name: "deadOracleNotice", lower: DAY, upper: 30n * DAY },
  ];
  for (const { name, lower, upper } of bounds) {
    for (const value of [lower - 1n, upper + 1n]) {
      it(`refuses a ${name} of ${value} s`, async () => {
        const { create, charter } = await networkHelpers.loadFixture(marketFixture);
        await expect(create({ [name]: value }))
          .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
          .withArgs(encodeBytes32String(name), value, lower, upper);
      });
    }
    for (const value of [lower, upper]) {
      it(`takes a ${name} of ${value} s`, async () => {
        const { create, factory } = await networkHelpers.loadFixture(marketFixture);
        await create({ [name]: value });
        const { charter } = await factory.marketOf(2n);
        const created = await ethers.getContractAt("MarketCharter", charter);
        expect(plain(await created.powers())).to.include({ [name]: value });
      });
    }
  }

  it("shows who holds which role, the delays, and that nothing is announced or stopped", async () => {
    const { charter, accounts } = await networkHelpers.loadFixture(marketFixture);
    expect(await charter.holderOf(CURATOR)).to.equal(accounts.curator);
    expect(await charter.holderOf(GUARDIAN)).to.equal(accounts.guardian);
    expect(await charter.heirOf(CURATOR)).to.equal(NOBODY);
    expect(plain(await charter.powers())).to.deep.equal({
      curator: accounts.curator.address,
      guardian: accounts.guardian.address,
      changeDelay: 2n * DAY,
      deadOracleDelay: 7n * DAY,
      deadOracleNotice: DAY,
    });
    expect(await charter.changeCount()).to.equal(0n);
    expect(await charter.latestTermsId()).to.equal(1n);
    expect(await charter.increasesStoppedUntil()).to.equal(0n);
    expect(plain(await charter.deadOracleNotice())).to.deep.equal({
      givenAt: 0n,
      settleableAt: 0n,
      clock: 0n,
      stands: false,
    });
  });

  describe("given a market without a curator and a guardian", () => {
    it("lets nobody announce, stop or hand over", async () => {
      const { create, factory, accounts } = await networkHelpers.loadFixture(marketFixture);
      await create({ curator: NOBODY, guardian: NOBODY });
      const { charter } = await factory.marketOf(2n);
      const created = (await ethers.getContractAt("MarketCharter", charter)).connect(
        accounts.curator,
      );
      for (const call of [
        () => created.announceMaxOpenInterest(1n),
        () => created.stopIncreases(),
        () => created.offerRole(CURATOR, accounts.curator),
        () => created.acceptRole(GUARDIAN),
      ]) {
        await expect(call())
          .to.be.revertedWithCustomError(created, "NotAuthorized")
          .withArgs(accounts.curator);
      }
    });
  });
});
