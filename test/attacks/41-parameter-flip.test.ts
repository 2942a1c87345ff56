import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { bestOf, Game, gridOf, LOCAL } from "../fixtures/attackTwin.ts";
import { deployComposite, feedParameters } from "../fixtures/feedOracle.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { enact, termsWith } from "../fixtures/powers.ts";
import { calmMarket } from "../fixtures/vault.ts";

// An insider flips a parameter, trades, and flips it back: a fee so low that stacked legs pay (attack 59), a cap so wide, a
// staleness so long that a price of yesterday serves. Terms are bounded together with the cap, against the least slope of
// all terms there ever were (BH-201), again when they are enacted (BH-202); an oracle has nothing that could be changed
// (BH-220), and its staleness a bound of two days in code (SPEC section 12).

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();
const LEAST_FEE = wad("0.0001");
/** 20,000,000 × 2 × 0.01% ÷ 1.0001, in steps of 20,000,000 wei. */
const CAP_UNDER_IT = wad("3999.600039996");

async function marketFixture() {
  const market = await createMarket(connection);
  const { charter, accounts } = market;
  return { market, charter: charter.connect(accounts.curator) };
}

describe("attack 41: parameters flipped by an insider", () => {
  it("cannot lower the fee below what the cap needs", async () => {
    const { market, charter } = await networkHelpers.loadFixture(marketFixture);
    const cheap = await termsWith(market, { positionFeeRatio: LEAST_FEE });
    await expect(charter.announceTerms(cheap))
      .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
      .withArgs(encodeBytes32String("maxOpenInterest"), wad("19990"), 1n, CAP_UNDER_IT);
  });

  it("cannot lower both and then raise the cap again, not by dearer terms in between", async () => {
    const { market, charter } = await networkHelpers.loadFixture(marketFixture);
    await charter.announceMaxOpenInterest(CAP_UNDER_IT);
    await enact(market, 1n);
    await charter.announceTerms(await termsWith(market, { positionFeeRatio: LEAST_FEE }));
    await enact(market, 2n);
    await charter.announceTerms(await termsWith(market, {}));
    await enact(market, 3n);
    // Who opened under the second terms still pays their fee.
    await expect(charter.announceMaxOpenInterest(CAP_UNDER_IT + 1n))
      .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
      .withArgs(encodeBytes32String("maxOpenInterest"), CAP_UNDER_IT + 1n, 1n, CAP_UNDER_IT);
  });

  it("cannot have a wide cap and a low fee wait side by side, each lawful when it was announced", async () => {
    const { market, charter } = await networkHelpers.loadFixture(marketFixture);
    await charter.announceMaxOpenInterest(CAP_UNDER_IT);
    await enact(market, 1n);
    await charter.announceMaxOpenInterest(wad("19990"));
    await charter.announceTerms(await termsWith(market, { positionFeeRatio: LEAST_FEE }));
    await enact(market, 3n);
    await expect(enact(market, 2n))
      .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
      .withArgs(encodeBytes32String("maxOpenInterest"), wad("19990"), 1n, CAP_UNDER_IT);
    expect(await charter.maxOpenInterest()).to.equal(CAP_UNDER_IT);
  });

  it("wins nothing by legs at the lowest fee and the cap that goes with it", () => {
    const terms = { ...LOCAL.terms, positionFeeRatio: LEAST_FEE };
    const plans = gridOf({
      pairs: [1, 2, 4],
      size: [wad("10"), wad("500"), wad("999")],
      margin: [410n, 450n, 1_000n],
      longsFirst: [true, false],
    });
    const best = bestOf(plans, ({ pairs, size, margin, longsFirst }) => {
      const game = new Game({ rules: { ...LOCAL, terms }, cash: wad("1000000000") });
      const notional = 2_000n * size;
      const leg = { margin: (notional * margin) / 10_000n, reserve: notional / 5n };
      const sides: [bigint[], bigint[]] = [[], []];
      for (let pair = 0; pair < pairs; pair += 1) {
        sides[0].push(game.open({ ...leg, size }) ?? 0n);
        sides[1].push(game.open({ ...leg, size: -size }) ?? 0n);
      }
      for (const id of (longsFirst ? sides : sides.toReversed()).flat()) game.end(id);
      return game.profit;
    });
    expect(best.tried).to.equal(54);
    expect(best.profit).to.be.below(0n);
  });

  it("finds no oracle that takes a price of the day before yesterday, and none that can be told to", async () => {
    const { index, quote, oracle } = await networkHelpers.loadFixture(deployComposite);
    const factory = await connection.ethers.getContractFactory("ChainlinkFeedOracle");
    const [twoDays, zero] = [172_800n, "0x0000000000000000000000000000000000000000"];
    for (const side of ["index", "quote"] as const) {
      const feeds = { index: feedParameters(index, 3_720n), quote: feedParameters(quote, 90_000n) };
      const stale = { ...feeds, [side]: { ...feeds[side], maxAge: twoDays + 1n } };
      const parameters = { ...stale, sequencerFeed: zero, deviationThreshold: wad("0.0075") };
      await expect(factory.deploy(parameters)).to.be.revertedWithCustomError(
        factory,
        "ParameterOutOfBounds",
      );
    }
    const writing = oracle.interface.fragments.filter(
      (fragment) => fragment.type === "function" && !("constant" in fragment && fragment.constant),
    );
    // Both only read a price; they take ether for oracles that have to pay for it.
    expect(writing.map((fragment) => ("name" in fragment ? fragment.name : ""))).to.have.members([
      "verify",
      "spot",
    ]);
  });
});
