import { expect } from "chai";
import { AbiCoder } from "ethers";
import { network } from "hardhat";
import type { StreamReport } from "../../../scripts/core/streamReport.ts";
import { MIN_ANSWER, QUOTE_MAX_AGE } from "../../fixtures/feedOracle.ts";
import { newPhase, pushRound } from "../../fixtures/feeds.ts";
import {
  deployStreamComposite,
  deployStreamOracle,
  type StreamOracleFixture,
} from "../../fixtures/streamOracle.ts";
import { reportAt, sign } from "../../fixtures/streams.ts";

const WAD = 10n ** 18n;
const DOLLAR = 100_000_000n;
/** An order waits 60 s for its price. */
const WAIT = 60n;

const { networkHelpers } = await network.create();
const { loadFixture, time } = networkHelpers;

function evidence(observedAt: bigint, quoteRoundId = 0n): string {
  return AbiCoder.defaultAbiCoder().encode(["uint64", "uint256"], [observedAt, quoteRoundId]);
}

/** Records a report observed now, and lets the wait of orders of its time pass. */
async function record(
  { oracle, streams }: StreamOracleFixture,
  changes: (at: bigint) => Partial<StreamReport> = () => ({}),
): Promise<bigint> {
  const at = BigInt(await time.latest());
  await oracle.recordReport(sign(streams, reportAt(at, changes(at))));
  await time.increase(WAIT + 1n);
  return at;
}

describe("ChainlinkStreamOracle recordReport", () => {
  it("keeps a report and tells whether orders can have its price", async () => {
    const { oracle, streams } = await loadFixture(deployStreamOracle);
    const at = BigInt(await time.latest());
    for (const [observedAt, changes, usable] of [
      [at, {}, true],
      [at - 1n, { validFrom: at - 60n }, true],
      [at - 2n, { validFrom: at - 62n }, false],
      [at - 3n, { price: 0n }, false],
      [at - 4n, { bid: 0n }, false],
      [at - 5n, { bid: 1_900n * WAD }, false],
      // Expired, which changes nothing about what it says.
      [at - 6n, { expiresAt: 1n }, true],
    ] as const) {
      const report = reportAt(observedAt, changes);
      await expect(oracle.recordReport(sign(streams, report)))
        .to.emit(oracle, "ReportRecorded")
        .withArgs(observedAt, report.validFrom, usable);
    }
  });

  it("keeps the first report of a second", async () => {
    const { oracle, streams } = await loadFixture(deployStreamOracle);
    const at = BigInt(await time.latest());
    await oracle.recordReport(sign(streams, reportAt(at)));
    await expect(oracle.recordReport(sign(streams, reportAt(at, { price: 0n })))).not.to.emit(
      oracle,
      "ReportRecorded",
    );
  });

  it("refuses a report of other times or signers", async () => {
    const { oracle, streams } = await loadFixture(deployStreamOracle);
    const at = BigInt(await time.latest());
    await time.setNextBlockTimestamp(at + 1n);
    await expect(oracle.recordReport(sign(streams, reportAt(at + 2n))))
      .to.be.revertedWithCustomError(oracle, "ReportInFuture")
      .withArgs(at + 2n, at + 1n);
    const keys = streams.keys.slice(0, 1);
    await expect(oracle.recordReport(sign(streams, reportAt(at), { keys })))
      .to.be.revertedWithCustomError(streams.verifier, "IncorrectSignatureCount")
      .withArgs(1n, 2n);
  });
});

describe("ChainlinkStreamOracle hadNoPrice", () => {
  it("answers false for a proof that shows nothing", async () => {
    const fixture = await loadFixture(deployStreamOracle);
    const { oracle } = fixture;
    const at = await record(fixture, () => ({ price: 0n }));
    const until = at + WAIT;
    for (const [from, end, proof] of [
      [at, until, "0x"],
      [at, until, evidence(at + 1n)],
      [at + 1n, until, evidence(at)],
      [at - 1n, until, evidence(at)],
      [at, at - 1n, evidence(at)],
      // The wait is not over.
      [at, BigInt(await time.latest()) + 10n, evidence(at)],
    ] as const) {
      expect(await oracle.hadNoPrice(from, end, proof)).to.equal(false);
    }
    expect(await oracle.hadNoPrice(at, until, evidence(at))).to.equal(true);
  });

  it("answers false where the report that covers the order is a price", async () => {
    const fixture = await loadFixture(deployStreamOracle);
    const at = await record(fixture);
    expect(await fixture.oracle.hadNoPrice(at, at + WAIT, evidence(at))).to.equal(false);
  });

  it("answers true where it came only after the wait", async () => {
    const fixture = await loadFixture(deployStreamOracle);
    const at = await record(fixture, (now) => ({ validFrom: now - 50n }));
    const from = at - 50n;
    expect(await fixture.oracle.hadNoPrice(from, at - 1n, evidence(at))).to.equal(true);
    expect(await fixture.oracle.hadNoPrice(from, at, evidence(at))).to.equal(false);
  });

  it("answers true where it spans more than a minute", async () => {
    const fixture = await loadFixture(deployStreamOracle);
    const at = await record(fixture, (now) => ({ validFrom: now - 60n }));
    expect(await fixture.oracle.hadNoPrice(at - 60n, at, evidence(at))).to.equal(true);
  });

  describe("given a quote feed", () => {
    it("answers true where the quote in force was stale, false where it was fresh", async () => {
      const fixture = await loadFixture(deployStreamComposite);
      const { id, updatedAt } = await pushRound(fixture.quote, { answer: DOLLAR });
      await time.increaseTo(updatedAt + QUOTE_MAX_AGE);
      const fresh = await record(fixture);
      const stale = await record(fixture);
      const { oracle } = fixture;
      expect(await oracle.hadNoPrice(fresh, fresh + WAIT, evidence(fresh, id))).to.equal(false);
      expect(await oracle.hadNoPrice(stale, stale + WAIT, evidence(stale, id))).to.equal(true);
      expect(await oracle.hadNoPrice(stale, stale + WAIT, evidence(stale, id + 1n))).to.equal(
        false,
      );
      expect(await oracle.hadNoPrice(stale, stale + WAIT, evidence(stale, 1n << 80n))).to.equal(
        false,
      );
    });

    it("answers true where the quote in force was at a bound", async () => {
      const fixture = await loadFixture(deployStreamComposite);
      const { id } = await pushRound(fixture.quote, { answer: MIN_ANSWER });
      const at = await record(fixture);
      expect(await fixture.oracle.hadNoPrice(at, at + WAIT, evidence(at, id))).to.equal(true);
    });

    it("answers true where the quote's phase began later", async () => {
      const fixture = await loadFixture(deployStreamComposite);
      await pushRound(fixture.quote, { answer: DOLLAR });
      const at = await record(fixture);
      const { id } = await pushRound(await newPhase(fixture.quote), { answer: DOLLAR });
      expect(await fixture.oracle.hadNoPrice(at, at + WAIT, evidence(at, id))).to.equal(true);
    });
  });
});
