import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import {
  giveMandate,
  liquidate,
  mandateRequest,
  OUTCOME,
  rescue,
} from "../../fixtures/mandates.ts";
import { type MarketFixture, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, change, logOf, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();
const SCALE = 10n ** 12n;

/** Alice's long of {@link openLong} with the mandate of {@link mandateRequest}. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { alice, bob, keeper } = market.accounts;
  await giveMandate(market, alice, opened.positionId);
  const vault = market.marginVault.connect(keeper);
  return { ...market, ...opened, market, vault, alice, bob, keeper };
}

/** Asserts that a rescue by the keeper is refused, and why. */
async function expectRefused(market: MarketFixture, positionId: bigint, outcome: bigint) {
  const { marginVault, accounts } = market;
  const vault = marginVault.connect(accounts.keeper);
  await expect(vault.rescue(positionId, "0x", accounts.keeper))
    .to.be.revertedWithCustomError(vault, "RescueRefused")
    .withArgs(positionId, outcome);
}

describe("attacks on rescue", () => {
  describe("a stranger who writes into the vault that a mandate stands, or none", () => {
    it("is refused, even as the owner", async () => {
      const { marginVault, alice, bob, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      for (const account of [alice, bob]) {
        await expect(marginVault.connect(account).setMandated(positionId, false))
          .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
          .withArgs(account.address);
      }
      expect((await marginVault.position(positionId)).traits).to.equal(1n);
    });
  });

  describe("donations to every contract (44)", () => {
    it("change no number of a rescue", async () => {
      const { market, marginVault, liquidityVault, mandateBook, token, alice, bob, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      for (const target of [marginVault, liquidityVault, mandateBook]) {
        await token.connect(bob).transfer(target, 5_000_000_000n);
      }
      const before = await token.balanceOf(alice);
      await pushPrice(market, wad("1949"));
      await liquidate(market, positionId);
      // See rescue.first.test.ts.
      expect(before - (await token.balanceOf(alice))).to.equal(2_510_250_251n);
      expect((await marginVault.position(positionId)).margin).to.equal(wad("12409.250001"));
      expect(await token.balanceOf(mandateBook)).to.equal(5_000_000_000n);
    });

    it("of margin to the position itself only save its owner's cap", async () => {
      const { market, marginVault, token, alice, bob, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      await marginVault.connect(bob).addMargin(positionId, 10_000_000n);
      const before = await token.balanceOf(alice);
      await liquidate(market, positionId);
      // 10 less.
      expect(before - (await token.balanceOf(alice))).to.equal(2_500_250_251n);
      await expectConservation(market);
    });
  });

  describe("dust", () => {
    it("in the wallet, the allowance or the cap is never taken: all or nothing", async () => {
      const { market, mandateBook, token, alice, positionId, bob } =
        await networkHelpers.loadFixture(marketFixture);
      await mandateBook
        .connect(alice)
        .setMandate(mandateRequest(positionId, { cap: wad("2") + 1n }));
      await token.connect(alice).approve(mandateBook, 1n);
      await token.connect(alice).transfer(bob, (await token.balanceOf(alice)) - 1n);
      await pushPrice(market, wad("1949"));
      const receipt = await liquidate(market, positionId);
      const { rescue: outcome } = logOf(market, receipt, "PositionLiquidated");
      expect(outcome).to.equal(OUTCOME.CapTooSmall);
      expect(await token.balanceOf(alice)).to.equal(1n);
      expect(await token.allowance(alice, mandateBook)).to.equal(1n);
    });

    it("below maintenance still brings the whole distance to the target", async () => {
      const { market, token, alice, positionId } = await networkHelpers.loadFixture(marketFixture);
      const before = await token.balanceOf(alice);
      // One tick below the liquidation price, see liquidate.test.ts: E 4,874.371801 of 4,874.371801275; target
      // 7,311.5577019125; 7,311.5577019125 − 4,874.371801 + 1 = 2,438.1859009125, up to the token unit.
      await pushPrice(market, wad("1949.74872051"));
      await liquidate(market, positionId);
      expect(before - (await token.balanceOf(alice))).to.equal(2_438_185_901n);
    });
  });

  describe("repeated rescues for their fee", () => {
    it("are refused at the same price, at once and after the pause", async () => {
      const { market, positionId } = await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1955"));
      await rescue(market, positionId);
      await expectRefused(market, positionId, OUTCOME.NotTriggered);
      await networkHelpers.time.increase(3_600n);
      await pushPrice(market, wad("1955"));
      await expectRefused(market, positionId, OUTCOME.NotTriggered);
    });

    it("are refused below the trigger until the pause is over, to the second", async () => {
      const { market, vault, keeper, positionId } = await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1955"));
      await rescue(market, positionId);
      const rescuedAt = await now(market);
      // After it E = 100 × P − 188,168.75: trigger 3 × P at 1,939.88.
      await pushPrice(market, wad("1939"));
      await expectRefused(market, positionId, OUTCOME.TooSoon);
      await pushPrice(market, wad("1939"), rescuedAt + 3_590n);
      await networkHelpers.time.setNextBlockTimestamp(rescuedAt + 3_599n);
      await expectRefused(market, positionId, OUTCOME.TooSoon);
      await networkHelpers.time.setNextBlockTimestamp(rescuedAt + 3_600n);
      await expect(vault.rescue(positionId, "0x", keeper)).to.emit(vault, "PositionRescued");
    });

    it("cost the owner at most one floor a pause, and never more than the cap", async () => {
      const { market, mandateBook, token, alice, keeper, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      const [wallet, paid] = [await token.balanceOf(alice), await token.balanceOf(keeper)];
      let rescued = 0n;
      // Fifty falls of 0.4% with as many tries of the keeper, within two hours and a half.
      for (let i = 0n; i < 50n; ++i) {
        await networkHelpers.time.increase(170n);
        await pushPrice(market, wad("1960") - i * wad("1.5"));
        const { keeper: caller } = market.accounts;
        const tried = market.marginVault.connect(caller).rescue(positionId, "0x", caller);
        if (await tried.then(() => true).catch(() => false)) ++rescued;
      }
      // At 0, 3,600 and 7,200 seconds, if at all.
      expect(rescued).to.be.within(2n, 3n);
      expect((await token.balanceOf(keeper)) - paid).to.equal(rescued * 1_000_000n);
      const taken = wallet - (await token.balanceOf(alice));
      const { capLeft } = await mandateBook.mandateOf(positionId);
      expect(taken * SCALE + capLeft).to.equal(wad("5000"));
      await expectConservation(market);
    });
  });

  describe("a price that flickers around the trigger", () => {
    it("triggers once: after it the price must fall by more than the gap", async () => {
      const { market, mandateBook, token, alice, keeper, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      // The narrowest gap there is, and the shortest pause: trigger 1.2, target 1.25.
      const narrow = { targetRatio: wad("1.25"), minInterval: 60n };
      await mandateBook.connect(alice).setMandate(mandateRequest(positionId, narrow));
      const paid = await token.balanceOf(keeper);
      await pushPrice(market, wad("1959.79"));
      await rescue(market, positionId);
      // 5% of 4,899.475 of maintenance are 245: the price has to fall by 245 / 97 = 2.5.
      for (const price of ["1959.81", "1959.79", "1959.81", "1957.5", "1959.79", "1957.3"]) {
        await networkHelpers.time.increase(61n);
        await pushPrice(market, wad(price));
        await expectRefused(market, positionId, OUTCOME.NotTriggered);
      }
      expect(await token.balanceOf(keeper)).to.equal(paid + 1_000_000n);
      await networkHelpers.time.increase(61n);
      await pushPrice(market, wad("1957.2"));
      await rescue(market, positionId);
    });
  });

  describe("a keeper who is the owner (15)", () => {
    for (const name of ["liquidate", "rescue"] as const) {
      it(`gains nothing by ${name}: what leaves the wallet is in the position`, async () => {
        const { market, marginVault, token, alice, positionId } =
          await networkHelpers.loadFixture(marketFixture);
        const before = await token.balanceOf(alice);
        const { margin } = await marginVault.position(positionId);
        await pushPrice(market, wad("1949"));
        await marginVault.connect(alice)[name](positionId, "0x", alice);
        const spent = (before - (await token.balanceOf(alice))) * SCALE;
        const added = (await marginVault.position(positionId)).margin - margin;
        expect(added - spent).to.equal(0n);
        // 2,510.250251 less the fee of 1, which came back.
        expect(spent).to.equal(wad("2509.250251"));
        await expectConservation(market);
      });
    }

    it("loses nothing to the pool that it would not lose by adding margin", async () => {
      const { market, marginVault, liquidityVault, alice, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      const before = [(await marginVault.market()).poolDue, await liquidityVault.cash()];
      await pushPrice(market, wad("1949"));
      await marginVault.connect(alice).liquidate(positionId, "0x", alice);
      const after = [(await marginVault.market()).poolDue, await liquidityVault.cash()];
      expect(after).to.deep.equal(before);
    });
  });

  describe("two positions of one owner who has one wallet", () => {
    /** Beside Alice's long of 100 another of 100, which fills 0.01 dearer: N 200,001.5, M 9,899.99925. */
    async function pairFixture() {
      const world = await marketFixture();
      const { market, alice, token, accounts } = world;
      const second = await openPosition(market, {
        account: alice,
        size: wad("100"),
        margin: wad("10000"),
        reserve: wad("40000"),
        price: wad("2000"),
      });
      await giveMandate(market, alice, second);
      const leave = async (amount: bigint) => {
        const held = await token.balanceOf(alice);
        await token.connect(alice).transfer(accounts.stranger, held - amount);
      };
      return { ...world, second, leave };
    }

    it("is saved as far as the wallet goes, one position after the other", async () => {
      const { market, marginVault, token, alice, positionId, second, leave } =
        await networkHelpers.loadFixture(pairFixture);
      await leave(3_000_000_000n);
      await pushPrice(market, wad("1949"));
      const first = await liquidate(market, positionId);
      expect(logOf(market, first, "PositionRescued").pulled).to.equal(wad("2510.250251"));
      // The second would need 2,511.25: 489.749749 are left.
      const next = await liquidate(market, second);
      const { rescue: outcome } = logOf(market, next, "PositionLiquidated");
      expect(outcome).to.equal(OUTCOME.BalanceTooSmall);
      expect(await token.balanceOf(alice)).to.equal(489_749_749n);
      expect((await marginVault.position(positionId)).size).to.equal(wad("100"));
      await expectConservation(market);
    });

    it("loses at most both caps, whatever the allowance", async () => {
      const { market, mandateBook, token, alice, positionId, second } =
        await networkHelpers.loadFixture(pairFixture);
      const before = await token.balanceOf(alice);
      for (const price of ["1949", "1925", "1915", "1905", "1890"]) {
        await networkHelpers.time.increase(3_601n);
        await pushPrice(market, wad(price));
        for (const id of [positionId, second]) await liquidate(market, id).catch(() => null);
      }
      const taken = (before - (await token.balanceOf(alice))) * SCALE;
      const left = await Promise.all(
        [positionId, second].map(async (id) => (await mandateBook.mandateOf(id)).capLeft),
      );
      const used = left.map((capLeft) => wad("5000") - capLeft);
      expect(taken).to.be.at.most((used[0] ?? 0n) + (used[1] ?? 0n));
      expect(used.every((amount) => amount <= wad("5000"))).to.equal(true);
      await expectConservation(market);
    });

    it("keeps each mandate to its own cap and pause", async () => {
      const { market, mandateBook, positionId, second } =
        await networkHelpers.loadFixture(pairFixture);
      await pushPrice(market, wad("1949"));
      await liquidate(market, positionId);
      const other = await mandateBook.mandateOf(second);
      expect([other.capLeft, other.rescuedAt]).to.deep.equal([wad("5000"), 0n]);
      await expect(liquidate(market, second)).to.emit(market.marginVault, "PositionRescued");
    });
  });

  describe("debt that the box forgives (62)", () => {
    it("is never pulled, however much the mandate allows", async () => {
      const { market, mandateBook, token, alice, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      const rich = mandateRequest(positionId, { cap: wad("1000000") });
      await mandateBook.connect(alice).setMandate(rich);
      const before = await token.balanceOf(alice);
      await pushPrice(market, wad("1700"));
      const receipt = await liquidate(market, positionId);
      const { rescue: outcome, shortfall } = logOf(market, receipt, "PositionLiquidated");
      expect(outcome).to.equal(OUTCOME.Insolvent);
      expect(shortfall).to.be.above(wad("20000"));
      expect(await token.balanceOf(alice)).to.equal(before);
      await expectConservation(market);
    });
  });

  describe("a position that changed hands", () => {
    it("has no mandate, and the former owner's wallet is left alone", async () => {
      const { market, orderBook, token, alice, bob, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await token.connect(bob).approve(market.mandateBook, 2n ** 256n - 1n);
      await orderBook.connect(alice).transferPosition(positionId, bob);
      const before = [await token.balanceOf(alice), await token.balanceOf(bob)];
      await pushPrice(market, wad("1955"));
      await expectRefused(market, positionId, OUTCOME.NoMandate);
      await pushPrice(market, wad("1949"));
      const receipt = await liquidate(market, positionId);
      const { rescue: outcome } = logOf(market, receipt, "PositionLiquidated");
      expect(outcome).to.equal(OUTCOME.NoMandate);
      expect([await token.balanceOf(alice), await token.balanceOf(bob)]).to.deep.equal(before);
    });

    it("has none when it comes back either", async () => {
      const { market, orderBook, mandateBook, token, alice, bob, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await orderBook.connect(alice).transferPosition(positionId, bob);
      await orderBook.connect(bob).transferPosition(positionId, alice);
      expect((await mandateBook.mandateOf(positionId)).owner).to.equal(alice.address);
      const before = await token.balanceOf(alice);
      await pushPrice(market, wad("1949"));
      await expectRefused(market, positionId, OUTCOME.NoMandate);
      const receipt = await liquidate(market, positionId);
      const { rescue: outcome } = logOf(market, receipt, "PositionLiquidated");
      expect(outcome).to.equal(OUTCOME.NoMandate);
      expect(await token.balanceOf(alice)).to.equal(before);
    });

    it("has none when it was handed to its owner itself", async () => {
      const { market, orderBook, alice, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await orderBook.connect(alice).transferPosition(positionId, alice);
      await pushPrice(market, wad("1949"));
      await expectRefused(market, positionId, OUTCOME.NoMandate);
    });

    it("takes a mandate of the new owner, which the former one cannot touch", async () => {
      const { market, orderBook, mandateBook, token, alice, bob, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await orderBook.connect(alice).transferPosition(positionId, bob);
      await giveMandate(market, bob, positionId);
      for (const call of [
        mandateBook.connect(alice).revokeMandate(positionId),
        mandateBook.connect(alice).setMandate(mandateRequest(positionId)),
      ]) {
        await expect(call)
          .to.be.revertedWithCustomError(mandateBook, "NotAuthorized")
          .withArgs(alice.address);
      }
      const before = [await token.balanceOf(alice), await token.balanceOf(bob)];
      await pushPrice(market, wad("1949"));
      await liquidate(market, positionId);
      expect(await token.balanceOf(alice)).to.equal(before[0]);
      expect((before[1] ?? 0n) - (await token.balanceOf(bob))).to.equal(2_510_250_251n);
    });

    it("can be revoked by the former owner, for what that is worth", async () => {
      const { orderBook, mandateBook, marginVault, alice, bob, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await orderBook.connect(alice).transferPosition(positionId, bob);
      const before = [...(await marginVault.position(positionId))];
      await mandateBook.connect(alice).revokeMandate(positionId);
      expect([...(await marginVault.position(positionId))]).to.deep.equal(before);
    });
  });

  describe("a position that grew or shrank", () => {
    it("keeps its mandate, which pulls for the size that is left", async () => {
      const { market, marginVault, token, alice, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await change(market, {
        account: alice,
        positionId,
        sizeDelta: -wad("50"),
        price: wad("2000"),
      });
      expect((await marginVault.position(positionId)).traits).to.equal(1n);
      const before = await token.balanceOf(alice);
      // Half the size with nearly all of the margin: safe down to about 1,849.3.
      await pushPrice(market, wad("1849"));
      await liquidate(market, positionId);
      // V 92,450, maintenance 2,311.25, target 3,466.875.
      const stored = await marginVault.position(positionId);
      const equity = stored.margin + (stored.size * 1_849n - stored.openNotional);
      expect(equity - wad("3466.875")).to.be.within(0n, 10n ** 12n + 10n ** 9n);
      expect(before - (await token.balanceOf(alice))).to.be.above(1_000_000_000n);
      await expectConservation(market);
    });
  });
});
