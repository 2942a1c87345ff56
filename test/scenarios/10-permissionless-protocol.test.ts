import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, newestPrice, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitAndExecute } from "../fixtures/trading.ts";
import { calmMarket, cancelReason, change, now, openLong, refusal } from "../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();
const SEVEN_DAYS = 604_800n;

/** Alice's long, which a fall below 1,949 makes liquidatable, and the adversary: Carol, with twenty million. */
async function marketWithAVictim() {
  const market = await createMarket(connection);
  const { positionId: victim } = await openLong(market);
  return { market, ...market, victim, carol: market.accounts.carol };
}

/** A market in which the guardian has stopped increases. */
async function stopped() {
  const scene = await marketWithAVictim();
  await scene.charter.connect(scene.accounts.guardian).stopIncreases();
  return { ...scene, until: (await now(scene.market)) + SEVEN_DAYS };
}

/** What an account gained while something happened [token]. */
async function gainOf(
  market: MarketFixture,
  account: HardhatEthersSigner,
  happening: () => Promise<unknown>,
): Promise<bigint> {
  const before = await market.token.balanceOf(account);
  await happening();
  return (await market.token.balanceOf(account)) - before;
}

/** Asks for shares, waits, has the keeper fulfil and claims them. */
async function enterPool(market: MarketFixture, account: HardhatEthersSigner, assets: bigint) {
  const { liquidityVault } = market;
  await liquidityVault.connect(account).requestDeposit(assets, account, account);
  await fulfil(market);
  const shares = await liquidityVault.maxMint(account);
  await liquidityVault.connect(account)["mint(uint256,address)"](shares, account);
}

/** Gives all shares back, waits, has the keeper fulfil and claims the assets. */
async function leavePool(market: MarketFixture, account: HardhatEthersSigner) {
  const { liquidityVault } = market;
  const shares = await liquidityVault.balanceOf(account);
  await liquidityVault.connect(account).requestRedeem(shares, account, account);
  await fulfil(market);
  const assets = await liquidityVault.maxWithdraw(account);
  await liquidityVault.connect(account).withdraw(assets, account, account);
}

async function fulfil(market: MarketFixture) {
  const { liquidityVault, accounts } = market;
  const pool = liquidityVault.connect(accounts.keeper);
  // Both delays of the local market.
  await networkHelpers.time.increase(300n);
  await pushPrice(market, await newestPrice(market));
  const [firstDeposit] = await pool.depositQueue();
  if (firstDeposit !== 0n) await pool.fulfillDeposits(9n, "0x", accounts.keeper);
  const [firstRedeem] = await pool.redeemQueue();
  if (firstRedeem !== 0n) await pool.fulfillRedeems(9n, "0x", accounts.keeper);
}

describe("scenario 10: permissionless protocol", () => {
  describe("given an adversary with twenty million and no scruples", () => {
    it("loses by sandwiching a liquidation that it carries out itself", async () => {
      const { market, marginVault, carol, victim } =
        await networkHelpers.loadFixture(marketWithAVictim);
      const price = wad("1945");
      await pushPrice(market, price);
      const gained = await gainOf(market, carol, async () => {
        const positionId = await openPosition(market, {
          account: carol,
          size: -wad("19900"),
          margin: wad("3000000"),
          reserve: wad("4000000"),
          price,
        });
        await marginVault.connect(carol).liquidate(victim, "0x", carol);
        await change(market, { account: carol, positionId, sizeDelta: wad("19900"), price });
      });
      // Two fees of 0.05% of 38,700,000 against what a hundred sold 0.1% lower are worth.
      expect(gained).to.be.below(-30_000_000_000n);
      await expectConservation(market);
    });

    for (const fall of ["1945", "1899", "1600"]) {
      it(`loses by liquidating itself at ${fall}`, async () => {
        const { market, marginVault, carol } = await networkHelpers.loadFixture(marketWithAVictim);
        const gained = await gainOf(market, carol, async () => {
          const positionId = await openPosition(market, {
            account: carol,
            size: wad("1000"),
            margin: wad("100000"),
            price: wad("2000"),
          });
          await pushPrice(market, wad(fall));
          await marginVault.connect(carol).liquidate(positionId, "0x", carol);
          const { size } = await marginVault.position(positionId);
          const price = wad(fall);
          if (size !== 0n)
            await change(market, { account: carol, positionId, sizeDelta: -size, price });
        });
        expect(gained).to.be.below(0n);
        await expectConservation(market);
      });
    }

    it("loses by rushing into the pool ahead of a loss that everybody can see coming to a trader", async () => {
      const { market, marginVault, accounts, carol, victim } =
        await networkHelpers.loadFixture(marketWithAVictim);
      const gained = await gainOf(market, carol, async () => {
        await pushPrice(market, wad("1905"));
        const entering = enterPool(market, carol, 10_000_000_000_000n);
        await entering;
        await marginVault.connect(accounts.keeper).liquidate(victim, "0x", accounts.keeper);
        await marginVault.sweepDues();
        await leavePool(market, carol);
      });
      expect(gained).to.be.at.most(0n);
      await expectConservation(market);
    });
  });

  describe("given a guardian who stops what may be stopped", () => {
    it("stops positions from opening and growing, for seven days, and not again for seven more", async () => {
      const { market, charter, carol, accounts, until } = await networkHelpers.loadFixture(stopped);
      const order = { sizeDelta: wad("1"), margin: wad("500"), reserve: wad("400") };
      const { receipt } = await submitAndExecute(market, carol, order);
      expect(cancelReason(market, receipt)).to.equal(refusal(market, "IncreasesStopped", [until]));
      await networkHelpers.time.increaseTo(until);
      await expect(charter.connect(accounts.guardian).stopIncreases())
        .to.be.revertedWithCustomError(charter, "StopTooSoon")
        .withArgs(until + SEVEN_DAYS);
    });

    it("cannot stop a close", async () => {
      const { market, accounts, victim } = await networkHelpers.loadFixture(stopped);
      await change(market, { account: accounts.alice, positionId: victim, sizeDelta: -wad("100") });
      expect((await market.marginVault.position(victim)).size).to.equal(0n);
      await expectConservation(market);
    });

    it("cannot stop a withdrawal, neither a trader's nor a provider's", async () => {
      const { market, marginVault, accounts, victim } = await networkHelpers.loadFixture(stopped);
      const { alice, provider } = accounts;
      await pushPrice(market, wad("2000"));
      const taken = await gainOf(market, alice, () =>
        marginVault.connect(alice).removeMargin(victim, 100_000_000n, alice, "0x"),
      );
      expect(taken).to.equal(100_000_000n);
      // Less what stays reserved for Alice, at 80% utilization: more than nine of ten millions are free.
      expect(await gainOf(market, provider, () => leavePool(market, provider))).to.be.above(
        9_000_000_000_000n,
      );
      await expectConservation(market);
    });

    it("cannot stop an added margin", async () => {
      const { market, marginVault, accounts, victim } = await networkHelpers.loadFixture(stopped);
      const { margin } = await marginVault.position(victim);
      await marginVault.connect(accounts.alice).addMargin(victim, 1_000_000n);
      expect((await marginVault.position(victim)).margin).to.equal(margin + wad("1"));
      await expectConservation(market);
    });
  });
});
