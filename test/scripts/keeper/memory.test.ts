import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "chai";

import { NEWEST_ROUNDS } from "../../../scripts/core/priceProof.ts";
import type { Action } from "../../../scripts/keeper/action.ts";
import { Backoff } from "../../../scripts/keeper/backoff.ts";
import { InFlight } from "../../../scripts/keeper/inFlight.ts";
import { Lags } from "../../../scripts/keeper/lags.ts";
import { dryKeeper } from "../../fixtures/dryKeeper.ts";

const BLOCKS = 600;
const ITEMS = 50;

function collectedHeap(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

describe("memory", () => {
  it("26: does not grow with what was seen and will not be seen again", () => {
    const [lags, backoff, inFlight] = [new Lags(() => 0), new Backoff(), new InFlight()];
    let block = 0;
    const run = () => {
      for (let blocks = 0; blocks < BLOCKS; blocks += 1) {
        block += 1;
        for (let item = 0; item < ITEMS; item += 1) {
          const name = `order ${block * ITEMS + item}`;
          lags.seen(name, block);
          backoff.refused(name, block);
          inFlight.take([name]);
          inFlight.releaseAt([name], block);
        }
        inFlight.reached(block);
        lags.keepOnly(block);
        backoff.forget(block);
      }
      return collectedHeap();
    };
    const first = run();
    // A half sees 30,000 things: kept, they would take several megabytes.
    expect(run() - first).to.be.lessThan(1_000_000);
    expect(inFlight.size).to.equal(0);
    expect(backoff.waiting(block)).to.equal(ITEMS);
  }).timeout(20_000);

  it("26: of refusals is given back in each look", async () => {
    let plans: readonly Action[] = [];
    const { look, decisions } = dryKeeper([{ name: "o", lane: "urgent", plan: () => plans }]);
    const rest = { proof: NEWEST_ROUNDS, reason: "test" };
    const order: Action = { kind: "executeOrders", orderIds: [7n], ...rest };
    plans = [order];
    await look(1);
    await look(1);
    plans = [];
    await look(100);
    plans = [order];
    // At the same height its pause would still last, were it remembered.
    await look(1);
    expect(decisions).to.deep.equal(["1 o refused", "1 o refused"]);
  });
});
