import { expect } from "chai";
import type { Signer } from "ethers";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { submitOrder } from "../../fixtures/trading.ts";
import { calmMarket, openLong, prepareOldPhase } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

/** Alice's long; `book` and `pool` are the market's own contracts as callers. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const callers: Signer[] = [];
  for (const contract of [market.orderBook, market.liquidityVault]) {
    const address = String(contract.target);
    await networkHelpers.setBalance(address, wad("1"));
    callers.push(await ethers.getImpersonatedSigner(address));
  }
  const [book, pool] = callers as [Signer, Signer];
  return { ...market, ...opened, market, book, pool };
}

const EMPTY_TRADE = {
  positionId: 1n,
  opener: ethers.ZeroAddress,
  sizeDelta: 1n,
  reduceOnly: false,
  counted: false,
  margin: 0n,
  reserve: 0n,
  acceptablePrice: 0n,
  termsId: 1n,
  spread: 0n,
  keeperFeeFromMargin: 0n,
};

/** Calls that belong to the order book. */
const BOOK_CALLS: Record<string, readonly unknown[]> = {
  escrow: [ethers.ZeroAddress, 1n, 0n],
  refund: [ethers.ZeroAddress, 1n, 0n],
  release: [ethers.ZeroAddress, 1n, 1n, 0n],
  beginBatch: ["0x", true],
  trade: [EMPTY_TRADE],
  endBatch: [ethers.ZeroAddress, 1n],
};

/** Calls that belong to the pool. */
const POOL_CALLS: Record<string, readonly unknown[]> = {
  lock: [],
  unlock: [],
  beginFulfilment: ["0x", 60n],
  endFulfilment: [1n, 1n],
};

/** Calls that anybody may make, or the order book or pool, and that take the lock. */
const LOCKED_CALLS: Record<string, readonly unknown[]> = {
  addMargin: [1n, 1n],
  removeMargin: [1n, 1n, "0x0000000000000000000000000000000000000001", "0x"],
  claim: ["0x0000000000000000000000000000000000000001"],
  accrue: [],
  liquidate: [1n, "0x", "0x0000000000000000000000000000000000000001"],
  liquidateBatch: [[1n], "0x", "0x0000000000000000000000000000000000000001"],
  settleAtCap: [1n, "0x", "0x0000000000000000000000000000000000000001"],
  sweepDues: [],
  payProtocolFees: [],
};

describe("MarginVault guards", () => {
  for (const [name, args] of Object.entries(BOOK_CALLS)) {
    it(`lets only the order book call ${name}`, async () => {
      const { marginVault, accounts, pool } = await networkHelpers.loadFixture(marketFixture);
      const data = marginVault.interface.encodeFunctionData(name as "escrow", args as never);
      for (const caller of [accounts.alice, accounts.deployer, pool]) {
        await expect(caller.sendTransaction({ to: marginVault, data }))
          .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
          .withArgs(await caller.getAddress());
      }
    });
  }

  for (const [name, args] of Object.entries(POOL_CALLS)) {
    it(`lets only the pool call ${name}`, async () => {
      const { marginVault, accounts, book } = await networkHelpers.loadFixture(marketFixture);
      const data = marginVault.interface.encodeFunctionData(name as "lock", args as never);
      for (const caller of [accounts.alice, accounts.deployer, book]) {
        await expect(caller.sendTransaction({ to: marginVault, data }))
          .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
          .withArgs(await caller.getAddress());
      }
    });
  }

  for (const name of ["refund", "endBatch", "trade"]) {
    it(`refuses ${name} outside a batch, even to the order book`, async () => {
      const { marginVault, book } = await networkHelpers.loadFixture(marketFixture);
      const args = BOOK_CALLS[name];
      const data = marginVault.interface.encodeFunctionData(name as "refund", args as never);
      await expect(book.sendTransaction({ to: marginVault, data }))
        .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
        .withArgs(await book.getAddress());
    });
  }

  describe("while the market is locked", () => {
    for (const [name, args] of Object.entries(LOCKED_CALLS)) {
      it(`refuses ${name}`, async () => {
        const { marginVault, pool } = await networkHelpers.loadFixture(marketFixture);
        // The lock is transient: one transaction holds it and tries.
        const encode = marginVault.interface.encodeFunctionData.bind(marginVault.interface);
        const calls = [encode("lock"), encode(name as "addMargin", args as never)];
        await expect(marginVault.connect(pool).multicall(calls))
          .to.be.revertedWithCustomError(marginVault, "CallFailed")
          .withArgs(1n, marginVault.interface.encodeErrorResult("MarketLocked"));
      });
    }

    for (const [name, args] of Object.entries({
      escrow: BOOK_CALLS.escrow,
      release: BOOK_CALLS.release,
      beginBatch: BOOK_CALLS.beginBatch,
    })) {
      it(`refuses ${name} in the middle of a batch`, async () => {
        const { marginVault, book } = await networkHelpers.loadFixture(marketFixture);
        const encode = marginVault.interface.encodeFunctionData.bind(marginVault.interface);
        const calls = [encode("beginBatch", ["0x", true]), encode(name as "escrow", args as never)];
        await expect(marginVault.connect(book).multicall(calls))
          .to.be.revertedWithCustomError(marginVault, "CallFailed")
          .withArgs(1n, marginVault.interface.encodeErrorResult("MarketLocked"));
      });
    }

    it("says so, and is free again afterwards", async () => {
      const { marginVault, pool } = await networkHelpers.loadFixture(marketFixture);
      const encode = marginVault.interface.encodeFunctionData.bind(marginVault.interface);
      const calls = [encode("isLocked"), encode("lock"), encode("isLocked"), encode("unlock")];
      const results = await marginVault
        .connect(pool)
        .multicall.staticCall([...calls, encode("isLocked")]);
      const flags = [results[0], results[2], results[4]].map((result) => BigInt(String(result)));
      expect(flags).to.deep.equal([0n, 1n, 0n]);
      expect(await marginVault.isLocked()).to.equal(false);
    });
  });

  describe("given a batch at the price of now", () => {
    it("refuses a price older than one the market has used, and names both", async () => {
      const { market, marginVault, book, positionId, accounts } =
        await networkHelpers.loadFixture(marketFixture);
      const { updatedAt, goBack } = await prepareOldPhase(market, wad("2100"));
      const used = await pushPrice(market, wad("2000"));
      const { alice } = accounts;
      await marginVault.connect(alice).removeMargin(positionId, 1n, alice, "0x");
      await goBack();
      await expect(marginVault.connect(book).beginBatch("0x", true))
        .to.be.revertedWithCustomError(marginVault, "PriceNotNewEnough")
        .withArgs(updatedAt, used.updatedAt);
    });

    it("returns the price and the market's clock", async () => {
      const { market, marginVault, book } = await networkHelpers.loadFixture(marketFixture);
      const { clock } = await marginVault.market();
      const round = await pushPrice(market, wad("2100"));
      const [price, returned] = await marginVault.connect(book).beginBatch.staticCall("0x", true);
      expect(price.value).to.equal(wad("2100"));
      expect(price.observedAt).to.equal(round.updatedAt);
      expect(returned).to.equal(clock);
    });
  });

  it("takes ether from nobody but the oracle", async () => {
    const { marginVault, accounts } = await networkHelpers.loadFixture(marketFixture);
    await expect(accounts.alice.sendTransaction({ to: marginVault, value: 1n }))
      .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
      .withArgs(accounts.alice);
  });

  it("counts waiting market orders and uncounts them when they end", async () => {
    const { market, marginVault, orderBook, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice } = accounts;
    const order = { positionId, sizeDelta: -wad("1") };
    const { orderId } = await submitOrder(market, alice, order);
    await submitOrder(market, alice, order);
    expect(await marginVault.pendingMarketOrders(positionId)).to.equal(2n);
    await expectConservation(market);
    await networkHelpers.time.increase(200n);
    await orderBook.connect(accounts.bob).cancel(orderId, "0x");
    expect(await marginVault.pendingMarketOrders(positionId)).to.equal(1n);
    // Its fee of 0.5 is forfeit: due to the pool beside the 90.000225.
    expect((await marginVault.market()).poolDue).to.equal(wad("90.500225"));
    await expectConservation(market);
  });

  it("refuses escrow that the account has not allowed", async () => {
    const { marginVault, book, accounts, token } = await networkHelpers.loadFixture(marketFixture);
    await expect(marginVault.connect(book).escrow(accounts.stranger, 1n, 0n))
      .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
      .withArgs(marginVault, 0n, 1n);
  });
});
