import { openPool } from "../chain/contracts.ts";
import { calling } from "../chain/errors.ts";
import type { World } from "./world.ts";

/** What the pool is worth. */
export interface PoolValue {
  /** [WAD quote] */
  readonly assets: bigint;
  /** Assets of one whole share [WAD quote per share]. */
  readonly sharePrice: bigint;
}

/**
 * Read what the pool is worth now.
 *
 * @throws RpcError when the node does not answer.
 */
export async function readPoolValue(world: World): Promise<PoolValue> {
  const { provider, tokenScale, contracts } = world;
  const pool = openPool(provider, contracts.addresses.liquidityVault);
  return calling("the pool's value", async () => {
    const [assets, shares, decimals] = await Promise.all([
      pool.totalAssets(),
      pool.totalSupply(),
      pool.decimals(),
    ]);
    // One virtual asset and a million virtual shares, as the pool itself counts.
    const price = ((assets + 1n) * 10n ** decimals * tokenScale) / (shares + 1_000_000n);
    return { assets: assets * tokenScale, sharePrice: price };
  });
}
