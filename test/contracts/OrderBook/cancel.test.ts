import { expect } from "chai";
import { network } from "hardhat";
import { type BookWorld, bookWorld, now, POSITION_ID, ROOMY } from "../../fixtures/orderBook.ts";
import {
  closeRequest,
  OrderKind,
  type OrderRequest,
  openRequest,
  stopRequest,
  wad,
} from "../../fixtures/orderRequests.ts";

const connection = await network.create(ROOMY);
const { ethers, networkHelpers } = connection;

const NEVER = 4_000_000_000n;

async function bookFixture() {
  return bookWorld(connection);
}

/** A limit order that opens a long. */
function limitRequest(fields: Partial<OrderRequest> = {}): OrderRequest {
  return openRequest({
    kind: OrderKind.Limit,
    triggerPrice: wad("1900"),
    expiry: NEVER,
    ...fields,
  });
}

/** Submits order 1 and returns the last second in which a keeper may execute it: 2 + 60 + 30 s later. */
async function submitMarket(world: BookWorld, request = openRequest()): Promise<bigint> {
  await world.book.submit(request);
  return (await now(world)) + 92n;
}

describe("cancel", () => {
  it("refuses an order that does not wait", async () => {
    const { book } = await networkHelpers.loadFixture(bookFixture);
    await expect(book.cancel(1n, "0x"))
      .to.be.revertedWithCustomError(book, "OrderNotFound")
      .withArgs(1n);
  });

  describe("given a trigger order", () => {
    it("refuses anybody but its account before it expires", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, other } = world;
      const expiry = (await now(world)) + 100n;
      await book.submit(limitRequest({ expiry }));
      await networkHelpers.time.setNextBlockTimestamp(expiry);
      await expect(book.connect(other).cancel(1n, "0x"))
        .to.be.revertedWithCustomError(book, "NotAuthorized")
        .withArgs(other);
    });

    it("lets its account cancel at any time, and refunds margin and fee", async () => {
      const { book, harness, account } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(limitRequest());
      await expect(book.cancel(1n, "0x"))
        .to.emit(book, "OrderCancelled")
        .withArgs(1n, account, 2n, wad("401"), 0n, 0n, "0x")
        .and.to.emit(harness, "Released")
        .withArgs(account, wad("401"), 0n, 0n, false);
      expect((await book.order(1n)).submittedAt).to.equal(0n);
    });

    it("cannot be cancelled twice", async () => {
      const { book } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(limitRequest());
      await book.cancel(1n, "0x");
      await expect(book.cancel(1n, "0x"))
        .to.be.revertedWithCustomError(book, "OrderNotFound")
        .withArgs(1n);
    });

    it("lets anybody cancel once it has expired, for its account", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, harness, account, other } = world;
      const expiry = (await now(world)) + 100n;
      await book.submit(limitRequest({ expiry }));
      await networkHelpers.time.setNextBlockTimestamp(expiry + 1n);
      await expect(book.connect(other).cancel(1n, "0x"))
        .to.emit(book, "OrderCancelled")
        .withArgs(1n, other, 2n, wad("401"), 0n, 0n, "0x")
        .and.to.emit(harness, "Released")
        .withArgs(account, wad("401"), 0n, 0n, false);
    });

    it("lets anybody cancel once its position is closed, for the owner that had it", async () => {
      const { book, harness, account, other } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(stopRequest(POSITION_ID, { feeFromMargin: false }));
      await expect(book.connect(other).cancel(1n, "0x"))
        .to.be.revertedWithCustomError(book, "NotAuthorized")
        .withArgs(other);
      await harness.setPosition(POSITION_ID, account, 0n);
      await expect(book.connect(other).cancel(1n, "0x"))
        .to.emit(harness, "Released")
        .withArgs(account, wad("1"), 0n, 0n, false);
    });

    it("moves nothing where the fee was to come from margin", async () => {
      const { book, harness, account } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(stopRequest(POSITION_ID));
      await expect(book.cancel(1n, "0x"))
        .to.emit(book, "OrderCancelled")
        .withArgs(1n, account, 2n, 0n, 0n, 0n, "0x")
        .and.not.to.emit(harness, "Released");
    });

    it("guards an exit while its position waits to be opened", async () => {
      const { book, account, other } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(limitRequest());
      await book.submit(stopRequest(1n));
      await expect(book.connect(other).cancel(2n, "0x"))
        .to.be.revertedWithCustomError(book, "NotAuthorized")
        .withArgs(other);
      await expect(book.cancel(2n, "0x"))
        .to.emit(book, "OrderCancelled")
        .withArgs(2n, account, 3n, 0n, 0n, 0n, "0x");
    });

    it("lets anybody clear away an exit whose position never opened", async () => {
      const { book, harness, other } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(limitRequest());
      await book.submit(stopRequest(1n));
      await book.cancel(1n, "0x");
      expect(await book.accountOf(2n)).to.equal(ethers.ZeroAddress);
      await expect(book.connect(other).cancel(2n, "0x"))
        .to.emit(book, "OrderCancelled")
        .withArgs(2n, other, 4n, 0n, 0n, 0n, "0x")
        .and.not.to.emit(harness, "Released");
    });
  });

  describe("given a market order", () => {
    it("refuses everybody up to the end of its window: no free look", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, account, other } = world;
      const end = await submitMarket(world);
      for (const [caller, time] of [
        [account, end - 50n],
        [account, end - 1n],
        [other, end],
      ] as const) {
        await networkHelpers.time.setNextBlockTimestamp(time);
        await expect(book.connect(caller).cancel(1n, "0x"))
          .to.be.revertedWithCustomError(book, "CancelTooEarly")
          .withArgs(1n, end + 1n);
      }
    });

    it("then lets anybody cancel, refunds the margin and forfeits the fee to the pool", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, harness, account, other } = world;
      const end = await submitMarket(world);
      await networkHelpers.time.setNextBlockTimestamp(end + 1n);
      await expect(book.connect(other).cancel(1n, "0x"))
        .to.emit(book, "OrderCancelled")
        .withArgs(1n, other, 2n, wad("400"), wad("1"), 0n, "0x")
        .and.to.emit(harness, "Released")
        .withArgs(account, wad("400"), wad("1"), 0n, false);
    });

    it("does not count time in which the sequencer was down", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, harness } = world;
      const end = await submitMarket(world);
      // It came back 100 s after the order had waited for its price: 30 s of window begin then.
      const upSince = end - 30n + 100n;
      await harness.setUpSince(upSince);
      await networkHelpers.time.setNextBlockTimestamp(upSince + 30n);
      await expect(book.cancel(1n, "0x"))
        .to.be.revertedWithCustomError(book, "CancelTooEarly")
        .withArgs(1n, upSince + 31n);
      await networkHelpers.time.setNextBlockTimestamp(upSince + 31n);
      await book.cancel(1n, "0x");
    });

    it("refunds the fee as well when it is proven that there was no price", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, harness, account } = world;
      const end = await submitMarket(world);
      const [time, latest] = [end - 90n, end - 30n];
      await harness.setProofOfAbsence(time, latest);
      const proof = ethers.AbiCoder.defaultAbiCoder().encode(["uint64", "uint64"], [time, latest]);
      await networkHelpers.time.setNextBlockTimestamp(end);
      await expect(book.cancel(1n, proof))
        .to.be.revertedWithCustomError(book, "CancelTooEarly")
        .withArgs(1n, end + 1n);
      await networkHelpers.time.setNextBlockTimestamp(end + 1n);
      await expect(book.cancel(1n, proof))
        .to.emit(book, "OrderCancelled")
        .withArgs(1n, account, 2n, wad("401"), 0n, 0n, "0x")
        .and.to.emit(harness, "Released")
        .withArgs(account, wad("401"), 0n, 0n, false);
    });

    it("forfeits the fee upon a proof that shows nothing", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, harness, account } = world;
      const end = await submitMarket(world);
      await networkHelpers.time.setNextBlockTimestamp(end + 1n);
      await expect(book.cancel(1n, "0x1234"))
        .to.emit(harness, "Released")
        .withArgs(account, wad("400"), wad("1"), 0n, false);
    });

    it("frees the margin of the position that it was counted for", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, harness, account } = world;
      const end = await submitMarket(world, closeRequest(POSITION_ID));
      await networkHelpers.time.setNextBlockTimestamp(end + 1n);
      await expect(book.cancel(1n, "0x"))
        .to.emit(harness, "Released")
        .withArgs(account, 0n, wad("1"), POSITION_ID, false);
    });

    it("waits for the window and forfeits all the same when its position is gone", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, harness, account } = world;
      const end = await submitMarket(world, closeRequest(POSITION_ID));
      await harness.setPosition(POSITION_ID, account, 0n);
      await networkHelpers.time.setNextBlockTimestamp(end);
      await expect(book.cancel(1n, "0x"))
        .to.be.revertedWithCustomError(book, "CancelTooEarly")
        .withArgs(1n, end + 1n);
      await networkHelpers.time.setNextBlockTimestamp(end + 1n);
      await expect(book.cancel(1n, "0x"))
        .to.emit(harness, "Released")
        .withArgs(account, 0n, wad("1"), POSITION_ID, false);
    });
  });

  it("does not let a token's hook cancel the order again", async () => {
    const { book, harness, account } = await networkHelpers.loadFixture(bookFixture);
    await book.submit(limitRequest());
    await harness.setHook(book.interface.encodeFunctionData("cancel", [1n, "0x"]));
    await expect(book.cancel(1n, "0x"))
      .to.emit(harness, "Hooked")
      .withArgs(false, book.interface.encodeErrorResult("OrderNotFound", [1n]))
      .and.to.emit(book, "OrderCancelled")
      .withArgs(1n, account, 2n, wad("401"), 0n, 0n, "0x");
  });
});
