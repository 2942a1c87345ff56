import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

const NO_ADDRESS = "0x0000000000000000000000000000000000000000";

/**
 * Deploys Chainlink's own verifier of Data Streams reports for a local chain, without fees.
 *
 * Reports count when `f` + 1 of `signers` (at least 3f + 1) have signed them under `configDigest`.
 */
export default buildModule("LocalStreams", (m) => {
  const verifierProxy = m.contract("VerifierProxy", [NO_ADDRESS]);
  const verifier = m.contract("Verifier", [verifierProxy]);
  const initialized = m.call(verifierProxy, "initializeVerifier", [verifier]);
  m.call(
    verifier,
    "setConfig",
    [m.getParameter("configDigest"), m.getParameter("signers"), m.getParameter("f", 1), []],
    { after: [initialized] },
  );
  return { verifierProxy, verifier };
});
