import { expect } from "chai";
import { network } from "hardhat";
import { pushRound } from "../../fixtures/feeds.ts";
import { deployMarket, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";

const { networkHelpers } = await network.create();

const MAX_UINT96 = 2n ** 96n - 1n;

describe("MarginVault last price", () => {
  it("is the newest that was shown", async () => {
    const market = await networkHelpers.loadFixture(deployMarket);
    await pushPrice(market, wad("1900"));
    await market.orderBook.poke("0x");
    expect((await market.marginVault.market()).lastPrice).to.equal(wad("1900"));
  });

  it("is the highest that can be stored where the settlement token is worth next to nothing", async () => {
    const market = await networkHelpers.loadFixture(deployMarket);
    const { orderBook, marginVault, quote } = market;
    await pushRound(quote, { answer: 2n });
    const { updatedAt } = await pushPrice(market, wad("2000"));
    // 2,000 ÷ 0.00000002 = 100,000,000,000; 2^96 wei are about 79,228,162,514.
    await expect(orderBook.poke("0x"))
      .to.emit(orderBook, "PriceShown")
      .withArgs(1n, wad("100000000000"), updatedAt);
    expect((await marginVault.market()).lastPrice).to.equal(MAX_UINT96);
  });
});
