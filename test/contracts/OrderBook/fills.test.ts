import { expect } from "chai";
import { network } from "hardhat";
import { onDeployableCode } from "../../fixtures/deployable.ts";
import {
  deployMarket,
  type MarketFixture,
  marketWith,
  proofOf,
  pushPrice,
} from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import {
  executeOrder,
  ORDER_KIND,
  type OrderInput,
  openPosition,
  orderRequest,
  submitAndExecute,
  submitOrder,
} from "../../fixtures/trading.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const NEVER = 4_000_000_000n;
const deployProxied = marketWith({ token: "proxied" });

/** 1 long at 2,000. */
const OPENING = { sizeDelta: wad("1"), margin: wad("800"), reserve: wad("1000") };

/** Closes a long of 1 when the price has fallen to `triggerPrice`; the margin pays the keeper. */
function stopLoss(positionId: bigint, triggerPrice: bigint): OrderInput {
  return {
    positionId,
    kind: ORDER_KIND.stop,
    sizeDelta: -wad("1"),
    reduceOnly: true,
    feeFromMargin: true,
    triggerPrice,
    expiry: NEVER,
  };
}

/** Closes a long of 1 when the price has risen to `triggerPrice`. */
function takeProfit(positionId: bigint, triggerPrice: bigint): OrderInput {
  return { ...stopLoss(positionId, triggerPrice), kind: ORDER_KIND.limit };
}

/** Writes a round 3 s later and has the keeper execute trigger orders at it, a second after that. */
async function executeAtSpot(market: MarketFixture, price: bigint, ids: readonly bigint[]) {
  const at = BigInt(await networkHelpers.time.latest()) + 3n;
  await pushPrice(market, price, at);
  const { orderBook, accounts } = market;
  await networkHelpers.time.setNextBlockTimestamp(at + 1n);
  return orderBook.connect(accounts.keeper).execute([...ids], "0x", accounts.keeper);
}

/** Returns the newest receipt of a decrease. */
async function lastDecrease(market: MarketFixture) {
  const { marginVault } = market;
  const events = await marginVault.queryFilter(marginVault.filters.PositionDecreased);
  const event = events.at(-1);
  if (event === undefined) throw new Error("Nothing was decreased.");
  return event.args;
}

/** A long of 1 at 2,000 with 800 of margin, and its two exits: a stop-loss as order 2, a take-profit as order 3. */
async function withExits() {
  const market = await deployMarket(connection);
  const { orderBook, accounts } = market;
  const requests = await Promise.all(
    [OPENING, stopLoss(1n, wad("1900")), takeProfit(1n, wad("2100"))].map((order) =>
      orderRequest(market, order),
    ),
  );
  const calls = requests.map((request) =>
    orderBook.interface.encodeFunctionData("submit", [request]),
  );
  await orderBook.connect(accounts.alice).multicall(calls);
  const submittedAt = BigInt(await networkHelpers.time.latest());
  return { market, submitted: { orderId: 1n, submittedAt } };
}

async function opened() {
  const fixture = await withExits();
  await executeOrder(fixture.market, fixture.submitted, wad("2000"));
  return fixture;
}

describe("fills", () => {
  describe("given an open with both exits in one multicall", () => {
    it("escrows for the open alone", async () => {
      const { market } = await networkHelpers.loadFixture(withExits);
      // 800 of margin and 0.5 of fee.
      expect(await market.token.balanceOf(market.marginVault)).to.equal(800_500_000n);
    });

    it("keeps the exits while the open waits, however far the price falls", async () => {
      const { market } = await networkHelpers.loadFixture(withExits);
      await expect(executeAtSpot(market, wad("1800"), [2n]))
        .to.be.revertedWithCustomError(market.orderBook, "PositionNotFound")
        .withArgs(1n);
    });

    it("stops the loss, pays the keeper from margin and the owner the rest", async () => {
      const { market } = await networkHelpers.loadFixture(opened);
      const { token, accounts, marginVault } = market;
      const before = await token.balanceOf(accounts.alice);
      await expect(executeAtSpot(market, wad("1900"), [2n])).to.changeTokenBalance(
        ethers,
        token,
        accounts.keeper,
        500_000n,
      );
      // Sold at 1,900 × (1 + (1 − 0.5) ÷ 20,000,000) = 1,900.0000475. Bought at 2,000.00005: a loss of 100.0000025.
      // Fees 0.05%: 1.000000025 and 0.95000002375. 800 − 100.0000025 − 1.000000025 − 0.95000002375 − 0.5 is
      // 697.54999745125, less what 6 s of borrowing cost: under 0.00001.
      const { fillPrice } = await lastDecrease(market);
      expect(fillPrice).to.equal(wad("1900.0000475"));
      const paid = (await token.balanceOf(accounts.alice)) - before;
      expect(paid).to.be.within(697_549_980n, 697_549_997n);
      expect((await marginVault.position(1n)).size).to.equal(0n);
    });

    it("takes the profit", async () => {
      const { market } = await networkHelpers.loadFixture(opened);
      await expect(executeAtSpot(market, wad("2099.99"), [3n]))
        .to.be.revertedWithCustomError(market.orderBook, "TriggerNotReached")
        .withArgs(3n, wad("2099.99"), wad("2100"));
      await executeAtSpot(market, wad("2100"), [3n]);
      expect((await lastDecrease(market)).fillPrice).to.equal(wad("2100.0000525"));
    });

    it("lets the other exit die with the position, for nobody's fee", async () => {
      const { market } = await networkHelpers.loadFixture(opened);
      const { orderBook, accounts } = market;
      await executeAtSpot(market, wad("1900"), [2n]);
      const reason = orderBook.interface.encodeErrorResult("PositionNotFound", [1n]);
      await expect(executeAtSpot(market, wad("2200"), [3n]))
        .to.emit(orderBook, "OrderCancelled")
        .withArgs(3n, accounts.keeper, 4n, 0n, 0n, 0n, reason);
    });

    it("lets anybody clear the other exit away", async () => {
      const { market } = await networkHelpers.loadFixture(opened);
      const { orderBook, accounts } = market;
      await expect(orderBook.connect(accounts.stranger).cancel(3n, "0x"))
        .to.be.revertedWithCustomError(orderBook, "NotAuthorized")
        .withArgs(accounts.stranger);
      await executeAtSpot(market, wad("1900"), [2n]);
      await orderBook.connect(accounts.stranger).cancel(3n, "0x");
      expect((await orderBook.order(3n)).submittedAt).to.equal(0n);
    });

    it("fires the stop across a gap, at the price on the other side of it", async () => {
      const { market } = await networkHelpers.loadFixture(opened);
      await executeAtSpot(market, wad("1500"), [2n]);
      // 1,500 × 1.000000025, and not 1,900.
      expect((await lastDecrease(market)).fillPrice).to.equal(wad("1500.0000375"));
    });
  });

  describe("given an exit beyond the market", () => {
    const BEYOND = [
      ["a stop-loss far above the entry", stopLoss(1n, wad("9000"))],
      ["a take-profit far below the entry", takeProfit(1n, wad("1"))],
    ] as const;
    for (const [title, order] of BEYOND) {
      it(`fills ${title} at the market, never at its number`, async () => {
        const market = await networkHelpers.loadFixture(deployMarket);
        const { alice: account } = market.accounts;
        await openPosition(market, { account, size: wad("1"), margin: wad("800") });
        const { orderId } = await submitOrder(market, account, order);
        await executeAtSpot(market, wad("2000"), [orderId]);
        const { fillPrice, realizedPnl } = await lastDecrease(market);
        expect(fillPrice).to.equal(wad("2000.00005"));
        // Bought and sold at the same price: nothing is gained, the cost of borrowing is all that is lost.
        expect(realizedPnl).to.be.within(-wad("0.0001"), 0n);
      });
    }
  });

  describe("given a reduce-only order larger than its position", () => {
    it("closes what there is and does not turn around", async () => {
      const market = await networkHelpers.loadFixture(deployMarket);
      const { alice: account } = market.accounts;
      const size = wad("1");
      const positionId = await openPosition(market, { account, size, margin: wad("800") });
      const order = { positionId, reduceOnly: true, sizeDelta: -wad("5") };
      await submitAndExecute(market, account, order);
      expect((await lastDecrease(market)).sizeDelta).to.equal(-wad("1"));
      expect((await market.marginVault.position(positionId)).size).to.equal(0n);
    });

    it("is cancelled for its fee when it is not reduce-only: a sign never flips", async () => {
      const market = await networkHelpers.loadFixture(deployMarket);
      const { orderBook, marginVault, accounts } = market;
      const { alice: account } = accounts;
      const size = wad("1");
      const positionId = await openPosition(market, { account, size, margin: wad("800") });
      const order = { positionId, sizeDelta: -wad("5") };
      await submitAndExecute(market, account, order);
      const reason = marginVault.interface.encodeErrorResult("SignFlips", [size, -wad("5")]);
      const [event] = await orderBook.queryFilter(orderBook.filters.OrderCancelled);
      expect(event?.args.reason).to.equal(reason);
      expect(event?.args.keeperFee).to.equal(wad("0.5"));
      expect((await marginVault.position(positionId)).size).to.equal(size);
    });
  });

  describe("given a batch with an order that fails", () => {
    it("fills the others at the same price and pays the keeper for all", async () => {
      const market = await networkHelpers.loadFixture(deployMarket);
      const { orderBook, marginVault, token, accounts } = market;
      const { alice, bob, carol, keeper } = accounts;
      await submitOrder(market, alice, OPENING);
      // 400 ETH of notional 800,000 on 800 of margin.
      await submitOrder(market, bob, { ...OPENING, sizeDelta: wad("400"), reserve: wad("400000") });
      const last = await submitOrder(market, carol, { ...OPENING, sizeDelta: -wad("1") });
      const round = await pushPrice(market, wad("2000"), last.submittedAt + 3n);
      const proof = await proofOf(market, round);
      const execution = orderBook.connect(keeper).execute([1n, 2n, 3n], proof, keeper);
      await expect(execution).to.changeTokenBalances(
        ethers,
        token,
        [keeper, bob],
        [1_500_000n, 800_000_000n],
      );
      const [cancelled, ...more] = await orderBook.queryFilter(orderBook.filters.OrderCancelled);
      expect(more).to.have.lengthOf(0);
      const failure = marginVault.interface.parseError(cancelled?.args.reason ?? "0x");
      expect(failure?.name).to.equal("InitialMarginNotMet");
      const fills = await marginVault.queryFilter(marginVault.filters.PositionIncreased);
      expect(fills.map(({ args }) => args.positionId)).to.deep.equal([1n, 3n]);
      expect(fills.map(({ args }) => args.price)).to.deep.equal([wad("2000"), wad("2000")]);
    });
  });

  describe("given less gas than a fill takes", () => {
    it("fills or reverts, at every amount of gas, and never cancels", async () => {
      const market = await networkHelpers.loadFixture(deployProxied);
      const { orderBook, accounts } = market;
      const { alice, keeper } = accounts;
      const { orderId, submittedAt } = await submitOrder(market, alice, OPENING);
      const round = await pushPrice(market, wad("2000"), submittedAt + 3n);
      const proof = await proofOf(market, round);
      await networkHelpers.mine();
      let refused = 0;
      let filled = 0;
      for (let gasLimit = 60_000n; gasLimit <= 1_200_000n; gasLimit += 20_000n) {
        const call = orderBook
          .connect(keeper)
          .execute.staticCall([orderId], proof, keeper, { gasLimit });
        const executed = await call.catch(() => undefined);
        if (executed === undefined) refused++;
        else if (executed === 1n) filled++;
        else expect.fail(`cancelled with ${gasLimit} gas`);
      }
      expect(refused).to.be.greaterThan(0);
      expect(filled).to.be.greaterThan(0);
    });

    onDeployableCode("gas of fills", () => {
      it("asks for more than twice of what any fill takes", async () => {
        const market = await networkHelpers.loadFixture(deployProxied);
        const { alice, bob } = market.accounts;
        const open = await submitAndExecute(market, alice, OPENING);
        const add = await submitAndExecute(market, bob, { ...OPENING, sizeDelta: -wad("3") });
        const close = { positionId: open.orderId, reduceOnly: true, sizeDelta: -wad("1") };
        const closed = await submitAndExecute(market, alice, { ...close, price: wad("2200") });
        for (const { receipt } of [open, add, closed]) {
          expect(receipt.gasUsed).to.be.lessThan(350_000n);
        }
      });
    });
  });

  describe("given ether sent along to an oracle that takes none", () => {
    it("returns all of it to the keeper, through vault and book", async () => {
      const market = await networkHelpers.loadFixture(deployMarket);
      const { orderBook, marginVault, oracle, accounts } = market;
      const { orderId, submittedAt } = await submitOrder(market, accounts.alice, OPENING);
      const round = await pushPrice(market, wad("2000"), submittedAt + 3n);
      const proof = await proofOf(market, round);
      await expect(
        orderBook
          .connect(accounts.keeper)
          .execute([orderId], proof, accounts.keeper, { value: 1_000n }),
      ).to.changeEtherBalances(
        ethers,
        [accounts.keeper, orderBook, marginVault, oracle],
        [0n, 0n, 0n, 0n],
      );
    });
  });

  describe("given orders that change a position", () => {
    it("grows it, shrinks it in part with margin added, and closes it", async () => {
      const market = await networkHelpers.loadFixture(deployMarket);
      const { marginVault, accounts } = market;
      const { alice: account } = accounts;
      const size = wad("2");
      const positionId = await openPosition(market, { account, size, margin: wad("800") });
      const grow = { positionId, sizeDelta: wad("1"), margin: wad("100"), reserve: wad("300") };
      await submitAndExecute(market, account, grow);
      expect((await marginVault.position(positionId)).size).to.equal(wad("3"));
      const { margin } = await marginVault.position(positionId);
      await submitAndExecute(market, account, {
        positionId,
        sizeDelta: -wad("2"),
        margin: wad("50"),
      });
      const shrunk = await marginVault.position(positionId);
      expect(shrunk.size).to.equal(wad("1"));
      // 50 in, and the fee of 0.05% on about 4,000 out; price and skew premium are where they were, within 0.001.
      expect(shrunk.margin).to.be.within(
        margin + wad("48") - wad("0.001"),
        margin + wad("48") + wad("0.001"),
      );
      await submitAndExecute(market, account, { positionId, sizeDelta: -wad("1") });
      expect((await marginVault.position(positionId)).size).to.equal(0n);
      expect(await marginVault.pendingMarketOrders(positionId)).to.equal(0n);
    });
  });
});
