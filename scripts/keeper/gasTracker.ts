import { type GasMarket, readGasMarket } from "../chain/fees.ts";
import type { Node } from "../chain/provider.ts";

/** Older figures are not used [ms]. */
const MAX_AGE_MS = 4_000;

/** Knows the price of gas before it is asked for. */
export class GasTracker {
  readonly #node: Node;
  readonly #now: () => number;
  #known: { readonly market: GasMarket; readonly at: number } | undefined;

  constructor(node: Node, now: () => number) {
    this.#node = node;
    this.#now = now;
  }

  /**
   * Ask the node anew.
   *
   * @throws RpcError when it does not answer.
   */
  async refresh(): Promise<GasMarket> {
    const market = await readGasMarket(this.#node);
    this.#known = { market, at: this.#now() };
    return market;
  }

  /**
   * Return what the chain asks for gas now.
   *
   * @throws RpcError when nothing recent is known and the node does not answer.
   */
  async market(): Promise<GasMarket> {
    const known = this.#known;
    if (known !== undefined && this.#now() - known.at < MAX_AGE_MS) return known.market;
    return this.refresh();
  }
}
