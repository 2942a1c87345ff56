import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Enough for the probe with which the factory tests a token [token]. */
const DEPLOYER_AMOUNT = 1_000_000n;

/** Deploys the settlement token of a local chain: anybody may mint it. */
export default buildModule("LocalToken", (m) => {
  const token = m.contract("TestToken", [m.getParameter("symbol"), m.getParameter("decimals")]);
  m.call(token, "mint", [m.getAccount(0), DEPLOYER_AMOUNT]);
  return { token };
});
