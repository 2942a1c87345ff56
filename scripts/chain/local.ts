import { type ContractRunner, getAddress, Interface } from "ethers";
import { FluxAggregator__factory } from "../../types/ethers-contracts/factories/chainlink-contracts-0.6/src/v0.6/FluxAggregator__factory.ts";
import { LiquidityVault__factory } from "../../types/ethers-contracts/factories/contracts/LiquidityVault__factory.ts";

/** What a local chain hands around: its provider, and transactions before and after they are mined. */
export type { ContractTransaction, JsonRpcProvider, TransactionReceipt } from "ethers";

/** A test token lets anybody mint. */
export const TEST_TOKEN_INTERFACE = new Interface([
  "function mint(address account, uint256 amount)",
]);

/** Connect to the aggregator behind a feed's proxy, to write rounds. */
export function openAggregator(runner: ContractRunner, address: string) {
  return FluxAggregator__factory.connect(address, runner);
}

/** Connect to a pool with all its functions, its share's among them. */
export function openPool(runner: ContractRunner, address: string) {
  return LiquidityVault__factory.connect(address, runner);
}

/**
 * Give an address its checksum.
 *
 * @throws {TypeError} When it is not an address.
 */
export function checksummed(address: string): string {
  return getAddress(address);
}
