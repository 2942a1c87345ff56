import { expect } from "chai";

import { newestAt, ReportBuffer, reportCovering } from "../../../scripts/core/reportBuffer.ts";
import { served } from "../../fixtures/streamService.ts";

const LIMITS = { keepSeconds: 60n, maxCount: 100 };

function bufferOf(...times: readonly bigint[]): ReportBuffer {
  const buffer = new ReportBuffer(LIMITS);
  for (const time of times) buffer.add(served(time));
  return buffer;
}

const timesOf = (buffer: ReportBuffer) => buffer.reports.map(({ observedAt }) => observedAt);

describe("ReportBuffer", () => {
  it("orders reports by their times, however they come", () => {
    expect(timesOf(bufferOf(102n, 100n, 101n))).to.deep.equal([100n, 101n, 102n]);
  });

  it("keeps two reports of one second, and one of them only once", () => {
    const buffer = bufferOf(100n);
    const second = served(100n, { price: 2_000n * 10n ** 18n + 1n });
    expect(buffer.add(second)).to.equal(true);
    expect(buffer.add(second)).to.equal(false);
    expect(timesOf(buffer)).to.deep.equal([100n, 100n]);
  });

  it("keeps exactly the last 60 seconds", () => {
    const buffer = bufferOf(100n, 101n, 161n);
    expect(timesOf(buffer)).to.deep.equal([101n, 161n]);
    expect(buffer.add(served(100n))).to.equal(false);
  });

  it("keeps no more than its count, and drops the oldest", () => {
    const buffer = new ReportBuffer({ keepSeconds: 60n, maxCount: 2 });
    for (const time of [1n, 2n, 3n]) buffer.add(served(time));
    expect(timesOf(buffer)).to.deep.equal([2n, 3n]);
  });

  describe("gapBefore", () => {
    it("is none before the first report, and none where windows meet or overlap", () => {
      expect(bufferOf().gapBefore(served(100n))).to.equal(undefined);
      expect(bufferOf(100n).gapBefore(served(101n))).to.equal(undefined);
      expect(bufferOf(100n).gapBefore(served(105n, { validFrom: 101n }))).to.equal(undefined);
      expect(bufferOf(100n).gapBefore(served(99n))).to.equal(undefined);
    });

    it("names the seconds that nothing speaks for", () => {
      expect(bufferOf(100n).gapBefore(served(105n))).to.deep.equal({ from: 101n, to: 104n });
    });

    it("reaches no further back than what is kept", () => {
      // 60 s before 500.
      expect(bufferOf(100n).gapBefore(served(500n))).to.deep.equal({ from: 440n, to: 499n });
    });
  });
});

describe("newestAt", () => {
  it("passes over what was observed later", () => {
    const { reports } = bufferOf(100n, 101n, 102n);
    expect(newestAt(reports, 101n)?.observedAt).to.equal(101n);
    expect(newestAt(reports, 99n)).to.equal(undefined);
  });
});

describe("reportCovering", () => {
  it("finds the window that holds a second, both ends included", () => {
    const reports = [served(100n), served(105n, { validFrom: 101n })];
    expect(reportCovering(reports, 100n)?.observedAt).to.equal(100n);
    expect(reportCovering(reports, 101n)?.observedAt).to.equal(105n);
    expect(reportCovering(reports, 105n)?.observedAt).to.equal(105n);
    expect(reportCovering(reports, 106n)).to.equal(undefined);
  });
});
