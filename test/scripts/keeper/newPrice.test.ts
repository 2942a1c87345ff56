import { expect } from "chai";
import pino from "pino";

import type { Head } from "../../../scripts/chain/blocks.ts";
import type { MarketView } from "../../../scripts/chain/marketView.ts";
import type { Alerts } from "../../../scripts/keeper/alerts.ts";
import type { Executor } from "../../../scripts/keeper/executor.ts";
import type { Follower } from "../../../scripts/keeper/follower.ts";
import { MarketIndex } from "../../../scripts/keeper/marketIndex.ts";
import { MarketKeeper } from "../../../scripts/keeper/marketKeeper.ts";
import { createMetrics } from "../../../scripts/keeper/metrics.ts";
import { snapshotOf } from "../../fixtures/snapshots.ts";

const HEAD: Head = { number: 7, hash: "0x07", parentHash: "0x06", timestamp: 10_000 };

/** A keeper of an empty market; `mark` names its newest price, and `looks` counts how often it was read. */
function keeperOf(mark: (time: bigint) => string) {
  let looks = 0;
  const follower = {
    frozen: false,
    tip: HEAD,
    follow: async () => ({ index: new MarketIndex(), sums: undefined }),
  };
  const view = {
    now: async () => undefined,
    facts: async () => {
      looks += 1;
      return snapshotOf({ spot: { price: 10n ** 21n, observedAt: 9_999n } });
    },
  };
  const keeper = new MarketKeeper({
    name: "market",
    follower: follower as unknown as Follower,
    view: view as unknown as MarketView,
    executor: undefined as unknown as Executor,
    strategies: [],
    priceMark: mark,
    lanes: undefined,
    caller: "",
    gasMarket: () => Promise.reject(new Error("Nobody asks.")),
    profitRule: () => Promise.reject(new Error("Nobody asks.")),
    isMyTurn: () => true,
    metrics: createMetrics(),
    alerts: { clear: () => {}, raise: () => {} } as unknown as Alerts,
    now: () => 0,
    log: pino({ level: "silent" }),
  });
  return { keeper, looks: () => looks };
}

describe("MarketKeeper", () => {
  it("looks at a block once while its price stays", async () => {
    const { keeper, looks } = keeperOf(() => "");
    expect(await keeper.look(HEAD)).to.equal(true);
    expect(await keeper.look(HEAD)).to.equal(true);
    expect(looks()).to.equal(1);
  });

  it("looks again when a report has come that the block allows", async () => {
    const asked: bigint[] = [];
    let report = "first";
    const { keeper, looks } = keeperOf((time) => {
      asked.push(time);
      return report;
    });
    await keeper.look(HEAD);
    report = "second";
    expect(await keeper.look(HEAD)).to.equal(true);
    expect(looks()).to.equal(2);
    expect(asked).to.deep.equal([10_000n, 10_000n]);
  });
});
