import { expect } from "chai";
import { network } from "hardhat";
import type { HostileToken } from "../../types/ethers-contracts/index.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { deployMarket, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { giveMandate } from "../fixtures/scenario.ts";
import { plain, plainTree } from "../fixtures/structs.ts";
import { openPosition } from "../fixtures/trading.ts";
import { calmMarket, change, logOf, mined, openLong } from "../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });
const MODE = { returnsFalse: 1n, returnsNothing: 2n, burnsGas: 3n };

async function anyMarket() {
  return await deployMarket(connection);
}

/** Creates a market as the local one, but in a token of so many decimals that was told to misbehave. */
async function createIn(decimals: number, tell: (token: HostileToken) => Promise<unknown>) {
  const { factory, accounts, charter } = await networkHelpers.loadFixture(anyMarket);
  const token = await ethers.deployContract("HostileToken", [decimals]);
  await token.mint(accounts.deployer, 1_000_000n);
  await token.approve(factory, 1_000_000n);
  await tell(token);
  const parameters = plainTree(plain(await factory.parametersOf(1n)));
  const collateralToken = await token.getAddress();
  const created = () => factory.createMarket({ ...parameters, collateralToken } as never);
  return { factory, charter, created };
}

/** Alice's long, Bob's beside it and a small one of Alice's, in a token that behaves so far. */
async function twoPositions() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const other = await openPosition(market, {
    account: market.accounts.bob,
    size: wad("10"),
    margin: wad("8000"),
  });
  const small = await openPosition(market, {
    account: market.accounts.alice,
    size: wad("0.2"),
    margin: wad("40"),
  });
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  return { market, ...market, token, positionId, other, small };
}

describe("scenario 11: composability", () => {
  describe("given a token that no market can hold", () => {
    it("is refused at creation for taking a fee on transfers", async () => {
      const { factory, created } = await createIn(6, (token) => token.setFeeBps(30n));
      await expect(created()).to.be.revertedWithCustomError(factory, "TokenTransferMismatch");
    });

    it("is refused at creation for answering false", async () => {
      const { factory, created } = await createIn(6, (token) => token.setMode(MODE.returnsFalse));
      await expect(created()).to.be.revertedWithCustomError(factory, "SafeERC20FailedOperation");
    });

    it("is refused at creation for more than 18 decimals", async () => {
      const { charter, created } = await createIn(19, (token) => token.decimals());
      await expect(created())
        .to.be.revertedWithCustomError(charter, "TooManyDecimals")
        .withArgs(19n);
    });
  });

  describe("given a token that turns on a market that holds it", () => {
    it("may return nothing at all", async () => {
      const { market, token, accounts, positionId } =
        await networkHelpers.loadFixture(twoPositions);
      await token.setMode(MODE.returnsNothing);
      await market.marginVault.connect(accounts.alice).addMargin(positionId, 1_000_000n);
      await change(market, { account: accounts.alice, positionId, sizeDelta: -wad("100") });
      expect((await market.marginVault.position(positionId)).size).to.equal(0n);
      await expectConservation(market);
    });

    it("takes a fee from one day on: what would be booked wrong is refused, in that position alone", async () => {
      const { market, token, marginVault, accounts, positionId } =
        await networkHelpers.loadFixture(twoPositions);
      await token.setFeeBps(100n);
      await expect(marginVault.connect(accounts.alice).addMargin(positionId, 1_000_000n))
        .to.be.revertedWithCustomError(marginVault, "TokenTransferMismatch")
        .withArgs(1_000_000n, 990_000n);
      await token.setFeeBps(0n);
      await expectConservation(market);
    });

    for (const [what, turn] of [
      ["blocks the owner", (token: HostileToken, owner: string) => token.setBlocked(owner, true)],
      ["pauses", (token: HostileToken) => token.setPaused(true)],
      ["answers false", (token: HostileToken) => token.setMode(MODE.returnsFalse)],
    ] as const) {
      it(`${what}: the liquidation goes through, and what could not be paid waits for its owner`, async () => {
        const { market, token, marginVault, accounts, small, other } =
          await networkHelpers.loadFixture(twoPositions);
        const { alice, keeper } = accounts;
        const before = plain(await marginVault.position(other));
        // Equity 39.8 − 31 = 8.8 of 9.225: too little to keep a part, so all is closed, and 0.5% of 369 is the fee.
        await pushPrice(market, wad("1845"));
        await turn(token, alice.address);
        const receipt = await mined(marginVault.connect(keeper).liquidate(small, "0x", keeper));
        const { size, paidOut } = logOf(market, receipt, "PositionLiquidated");
        expect(size).to.equal(0n);
        expect(paidOut).to.be.closeTo(wad("6.95"), wad("0.01"));
        expect((await marginVault.claimable(alice)) * 10n ** 12n).to.equal(paidOut);
        expect(plain(await marginVault.position(other)), "the position beside it").to.deep.equal(
          before,
        );
        await expectConservation(market);

        await token.setBlocked(alice, false);
        await token.setPaused(false);
        await token.setMode(0n);
        await marginVault.connect(alice).claim(alice);
        expect(await marginVault.claimable(alice)).to.equal(0n);
        await expectConservation(market);
      });
    }

    it("burns all gas in a rescue: the liquidation that follows goes through", async () => {
      const { market, token, marginVault, accounts, positionId } =
        await networkHelpers.loadFixture(twoPositions);
      const { alice, keeper } = accounts;
      await giveMandate(market, alice, { positionId, cap: wad("5000") });
      await pushPrice(market, wad("1945"));
      await token.setMode(MODE.burnsGas);
      const receipt = await mined(
        marginVault.connect(keeper).liquidate(positionId, "0x", keeper, { gasLimit: 10_000_000n }),
      );
      // RescueOutcome.TransferFailed.
      expect(logOf(market, receipt, "PositionLiquidated").rescue).to.equal(10n);
      await token.setMode(0n);
      await expectConservation(market);
    });

    it("calls back: the market is locked, and the call it came from goes on", async () => {
      const { market, token, marginVault, accounts, positionId, other } =
        await networkHelpers.loadFixture(twoPositions);
      const { alice, keeper } = accounts;
      const attack = marginVault.interface.encodeFunctionData("liquidate", [
        other,
        "0x",
        keeper.address,
      ]);
      await token.setReentry(marginVault, attack);
      await marginVault.connect(alice).addMargin(positionId, 1_000_000n);
      expect(await token.succeeded()).to.equal(false);
      expect(await token.response()).to.equal(
        marginVault.interface.encodeErrorResult("MarketLocked"),
      );
      expect((await marginVault.position(positionId)).margin).to.equal(wad("9900.99975"));
      await expectConservation(market);
    });
  });
});
