import { expect } from "chai";
import type { Signer } from "ethers";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { openRequest, wad } from "../../fixtures/orderRequests.ts";
import { executeOrder, submitOrder } from "../../fixtures/trading.ts";
import { calmMarket, openLong, prepareOldPhase } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });

/** Alice's long; `book` and `pool` are the market's own contracts as callers. The token calls back where told to. */
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
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  return { ...market, ...opened, market, book, pool, token };
}

const EMPTY_TRADE = {
  kind: 0n,
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
  transfers: 0n,
};

/** What a batch is priced at, as in the contract. */
const BATCH_KIND = { own: 0n, spot: 1n, last: 2n } as const;

/** Calls that belong to the order book. */
const BOOK_CALLS: Record<string, readonly unknown[]> = {
  escrow: [ethers.ZeroAddress, 1n, 0n],
  release: [ethers.ZeroAddress, 1n, 1n, 0n, false],
  beginBatch: ["0x", BATCH_KIND.spot],
  trade: [EMPTY_TRADE],
  endBatch: [ethers.ZeroAddress, 1n],
  assignPosition: [1n, "0x0000000000000000000000000000000000000001"],
};

/** Calls that belong to the charter, and one to the mandate book. */
const POWER_CALLS: Record<string, readonly unknown[]> = {
  publishTerms: [{ margins: 1n, trades: 1n }],
  setLimits: [1n, 1n],
  settleMarket: [],
  releaseProtocolFees: ["0x0000000000000000000000000000000000000001"],
  setMandated: [1n, true],
};

/** Calls that belong to the pool. */
const POOL_CALLS: Record<string, readonly unknown[]> = {
  lock: [],
  unlock: [],
  beginFulfilment: ["0x", 60n],
  endFulfilment: [1n, 1n],
};

/** Calls that anybody may make and that take the lock. */
const LOCKED_CALLS: Record<string, readonly unknown[]> = {
  addMargin: [1n, 1n],
  removeMargin: [1n, 1n, "0x0000000000000000000000000000000000000001", "0x"],
  claim: ["0x0000000000000000000000000000000000000001"],
  accrue: [],
  liquidate: [1n, "0x", "0x0000000000000000000000000000000000000001"],
  liquidateBatch: [[1n], "0x", "0x0000000000000000000000000000000000000001"],
  rescue: [1n, "0x", "0x0000000000000000000000000000000000000001"],
  sweepDues: [],
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

  for (const [name, args] of Object.entries(POWER_CALLS)) {
    it(`lets nobody of the market's accounts, order book or pool call ${name}`, async () => {
      const { marginVault, accounts, book, pool } = await networkHelpers.loadFixture(marketFixture);
      const data = marginVault.interface.encodeFunctionData(name as "setLimits", args as never);
      for (const caller of [accounts.alice, accounts.deployer, accounts.curator, book, pool]) {
        await expect(caller.sendTransaction({ to: marginVault, data }))
          .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
          .withArgs(await caller.getAddress());
      }
    });
  }

  for (const name of ["endBatch", "trade"]) {
    it(`refuses ${name} outside a batch, even to the order book`, async () => {
      const { marginVault, book } = await networkHelpers.loadFixture(marketFixture);
      const args = BOOK_CALLS[name];
      const data = marginVault.interface.encodeFunctionData(name as "trade", args as never);
      await expect(book.sendTransaction({ to: marginVault, data }))
        .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
        .withArgs(await book.getAddress());
    });
  }

  it("refuses to release for a batch that there is not, even to the order book", async () => {
    const { marginVault, book, accounts } = await networkHelpers.loadFixture(marketFixture);
    const { address } = accounts.alice;
    const data = marginVault.interface.encodeFunctionData("release", [address, 0n, 0n, 0n, true]);
    await expect(book.sendTransaction({ to: marginVault, data }))
      .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
      .withArgs(await book.getAddress());
  });

  describe("while the market is locked", () => {
    // The lock is transient: the token, called in the middle of a transaction that holds it, tries.
    for (const [name, args] of Object.entries(LOCKED_CALLS)) {
      it(`refuses ${name}`, async () => {
        const { marginVault, token, accounts, positionId } =
          await networkHelpers.loadFixture(marketFixture);
        const data = marginVault.interface.encodeFunctionData(name as "addMargin", args as never);
        await token.setReentry(marginVault, data);
        await marginVault.connect(accounts.alice).addMargin(positionId, 1n);
        expect(await token.succeeded()).to.equal(false);
        expect(await token.response()).to.equal(
          marginVault.interface.encodeErrorResult("MarketLocked"),
        );
      });
    }

    for (const [name, args] of Object.entries({
      settleAtCap: [1n, "0x", "0x0000000000000000000000000000000000000001"],
      poke: ["0x"],
      submit: [openRequest()],
    })) {
      it(`refuses ${name} of the order book`, async () => {
        const { marginVault, orderBook, token, accounts, positionId } =
          await networkHelpers.loadFixture(marketFixture);
        const data = orderBook.interface.encodeFunctionData(name as "submit", args as never);
        await token.setReentry(orderBook, data);
        await marginVault.connect(accounts.alice).addMargin(positionId, 1n);
        expect(await token.succeeded()).to.equal(false);
        expect(await token.response()).to.equal(
          marginVault.interface.encodeErrorResult("MarketLocked"),
        );
      });
    }

    it("refuses payProtocolFees of the charter", async () => {
      const { marginVault, charter, token, accounts, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      await token.setReentry(charter, charter.interface.encodeFunctionData("payProtocolFees"));
      await marginVault.connect(accounts.alice).addMargin(positionId, 1n);
      expect(await token.succeeded()).to.equal(false);
      expect(await token.response()).to.equal(
        marginVault.interface.encodeErrorResult("MarketLocked"),
      );
    });

    it("says so, and is free again afterwards", async () => {
      const { marginVault, token, accounts, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      expect(await marginVault.isLocked()).to.equal(false);
      await token.setReentry(marginVault, marginVault.interface.encodeFunctionData("isLocked"));
      await marginVault.connect(accounts.alice).addMargin(positionId, 1n);
      expect(BigInt(await token.response())).to.equal(1n);
      expect(await marginVault.isLocked()).to.equal(false);
    });
  });

  describe("in the middle of a batch", () => {
    /** Two market orders of Alice's that wait: the first has missed its window, the second is about to close a gain. */
    async function batchFixture() {
      const world = await networkHelpers.loadFixture(marketFixture);
      const { market, positionId, accounts } = world;
      const missed = await submitOrder(market, accounts.bob, {
        sizeDelta: wad("1"),
        margin: wad("400"),
        reserve: wad("400"),
      });
      await networkHelpers.time.increase(300n);
      const closing = await submitOrder(market, accounts.alice, {
        positionId,
        sizeDelta: -wad("100"),
      });
      return { ...world, missed: missed.orderId, closing };
    }

    it("refuses escrow for another order", async () => {
      const { market, marginVault, orderBook, token, closing } = await batchFixture();
      const data = orderBook.interface.encodeFunctionData("submit", [openRequest()]);
      await token.setReentry(orderBook, data);
      await executeOrder(market, closing, wad("2100"));
      expect(await token.response()).to.equal(
        marginVault.interface.encodeErrorResult("MarketLocked"),
      );
      await expectConservation(market);
    });

    it("refuses another batch", async () => {
      const { market, marginVault, orderBook, token, accounts, closing, missed } =
        await batchFixture();
      const data = orderBook.interface.encodeFunctionData("execute", [
        [missed],
        "0x",
        accounts.keeper.address,
      ]);
      await token.setReentry(orderBook, data);
      await executeOrder(market, closing, wad("2100"));
      expect(await token.response()).to.equal(
        marginVault.interface.encodeErrorResult("MarketLocked"),
      );
      await expectConservation(market);
    });

    it("loses nothing that a cancelled order forfeits", async () => {
      const { market, orderBook, token, closing, missed } = await batchFixture();
      const data = orderBook.interface.encodeFunctionData("cancel", [missed, "0x"]);
      await token.setReentry(orderBook, data);
      await executeOrder(market, closing, wad("2100"));
      await expectConservation(market);
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
      await expect(marginVault.connect(book).beginBatch("0x", BATCH_KIND.spot))
        .to.be.revertedWithCustomError(marginVault, "PriceNotNewEnough")
        .withArgs(updatedAt, used.updatedAt);
    });

    it("returns the price with its time", async () => {
      const { market, marginVault, book } = await networkHelpers.loadFixture(marketFixture);
      const round = await pushPrice(market, wad("2100"));
      const price = await marginVault.connect(book).beginBatch.staticCall("0x", BATCH_KIND.spot);
      expect(price.value).to.equal(wad("2100"));
      expect(price.observedAt).to.equal(round.updatedAt);
    });

    it("refuses to close at a last price while the market runs", async () => {
      const { marginVault, book } = await networkHelpers.loadFixture(marketFixture);
      await expect(
        marginVault.connect(book).beginBatch("0x", BATCH_KIND.last),
      ).to.be.revertedWithCustomError(marginVault, "MarketNotSettled");
    });
  });

  it("takes ether from nobody but the oracle", async () => {
    const { marginVault, accounts } = await networkHelpers.loadFixture(marketFixture);
    await expect(accounts.alice.sendTransaction({ to: marginVault, value: 1n }))
      .to.be.revertedWithCustomError(marginVault, "NotAuthorized")
      .withArgs(accounts.alice);
  });

  it("counts a market order while it waits, and uncounts it when it ends", async () => {
    const { market, marginVault, orderBook, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    const { alice } = accounts;
    const order = { positionId, sizeDelta: -wad("1") };
    const { orderId } = await submitOrder(market, alice, order);
    expect(await marginVault.pendingMarketOrders(positionId)).to.equal(1n);
    await expectConservation(market);
    await networkHelpers.time.increase(200n);
    await orderBook.connect(accounts.bob).cancel(orderId, "0x");
    expect(await marginVault.pendingMarketOrders(positionId)).to.equal(0n);
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
