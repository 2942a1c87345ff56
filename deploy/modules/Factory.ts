import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Deploys the factory of markets with the stores of the code that it creates them from. */
export default buildModule("Factory", (m) => {
  const marginVaultCode = m.contract("MarginVaultCode");
  const liquidityVaultCode = m.contract("LiquidityVaultCode");
  const orderBookCode = m.contract("OrderBookCode");
  const charter = m.contract("MarketCharter");
  const mandateBook = m.contract("MandateBook");
  const factory = m.contract("MarketFactory", [
    marginVaultCode,
    liquidityVaultCode,
    orderBookCode,
    charter,
    mandateBook,
  ]);
  return { factory };
});
