import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { stopSequencer } from "../../fixtures/feeds.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { plain } from "../../fixtures/structs.ts";
import { calmMarket, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });
const MAX_UINT96 = (1n << 96n) - 1n;

async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const token = await connection.ethers.getContractAt("HostileToken", String(market.token.target));
  return { ...market, ...opened, market, token };
}

describe("MarginVault addMargin", () => {
  it("reverts when the amount is zero", async () => {
    const { marginVault, positionId } = await networkHelpers.loadFixture(marketFixture);
    await expect(marginVault.addMargin(positionId, 0n)).to.be.revertedWithCustomError(
      marginVault,
      "ZeroAmount",
    );
  });

  it("reverts when the position is not open", async () => {
    const { marginVault, positionId } = await networkHelpers.loadFixture(marketFixture);
    await expect(marginVault.addMargin(positionId + 1n, 1n))
      .to.be.revertedWithCustomError(marginVault, "PositionNotFound")
      .withArgs(positionId + 1n);
  });

  it("reverts when the margin would not fit its 96 bits", async () => {
    const { marginVault, positionId, accounts, token } =
      await networkHelpers.loadFixture(marketFixture);
    const amountToken = MAX_UINT96 / 10n ** 12n;
    await token.mint(accounts.bob, amountToken);
    // 9,899.99975 are there already.
    await expect(marginVault.connect(accounts.bob).addMargin(positionId, amountToken))
      .to.be.revertedWithCustomError(marginVault, "SafeCastOverflowedUintDowncast")
      .withArgs(96n, amountToken * 10n ** 12n + wad("9899.99975"));
  });

  it("reverts when the token keeps a part", async () => {
    const { marginVault, positionId, accounts, token } =
      await networkHelpers.loadFixture(marketFixture);
    await token.setFeeBps(100n);
    await expect(marginVault.connect(accounts.alice).addMargin(positionId, 1_000n))
      .to.be.revertedWithCustomError(marginVault, "TokenTransferMismatch")
      .withArgs(1_000n, 990n);
  });

  it("reverts when the token answers false", async () => {
    const { marginVault, positionId, accounts, token } =
      await networkHelpers.loadFixture(marketFixture);
    await token.setMode(1n);
    await expect(marginVault.connect(accounts.alice).addMargin(positionId, 1_000n))
      .to.be.revertedWithCustomError(marginVault, "SafeERC20FailedOperation")
      .withArgs(token);
  });

  describe("given an open position", () => {
    it("takes margin from anybody, by the wei, and says what the position then holds", async () => {
      const { market, marginVault, positionId, accounts, token } =
        await networkHelpers.loadFixture(marketFixture);
      const { sequence, totalMargin } = await marginVault.market();
      const added = marginVault.connect(accounts.bob).addMargin(positionId, 100_000_001n);
      // 9,899.99975 + 100.000001.
      await expect(added)
        .to.emit(marginVault, "MarginAdded")
        .withArgs(positionId, accounts.bob, sequence + 1n, wad("100.000001"), wad("9999.999751"));
      await expect(added).to.changeTokenBalances(
        connection.ethers,
        token,
        [accounts.bob, marginVault],
        [-100_000_001n, 100_000_001n],
      );
      expect((await marginVault.position(positionId)).margin).to.equal(wad("9999.999751"));
      expect((await marginVault.market()).totalMargin).to.equal(totalMargin + wad("100.000001"));
      await expectConservation(market);
    });

    it("settles no accruals and touches no other field", async () => {
      const { marginVault, positionId, accounts } = await networkHelpers.loadFixture(marketFixture);
      const [before, sums] = [
        await marginVault.position(positionId),
        plain(await marginVault.market()),
      ];
      await networkHelpers.time.increase(86_400);
      await marginVault.connect(accounts.alice).addMargin(positionId, 1_000_000n);
      expect(plain(await marginVault.position(positionId))).to.deep.equal({
        ...plain(before),
        margin: before.margin + wad("1"),
      });
      expect(plain(await marginVault.market())).to.deep.equal({
        ...sums,
        totalMargin: sums.totalMargin + wad("1"),
        sequence: sums.sequence + 1n,
      });
    });

    it("is open without any oracle: stale feeds and a stopped sequencer refuse nothing (LAW-12)", async () => {
      const { marginVault, positionId, accounts, sequencer } =
        await networkHelpers.loadFixture(marketFixture);
      await networkHelpers.time.increase(30 * 86_400);
      await stopSequencer(sequencer);
      await marginVault.connect(accounts.alice).addMargin(positionId, 1_000_000n);
      expect((await marginVault.position(positionId)).margin).to.equal(wad("9900.99975"));
    });

    it("saves a position that could be liquidated", async () => {
      const { market, marginVault, positionId, accounts } =
        await networkHelpers.loadFixture(marketFixture);
      // Below the liquidation price of 1,949.7487.
      await pushPrice(market, wad("1949"));
      // Maintenance 4,872.5 against equity 4,799.49975: 73.00025 are missing, and accruals of far less than 1e-6.
      await marginVault.connect(accounts.alice).addMargin(positionId, 73_000_251n);
      await expect(
        marginVault.connect(accounts.keeper).liquidate(positionId, "0x", accounts.keeper),
      ).to.be.revertedWithCustomError(marginVault, "PositionHealthy");
    });

    it("still takes margin when equity is negative", async () => {
      const { market, marginVault, positionId, accounts } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1500"));
      await marginVault.connect(accounts.alice).addMargin(positionId, 1n);
      expect((await marginVault.position(positionId)).margin).to.equal(wad("9899.999751"));
      await expectConservation(market);
    });
  });
});
