import { expect } from "chai";

import { pathThrough, pricesEvery } from "../../../scripts/localnet/pricePath.ts";
import { readPrices } from "../../../scripts/localnet/prices.ts";

const POINTS = [
  { time: 100n, price: 1_000n },
  { time: 110n, price: 1_100n },
  { time: 120n, price: 900n },
];

describe("pathThrough", () => {
  it("runs straight from point to point, and stays where it ends", () => {
    const path = pathThrough(POINTS);
    // 10 a second up, then 20 a second down.
    const times = [0n, 100n, 101n, 110n, 111n, 119n, 120n, 999n];
    expect(times.map(path)).to.deep.equal([
      1_000n,
      1_000n,
      1_010n,
      1_100n,
      1_080n,
      920n,
      900n,
      900n,
    ]);
  });

  it("takes the later of two points of one second", () => {
    const path = pathThrough([...POINTS.slice(0, 2), { time: 110n, price: 2_000n }]);
    expect(path(110n)).to.equal(2_000n);
  });
});

describe("pricesEvery", () => {
  it("looks from the first point on, and no later than the last", () => {
    expect(pricesEvery(POINTS, 8n)).to.deep.equal([
      { time: 100n, price: 1_000n },
      { time: 108n, price: 1_080n },
      { time: 116n, price: 980n },
    ]);
  });

  it("is nothing where there is no point", () => {
    expect(pricesEvery([], 8n)).to.deep.equal([]);
  });
});

describe("readPrices for reports", () => {
  it("tells the moments of bars, of which a feed would have written only some", () => {
    // Falls, so it goes over the high: open, a third, two thirds, the last second of each bar.
    const text = "timestamp,open,high,low,close\n0,100,101,99,100\n60,100,101,98,99\n";
    const { rounds, moments } = readPrices(text);
    expect(moments.map(({ time, price }) => [time, price / 10n ** 8n])).to.deep.equal([
      [0n, 100n],
      [20n, 99n],
      [40n, 101n],
      [59n, 100n],
      [60n, 100n],
      [80n, 101n],
      [100n, 98n],
      [119n, 99n],
    ]);
    expect(rounds.length).to.be.greaterThan(1);
  });

  it("tells the rounds of a feed as they are", () => {
    const header = "roundId,phaseId,aggregatorRoundId,answer,startedAt,updatedAt,answeredInRound";
    const { moments } = readPrices(`${header}\n1,1,1,5,10,10,1\n2,1,2,6,20,20,2\n`);
    expect(moments.map(({ time, price }) => [time, price])).to.deep.equal([
      [10n, 5n],
      [20n, 6n],
    ]);
  });
});
