import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import chainlinkFeedOracle from "./ChainlinkFeedOracle.ts";
import chainlinkStreamOracle from "./ChainlinkStreamOracle.ts";

/**
 * Deploys an oracle over Data Streams reports that push feeds bound.
 *
 * `maxDeviation` is the farthest that a report may be from the feeds, as a share of theirs [WAD].
 */
export default buildModule("BoundedOracle", (m) => {
  const { oracle: primary } = m.useModule(chainlinkStreamOracle);
  const { oracle: reference } = m.useModule(chainlinkFeedOracle);
  const oracle = m.contract("BoundedOracle", [primary, reference, m.getParameter("maxDeviation")]);
  return { oracle, primary, reference };
});
