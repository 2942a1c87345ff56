import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";
import { network } from "hardhat";
import { previewOpen } from "../../scripts/core/quote.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { deployMarket, proofOf, pushPrice } from "../fixtures/market.ts";
import { closeRequest, OrderKind, stopRequest, wad } from "../fixtures/orderRequests.ts";
import { ledgerOf } from "../fixtures/scenario.ts";
import { plain } from "../fixtures/structs.ts";
import { openPosition, orderRequest } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const LABEL = ethers.encodeBytes32String("basis trade, leg 1");

/** Alice's two positions, and a stop-loss that waits for the second. */
async function aliceWithTwoPositions() {
  const market = await deployMarket(connection);
  const { alice } = market.accounts;
  const first = await openPosition(market, {
    account: alice,
    size: wad("10"),
    margin: wad("3000"),
  });
  const second = await openPosition(market, { account: alice, size: wad("2"), margin: wad("900") });
  const book = market.orderBook.connect(alice);
  await book.submit(stopRequest(second, { sizeDelta: -wad("2") }));
  const encode = book.interface.encodeFunctionData.bind(book.interface);
  const increase = { positionId: first, sizeDelta: wad("5"), margin: wad("1500") };
  const grow = await orderRequest(market, { ...increase, reserve: wad("2000") });
  const takeProfit = closeRequest(first, {
    kind: OrderKind.Limit,
    feeFromMargin: true,
    sizeDelta: -wad("15"),
    triggerPrice: wad("2300"),
    expiry: 4_000_000_000n,
  });
  /** Names the first, lets it grow, takes its profit at 2,300, halves the second and drops its stop-loss. */
  const adjustments = [
    encode("labelPosition", [first, LABEL]),
    encode("submit", [grow]),
    encode("submit", [takeProfit]),
    encode("submit", [closeRequest(second, { sizeDelta: -wad("1") })]),
    encode("cancel", [3n, "0x"]),
  ];
  const lens = await ethers.deployContract("MarketLens");
  return { market, ...market, alice, first, second, book, encode, adjustments, lens };
}

describe("scenario 12: position management", () => {
  describe("given five adjustments of two positions in one call", () => {
    it("makes all of them", async () => {
      const { market, book, alice, first, adjustments } =
        await networkHelpers.loadFixture(aliceWithTwoPositions);
      await expect(book.multicall(adjustments))
        .to.emit(book, "PositionLabelled")
        .withArgs(first, alice, anyValue, LABEL);
      expect(await book.orderCount()).to.equal(6n);
      expect((await book.order(3n)).submittedAt, "the stop-loss that was dropped").to.equal(0n);
      await expectConservation(market);
    });

    for (let bad = 0; bad < 5; ++bad) {
      it(`makes none of them when number ${bad} is bad, and says which and why`, async () => {
        const { market, book, encode, adjustments } =
          await networkHelpers.loadFixture(aliceWithTwoPositions);
        const before = await ledgerOf(market);
        const spoiled = adjustments.with(bad, encode("cancel", [99n, "0x"]));
        await expect(book.multicall(spoiled))
          .to.be.revertedWithCustomError(book, "CallFailed")
          .withArgs(BigInt(bad), book.interface.encodeErrorResult("OrderNotFound", [99n]));
        expect(await ledgerOf(market)).to.deep.equal(before);
      });
    }

    it("brings the position to the health that was quoted before", async () => {
      const { market, book, first, adjustments, lens, accounts, charter, marginVault } =
        await networkHelpers.loadFixture(aliceWithTwoPositions);
      await book.multicall(adjustments);
      const round = await pushPrice(market, wad("2010"), (await now(market)) + 3n);
      const at = round.updatedAt + 10n;
      const quoted = previewOpen(
        {
          position: plain(await marginVault.position(first)),
          sizeDelta: wad("5"),
          margin: wad("1500"),
          reserve: wad("2000"),
          isMarket: true,
        },
        {
          market: plain(await marginVault.market()),
          curves: plain(await charter.curves()),
          terms: plain(await charter.terms(1n)),
          price: wad("2010"),
          now: at,
        },
      );
      expect(quoted.refusal).to.equal(undefined);

      await networkHelpers.time.setNextBlockTimestamp(at);
      const proof = await proofOf(market, round);
      await book.connect(accounts.keeper).execute([4n, 6n], proof, accounts.keeper);

      const [health] = await lens.healthAt(marginVault, [first], wad("2010"));
      expect(health?.equity).to.equal(quoted.equity);
      expect(health?.notional).to.equal(quoted.notional);
      expect(health?.initialMargin).to.equal(quoted.initialMargin);
      expect(health?.liquidationPrice).to.equal(quoted.liquidationPrice);
      expect(health?.position.margin).to.equal(quoted.position.margin);
      await expectConservation(market);
    });
  });

  it("given exits that wait, serves the take-profit and lets the stop-loss die with the position", async () => {
    const { market, book, alice, second, accounts, marginVault } =
      await networkHelpers.loadFixture(aliceWithTwoPositions);
    await book.submit({
      ...closeRequest(second, { sizeDelta: -wad("2") }),
      kind: OrderKind.Limit,
      feeFromMargin: true,
      triggerPrice: wad("2100"),
      expiry: 4_000_000_000n,
    });
    await networkHelpers.time.increase(5n);
    await pushPrice(market, wad("2105"));
    await book.connect(accounts.keeper).execute([4n], "0x", accounts.keeper);
    expect((await marginVault.position(second)).size).to.equal(0n);
    await book.connect(alice).cancel(3n, "0x");
    expect((await book.order(3n)).submittedAt).to.equal(0n);
    await expectConservation(market);
  });
});
