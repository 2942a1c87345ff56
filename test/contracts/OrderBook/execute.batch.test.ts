import { expect } from "chai";
import { network } from "hardhat";
import {
  bookWorld,
  coverAll,
  Fate,
  now,
  POSITION_ID,
  ROOMY,
  setPrice,
  spotNow,
} from "../../fixtures/orderBook.ts";
import { closeRequest, openRequest, stopRequest, wad } from "../../fixtures/orderRequests.ts";

const connection = await network.create(ROOMY);
const { ethers, networkHelpers } = connection;

async function bookFixture() {
  return bookWorld(connection);
}

describe("execute of batches", () => {
  it("refuses an empty list before it asks for a price", async () => {
    const { book, keeper } = await networkHelpers.loadFixture(bookFixture);
    await expect(book.execute([], "0x", keeper))
      .to.be.revertedWithCustomError(book, "NothingExecuted")
      .withArgs(0n);
  });

  it("refuses a list in which no order waits", async () => {
    const { book, keeper } = await networkHelpers.loadFixture(bookFixture);
    await expect(book.execute([5n, 6n, 7n], "0x", keeper))
      .to.be.revertedWithCustomError(book, "NothingExecuted")
      .withArgs(3n);
  });

  it("refuses a list in which the price serves no order", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    const { book, keeper } = world;
    await book.submit(openRequest());
    await book.submit(openRequest());
    await setPrice(world, { validFrom: 1n, observedAt: 2n, validUntil: 3n });
    await expect(book.execute([1n, 2n], "0x", keeper))
      .to.be.revertedWithCustomError(book, "NothingExecuted")
      .withArgs(2n);
  });

  it("refuses ids out of order, and the same id twice", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    const { book, keeper } = world;
    await book.submit(openRequest());
    await book.submit(openRequest());
    await coverAll(world);
    await expect(book.execute([2n, 1n], "0x", keeper))
      .to.be.revertedWithCustomError(book, "OrdersNotSorted")
      .withArgs(2n, 1n);
    await expect(book.execute([1n, 1n], "0x", keeper))
      .to.be.revertedWithCustomError(book, "OrdersNotSorted")
      .withArgs(1n, 1n);
    await expect(book.execute([0n, 1n], "0x", keeper))
      .to.be.revertedWithCustomError(book, "OrdersNotSorted")
      .withArgs(0n, 0n);
  });

  it("passes over what the price does not serve, and pays all fees at once", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    const { book, harness, keeper, feeReceiver } = world;
    await book.submit(openRequest({ keeperFee: wad("2") }));
    await book.submit(stopRequest(POSITION_ID));
    await networkHelpers.time.increase(10n);
    await book.submit(openRequest({ keeperFee: wad("3") }));
    await networkHelpers.time.increase(10n);
    const middle = await now(world);
    await book.submit(closeRequest(POSITION_ID, { keeperFee: wad("5") }));
    await networkHelpers.time.increase(10n);
    // Covers the first and third, whose second is over by `middle`, but not the fourth; the second is of another kind.
    await setPrice(world, { validFrom: 1n, observedAt: middle, validUntil: middle });
    const ids = [1n, 2n, 3n, 4n, 99n];
    expect(await book.execute.staticCall(ids, "0x", feeReceiver)).to.equal(2n);
    const execution = book.connect(keeper).execute(ids, "0x", feeReceiver);
    await expect(execution)
      .to.emit(book, "OrderExecuted")
      .withArgs(1n, keeper, 1n, wad("2"), false)
      .and.to.emit(book, "OrderExecuted")
      .withArgs(3n, keeper, 2n, wad("3"), false)
      .and.to.emit(harness, "BatchEnded")
      .withArgs(feeReceiver, wad("5"));
    expect((await book.order(2n)).submittedAt).not.to.equal(0n);
    expect((await book.order(4n)).submittedAt).not.to.equal(0n);
  });

  it("is of the kind of the first order that waits", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    const { book, harness, keeper } = world;
    await book.submit(stopRequest(POSITION_ID));
    await book.submit(openRequest());
    await book.cancel(1n, "0x");
    await book.submit(stopRequest(POSITION_ID));
    await coverAll(world);
    const execution = book.connect(keeper).execute([1n, 2n, 3n], "0x", keeper);
    await expect(execution).to.emit(harness, "BatchBegun").withArgs("0x", 0n, 0n);
    await expect(execution)
      .to.emit(book, "OrderExecuted")
      .withArgs(2n, keeper, 1n, wad("1"), false);
    expect((await book.order(3n)).submittedAt).not.to.equal(0n);
  });

  it("executes trigger orders at spot and leaves market orders alone", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    const { book, harness, keeper } = world;
    await book.submit(stopRequest(POSITION_ID));
    await book.submit(openRequest());
    await spotNow(world, wad("1900"));
    const execution = book.connect(keeper).execute([1n, 2n], "0x", keeper);
    await expect(execution).to.emit(harness, "BatchBegun").withArgs("0x", 1n, 0n);
    expect((await book.order(2n)).submittedAt).not.to.equal(0n);
  });

  it("ends without a fill when every order failed its checks, and still pays the keeper", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    const { book, harness, account, keeper, feeReceiver } = world;
    await book.submit(openRequest());
    await book.submit(closeRequest(POSITION_ID));
    await coverAll(world);
    const vault = await ethers.getContractAt("IMarginVault", harness);
    const reason = vault.interface.encodeErrorResult("PriceNotAcceptable", [2n, 1n]);
    await harness.setFate(Fate.Refused, reason, 0n);
    expect(await book.execute.staticCall([1n, 2n], "0x", keeper)).to.equal(0n);
    await expect(book.connect(keeper).execute([1n, 2n], "0x", feeReceiver))
      .to.emit(harness, "Released")
      .withArgs(account, wad("400"), 0n, 0n, true)
      .and.to.emit(harness, "Released")
      .withArgs(account, 0n, 0n, POSITION_ID, true)
      .and.to.emit(harness, "BatchEnded")
      .withArgs(feeReceiver, wad("2"));
  });

  it("numbers every log, without a gap: those of trades by the vault, the others by itself", async () => {
    const world = await networkHelpers.loadFixture(bookFixture);
    const { book, keeper } = world;
    await book.submit(openRequest());
    await book.submit(stopRequest(POSITION_ID));
    await book.submit(openRequest());
    await book.cancel(2n, "0x");
    await coverAll(world);
    await book.execute([1n, 3n], "0x", keeper);
    const logs = await ethers.provider.getLogs({ address: book, fromBlock: 0 });
    const parsed = logs.map((log) => book.interface.parseLog(log));
    expect(parsed.map((log) => [log?.name, log?.args.sequence])).to.deep.equal([
      ["OrderSubmitted", 1n],
      ["OrderSubmitted", 2n],
      ["OrderSubmitted", 3n],
      ["OrderCancelled", 4n],
      ["OrderExecuted", 1n],
      ["OrderExecuted", 2n],
    ]);
  });
});
