import { expect } from "chai";
import { arena, calmArena } from "../fixtures/arena.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { scriptFeed } from "../fixtures/feedOracle.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { deployStreamMarket, openStreamPosition } from "../fixtures/streamMarket.ts";
import { proofFor, reportAt } from "../fixtures/streams.ts";
import { openPosition } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

const streamArena = arena(deployStreamMarket);
/** 2,000 and 1,990 USD [E8]. */
const FALLEN = 199_000_000_000n;

/**
 * The feed answers nothing, or a report has expired. The attacker is short and settles at a price of zero; or it is long
 * and counts on its liquidation being stuck from then on.
 * Units: test/contracts/ChainlinkFeedOracle/spot.test.ts, test/contracts/ChainlinkStreamOracle/refusals.test.ts.
 */
describe("attack 23: a price of zero, an expired report", () => {
  for (const answer of [0n, -1n]) {
    it(`wins a short nothing by an answer of ${answer}, and sticks nothing (BH-119)`, async () => {
      const market = await calmArena();
      const { marginVault, orderBook, oracle, accounts } = market;
      const { alice, bob, keeper } = accounts;
      const short = { account: alice, size: -wad("100"), margin: wad("20000") };
      const id = await openPosition(market, short);
      const long = { account: bob, size: wad("100"), margin: wad("8200") };
      const edge = await openPosition(market, long);
      const scripted = await scriptFeed(market.index);
      await expectNoProfit(
        market,
        [alice, keeper],
        async () => {
          await scripted.tell(1n, answer, await now(market), 1n);
          for (const attempt of [
            () => orderBook.connect(keeper).settleAtCap(id, "0x", keeper),
            () => marginVault.connect(keeper).liquidate(edge, "0x", keeper),
            () => marginVault.connect(alice).removeMargin(id, 12_000_000_000n, alice, "0x"),
          ]) {
            await expect(attempt()).to.be.revertedWithCustomError(oracle, "AnswerNotPositive");
          }
        },
        { price: wad("2000") },
      );
      // The next sound round is as good as any: 5,900 of a loss leave 2,200, and 4,847.5 are needed.
      await scripted.tell(2n, FALLEN - 5_100_000_000n, await now(market), 2n);
      await marginVault.connect(keeper).liquidate(edge, "0x", keeper);
      expect((await marginVault.position(edge)).size).to.be.below(wad("100"));
    });
  }

  it("wins nothing by a report that is expired or without a price (BH-131)", async () => {
    const market = await streamArena();
    const { marginVault, oracle, streams, accounts, connection } = market;
    const newest = async () => BigInt(await connection.networkHelpers.time.latest());
    const { alice, keeper } = accounts;
    const long = { account: alice, size: wad("100"), margin: wad("20000") };
    const id = await openStreamPosition(market, long);
    await expectNoProfit(
      market,
      [alice, keeper],
      async () => {
        for (const [changes, error] of [
          [{ expiresAt: await newest() }, "ReportExpired"],
          [{ price: 0n, bid: 0n, ask: 1n }, "PriceNotPositive"],
        ] as const) {
          const at = await newest();
          const proof = proofFor(streams, reportAt(at, changes));
          await expect(
            marginVault.connect(alice).removeMargin(id, 1n, alice, proof),
          ).to.be.revertedWithCustomError(oracle, error);
          await expect(
            marginVault.connect(keeper).liquidate(id, proof, keeper),
          ).to.be.revertedWithCustomError(oracle, error);
        }
      },
      { price: wad("2000") },
    );
  });
});
