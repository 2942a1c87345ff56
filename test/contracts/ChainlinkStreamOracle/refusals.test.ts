import { expect } from "chai";
import { AbiCoder } from "ethers";
import { network } from "hardhat";
import { encodeStreamProof } from "../../../scripts/chain/streamReports.ts";
import { encodeReportData } from "../../../scripts/core/streamReport.ts";
import { stopSequencer } from "../../fixtures/feeds.ts";
import {
  deployStreamComposite,
  deployStreamOracle,
  MAX_SPREAD,
  SPOT_MAX_AGE,
  type StreamOracleFixture,
} from "../../fixtures/streamOracle.ts";
import { FEED_ID, reportAt, sign } from "../../fixtures/streams.ts";
import { WRONG_REPORTS } from "../../fixtures/wrongReports.ts";

const coder = AbiCoder.defaultAbiCoder();

const { ethers, networkHelpers } = await network.create();
const { loadFixture, time } = networkHelpers;

/** Everything that the oracle and the verifier could have kept. */
async function stateOf({ oracle, streams }: StreamOracleFixture, at: bigint) {
  const slots = [0n, at / 8n, at / 8n - 1n];
  const marks = slots.map((slot) =>
    slot === 0n ? "0x00" : ethers.keccak256(coder.encode(["uint256", "uint256"], [slot, 1n])),
  );
  const evidence = ethers.keccak256(coder.encode(["uint256", "uint256"], [at, 2n]));
  const { provider } = ethers;
  return await Promise.all([
    ...[...marks, evidence].map((slot) => provider.getStorage(oracle, slot)),
    provider.getBalance(oracle),
    provider.getBalance(streams.verifierProxy),
  ]);
}

describe("ChainlinkStreamOracle refuses", () => {
  for (const use of ["verify", "spot"] as const) {
    describe(`in ${use}`, () => {
      for (const row of WRONG_REPORTS.filter((one) => (one.use ?? use) === use)) {
        it(`${row.input}: ${row.error}`, async () => {
          const fixture = await loadFixture(deployStreamOracle);
          const at = BigInt(await time.latest());
          const proof = row.proof(fixture.streams, at);
          const before = await stateOf(fixture, at);
          await time.setNextBlockTimestamp(at + 1n);
          const thrower = { oracle: fixture.oracle, ...fixture.streams }[row.by ?? "oracle"];
          const call = fixture.oracle[use](proof, { value: 1n, gasLimit: 2_000_000n });
          const refusal = expect(call).to.be.revertedWithCustomError(thrower, row.error);
          await (row.args === undefined
            ? refusal
            : refusal.withArgs(...row.args(at, fixture.streams)));

          expect(await stateOf(fixture, at)).to.deep.equal(before);
        });
      }

      it("everything while the sequencer is down: SequencerDown", async () => {
        const fixture = await loadFixture(deployStreamOracle);
        const since = await stopSequencer(fixture.sequencer);
        const proof = encodeStreamProof(sign(fixture.streams, reportAt(since)), 0n);
        await expect(fixture.oracle[use](proof))
          .to.be.revertedWithCustomError(fixture.oracle, "SequencerDown")
          .withArgs(since);
      });
    });
  }

  it("nothing of a sound report, which moves all that is compared", async () => {
    const fixture = await loadFixture(deployStreamOracle);
    const at = BigInt(await time.latest());
    const before = await stateOf(fixture, at);
    const report = sign(fixture.streams, reportAt(at));
    await fixture.oracle.verify(encodeStreamProof(report, 0n));
    await fixture.oracle.recordReport(report);
    const after = await stateOf(fixture, at);
    const moved = after.map((value, index) => value !== before[index]);
    // Newest price, marks of its second but not of the eight before, evidence; no balance.
    expect(moved).to.deep.equal([true, true, false, true, false, false]);
  });

  it("a verifier that speaks of another report: ReportNotVerified", async () => {
    const { streams } = await loadFixture(deployStreamOracle);
    const oracle = await ethers.deployContract("ChainlinkStreamOracle", [
      {
        verifierProxy: await ethers.deployContract("ForgetfulVerifier"),
        feedId: FEED_ID,
        maxSpread: MAX_SPREAD,
        spotMaxAge: SPOT_MAX_AGE,
        latestMaxAge: SPOT_MAX_AGE,
        quote: { proxy: ethers.ZeroAddress, maxAge: 0n, minAnswer: 0n, maxAnswer: 0n },
        sequencerFeed: ethers.ZeroAddress,
        deviationThreshold: 0n,
      },
    ]);
    const report = reportAt(BigInt(await time.latest()));
    const shown = ethers.keccak256(encodeReportData(report));
    await expect(oracle.verify(encodeStreamProof(sign(streams, report), 0n)))
      .to.be.revertedWithCustomError(oracle, "ReportNotVerified")
      .withArgs(ethers.keccak256("0x"), shown);
  });

  it("in spot a quote round: ProofMalformed", async () => {
    const { oracle, streams } = await loadFixture(deployStreamComposite);
    const proof = encodeStreamProof(sign(streams, reportAt(BigInt(await time.latest()))), 1n);
    await expect(oracle.spot(proof))
      .to.be.revertedWithCustomError(oracle, "ProofMalformed")
      .withArgs(proof);
  });

  it("in verify a quote round beyond 80 bits: ProofMalformed", async () => {
    const { oracle, streams } = await loadFixture(deployStreamComposite);
    const report = sign(streams, reportAt(BigInt(await time.latest())));
    const proof = encodeStreamProof(report, 1n << 80n);
    await expect(oracle.verify(proof))
      .to.be.revertedWithCustomError(oracle, "ProofMalformed")
      .withArgs(proof);
  });
});
