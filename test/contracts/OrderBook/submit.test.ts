import { expect } from "chai";
import { network } from "hardhat";
import { bookWorld, coverAll, now, POSITION_ID, ROOMY } from "../../fixtures/orderBook.ts";
import {
  ANY_PRICE,
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

async function sixDecimals() {
  return bookWorld(connection);
}

async function eighteenDecimals() {
  return bookWorld(connection, 18n);
}

async function twoDecimals() {
  return bookWorld(connection, 2n);
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

describe("submit", () => {
  const MALFORMED: [title: string, what: string, request: OrderRequest][] = [
    ["a size of zero", "sizeDelta", openRequest({ sizeDelta: 0n })],
    ["a market order with a trigger", "triggerPrice", openRequest({ triggerPrice: 1n })],
    ["a limit order without a trigger", "triggerPrice", limitRequest({ triggerPrice: 0n })],
    ["a market order with an expiry", "expiry", openRequest({ expiry: NEVER })],
    ["a limit order without an expiry", "expiry", limitRequest({ expiry: 0n })],
    ["a reduce-only order that opens", "reduceOnly", openRequest({ reduceOnly: true })],
    [
      "a reduce-only order with margin",
      "reduceOnly",
      closeRequest(POSITION_ID, { margin: wad("1") }),
    ],
    ["a reduce-only order with reserve", "reduceOnly", closeRequest(POSITION_ID, { reserve: 1n })],
    [
      "a fee from margin of a market order",
      "feeFromMargin",
      closeRequest(POSITION_ID, { feeFromMargin: true }),
    ],
    [
      "a fee from margin of an order that may grow",
      "feeFromMargin",
      stopRequest(POSITION_ID, { reduceOnly: false }),
    ],
    [
      "a keeper's fee finer than 1e-6",
      "keeperFee",
      openRequest({ keeperFee: wad("1") + 10n ** 11n }),
    ],
    ["margin finer than the token", "margin", openRequest({ margin: wad("400") + 1n })],
    [
      "a reduce-only order that would grow its position",
      "reduceOnly",
      closeRequest(POSITION_ID, { sizeDelta: 1n }),
    ],
  ];
  for (const [title, what, request] of MALFORMED) {
    it(`refuses ${title}`, async () => {
      const { book } = await networkHelpers.loadFixture(sixDecimals);
      await expect(book.submit(request))
        .to.be.revertedWithCustomError(book, "OrderMalformed")
        .withArgs(ethers.encodeBytes32String(what));
    });
  }

  it("refuses an expiry that has come", async () => {
    const world = await networkHelpers.loadFixture(sixDecimals);
    const expiry = (await now(world)) + 10n;
    await networkHelpers.time.setNextBlockTimestamp(expiry);
    await expect(world.book.submit(limitRequest({ expiry })))
      .to.be.revertedWithCustomError(world.book, "ExpiryInPast")
      .withArgs(expiry, expiry);
    await networkHelpers.time.setNextBlockTimestamp(expiry + 1n);
    await world.book.submit(limitRequest({ expiry: expiry + 2n }));
  });

  it("refuses a keeper's fee below the least", async () => {
    const { book } = await networkHelpers.loadFixture(sixDecimals);
    const keeperFee = wad("0.5") - 10n ** 12n;
    await expect(book.submit(openRequest({ keeperFee })))
      .to.be.revertedWithCustomError(book, "KeeperFeeTooSmall")
      .withArgs(keeperFee, wad("0.5"));
    await expect(book.submit(stopRequest(POSITION_ID, { keeperFee })))
      .to.be.revertedWithCustomError(book, "KeeperFeeTooSmall")
      .withArgs(keeperFee, wad("0.5"));
    await book.submit(openRequest({ keeperFee: wad("0.5") }));
  });

  it("counts the fee in whole units of a token with 2 decimals", async () => {
    const { book } = await networkHelpers.loadFixture(twoDecimals);
    await expect(book.submit(openRequest({ keeperFee: wad("1.005") })))
      .to.be.revertedWithCustomError(book, "OrderMalformed")
      .withArgs(ethers.encodeBytes32String("keeperFee"));
    await book.submit(openRequest({ keeperFee: wad("1.01") }));
  });

  const OVERFLOWING: [field: string, bits: bigint, request: OrderRequest, value: bigint][] = [
    ["acceptablePrice", 96n, openRequest({ acceptablePrice: 2n ** 96n }), 2n ** 96n],
    ["reserve", 96n, openRequest({ reserve: 2n ** 96n }), 2n ** 96n],
    ["triggerPrice", 96n, limitRequest({ triggerPrice: 2n ** 96n }), 2n ** 96n],
    ["expiry", 32n, limitRequest({ expiry: 2n ** 32n }), 2n ** 32n],
    [
      "margin",
      96n,
      openRequest({ margin: 10n ** 12n * (2n ** 96n / 10n ** 12n + 1n) }),
      10n ** 12n * (2n ** 96n / 10n ** 12n + 1n),
    ],
    // 2^40 steps of 1e-6.
    ["keeperFee", 40n, openRequest({ keeperFee: 2n ** 40n * 10n ** 12n }), 2n ** 40n],
  ];
  for (const [field, bits, request, value] of OVERFLOWING) {
    it(`refuses a ${field} beyond ${bits} bits`, async () => {
      const { book } = await networkHelpers.loadFixture(sixDecimals);
      await expect(book.submit(request))
        .to.be.revertedWithCustomError(book, "SafeCastOverflowedUintDowncast")
        .withArgs(bits, value);
    });
  }

  it("refuses a size beyond 96 bits on either side", async () => {
    const { book } = await networkHelpers.loadFixture(sixDecimals);
    for (const sizeDelta of [2n ** 95n, -(2n ** 95n) - 1n]) {
      await expect(book.submit(openRequest({ sizeDelta })))
        .to.be.revertedWithCustomError(book, "SafeCastOverflowedIntDowncast")
        .withArgs(96n, sizeDelta);
    }
  });

  describe("given a position that the order names", () => {
    it("refuses one that never was", async () => {
      const { book } = await networkHelpers.loadFixture(sixDecimals);
      await expect(book.submit(closeRequest(77n)))
        .to.be.revertedWithCustomError(book, "PositionNotFound")
        .withArgs(77n);
    });

    it("refuses one that is closed, though its owner is on record", async () => {
      const { book, harness, account } = await networkHelpers.loadFixture(sixDecimals);
      await harness.setPosition(POSITION_ID, account, 0n);
      await expect(book.submit(closeRequest(POSITION_ID)))
        .to.be.revertedWithCustomError(book, "PositionNotFound")
        .withArgs(POSITION_ID);
    });

    it("refuses one of another account", async () => {
      const { book, other } = await networkHelpers.loadFixture(sixDecimals);
      await expect(book.connect(other).submit(closeRequest(POSITION_ID)))
        .to.be.revertedWithCustomError(book, "NotAuthorized")
        .withArgs(other);
    });

    it("accepts orders that grow it, shrink it with margin, and close it", async () => {
      const { book, harness, account } = await networkHelpers.loadFixture(sixDecimals);
      await expect(book.submit(openRequest({ positionId: POSITION_ID })))
        .to.emit(harness, "Escrowed")
        .withArgs(account, 401_000_000n, POSITION_ID);
      const shrink = openRequest({ positionId: POSITION_ID, sizeDelta: -wad("0.4") });
      await expect(book.submit(shrink))
        .to.emit(harness, "Escrowed")
        .withArgs(account, 401_000_000n, POSITION_ID);
      await expect(book.submit(closeRequest(POSITION_ID)))
        .to.emit(harness, "Escrowed")
        .withArgs(account, 1_000_000n, POSITION_ID);
    });
  });

  describe("given a position whose opening order still waits", () => {
    it("accepts an exit that pays its keeper from margin, and asks the vault for nothing", async () => {
      const { book, harness } = await networkHelpers.loadFixture(sixDecimals);
      await book.submit(openRequest());
      await expect(book.submit(stopRequest(1n)))
        .to.emit(book, "OrderSubmitted")
        .and.not.to.emit(harness, "Escrowed");
    });

    it("refuses any other order: its escrow would hang on a position that may never open", async () => {
      const { book } = await networkHelpers.loadFixture(sixDecimals);
      await book.submit(openRequest());
      for (const request of [
        openRequest({ positionId: 1n }),
        closeRequest(1n),
        stopRequest(1n, { feeFromMargin: false }),
      ]) {
        await expect(book.submit(request))
          .to.be.revertedWithCustomError(book, "PositionNotFound")
          .withArgs(1n);
      }
    });

    it("refuses an exit of another account", async () => {
      const { book, other } = await networkHelpers.loadFixture(sixDecimals);
      await book.submit(openRequest());
      await expect(book.connect(other).submit(stopRequest(1n)))
        .to.be.revertedWithCustomError(book, "NotAuthorized")
        .withArgs(other);
    });

    it("refuses an exit that would grow the position", async () => {
      const { book } = await networkHelpers.loadFixture(sixDecimals);
      await book.submit(openRequest({ sizeDelta: -wad("1") }));
      await expect(book.submit(stopRequest(1n)))
        .to.be.revertedWithCustomError(book, "OrderMalformed")
        .withArgs(ethers.encodeBytes32String("reduceOnly"));
      await book.submit(stopRequest(1n, { sizeDelta: wad("1") }));
    });

    it("refuses an exit once the opening order is gone", async () => {
      const world = await networkHelpers.loadFixture(sixDecimals);
      await world.book.submit(openRequest());
      await coverAll(world);
      await world.book.execute([1n], "0x", world.keeper);
      // The scripted vault has filled it without opening anything.
      await expect(world.book.submit(stopRequest(1n)))
        .to.be.revertedWithCustomError(world.book, "PositionNotFound")
        .withArgs(1n);
    });

    it("does not take the id of an exit for one of a position", async () => {
      const { book } = await networkHelpers.loadFixture(sixDecimals);
      await book.submit(openRequest());
      await book.submit(stopRequest(1n));
      await expect(book.submit(stopRequest(2n)))
        .to.be.revertedWithCustomError(book, "PositionNotFound")
        .withArgs(2n);
    });
  });

  describe("given an order that is well formed", () => {
    it("gives ids from 1, which are the ids of the positions they open", async () => {
      const { book, account } = await networkHelpers.loadFixture(sixDecimals);
      expect(await book.submit.staticCall(openRequest())).to.equal(1n);
      await book.submit(openRequest());
      await book.submit(closeRequest(POSITION_ID));
      expect(await book.submit.staticCall(openRequest())).to.equal(3n);
      expect(await book.orderCount()).to.equal(2n);
      expect(await book.accountOf(1n)).to.equal(account);
      expect(await book.accountOf(2n)).to.equal(account);
      expect(await book.accountOf(3n)).to.equal(ethers.ZeroAddress);
    });

    it("stores every field in its place", async () => {
      const world = await networkHelpers.loadFixture(sixDecimals);
      const { book, account } = world;
      const request = limitRequest({
        termsId: 65_535n,
        sizeDelta: -(2n ** 95n),
        reserve: 2n ** 96n - 1n,
        acceptablePrice: ANY_PRICE,
        triggerPrice: 2n ** 96n - 1n,
        keeperFee: (2n ** 40n - 1n) * 10n ** 12n,
        expiry: 2n ** 32n - 1n,
      });
      await book.submit(request);
      const submittedAt = await now(world);
      const order = await book.order(1n);
      // Kind 1 and bit 2, because it opens.
      expect([...order]).to.deep.equal([
        BigInt(account.address),
        ANY_PRICE,
        -(2n ** 95n),
        wad("400"),
        submittedAt,
        2n ** 32n - 1n,
        2n ** 96n - 1n,
        2n ** 96n - 1n,
        2n ** 40n - 1n,
        65_535n,
        5n,
      ]);
    });

    it("tells all that it stores, under the position's id", async () => {
      const world = await networkHelpers.loadFixture(sixDecimals);
      const { book, account } = world;
      await book.submit(openRequest());
      const submission = book.submit(stopRequest(POSITION_ID));
      await submission;
      const order = [
        POSITION_ID,
        0n,
        -wad("1"),
        0n,
        await now(world),
        NEVER,
        0n,
        wad("1900"),
        1_000_000n,
        1n,
        26n,
      ];
      await expect(submission)
        .to.emit(book, "OrderSubmitted")
        .withArgs(2n, POSITION_ID, account, 2n, order);
      expect([...(await book.order(2n))]).to.deep.equal(order);
    });

    it("escrows margin and fee of an order that opens, and counts nothing", async () => {
      const { book, harness, account } = await networkHelpers.loadFixture(sixDecimals);
      await expect(book.submit(openRequest({ margin: wad("400.000001"), keeperFee: wad("0.75") })))
        .to.emit(harness, "Escrowed")
        .withArgs(account, 400_750_001n, 0n);
    });

    it("escrows in units of a token with 18 decimals", async () => {
      const { book, harness, account } = await networkHelpers.loadFixture(eighteenDecimals);
      await expect(book.submit(openRequest({ margin: wad("400") + 1n })))
        .to.emit(harness, "Escrowed")
        .withArgs(account, wad("401") + 1n, 0n);
    });

    it("does not count a trigger order", async () => {
      const { book, harness, account } = await networkHelpers.loadFixture(sixDecimals);
      await expect(book.submit(stopRequest(POSITION_ID, { feeFromMargin: false })))
        .to.emit(harness, "Escrowed")
        .withArgs(account, 1_000_000n, 0n);
    });
  });

  describe("given several orders in one multicall", () => {
    it("opens with a stop-loss and a take-profit, whose sum of escrow is that of the open", async () => {
      const { book, harness, account } = await networkHelpers.loadFixture(sixDecimals);
      const id = (await book.orderCount()) + 1n;
      const takeProfit = stopRequest(id, { kind: OrderKind.Limit, triggerPrice: wad("2500") });
      const calls = [openRequest(), stopRequest(id), takeProfit].map((request) =>
        book.interface.encodeFunctionData("submit", [request]),
      );
      const opening = book.multicall(calls);
      await expect(opening).to.emit(harness, "Escrowed").withArgs(account, 401_000_000n, 0n);
      expect(await book.orderCount()).to.equal(3n);
      for (const orderId of [1n, 2n, 3n]) {
        expect(await book.accountOf(orderId)).to.equal(account);
      }
    });

    it("returns what each call returned", async () => {
      const { book } = await networkHelpers.loadFixture(sixDecimals);
      const calls = [openRequest(), stopRequest(1n)].map((request) =>
        book.interface.encodeFunctionData("submit", [request]),
      );
      const word = (value: bigint) => ethers.toBeHex(value, 32);
      expect(await book.multicall.staticCall(calls)).to.deep.equal([word(1n), word(2n)]);
    });

    it("reverts as a whole, naming the call that failed and why", async () => {
      const { book } = await networkHelpers.loadFixture(sixDecimals);
      const calls = [openRequest(), stopRequest(1n), openRequest({ sizeDelta: 0n })].map(
        (request) => book.interface.encodeFunctionData("submit", [request]),
      );
      const what = ethers.encodeBytes32String("sizeDelta");
      await expect(book.multicall(calls))
        .to.be.revertedWithCustomError(book, "CallFailed")
        .withArgs(2n, book.interface.encodeErrorResult("OrderMalformed", [what]));
      expect(await book.orderCount()).to.equal(0n);
    });

    it("takes no ether", async () => {
      const { book, account } = await networkHelpers.loadFixture(sixDecimals);
      const data = book.interface.encodeFunctionData("multicall", [[]]);
      await expect(account.sendTransaction({ to: book, data, value: 1n })).to.revert(ethers);
      await account.sendTransaction({ to: book, data });
    });
  });
});
