import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

const NO_ADDRESS = "0x0000000000000000000000000000000000000000";

/**
 * Deploys a price oracle over Data Streams reports.
 *
 * `quote` are the `FeedParameters` of the push feed that prices the settlement token; leave it out where the report's
 * price is the index price. `deviationThreshold` is that of the quote feed [WAD].
 */
export default buildModule("ChainlinkStreamOracle", (m) => {
  const oracle = m.contract("ChainlinkStreamOracle", [
    {
      verifierProxy: m.getParameter("verifierProxy"),
      feedId: m.getParameter("feedId"),
      maxSpread: m.getParameter("maxSpread"),
      spotMaxAge: m.getParameter("spotMaxAge", 5n),
      latestMaxAge: m.getParameter("latestMaxAge", 3_600n),
      quote: m.getParameter("quote", {
        proxy: NO_ADDRESS,
        maxAge: 0n,
        minAnswer: 0n,
        maxAnswer: 0n,
      }),
      sequencerFeed: m.getParameter("sequencerFeed", NO_ADDRESS),
      deviationThreshold: m.getParameter("deviationThreshold", 0n),
    },
  ]);
  return { oracle };
});
