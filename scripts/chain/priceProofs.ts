import type { ContractRunner } from "ethers";

import { FeeManager__factory } from "../../types/ethers-contracts/factories/@chainlink/contracts/src/v0.8/llo-feeds/v0.5.0/FeeManager__factory.ts";
import { VerifierProxy__factory } from "../../types/ethers-contracts/factories/@chainlink/contracts/src/v0.8/llo-feeds/v0.5.0/VerifierProxy__factory.ts";
import type { PriceProof } from "../core/priceProof.ts";
import { decodeSignedReport } from "../core/streamReport.ts";
import { calling } from "./errors.ts";
import { encodeRoundProof } from "./feeds.ts";
import { type PriceSource, provingSource } from "./priceSource.ts";
import { encodeStreamProof } from "./streamReports.ts";

const NO_ADDRESS = `0x${"0".repeat(40)}`;

/** Encode what a market's functions take as the proof of a price. */
export function encodeProof(proof: PriceProof): string {
  switch (proof.kind) {
    case "newestRounds":
      return "0x";
    case "rounds":
      return encodeRoundProof(proof.index, proof.quote);
    case "report":
      return encodeStreamProof(proof.report.fullReport, proof.quoteRoundId);
  }
}

/**
 * Ask what verifying a proof costs [wei]: nothing where there is no fee manager, or no report.
 *
 * @throws RpcError when the node does not answer; ContractError when the fee manager refuses the report.
 */
export async function verificationFee(
  runner: ContractRunner,
  source: PriceSource,
  proof: PriceProof,
): Promise<bigint> {
  const proving = provingSource(source);
  if (proof.kind !== "report" || proving.kind !== "stream") return 0n;
  const proxy = VerifierProxy__factory.connect(proving.verifierProxy, runner);
  const feeManager = await calling("s_feeManager", () => proxy.s_feeManager());
  if (feeManager === NO_ADDRESS) return 0n;
  const manager = FeeManager__factory.connect(feeManager, runner);
  const { reportData } = decodeSignedReport(proof.report.fullReport);
  return calling("the fee of a verification", async () => {
    const native = await manager.i_nativeAddress();
    const [fee] = await manager.getFeeAndReward.staticCall(proving.oracle, reportData, native);
    return fee.amount;
  });
}
