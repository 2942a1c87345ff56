import { expect } from "chai";
import { network } from "hardhat";
import { previewClose } from "../../../scripts/core/closeQuote.ts";
import type { Position } from "../../../scripts/core/types.ts";
import { deployMarket, type MarketFixture } from "../../fixtures/market.ts";
import { plain } from "../../fixtures/structs.ts";
import { openPosition, submitAndExecute } from "../../fixtures/trading.ts";

const WAD = 10n ** 18n;

/** Stamps that only the moment of execution knows. */
function comparable({ priceTime: _, cooldown: __, owner: ___, ...rest }: Position) {
  return rest;
}

describe("previewClose", () => {
  let market: MarketFixture;

  before(async () => {
    market = await deployMarket(await network.create());
  });

  const cases = [
    { name: "a part of a long at a gain", size: 10n, closed: 4n, price: 2_080n },
    { name: "a part of a short at a loss", size: -10n, closed: 7n, price: 2_030n },
    { name: "all of a long at a loss", size: 10n, closed: 10n, price: 1_950n },
    { name: "all of a short beyond its reserve", size: -10n, closed: 10n, price: 1_500n },
    // 0.02 of it would be worth 40, below the least notional of 50: all is closed.
    {
      name: "more than asked, where too little would stay",
      size: 10n,
      closed: 998n,
      price: 2_000n,
    },
  ] as const;

  for (const { name, size, closed, price } of cases) {
    it(`foresees what the market does: ${name}`, async () => {
      const { alice } = market.accounts;
      const unit = closed > 100n ? WAD / 100n : WAD;
      const id = await openPosition(market, {
        account: alice,
        size: size * WAD,
        margin: 1_500n * WAD,
        reserve: 3_000n * WAD,
        price: 2_000n * WAD,
      });
      const before = await plain(await market.marginVault.position(id));
      const sums = await plain(await market.marginVault.market());
      const held = await market.token.balanceOf(alice);
      const { receipt } = await submitAndExecute(market, alice, {
        positionId: id,
        reduceOnly: true,
        sizeDelta: size > 0n ? -closed * unit : closed * unit,
        price: price * WAD,
      });
      const block = await receipt.getBlock();
      const preview = previewClose(
        {
          position: before,
          closed: closed * unit,
          keeperFeeFromMargin: 0n,
          scale: market.tokenScale,
        },
        {
          market: sums,
          curves: plain(await market.charter.curves()),
          terms: plain(await market.charter.terms(1n)),
          price: price * WAD,
          now: BigInt(block.timestamp),
        },
      );
      const after = await plain(await market.marginVault.position(id));
      if (after.size !== 0n) {
        expect(comparable(preview.position)).to.deep.equal(comparable(after));
      }
      expect(preview.position.size).to.equal(after.size);
      // The order's keeper fee of 0.5 left the wallet too.
      const got = (await market.token.balanceOf(alice)) - held;
      expect(preview.paidOut / market.tokenScale - 500_000n).to.equal(got);
    });
  }
});
