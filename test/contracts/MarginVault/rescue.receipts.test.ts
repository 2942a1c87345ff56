import { expect } from "chai";
import type { Result } from "ethers";
import { network } from "hardhat";
import { giveMandate, liquidate, OUTCOME, rescue } from "../../fixtures/mandates.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { calmMarket, logOf, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();
const WAD = wad("1");
const UNIT = 10n ** 12n;
/** The terms of the market, as in `deploy/parameters/local.json`. */
const TERMS = {
  maintenanceRatio: wad("0.025"),
  feeRatio: wad("0.005"),
  target: wad("1.25"),
  floor: wad("1"),
  cap: wad("500"),
} as const;
/** What the mandate asks for. */
const MANDATE_TARGET = wad("1.5");

async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  await giveMandate(market, market.accounts.alice, opened.positionId);
  return { ...market, ...opened, market };
}

function mulUp(a: bigint, b: bigint): bigint {
  return (a * b + WAD - 1n) / WAD;
}

function ceilToUnit(amount: bigint): bigint {
  return ((amount + UNIT - 1n) / UNIT) * UNIT;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** What a liquidation must have been, from its receipt and the terms alone; impact on the fill is in the receipt. */
function recompute(logged: Result) {
  const closed = -BigInt(logged.sizeDelta);
  const before = BigInt(logged.size) + closed;
  const notional = (before * BigInt(logged.price)) / WAD;
  const atFill =
    BigInt(logged.equity) + (closed * (BigInt(logged.fillPrice) - BigInt(logged.price))) / WAD;
  const asked = max(mulUp(mulUp(closed, logged.price), TERMS.feeRatio), TERMS.floor);
  const whole = logged.size === 0n;
  const equity = max(atFill, 0n);
  // A whole liquidation takes its fee from what is left; under the floor the reserve adds, up to the token unit.
  const missing = equity < TERMS.floor ? ceilToUnit(TERMS.floor - equity) : 0n;
  const fee = whole && equity < asked ? equity + missing : asked;
  return {
    before,
    maintenanceMargin: mulUp(notional, TERMS.maintenanceRatio),
    fee,
    keeperFee: fee < TERMS.cap ? fee : TERMS.cap,
    paidOut: whole ? ((equity > fee ? equity - fee : 0n) / UNIT) * UNIT : 0n,
    shortfall: whole ? max(-atFill, 0n) : 0n,
    target: mulUp(mulUp(TERMS.maintenanceRatio, TERMS.target), notional),
  };
}

describe("receipts", () => {
  describe("of a rescue", () => {
    for (const [name, price, act] of [
      ["early", "1955", rescue],
      ["before a liquidation", "1949", liquidate],
    ] as const) {
      it(`${name} gives price, time, equity, maintenance, what was pulled and the fee`, async () => {
        const { market, marginVault, token, accounts, positionId } =
          await networkHelpers.loadFixture(marketFixture);
        const { alice, keeper } = accounts;
        const { size, margin } = await marginVault.position(positionId);
        const wallet = await token.balanceOf(alice);
        const { updatedAt } = await pushPrice(market, wad(price));
        const receipt = await act(market, positionId);
        const logged = logOf(market, receipt, "PositionRescued");
        expect([logged.account, logged.keeper]).to.deep.equal([alice.address, keeper.address]);
        expect([logged.price, logged.observedAt, logged.kind]).to.deep.equal([
          wad(price),
          updatedAt,
          0n,
        ]);
        const notional = (size * BigInt(logged.price)) / WAD;
        expect(logged.maintenanceMargin).to.equal(mulUp(notional, TERMS.maintenanceRatio));
        const target = mulUp(logged.maintenanceMargin, MANDATE_TARGET);
        const pulled = ceilToUnit(target - logged.equity + logged.keeperFee);
        expect(logged.pulled).to.equal(pulled);
        expect(logged.keeperFee).to.equal(TERMS.floor);
        // What it held before follows from what it holds after.
        expect(logged.margin - pulled + TERMS.floor).to.equal(margin);
        expect((wallet - (await token.balanceOf(alice))) * UNIT).to.equal(pulled);
      });
    }
  });

  describe("of a liquidation", () => {
    // In part; whole with something left for the keeper alone; insolvent before the exit and after it.
    for (const [price, outcome] of [
      ["1949", OUTCOME.AllowanceTooSmall],
      ["1902", OUTCOME.CapTooSmall],
      ["1901.0042", OUTCOME.Insolvent],
      ["1890", OUTCOME.Insolvent],
    ] as const) {
      it(`at ${price} gives every number, and why no rescue came before it`, async () => {
        const { market, marginVault, mandateBook, token, accounts, positionId } =
          await networkHelpers.loadFixture(marketFixture);
        const { alice, keeper } = accounts;
        await token.connect(alice).approve(mandateBook, 1n);
        const [wallet, paid] = [await token.balanceOf(alice), await token.balanceOf(keeper)];
        const { size } = await marginVault.position(positionId);
        const { updatedAt } = await pushPrice(market, wad(price));
        const logged = logOf(market, await liquidate(market, positionId), "PositionLiquidated");
        const told = recompute(logged);
        expect([logged.price, logged.observedAt]).to.deep.equal([wad(price), updatedAt]);
        expect([logged.account, logged.liquidator]).to.deep.equal([alice.address, keeper.address]);
        expect(logged.rescue).to.equal(outcome);
        expect(told.before).to.equal(size);
        expect(logged.maintenanceMargin).to.equal(told.maintenanceMargin);
        expect(logged.equity).to.be.below(logged.maintenanceMargin);
        // The loss at the fill is rounded once there, twice here.
        expect(logged.fee).to.be.closeTo(told.fee, 2n);
        expect(logged.keeperFee).to.be.closeTo(told.keeperFee, 2n);
        expect(logged.paidOut).to.equal(told.paidOut);
        expect(logged.shortfall).to.be.closeTo(told.shortfall, 2n);
        expect(await token.balanceOf(keeper)).to.equal(paid + logged.keeperFee / UNIT);
        expect(await token.balanceOf(alice)).to.equal(wallet + logged.paidOut / UNIT);
      });
    }

    it("in part gives why that part: it brings the rest to its target", async () => {
      const { market, mandateBook, token, accounts, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await token.connect(accounts.alice).approve(mandateBook, 0n);
      await pushPrice(market, wad("1949"));
      const logged = logOf(market, await liquidate(market, positionId), "PositionLiquidated");
      const { target } = recompute(logged);
      const closed = -BigInt(logged.sizeDelta);
      const share = (closed * WAD) / (BigInt(logged.size) + closed);
      // f = (k·m·V − E) / ((k·m − lfr) × V), alone in the market, where an exit has no worst impact: 0.252363898653…
      const notional = wad("194900");
      const relief = target - mulUp(TERMS.feeRatio, notional);
      expect(share).to.be.closeTo(((target - BigInt(logged.equity)) * WAD) / relief, 10n ** 9n);
      const rest = BigInt(logged.equity) - BigInt(logged.fee);
      const restTarget = ((WAD - share) * target) / WAD;
      expect(
        rest + (closed * (BigInt(logged.fillPrice) - BigInt(logged.price))) / WAD,
      ).to.be.at.least(restTarget);
    });
  });

  describe("of a rescue that was asked for and refused", () => {
    it("are the error, which names the position and the reason", async () => {
      const { market, marginVault, accounts, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1970"));
      const vault = marginVault.connect(accounts.keeper);
      await expect(vault.rescue(positionId, "0x", accounts.keeper))
        .to.be.revertedWithCustomError(vault, "RescueRefused")
        .withArgs(positionId, OUTCOME.NotTriggered);
    });
  });
});
