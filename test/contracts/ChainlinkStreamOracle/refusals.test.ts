import { expect } from "chai";
import { AbiCoder, dataLength, SigningKey, ZeroHash } from "ethers";
import { network } from "hardhat";
import { encodeStreamProof } from "../../../scripts/chain/streamReports.ts";
import {
  decodeSignedReport,
  encodeSignedReport,
  type StreamReport,
} from "../../../scripts/core/streamReport.ts";
import { stopSequencer } from "../../fixtures/feeds.ts";
import {
  deployStreamComposite,
  deployStreamOracle,
  MAX_SPREAD,
  SPOT_MAX_AGE,
  type StreamOracleFixture,
} from "../../fixtures/streamOracle.ts";
import { CONTEXT, FEED_ID, reportAt, sign } from "../../fixtures/streams.ts";

const WAD = 10n ** 18n;
const PRICE = 2_000n * WAD;
const coder = AbiCoder.defaultAbiCoder();

const { ethers, networkHelpers } = await network.create();
const { loadFixture, time } = networkHelpers;

type Use = "verify" | "spot";
type Contract = "oracle" | "verifier" | "verifierProxy";

/** One wrong input: what it is, and who refuses it how. `at` is the second before the one of the call. */
interface Row {
  readonly input: string;
  readonly proof: (fixture: StreamOracleFixture, at: bigint) => string;
  readonly error: string;
  readonly args?: (at: bigint, fixture: StreamOracleFixture) => readonly unknown[];
  /** Who throws; the oracle when left out. */
  readonly by?: Contract;
  /** Which use refuses it; both when left out. */
  readonly use?: Use;
}

/** A report that is wrong in some fields, signed all the same. */
function wrong(changes: (at: bigint) => Partial<StreamReport>): Row["proof"] {
  return ({ streams }, at) => encodeStreamProof(sign(streams, reportAt(at, changes(at))), 0n);
}

/** A proof whose signed report was changed after it was signed. */
function tampered(change: (fullReport: string) => string): Row["proof"] {
  return ({ streams }, at) => encodeStreamProof(change(sign(streams, reportAt(at))), 0n);
}

/** A sound report with other bytes of data under the same signatures. */
function withData(change: (reportData: string) => string): Row["proof"] {
  return tampered((fullReport) => {
    const report = decodeSignedReport(fullReport);
    return encodeSignedReport({ ...report, reportData: change(report.reportData) });
  });
}

const STRANGER = new SigningKey(ethers.id("no oracle"));
const OTHER_FEED = `${FEED_ID.slice(0, -2)}00`;
const sizeOf = (fixture: StreamOracleFixture) =>
  dataLength(sign(fixture.streams, reportAt(1_700_000_000n)));

const ROWS: readonly Row[] = [
  // The proof.
  { input: "an empty proof", proof: () => "0x", error: "ProofMalformed", args: () => ["0x"] },
  {
    input: "a proof of two words",
    proof: () => coder.encode(["uint256", "uint256"], [64n, 0n]),
    error: "ProofMalformed",
  },
  {
    input: "a proof whose report lies elsewhere",
    proof: ({ streams }, at) => {
      const proof = encodeStreamProof(sign(streams, reportAt(at)), 0n);
      return `${proof.slice(0, 64)}60${proof.slice(66)}`;
    },
    error: "ProofMalformed",
  },
  {
    input: "a proof cut short",
    proof: ({ streams }, at) => encodeStreamProof(sign(streams, reportAt(at)), 0n).slice(0, -64),
    error: "ProofMalformed",
  },
  {
    input: "a proof with a word behind it",
    proof: ({ streams }, at) =>
      `${encodeStreamProof(sign(streams, reportAt(at)), 0n)}${ZeroHash.slice(2)}`,
    error: "ProofMalformed",
  },
  {
    input: "a quote round where there is no quote feed",
    proof: ({ streams }, at) => encodeStreamProof(sign(streams, reportAt(at)), 1n),
    error: "ProofMalformed",
  },
  // The signed report.
  {
    input: "an empty report",
    proof: () => encodeStreamProof("0x", 0n),
    error: "ReportMalformed",
    args: () => [0n],
  },
  {
    input: "a report of the head alone",
    proof: tampered((fullReport) => fullReport.slice(0, 2 + 224 * 2)),
    error: "ReportMalformed",
    args: () => [224n],
  },
  {
    input: "a report whose data lies beyond its end",
    proof: tampered((full) => `${full.slice(0, 2 + 192)}${"f".repeat(64)}${full.slice(258)}`),
    error: "ReportMalformed",
    args: (_at, fixture) => [sizeOf(fixture)],
  },
  {
    input: "a report of schema v2",
    proof: wrong(() => ({ feedId: FEED_ID.replace("0x0003", "0x0002") })),
    error: "ReportSchemaNotSupported",
    args: () => ["0x0002"],
  },
  {
    input: "a report a word too short",
    proof: withData((data) => data.slice(0, -64)),
    error: "ReportLengthUnexpected",
    args: () => [256n, 288n],
  },
  {
    input: "a report a word too long",
    proof: withData((data) => `${data}${ZeroHash.slice(2)}`),
    error: "ReportLengthUnexpected",
    args: () => [320n, 288n],
  },
  {
    input: "a report of another feed",
    proof: wrong(() => ({ feedId: OTHER_FEED })),
    error: "FeedIdUnexpected",
    args: () => [OTHER_FEED, FEED_ID],
  },
  // Times.
  {
    input: "a report valid only after it was observed",
    proof: wrong((at) => ({ validFrom: at + 1n })),
    error: "ReportTimesOutOfOrder",
    args: (at) => [at + 1n, at],
  },
  {
    input: "a report observed in the future",
    proof: wrong((at) => ({ observedAt: at + 2n })),
    error: "ReportInFuture",
    args: (at) => [at + 2n, at + 1n],
  },
  {
    input: "an expired report",
    proof: wrong((at) => ({ expiresAt: at })),
    error: "ReportExpired",
    args: (at) => [at, at + 1n],
  },
  {
    input: "a report too old to be the price of now",
    proof: ({ streams }, at) => encodeStreamProof(sign(streams, reportAt(at - SPOT_MAX_AGE)), 0n),
    error: "ReportTooOld",
    args: (at) => [at - SPOT_MAX_AGE, at + 1n, SPOT_MAX_AGE],
    use: "spot",
  },
  {
    input: "a report that spans more than a minute",
    proof: wrong((at) => ({ validFrom: at - 60n })),
    error: "ReportSpanTooLong",
    args: (at) => [at - 60n, at, 60n],
    use: "verify",
  },
  // Prices.
  {
    input: "a price of zero",
    proof: wrong(() => ({ price: 0n, bid: 0n, ask: 0n })),
    error: "PriceNotPositive",
    args: () => [0n],
  },
  {
    input: "a negative price",
    proof: wrong(() => ({ price: -PRICE })),
    error: "PriceNotPositive",
    args: () => [-PRICE],
  },
  {
    input: "a bid of zero",
    proof: wrong(() => ({ bid: 0n })),
    error: "PricesOutOfOrder",
    args: () => [0n, PRICE, PRICE + WAD / 2n],
  },
  {
    input: "a negative bid",
    proof: wrong(() => ({ bid: -1n })),
    error: "PricesOutOfOrder",
    args: () => [-1n, PRICE, PRICE + WAD / 2n],
  },
  {
    input: "a bid above the price",
    proof: wrong(() => ({ bid: PRICE + 1n })),
    error: "PricesOutOfOrder",
    args: () => [PRICE + 1n, PRICE, PRICE + WAD / 2n],
  },
  {
    input: "an ask below the price",
    proof: wrong(() => ({ ask: PRICE - 1n })),
    error: "PricesOutOfOrder",
    args: () => [PRICE - WAD / 2n, PRICE, PRICE - 1n],
  },
  {
    input: "bid and ask crossed around the price",
    proof: wrong(() => ({ bid: PRICE + 1n, ask: PRICE - 1n })),
    error: "PricesOutOfOrder",
    args: () => [PRICE + 1n, PRICE, PRICE - 1n],
  },
  {
    input: "an ask beyond its type",
    proof: withData((data) => `${data.slice(0, -64)}7${"f".repeat(63)}`),
    error: "PricesOutOfOrder",
    args: () => [PRICE - WAD / 2n, PRICE, 2n ** 255n - 1n],
  },
  {
    // 4 on 2,000 is the limit; a wei more rounds up to the next.
    input: "a spread above the limit",
    proof: wrong(() => ({ bid: PRICE - 2n * WAD, ask: PRICE + 2n * WAD + 1n })),
    error: "SpreadTooWide",
    args: () => [MAX_SPREAD + 1n, MAX_SPREAD],
  },
  // Signatures, which Chainlink's verifier checks.
  {
    input: "a report changed after it was signed",
    proof: withData((data) => data.replace(/.{64}$/, (PRICE + WAD).toString(16).padStart(64, "0"))),
    error: "BadVerification",
    by: "verifier",
  },
  {
    input: "a signature by a stranger",
    proof: ({ streams }, at) => {
      const keys = [...streams.keys.slice(0, 1), STRANGER];
      return encodeStreamProof(sign(streams, reportAt(at), { keys }), 0n);
    },
    error: "BadVerification",
    by: "verifier",
  },
  {
    input: "one oracle's signature twice",
    proof: ({ streams }, at) => {
      const [key] = streams.keys;
      const keys = key === undefined ? [] : [key, key];
      return encodeStreamProof(sign(streams, reportAt(at), { keys }), 0n);
    },
    error: "BadVerification",
    by: "verifier",
  },
  {
    input: "too few signatures",
    proof: ({ streams }, at) =>
      encodeStreamProof(sign(streams, reportAt(at), { keys: streams.keys.slice(0, 1) }), 0n),
    error: "IncorrectSignatureCount",
    args: () => [1n, 2n],
    by: "verifier",
  },
  {
    input: "too many signatures",
    proof: ({ streams }, at) =>
      encodeStreamProof(sign(streams, reportAt(at), { keys: streams.keys.slice(0, 3) }), 0n),
    error: "IncorrectSignatureCount",
    args: () => [3n, 2n],
    by: "verifier",
  },
  {
    input: "a configuration that nobody set",
    proof: ({ streams }, at) => {
      const context = { ...CONTEXT, configDigest: ethers.id("unknown") };
      return encodeStreamProof(sign(streams, reportAt(at), { context }), 0n);
    },
    error: "VerifierNotFound",
    args: () => [ethers.id("unknown")],
    by: "verifierProxy",
  },
  {
    input: "signatures under another epoch than the one shown",
    proof: tampered((fullReport) => {
      const report = decodeSignedReport(fullReport);
      return encodeSignedReport({ ...report, context: { ...report.context, epoch: 8n } });
    }),
    error: "BadVerification",
    by: "verifier",
  },
];

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
      for (const row of ROWS.filter((one) => (one.use ?? use) === use)) {
        it(`${row.input}: ${row.error}`, async () => {
          const fixture = await loadFixture(deployStreamOracle);
          const at = BigInt(await time.latest());
          const proof = row.proof(fixture, at);
          const before = await stateOf(fixture, at);
          await time.setNextBlockTimestamp(at + 1n);
          const thrower = { oracle: fixture.oracle, ...fixture.streams }[row.by ?? "oracle"];
          const call = fixture.oracle[use](proof, { value: 1n, gasLimit: 2_000_000n });
          const refusal = expect(call).to.be.revertedWithCustomError(thrower, row.error);
          await (row.args === undefined ? refusal : refusal.withArgs(...row.args(at, fixture)));

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
