import { Interface, type JsonRpcProvider } from "ethers";

import { calling } from "./errors.ts";
import { RpcError } from "./failures.ts";

const FEED = new Interface([
  "function decimals() view returns (uint8)",
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
]);
const WAD_DECIMALS = 18n;

/**
 * Ask a Chainlink proxy for the price of the token that pays for gas [WAD quote].
 *
 * @throws RpcError or ContractError; a price of zero or below is no answer.
 */
export async function readNativePrice(provider: JsonRpcProvider, feed: string): Promise<bigint> {
  const ask = async (name: "decimals" | "latestRoundData") => {
    const data = FEED.encodeFunctionData(name);
    const answer = await calling(name, () => provider.call({ to: feed, data }));
    return calling(name, async () => FEED.decodeFunctionResult(name, answer));
  };
  const [[decimals], [, answer]] = await Promise.all([ask("decimals"), ask("latestRoundData")]);
  if (BigInt(answer) <= 0n) throw new RpcError("the price of the gas token above zero");
  return BigInt(answer) * 10n ** (WAD_DECIMALS - BigInt(decimals));
}
