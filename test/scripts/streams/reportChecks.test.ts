import { expect } from "chai";

import { faultOf, isVerifiable } from "../../../scripts/core/reportChecks.ts";
import type { StreamReport } from "../../../scripts/core/streamReport.ts";
import { FEED, OTHER_FEED, saying, WAD } from "../../fixtures/streamService.ts";

// 0.01%: exactly the spread of the reports here, 0.2 of 2,000.
const RULES = { feedId: FEED, maxSpread: WAD / 10_000n };

const faults: readonly (readonly [string, Partial<StreamReport>, string | undefined])[] = [
  ["another feed", { feedId: OTHER_FEED }, "feed"],
  ["a beginning after its end", { validFrom: 101n }, "times"],
  ["an end after its expiry", { expiresAt: 99n }, "times"],
  ["no bid", { bid: 0n }, "prices"],
  ["a negative bid", { bid: -1n }, "prices"],
  ["a bid above its price", { bid: 2_000n * WAD + 1n }, "prices"],
  ["an ask below its price", { ask: 2_000n * WAD - 1n }, "prices"],
  ["a spread one wei too wide", { ask: 2_000n * WAD + WAD / 10n + 1n }, "spread"],
  ["the widest spread allowed", {}, undefined],
  ["an expiry in its own second", { expiresAt: 100n }, undefined],
];

describe("faultOf", () => {
  for (const [what, changes, fault] of faults) {
    it(`${fault === undefined ? "accepts" : "rejects"} a report with ${what}`, () => {
      expect(faultOf(saying(100n, changes), RULES)).to.equal(fault);
    });
  }

  it("compares ids whatever their case", () => {
    const feedId = FEED.toUpperCase().replace("0X", "0x");
    expect(faultOf(saying(100n), { ...RULES, feedId })).to.equal(undefined);
  });
});

describe("isVerifiable", () => {
  const report = saying(100n, { expiresAt: 110n });

  it("refuses a report of the future", () => {
    expect(isVerifiable(report, 99n, 0n)).to.equal(false);
    expect(isVerifiable(report, 100n, 0n)).to.equal(true);
  });

  it("leaves time for its inclusion before it expires", () => {
    expect(isVerifiable(report, 105n, 5n)).to.equal(true);
    expect(isVerifiable(report, 106n, 5n)).to.equal(false);
  });
});
