import pino from "pino";

import type { Head } from "../../chain/blocks.ts";
import type { MarketContracts } from "../../chain/contracts.ts";
import { PriceReader } from "../../chain/priceReader.ts";
import type { Node } from "../../chain/provider.ts";
import type { KeeperConfig } from "../../config/keeper.ts";
import type { Snapshot } from "../../core/snapshot.ts";
import { openReports } from "../reports.ts";

/** Where and when a price is asked for. */
export interface PriceQuestion {
  readonly node: Node;
  readonly contracts: MarketContracts;
  readonly head: Head;
}

/**
 * Ask once for the price that a market has at a block, from whichever source it has.
 *
 * @throws ConfigError when reports are the price and their service is not set; RpcError when the node does not answer.
 */
export async function priceNow(
  { streams }: KeeperConfig,
  { node, contracts, head }: PriceQuestion,
): Promise<Pick<Snapshot, "spot" | "spotRefusal">> {
  const log = pino({ level: "silent" });
  const reports = await openReports({ config: streams, markets: [contracts], log });
  try {
    const reader = new PriceReader({ provider: node, contracts, reports });
    return await reader.now({ blockTag: head.hash, now: BigInt(head.timestamp) });
  } finally {
    reports?.stop();
  }
}
