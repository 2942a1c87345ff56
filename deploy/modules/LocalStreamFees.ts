import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * Deploys Chainlink's own fee manager before a local verifier of reports, so that verifying costs what reports say.
 *
 * Fees are paid in ether; there is no LINK to pay rewards from, which the fee manager writes down as owed.
 */
export default buildModule("LocalStreamFees", (m) => {
  const verifierProxy = m.contractAt("VerifierProxy", m.getParameter("verifierProxy"));
  const link = m.contract("TestToken", ["LINK", 18], { id: "Link" });
  const wrappedEther = m.contract("WrappedEther");
  const rewardManager = m.contract("RewardManager", [link]);
  const parts = [link, wrappedEther, verifierProxy, rewardManager];
  const feeManager = m.contract("FeeManager", parts);
  const paid = m.call(rewardManager, "setFeeManager", [feeManager]);
  m.call(verifierProxy, "setFeeManager", [feeManager], { after: [paid] });
  return { feeManager, rewardManager, wrappedEther };
});
