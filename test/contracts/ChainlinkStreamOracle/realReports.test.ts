import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";
import localStreams from "../../../deploy/modules/LocalStreams.ts";
import { recoverSigners } from "../../../scripts/chain/streamReports.ts";
import {
  decodeReportData,
  decodeSignedReport,
  PRICE_SCHEMA,
  schemaOf,
} from "../../../scripts/core/streamReport.ts";
import { MAX_SPREAD } from "../../fixtures/streamOracle.ts";

/** Reports of Chainlink's own networks are at hand during development only. */
const SAMPLES = "../shared/data/streams_reports_signed_by_chainlink.json";

const { ethers, ignition } = await network.create();

/** Deploys a verifier for those who signed a report, filled up to 3f + 1 with others. */
async function verifierFor(payload: string) {
  const report = decodeSignedReport(payload);
  const signers = recoverSigners(report);
  const f = signers.length - 1;
  const others = Array.from({ length: 3 * f + 1 - signers.length }, (_, index) =>
    ethers.getAddress(id(`other ${index}`).slice(0, 42)),
  );
  const parameters = {
    LocalStreams: {
      configDigest: report.context.configDigest,
      signers: [...signers, ...others],
      f,
    },
  };
  const { verifierProxy, verifier } = await ignition.deploy(localStreams, { parameters });
  return {
    report,
    verifierProxy: await ethers.getContractAt("VerifierProxy", String(verifierProxy.target)),
    verifier: await ethers.getContractAt("Verifier", String(verifier.target)),
  };
}

describe("A report of a real network", () => {
  if (existsSync(SAMPLES)) {
    const samples: readonly { payload: string }[] = JSON.parse(readFileSync(SAMPLES, "utf8"));
    for (const [index, { payload }] of samples.entries()) {
      it(`verifies once its signers are registered (${index})`, async () => {
        const { report, verifierProxy, verifier } = await verifierFor(payload);
        const [caller] = await ethers.getSigners();
        const feedId = report.reportData.slice(0, 66);
        await expect(verifierProxy.verify(payload, "0x"))
          .to.emit(verifier, "ReportVerified")
          .withArgs(feedId, caller?.address);
        if (schemaOf(feedId) !== PRICE_SCHEMA) return;

        const said = decodeReportData(report.reportData);
        const oracle = await ethers.deployContract("ChainlinkStreamOracle", [
          {
            verifierProxy,
            feedId,
            maxSpread: MAX_SPREAD,
            spotMaxAge: 5n,
            latestMaxAge: 5n,
            quote: { proxy: ethers.ZeroAddress, maxAge: 0n, minAnswer: 0n, maxAnswer: 0n },
            sequencerFeed: ethers.ZeroAddress,
            deviationThreshold: 0n,
          },
        ]);
        await expect(oracle.recordReport(payload))
          .to.emit(oracle, "ReportRecorded")
          .withArgs(said.observedAt, said.validFrom, true);
      });
    }
  }
});
