import type { JsonRpcProvider } from "ethers";

import { calling } from "./errors.ts";

/** How a transaction went. */
export interface Receipt {
  readonly hash: string;
  readonly succeeded: boolean;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
  /** What was paid for its gas [wei]. */
  readonly cost: bigint;
}

/**
 * Ask for the receipts of transactions; those without one are left out.
 *
 * @throws RpcError when the node does not answer.
 */
export async function receiptsOf(
  provider: JsonRpcProvider,
  hashes: readonly string[],
): Promise<readonly Receipt[]> {
  const found = await calling("eth_getTransactionReceipt", () =>
    Promise.all(hashes.map((hash) => provider.getTransactionReceipt(hash))),
  );
  return found.flatMap((receipt) =>
    receipt === null
      ? []
      : [
          {
            hash: receipt.hash,
            succeeded: receipt.status === 1,
            blockNumber: receipt.blockNumber,
            gasUsed: receipt.gasUsed,
            cost: receipt.gasUsed * receipt.gasPrice,
          },
        ],
  );
}
