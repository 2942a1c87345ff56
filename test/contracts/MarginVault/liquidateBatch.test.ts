import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, logOf, mined, now, openLong, refusal } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });

/**
 * Three longs of 100, 0.3 and 10: the first two fall below maintenance at 1,949, the third has margin to spare.
 */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId: alices } = await openLong(market);
  const { bob, carol, keeper } = market.accounts;
  const price = wad("2000");
  const bobs = await openPosition(market, {
    account: bob,
    size: wad("0.3"),
    margin: wad("30"),
    price,
  });
  const carols = await openPosition(market, {
    account: carol,
    size: wad("10"),
    margin: wad("5000"),
    price,
  });
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  const vault = market.marginVault.connect(keeper);
  return { ...market, market, vault, keeper, token, alices, bobs, carols };
}

describe("MarginVault liquidateBatch", () => {
  it("reverts when the fee receiver is zero", async () => {
    const { vault, alices } = await networkHelpers.loadFixture(marketFixture);
    await expect(
      vault.liquidateBatch([alices], "0x", ethers.ZeroAddress),
    ).to.be.revertedWithCustomError(vault, "ZeroAddress");
  });

  it("reverts when the list is empty (39)", async () => {
    const { vault, keeper } = await networkHelpers.loadFixture(marketFixture);
    await expect(vault.liquidateBatch([], "0x", keeper))
      .to.be.revertedWithCustomError(vault, "NothingLiquidated")
      .withArgs(0n);
  });

  it("reverts when none of several could be liquidated", async () => {
    const { vault, keeper, alices, bobs } = await networkHelpers.loadFixture(marketFixture);
    await expect(vault.liquidateBatch([alices, bobs], "0x", keeper))
      .to.be.revertedWithCustomError(vault, "NothingLiquidated")
      .withArgs(2n);
  });

  it("reverts with the reason of the only one", async () => {
    const { vault, keeper, alices } = await networkHelpers.loadFixture(marketFixture);
    await expect(vault.liquidateBatch([alices], "0x", keeper)).to.be.revertedWithCustomError(
      vault,
      "PositionHealthy",
    );
  });

  describe("given some that can be liquidated", () => {
    it("liquidates them and logs why it skipped each of the others", async () => {
      const { market, vault, keeper, alices, bobs, carols, token } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      const before = await token.balanceOf(keeper);
      const { sequence } = await vault.market();
      const list = [carols, alices, 99n, bobs];
      const [liquidated, keeperFee] = await vault.liquidateBatch.staticCall(list, "0x", keeper);
      const receipt = await mined(vault.liquidateBatch(list, "0x", keeper));
      expect(liquidated).to.equal(2n);
      // 245.93 of Alice's part, a few millionths more for the skew of the others, and 2.9235 of all of Bob's.
      expect(keeperFee).to.be.closeTo(wad("248.852119"), wad("0.000002"));
      expect(await token.balanceOf(keeper)).to.equal(before + keeperFee / 10n ** 12n);
      const skipped = receipt.logs
        .map((log) => vault.interface.parseLog(log))
        .filter((log) => log?.name === "LiquidationSkipped");
      expect(skipped.map((log) => log?.args.positionId)).to.deep.equal([carols, 99n]);
      expect(skipped[0]?.args.sequence).to.equal(sequence + 1n);
      const healthy = vault.interface.parseError(String(skipped[0]?.args.reason));
      expect(healthy?.name).to.equal("PositionHealthy");
      expect(skipped[1]?.args.reason).to.equal(refusal(market, "PositionNotFound", [99n]));
      await expectConservation(market);
    });

    it("numbers its logs without a gap", async () => {
      const { market, vault, keeper, alices, bobs, carols } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      const { sequence } = await vault.market();
      const receipt = await mined(vault.liquidateBatch([carols, alices, bobs], "0x", keeper));
      const numbers = receipt.logs
        .filter((log) => log.address === vault.target)
        .map((log) => vault.interface.parseLog(log)?.args.sequence as bigint);
      expect(numbers).to.deep.equal(numbers.map((_, index) => sequence + 1n + BigInt(index)));
      expect((await vault.market()).sequence).to.equal(numbers.at(-1));
    });

    it("takes a position once, however often it is named", async () => {
      const { market, vault, keeper, alices, bobs } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      const list = [bobs, bobs, alices, alices];
      const [liquidated] = await vault.liquidateBatch.staticCall(list, "0x", keeper);
      expect(liquidated).to.equal(2n);
      await vault.liquidateBatch(list, "0x", keeper);
      expect((await vault.position(alices)).size).to.not.equal(0n);
      await expectConservation(market);
    });

    it("does what single calls in that order would, to the wei", async () => {
      const { market, vault, keeper, alices, bobs } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      const at = (await now(market)) + 10n;
      const snapshot = await networkHelpers.takeSnapshot();
      const outcome = async () => {
        const { longOpenInterest, netBasis, totalMargin, poolDue } = await vault.market();
        return { longOpenInterest, netBasis, totalMargin, poolDue };
      };
      await networkHelpers.time.setNextBlockTimestamp(at);
      await vault.liquidateBatch([alices, bobs], "0x", keeper);
      const together = await outcome();
      await snapshot.restore();
      await connection.provider.request({ method: "evm_setAutomine", params: [false] });
      await vault.liquidate(alices, "0x", keeper, {
        gasLimit: 2_000_000n,
        nonce: await keeper.getNonce("latest"),
      });
      await vault.liquidate(bobs, "0x", keeper, {
        gasLimit: 2_000_000n,
        nonce: (await keeper.getNonce("latest")) + 1,
      });
      await networkHelpers.time.setNextBlockTimestamp(at);
      await networkHelpers.mine();
      await connection.provider.request({ method: "evm_setAutomine", params: [true] });
      const apart = await outcome();
      // The keeper's fees lose less than a token unit by rounding once each instead of once together.
      expect(apart.poolDue - together.poolDue).to.be.closeTo(0n, 10n ** 12n);
      expect({ ...apart, poolDue: 0n }).to.deep.equal({ ...together, poolDue: 0n });
    });

    it("is not stopped by an owner who cannot be paid", async () => {
      const { market, vault, keeper, alices, bobs, token, accounts } =
        await networkHelpers.loadFixture(marketFixture);
      await token.setBlocked(accounts.bob, true);
      await pushPrice(market, wad("1949"));
      const receipt = await mined(vault.liquidateBatch([bobs, alices], "0x", keeper));
      expect(logOf(market, receipt, "PayoutDeferred").account).to.equal(accounts.bob.address);
      expect(await vault.claimable(accounts.bob)).to.not.equal(0n);
      await expectConservation(market);
    });

    it("skips one that is cooling off and one at its cap", async () => {
      const { market, vault, keeper, alices, bobs, accounts } =
        await networkHelpers.loadFixture(marketFixture);
      const capped = await openPosition(market, {
        account: accounts.carol,
        size: -wad("1"),
        margin: wad("1000"),
        reserve: wad("215"),
        price: wad("2150"),
      });
      await pushPrice(market, wad("1949"));
      await vault.liquidate(alices, "0x", keeper);
      const coolUntil = (await now(market)) + 30n;
      await pushPrice(market, wad("1935"));
      const receipt = await mined(vault.liquidateBatch([alices, capped, bobs], "0x", keeper));
      const reasons = receipt.logs
        .map((log) => vault.interface.parseLog(log))
        .filter((log) => log?.name === "LiquidationSkipped")
        .map((log) => vault.interface.parseError(String(log?.args.reason)));
      expect(reasons.map((reason) => reason?.name)).to.deep.equal(["CoolingOff", "PositionCapped"]);
      expect(reasons[0]?.args.until).to.equal(coolUntil);
      await expectConservation(market);
    });
  });
});
