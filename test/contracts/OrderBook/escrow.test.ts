import { expect } from "chai";
import { network } from "hardhat";
import {
  deployMarket,
  type MarketFixture,
  marketWith,
  newestPrice,
  proofOf,
  pushPrice,
} from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import {
  executeOrder,
  ORDER_KIND,
  openPosition,
  submitAndExecute,
  submitOrder,
} from "../../fixtures/trading.ts";

const { ethers, networkHelpers } = await network.create();

const NEVER = 4_000_000_000n;
const deployEighteen = marketWith({ decimals: 18 });

/** 1 long with 400.25 of margin, for a keeper's fee of 0.75. */
const OPENING = {
  sizeDelta: wad("1"),
  margin: wad("400.25"),
  reserve: wad("500"),
  keeperFee: wad("0.75"),
};

/** Rests until the price falls to 1,800. */
const RESTING = { kind: ORDER_KIND.limit, triggerPrice: wad("1800") };

/** Returns a WAD amount in units of the market's token. */
function tokens(market: MarketFixture, amount: bigint): bigint {
  return amount / market.tokenScale;
}

/** Returns what the vault holds beyond what it owes to pool and protocol [token]. */
async function heldForAccounts(market: MarketFixture): Promise<bigint> {
  const { poolDue, protocolDue } = await market.marginVault.market();
  const held = await market.token.balanceOf(market.marginVault);
  return held - (poolDue + protocolDue) / market.tokenScale;
}

/** LAW-15: every order ends, and its escrow goes where it belongs, to the wei. */
describe("escrow of orders", () => {
  for (const [decimals, deploy] of [
    ["6 decimals", deployMarket],
    ["18 decimals", deployEighteen],
  ] as const) {
    describe(`given a token with ${decimals}`, () => {
      it("is taken when the order is sent, margin and fee, to the unit", async () => {
        const market = await networkHelpers.loadFixture(deploy);
        const { orderBook, marginVault, token, accounts } = market;
        const request = { ...OPENING, margin: wad("400") + market.tokenScale };
        await expect(submitOrder(market, accounts.alice, request)).not.to.revert(ethers);
        // 400.75 and one unit.
        expect(await token.balanceOf(marginVault)).to.equal(tokens(market, wad("400.75")) + 1n);
        expect((await orderBook.order(1n)).margin).to.equal(wad("400") + market.tokenScale);
      });

      it("becomes margin and the keeper's pay when the order fills", async () => {
        const market = await networkHelpers.loadFixture(deploy);
        const { marginVault, token, accounts } = market;
        const submitted = await submitOrder(market, accounts.alice, OPENING);
        const before = await token.balanceOf(accounts.keeper);
        await executeOrder(market, submitted);
        expect(await token.balanceOf(accounts.keeper)).to.equal(
          before + tokens(market, wad("0.75")),
        );
        // Fill 2,000 × (1 + 0.5 ÷ 20,000,000) = 2,000.00005; fee 0.05% of it: 1.000000025.
        const { margin } = await marginVault.position(submitted.orderId);
        expect(margin).to.equal(wad("400.25") - wad("1.000000025"));
      });

      it("goes back but for the fee when the order fails a check", async () => {
        const market = await networkHelpers.loadFixture(deploy);
        const { orderBook, marginVault, token, accounts } = market;
        const order = { ...OPENING, acceptablePrice: wad("2000") };
        const { orderId, submittedAt } = await submitOrder(market, accounts.alice, order);
        const round = await pushPrice(market, wad("2000"), submittedAt + 3n);
        const proof = await proofOf(market, round);
        const execution = orderBook
          .connect(accounts.keeper)
          .execute([orderId], proof, accounts.keeper);
        const reason = marginVault.interface.encodeErrorResult("PriceNotAcceptable", [
          wad("2000.00005"),
          wad("2000"),
        ]);
        await expect(execution).to.changeTokenBalances(
          ethers,
          token,
          [accounts.alice, accounts.keeper, marginVault],
          [tokens(market, wad("400.25")), tokens(market, wad("0.75")), -tokens(market, wad("401"))],
        );
        await expect(execution)
          .to.emit(orderBook, "OrderCancelled")
          .withArgs(orderId, accounts.keeper, 2n, wad("400.25"), 0n, wad("0.75"), reason);
      });

      it("goes back whole when the account cancels a trigger order", async () => {
        const market = await networkHelpers.loadFixture(deploy);
        const { orderBook, marginVault, token, accounts } = market;
        const order = { ...OPENING, ...RESTING, expiry: NEVER };
        const { orderId } = await submitOrder(market, accounts.alice, order);
        await expect(
          orderBook.connect(accounts.alice).cancel(orderId, "0x"),
        ).to.changeTokenBalances(
          ethers,
          token,
          [accounts.alice, marginVault],
          [tokens(market, wad("401")), -tokens(market, wad("401"))],
        );
      });

      it("goes back whole to the account when a stranger cancels what has expired", async () => {
        const market = await networkHelpers.loadFixture(deploy);
        const { orderBook, token, accounts } = market;
        const expiry = BigInt(await networkHelpers.time.latest()) + 100n;
        const order = { ...OPENING, ...RESTING, expiry };
        const { orderId } = await submitOrder(market, accounts.alice, order);
        await networkHelpers.time.increaseTo(expiry + 1n);
        await expect(
          orderBook.connect(accounts.stranger).cancel(orderId, "0x"),
        ).to.changeTokenBalances(
          ethers,
          token,
          [accounts.alice, accounts.stranger],
          [tokens(market, wad("401")), 0n],
        );
      });

      it("goes back but for the fee, which the pool gets, when a market order lapses", async () => {
        const market = await networkHelpers.loadFixture(deploy);
        const { orderBook, marginVault, token, accounts } = market;
        const { orderId, submittedAt } = await submitOrder(market, accounts.alice, OPENING);
        const { poolDue } = await marginVault.market();
        await networkHelpers.time.increaseTo(submittedAt + 123n);
        await expect(
          orderBook.connect(accounts.stranger).cancel(orderId, "0x"),
        ).to.changeTokenBalances(
          ethers,
          token,
          [accounts.alice, accounts.stranger],
          [tokens(market, wad("400.25")), 0n],
        );
        expect((await marginVault.market()).poolDue).to.equal(poolDue + wad("0.75"));
      });

      it("goes back whole when there was no price for a market order", async () => {
        const market = await networkHelpers.loadFixture(deploy);
        const { orderBook, token, accounts } = market;
        const round = await pushPrice(market, wad("2000"));
        // Past the round's largest age of 3,720 s there is no price until the next round.
        await networkHelpers.time.increaseTo(round.updatedAt + 3_721n);
        const { orderId, submittedAt } = await submitOrder(market, accounts.alice, OPENING);
        await networkHelpers.time.increaseTo(submittedAt + 123n);
        const proof = await proofOf(market, round);
        await expect(
          orderBook.connect(accounts.stranger).cancel(orderId, proof),
        ).to.changeTokenBalance(ethers, token, accounts.alice, tokens(market, wad("401")));
      });

      it("goes back whole when the order's position is gone", async () => {
        const market = await networkHelpers.loadFixture(deploy);
        const { orderBook, marginVault, token, accounts } = market;
        const size = wad("1");
        const positionId = await openPosition(market, {
          account: accounts.alice,
          size,
          margin: wad("400"),
        });
        const order = await submitOrder(market, accounts.alice, { ...OPENING, positionId });
        const round = await pushPrice(market, wad("1500"), order.submittedAt + 3n);
        await marginVault.connect(accounts.keeper).liquidate(positionId, "0x", accounts.keeper);
        const before = await token.balanceOf(accounts.alice);
        const proof = await proofOf(market, round);
        const execution = orderBook
          .connect(accounts.keeper)
          .execute([order.orderId], proof, accounts.keeper);
        const reason = orderBook.interface.encodeErrorResult("PositionNotFound", [positionId]);
        await expect(execution)
          .to.emit(orderBook, "OrderCancelled")
          .withArgs(order.orderId, accounts.keeper, 3n, wad("401"), 0n, 0n, reason);
        const gained = (await token.balanceOf(accounts.alice)) - before;
        expect(gained).to.equal(tokens(market, wad("401")));
        expect(await marginVault.pendingMarketOrders(positionId)).to.equal(0n);
      });

      it("leaves nothing behind when every order has ended and every position is closed", async () => {
        const market = await networkHelpers.loadFixture(deploy);
        const { orderBook, accounts } = market;
        const { alice, bob } = accounts;
        const rests = { ...OPENING, ...RESTING, expiry: NEVER };
        const resting = await submitOrder(market, alice, rests);
        const long = await submitAndExecute(market, alice, OPENING);
        const short = await submitAndExecute(market, bob, { ...OPENING, sizeDelta: -wad("2") });
        await submitAndExecute(market, bob, { ...OPENING, acceptablePrice: 1n });
        const lapsing = await submitOrder(market, bob, OPENING);
        await networkHelpers.time.increaseTo(lapsing.submittedAt + 123n);
        await pushPrice(market, wad("2040"));
        await orderBook.cancel(lapsing.orderId, "0x");
        await orderBook.connect(alice).cancel(resting.orderId, "0x");
        for (const [account, { orderId: positionId }, sizeDelta] of [
          [alice, long, -wad("1")],
          [bob, short, wad("2")],
        ] as const) {
          const close = { positionId, sizeDelta, reduceOnly: true };
          await submitAndExecute(market, account, { ...close, price: await newestPrice(market) });
        }
        expect(await heldForAccounts(market)).to.equal(0n);
      });
    });
  }
});
