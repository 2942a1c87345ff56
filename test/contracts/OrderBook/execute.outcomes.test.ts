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

/** The vault behind the book is scripted here: it fails in ways that the real one cannot be made to fail in. */
const connection = await network.create(ROOMY);
const { ethers, networkHelpers } = connection;

const GAS_PER_FILL = 700_000n;
const OPTIONS = { gasLimit: 1_500_000n };

async function bookFixture() {
  return bookWorld(connection);
}

describe("OrderBook outcomes", () => {
  describe("given an order whose fill runs out of gas", () => {
    it("reverts and keeps the order when the vault leaves no reason", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, keeper } = world;
      await book.submit(openRequest());
      await coverAll(world);
      await harness.setFate(Fate.RefusedWithoutReason, "0x", 0n);
      // More than the bound is left, so it is not the check before the fill that stops it.
      await expect(book.connect(keeper).execute([1n], "0x", keeper, OPTIONS))
        .to.be.revertedWithCustomError(book, "InsufficientGas")
        .withArgs((left: bigint) => left > GAS_PER_FILL, GAS_PER_FILL);
      expect((await book.order(1n)).margin).to.equal(wad("400"));
    });

    it("reverts the whole batch when one fill burns what it is given", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, keeper } = world;
      await book.submit(openRequest());
      await book.submit(openRequest());
      await coverAll(world);
      await harness.setFate(Fate.OutOfGas, "0x", 0n);
      // What one part in 64 of the gas leaves.
      await expect(book.connect(keeper).execute([1n, 2n], "0x", keeper, OPTIONS))
        .to.be.revertedWithCustomError(book, "InsufficientGas")
        .withArgs((left: bigint) => left < OPTIONS.gasLimit / 64n, GAS_PER_FILL);
    });

    it("refuses to begin a fill with less than the bound, naming what is left", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { book, keeper } = world;
      await book.submit(openRequest());
      await coverAll(world);
      await expect(book.connect(keeper).execute([1n], "0x", keeper, { gasLimit: 700_000n }))
        .to.be.revertedWithCustomError(book, "InsufficientGas")
        .withArgs((left: bigint) => left < GAS_PER_FILL && left > 500_000n, GAS_PER_FILL);
    });
  });

  describe("given an order whose position is gone", () => {
    const REASONS = ["PositionNotFound", "NothingToReduce", "PositionHasNewOwner"];
    for (const reason of REASONS) {
      it(`refunds its margin and fee and pays no keeper upon ${reason}`, async () => {
        const world = await networkHelpers.loadFixture(bookFixture);
        const { harness, book, account, keeper, feeReceiver } = world;
        await book.submit(closeRequest(POSITION_ID, { reduceOnly: false, margin: wad("30") }));
        await coverAll(world);
        const errors = await ethers.getContractAt("IMarginVault", harness);
        const common = await ethers.getContractAt("ICommonErrors", harness);
        const source = reason === "PositionNotFound" ? common : errors;
        const encoded = source.interface.encodeErrorResult(reason, [POSITION_ID]);
        await harness.setFate(Fate.Refused, encoded, 0n);
        await expect(book.connect(keeper).execute([1n], "0x", feeReceiver))
          .to.emit(book, "OrderCancelled")
          .withArgs(1n, keeper, 2n, wad("31"), 0n, 0n, encoded)
          .and.to.emit(harness, "Released")
          .withArgs(account, wad("31"), 0n, POSITION_ID, true)
          .and.to.emit(harness, "BatchEnded")
          .withArgs(feeReceiver, 0n);
        expect((await book.order(1n)).submittedAt).to.equal(0n);
      });
    }
  });

  describe("given an order that fails a check", () => {
    it("refunds the margin and pays the keeper", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, account, keeper, feeReceiver } = world;
      await book.submit(openRequest());
      await coverAll(world);
      const vault = await ethers.getContractAt("IMarginVault", harness);
      const reason = vault.interface.encodeErrorResult("PriceNotAcceptable", [2n, 1n]);
      await harness.setFate(Fate.Refused, reason, 0n);
      await expect(book.connect(keeper).execute([1n], "0x", feeReceiver))
        .to.emit(book, "OrderCancelled")
        .withArgs(1n, keeper, 2n, wad("400"), 0n, wad("1"), reason)
        .and.to.emit(harness, "Released")
        .withArgs(account, wad("400"), 0n, 0n, true)
        .and.to.emit(harness, "BatchEnded")
        .withArgs(feeReceiver, wad("1"));
    });

    it("asks the vault for nothing when the order held nothing", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, keeper } = world;
      await book.submit(stopRequest(POSITION_ID));
      await spotNow(world, wad("1900"));
      const vault = await ethers.getContractAt("IMarginVault", harness);
      const reason = vault.interface.encodeErrorResult("PriceNotAcceptable", [2n, 1n]);
      await harness.setFate(Fate.Refused, reason, 0n);
      await expect(book.connect(keeper).execute([1n], "0x", keeper))
        .to.emit(book, "OrderCancelled")
        .withArgs(1n, keeper, 2n, 0n, 0n, 0n, reason)
        .and.to.emit(harness, "BatchEnded")
        .withArgs(keeper, 0n)
        .and.not.to.emit(harness, "Released");
    });
  });

  describe("given orders that fill", () => {
    it("hands the vault exactly what was asked for", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, account, keeper } = world;
      await book.submit(openRequest({ acceptablePrice: wad("2100"), termsId: 3n }));
      await coverAll(world);
      await expect(book.connect(keeper).execute([1n], "0x1234", keeper))
        .to.emit(harness, "BatchBegun")
        .withArgs("0x1234", 0n, 0n)
        .and.to.emit(harness, "Traded")
        .withArgs([
          0n,
          1n,
          account.address,
          wad("1"),
          false,
          false,
          wad("400"),
          wad("1000"),
          wad("2100"),
          3n,
          0n,
          0n,
          0n,
        ])
        .and.to.emit(book, "OrderExecuted")
        .withArgs(1n, keeper, 1n, wad("1"), false);
    });

    it("counts an order on an existing position and names no opener", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book } = world;
      await book.submit(closeRequest(POSITION_ID, { acceptablePrice: wad("1700") }));
      await coverAll(world);
      await expect(book.execute([1n], "0x", harness))
        .to.emit(harness, "Traded")
        .withArgs([
          0n,
          POSITION_ID,
          ethers.ZeroAddress,
          -wad("1"),
          true,
          true,
          0n,
          0n,
          wad("1700"),
          1n,
          0n,
          0n,
          0n,
        ]);
    });

    it("asks for the spot price and the fee from margin for an exit", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, keeper } = world;
      await book.submit(stopRequest(POSITION_ID, { keeperFee: wad("2") }));
      await spotNow(world, wad("1900"));
      // The margin holds only 0.7 of the fee of 2.
      await harness.setFate(Fate.Filled, "0x", wad("0.7"));
      await expect(book.execute([1n], "0x", keeper))
        .to.emit(harness, "BatchBegun")
        .withArgs("0x", 1n, 0n)
        .and.to.emit(harness, "Traded")
        .withArgs([
          0n,
          POSITION_ID,
          ethers.ZeroAddress,
          -wad("1"),
          true,
          false,
          0n,
          0n,
          0n,
          1n,
          0n,
          wad("2"),
          0n,
        ])
        .and.to.emit(harness, "BatchEnded")
        .withArgs(keeper, wad("0.7"));
    });

    it("adds the latency spread when no price came in time", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, account, keeper } = world;
      await book.submit(openRequest());
      const submittedAt = await now(world);
      await networkHelpers.time.increaseTo(submittedAt + 62n);
      await setPrice(world, {
        validFrom: 1n,
        observedAt: submittedAt,
        validUntil: submittedAt + 62n,
      });
      const terms = [false, false, wad("400"), wad("1000"), 2n ** 96n - 1n, 1n, wad("0.01"), 0n];
      await expect(book.execute([1n], "0x", keeper))
        .to.emit(harness, "Traded")
        .withArgs([0n, 1n, account.address, wad("1"), ...terms, 0n])
        .and.to.emit(book, "OrderExecuted")
        .withArgs(1n, account, 1n, wad("1"), true);
    });
  });

  describe("given a token that calls back in the middle of a batch", () => {
    it("passes over an order that the hook has cancelled", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, keeper, other } = world;
      await book.submit(stopRequest(POSITION_ID));
      const expiry = (await now(world)) + 3n;
      await book.submit(stopRequest(POSITION_ID, { expiry }));
      await networkHelpers.time.increaseTo(expiry);
      await spotNow(world, wad("1900"));
      await harness.setHook(book.interface.encodeFunctionData("cancel", [2n, "0x"]));
      await expect(book.connect(other).execute([1n, 2n], "0x", keeper))
        .to.emit(harness, "Hooked")
        .withArgs(true, "0x")
        .and.to.emit(book, "OrderCancelled")
        .withArgs(2n, harness, 3n, 0n, 0n, 0n, "0x")
        .and.to.emit(book, "OrderExecuted")
        .withArgs(1n, other, 1n, 0n, false);
    });

    it("does not let the hook execute the order under way again", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, keeper } = world;
      await book.submit(openRequest());
      await coverAll(world);
      const again = book.interface.encodeFunctionData("execute", [[1n], "0x", keeper.address]);
      await harness.setHook(again);
      const notFound = book.interface.encodeErrorResult("OrderNotFound", [1n]);
      await expect(book.execute([1n], "0x", keeper))
        .to.emit(harness, "Hooked")
        .withArgs(false, notFound);
    });
  });

  describe("given ether sent along", () => {
    it("returns what verification left", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, keeper } = world;
      await book.submit(openRequest());
      await coverAll(world);
      await harness.setSurplus(70n);
      const execution = book.connect(keeper).execute([1n], "0x", keeper, { value: 100n });
      await expect(execution).to.changeEtherBalances(
        ethers,
        [keeper, harness, book],
        [-30n, 30n, 0n],
      );
      await expect(execution).to.emit(harness, "BatchBegun").withArgs("0x", 0n, 100n);
    });

    it("leaves nothing behind when verification takes it all", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, keeper } = world;
      await book.submit(openRequest());
      await coverAll(world);
      await expect(
        book.connect(keeper).execute([1n], "0x", keeper, { value: 100n }),
      ).to.changeEtherBalances(ethers, [keeper, harness, book], [-100n, 100n, 0n]);
    });

    it("takes ether from the vault alone", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, other } = world;
      await expect(other.sendTransaction({ to: book, value: 1n }))
        .to.be.revertedWithCustomError(book, "NotAuthorized")
        .withArgs(other);
      await expect(harness.sendEther({ value: 1n })).to.changeEtherBalance(ethers, book, 1n);
    });
  });
});
