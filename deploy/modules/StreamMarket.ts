import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { createMarket } from "../createMarket.ts";
import chainlinkStreamOracle from "./ChainlinkStreamOracle.ts";
import factoryModule from "./Factory.ts";

/** Creates a market on a new oracle over Data Streams reports, through a new factory. */
export default buildModule("StreamMarket", (m) => {
  const { factory } = m.useModule(factoryModule);
  const { oracle } = m.useModule(chainlinkStreamOracle);
  return createMarket(m, { factory, oracle });
});
