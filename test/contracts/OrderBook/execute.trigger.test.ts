import { expect } from "chai";
import { network } from "hardhat";
import {
  type BookWorld,
  bookWorld,
  coverAll,
  now,
  POSITION_ID,
  ROOMY,
  setPrice,
  spotNow,
} from "../../fixtures/orderBook.ts";
import {
  OrderKind,
  type OrderRequest,
  openRequest,
  stopRequest,
  wad,
} from "../../fixtures/orderRequests.ts";

const connection = await network.create(ROOMY);
const { networkHelpers } = connection;

const NEVER = 4_000_000_000n;

async function bookFixture() {
  return bookWorld(connection);
}

function limitRequest(fields: Partial<OrderRequest> = {}): OrderRequest {
  return openRequest({
    kind: OrderKind.Limit,
    triggerPrice: wad("1900"),
    expiry: NEVER,
    ...fields,
  });
}

async function executeFirst(world: BookWorld) {
  return world.book.connect(world.keeper).execute([1n], "0x", world.feeReceiver);
}

describe("execute of trigger orders", () => {
  it("refuses a price observed before T: the account may have known it", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    await world.book.submit(stopRequest(POSITION_ID));
    const time = (await now(world)) + 2n;
    const observedAt = time - 1n;
    await setPrice(world, {
      value: wad("1900"),
      validFrom: observedAt,
      observedAt,
      validUntil: time + 50n,
    });
    await networkHelpers.time.increaseTo(time + 50n);
    await expect(executeFirst(world))
      .to.be.revertedWithCustomError(world.book, "PriceDoesNotCover")
      .withArgs(1n, time, observedAt, observedAt, time + 50n);
    await setPrice(world, {
      value: wad("1900"),
      validFrom: time,
      observedAt: time,
      validUntil: time + 50n,
    });
    await expect(executeFirst(world)).to.emit(world.book, "OrderExecuted");
  });

  it("refuses an order that has expired", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    const expiry = (await now(world)) + 50n;
    await world.book.submit(stopRequest(POSITION_ID, { expiry }));
    await spotNow(world, wad("1900"));
    await networkHelpers.time.setNextBlockTimestamp(expiry + 1n);
    await expect(executeFirst(world))
      .to.be.revertedWithCustomError(world.book, "OrderExpired")
      .withArgs(1n, expiry);
  });

  it("fills an order in its last second", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    const expiry = (await now(world)) + 50n;
    await world.book.submit(stopRequest(POSITION_ID, { expiry }));
    await spotNow(world, wad("1900"));
    await networkHelpers.time.setNextBlockTimestamp(expiry);
    await expect(executeFirst(world)).to.emit(world.book, "OrderExecuted");
  });

  it("never adds a spread and has no window: it waits as long as it takes", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    await world.book.submit(limitRequest());
    await networkHelpers.time.increase(30n * 24n * 3_600n);
    await spotNow(world, wad("1899"));
    await expect(executeFirst(world))
      .to.emit(world.book, "OrderExecuted")
      .withArgs(1n, world.keeper, 1n, wad("1"), false);
  });

  const EDGES: [title: string, request: OrderRequest, unmet: bigint][] = [
    ["a limit that buys above its trigger", limitRequest(), wad("1900") + 1n],
    ["a limit that sells below it", limitRequest({ sizeDelta: -wad("1") }), wad("1900") - 1n],
    ["a stop that buys below it", limitRequest({ kind: OrderKind.Stop }), wad("1900") - 1n],
    ["a stop that sells above it", stopRequest(POSITION_ID), wad("1900") + 1n],
  ];
  for (const [title, request, unmet] of EDGES) {
    it(`refuses ${title}, by one wei`, async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      await world.book.submit(request);
      await spotNow(world, unmet);
      await expect(executeFirst(world))
        .to.be.revertedWithCustomError(world.book, "TriggerNotReached")
        .withArgs(1n, unmet, wad("1900"));
      await spotNow(world, wad("1900"));
      await expect(executeFirst(world)).to.emit(world.book, "OrderExecuted");
    });
  }

  it("fires across a gap that jumps over the trigger", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    await world.book.submit(stopRequest(POSITION_ID));
    await spotNow(world, wad("2000"));
    await expect(executeFirst(world))
      .to.be.revertedWithCustomError(world.book, "TriggerNotReached")
      .withArgs(1n, wad("2000"), wad("1900"));
    await spotNow(world, wad("40"));
    await expect(executeFirst(world)).to.emit(world.book, "OrderExecuted");
  });

  describe("given a position with a market order that waits", () => {
    it("passes its orders over until that has ended (BH-241 †)", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, keeper } = world;
      await book.submit(stopRequest(POSITION_ID));
      await harness.setPending(POSITION_ID, 1n);
      await spotNow(world, wad("1900"));
      await expect(executeFirst(world))
        .to.be.revertedWithCustomError(book, "MarketOrderPending")
        .withArgs(POSITION_ID, 1n);
      expect((await book.order(1n)).submittedAt).not.to.equal(0n);
      await harness.setPending(POSITION_ID, 0n);
      await expect(executeFirst(world))
        .to.emit(book, "OrderExecuted")
        .withArgs(1n, keeper, 1n, 0n, false);
    });

    it("goes on with the rest of a batch, orders that open among them", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, keeper } = world;
      await book.submit(stopRequest(POSITION_ID));
      await book.submit(limitRequest());
      await harness.setPending(POSITION_ID, 1n);
      // What an opening order names is an account, not a position.
      await harness.setPending(BigInt.asUintN(64, BigInt(world.account.address)), 1n);
      await spotNow(world, wad("1900"));
      await expect(book.connect(keeper).execute([1n, 2n], "0x", keeper))
        .to.emit(book, "OrderExecuted")
        .withArgs(2n, keeper, 1n, wad("1"), false);
      expect((await book.order(1n)).submittedAt).not.to.equal(0n);
    });
  });

  describe("given an exit whose position still waits to be opened", () => {
    it("passes it over, so that nobody can end it before it protects anything", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      await world.book.submit(openRequest());
      await world.book.submit(stopRequest(1n));
      await spotNow(world, wad("1900"));
      await expect(world.book.execute([2n], "0x", world.keeper))
        .to.be.revertedWithCustomError(world.book, "PositionNotFound")
        .withArgs(1n);
      expect((await world.book.order(2n)).submittedAt).not.to.equal(0n);
    });

    it("executes it once the opening order has", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, keeper } = world;
      await book.submit(openRequest());
      await book.submit(stopRequest(1n));
      await coverAll(world);
      await book.execute([1n], "0x", keeper);
      await spotNow(world, wad("1900"));
      await expect(book.connect(keeper).execute([2n], "0x", keeper))
        .to.emit(book, "OrderExecuted")
        .withArgs(2n, keeper, 2n, 0n, false);
    });

    it("executes both in one batch when the opening order is of the same kind", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, keeper } = world;
      await book.submit(limitRequest());
      await book.submit(stopRequest(1n));
      await spotNow(world, wad("1900"));
      await expect(book.connect(keeper).execute([1n, 2n], "0x", keeper))
        .to.emit(book, "OrderExecuted")
        .withArgs(1n, keeper, 1n, wad("1"), false)
        .and.to.emit(book, "OrderExecuted")
        .withArgs(2n, keeper, 2n, 0n, false);
    });
  });
});
