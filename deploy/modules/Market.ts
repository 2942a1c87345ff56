import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { createMarket } from "../createMarket.ts";
import chainlinkFeedOracle from "./ChainlinkFeedOracle.ts";
import factoryModule from "./Factory.ts";

/** Creates a market on a new oracle over push feeds, through a new factory. */
export default buildModule("Market", (m) => {
  const { factory } = m.useModule(factoryModule);
  const { oracle } = m.useModule(chainlinkFeedOracle);
  return createMarket(m, { factory, oracle });
});
