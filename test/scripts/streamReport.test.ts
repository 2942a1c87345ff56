import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { AbiCoder, computeAddress, id, keccak256, SigningKey } from "ethers";

import {
  encodeStreamProof,
  recoverSigners,
  reportDigest,
  signReport,
} from "../../scripts/chain/streamReports.ts";
import {
  contextWords,
  decodeReportData,
  decodeSignedReport,
  encodeReportData,
  encodeSignedReport,
  MalformedReportError,
  type StreamReport,
} from "../../scripts/core/streamReport.ts";

const SAMPLES = "../shared/data/streams_reports_signed_by_chainlink.json";
const coder = AbiCoder.defaultAbiCoder();
const KEYS = [1, 2, 3].map((index) => new SigningKey(id(`oracle ${index}`)));
const CONTEXT = {
  configDigest: id("configuration"),
  epoch: 0x0cf7edn,
  round: 0x13n,
  extraHash: id("extra"),
};
const REPORT: StreamReport = {
  feedId: `0x0003${"ab".repeat(30)}`,
  validFrom: 1_722_349_000n,
  observedAt: 1_722_349_001n,
  nativeFee: 96_000_000_000_000n,
  linkFee: 23_000_000_000_000_000n,
  expiresAt: 1_722_435_401n,
  price: 2_000n * 10n ** 18n,
  bid: -5n,
  ask: 2_001n * 10n ** 18n,
};
const TYPES = [
  "bytes32",
  "uint32",
  "uint32",
  "uint192",
  "uint192",
  "uint32",
  "int192",
  "int192",
  "int192",
];

describe("streamReport", () => {
  describe("encodeReportData", () => {
    it("refuses a field that does not fit its type", () => {
      for (const change of [
        { validFrom: 1n << 32n },
        { nativeFee: -1n },
        { price: 1n << 191n },
        { feedId: "0x0003zz" },
      ]) {
        expect(() => encodeReportData({ ...REPORT, ...change })).to.throw(MalformedReportError);
      }
    });

    it("encodes as Solidity does", () => {
      expect(encodeReportData(REPORT)).to.equal(coder.encode(TYPES, Object.values(REPORT)));
    });
  });

  describe("decodeReportData", () => {
    const data = encodeReportData(REPORT);

    it("refuses another length", () => {
      expect(() => decodeReportData(data.slice(0, -64))).to.throw(MalformedReportError, "length");
      expect(() => decodeReportData(`${data}${"00".repeat(32)}`)).to.throw(MalformedReportError);
      expect(() => decodeReportData("0x")).to.throw(MalformedReportError, "length");
    });

    it("refuses another schema", () => {
      expect(() => decodeReportData(data.replace("0x0003", "0x0008"))).to.throw(
        MalformedReportError,
        "schema",
      );
    });

    it("refuses a word beyond its type", () => {
      const dirty = coder.encode(
        TYPES.with(1, "uint256"),
        Object.values({ ...REPORT, validFrom: 1n << 40n }),
      );
      expect(() => decodeReportData(dirty)).to.throw(MalformedReportError, "validFrom");
    });

    it("says what was encoded, negative prices too", () => {
      expect(decodeReportData(data)).to.deep.equal(REPORT);
    });
  });

  describe("signed reports", () => {
    const fullReport = signReport(REPORT, { context: CONTEXT, keys: KEYS });

    it("are encoded as the verifier decodes them", () => {
      const [context, data, rs, ss, rawVs] = coder.decode(
        ["bytes32[3]", "bytes", "bytes32[]", "bytes32[]", "bytes32"],
        fullReport,
      );
      expect([...context]).to.deep.equal(contextWords(CONTEXT));
      expect(context[1]).to.equal(`0x${"00".repeat(27)}000cf7ed13`);
      expect(data).to.equal(encodeReportData(REPORT));
      expect(rs).to.have.length(3);
      expect(ss).to.have.length(3);
      expect(rawVs.slice(8)).to.equal("00".repeat(29));
    });

    it("round-trip, also where the data does not fill its last word", () => {
      for (const report of [
        decodeSignedReport(fullReport),
        { ...decodeSignedReport(fullReport), reportData: "0x0102" },
      ]) {
        expect(decodeSignedReport(encodeSignedReport(report))).to.deep.equal(report);
      }
    });

    it("recover to those who signed the digest of data and context", () => {
      const report = decodeSignedReport(fullReport);
      const packed = `0x${keccak256(report.reportData).slice(2)}${contextWords(CONTEXT)
        .map((word) => word.slice(2))
        .join("")}`;
      expect(reportDigest(report)).to.equal(keccak256(packed));
      expect(recoverSigners(report)).to.deep.equal(KEYS.map((key) => computeAddress(key)));
    });

    it("are refused when cut short or counting too many signatures", () => {
      expect(() => decodeSignedReport(fullReport.slice(0, -64))).to.throw(MalformedReportError);
      expect(() => decodeSignedReport(fullReport.slice(0, 200))).to.throw(MalformedReportError);
      const many = encodeSignedReport({
        context: CONTEXT,
        reportData: "0x",
        signatures: Array.from({ length: 33 }, () => ({ r: id("r"), s: id("s"), parity: 0n })),
      });
      expect(() => decodeSignedReport(many)).to.throw(MalformedReportError, "signatures");
    });

    it("become a proof together with the quote's round", () => {
      const proof = encodeStreamProof(fullReport, 7n);
      expect([...coder.decode(["bytes", "uint256"], proof)]).to.deep.equal([fullReport, 7n]);
    });
  });

  // Reports of Chainlink's own networks are at hand during development only.
  if (existsSync(SAMPLES)) {
    const samples: readonly { payload: string }[] = JSON.parse(readFileSync(SAMPLES, "utf8"));
    for (const [index, { payload }] of samples.entries()) {
      it(`encode report ${index} of a real network byte for byte`, () => {
        const report = decodeSignedReport(payload);
        expect(encodeSignedReport(report)).to.equal(payload);
        expect(new Set(recoverSigners(report)).size).to.equal(report.signatures.length);
        if (!report.reportData.startsWith("0x0003")) return;
        expect(encodeReportData(decodeReportData(report.reportData))).to.equal(report.reportData);
      });
    }
  }
});
