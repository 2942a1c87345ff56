import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Where no payments are made the LINK token is never called. */
const NO_LINK = "0x000000000000000000000000000000000000dEaD";
const NO_ADDRESS = "0x0000000000000000000000000000000000000000";

type Side = "Index" | "Quote";
type Builder = Parameters<Parameters<typeof buildModule>[1]>[0];

/** A real proxy before a real aggregator that one reporter completes rounds of alone. */
function feed(m: Builder, side: Side, description: string) {
  const reporter = m.getParameter("reporter", m.getAccount(0));
  const aggregator = m.contract(
    "FluxAggregator",
    [
      NO_LINK,
      0n,
      m.getParameter("roundTimeout", 1_800n),
      NO_ADDRESS,
      m.getParameter(`min${side}Answer`, 1n),
      m.getParameter(`max${side}Answer`, 10n ** 15n),
      m.getParameter("decimals", 8),
      m.getParameter(`description${side}`, description),
    ],
    { id: `${side}Aggregator` },
  );
  const oracles = m.call(aggregator, "changeOracles", [[], [reporter], [reporter], 1n, 1n, 0n], {
    id: `${side}Reporter`,
  });
  const proxy = m.contract("EACAggregatorProxy", [aggregator, NO_ADDRESS], {
    id: `${side}Proxy`,
    after: [oracles],
  });
  return { aggregator, proxy };
}

/**
 * Deploys Chainlink's own feed contracts for a local chain: index, quote and sequencer uptime.
 *
 * `reporter` writes rounds alone. `sequencerMessenger` is the address on the parent chain whose alias reports the
 * sequencer's state.
 */
export default buildModule("LocalFeeds", (m) => {
  const index = feed(m, "Index", "ETH / USD");
  const quote = feed(m, "Quote", "USDC / USD");

  const flags = m.contract("SequencerFlags");
  const sequencerFeed = m.contract("ArbitrumSequencerUptimeFeed", [
    flags,
    m.getParameter("sequencerMessenger", m.getAccount(0)),
  ]);
  const initialized = m.call(sequencerFeed, "initialize");
  const sequencerProxy = m.contract("EACAggregatorProxy", [sequencerFeed, NO_ADDRESS], {
    id: "SequencerProxy",
    after: [initialized],
  });
  m.call(sequencerFeed, "addAccess", [sequencerProxy]);

  return {
    indexAggregator: index.aggregator,
    indexProxy: index.proxy,
    quoteAggregator: quote.aggregator,
    quoteProxy: quote.proxy,
    sequencerFeed,
    sequencerProxy,
  };
});
