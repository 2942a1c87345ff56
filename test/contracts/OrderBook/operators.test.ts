import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { NOBODY, SCOPE, stopLoss } from "../../fixtures/powers.ts";
import { executeOrder, orderRequest, submitOrder } from "../../fixtures/trading.ts";
import { calmMarket, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;
const createMarket = calmMarket();

/** Expiry of the grants below: far beyond what the tests take [s]. */
const YEAR = 31_536_000n;

/** Alice's long of {@link openLong}; Bob may trade for her, Carol may add margin. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const { orderBook, accounts } = market;
  const { alice, bob, carol } = accounts;
  const expiry = (await now(market)) + YEAR;
  const owner = orderBook.connect(alice);
  await owner.setOperator(bob, SCOPE.trade, expiry);
  await owner.setOperator(carol, SCOPE.addMargin, expiry);
  const operator = orderBook.connect(bob);
  const opening = await orderRequest(market, {
    sizeDelta: wad("1"),
    margin: wad("500"),
    reserve: wad("400"),
  });
  return { ...market, market, positionId, expiry, owner, operator, opening };
}

describe("OrderBook setOperator (BH-211)", () => {
  it("reverts when the operator is zero", async () => {
    const { owner, expiry } = await networkHelpers.loadFixture(marketFixture);
    await expect(owner.setOperator(NOBODY, SCOPE.trade, expiry)).to.be.revertedWithCustomError(
      owner,
      "ZeroAddress",
    );
  });

  it("reverts when the expiry is not in the future", async () => {
    const { market, owner, accounts } = await networkHelpers.loadFixture(marketFixture);
    const at = (await now(market)) + 5n;
    await networkHelpers.time.setNextBlockTimestamp(at);
    await expect(owner.setOperator(accounts.bob, SCOPE.addMargin, at))
      .to.be.revertedWithCustomError(owner, "ExpiryInPast")
      .withArgs(at, at);
  });

  it("logs the grant, with the number of the log", async () => {
    const { owner, accounts, expiry } = await networkHelpers.loadFixture(marketFixture);
    // Logs 1 to 3: an order, two grants.
    await expect(owner.setOperator(accounts.keeper, SCOPE.trade, expiry))
      .to.emit(owner, "OperatorSet")
      .withArgs(accounts.alice, accounts.keeper, 4n, SCOPE.trade, expiry);
  });

  it("grants a scope and all below it, for this account alone", async () => {
    const { orderBook, accounts } = await networkHelpers.loadFixture(marketFixture);
    const { alice, bob, carol, stranger } = accounts;
    const grants = [
      { operator: bob, scope: SCOPE.trade, holds: true },
      { operator: bob, scope: SCOPE.addMargin, holds: true },
      { operator: bob, scope: SCOPE.none, holds: false },
      { operator: carol, scope: SCOPE.trade, holds: false },
      { operator: carol, scope: SCOPE.addMargin, holds: true },
      { operator: stranger, scope: SCOPE.addMargin, holds: false },
    ];
    for (const { operator, scope, holds } of grants) {
      expect(await orderBook.isOperator(alice, operator, scope)).to.equal(holds);
      expect(await orderBook.isOperator(operator, alice, scope)).to.equal(false);
    }
  });

  it("ends with its last second", async () => {
    const { operator, opening, accounts, expiry } = await networkHelpers.loadFixture(marketFixture);
    const { alice, bob } = accounts;
    await networkHelpers.time.setNextBlockTimestamp(expiry);
    await operator.submitFor(alice, opening);
    await networkHelpers.time.setNextBlockTimestamp(expiry + 1n);
    await expect(operator.submitFor(alice, opening))
      .to.be.revertedWithCustomError(operator, "NotAuthorized")
      .withArgs(bob);
  });

  it("is taken back without an expiry", async () => {
    const { owner, operator, opening, accounts } = await networkHelpers.loadFixture(marketFixture);
    await owner.setOperator(accounts.bob, SCOPE.none, 0n);
    await expect(operator.submitFor(accounts.alice, opening))
      .to.be.revertedWithCustomError(operator, "NotAuthorized")
      .withArgs(accounts.bob);
  });
});

describe("OrderBook submitFor (BH-212)", () => {
  it("reverts for strangers, and for operators who may only add margin", async () => {
    const { orderBook, opening, accounts } = await networkHelpers.loadFixture(marketFixture);
    for (const caller of [accounts.stranger, accounts.carol]) {
      await expect(orderBook.connect(caller).submitFor(accounts.alice, opening))
        .to.be.revertedWithCustomError(orderBook, "NotAuthorized")
        .withArgs(caller);
    }
  });

  it("reverts when the keeper's fee is more than twice the least: it would be a withdrawal", async () => {
    const { operator, opening, accounts } = await networkHelpers.loadFixture(marketFixture);
    const keeperFee = wad("1") + 10n ** 12n;
    await expect(operator.submitFor(accounts.alice, { ...opening, keeperFee }))
      .to.be.revertedWithCustomError(operator, "OperatorFeeTooHigh")
      .withArgs(keeperFee, wad("1"));
    await operator.submitFor(accounts.alice, { ...opening, keeperFee: wad("1") });
  });

  it("reverts when the position is not the account's, be it the operator's own", async () => {
    const { market, operator, accounts } = await networkHelpers.loadFixture(marketFixture);
    const { alice, bob } = accounts;
    const own = await submitOrder(market, bob, {
      sizeDelta: wad("1"),
      margin: wad("500"),
      reserve: wad("400"),
    });
    await executeOrder(market, own);
    const closing = await orderRequest(market, { positionId: own.orderId, sizeDelta: -wad("1") });
    await expect(operator.submitFor(alice, closing))
      .to.be.revertedWithCustomError(operator, "NotAuthorized")
      .withArgs(alice);
  });

  it("takes escrow out of the account's wallet, and opens the account's position", async () => {
    const { market, marginVault, orderBook, operator, opening, accounts, token } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, bob } = accounts;
    const submitted = operator.submitFor(alice, opening);
    await expect(submitted).to.changeTokenBalances(
      ethers,
      token,
      [alice, bob, marginVault],
      [-500_500_000n, 0n, 500_500_000n],
    );
    await expect(submitted).to.emit(orderBook, "OrderSubmitted");
    expect(await orderBook.accountOf(2n)).to.equal(alice);
    await executeOrder(market, { orderId: 2n, submittedAt: await now(market) });
    expect((await marginVault.position(2n)).owner).to.equal(alice);
  });

  it("closes the account's position, whose payout goes to the account", async () => {
    const { market, operator, accounts, token, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, bob } = accounts;
    const closing = await orderRequest(market, { positionId, sizeDelta: -wad("100") });
    await operator.submitFor(alice, closing);
    const held = await token.balanceOf(bob);
    const before = await token.balanceOf(alice);
    await executeOrder(market, { orderId: 2n, submittedAt: await now(market) }, wad("2000"));
    expect(await token.balanceOf(bob)).to.equal(held);
    // The close returns the premium of the opening: 9,899.99975 less the fee of 100.00025, less what accrued.
    expect((await token.balanceOf(alice)) - before).to.equal(9_799_999_499n);
    await expectConservation(market);
  });
});

describe("What operators can and cannot do besides (BH-213)", () => {
  it("lets them cancel the account's trigger orders, and refunds the account", async () => {
    const { market, operator, orderBook, accounts, token } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, bob, carol } = accounts;
    const { orderId } = await submitOrder(market, alice, {
      kind: 1n,
      sizeDelta: wad("1"),
      margin: wad("500"),
      reserve: wad("400"),
      triggerPrice: wad("1900"),
      expiry: 4_000_000_000n,
    });
    await expect(orderBook.connect(carol).cancel(orderId, "0x"))
      .to.be.revertedWithCustomError(orderBook, "NotAuthorized")
      .withArgs(carol);
    await expect(operator.cancel(orderId, "0x")).to.changeTokenBalances(
      ethers,
      token,
      [alice, bob],
      [500_500_000n, 0n],
    );
  });

  it("lets them place and cancel an exit that is paid from margin", async () => {
    const { market, operator, orderBook, accounts, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    const exit = await orderRequest(market, stopLoss(positionId, wad("1900")));
    await operator.submitFor(accounts.alice, exit);
    expect(await orderBook.accountOf(2n)).to.equal(accounts.alice);
    await operator.cancel(2n, "0x");
    expect(await orderBook.accountOf(2n)).to.equal(NOBODY);
  });

  it("lets nobody but the owner remove margin, transfer and give mandates", async () => {
    const { marginVault, orderBook, mandateBook, accounts, positionId, expiry } =
      await networkHelpers.loadFixture(marketFixture);
    const mandate = {
      positionId,
      cap: wad("100"),
      triggerRatio: wad("1.2"),
      targetRatio: wad("1.5"),
      minInterval: 60n,
      expiry,
      maxKeeperFee: wad("1"),
    };
    for (const caller of [accounts.bob, accounts.carol]) {
      const refused = [
        () => marginVault.connect(caller).removeMargin(positionId, 1n, caller, "0x"),
        () => orderBook.connect(caller).transferPosition(positionId, caller),
        () => mandateBook.connect(caller).setMandate(mandate),
        () => mandateBook.connect(caller).revokeMandate(positionId),
      ];
      for (const call of refused) {
        await expect(call())
          .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
          .withArgs(caller);
      }
    }
  });

  it("lets both scopes add margin out of the owner's wallet", async () => {
    const { mandateBook, marginVault, token, accounts, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice, bob, carol, stranger } = accounts;
    await token.connect(alice).approve(mandateBook, 10_000_000n);
    await expect(mandateBook.connect(stranger).addMarginFor(positionId, 1n))
      .to.be.revertedWithCustomError(mandateBook, "NotAuthorized")
      .withArgs(stranger);
    for (const caller of [bob, carol]) {
      await expect(mandateBook.connect(caller).addMarginFor(positionId, 2_000_000n))
        .to.emit(marginVault, "MarginAdded")
        .withArgs(
          positionId,
          mandateBook,
          (value: bigint) => value > 0n,
          wad("2"),
          () => true,
        );
    }
    expect(await token.balanceOf(mandateBook)).to.equal(0n);
    expect(await token.allowance(alice, mandateBook)).to.equal(6_000_000n);
  });
});

describe("OrderBook labelPosition (BH-214)", () => {
  const LABEL = ethers.encodeBytes32String("grid-7");

  it("reverts for strangers, and for a position that never was", async () => {
    const { orderBook, accounts, positionId } = await networkHelpers.loadFixture(marketFixture);
    const attempts = [
      { caller: accounts.stranger, labelled: positionId },
      { caller: accounts.carol, labelled: positionId },
      { caller: accounts.alice, labelled: 9n },
    ];
    for (const { caller, labelled } of attempts) {
      await expect(orderBook.connect(caller).labelPosition(labelled, LABEL))
        .to.be.revertedWithCustomError(orderBook, "NotAuthorized")
        .withArgs(caller);
    }
  });

  it("logs the owner's label, and an operator's as the owner's", async () => {
    const { owner, operator, accounts, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    await expect(owner.labelPosition(positionId, LABEL))
      .to.emit(owner, "PositionLabelled")
      .withArgs(positionId, accounts.alice, 4n, LABEL);
    await expect(operator.labelPosition(positionId, LABEL))
      .to.emit(owner, "PositionLabelled")
      .withArgs(positionId, accounts.alice, 5n, LABEL);
  });

  it("labels a position that waits to open, in one multicall with its order", async () => {
    const { owner, opening, accounts } = await networkHelpers.loadFixture(marketFixture);
    const calls = [
      owner.interface.encodeFunctionData("submit", [opening]),
      owner.interface.encodeFunctionData("labelPosition", [2n, LABEL]),
    ];
    await expect(owner.multicall(calls))
      .to.emit(owner, "PositionLabelled")
      .withArgs(2n, accounts.alice, 5n, LABEL);
  });
});
