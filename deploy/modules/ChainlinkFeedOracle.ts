import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

const NO_ADDRESS = "0x0000000000000000000000000000000000000000";

/**
 * Deploys a price oracle over push feeds.
 *
 * `index` and `quote` are `FeedParameters`; leave `quote` out for a single feed. `deviationThreshold` is that of both
 * feeds together [WAD].
 */
export default buildModule("ChainlinkFeedOracle", (m) => {
  const oracle = m.contract("ChainlinkFeedOracle", [
    {
      index: m.getParameter("index"),
      quote: m.getParameter("quote", {
        proxy: NO_ADDRESS,
        maxAge: 0n,
        minAnswer: 0n,
        maxAnswer: 0n,
      }),
      sequencerFeed: m.getParameter("sequencerFeed", NO_ADDRESS),
      deviationThreshold: m.getParameter("deviationThreshold"),
    },
  ]);
  return { oracle };
});
