import { readHead } from "../chain/blocks.ts";
import { openMarket } from "../chain/contracts.ts";
import { calling } from "../chain/errors.ts";
import { connectNode } from "../chain/provider.ts";
import { toCurves, toMarket, toPosition, toTerms } from "../chain/structs.ts";
import type { Scene } from "../core/quote.ts";
import type { Position } from "../core/types.ts";
import { RiskInputError } from "./errors.ts";

const TIMEOUT_MS = 10_000;

/**
 * Read an open position, its terms and its market from a node, at the newest block.
 *
 * @throws RpcError or WrongContractError by what went wrong.
 * @throws {RiskInputError} When the position is not open.
 */
export async function readOpenPosition({
  rpcUrl,
  vault,
  id,
}: {
  readonly rpcUrl: string;
  readonly vault: string;
  readonly id: bigint;
}): Promise<{ readonly position: Position; readonly scene: Scene }> {
  const provider = await connectNode({ rpcUrl, timeoutMs: TIMEOUT_MS });
  try {
    const { marginVault, charter, oracle } = await openMarket(provider, vault);
    const head = await readHead(provider);
    const at = { blockTag: head.number };
    const position = toPosition(await calling("position", () => marginVault.position(id, at)));
    if (position.size === 0n) {
      throw new RiskInputError("--id", { found: id, needed: "the number of an open position" });
    }
    const [terms, curves, market, { price }] = await calling("the market", () =>
      Promise.all([
        charter.terms(position.termsId, at),
        charter.curves(at),
        marginVault.market(at),
        oracle.latest(at),
      ]),
    );
    const now = BigInt(head.timestamp);
    const scene = {
      market: toMarket(market),
      curves: toCurves(curves),
      terms: toTerms(terms),
      price,
      now,
    };
    return { position, scene };
  } finally {
    provider.destroy();
  }
}
