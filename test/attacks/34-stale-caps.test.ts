import { expect } from "chai";
import { calmArena } from "../fixtures/arena.ts";
import { closeAll, expectNoProfit } from "../fixtures/attack.ts";
import { type MarketFixture, proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { submitOrder } from "../fixtures/trading.ts";
import { mined } from "../fixtures/vault.ts";

/** An order and why it is refused, if it is. */
interface Piece {
  readonly size: string;
  readonly reserve: string;
  readonly refusal?: string;
}

/** Sends all pieces, and fills them in one batch at one price; expects those to be refused that say so. */
async function fillTogether(market: MarketFixture, pieces: readonly Piece[]) {
  const { orderBook, marginVault, accounts } = market;
  const { alice, keeper } = accounts;
  const ids: bigint[] = [];
  let last = 0n;
  for (const { size, reserve } of pieces) {
    const order = { sizeDelta: wad(size), margin: wad("1200000"), reserve: wad(reserve) };
    const { orderId, submittedAt } = await submitOrder(market, alice, order);
    ids.push(orderId);
    last = submittedAt;
  }
  const round = await pushPrice(market, wad("2000"), last + 3n);
  const proof = await proofOf(market, round);
  const receipt = await mined(orderBook.connect(keeper).execute(ids, proof, keeper));
  const reasons = receipt.logs
    .filter((log) => log.address === orderBook.target)
    .map((log) => orderBook.interface.parseLog(log))
    .filter((log) => log?.name === "OrderCancelled")
    .map((log) => {
      const reason = String(log?.args.reason);
      const error = marginVault.interface.parseError(reason);
      return (error ?? market.liquidityVault.interface.parseError(reason))?.name;
    });
  const expected = pieces.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal]));
  expect(reasons).to.deep.equal(expected);
}

/**
 * The attacker sends many orders at once, each of which keeps within what is left of a cap, and has them filled in one
 * batch: checked on sums from before the batch, or before what each adds, they break it together.
 * Units: test/contracts/MarginVault/openInterestBound.test.ts, trade.open.test.ts.
 */
describe("attack 34: caps checked on stale sums", () => {
  it("stops a batch at the cap of open interest, to the wei (BH-47)", async () => {
    const market = await calmArena();
    const { marginVault, accounts } = market;
    const { alice, keeper } = accounts;
    await expectNoProfit(market, [alice, keeper], async () => {
      await fillTogether(market, [
        { size: "9000", reserve: "1800000" },
        { size: "9000", reserve: "1800000" },
        { size: "1990.000000000000000001", reserve: "500000", refusal: "OpenInterestExceeded" },
        // The other side makes no room on this one.
        { size: "-1000", reserve: "200000" },
        { size: "1990.000000000000000001", reserve: "500000", refusal: "OpenInterestExceeded" },
        { size: "1990", reserve: "500000" },
      ]);
      const { longOpenInterest } = await marginVault.market();
      expect(longOpenInterest).to.equal(wad("19990"));
      await closeAll(market, alice, wad("2000"));
    });
  });

  it("stops a batch at what the pool may reserve (BH-47)", async () => {
    const market = await calmArena();
    const { liquidityVault, accounts } = market;
    const { alice, keeper } = accounts;
    await expectNoProfit(market, [alice, keeper], async () => {
      // 80% of 10,000,000: fees of the batch are due to the pool and not yet its cash.
      await fillTogether(market, [
        { size: "4000", reserve: "4000000" },
        { size: "-3999", reserve: "3999999" },
        { size: "100", reserve: "20001", refusal: "UtilizationExceeded" },
      ]);
      const [reserved, cash] = [await liquidityVault.reserved(), await liquidityVault.cash()];
      expect(reserved * 10n).to.be.at.most(cash * 8n);
      // The other way round: which side closes first makes no difference either.
      await closeAll(market, alice, wad("2000"), true);
    });
  });
});
