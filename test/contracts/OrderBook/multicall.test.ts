import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { deployMarket } from "../../fixtures/market.ts";
import { openRequest, stopRequest, wad } from "../../fixtures/orderRequests.ts";
import { ORDER_KIND } from "../../fixtures/trading.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** Alice's two trigger orders wait for a position that her first order will open. */
async function marketFixture() {
  const market = await deployMarket(connection);
  const { alice, bob } = market.accounts;
  const book = market.orderBook.connect(alice);
  const encode = book.interface.encodeFunctionData.bind(book.interface);
  const refusal = book.interface.encodeErrorResult.bind(book.interface);
  await book.multicall([
    encode("submit", [openRequest()]),
    encode("submit", [stopRequest(1n)]),
    encode("submit", [stopRequest(1n)]),
  ]);
  return { ...market, market, alice, bob, book, encode, refusal };
}

describe("OrderBook multicall", () => {
  it("replaces one exit by another in one transaction, and moves nothing", async () => {
    const { market, book, encode, alice, token, marginVault } =
      await networkHelpers.loadFixture(marketFixture);
    const replaced = book.multicall([
      encode("cancel", [2n, "0x"]),
      encode("submit", [stopRequest(1n)]),
    ]);
    await expect(replaced).to.changeTokenBalances(ethers, token, [alice, marginVault], [0n, 0n]);
    expect((await book.order(2n)).submittedAt).to.equal(0n);
    expect(await book.accountOf(4n)).to.equal(alice);
    await expectConservation(market);
  });

  it("cancels several orders at once, each with its escrow", async () => {
    const { market, book, encode, alice, token } = await networkHelpers.loadFixture(marketFixture);
    const limit = openRequest({
      kind: ORDER_KIND.limit,
      triggerPrice: wad("1900"),
      expiry: 4_000_000_000n,
    });
    const submit = encode("submit", [limit]);
    await book.multicall([submit, submit]);
    // Each holds its margin and its fee.
    const escrow = (limit.margin + limit.keeperFee) / 10n ** 12n;
    const cancelled = book.multicall([encode("cancel", [4n, "0x"]), encode("cancel", [5n, "0x"])]);
    await expect(cancelled).to.changeTokenBalance(ethers, token, alice, 2n * escrow);
    await expectConservation(market);
  });

  it("keeps the caller: nobody's order but one's own can be cancelled", async () => {
    const { book, bob, encode, refusal } = await networkHelpers.loadFixture(marketFixture);
    await expect(book.connect(bob).multicall([encode("cancel", [2n, "0x"])]))
      .to.be.revertedWithCustomError(book, "CallFailed")
      .withArgs(0n, refusal("NotAuthorized", [bob.address]));
  });

  it("undoes all when one fails, and names it with its reason", async () => {
    const { market, book, encode, refusal, alice, token } =
      await networkHelpers.loadFixture(marketFixture);
    const before = await token.balanceOf(alice);
    const calls = [
      encode("submit", [openRequest()]),
      encode("cancel", [2n, "0x"]),
      encode("cancel", [99n, "0x"]),
    ];
    await expect(book.multicall(calls))
      .to.be.revertedWithCustomError(book, "CallFailed")
      .withArgs(2n, refusal("OrderNotFound", [99n]));
    expect(await book.orderCount()).to.equal(3n);
    expect((await book.order(2n)).submittedAt).not.to.equal(0n);
    expect(await token.balanceOf(alice)).to.equal(before);
    await expectConservation(market);
  });

  it("returns what each call returned", async () => {
    const { book, encode } = await networkHelpers.loadFixture(marketFixture);
    const results = await book.multicall.staticCall([
      encode("submit", [openRequest()]),
      encode("cancel", [2n, "0x"]),
    ]);
    expect([...results]).to.deep.equal([ethers.toBeHex(4n, 32), "0x"]);
  });

  it("takes no ether, so that no two calls can spend the same", async () => {
    const { alice, book, encode } = await networkHelpers.loadFixture(marketFixture);
    const data = encode("multicall", [[encode("cancel", [2n, "0x"])]]);
    await expect(alice.sendTransaction({ to: book, data, value: 1n })).to.revert(ethers);
  });

  it("may be empty", async () => {
    const { book } = await networkHelpers.loadFixture(marketFixture);
    expect(await book.multicall.staticCall([])).to.deep.equal([]);
  });
});
