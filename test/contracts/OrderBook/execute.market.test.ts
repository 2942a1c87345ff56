import { expect } from "chai";
import { network } from "hardhat";
import { type BookWorld, bookWorld, now, ROOMY, setPrice } from "../../fixtures/orderBook.ts";
import { openRequest, wad } from "../../fixtures/orderRequests.ts";

const connection = await network.create(ROOMY);
const { ethers, networkHelpers } = connection;

/**
 * Order 1, and the seconds that count for it: `time` is the one whose price it gets (2 s after submission), `latest`
 * the last in which that price may be observed (60 s later). A price may be used for 30 s.
 */
async function orderFixture() {
  const world = await bookWorld(connection);
  await world.book.submit(openRequest());
  const submittedAt = await now(world);
  return { ...world, time: submittedAt + 2n, latest: submittedAt + 62n };
}

/** Executes order 1 in a block of second `at`. */
async function executeAt(world: BookWorld, at: bigint) {
  await networkHelpers.time.setNextBlockTimestamp(at);
  return world.book.connect(world.keeper).execute([1n], "0x", world.feeReceiver);
}

describe("execute of market orders", () => {
  it("refuses a fee receiver of zero", async () => {
    const { book } = await networkHelpers.loadFixture(orderFixture);
    await expect(book.execute([1n], "0x", ethers.ZeroAddress)).to.be.revertedWithCustomError(
      book,
      "ZeroAddress",
    );
  });

  it("refuses an order that does not wait", async () => {
    const { book, keeper } = await networkHelpers.loadFixture(orderFixture);
    await expect(book.execute([2n], "0x", keeper))
      .to.be.revertedWithCustomError(book, "OrderNotFound")
      .withArgs(2n);
  });

  describe("when the price is the order's own", () => {
    it("fills at one that covers T, up to the end of its window", async () => {
      const world = await networkHelpers.loadFixture(orderFixture);
      const { book, harness, keeper, feeReceiver, time } = world;
      await setPrice(world, {
        validFrom: time - 10n,
        observedAt: time + 5n,
        validUntil: time + 20n,
      });
      await expect(executeAt(world, time + 35n))
        .to.emit(book, "OrderExecuted")
        .withArgs(1n, keeper, 1n, wad("1"), false)
        .and.to.emit(harness, "BatchEnded")
        .withArgs(feeReceiver, wad("1"));
      expect((await book.order(1n)).submittedAt).to.equal(0n);
    });

    it("refuses it when the window has passed", async () => {
      const world = await networkHelpers.loadFixture(orderFixture);
      const { book, time } = world;
      await setPrice(world, {
        validFrom: time - 10n,
        observedAt: time + 5n,
        validUntil: time + 20n,
      });
      await expect(executeAt(world, time + 36n))
        .to.be.revertedWithCustomError(book, "ExecutionWindowPassed")
        .withArgs(1n, time + 35n);
    });

    it("lets the window begin anew when the sequencer comes back", async () => {
      const world = await networkHelpers.loadFixture(orderFixture);
      const { book, time } = world;
      const upSince = time + 500n;
      const price = { validFrom: time, observedAt: time + 5n, validUntil: time + 600n, upSince };
      await setPrice(world, price);
      await networkHelpers.time.increaseTo(upSince + 30n);
      const late = executeAt(world, upSince + 31n);
      await expect(late)
        .to.be.revertedWithCustomError(book, "ExecutionWindowPassed")
        .withArgs(1n, upSince + 30n);
    });

    it("fills in the last second after a restart", async () => {
      const world = await networkHelpers.loadFixture(orderFixture);
      const { book, time } = world;
      const upSince = time + 500n;
      const price = { validFrom: time, observedAt: time + 5n, validUntil: time + 600n, upSince };
      await setPrice(world, price);
      await expect(executeAt(world, upSince + 30n)).to.emit(book, "OrderExecuted");
    });

    it("fills at one observed in T itself and at one observed in the last second", async () => {
      for (const wait of [0n, 60n]) {
        const world = await networkHelpers.loadFixture(orderFixture);
        const { book, time } = world;
        const observedAt = time + wait;
        await setPrice(world, { validFrom: time - 1n, observedAt, validUntil: observedAt });
        await expect(executeAt(world, observedAt + 1n))
          .to.emit(book, "OrderExecuted")
          .withArgs(1n, world.keeper, 1n, wad("1"), false);
      }
    });
  });

  describe("when the price is another", () => {
    it("refuses one that the account may have known: it ended before T", async () => {
      const world = await networkHelpers.loadFixture(orderFixture);
      const { book, time } = world;
      const [validFrom, observedAt, validUntil] = [time - 9n, time - 1n, time + 3n];
      await setPrice(world, { validFrom, observedAt, validUntil });
      await expect(executeAt(world, time + 4n))
        .to.be.revertedWithCustomError(book, "PriceDoesNotCover")
        .withArgs(1n, time, validFrom, observedAt, validUntil);
    });

    it("refuses one that came after the price of T", async () => {
      const world = await networkHelpers.loadFixture(orderFixture);
      const { book, time } = world;
      const [validFrom, observedAt, validUntil] = [time + 1n, time + 9n, time + 10n];
      await setPrice(world, { validFrom, observedAt, validUntil });
      await expect(executeAt(world, time + 11n))
        .to.be.revertedWithCustomError(book, "PriceDoesNotCover")
        .withArgs(1n, time, validFrom, observedAt, validUntil);
    });

    it("refuses one that covers T but came too late", async () => {
      const world = await networkHelpers.loadFixture(orderFixture);
      const { book, time, latest } = world;
      const [validFrom, observedAt, validUntil] = [time - 9n, latest + 1n, latest + 5n];
      await setPrice(world, { validFrom, observedAt, validUntil });
      await expect(executeAt(world, latest + 6n))
        .to.be.revertedWithCustomError(book, "PriceDoesNotCover")
        .withArgs(1n, time, validFrom, observedAt, validUntil);
    });
  });

  describe("when no price came in time", () => {
    it("refuses the price in force before the wait is over", async () => {
      const world = await networkHelpers.loadFixture(orderFixture);
      const { book, time, latest } = world;
      const [validFrom, observedAt, validUntil] = [1n, time - 1n, latest - 1n];
      await setPrice(world, { validFrom, observedAt, validUntil });
      await expect(executeAt(world, latest))
        .to.be.revertedWithCustomError(book, "PriceDoesNotCover")
        .withArgs(1n, time, validFrom, observedAt, validUntil);
    });

    it("fills at the price in force over the whole wait, with the spread, up to the end of the window", async () => {
      const world = await networkHelpers.loadFixture(orderFixture);
      const { book, time, latest } = world;
      await setPrice(world, { validFrom: 1n, observedAt: time - 1n, validUntil: latest });
      await expect(executeAt(world, latest + 30n))
        .to.emit(book, "OrderExecuted")
        .withArgs(1n, world.keeper, 1n, wad("1"), true);
    });

    it("refuses it after the window, although it is still in force", async () => {
      const world = await networkHelpers.loadFixture(orderFixture);
      const { book, time, latest } = world;
      await setPrice(world, { validFrom: 1n, observedAt: time - 1n, validUntil: latest + 30n });
      await expect(executeAt(world, latest + 31n))
        .to.be.revertedWithCustomError(book, "ExecutionWindowPassed")
        .withArgs(1n, latest + 30n);
    });
  });
});
