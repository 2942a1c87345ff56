import { Interface, type JsonRpcProvider, Transaction } from "ethers";

import { calling } from "./errors.ts";
import { ask } from "./provider.ts";

/** How a chain charges for the data that it publishes elsewhere. */
export type DataFee = "none" | "op" | "arbitrum";

/** A call whose data would be published. */
export interface PublishedCall {
  readonly to: string;
  readonly data: string;
  readonly gasLimit: bigint;
}

/** Predeployed on every chain of the OP stack. */
const GAS_PRICE_ORACLE = "0x420000000000000000000000000000000000000F";
/** Answers calls on Arbitrum's nodes. */
const NODE_INTERFACE = "0x00000000000000000000000000000000000000C8";
/** Predeployed on every chain of Arbitrum. */
const ARB_GAS_INFO = "0x000000000000000000000000000000000000006C";
/** What a signature adds to an unsigned transaction, in the words of a signature that cannot be compressed. */
const SIGNATURE = "5a".repeat(68);

const OP = new Interface(["function getL1Fee(bytes data) view returns (uint256)"]);
const ARBITRUM = new Interface([
  "function gasEstimateL1Component(address destination, bool creation, bytes data) payable returns (uint64 gas, uint256 baseFee, uint256 l1BaseFee)",
]);

/**
 * Find out how a chain charges for data.
 *
 * @throws RpcError when the node does not answer.
 */
export async function detectDataFee(provider: JsonRpcProvider): Promise<DataFee> {
  const [op, arbitrum] = await Promise.all(
    [GAS_PRICE_ORACLE, ARB_GAS_INFO].map((address) =>
      ask<string>(provider, "eth_getCode", [address, "latest"]),
    ),
  );
  if (op !== undefined && op.length > 2) return "op";
  return arbitrum !== undefined && arbitrum.length > 2 ? "arbitrum" : "none";
}

/**
 * Ask what publishing a call would cost beyond the gas that an estimate counts [wei].
 *
 * Arbitrum charges for data as gas, so that its estimates contain it; the OP stack charges for it apart.
 *
 * @throws RpcError or ContractError.
 */
export async function readDataFee(
  provider: JsonRpcProvider,
  kind: DataFee,
  call: PublishedCall,
): Promise<bigint> {
  if (kind !== "op") return 0n;
  const { chainId } = await provider.getNetwork();
  const unsigned = Transaction.from({
    type: 2,
    chainId,
    to: call.to,
    data: call.data,
    gasLimit: call.gasLimit,
    nonce: 100_000,
    maxFeePerGas: 10n ** 10n,
    maxPriorityFeePerGas: 10n ** 9n,
  }).unsignedSerialized;
  const data = OP.encodeFunctionData("getL1Fee", [`${unsigned}${SIGNATURE}`]);
  const answer = await calling("getL1Fee", () => provider.call({ to: GAS_PRICE_ORACLE, data }));
  return BigInt(OP.decodeFunctionResult("getL1Fee", answer)[0]);
}

/**
 * Ask which part of a call's gas pays for its data; 0 where none does.
 *
 * @throws RpcError or ContractError.
 */
export async function readDataGas(
  provider: JsonRpcProvider,
  kind: DataFee,
  call: PublishedCall,
): Promise<bigint> {
  if (kind !== "arbitrum") return 0n;
  const data = ARBITRUM.encodeFunctionData("gasEstimateL1Component", [call.to, false, call.data]);
  const answer = await calling("gasEstimateL1Component", () =>
    provider.call({ to: NODE_INTERFACE, data }),
  );
  return BigInt(ARBITRUM.decodeFunctionResult("gasEstimateL1Component", answer)[0]);
}
