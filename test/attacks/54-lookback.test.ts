import { expect } from "chai";
import { network } from "hardhat";
import { max } from "../../scripts/core/integers.ts";
import { expectNoProfit } from "../fixtures/attack.ts";
import { drawnPath, recordedPath, type Step } from "../fixtures/attackMoves.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { deployStreamMarket, openStreamPosition } from "../fixtures/streamMarket.ts";
import { proofFor, reportAt } from "../fixtures/streams.ts";
import { calmMarket, openLong, prepareOldPhase } from "../fixtures/vault.ts";

// Margin is removed at the best price of the last hour, a position liquidated at the worst, a cap settled at the highest:
// an older price that is still fresh enough. Spot is a feed's newest round and no other (BH-114), a report at most seconds
// old (BH-132), and never older than any spot price or change before it (BH-83 †). See also
// test/contracts/MarginVault/attacks.test.ts (54) and LAW-16.

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();

async function pushFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  return { ...market, market, positionId };
}

/** Shows an older round where it helps, in each of the three ways. */
async function lookBack(market: MarketFixture, positionId: bigint, old: string) {
  const { marginVault, orderBook, accounts } = market;
  const { alice, carol } = accounts;
  return {
    remove: () => marginVault.connect(alice).removeMargin(positionId, 1_000_000_000n, alice, old),
    liquidate: () => marginVault.connect(carol).liquidate(positionId, old, carol),
    settle: () => orderBook.connect(alice).settleAtCap(positionId, old, alice),
  };
}

/** The farthest that a round has lain from one of the hour before it [basis points]. */
function worstWithinAnHour(path: readonly Step[]): bigint {
  let [worst, from, span] = [0n, 0, 0n];
  for (const [index, { answer, seconds }] of path.entries()) {
    span += index === 0 ? 0n : seconds;
    while (span > 3_600n) span -= path[++from]?.seconds ?? 0n;
    const hour = path.slice(from, index).map((old) => distance(old.answer, answer));
    worst = hour.reduce(max, worst);
  }
  return worst;
}

function distance(old: bigint, answer: bigint): bigint {
  return ((old > answer ? old - answer : answer - old) * 10_000n) / answer;
}

describe("attack 54: looking back for a better price that is still fresh", () => {
  it("would be worth ten per cent of the notional and more: what real rounds moved within an hour", () => {
    const recorded = recordedPath();
    const worst = worstWithinAnHour(recorded ?? drawnPath(11_105, 54));
    // Initial margin is 4%: at such a distance a whole position's margin, and debt beside, could have been taken out.
    expect(worst).to.be.above(recorded === undefined ? 400n : 1_085n);
  });

  it("removes no margin at a better round, liquidates at no worse, and settles at no higher one", async () => {
    const { market, positionId, marginVault, oracle, accounts } =
      await networkHelpers.loadFixture(pushFixture);
    const { alice, carol, keeper } = accounts;
    await expectNoProfit(
      market,
      [alice, carol, keeper],
      async () => {
        const best = await pushPrice(market, wad("2450"));
        const worst = await pushPrice(market, wad("1930"));
        // 1,985: E 8,399 of 7,940 of initial margin, so not even 1,000 may go; healthy, and far from the cap.
        await pushPrice(market, wad("1985"));
        for (const old of [best, worst]) {
          const tries = await lookBack(market, positionId, await proofOf(market, old));
          for (const attempt of Object.values(tries)) {
            await expect(attempt()).to.be.revertedWithCustomError(oracle, "ProofMalformed");
          }
        }
        const { remove, liquidate, settle } = await lookBack(market, positionId, "0x");
        await expect(remove()).to.be.revertedWithCustomError(marginVault, "InitialMarginNotMet");
        await expect(liquidate()).to.be.revertedWithCustomError(marginVault, "PositionHealthy");
        await expect(settle()).to.be.revertedWithCustomError(marginVault, "CapNotReached");
      },
      { price: wad("1985") },
    );
    await expectConservation(market);
  });

  it("is refused where a feed itself goes back, to a phase whose newest round is older than what was used", async () => {
    const { market, positionId, marginVault, accounts } =
      await networkHelpers.loadFixture(pushFixture);
    const { alice, carol } = accounts;
    const { updatedAt, goBack } = await prepareOldPhase(market, wad("2300"));
    const newer = await pushPrice(market, wad("1985"));
    await expectNoProfit(
      market,
      [alice, carol],
      async () => {
        await marginVault.connect(alice).removeMargin(positionId, 1_000_000n, alice, "0x");
        await goBack();
        for (const attempt of Object.values(await lookBack(market, positionId, "0x"))) {
          await expect(attempt())
            .to.be.revertedWithCustomError(marginVault, "PriceNotNewEnough")
            .withArgs(updatedAt, newer.updatedAt);
        }
      },
      { price: wad("1985") },
    );
    await expectConservation(market);
  });

  it("reaches back no second on reports, once a newer one was used", async () => {
    const market = await networkHelpers.loadFixture(deployStreamMarket);
    const { marginVault, accounts, streams } = market;
    const { alice, carol } = accounts;
    const positionId = await openStreamPosition(market, {
      account: alice,
      size: wad("100"),
      margin: wad("10000"),
      reserve: wad("40000"),
    });
    const at = (await networkHelpers.time.latest()) + 3;
    await networkHelpers.time.increaseTo(at);
    const [old, used] = [
      proofFor(streams, reportAt(BigInt(at) - 1n, { price: wad("1930") })),
      proofFor(streams, reportAt(BigInt(at), { price: wad("1985") })),
    ];
    await expectNoProfit(market, [carol], async () => {
      await marginVault.connect(alice).removeMargin(positionId, 1_000_000n, alice, used);
      await expect(marginVault.connect(carol).liquidate(positionId, old, carol))
        .to.be.revertedWithCustomError(marginVault, "PriceNotNewEnough")
        .withArgs(BigInt(at) - 1n, BigInt(at));
    });
    expect((await marginVault.market()).clock).to.equal(BigInt(at));
  });
});
