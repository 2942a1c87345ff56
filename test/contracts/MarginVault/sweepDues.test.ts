import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { calmMarket, change, logOf, mined, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });

/** Alice's long of {@link openLong}: 90.000225 are due to the pool. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  const vault = market.marginVault.connect(market.accounts.stranger);
  return { ...market, ...opened, market, vault, token };
}

describe("MarginVault sweepDues", () => {
  it("hands what is due to the pool, whoever calls, and books it as cash", async () => {
    const { market, vault, liquidityVault, token } =
      await networkHelpers.loadFixture(marketFixture);
    const { sequence } = await vault.market();
    expect(await vault.sweepDues.staticCall()).to.equal(90_000_225n);
    const held = await token.balanceOf(liquidityVault);
    const receipt = await mined(vault.sweepDues());
    const swept = logOf(market, receipt, "DuesSwept");
    expect([...swept]).to.deep.equal([sequence + 1n, 90_000_225n]);
    expect(await token.balanceOf(liquidityVault)).to.equal(held + 90_000_225n);
    expect(await liquidityVault.cash()).to.equal(wad("9999999.5") + wad("90.000225"));
    expect((await vault.market()).poolDue).to.equal(0n);
    expect(logOf(market, receipt, "MarketUpdated").cash).to.equal(wad("10000089.500225"));
    await expectConservation(market);
  });

  it("keeps what is less than a token unit for the next time", async () => {
    const { market, vault, positionId, accounts } = await networkHelpers.loadFixture(marketFixture);
    // A fee of 0.05% of 1.5 × 2,000 × (1 + 99.25 / 20,000,000) = 1.50000744375: nine tenths end below the token unit.
    await change(market, {
      account: accounts.alice,
      positionId,
      sizeDelta: -wad("1.5"),
      price: wad("2000"),
    });
    const { poolDue } = await vault.market();
    await vault.sweepDues();
    expect((await vault.market()).poolDue).to.equal(poolDue % 10n ** 12n);
    expect(poolDue % 10n ** 12n).to.not.equal(0n);
    await expectConservation(market);
  });

  it("does nothing when nothing is due", async () => {
    const { vault, liquidityVault } = await networkHelpers.loadFixture(marketFixture);
    await vault.sweepDues();
    const cash = await liquidityVault.cash();
    expect(await vault.sweepDues.staticCall()).to.equal(0n);
    const receipt = await mined(vault.sweepDues());
    expect(receipt.logs).to.have.lengthOf(0);
    expect(await liquidityVault.cash()).to.equal(cash);
  });

  it("leaves the dues where they are when the token does not move, and sends them later", async () => {
    const { market, vault, liquidityVault, token } =
      await networkHelpers.loadFixture(marketFixture);
    for (const [refuse, allow] of [
      [() => token.setPaused(true), () => token.setPaused(false)],
      [() => token.setMode(1n), () => token.setMode(0n)],
      [() => token.setBlocked(liquidityVault, true), () => token.setBlocked(liquidityVault, false)],
    ] as const) {
      await refuse();
      expect(await vault.sweepDues.staticCall()).to.equal(0n);
      await vault.sweepDues();
      expect((await vault.market()).poolDue).to.equal(wad("90.000225"));
      await allow();
      await expectConservation(market);
    }
    await vault.sweepDues();
    expect((await vault.market()).poolDue).to.equal(0n);
    await expectConservation(market);
  });

  it("is worth nothing to anybody: a donation is no due", async () => {
    const { market, vault, liquidityVault, token, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    await token.connect(accounts.alice).transfer(vault, 1_000_000n);
    await token.connect(accounts.alice).transfer(liquidityVault, 1_000_000n);
    await vault.sweepDues();
    expect(await liquidityVault.cash()).to.equal(wad("10000089.500225"));
    await expectConservation(market, { marginVault: 1_000_000n, liquidityVault: 1_000_000n });
  });

  it("cannot be entered by the token it sends", async () => {
    const { vault, token } = await networkHelpers.loadFixture(marketFixture);
    await token.setReentry(vault, vault.interface.encodeFunctionData("sweepDues"));
    await vault.sweepDues();
    expect(await token.response()).to.equal(vault.interface.encodeErrorResult("MarketLocked"));
  });
});
