import type { HardhatEthersSigner as Signer } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { network } from "hardhat";
import { closeRequest, openRequest, stopRequest, wad } from "../../fixtures/orders.ts";

/** The vault behind the book is scripted here: it fails in ways that the real one cannot be made to fail in. */
const { ethers, networkHelpers } = await network.create();

const Fate = { Filled: 0n, Refused: 1n, RefusedWithoutReason: 2n, OutOfGas: 3n } as const;

const GAS_PER_FILL = 700_000n;
const ORDERS = {
  executionDelay: 2n,
  maxRoundWait: 60n,
  executionWindow: 60n,
  latencySpread: wad("0.01"),
  minKeeperFee: wad("0.5"),
};

/** A long of 1 that its account holds under this id. */
const POSITION_ID = 9_000n;

const OPTIONS = { gasLimit: 1_500_000n };

async function bookFixture() {
  const signers = await ethers.getSigners();
  const [account, keeper, feeReceiver, other] = signers as [Signer, Signer, Signer, Signer];
  const harness = await ethers.deployContract("OrderBookHarness", [
    6n,
    wad("0.005"),
    wad("0.001"),
    ORDERS,
  ]);
  await harness.createBook();
  const book = await ethers.getContractAt("OrderBook", await harness.book());
  await harness.setPosition(POSITION_ID, account, wad("1"));
  /** Makes the batch's price one that covers every order of the last seconds. */
  const coverAll = async () => {
    const now = BigInt(await networkHelpers.time.latest());
    await networkHelpers.time.increaseTo(now + 4n);
    await harness.setPrice({
      value: wad("2000"),
      validFrom: now - 50n,
      observedAt: now + 3n,
      validUntil: now + 4n,
      upSince: 0n,
    });
  };
  /** Makes the batch's price the price of now. */
  const spotNow = async (value: bigint) => {
    const now = BigInt(await networkHelpers.time.latest()) + 4n;
    await networkHelpers.time.increaseTo(now);
    await harness.setPrice({
      value,
      validFrom: now,
      observedAt: now,
      validUntil: now,
      upSince: 0n,
    });
  };
  return { account, keeper, feeReceiver, other, harness, book, coverAll, spotNow };
}

describe("OrderBook outcomes", () => {
  describe("given an order whose fill runs out of gas", () => {
    it("reverts and keeps the order when the vault leaves no reason", async () => {
      const { harness, book, keeper, coverAll } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(openRequest());
      await coverAll();
      await harness.setFate(Fate.RefusedWithoutReason, "0x", 0n);
      // More than the bound is left, so it is not the check before the fill that stops it.
      await expect(book.connect(keeper).execute([1n], "0x", keeper, OPTIONS))
        .to.be.revertedWithCustomError(book, "InsufficientGas")
        .withArgs((left: bigint) => left > GAS_PER_FILL, GAS_PER_FILL);
      expect((await book.order(1n)).margin).to.equal(wad("400"));
    });

    it("reverts the whole batch when one fill burns what it is given", async () => {
      const { harness, book, keeper, coverAll } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(openRequest());
      await book.submit(openRequest());
      await coverAll();
      await harness.setFate(Fate.OutOfGas, "0x", 0n);
      // What one part in 64 of the gas leaves.
      await expect(book.connect(keeper).execute([1n, 2n], "0x", keeper, OPTIONS))
        .to.be.revertedWithCustomError(book, "InsufficientGas")
        .withArgs((left: bigint) => left < OPTIONS.gasLimit / 64n, GAS_PER_FILL);
    });

    it("refuses to begin a fill with less than the bound, naming what is left", async () => {
      const { book, keeper, coverAll } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(openRequest());
      await coverAll();
      await expect(book.connect(keeper).execute([1n], "0x", keeper, { gasLimit: 700_000n }))
        .to.be.revertedWithCustomError(book, "InsufficientGas")
        .withArgs((left: bigint) => left < GAS_PER_FILL && left > 500_000n, GAS_PER_FILL);
    });
  });

  describe("given an order whose position is gone", () => {
    const REASONS = ["PositionNotFound", "NothingToReduce"];
    for (const reason of REASONS) {
      it(`refunds its margin and fee and pays no keeper upon ${reason}`, async () => {
        const world = await networkHelpers.loadFixture(bookFixture);
        const { harness, book, account, keeper, feeReceiver } = world;
        await book.submit(closeRequest(POSITION_ID, { reduceOnly: false, margin: wad("30") }));
        await world.coverAll();
        const errors = await ethers.getContractAt("IMarginVault", harness);
        const common = await ethers.getContractAt("ICommonErrors", harness);
        const source = reason === "PositionNotFound" ? common : errors;
        const encoded = source.interface.encodeErrorResult(reason, [POSITION_ID]);
        await harness.setFate(Fate.Refused, encoded, 0n);
        await expect(book.connect(keeper).execute([1n], "0x", feeReceiver))
          .to.emit(book, "OrderCancelled")
          .withArgs(1n, keeper, 2n, wad("31"), 0n, 0n, encoded)
          .and.to.emit(harness, "Refunded")
          .withArgs(account, wad("31"), POSITION_ID)
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
      await world.coverAll();
      const vault = await ethers.getContractAt("IMarginVault", harness);
      const reason = vault.interface.encodeErrorResult("PriceNotAcceptable", [2n, 1n]);
      await harness.setFate(Fate.Refused, reason, 0n);
      await expect(book.connect(keeper).execute([1n], "0x", feeReceiver))
        .to.emit(book, "OrderCancelled")
        .withArgs(1n, keeper, 2n, wad("400"), 0n, wad("1"), reason)
        .and.to.emit(harness, "Refunded")
        .withArgs(account, wad("400"), 0n)
        .and.to.emit(harness, "BatchEnded")
        .withArgs(feeReceiver, wad("1"));
    });

    it("asks the vault for nothing when the order held nothing", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, keeper } = world;
      await book.submit(stopRequest(POSITION_ID));
      await world.spotNow(wad("1900"));
      const vault = await ethers.getContractAt("IMarginVault", harness);
      const reason = vault.interface.encodeErrorResult("PriceNotAcceptable", [2n, 1n]);
      await harness.setFate(Fate.Refused, reason, 0n);
      await expect(book.connect(keeper).execute([1n], "0x", keeper))
        .to.emit(book, "OrderCancelled")
        .withArgs(1n, keeper, 2n, 0n, 0n, 0n, reason)
        .and.to.emit(harness, "BatchEnded")
        .withArgs(keeper, 0n)
        .and.not.to.emit(harness, "Refunded");
    });
  });

  describe("given orders that fill", () => {
    it("hands the vault exactly what was asked for", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, account, keeper } = world;
      await book.submit(openRequest({ acceptablePrice: wad("2100"), termsId: 3n }));
      await world.coverAll();
      await expect(book.connect(keeper).execute([1n], "0x1234", keeper))
        .to.emit(harness, "BatchBegun")
        .withArgs("0x1234", false, 0n)
        .and.to.emit(harness, "Traded")
        .withArgs([
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
        ])
        .and.to.emit(book, "OrderExecuted")
        .withArgs(1n, keeper, 2n, wad("1"), false);
    });

    it("counts an order on an existing position and names no opener", async () => {
      const { harness, book, coverAll } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(closeRequest(POSITION_ID, { acceptablePrice: wad("1700") }));
      await coverAll();
      await expect(book.execute([1n], "0x", harness))
        .to.emit(harness, "Traded")
        .withArgs([
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
        ]);
    });

    it("asks for the spot price and the fee from margin for an exit", async () => {
      const { harness, book, keeper, spotNow } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(stopRequest(POSITION_ID, { keeperFee: wad("2") }));
      await spotNow(wad("1900"));
      // The margin holds only 0.7 of the fee of 2.
      await harness.setFate(Fate.Filled, "0x", wad("0.7"));
      await expect(book.execute([1n], "0x", keeper))
        .to.emit(harness, "BatchBegun")
        .withArgs("0x", true, 0n)
        .and.to.emit(harness, "Traded")
        .withArgs([
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
        ])
        .and.to.emit(harness, "BatchEnded")
        .withArgs(keeper, wad("0.7"));
    });

    it("adds the latency spread when no price came in time", async () => {
      const world = await networkHelpers.loadFixture(bookFixture);
      const { harness, book, account, keeper } = world;
      await book.submit(openRequest());
      const submittedAt = BigInt(await networkHelpers.time.latest());
      await networkHelpers.time.increaseTo(submittedAt + 62n);
      await harness.setPrice({
        value: wad("2000"),
        validFrom: 1n,
        observedAt: submittedAt,
        validUntil: submittedAt + 62n,
        upSince: 0n,
      });
      const terms = [false, false, wad("400"), wad("1000"), 2n ** 96n - 1n, 1n, wad("0.01"), 0n];
      await expect(book.execute([1n], "0x", keeper))
        .to.emit(harness, "Traded")
        .withArgs([1n, account.address, wad("1"), ...terms])
        .and.to.emit(book, "OrderExecuted")
        .withArgs(1n, account, 2n, wad("1"), true);
    });
  });

  describe("given a token that calls back in the middle of a batch", () => {
    it("passes over an order that the hook has cancelled", async () => {
      const { harness, book, keeper, other } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(stopRequest(POSITION_ID));
      const expiry = BigInt(await networkHelpers.time.latest()) + 3n;
      await book.submit(stopRequest(POSITION_ID, { expiry }));
      await networkHelpers.time.increaseTo(expiry + 5n);
      const now = expiry + 5n;
      await harness.setPrice({
        value: wad("1900"),
        validFrom: now,
        observedAt: now,
        validUntil: now,
        upSince: 0n,
      });
      await harness.setHook(book.interface.encodeFunctionData("cancel", [2n, "0x"]));
      await expect(book.connect(other).execute([1n, 2n], "0x", keeper))
        .to.emit(harness, "Hooked")
        .withArgs(true, "0x")
        .and.to.emit(book, "OrderCancelled")
        .withArgs(2n, harness, 3n, 0n, 0n, 0n, "0x")
        .and.to.emit(book, "OrderExecuted")
        .withArgs(1n, other, 4n, 0n, false);
    });

    it("does not let the hook execute the order under way again", async () => {
      const { harness, book, keeper, coverAll } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(openRequest());
      await coverAll();
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
      const { harness, book, keeper, coverAll } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(openRequest());
      await coverAll();
      await harness.setSurplus(70n);
      const execution = book.connect(keeper).execute([1n], "0x", keeper, { value: 100n });
      await expect(execution).to.changeEtherBalances(
        ethers,
        [keeper, harness, book],
        [-30n, 30n, 0n],
      );
      await expect(execution).to.emit(harness, "BatchBegun").withArgs("0x", false, 100n);
    });

    it("leaves nothing behind when verification takes it all", async () => {
      const { harness, book, keeper, coverAll } = await networkHelpers.loadFixture(bookFixture);
      await book.submit(openRequest());
      await coverAll();
      await expect(
        book.connect(keeper).execute([1n], "0x", keeper, { value: 100n }),
      ).to.changeEtherBalances(ethers, [keeper, harness, book], [-100n, 100n, 0n]);
    });

    it("takes ether from the vault alone", async () => {
      const { harness, book, other } = await networkHelpers.loadFixture(bookFixture);
      await expect(other.sendTransaction({ to: book, value: 1n }))
        .to.be.revertedWithCustomError(book, "NotAuthorized")
        .withArgs(other);
      await expect(harness.sendEther({ value: 1n })).to.changeEtherBalance(ethers, book, 1n);
    });
  });
});
