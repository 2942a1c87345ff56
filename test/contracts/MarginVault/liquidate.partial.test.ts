import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, logOf, mined, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });
const WAD = wad("1");

/**
 * Alice's long of 100 at an index price of 1,949: V 194,900, unrealized 194,900 − 200,000.5 = −5,100.5,
 * E = 9,899.99975 − 5,100.5 = 4,799.49975, below maintenance m·V = 2.5% of V = 4,872.5.
 *
 * Target k·m = 1.25 × 2.5% = 3.125%, of V 6,090.625; missing 6,090.625 − 4,799.49975 = 1,291.12525, and one unit of the
 * token, 0.000001, because what the pool pays or is paid is rounded to whole units: 1,291.125251.
 * Alone in the market her exit costs no impact: c = max(0, 50 − 100) = 0.
 * f = 1,291.125251 / ((3.125% − 0.5%) × 194,900 = 5,116.125) = 0.25236389865376627819.
 */
const MISSING = wad("1291.125251");
const RELIEF = wad("5116.125");
const CLOSED = wad("25.236389865376627819");

async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { keeper } = market.accounts;
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  const vault = market.marginVault.connect(keeper);
  const liquidate = (id = opened.positionId) => mined(vault.liquidate(id, "0x", keeper));
  return { ...market, ...opened, market, vault, keeper, token, liquidate };
}

/** What a position of `size` that costs `openNotional` is worth at `price`, uncapped, without what it owes. */
function equityOf(
  position: { readonly size: bigint; readonly openNotional: bigint; readonly margin: bigint },
  price: bigint,
): bigint {
  return position.margin + (position.size * price) / WAD - position.openNotional;
}

describe("MarginVault liquidate in part", () => {
  it("closes the share that brings the rest to its target, and not a millionth more", async () => {
    const { market, vault, positionId, openedAt, liquidate } =
      await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("1949"));
    const receipt = await liquidate();
    const elapsed = (await now(market)) - openedAt;
    const { sizeDelta } = logOf(market, receipt, "PositionLiquidated");
    expect(-sizeDelta).to.be.closeTo(CLOSED, 10n ** 10n);
    // To the wei: what the borrow fee took is missing too, a wei of price costs 100 wei for 100 units, and 16 wei cover
    // the rounding of amounts.
    const missing = MISSING + 40_000n * elapsed + 100n + 16n;
    expect(-sizeDelta).to.equal((100n * WAD * missing - 1n) / RELIEF + 1n);
    expect((await vault.position(positionId)).size).to.equal(100n * WAD + sizeDelta);
    await expectConservation(market);
  });

  it("fills at the fill price and takes fee and loss from margin alone", async () => {
    const { market, vault, liquidityVault, positionId, liquidate } =
      await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("1949"));
    const receipt = await liquidate();
    const logged = logOf(market, receipt, "PositionLiquidated");
    // 1,949 × (1 + (100 − 25.2363898 / 2) / 20,000,000).
    expect(logged.fillPrice).to.be.closeTo(wad("1949.008515356903809524"), 10n ** 6n);
    // 0.5% of 25.2363898 × 1,949.
    expect(logged.fee).to.be.closeTo(wad("245.928619238095238095"), 10n ** 11n);
    // 9,899.99975 − (50,472.779… − 49,185.812… = 1,286.96716822) − 245.92861924.
    const stored = await vault.position(positionId);
    expect(stored.margin).to.be.closeTo(wad("8367.103962545037223568"), 10n ** 12n);
    // 40,000 × (1 − f).
    expect(stored.reserve).to.be.closeTo(wad("29905.444053849348872438"), 10n ** 12n);
    expect(await liquidityVault.reserved()).to.equal(stored.reserve);
    expect(await liquidityVault.cash()).to.equal(wad("9999999.5"));
    // The loss is due to the pool, and what the keeper's fee loses by rounding to a token unit.
    const { poolDue, protocolDue } = await vault.market();
    const { margin } = stored;
    expect(poolDue + logged.fee).to.be.closeTo(
      wad("90.000225") + wad("9899.99975") - margin,
      10n ** 12n,
    );
    expect(protocolDue).to.equal(wad("10.000025"));
    await expectConservation(market);
  });

  it("leaves the rest at or above target, by no more than the premium of its exit (LAW-6)", async () => {
    const { market, vault, positionId, liquidate } =
      await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("1949"));
    await liquidate();
    const rest = await vault.position(positionId);
    const equity = equityOf(rest, wad("1949"));
    const target = (rest.size * wad("1949") * 3_125n) / (WAD * 100_000n);
    expect(equity).to.be.at.least(target);
    // 25.236 × 1,949 × (100 − 12.618) / 20,000,000 = 0.2149.
    expect(equity - target).to.be.closeTo(wad("0.2149"), wad("0.0001"));
  });

  it("closes more where the exit costs impact, and still reaches the target", async () => {
    const { market, vault, accounts, positionId, liquidate } =
      await networkHelpers.loadFixture(marketFixture);
    // A short of 200 turns the skew to −100: c = (50 + 100) / 20,000,000 = 0.0000075;
    // f = 1,291.125251 / ((0.02625 − 0.0000075) × 194,900 = 5,114.66325) = 0.25243602323183251605.
    await openPosition(market, {
      account: accounts.bob,
      size: -wad("200"),
      margin: wad("20000"),
      price: wad("2000"),
    });
    await pushPrice(market, wad("1949"));
    const receipt = await liquidate();
    const { sizeDelta, fillPrice } = logOf(market, receipt, "PositionLiquidated");
    expect(-sizeDelta).to.be.closeTo(wad("25.243602323183251605"), 10n ** 10n);
    // 1,949 × (1 − (100 + 25.2436023 / 2) / 20,000,000).
    expect(fillPrice).to.be.closeTo(wad("1949") - wad("0.010975"), wad("0.000001"));
    const rest = await vault.position(positionId);
    const target = (rest.size * wad("1949") * 3_125n) / (WAD * 100_000n);
    const above = equityOf(rest, wad("1949")) - target;
    // 25.2436 × 1,949 × (150 − 112.62) / 20,000,000 = 0.09195.
    expect(above).to.be.closeTo(wad("0.09195"), wad("0.0001"));
    await expectConservation(market);
  });

  it("pays the keeper at most the cap; the rest of the fee is due to the pool", async () => {
    const { market, vault, accounts, keeper, token, liquidate } =
      await networkHelpers.loadFixture(marketFixture);
    // The short of Carol keeps the skew at zero for Bob's long of 1,000:
    // 2,000 × (1 + 500 / 20,000,000) = 2,000.05; N 2,000,050; fee 1,000.025; M 98,999.975.
    await openPosition(market, {
      account: accounts.carol,
      size: -wad("100"),
      margin: wad("50000"),
      price: wad("2000"),
    });
    const large = await openPosition(market, {
      account: accounts.bob,
      size: wad("1000"),
      margin: wad("100000"),
      reserve: wad("400000"),
      price: wad("2000"),
    });
    await pushPrice(market, wad("1949"));
    const { poolDue } = await vault.market();
    const before = await token.balanceOf(keeper);
    const receipt = await liquidate(large);
    const logged = logOf(market, receipt, "PositionLiquidated");
    // E 98,999.975 − 51,050 = 47,949.975; f = 12,956.275 / 51,161.25 = 0.25324391, fee 0.5% of 493,572.3 = 2,467.86.
    expect(logged.fee).to.be.closeTo(wad("2467.861905"), wad("0.000001"));
    expect(logged.keeperFee).to.equal(wad("500"));
    expect(await token.balanceOf(keeper)).to.equal(before + 500_000_000n);
    const { margin } = await vault.position(large);
    expect((await vault.market()).poolDue - poolDue).to.equal(
      wad("98999.975") - margin - wad("500"),
    );
    await expectConservation(market);
  });

  it("says what it did, with price, its time, equity and maintenance", async () => {
    const { market, vault, keeper, accounts, positionId, openedAt, liquidate } =
      await networkHelpers.loadFixture(marketFixture);
    const round = await pushPrice(market, wad("1949"));
    const { sequence } = await vault.market();
    const receipt = await liquidate();
    const elapsed = (await now(market)) - openedAt;
    const logged = logOf(market, receipt, "PositionLiquidated");
    expect(logged.positionId).to.equal(positionId);
    expect(logged.account).to.equal(accounts.alice.address);
    expect(logged.liquidator).to.equal(keeper.address);
    expect(logged.sequence).to.equal(sequence + 1n);
    expect(logged.price).to.equal(wad("1949"));
    expect(logged.observedAt).to.equal(round.updatedAt);
    expect(logged.equity).to.equal(wad("4799.49975") - 40_000n * elapsed);
    expect(logged.maintenanceMargin).to.equal(wad("4872.5"));
    expect(logged.keeperFee).to.equal(logged.fee);
    expect(logged.paidOut).to.equal(0n);
    expect(logged.shortfall).to.equal(0n);
    const stored = await vault.position(positionId);
    expect(logged.size).to.equal(stored.size);
    const updated = logOf(market, receipt, "PositionUpdated");
    expect(updated.cooldown).to.equal(stored.cooldown);
    expect(updated.margin).to.equal(stored.margin);
  });

  it("returns the fee in WAD and pays whomever the keeper names", async () => {
    const { market, vault, positionId, accounts, token } =
      await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("1949"));
    const { carol } = accounts;
    const fee = await vault.liquidate.staticCall(positionId, "0x", carol);
    expect(fee).to.be.closeTo(wad("245.928619"), wad("0.000001"));
    await expect(vault.liquidate(positionId, "0x", carol)).to.changeTokenBalances(
      ethers,
      token,
      [carol, accounts.alice],
      [245_928_619n, 0n],
    );
  });

  describe("given a gain that the pool must pay", () => {
    /** Alice took all of her margin out at 2,200; at 2,050 her equity is the gain of 4,999.5, below 5,125. */
    async function gainFixture() {
      const world = await marketFixture();
      const { market, vault, positionId, accounts } = world;
      await pushPrice(market, wad("2200"));
      await vault
        .connect(accounts.alice)
        .removeMargin(positionId, 9_899_999_750n, accounts.alice, "0x");
      await pushPrice(market, wad("2050"));
      return world;
    }

    it("pays it into margin, and the fee from there", async () => {
      const { market, vault, liquidityVault, positionId, liquidate } =
        await networkHelpers.loadFixture(gainFixture);
      // V 205,000; missing 6,406.25 − 4,999.5 and a token unit = 1,406.750001 of 5,381.25: 26.141695721254355% of 100.
      const receipt = await liquidate();
      const { fee } = logOf(market, receipt, "PositionLiquidated");
      // 0.5% of 26.1416957 × 2,050 = 267.952381.
      expect(fee).to.be.closeTo(wad("267.952381"), wad("0.000001"));
      const rest = await vault.position(positionId);
      // Gain of the part: 26.141695702671 × 2,050.00891024 = 53,590.709119 − 52,283.522114 = 1,307.187005; less the fee.
      expect(rest.margin).to.be.closeTo(wad("1039.234624"), wad("0.000002"));
      const target = (rest.size * wad("2050") * 3_125n) / (WAD * 100_000n);
      expect(equityOf(rest, wad("2050"))).to.be.at.least(target);
      // 90.000225 were due to the pool and are netted.
      expect(await liquidityVault.cash()).to.be.closeTo(
        wad("9999999.5") - rest.margin - fee + wad("90.000225"),
        wad("0.000002"),
      );
      await expectConservation(market);
    });

    it("books it at the pool where the token does not move between the vaults", async () => {
      const { market, vault, liquidityVault, accounts, token, liquidate } =
        await networkHelpers.loadFixture(gainFixture);
      await token.setPaused(true);
      const receipt = await liquidate();
      const logged = logOf(market, receipt, "PositionLiquidated");
      expect(logged.sizeDelta).to.not.equal(0n);
      // Only the 90.000225 that were here are margin; the keeper gets all of it, deferred.
      expect(logged.keeperFee).to.equal(wad("90.000225"));
      expect(await vault.claimable(market.accounts.keeper)).to.equal(90_000_225n);
      expect(await liquidityVault.claimable(accounts.alice)).to.be.closeTo(
        1_307_187_004n - 90_000_225n,
        2n,
      );
      await expectConservation(market);
    });

    it("is not blocked by a token that burns all gas it gets", async () => {
      const { market, vault, liquidityVault, accounts, keeper, positionId, token } =
        await networkHelpers.loadFixture(gainFixture);
      await token.setMode(3n);
      await mined(vault.liquidate(positionId, "0x", keeper, { gasLimit: 16_000_000n }));
      expect(await liquidityVault.claimable(accounts.alice)).to.not.equal(0n);
      expect(await vault.claimable(keeper)).to.equal(90_000_225n);
      await token.setMode(0n);
      await expectConservation(market);
    });
  });

  describe("when the token refuses the keeper", () => {
    it("books the fee of a blocked receiver", async () => {
      const { market, vault, positionId, accounts, token } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      await token.setBlocked(accounts.carol, true);
      await vault.liquidate(positionId, "0x", accounts.carol);
      expect(await vault.claimable(accounts.carol)).to.equal(245_928_619n);
      await expectConservation(market);
    });

    for (const [mode, name] of [
      [1n, "answers false"],
      [3n, "burns all gas it gets"],
    ] as const) {
      it(`books the fee where the token ${name}`, async () => {
        const { market, vault, positionId, keeper, token } =
          await networkHelpers.loadFixture(marketFixture);
        await pushPrice(market, wad("1949"));
        await token.setMode(mode);
        await mined(vault.liquidate(positionId, "0x", keeper, { gasLimit: 2_000_000n }));
        expect(await vault.claimable(keeper)).to.equal(245_928_619n);
        await token.setMode(0n);
        await expectConservation(market);
      });
    }

    it("takes a token that returns nothing at its word", async () => {
      const { market, vault, keeper, token, liquidate } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      await token.setMode(2n);
      const before = await token.balanceOf(keeper);
      await liquidate();
      expect(await token.balanceOf(keeper)).to.equal(before + 245_928_619n);
      expect(await vault.claimable(keeper)).to.equal(0n);
      await expectConservation(market);
    });

    it("cannot be made to defer by a keeper who sends too little gas", async () => {
      const { market, vault, positionId, keeper } = await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      const needed = await vault.liquidate.estimateGas(positionId, "0x", keeper);
      await expect(
        vault.liquidate(positionId, "0x", keeper, { gasLimit: needed - 20_000n }),
      ).to.be.revertedWithCustomError(vault, "InsufficientTransferGas");
    });

    it("lets a hook of the token in nowhere", async () => {
      const { market, vault, positionId, token, liquidate } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      const again = vault.interface.encodeFunctionData("addMargin", [positionId, 1n]);
      await token.setReentry(vault, again);
      await liquidate();
      expect(await token.response()).to.equal(vault.interface.encodeErrorResult("MarketLocked"));
    });
  });
});
