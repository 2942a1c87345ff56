import { expect } from "chai";
import { lastingMandate } from "../../../scripts/core/rescue.ts";
import { CRASHES, crashRounds, historyRounds } from "../../../scripts/risk/crashes.ts";
import { PositionRefusedError, RiskInputError } from "../../../scripts/risk/errors.ts";
import { readHistory } from "../../../scripts/risk/history.ts";
import { readPositions } from "../../../scripts/risk/positionsFile.ts";
import {
  type PlannedPosition,
  type ReplayInput,
  replayPath,
} from "../../../scripts/risk/replay.ts";
import { expectNear } from "../../fixtures/near.ts";
import { curvesOf, termsOf } from "../../fixtures/states.ts";

const WAD = 10n ** 18n;

/** No funding, no borrow fee, no impact worth mention: what is left can be worked out by hand. */
const RULES = {
  terms: termsOf({ positionFeeRatio: 0n }),
  curves: curvesOf({
    skewScale: 10n ** 12n * WAD,
    maxFundingRate: 0n,
    minBorrowRate: 0n,
    kinkBorrowRate: 0n,
    maxBorrowRate: 0n,
  }),
  protocolFeeShare: 0n,
  scale: 10n ** 12n,
};

const LONG: PlannedPosition = {
  name: "long",
  size: 10n * WAD,
  margin: 2_000n * WAD,
  reserve: 4_000n * WAD,
};

function inputOf(prices: readonly number[], changes: Partial<ReplayInput> = {}): ReplayInput {
  return {
    rules: RULES,
    rounds: prices.map((price, index) => ({
      price: BigInt(price) * WAD,
      time: BigInt(index) * 60n,
    })),
    positions: [LONG],
    cash: 10n ** 9n * WAD,
    latency: 12n,
    rescue: false,
    ...changes,
  };
}

const near = (amount: bigint | undefined, expected: number) =>
  expectNear(Number(amount ?? -1n) / 1e18, expected, 1e-4);

describe("replayPath", () => {
  it("refuses a position that the market would not open", () => {
    const positions = [{ ...LONG, margin: 100n * WAD }];
    expect(() => replayPath(inputOf([2_000, 2_000], { positions }))).to.throw(
      PositionRefusedError,
      "InitialMarginNotMet",
    );
  });

  it("leaves a healthy position alone", () => {
    const [found] = replayPath(inputOf([2_000, 1_900, 2_050])).positions;
    expect(found?.state).to.equal("open");
    expect(found?.events).to.deep.equal([]);
    // 2,000 + 10 × 50; at 1,900 it was 1,000.
    near(found?.worth, 2_500);
    near(found?.lowestEquity, 1_000);
  });

  it("liquidates in part, at the price of when the transaction lands", () => {
    // At 1,830 equity is 300, maintenance 2% of 18,300 = 366. Target 1.5 × 2% = 3%, fee 0.5%:
    // f = (0.03 × 18,300 − 300) ÷ (0.025 × 18,300) = 249 ÷ 457.5 = 0.544262…, so 5.44262 of 10 are closed.
    const [found] = replayPath(inputOf([2_000, 1_830, 1_830])).positions;
    expect(found?.events.map(({ kind, time }) => [kind, time])).to.deep.equal([["partial", 72n]]);
    near(found?.events[0]?.sizeLeft, 10 - 5.442_623);
    expect(found?.state).to.equal("open");
    // The fee of 0.5% of 9,960 is lost: 300 − 49.80.
    near(found?.worth, 300 - 5.442_623 * 1_830 * 0.005);
  });

  it("does nothing where the price is back when the transaction lands", () => {
    const [found] = replayPath(inputOf([2_000, 1_830, 1_950, 1_950], { latency: 60n })).positions;
    expect(found?.events).to.deep.equal([]);
  });

  it("closes whole what is beyond bankruptcy, and counts what nobody collects", () => {
    const [found] = replayPath(inputOf([2_000, 1_700, 1_700])).positions;
    expect(found?.state).to.equal("liquidated");
    near(found?.worth, 0);
    near(found?.shortfall, 1_000);
  });

  it("settles at the cap: margin and reserve less the keeper's floor", () => {
    const [found] = replayPath(inputOf([2_000, 2_401, 2_500])).positions;
    expect(found?.state).to.equal("capped");
    near(found?.worth, 5_999);
  });

  describe("given a mandate", () => {
    const mandate = lastingMandate({
      capLeft: 1_000n * WAD,
      targetRatio: 2n * WAD,
      triggerRatio: WAD,
    });
    const positions = [{ ...LONG, mandate }];

    it("pulls to twice maintenance and the keeper's fee, and closes nothing", () => {
      // 2 × 366 − 300 + 1 = 433.
      const [found] = replayPath(
        inputOf([2_000, 1_830, 2_000], { positions, rescue: true }),
      ).positions;
      expect(found?.events.map(({ kind }) => kind)).to.deep.equal(["rescued"]);
      near(found?.events[0]?.amount, 433);
      near(found?.paidIn, 2_433);
      near(found?.worth, 2_432);
    });

    it("does without when it is not in force", () => {
      const [found] = replayPath(inputOf([2_000, 1_830, 2_000], { positions })).positions;
      expect(found?.events.map(({ kind }) => kind)).to.deep.equal(["partial"]);
    });

    it("liquidates when the cap does not suffice, and never pulls more than it", () => {
      const path = [2_000, 1_830, 1_790, 1_750, 1_720, 1_690];
      const [found] = replayPath(inputOf(path, { positions, rescue: true })).positions;
      // 433 at 1,830; 2 × 358 − 332 + 1 = 385 at 1,790; the 385 of 1,750 are more than the 182 that are left.
      const kinds = found?.events.map(({ kind }) => kind).slice(0, 3);
      expect(kinds).to.deep.equal(["rescued", "rescued", "partial"]);
      const pulled = (found?.paidIn ?? 0n) - LONG.margin;
      expect(pulled > 0n && pulled <= mandate.capLeft).to.equal(true);
    });

    it("acts early where its trigger is above maintenance", () => {
      const early = [{ ...LONG, mandate: { ...mandate, triggerRatio: (15n * WAD) / 10n } }];
      // At 1,850 equity is 500, maintenance 370: below 1.5 × 370 = 555. 740 − 500 + 1 = 241.
      const [found] = replayPath(
        inputOf([2_000, 1_850, 1_850], { positions: early, rescue: true }),
      ).positions;
      near(found?.events[0]?.amount, 241);
    });
  });
});

describe("crashRounds", () => {
  it("refuses a name that is none, and tells those that are", () => {
    const input = { price: WAD, view: "oracle" } as const;
    expect(() => crashRounds("tulips", input)).to.throw(RiskInputError, "black-thursday-eth");
  });

  // Worst move of a long within 24 h as the public record has it.
  const worst = [
    ["bch-war-btc", 0.826],
    ["black-thursday-eth", 0.47],
    ["may-2021-sol", 0.473],
    ["luna-eth", 0.764],
    ["ftx-sol", 0.507],
    ["yen-carry-btc", 0.805],
    ["october-2025-eth", 0.785],
  ] as const;
  for (const [name, share] of worst) {
    it(`falls to ${share} in ${name}`, () => {
      const prices = crashRounds(name, { price: 1_000n * WAD, view: "oracle" }).map(
        ({ price }) => Number(price) / 1e21,
      );
      expect(prices[0]).to.equal(1);
      expectNear(Math.min(...prices), share, 2e-3);
    });
  }

  it("shows a wick to a venue and not to an oracle", () => {
    const lowest = (view: "venue" | "oracle") =>
      Math.min(
        ...crashRounds("october-2025-link", { price: WAD, view }).map(
          ({ price }) => Number(price) / 1e18,
        ),
      );
    expectNear(lowest("venue"), 0.349, 1e-9);
    expectNear(lowest("oracle"), 0.65, 2e-3);
  });

  it("gives every crash rounds that rise in time", () => {
    for (const { name } of CRASHES) {
      const rounds = crashRounds(name, { price: WAD, view: "venue" });
      expect(
        rounds.every(
          ({ time, price }, i) => price > 0n && (i === 0 || time > (rounds[i - 1]?.time ?? 0n)),
        ),
      ).to.equal(true);
    }
  });
});

describe("historyRounds", () => {
  const history = readHistory(
    "timestamp,open,high,low,close\n1700000000,100,110,90,105\n1700000060,105,106,80,82",
    "bars.csv",
  );

  it("runs through both extremes of a bar by venue, the low first where it rises", () => {
    const prices = historyRounds(history, { view: "venue" }).map(({ price }) =>
      Number(price / WAD),
    );
    expect(prices).to.deep.equal([100, 90, 110, 105, 106, 80, 82]);
  });

  it("tells closes alone by oracle, scaled to begin at a price", () => {
    const rounds = historyRounds(history, { view: "oracle", price: 2_000n * WAD });
    expect(rounds.map(({ price, time }) => [Number(price / WAD), time])).to.deep.equal([
      [2_000, 0n],
      [2_100, 60n],
      [1_640, 120n],
    ]);
  });
});

describe("readPositions", () => {
  it("reads positions with and without a mandate", () => {
    const text =
      '{"positions":[{"size":"-1.5","margin":"10","reserve":"20","mandate":{"cap":"5"}}]}';
    expect(readPositions(text, "p.json")).to.deep.equal([
      {
        name: "position 1",
        size: -(3n * WAD) / 2n,
        margin: 10n * WAD,
        reserve: 20n * WAD,
        mandate: lastingMandate({ capLeft: 5n * WAD, targetRatio: 2n * WAD, triggerRatio: WAD }),
      },
    ]);
  });

  for (const [what, text] of [
    ["no JSON", "{"],
    ["an unknown field", '{"positions":[{"size":"1","margin":"1","reserve":"1","stop":"1"}]}'],
    ["no position", '{"positions":[]}'],
    ["a bad amount", '{"positions":[{"size":"1e3","margin":"1","reserve":"1"}]}'],
    ["a margin below zero", '{"positions":[{"size":"1","margin":"-1","reserve":"1"}]}'],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => readPositions(text, "p.json")).to.throw(RiskInputError);
    });
  }
});
